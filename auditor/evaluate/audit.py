"""Snapshot files and rules in, one frozen Report out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import SnapshotError
from auditor.evaluate.account_rows import account_rows
from auditor.evaluate.count_passes import posture
from auditor.evaluate.deviations import deviations
from auditor.evaluate.engine import Verdicts, evaluate_rules
from auditor.evaluate.estimate_costs import costs
from auditor.evaluate.findings import FindingMaker
from auditor.evaluate.gap_reasons import Gaps
from auditor.evaluate.gate import set_aside
from auditor.evaluate.inventory_owners import with_owners
from auditor.evaluate.listed_paths import access_paths
from auditor.evaluate.report_inventory import inventory, owner_tags
from auditor.evaluate.source_locations import SourceLocations
from auditor.model.deviation import Deviations
from auditor.model.finding import Finding, cause_order
from auditor.model.framework import Framework
from auditor.model.owner import OwnerRule
from auditor.model.report import DomainSummary, Report, RuleSummary
from auditor.model.resource import ResourceRef, SnapshotInfo
from auditor.model.rule import Rule, Severity, Verdict
from auditor.model.snapshot import Gap, Source
from auditor.remediation.raw_documents import Documents
from auditor.resolve.build_tables import build
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.resolve.load_documents import SourceFile, are_many
from auditor.rules.applicability import template_limits
from auditor.rules.frameworks import assess
from auditor.rules.references import inherit_overrides
from auditor.rules.verdict_sql import Overrides
from auditor.store.connection import connect, lock
from auditor.store.snapshot_reader import SnapshotReader
from auditor.studio.personas import DEFAULT_PERSONAS, Persona
from auditor.studio.resource_types import KINDS_IN_DOMAINS, TABLES
from auditor.version import __version__
from auditor.waivers.file import rule_names
from auditor.waivers.match import Waivers, read_tags

if TYPE_CHECKING:
    import duckdb

NO_WAIVERS = Waivers()
Export = Callable[["duckdb.DuckDBPyConnection", tuple[SnapshotReader, ...]], None]
OUT_OF_SCOPE = (
    "SageMaker Unified Studio makes the user profiles of this domain (project {project}), and it can't be opened in"
    " SageMaker Studio. Rules about people, about which role a profile uses, and about visibility skip it; all other"
    " rules apply."
)


def load_tables(
    files: Sequence[Path],
    merge: NestedMerge = NestedMerge.UNKNOWN,
    personas: Sequence[Persona] = DEFAULT_PERSONAS,
    export: Export | None = None,
    *,
    folder: Path | None = None,
) -> tuple[duckdb.DuckDBPyConnection, tuple[SnapshotReader, ...]]:
    """The documented tables of verified snapshot files, on a locked connection.

    The hashes are computed while DuckDB reads. ``export`` may write files from the tables before the connection is
    locked; ``folder``: the only one in which files may be written after that. Raises SnapshotError.
    """
    readers = tuple(map(SnapshotReader, files))
    sources = [SourceFile(reader.path, reader.header, reader.blocks) for reader in readers]
    con = connect()
    with ThreadPoolExecutor(max_workers=1) as pool:
        # Of large files it is computed from the blocks that are read anyway.
        pending = [] if are_many(sources) else [pool.submit(attrgetter("sha256"), reader) for reader in readers]
        try:
            build(con, sources, merge, personas)
        except SnapshotError:
            # Damage is what the hash is for; its message says more than a parser's.
            _verify(readers, pending)
            raise
        _verify(readers, pending)
    if export is not None:
        export(con, readers)
    lock(con, folder)
    return con, readers


def _verify(readers: Sequence[SnapshotReader], pending: Sequence[Future[str]]) -> None:
    """Hold the files against their hashes, of which ``pending`` are computed already. Raises SnapshotError."""
    for check in pending:
        check.result()
    for reader in readers:
        reader.sha256  # noqa: B018 — raises where the content is not what was written


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """How rules are evaluated, beside themselves.

    ``severities`` by rule id stand instead of the rules' own; ``overrides`` are parameters by rule id. Frameworks count
    verdicts: a waived failure is one there. ``export`` may write files from the tables; ``with_inventory`` adds what
    only the HTML report shows, ``with_summaries`` what only it and report.json show. ``owners``: who owns what; they
    are found by the inventory.
    """

    severities: Mapping[str, Severity] = field(default_factory=dict)
    overrides: Overrides = field(default_factory=dict)
    merge: NestedMerge = NestedMerge.UNKNOWN
    personas: Sequence[Persona] = DEFAULT_PERSONAS
    frameworks: Sequence[Framework] = ()
    waivers: Waivers = NO_WAIVERS
    export: Export | None = None
    with_inventory: bool = False
    with_summaries: bool = False
    owners: Sequence[OwnerRule] = ()


DEFAULTS = EvaluateOptions()


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Rules evaluated on snapshots: the tables, the verdicts in them, and what makes findings of these."""

    con: duckdb.DuckDBPyConnection
    files: tuple[SnapshotReader, ...]
    gaps: tuple[Gap, ...]
    verdicts: Verdicts
    maker: FindingMaker


