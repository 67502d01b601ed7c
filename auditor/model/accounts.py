"""The accounts of a run: who was visited, and why the rest was not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AccountStatus(StrEnum):
    """What became of an account. Everything but COMPLETE leaves something open, which is a gap as well."""

    COMPLETE = "complete"
    """Everything that was asked for was seen."""
    PARTIAL = "partial"
    """It was visited, and something in it could not be seen."""
    DENIED = "denied"
    """It refused: the role cannot be assumed, or no list may be read."""
    SUSPENDED = "suspended"
    """AWS Organizations says that it is not active, so it was not tried."""
    ERROR = "error"
    """It could not be read for another reason: throttled, not reachable, not in the organization."""


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """An account of a run. ``name`` and ``ou`` are empty where nobody said.

    ``ou``: names of the organizational units that it lies in, outermost first, joined by ``/``. ``reason``: one
    sentence where the status is not COMPLETE.
    """

    id: str
    name: str = ""
    ou: str = ""
    status: AccountStatus = AccountStatus.COMPLETE
    reason: str = ""
