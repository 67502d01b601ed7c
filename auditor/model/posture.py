"""How much of what was evaluated passed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PostureCount:
    """Checks of one area's rules in one domain that passed, and that failed. ``domain_id`` is empty for what belongs to
    none (execution roles, what is asked of a whole Region).

    Waived failures and unknown results are neither.
    """

    account: str
    region: str
    domain_id: str
    area: str
    passed: int
    failed: int
