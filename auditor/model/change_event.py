"""A call that changed something, as CloudTrail recorded it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """One event of a call that succeeded. ``moment``: when, to the second; ``person``: a name as CloudTrail knows it;
    ``principal``: the caller's ARN, empty where it has none; ``request`` and ``response`` as CloudTrail writes them:
    the API's members with a small first letter."""

    id: str
    name: str
    moment: datetime
    person: str
    principal: str
    request: Mapping[str, Any] = field(default_factory=dict)
    response: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeEvents:
    """The events of one call in one account and Region, the latest first. All are known ``since``; ``problem`` says why
    earlier ones are not, empty where these were all that was asked for."""

    events: tuple[ChangeEvent, ...]
    since: datetime
    problem: str = ""
