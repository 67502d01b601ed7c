"""From snapshots to the documented tables: the only place that knows AWS's inheritance and defaults."""
