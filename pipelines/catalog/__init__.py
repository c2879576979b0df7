"""The AI workforce as YAML: its types, its loader, and the tables SQL sees of it."""