def evaluate_tables(
    files: Sequence[Path],
    rules: Sequence[Rule],
    overrides: Overrides,
    merge: NestedMerge,
    personas: Sequence[Persona],
    export: Export | None = None,
) -> Evaluated:
    """The rules' verdicts on the snapshots. Raises SnapshotError."""
    con, readers = load_tables(files, merge, personas, export)
    verdicts = evaluate_rules(con, rules, overrides, account_names(readers))
    gaps = tuple(sorted(Gap(*row) for row in con.execute("select * from gap").fetchall()))
    maker = FindingMaker(con, verdicts, overrides, Gaps(gaps), Documents(readers), rules)
    return Evaluated(con, readers, gaps, verdicts, maker)


def account_names(files: Sequence[SnapshotReader]) -> list[tuple[str, str]]:
    """What an organization calls its accounts: id and name of each that has one."""
    return sorted({(a.id, a.name) for reader in files for a in reader.header.accounts if a.name})


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rules evaluated as the options say, before a report is made of it; ``rules`` with the severities in force."""

    done: Evaluated
    rules: tuple[Rule, ...]
    overrides: Overrides
    changed: Mapping[str, Severity]
    options: EvaluateOptions


def rules_in_force(
    rules: Sequence[Rule], options: EvaluateOptions
) -> tuple[tuple[Rule, ...], Overrides, dict[str, Severity]]:
    """The rules with the severities in force, their parameters, and the severities that are not the rules' own."""
    overrides, severities = inherit_overrides(rules, options.overrides), options.severities
    changed = {
        r.id: severities[r.id]
        for r in rules
        if r.id in severities and (severities[r.id] is not r.severity or r.severity_when)
    }
    rules = [replace(r, severity=severities[r.id], severity_when={}) if r.id in severities else r for r in rules]
    return tuple(rules), overrides, changed


def prepare(files: Sequence[Path], rules: Sequence[Rule], options: EvaluateOptions) -> Prepared:
    """Evaluate the rules on the snapshots. Raises SnapshotError for a file that cannot be used."""
    rules, overrides, changed = rules_in_force(rules, options)
    done = evaluate_tables(files, rules, overrides, options.merge, options.personas, options.export)
    return Prepared(done, rules, overrides, changed, options)


def evaluate(files: Sequence[Path], rules: Sequence[Rule], options: EvaluateOptions = DEFAULTS) -> Report:
    """Evaluate the rules on the snapshots. The same files, rules and options give an equal Report.

    The report knows of no earlier run, and no finding of it fails a run: ``auditor.evaluate.gate.apply_gate`` decides
    that. Raises SnapshotError for a file that cannot be used.
    """
    return assembled(prepare(files, rules, options))


def assembled(prepared: Prepared, profiles: str = "") -> Report:
    """The report of the verdicts that the tables hold; ``profiles``: a query of the user profiles that it is about,
    where it is not about all."""
    done, rules, overrides, options = prepared.done, prepared.rules, prepared.overrides, prepared.options
    waivers = options.waivers
    con, readers, gaps, verdicts, maker = done.con, done.files, done.gaps, done.verdicts, done.maker
    findings = [finding for rule in rules for finding in maker.of(rule)]
    findings.sort(key=_finding_order)
    causes = sorted(maker.causes, key=cause_order)
    wanted = options.with_inventory or options.with_summaries or options.owners
    tags = owner_tags(rules, overrides) if wanted else ()
    by_status = {str(v): sum(c[v] for c in verdicts.counts.values()) for v in Verdict} | {"waived": 0}
    sources: set[Source] = {reader.header.source for reader in readers}
    report = Report(
        tool_version=__version__,
        as_of=max(reader.header.as_of for reader in readers),
        source=next(iter(sources)) if len(sources) == 1 else "mixed",
        snapshots=tuple(map(snapshot_info, readers)),
        accounts=account_rows((reader.header for reader in readers), gaps),
        resources=_count_resources(con),
        by_status=by_status,
        by_severity=_by_severity(findings),
        rules=tuple(_rule_summary(r, verdicts, sources) for r in rules),
        domains=_domains(con, findings),
        coverage=tuple(sorted(call for reader in readers for call in reader.ledger.coverage)),
        gaps=gaps,
        root_causes=tuple(causes),
        findings=tuple(findings),
        params={
            f"{rule}.{name}": value
            for rule, values in sorted(overrides.items())
            if rule in verdicts.counts
            for name, value in values.items()
        },
        severities=dict(sorted(prepared.changed.items())),
        frameworks=tuple(assess(framework, verdicts.counts) for framework in options.frameworks),
        posture=posture(con, rules, verdicts.counts, findings),
        access_paths=access_paths(con),
        deviations=deviations(con, profiles) if options.with_summaries else Deviations(),
        inventory=inventory(con, tags) if options.with_inventory or options.owners else None,
    )
    report = with_owners(report, options.owners)
    if not options.with_inventory:
        report = replace(report, inventory=None)
    if waivers.comments is not None:
        from auditor.waivers.comments import read_comments

        inline, problems = read_comments(con, rule_names(waivers.rules), counted=waivers.comments)
        waivers = replace(waivers, inline=inline, inline_problems=problems)
    report = set_aside(report, waivers, read_tags(con, waivers.tag_keys))
    return replace(report, costs=costs(con, report, tags)) if options.with_summaries else report


