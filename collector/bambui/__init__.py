"""BambUI as a source: its list of printers, its WebSocket, its messages."""
