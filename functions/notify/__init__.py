"""Notify: turns notifications into messages a person likes to read, and gets each of them there once."""
