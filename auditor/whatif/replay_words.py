"""What a policy would have denied, in words: for the terminal, Markdown and the page."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.counting import plural
from auditor.whatif.replay import Group, Outcome, Replay, Stopped

#: What the calls of a group are, and of whom.
_CALLED: dict[Group, tuple[str, str]] = {
    "caller": ("recorded call", ""), "deployment": ("call", " of AWS CloudFormation"),
    "remediation": ("command", " of the report"), "audit": ("call", " of an audit"),
}  # fmt: skip
#: What each outcome of a group's calls is headed by.
HEADINGS: dict[tuple[Outcome, Group], str] = {
    ("denied", "caller"): "Recorded calls that the policy denies",
    ("denied", "deployment"): "Calls of AWS CloudFormation that the policy denies",
    ("denied", "remediation"): "Commands of the report that the policy denies",
    ("denied", "audit"): "Calls of an audit that the policy denies",
    ("unknown", "caller"): "Recorded calls of which that can't be told",
    ("unknown", "deployment"): "Calls of AWS CloudFormation of which that can't be told",
    ("unknown", "remediation"): "Commands of the report of which that can't be told",
    ("unknown", "audit"): "Calls of an audit of which that can't be told",
}


def outcomes(found: Replay) -> dict[str, int]:
    """How many calls were evaluated, by what came of them: denied, undecided, allowed."""
    denied, unknown = (sum(s.times for s in found.stopped if s.outcome == o) for o in ("denied", "unknown"))
    return {"denied": denied, "undecided": unknown, "allowed": sum(found.asked.values()) - denied - unknown}


def policy_headline(found: Replay) -> str:
    """How many calls it denies, and of how many that can't be told."""
    counts = ", ".join(f"{number:,} {outcome}" for outcome, number in outcomes(found).items())
    return f"{plural(sum(found.asked.values()), 'call')}: {counts}"


def evaluated_against(found: Replay) -> list[str]:
    """Which calls were evaluated, and which were not."""
    lines = [", ".join(f"{plural(found.asked.get(group, 0), noun)}{of}" for group, (noun, of) in _CALLED.items())]
    if found.exempt:
        lines.append(
            f"{plural(found.exempt, 'call')} of service-linked roles and AWS services, which no policy reaches"
        )
    if not found.collected:
        lines.append("the snapshot holds no recorded calls: auditor collect --evidence all,changes")
    elif found.incomplete:
        lines.append(f"not all recorded calls are known: {', '.join(found.incomplete)}")
    return lines


def headed(found: Replay) -> Iterator[tuple[tuple[Outcome, Group], list[Stopped]]]:
    """The calls that the policy stops, or may stop, under each heading that has some."""
    for which in HEADINGS:
        those = [s for s in found.stopped if (s.outcome, s.group) == which]
        if those:
            yield which, those


def called(one: Stopped) -> str:
    """The call, its resource, and how often it was made."""
    where = f" on {one.resource.rpartition(':')[2]}" if one.resource else ""
    times = f" ({one.times:,} times)" if one.times > 1 else ""
    return f"{one.action}{where}{times}"


def why(one: Stopped) -> str:
    """The statements that stop it, and what is not known."""
    return "; ".join((", ".join(one.by), *one.reasons))
