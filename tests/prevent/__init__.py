"""Policies from rules."""
