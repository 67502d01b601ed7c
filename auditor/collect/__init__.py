"""Sources: whatever can be turned into a snapshot. Nothing is interpreted here."""
