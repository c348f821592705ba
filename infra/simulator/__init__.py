"""A simulated printer behind a server that speaks BambUI's protocol: for trying out, tests and benchmarks."""
