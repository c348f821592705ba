"""The embedded run: the whole system in one process, with the simulated printer if there is no other."""
