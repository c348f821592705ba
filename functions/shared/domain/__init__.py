"""What the programs know of printers and prints. Pure, and imports nothing else of ours."""
