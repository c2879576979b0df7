"""Statistics as pure functions: plain values and small arrays in, estimates with their error out.

Nothing here opens a database or a file, knows a KPI's name, or sees a raw row: SQL has reduced rows to sufficient
statistics, dbt's Python models hand them in and store what comes out.
"""
