"""Frozen values that every stage shares. Imports nothing else of this package but ``errors``."""
