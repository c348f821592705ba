"""What real printers sent, played through the whole course from the socket to the chat."""
