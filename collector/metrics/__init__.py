"""Figures of the edge program for Prometheus."""
