"""From tables and rules to verdicts, findings and one frozen report value."""
