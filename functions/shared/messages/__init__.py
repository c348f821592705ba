"""What the programs say to each other and store: typed, with their JSON."""
