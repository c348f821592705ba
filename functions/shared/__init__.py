"""What two or more of the programs must agree on: words, contract, names, settings, ports, back ends."""
