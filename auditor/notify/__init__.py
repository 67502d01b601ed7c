"""Telling people what changed: once, briefly, and without ever costing a run."""
