"""From failures to root causes: what one change fixes.

A cause is a setting at the resource where the change acts, and its count is what that one change removes. Failures
whose value comes from the same place, but that take different changes, are causes of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from auditor.evaluate.fingerprints import fingerprint
from auditor.model.finding import RootCause
from auditor.model.rule import Severity
from auditor.remediation.masked_values import where_masked
from auditor.remediation.remediate import Remediation


@dataclass(slots=True)
class _Part:
    """Failures that one change fixes, by the keys of their findings."""

    fix: Remediation
    causes: dict[str, RootCause] = field(default_factory=dict)

    @property
    def first(self) -> str:
        return min(self.causes)


class Causes:
    """Gathers the failures of one rule after the other."""

    def __init__(self) -> None:
        self._open: dict[str, dict[str, tuple[RootCause, Remediation]]] = {}
        self._made: list[RootCause] = []

    @property
    def made(self) -> tuple[RootCause, ...]:
        """The causes of every rule that was closed."""
        return tuple(self._made)

    def add(self, key: str, cause: RootCause, fix: Remediation) -> None:
        """One failure, by its finding's key, with what would cause it alone. A cause that affects several stands for as
        many failures that are alike, and the key is the least of theirs."""
        # One command may change several settings of their owner, so what blames another of them may be fixed as well.
        self._open.setdefault(cause.resource.key, {})[key] = (cause, fix)

    def close(self) -> Mapping[str, str]:
        """End a rule: the id of its cause by the key of each finding whose cause is not the one that it would have
        alone."""
        moved: dict[str, str] = {}
        for members in self._open.values():
            if len(members) == 1:
                ((cause, fix),) = members.values()
                self._made.append(_fixed(cause, cause.id, cause.severity, cause.affects, fix))
                continue
            parts = _parts(members)
            taken = Counter(part.causes[first].id for part, first in parts)
            for part, first in parts:
                cause = part.causes[first]
                id_ = cause.id
                if taken[id_] > 1:
                    id_ = fingerprint(cause.rule_id, cause.resource, f"{cause.id} {first}")[:16]
                worst = min((c.severity for c in part.causes.values()), key=lambda severity: severity.rank)
                affects = sum(c.affects for c in part.causes.values())
                self._made.append(_fixed(cause, id_, worst, affects, part.fix))
                moved |= {key: id_ for key, alone in part.causes.items() if alone.id != id_}
        self._open = {}
        return moved


def _fixed(cause: RootCause, id_: str, severity: Severity, affects: int, fix: Remediation) -> RootCause:
    """The cause with what fixes all that it affects."""
    remediation = where_masked(fix.of_all(), cause.resource)
    return RootCause(
        id_, cause.rule_id, severity, cause.resource, cause.setting, cause.value, cause.layer, affects, remediation,
        cause.gates,
    )  # fmt: skip


def _parts(members: Mapping[str, tuple[RootCause, Remediation]]) -> list[tuple[_Part, str]]:
    """The fewest changes that fix the members, whatever their order, each with the finding that stands for it."""
    same: dict[tuple[str, str], _Part] = {}
    # Failures that are alike share what fixes them.
    changes: dict[int, str] = {}
    for key, (cause, fix) in members.items():
        change = changes.get(id(fix))
        if change is None:
            change = changes[id(fix)] = fix.change
        part = same.get((change, "" if change else cause.id))
        if part is None:
            part = same[change, "" if change else cause.id] = _Part(fix)
        part.causes[key] = cause
    parts: list[tuple[_Part, str]] = []
    # What does the most comes first, so that what it covers joins it.
    for part in sorted(same.values(), key=lambda p: (-p.fix.reach, p.first)):
        wider = next((other for other, _ in parts if other.fix.covers(part.fix)), None)
        if wider is None:
            parts.append((part, part.first))
        else:
            wider.causes |= part.causes
    return parts


def common(alone: RootCause, fix: Remediation) -> tuple[Any, ...]:
    """What failures of one cause have in common."""
    return alone, fix.steps, fix.change, fix.of_all()


def several(made: Mapping[str, tuple[RootCause, Remediation]]) -> list[str]:
    """Groups whose owner has others that are not the same: which failure stands for a cause counts there only."""
    told: dict[str, dict[str, tuple[Any, ...]]] = {}
    for text, (alone, fix) in made.items():
        told.setdefault(alone.resource.key, {})[text] = common(replace(alone, affects=1), fix)
    return [text for those in told.values() if any(one != next(iter(those.values())) for one in those.values())
            for text in those]  # fmt: skip
