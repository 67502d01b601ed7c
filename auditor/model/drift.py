"""How templates and an account differ: what ``auditor scan --against`` finds.

Unknown is a value here too: what cannot be matched or compared is listed as such, and is neither equal nor different.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.model.resource import ResourceRef, SnapshotInfo


class Side(StrEnum):
    """On which side something is unknown."""

    TEMPLATE = "template"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class LiveOnly:
    """A resource of the account that no template defines.

    ``certain`` False: a template may define it all the same, and ``reason`` says why nobody can tell. Who made it, as
    far as the snapshot knows: ``created`` is the account's CreationTime (RFC 3339, empty where it is not known),
    ``owner`` the value of its tag studiouserid or owner, ``profile`` the profile that owns the space or runs the app,
    ``stack`` the CloudFormation stack that its tags name.
    """

    resource: ResourceRef
    certain: bool
    reason: str = ""
    created: str = ""
    owner: str = ""
    profile: str = ""
    stack: str = ""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A resource of a template of which nobody can say which resource of the account it is, and why."""

    resource: ResourceRef
    reason: str


@dataclass(frozen=True, slots=True)
class Value:
    """One side's value of a setting. ``set`` False: this side does not set it; ``value`` is then what stands instead
    (inherited, or AWS's default), None where that is not known."""

    value: Any
    set: bool = True


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A setting that has one value in the template and another one in the account.

    ``template`` and ``account`` are the same resource on either side. ``setting`` is the API path, for a tag
    ``Tags.KEY``; ``file`` and ``line`` say where the template writes it, or the resource where it does not.
    """

    template: ResourceRef
    account: ResourceRef
    setting: str
    template_value: Value
    account_value: Value
    file: str
    line: int | None


@dataclass(frozen=True, slots=True)
class NotCompared:
    """Settings of a matched resource that could not be compared: API paths (``*`` for all that is not known), the side
    that does not know them, and why."""

    template: ResourceRef
    account: ResourceRef
    settings: tuple[str, ...]
    side: Side
    reason: str


@dataclass(frozen=True, slots=True)
class Drift:
    """Everything that was found. Lists are sorted by type (domains first), account, region, domain and name.

    ``against`` are the account's snapshots, ``incomplete`` says what they do not hold. ``matched`` counts resources by
    type that are on both sides, ``compared`` their settings that either side sets and both know. ``not_deployed`` are
    resources of templates that the account does not have. ``out_of_scope`` counts what lies in domains owned by
    SageMaker Unified Studio, which is not held against templates.
    """

    against: tuple[SnapshotInfo, ...]
    incomplete: tuple[str, ...]
    matched: dict[str, int]
    compared: int
    live_only: tuple[LiveOnly, ...]
    not_deployed: tuple[ResourceRef, ...]
    unmatched: tuple[Unmatched, ...]
    disagreements: tuple[Disagreement, ...]
    not_compared: tuple[NotCompared, ...] = ()
    out_of_scope: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """By list: how long it is. ``live_only`` counts those that are certain, ``maybe_defined`` the others;
        ``not_compared`` counts settings."""
        certain = sum(item.certain for item in self.live_only)
        return {
            "live_only": certain,
            "maybe_defined": len(self.live_only) - certain,
            "not_deployed": len(self.not_deployed),
            "unmatched": len(self.unmatched),
            "disagreements": len(self.disagreements),
            "not_compared": sum(len(item.settings) for item in self.not_compared),
        }
