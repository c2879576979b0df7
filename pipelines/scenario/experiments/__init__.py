"""The sample company's experiments: what was planted, the logs and panels it is found in, and the exact sums."""
