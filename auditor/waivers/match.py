"""Which failures a waiver sets aside, and how each waiver stands. ``auditor.evaluate.gate`` does the setting aside.

Waivers speak of failures only: an unknown verdict is a question, and nobody can accept what nobody has seen.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from auditor.model.finding import Finding
from auditor.model.owner import UNKNOWN, UNOWNED, matches
from auditor.model.resource import ResourceRef
from auditor.model.rule import Rule, Verdict
from auditor.model.snapshot import GLOBAL
from auditor.model.waiver import ResourcePattern, Waiver, WaiverProblem, WaiverStatus, WaiverSummary
from auditor.resolve.tables import TABLES
from auditor.sql_text import literal
from auditor.waivers.file import rule_names
from auditor.waivers.tags import read_tag

if TYPE_CHECKING:
    import duckdb

#: A waiver that lapses within so many days is pointed out.
EXPIRING_DAYS = 14


@dataclass(frozen=True, slots=True)
class Tagged:
    """A resource's tags, as far as waivers speak about their keys; and the pattern that means that resource."""

    resource: ResourcePattern
    tags: Mapping[str, str]


#: By the resource's key. No entry: no such tag, or tags that were not read.
Tags = Mapping[str, Tagged]


@dataclass(frozen=True, slots=True)
class Waivers:
    """What may set failures aside: the file's waivers, and the tag that auditor.yaml allows to (empty: none).

    ``rules`` are all that there are, for the names that a tag or a comment may use. ``comments``: whether comments in
    scanned templates count; None: they are not looked for. ``inline``: those that were found, each with the key of its
    resource, and ``inline_problems`` what is wrong with others.
    """

    waivers: tuple[Waiver, ...] = ()
    tag: str = ""
    rules: tuple[Rule, ...] = ()
    comments: bool | None = None
    inline: tuple[tuple[Waiver, str], ...] = ()
    inline_problems: tuple[WaiverProblem, ...] = ()

    @property
    def tag_keys(self) -> tuple[str, ...]:
        """Tag keys whose values are needed."""
        keys = {key for w in self.waivers for key in w.resources.tags} | ({self.tag} if self.tag else set())
        return tuple(sorted(keys))


@dataclass(frozen=True, slots=True)
class WaiverResult:
    """``waived`` maps a failure's fingerprint to the waiver that sets it aside."""

    waived: Mapping[str, Waiver]
    summaries: tuple[WaiverSummary, ...]
    problems: tuple[WaiverProblem, ...]


def read_tags(con: duckdb.DuckDBPyConnection, keys: Sequence[str]) -> dict[str, Tagged]:
    """Tags of those resources that have one of the keys, from the documented tables."""
    found: dict[str, Tagged] = {}
    for table in TABLES:
        if not keys or not table.resource_type or table.column("tags") is None:
            continue
        columns = ", ".join(f"tags[{literal(key)}]" for key in keys)
        has = " or ".join(f"tags[{literal(key)}] is not null" for key in keys)
        rows = con.execute(f"select key, account, region, name, {columns} from {table.name} where {has}").fetchall()
        for resource, account, region, name, *values in rows:
            tags = {k: v for k, v in zip(keys, values, strict=True) if v is not None}
            found[resource] = Tagged(ResourcePattern(table.resource_type, account, region, name=name or ""), tags)
    return found


def match_waivers(
    waivers: Waivers,
    findings: Sequence[Finding],
    tags: Tags,
    *,
    as_of: str,
    evaluated: Iterable[str],
    scopes: Iterable[tuple[str, str]],
) -> WaiverResult:
    """How the waivers stand beside the findings at the report's ``as_of``.

    ``evaluated`` are the ids of the rules that ran, ``scopes`` the accounts and regions that were audited: a waiver
    that speaks of others has nothing to match here, and is not called unused for that.
    """
    today = datetime.fromisoformat(as_of).date()
    from_tags, problems = _from_tags(waivers, tags)
    bound = (*from_tags, *waivers.inline)
    everything = [*waivers.waivers, *(w for w, _ in bound)]
    own = {id(w): key for w, key in bound}
    by_rule: dict[str, list[Waiver]] = defaultdict(list)
    for waiver in everything:
        for rule in waiver.rules:
            by_rule[rule].append(waiver)
    waived: dict[str, Waiver] = {}
    counts: dict[int, _Count] = {id(w): _Count() for w in everything}
    for finding in findings:
        for waiver in by_rule.get(finding.rule_id, ()):
            tagged = own.get(id(waiver))
            if (
                finding.resource.key != tagged
                if tagged is not None
                else not fits(waiver.resources, finding.resource, _tags_of(tags, finding.resource.key))
                or not _owned(waiver.resources.owned_by, finding.owner)
            ):
                continue
            count = counts[id(waiver)]
            if finding.status is not Verdict.FAIL:
                count.undecided += 1
            elif waiver.for_value and not same_value(waiver.value, finding.evidence[0].value):
                count.changed += 1
            else:
                count.matched += 1
                if waiver.expires >= today:
                    waived.setdefault(finding.fingerprint, waiver)
    ran, places = frozenset(evaluated), tuple(scopes)
    summaries = tuple(
        WaiverSummary(w, _status(w, counts[id(w)], today, ran, places), counts[id(w)].matched or counts[id(w)].changed)
        for w in everything
    )
    return WaiverResult(waived, summaries, (*problems, *waivers.inline_problems))


