"""The optional engine: row-level models on Apache Spark, from the SQL that dbt compiles for DuckDB.

`dialect` translates a SELECT, `rejections` rejects what would differ. Nothing here opens the warehouse.
"""
