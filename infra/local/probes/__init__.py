"""Questions to the outside that doctor and chat-id ask."""
