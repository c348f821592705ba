"""What the cloud half costs, as a test: a simulated month, counted and priced."""
