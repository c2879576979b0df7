"""Dagster, and nothing else: assets, checks, partitions, schedules, sensors, resources."""
