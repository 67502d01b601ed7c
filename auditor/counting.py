"""Counts in a sentence."""

from __future__ import annotations


def plural(number: int, noun: str) -> str:
    """``1 finding``, ``2 findings``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
