"""How a run stands beside earlier ones: states, first seen, trend, difference. Set operations in DuckDB."""
