"""The tracker: decides what is worth saying of what the edge observed."""
