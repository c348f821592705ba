"""One printer, watched: from its messages to reports and frames."""
