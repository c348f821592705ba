"""`printer-bridge chat-id`: the chats and topics that the bot has lately seen."""
