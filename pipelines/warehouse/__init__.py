"""The warehouse: one writer, content-addressed intake, days replaced from it, an atomic publication."""
