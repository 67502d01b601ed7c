"""What a policy would have denied, as sections of a what-if."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from auditor.counting import plural

if TYPE_CHECKING:
    from auditor.whatif.replay import Group, Outcome, Replay, Stopped

_FEW = 20
#: What the calls of a group are, and of whom.
_CALLED: dict[Group, tuple[str, str]] = {
    "caller": ("recorded call", ""), "deployment": ("call", " of AWS CloudFormation"),
    "remediation": ("command", " of the report"), "audit": ("call", " of an audit"),
}  # fmt: skip
_HEADINGS: dict[tuple[Outcome, Group], str] = {
    ("denied", "caller"): "Recorded calls that the policy denies",
    ("denied", "deployment"): "Calls of AWS CloudFormation that the policy denies",
    ("denied", "remediation"): "Commands of the report that the policy denies",
    ("denied", "audit"): "Calls of an audit that the policy denies",
    ("unknown", "caller"): "Recorded calls of which that can't be told",
    ("unknown", "deployment"): "Calls of AWS CloudFormation of which that can't be told",
    ("unknown", "remediation"): "Commands of the report of which that can't be told",
    ("unknown", "audit"): "Calls of an audit of which that can't be told",
}


def policy_headline(found: Replay) -> str:
    """How many calls it denies, and of how many that can't be told."""
    total = sum(found.asked.values())
    denied, unknown = (sum(s.times for s in found.stopped if s.outcome == o) for o in ("denied", "unknown"))
    return f"{plural(total, 'call')}: {denied:,} denied, {unknown:,} undecided, {total - denied - unknown:,} allowed"


def policy_sections(found: Replay) -> Iterator[tuple[str, list[str]]]:
    """Headings, each with its lines."""
    counts = [f"{plural(found.asked.get(group, 0), noun)}{of}" for group, (noun, of) in _CALLED.items()]
    lines = [", ".join(counts)]
    if found.exempt:
        lines.append(
            f"{plural(found.exempt, 'call')} of service-linked roles and AWS services, which no policy reaches"
        )
    if not found.collected:
        lines.append("the snapshot holds no recorded calls: auditor collect --evidence all,changes")
    elif found.incomplete:
        lines.append(f"not all recorded calls are known: {', '.join(found.incomplete)}")
    yield "Policy evaluated against", lines
    for (outcome, group), heading in _HEADINGS.items():
        yield heading, list(_lines([s for s in found.stopped if (s.outcome, s.group) == (outcome, group)]))


def _lines(stopped: Sequence[Stopped]) -> Iterator[str]:
    for one in stopped[:_FEW]:
        mark = "-" if one.outcome == "denied" else "?"
        where = f" on {one.resource.rpartition(':')[2]}" if one.resource else ""
        times = f" ({one.times:,} times)" if one.times > 1 else ""
        why = "; ".join((", ".join(one.by), *one.reasons))
        yield f"{mark} {one.who}: {one.action}{where}{times}: {why}"
    if len(stopped) > _FEW:
        yield f"and {len(stopped) - _FEW:,} more"
