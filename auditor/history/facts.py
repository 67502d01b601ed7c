"""What comparing needs to know of a run, and reading it from a report or a report.json."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from auditor.errors import ConfigError
from auditor.file_kinds import kind_hint
from auditor.model.finding import Finding, State
from auditor.model.posture import PostureCount
from auditor.model.report import REPORT_SCHEMA_VERSION, Report
from auditor.model.resource import ResourceRef
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import GLOBAL, Gap
from auditor.store.unpack import REPORT_LIMIT, blocks
from auditor.studio.incomplete_lists import incomplete_tables

Scope = tuple[str, str]
#: Something of a template that could not be read may have held a resource of any type.
_ANY_TYPE = "template"


@dataclass(frozen=True, slots=True)
class Fact:
    """One finding, as far as comparing needs it. ``first_seen`` and ``regressed`` as its own run knew them."""

    fingerprint: str
    rule_id: str
    severity: Severity
    status: Verdict
    waived: bool
    resource: ResourceRef
    message: str
    first_seen: str | None = None
    regressed: int = 0
    last_seen: str | None = None
    """Only of a failure that the run had from earlier ones: the last run in which it failed."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A run. ``scopes``: accounts and regions that were audited; ``rules``: ids of the rules that ran.

    ``lost``: account, Region and type of resources of which it is not known what there is; a type may be empty, for
    all. ``pending``: failures of earlier runs that the run could not assess or only carried over.
    """

    as_of: str
    scopes: frozenset[Scope]
    rules: frozenset[str]
    lost: frozenset[tuple[str, str, str]]
    findings: tuple[Fact, ...]
    pending: tuple[Fact, ...] = ()
    posture: tuple[PostureCount, ...] | None = None
    """What passed and failed; None in a report of a version that did not count it."""

    @property
    def known(self) -> frozenset[str]:
        """Fingerprints that are no news: failures that are not waived, those included that could not be assessed."""
        failing = {f.fingerprint for f in self.findings if f.status is Verdict.FAIL and not f.waived}
        return frozenset(failing | {f.fingerprint for f in self.pending})


def lost_lists(gaps: Iterable[Gap]) -> frozenset[tuple[str, str, str]]:
    """Tables of which it is not known what rows they have, by account and Region; a type that is empty stands for
    all."""
    return frozenset(
        (g.account, g.region, table)
        for g in gaps
        for table in (("",) if (g.resource_type, g.setting) == (_ANY_TYPE, "*") else incomplete_tables(g))
    )


def posture_in(posture: Iterable[PostureCount] | None, scopes: Iterable[Scope]) -> tuple[PostureCount, ...] | None:
    """What of it lies in these accounts and Regions, and in no Region of these accounts."""
    if posture is None:
        return None
    within = frozenset(scopes)
    accounts = {account for account, _ in within}
    return tuple(
        part for part in posture
        if (part.account, part.region) in within or (part.region == GLOBAL and part.account in accounts)
    )  # fmt: skip


def facts_of(report: Report) -> Facts:
    """What comparing needs of a report."""

    def fact(finding: Finding) -> Fact:
        return Fact(
            finding.fingerprint, finding.rule_id, finding.severity, finding.status, finding.waiver is not None,
            finding.resource, finding.message, finding.first_seen, finding.regressed,
        )  # fmt: skip

    return Facts(
        report.as_of,
        frozenset(place for info in report.snapshots for place in info.scopes),
        frozenset(r.id for r in report.rules if not r.not_run),
        lost_lists(report.gaps),
        tuple(fact(f) for f in report.findings),
        tuple(
            Fact(
                p.finding.fingerprint, p.finding.rule_id, p.finding.severity, Verdict.FAIL, False, p.finding.resource,
                p.finding.message, p.finding.first_seen, p.finding.regressed, p.last_seen,
            )
            for p in report.past
            if p.state is not State.RESOLVED
        ),
        report.posture,
    )  # fmt: skip


class _Rule(msgspec.Struct):
    id: str
    not_run: str = ""


class _Finding(msgspec.Struct):
    fingerprint: str
    rule: _Rule
    severity: Severity
    status: Verdict
    resource: ResourceRef
    message: str
    waiver: Mapping[str, Any] | None
    first_seen: str | None
    regressed: int


class _Past(msgspec.Struct):
    fingerprint: str
    rule: _Rule
    severity: Severity
    resource: ResourceRef
    message: str
    state: State
    first_seen: str | None
    last_seen: str


class _Snapshot(msgspec.Struct):
    scopes: list[tuple[str, str]]


class _Posture(msgspec.Struct):
    parts: list[PostureCount]


class _Report(msgspec.Struct):
    """The members of report.json that comparing needs; others may be there."""

    as_of: str
    snapshots: list[_Snapshot]
    rules: list[_Rule]
    gaps: list[Gap]
    findings: list[_Finding]
    past: list[_Past]
    posture: _Posture | None = None


class _Version(msgspec.Struct):
    schema_version: str


def read_report(path: Path) -> Facts:
    """What comparing needs of a report.json, or of one that is gzipped, as a store keeps it.

    Raises ConfigError where the file is none, or one of a newer version.
    """
    data = b"".join(blocks(path, REPORT_LIMIT))
    try:
        version = msgspec.json.decode(data, type=_Version).schema_version
        if version != REPORT_SCHEMA_VERSION:
            raise ConfigError(
                f"{path}: report schema {version}; this version reads {REPORT_SCHEMA_VERSION}",
                hint="Use the same version of the auditor for both reports.",
            )
        wire = msgspec.json.decode(data, type=_Report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(
            f"{path}: not a report.json of this tool: {error}", hint=kind_hint(path) or "Write one with --format json."
        ) from error
    return Facts(
        wire.as_of,
        frozenset(scope for snapshot in wire.snapshots for scope in snapshot.scopes),
        frozenset(r.id for r in wire.rules if not r.not_run),
        lost_lists(wire.gaps),
        tuple(_facts(wire.findings)),
        tuple(
            Fact(p.fingerprint, p.rule.id, p.severity, Verdict.FAIL, False, p.resource, p.message, p.first_seen, 0,
                 p.last_seen)
            for p in wire.past
            if p.state is not State.RESOLVED
        ),
        None if wire.posture is None else tuple(wire.posture.parts),
    )  # fmt: skip


def _facts(findings: Iterable[_Finding]) -> Iterator[Fact]:
    for f in findings:
        yield Fact(
            f.fingerprint, f.rule.id, f.severity, f.status, f.waiver is not None, f.resource, f.message, f.first_seen,
            f.regressed,
        )  # fmt: skip
