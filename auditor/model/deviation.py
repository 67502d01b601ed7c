"""Which settings user profiles set themselves although their domain has a value for all, as a report shows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviantValue:
    """One value that user profiles set; ``names`` are the first few of them by name. ``value`` is text, of a list or a
    structure its JSON; None where it is unknown."""

    value: str | None
    profiles: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deviation:
    """A setting that user profiles of one domain set themselves.

    ``setting`` is the column of ``user_profile``, ``path`` AWS's name; ``domain_value`` is what the others inherit,
    None where that is unknown. ``values`` counts the distinct values, of which ``listed`` are the most frequent.
    """

    account: str
    region: str
    domain_id: str
    domain_name: str
    setting: str
    path: str
    domain_value: str | None
    profiles: int
    values: int
    listed: tuple[DeviantValue, ...]

    def profile_key(self, name: str) -> str:
        """Key of a user profile of the domain."""
        return f"{self.account}/{self.region}/user_profile/{self.domain_id}/{name}"

    @property
    def domain_key(self) -> str:
        """Key of the domain."""
        return f"{self.account}/{self.region}/domain/{self.domain_id}"


@dataclass(frozen=True, slots=True)
class Deviations:
    """``listed``: by domain, those first whose user profiles set most; ``number``: how many settings of domains there
    are, where not all are listed. ``profiles`` user profiles of ``of`` set something themselves."""

    listed: tuple[Deviation, ...] = ()
    number: int = 0
    profiles: int = 0
    of: int = 0