def without_findings(files: Sequence[SnapshotReader]) -> Report:
    """What a report says of the snapshots themselves, where nothing of them is reported."""
    sources: set[Source] = {reader.header.source for reader in files}
    return Report(
        tool_version=__version__,
        as_of=max(reader.header.as_of for reader in files),
        source=next(iter(sources)) if len(sources) == 1 else "mixed",
        snapshots=tuple(map(snapshot_info, files)),
        accounts=account_rows((reader.header for reader in files), ()),
        resources={}, by_status={}, by_severity={}, rules=(), domains=(), coverage=(), gaps=(), root_causes=(),
        findings=(),
    )  # fmt: skip


def _finding_order(f: Finding) -> tuple[Any, ...]:
    status = (Verdict.FAIL, Verdict.ERROR, Verdict.UNKNOWN).index(f.status)
    return (status, f.severity.rank, f.rule_id, f.resource.account, f.resource.region, f.resource.type, f.resource.id)


def _by_severity(findings: Sequence[Finding]) -> dict[str, int]:
    counts = Counter(f.severity for f in findings if f.status is Verdict.FAIL)
    return {str(s): counts[s] for s in Severity}


def _count_resources(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return {name: con.execute(f"select count(*) from {name}").fetchall()[0][0] for name in TABLES}


def snapshot_info(file: SnapshotReader) -> SnapshotInfo:
    """A snapshot as a report names it."""
    header = file.header
    return SnapshotInfo(
        file.path.name, file.sha256, header.as_of, header.source, header.botocore_version, header.caller,
        tuple((s.account, s.region) for s in header.scopes),
    )  # fmt: skip


def _rule_summary(rule: Rule, verdicts: Verdicts, sources: set[Source]) -> RuleSummary:
    # On templates alone, a rule that needs what none holds and said nothing did not run.
    decided = any(verdicts.counts[rule.id].get(v) for v in Verdict if v is not Verdict.NOT_APPLICABLE)
    not_run = "" if decided or "aws" in sources else template_limits(rule)
    counts = {str(v): n for v, n in verdicts.counts[rule.id].items()} | {"waived": 0}
    return RuleSummary(
        rule.id, rule.name, rule.title, rule.severity, rule.area, rule.table, rule.why, rule.remediation.steps,
        rule.practices, rule.references, counts, not_run,
    )  # fmt: skip


def _domains(con: duckdb.DuckDBPyConnection, findings: Sequence[Finding]) -> tuple[DomainSummary, ...]:
    failed: dict[tuple[str, str, str], dict[str, int]] = {}
    for finding in findings:
        if finding.status is Verdict.FAIL:
            place = (finding.resource.account, finding.resource.region, finding.resource.domain_id)
            counts = failed.get(place)
            if counts is None:
                counts = failed[place] = {str(s): 0 for s in Severity}
            counts[finding.severity] += 1
    counts_sql = " ".join(
        f"left join (select domain_key, count(*) as n from {name} group by 1) {name}_n on {name}_n.domain_key = d.key"
        for name in KINDS_IN_DOMAINS
    )
    rows = con.execute(f"""
        select d.account, d.region, d.id, d.name, d.arn, d.status, d.auth_mode, d.default_experience,
               case when d.unified_studio then d.unified_studio_project else '' end,
               coalesce(user_profile_n.n, 0), coalesce(space_n.n, 0), coalesce(app_n.n, 0)
        from domain d {counts_sql} order by d.account, d.region, d.name, d.id""").fetchall()
    summaries = []
    places = SourceLocations(con)
    for account, region, id_, name, arn, status, auth, experience, project, profiles, spaces, apps in rows:
        resource = places.resource(ResourceRef("domain", id_, name or id_, account, region, arn or "", id_, name or ""))
        none: Mapping[str, int] = {str(s): 0 for s in Severity}
        summaries.append(
            DomainSummary(
                resource, status or "", auth, experience, profiles, spaces, apps,
                dict(failed.get((account, region, id_), none)), OUT_OF_SCOPE.format(project=project) if project else "",
            )
        )  # fmt: skip
    return tuple(summaries)
