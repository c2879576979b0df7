"""Dagster, and nothing else: assets, checks, partitions, schedules, sensors, the instance.

Modules that define assets do without `from __future__ import annotations`: Dagster reads the annotations.
"""
