"""Snapshot files and the DuckDB connection."""
