"""The REST API and the page for a person: reads what the others stored, decides nothing."""
