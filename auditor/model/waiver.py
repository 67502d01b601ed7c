"""Waivers: failures that somebody answers for, until a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

#: A waiver that has more days left than this is pointed out: frameworks ask for a review of exceptions every year.
LONG_DAYS = 366


@dataclass(frozen=True, slots=True)
class ResourcePattern:
    """Which resources: everything that is given must fit. Empty members fit all.

    In a pattern ``*`` stands for any characters and ``?`` for one. ``domain`` is a domain's name or id, ``name`` the
    resource's own; ``tags`` maps tag keys to patterns; ``owned_by`` is who owns the resource by ``owners:`` of
    auditor.yaml.
    """

    type: str = ""
    account: str = ""
    region: str = ""
    domain: str = ""
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    owned_by: str = ""


@dataclass(frozen=True, slots=True)
class Waiver:
    """Failures of ``rules`` (ids) on ``resources`` that are accepted until ``expires``, that day (UTC) included.

    ``value`` is the evidence's value that it was granted for, where ``for_value``: another value voids it. ``file`` and
    ``line`` say where it was written; a resource's tag has the resource's key there.
    """

    rules: tuple[str, ...]
    resources: ResourcePattern
    reason: str
    owner: str
    expires: date
    ticket: str = ""
    for_value: bool = False
    value: Any = None
    file: str = ""
    line: int = 0

    def is_long(self, day: date) -> bool:
        """Whether it runs for over a year from that day on: a risk that nobody has to look at again."""
        return (self.expires - day).days > LONG_DAYS


class WaiverStatus(StrEnum):
    """``expiring``: in force, and lapses within 14 days; ``void``: what it would match has another value by now;
    ``unused``: matches nothing."""

    ACTIVE = "active"
    EXPIRING = "expiring"
    LAPSED = "lapsed"
    VOID = "void"
    UNUSED = "unused"


#: Waivers that somebody must look at, the most pressing first.
ATTENTION = (WaiverStatus.LAPSED, WaiverStatus.VOID, WaiverStatus.EXPIRING, WaiverStatus.UNUSED)


@dataclass(frozen=True, slots=True)
class WaiverSummary:
    """A waiver as it stands at the report's ``as_of``.

    ``matches`` counts the failures that it sets aside, or would if it had not lapsed or were not void.
    """

    waiver: Waiver
    status: WaiverStatus
    matches: int


@dataclass(frozen=True, slots=True)
class WaiverProblem:
    """A tag that was meant as a waiver and cannot be read as one: it sets nothing aside.

    ``resource`` is the resource's key (account/region/type/id), ``text`` the tag's value.
    """

    resource: str
    text: str
    problem: str
