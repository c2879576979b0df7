"""What people read: the page, its charts, its words. Plain tables in, text out.

Nothing here opens a database, knows Dagster, or computes a KPI: what it shows, a mart says.
"""