@dataclass(slots=True)
class _Count:
    """What a waiver fits: failures, failures with another value than its own, and verdicts that are open."""

    matched: int = 0
    changed: int = 0
    undecided: int = 0


def _status(
    waiver: Waiver, count: _Count, today: date, evaluated: frozenset[str], scopes: Sequence[tuple[str, str]]
) -> WaiverStatus:
    if waiver.expires < today:
        return WaiverStatus.LAPSED
    if not count.matched and count.changed:
        return WaiverStatus.VOID
    if not count.matched and not count.undecided and evaluated.issuperset(waiver.rules) and _in_reach(waiver, scopes):
        return WaiverStatus.UNUSED
    if (waiver.expires - today).days <= EXPIRING_DAYS:
        return WaiverStatus.EXPIRING
    return WaiverStatus.ACTIVE


def _in_reach(waiver: Waiver, scopes: Sequence[tuple[str, str]]) -> bool:
    """Whether something that was audited lies where the waiver speaks about."""
    account, region = glob(waiver.resources.account), glob(waiver.resources.region)
    return any(account(a) and (region(r) or region(GLOBAL)) for a, r in scopes)


def _from_tags(waivers: Waivers, tags: Tags) -> tuple[list[tuple[Waiver, str]], tuple[WaiverProblem, ...]]:
    """Waivers that stand in tags, with the key of the one resource that each speaks about."""
    found: list[tuple[Waiver, str]] = []
    problems: list[WaiverProblem] = []
    if not waivers.tag:
        return found, ()
    named = rule_names(waivers.rules)
    for key in sorted(tags):
        text = tags[key].tags.get(waivers.tag)
        if text is None:
            continue
        waiver = read_tag(text, key, tags[key].resource, named)
        if isinstance(waiver, Waiver):
            found.append((waiver, key))
        else:
            problems.append(WaiverProblem(key, text, waiver))
    return found, tuple(problems)


def _tags_of(tags: Tags, key: str) -> Mapping[str, str]:
    return tags[key].tags if key in tags else {}


def fits(pattern: ResourcePattern, resource: ResourceRef, tags: Mapping[str, str]) -> bool:
    """Whether the resource is one of those meant. A tag that is not there, or was not read, does not fit."""
    return (
        pattern.type in ("", resource.type)
        and glob(pattern.account)(resource.account)
        and glob(pattern.region)(resource.region)
        and glob(pattern.name, fold=True)(resource.name)
        and (
            glob(pattern.domain, fold=True)(resource.domain_id)
            or glob(pattern.domain, fold=True)(resource.domain_name)
        )
        and all(key in tags and glob(value)(tags[key]) for key, value in pattern.tags.items())
    )  # fmt: skip


def _owned(pattern: str, owner: str | None) -> bool:
    """Whether the resource is owned by who is meant. Where nobody can say who owns it, it is not."""
    return not pattern or (owner not in (None, UNOWNED, UNKNOWN) and matches(pattern, owner or ""))


@cache
def glob(pattern: str, *, fold: bool = False) -> Callable[[str], bool]:
    """Whether the whole text fits: ``*`` is any characters, ``?`` is one; an empty pattern fits all texts.

    ``fold``: case does not count.
    """
    if not pattern:
        return lambda _: True
    steps = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    compiled = re.compile(steps, re.DOTALL | (re.IGNORECASE if fold else 0))
    return lambda text: compiled.fullmatch(text) is not None


def same_value(granted: Any, found: Any) -> bool:
    """Whether the value that a waiver was granted for is the one that is there. Lists are equal in any order.

    What is unknown is never the same.
    """
    if found is None:
        return False
    return bool(_comparable(granted) == _comparable(found))


def _comparable(value: Any) -> Any:
    """The value as JSON would hold it; YAML and DuckDB have dates of their own."""
    if isinstance(value, list | tuple):
        return sorted((_comparable(v) for v in value), key=repr)
    if isinstance(value, Mapping):
        return {str(k): _comparable(v) for k, v in value.items()}
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value
