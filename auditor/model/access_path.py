"""The shortest known ways from execution roles to more than is theirs, as a report shows them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from auditor.model.snapshot import GLOBAL


class Goal(StrEnum):
    """Where an access path leads."""

    ADMINISTRATOR = "administrator"
    OTHER_PROFILES = "other user profiles"
    """Into the user profiles of other people."""


@dataclass(frozen=True, slots=True)
class AccessPath:
    """One way from a role to a goal; every step of it is certain.

    ``role`` is its ARN; ``profiles``: how many user profiles have it. ``steps``: what whoever has the role does, one
    call after the other, each without its subject; ``via``: ARNs of the roles that all steps but the last lead to;
    ``target``: ARN of the role at the end, or whose user profiles.
    """

    account: str
    role: str
    name: str
    goal: Goal
    profiles: int
    steps: tuple[str, ...]
    via: tuple[str, ...]
    target: str

    @property
    def key(self) -> str:
        """Key of the role's resource."""
        return f"{self.account}/{GLOBAL}/execution_role/{self.role}"


@dataclass(frozen=True, slots=True)
class AccessPaths:
    """``listed``: those to administrator access first, then those of the most user profiles; ``number``: how many there
    are, where not all are listed."""

    listed: tuple[AccessPath, ...] = ()
    number: int = 0
