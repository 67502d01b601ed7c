"""A drift for people: what is alike in one row, with a few examples. report.json has every resource.

Ten thousand profiles that no template defines are one row for each domain that they lie in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from auditor.model.drift import Disagreement, Drift, LiveOnly, NotCompared, Unmatched, Value
from auditor.model.resource import ResourceRef
from auditor.studio.resource_types import STUDIO_KINDS

_T = TypeVar("_T")
#: Begins with the resource's type.
_K = TypeVar("_K", bound=tuple[Any, ...])
#: Examples in a row.
FEW = 5


@dataclass(frozen=True, slots=True)
class OnlyGroup:
    """Resources of one type in one domain that no template defines, made by the same stack (or none that is known).

    ``certain`` False: a template may define them, ``reason`` why nobody can tell. ``domain`` is empty for domains.
    """

    type: str
    account: str
    region: str
    domain: str
    stack: str
    certain: bool
    reason: str
    count: int
    examples: tuple[LiveOnly, ...]


@dataclass(frozen=True, slots=True)
class DisagreementGroup:
    """The same setting with the same two values on ``count`` resources of a type."""

    type: str
    setting: str
    template: str
    account: str
    count: int
    examples: tuple[Disagreement, ...]


@dataclass(frozen=True, slots=True)
class OpenGroup:
    """The same setting of ``count`` resources of a type that could not be compared, for the same reason."""

    type: str
    setting: str
    side: str
    reason: str
    count: int
    examples: tuple[NotCompared, ...]


@dataclass(frozen=True, slots=True)
class DriftView:
    """``phrases`` say what was found, ``base`` what was compared at all. Of the groups domains come first, then the
    largest."""

    drift: Drift
    phrases: tuple[str, ...]
    base: str
    only: tuple[OnlyGroup, ...]
    disagreements: tuple[DisagreementGroup, ...]
    open_: tuple[OpenGroup, ...]

    @property
    def not_deployed(self) -> tuple[ResourceRef, ...]:
        return self.drift.not_deployed

    @property
    def unmatched(self) -> tuple[Unmatched, ...]:
        return self.drift.unmatched


def drift_view(drift: Drift) -> DriftView:
    """The view of a drift. Equal drifts give equal views."""
    return DriftView(
        drift=drift,
        phrases=phrases(drift),
        base=base(drift),
        only=tuple(
            OnlyGroup(*key, len(items), tuple(items[:FEW])) for key, items in _grouped(drift.live_only, _only_key)
        ),
        disagreements=tuple(
            DisagreementGroup(*key, len(items), tuple(items[:FEW]))
            for key, items in _grouped(drift.disagreements, _disagreement_key)
        ),
        open_=tuple(
            OpenGroup(*key, len(items), tuple(item for _, item in items[:FEW]))
            for key, items in _grouped(
                [(setting, item) for item in drift.not_compared for setting in item.settings],
                lambda pair: (pair[1].account.type, pair[0], str(pair[1].side), pair[1].reason),
            )
        ),
    )


def phrases(drift: Drift) -> tuple[str, ...]:
    """What was found, in a few words each, the most telling first."""
    counts = drift.counts
    parts = [
        _number(counts["disagreements"], "setting disagrees", "settings disagree"),
        _number(counts["live_only"], "live resource is", "live resources are") + " in no template",
    ]
    if counts["maybe_defined"]:
        parts.append(_number(counts["maybe_defined"], "live resource", "live resources") + " may be in a template")
    parts.append(_number(counts["not_deployed"], "resource is", "resources are") + " not deployed")
    if counts["unmatched"]:
        parts.append(_number(counts["unmatched"], "resource", "resources") + " could not be matched")
    if counts["not_compared"]:
        parts.append(_number(counts["not_compared"], "setting", "settings") + " could not be compared")
    return tuple(parts)


def base(drift: Drift) -> str:
    """What was compared at all."""
    matched = sum(drift.matched.values())
    settings = _number(drift.compared, "setting", "settings")
    return f"{_number(matched, 'resource', 'resources')} on both sides, {settings} compared"


def value_words(value: Value) -> str:
    """``Enabled``, or ``not set (Enabled applies)``."""
    if value.set:
        return "set" if value.value is True else _plain(value.value)
    applies = "" if value.value in (None, "", False, 0) else _plain(value.value)
    return f"not set ({applies} applies)" if applies and value.value != () else "not set"


def who(item: LiveOnly) -> str:
    """What the snapshot says of who made a resource, and when."""
    parts = [
        f"created {item.created[:10]}" if item.created else "",
        f"owner {item.owner}" if item.owner else "",
        f"of profile {item.profile}" if item.profile else "",
    ]
    return ", ".join(part for part in parts if part)


def label(ref: ResourceRef) -> str:
    """A resource within its domain: apps by all that tells them apart."""
    return ref.id.partition("/")[2] if ref.type == "app" and not ref.file and "/" in ref.id else ref.name


def place(file: str, line: int | None) -> str:
    """``file:line``."""
    return f"{file}:{line}" if line else file


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        items = [v.get("RepositoryUrl", v) if isinstance(v, dict) else v for v in value]
        return "[" + ", ".join(map(str, items)) + "]"
    return str(value) if value != "" else '""'


def _only_key(item: LiveOnly) -> tuple[str, str, str, str, str, bool, str]:
    ref = item.resource
    domain = "" if ref.type == "domain" else ref.domain_name or ref.domain_id
    return (ref.type, ref.account, ref.region, domain, item.stack, item.certain, item.reason)


def _disagreement_key(item: Disagreement) -> tuple[str, str, str, str]:
    return (
        item.account.type, item.setting, value_words(item.template_value), value_words(item.account_value),
    )  # fmt: skip


def _grouped(items: Iterable[_T], key: Callable[[_T], _K]) -> list[tuple[_K, list[_T]]]:
    groups: dict[_K, list[_T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return sorted(groups.items(), key=lambda g: (STUDIO_KINDS.index(g[0][0]), -len(g[1])))


def _number(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
