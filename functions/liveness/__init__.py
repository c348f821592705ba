"""Liveness: says once that a collector is silent, and once that it is back."""
