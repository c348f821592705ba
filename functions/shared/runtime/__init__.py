"""What every program runs on: clocks, back-off, threads, logs."""
