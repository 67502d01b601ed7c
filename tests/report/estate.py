"""Large, realistic reports made by hand: many accounts, a history, waivers, gaps, an inventory. Deterministic.

Nothing is evaluated: verdicts are drawn by chance, so that a report has as many findings as is asked for.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from auditor.model.finding import (
    Evidence,
    Finding,
    FindingRemediation,
    PastFinding,
    RootCause,
    State,
    cause_order,
)
from auditor.model.inventory import Inventory, InventoryColumn, InventoryTable, SignIn
from auditor.model.posture import PostureCount
from auditor.model.report import (
    DomainSummary,
    FrameworkSummary,
    Gate,
    Report,
    RequirementStatus,
    RequirementSummary,
    RuleSummary,
    TrendPoint,
)
from auditor.model.resource import Origin, ResourceRef, SnapshotInfo
from auditor.model.rule import Rule, Severity, Verdict
from auditor.model.snapshot import Coverage, Gap
from auditor.model.waiver import ResourcePattern, Waiver, WaiverStatus, WaiverSummary
from auditor.remediation.preview import Preview, preview
from auditor.resolve.table_model import Table
from auditor.resolve.tables import DOMAIN, SPACE, USER_PROFILE
from auditor.resources import rules_dir
from auditor.rules.load import load_rules

AS_OF, PREVIOUS = "2026-11-25T02:00:00Z", "2026-11-24T02:00:00Z"
REGIONS = ("eu-west-1", "us-east-1", "eu-central-1", "ap-southeast-2")
FIRST = ("grace", "alan", "ada", "linus", "barbara", "edsger", "margaret", "dennis", "frances", "ken", "radia", "john",
         "joan", "donald", "shafi", "tim", "karen", "leslie", "anita", "bjarne")  # fmt: skip
LAST = ("hopper", "turing", "lovelace", "okafor", "liskov", "dijkstra", "hamilton", "ritchie", "allen", "thompson",
        "perlman", "backus", "clarke", "knuth", "goldwasser", "lee", "jones", "lamport", "borg", "silva")  # fmt: skip
TEAMS = ("research", "forecasting", "fraud", "pricing", "vision", "nlp", "risk", "marketing", "legacy-analytics", "lab")


@cache
def rules() -> tuple[Rule, ...]:
    return load_rules([rules_dir()])


@cache
def _previews() -> dict[str, Preview]:
    """By the rule's id: a large report has thousands of findings of each."""
    return {rule.id: preview(rule) for rule in rules()}


class _Names(dict[str, Any]):
    """Any column in a message or a command."""

    def __missing__(self, name: str) -> str:
        return f"{name}-value"


@dataclass(slots=True)
class _Made:
    """What is being put together."""

    rng: random.Random
    findings: list[Finding]
    causes: dict[str, RootCause]
    affects: Counter[str]


def _hex(*parts: object, length: int = 32) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:length]


def domains_of(number: int, accounts: int) -> list[ResourceRef]:
    made = []
    for n in range(number):
        account, region = f"{111111111111 + 10_101_010_101 * (n % accounts):012d}"[:12], REGIONS[n // accounts % 4]
        name, id_ = f"{TEAMS[n % len(TEAMS)]}-{n}" if n >= len(TEAMS) else TEAMS[n], f"d-{_hex('domain', n, length=12)}"
        arn = f"arn:aws:sagemaker:{region}:{account}:domain/{id_}"
        made.append(ResourceRef("domain", id_, name, account, region, arn, id_, name))
    return made


def profile_of(n: int, domain: ResourceRef) -> ResourceRef:
    name = f"{FIRST[n % 20]}-{LAST[n // 20 % 20]}" + (f"-{n // 400}" if n >= 400 else "")
    id_ = f"{domain.id}/{name}"
    arn = f"arn:aws:sagemaker:{domain.region}:{domain.account}:user-profile/{id_}"
    return ResourceRef("user_profile", id_, name, domain.account, domain.region, arn, domain.id, domain.name)


def _finding(made: _Made, rule: Rule, resource: ResourceRef, domain: ResourceRef, layer: str, verdict: Verdict) -> None:
    owner = domain if layer in ("domain", "service") else resource
    path = f"DefaultUserSettings.{rule.setting}" if owner is domain else rule.setting
    value = [None, "ENABLED", "Disabled", ["JupyterServer", "Canvas"], 4320, False][sum(map(ord, rule.id)) % 6]
    names = _Names(name=resource.name, domain_id=domain.id, region=resource.region, account=resource.account)
    shown = _previews()[rule.id]
    text = re.sub(r"\{(\w+)[^}]*\}", lambda m: names[m[1]], next(iter(shown.commands.values()), ""))
    fix = FindingRemediation(rule.remediation.steps, text, next(iter(shown.cloudformation.values()), ""), "")
    cause = _hex(rule.id, owner.key, path, length=16) if verdict is Verdict.FAIL else ""
    if cause:
        made.affects[cause] += 1
        made.causes.setdefault(
            cause, RootCause(cause, rule.id, rule.severity, owner, path, value, layer, 1, fix)
        )  # fmt: skip
    value = None if verdict is Verdict.UNKNOWN else value
    evidence = [
        Evidence(rule.setting, value, Origin(layer, "" if layer == "service" else owner.id, path)),
        *(Evidence(c, f"{c} of {resource.name}" if n else "IAM", Origin("derived", resource.id, c))
          for n, c in enumerate(rule.columns[:3]) if c != rule.setting),
    ]  # fmt: skip
    message = (
        rule.message.format_map(names) if verdict is Verdict.FAIL else f"cannot be decided: {rule.setting} is unknown"
    )
    made.findings.append(
        Finding(_hex(rule.id, resource.key, rule.setting), rule.id, verdict, rule.severity, resource, message,
                tuple(evidence), cause, fix if cause else None)
    )  # fmt: skip


def _waiver(rule: Rule, domain: ResourceRef, status: WaiverStatus) -> WaiverSummary:
    days = {WaiverStatus.LAPSED: -12, WaiverStatus.EXPIRING: 9}.get(status, 120)
    waiver = Waiver(
        (rule.id,), ResourcePattern(account=domain.account, domain=domain.name), "Migration to the new Studio",
        "ml-platform@example.com", date(2026, 11, 25) + timedelta(days=days), "SEC-1042", file="waivers.yaml", line=7,
    )  # fmt: skip
    return WaiverSummary(waiver, status, 14)


def large(number: int, *, history: bool = True, seed: int = 1, unseen: float = 0.01) -> Report:
    """A report with exactly so many findings, some nine a profile. ``unseen`` is the share that nobody could decide."""
    rng = random.Random(seed)
    by_table: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules():
        by_table[rule.table].append(rule)
    profiles_wanted = max(4, number // 8)
    domains = domains_of(max(2, min(400, profiles_wanted // 30)), max(1, min(60, profiles_wanted // 120)))
    made = _Made(rng, [], {}, Counter())
    for domain in domains:
        for rule in by_table["domain"]:
            if rng.random() < 0.5 and len(made.findings) < number:
                _finding(made, rule, domain, domain, "domain", Verdict.FAIL)
    inherited = {d.key: [r for r in by_table["user_profile"] if rng.random() < 0.22] for d in domains}
    profiles = []
    while len(made.findings) < number:
        domain = domains[int(len(domains) * rng.random() ** 1.6)]
        profile = profile_of(len(profiles), domain)
        profiles.append(profile)
        for rule in by_table["user_profile"]:
            if len(made.findings) >= number:
                break
            if rule in inherited[domain.key]:
                verdict = Verdict.UNKNOWN if rng.random() < unseen else Verdict.FAIL
                _finding(made, rule, profile, domain, "service" if rng.random() < 0.5 else "domain", verdict)
            elif rng.random() < 0.03:
                _finding(made, rule, profile, domain, "profile", Verdict.FAIL)
    return _report(made, domains, profiles, history)


def _report(made: _Made, domains: list[ResourceRef], profiles: list[ResourceRef], history: bool) -> Report:
    order = {Verdict.FAIL: 0, Verdict.ERROR: 1, Verdict.UNKNOWN: 2}
    made.findings.sort(key=lambda f: (order[f.status], f.severity.rank, f.rule_id, f.resource.key))
    waivers = [
        _waiver(rules()[10 * n + 5], domains[n % len(domains)], status) for n, status in enumerate(WaiverStatus)
    ]  # fmt: skip
    past: tuple[PastFinding, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    if history:
        # Some of all, and of what fails the run: there is always something new that does.
        failing = [c.id for c in made.causes.values() if c.severity.rank < 2]
        fresh = {c for some in (list(made.causes), failing) for n, c in enumerate(sorted(some)) if n % 31 == 0}
        made.findings = [_with_state(made.rng, f, fresh, waivers[0].waiver) for f in made.findings]
        past = _past(made, domains, profiles)
    made.findings = [
        replace(f, gates=f.severity.rank < 2 and f.status is Verdict.FAIL and f.waiver is None) for f in made.findings
    ]
    made.findings.sort(key=lambda f: not f.gates)
    failed = [f for f in made.findings if f.status is Verdict.FAIL and f.waiver is None]
    affects = Counter(f.root_cause for f in failed)
    gating = Counter(f.root_cause for f in failed if f.severity.rank < 2)
    causes = [replace(c, affects=affects[c.id], gates=gating[c.id]) for c in made.causes.values()]
    causes.sort(key=cause_order)
    by_severity = {str(s): sum(f.severity is s for f in failed) for s in Severity}
    if history:
        trend = _trend(made.rng, by_severity, sum(f.state is State.NEW for f in failed))
    counts = Counter(f.status for f in made.findings)
    waived = counts[Verdict.FAIL] - len(failed)
    gaps, coverage = _unseen(domains, counts[Verdict.UNKNOWN])
    return Report(
        tool_version="0.1.0", as_of=AS_OF, source="aws",
        snapshots=(SnapshotInfo("night.jsonl", _hex("snapshot", length=64), AS_OF, "aws", "1.44.5",
                                "arn:aws:sts::111111111111:assumed-role/studio-audit/nightly",
                                tuple(sorted({(d.account, d.region) for d in domains}))),),
        resources={"domain": len(domains), "user_profile": len(profiles), "space": len(profiles), "app": 0},
        by_status={"pass": len(made.findings) * 4, "fail": len(failed), "unknown": counts[Verdict.UNKNOWN], "error": 0,
                   "waived": waived, "not_applicable": len(made.findings) * 2},
        by_severity=by_severity, rules=_rules(made.findings), domains=_domains(domains, profiles, failed),
        coverage=coverage, gaps=gaps, root_causes=tuple(causes), findings=tuple(made.findings),
        frameworks=(_framework(made.findings),), waivers=tuple(waivers) if history else (),
        gate=Gate(Severity.HIGH, failed=by_severity["critical"] + by_severity["high"]),
        previous=PREVIOUS if history else None, posture=_posture(failed),
        previous_posture=_posture(failed[::2]) if history else None,
        sla={Severity.CRITICAL: 7, Severity.HIGH: 30, Severity.MEDIUM: 90} if history else {},
        past=past, trend=trend, inventory=_inventory(domains, profiles),
    )  # fmt: skip


def _posture(failed: list[Finding]) -> tuple[PostureCount, ...]:
    areas = {r.id: r.area for r in rules()}
    counts = Counter((f.resource.account, f.resource.region, f.resource.domain_id, areas[f.rule_id]) for f in failed)
    return tuple(PostureCount(*place, number * 3 + 5, number) for place, number in sorted(counts.items()))


def _with_state(rng: random.Random, finding: Finding, fresh: set[str], waiver: Waiver) -> Finding:
    if finding.status is not Verdict.FAIL:
        return finding
    if rng.random() < 0.02:
        return replace(finding, state=State.WAIVED, waiver=waiver, first_seen="2026-09-02T02:00:00Z")
    if finding.root_cause in fresh:
        state = State.REGRESSED if rng.random() < 0.1 else State.NEW
        return replace(finding, state=state, first_seen=AS_OF if state is State.NEW else "2026-08-01T02:00:00Z",
                       regressed=int(state is State.REGRESSED))  # fmt: skip
    seen = date(2026, 11, 24) - timedelta(days=int(200 * rng.random() ** 2))
    return replace(finding, state=State.OPEN, first_seen=f"{seen.isoformat()}T02:00:00Z")


def _past(made: _Made, domains: list[ResourceRef], profiles: list[ResourceRef]) -> tuple[PastFinding, ...]:
    past = []
    reasons = {State.RESOLVED: "passes now", State.NOT_ASSESSED: "the verdict is unknown now",
               State.CARRIED_OVER: "its account was not part of this run"}  # fmt: skip
    for n, finding in enumerate(made.findings[:: max(1, len(made.findings) // 60)]):
        state = (State.RESOLVED, State.RESOLVED, State.NOT_ASSESSED, State.CARRIED_OVER)[n % 4]
        gone = replace(
            finding, fingerprint=_hex("past", n), state=None, waiver=None, root_cause="",
            first_seen="2026-10-01T02:00:00Z", status=Verdict.FAIL,
        )  # fmt: skip
        past.append(PastFinding(gone, state, PREVIOUS, reasons[state]))
    return tuple(past)


def _trend(rng: random.Random, today: dict[str, int], new: int) -> tuple[TrendPoint, ...]:
    points = []
    for back in range(29, 0, -1):
        factor = 1 + back * 0.011 + rng.random() * 0.05
        points.append(TrendPoint(
            f"{date(2026, 11, 25) - timedelta(days=back)}T02:00:00Z", {s: int(n * factor) for s, n in today.items()},
            waived=3, unknown=5, new=int(rng.random() * new), regressed=0, resolved=int(rng.random() * new * 1.3),
        ))  # fmt: skip
    return (*points, TrendPoint(AS_OF, today, waived=9, unknown=7, new=new, regressed=1, resolved=30))


def _unseen(domains: list[ResourceRef], unknown: int) -> tuple[tuple[Gap, ...], tuple[Coverage, ...]]:
    places = sorted({(d.account, d.region) for d in domains})
    coverage = [
        Coverage(a, r, f"sagemaker:{op}", 40 + n, failed=int(n % 5 == 0 and op == "ListTags"), retries=n % 3,
                 error="AccessDeniedException" if n % 5 == 0 and op == "ListTags" else "")
        for n, (a, r) in enumerate(places)
        for op in ("ListDomains", "DescribeDomain", "DescribeUserProfile", "ListTags")
    ]  # fmt: skip
    gaps = []
    for n in range(unknown):
        d = domains[n % len(domains)]
        gaps.append(
            Gap(d.account, d.region, "user_profile", f"{d.id}/person-{n}", "UserSettings.StudioWebPortalSettings",
                "DescribeUserProfile", "ambiguous_inheritance", "AWS does not say how the two structures meet")
            if n % 3 else
            Gap(d.account, d.region, "tags", "*", "*", "ListTags", "access_denied", "not authorized")
        )  # fmt: skip
    return tuple(sorted(set(gaps))), tuple(sorted(coverage))


def _rules(findings: list[Finding]) -> tuple[RuleSummary, ...]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for finding in findings:
        counts[finding.rule_id]["waived" if finding.waiver else str(finding.status)] += 1
    return tuple(
        RuleSummary(r.id, r.name, r.title, r.severity, r.area, r.table, r.why, r.remediation.steps, r.practices,
                    r.references, {**{str(v): 0 for v in Verdict}, "pass": 120, "waived": 0, **counts[r.id]})
        for r in rules()
    )  # fmt: skip


def _domains(
    domains: list[ResourceRef], profiles: list[ResourceRef], failed: list[Finding]
) -> tuple[DomainSummary, ...]:
    held = Counter(p.domain_id for p in profiles)
    severities: dict[str, Counter[str]] = defaultdict(Counter)
    for f in failed:
        severities[f.resource.domain_id][f.severity] += 1
    return tuple(
        DomainSummary(d, "InService", "SSO" if n % 3 else "IAM", "classic" if n % 7 == 0 else "studio", held[d.id],
                      held[d.id], held[d.id] // 3, {str(s): severities[d.id][s] for s in Severity})
        for n, d in enumerate(domains)
    )  # fmt: skip


def _framework(findings: list[Finding]) -> FrameworkSummary:
    failing = Counter(f.rule_id for f in findings)
    requirements = []
    for n in range(0, 24, 4):
        own = {r.id: f"It is about {r.area}." for r in rules()[n : n + 4]}
        fail = sum(failing[r] for r in own)
        status = RequirementStatus.FAIL if fail else RequirementStatus.PASS
        requirements.append(RequirementSummary(f"AC-{n + 2}", f"Requirement {n}", own, status, fail, 0))
    return FrameworkSummary(
        "nist-800-53", "NIST SP 800-53", "Rev. 5", "https://csrc.nist.gov/pubs/sp/800/53/r5", tuple(requirements)
    )


def _inventory(domains: list[ResourceRef], profiles: list[ResourceRef]) -> Inventory:
    keys = {d.id: d.key for d in domains}
    spaces = [
        replace(p, type="space", id=f"{p.domain_id}/{p.name}-lab", name=f"{p.name}-lab", arn="")
        for p in profiles[::2]
    ]  # fmt: skip
    owners = tuple("" if n % 4 == 0 else f"{p.name}@example.com" for n, p in enumerate(profiles))
    own = [keys[p.domain_id] for p in profiles]
    tables = (
        _table(DOMAIN, domains, tuple("platform" for _ in domains), [d.key for d in domains], ["" for _ in domains]),
        _table(USER_PROFILE, profiles, owners, own, own),
        _table(SPACE, spaces, ("",) * len(spaces), [keys[s.domain_id] for s in spaces], [p.key for p in profiles[::2]]),
    )  # fmt: skip
    sign_ins = tuple(
        SignIn(p.key, f"{p.name}@example.com", "human", 12, "2026-10-01T08:00:00Z", "2026-11-24T16:20:00Z")
        for p in profiles[::3]
    )  # fmt: skip
    return Inventory(tables, sign_ins, True, {t.type: len(t.resources) for t in tables})


def _table(
    documented: Table, refs: list[ResourceRef], owners: tuple[str, ...], domains: list[str], parents: list[str]
) -> InventoryTable:
    """The real columns, with a few values each and one value of their own for half of the resources' roles."""
    by_key = sorted(range(len(refs)), key=lambda n: refs[n].key)
    columns = []
    for place, column in enumerate(c for c in documented.columns if c.paths):
        layers = list(column.paths or ())
        values: list[tuple[Any, str]] = [("ENABLED", layers[0]), (None, "unknown"), (["JupyterServer"], layers[-1])]
        codes = [(n * (place + 3) + place) % 97 // 40 for n in by_key]
        if column.name == "execution_role":
            values += [(f"arn:aws:iam::{r.account}:role/studio-{r.name}", layers[0]) for r in refs]
            codes = [len(values) - len(refs) + k if n % 2 else 0 for k, n in enumerate(by_key)]
        columns.append(
            InventoryColumn(column.name, column.doc, column.unit, dict(column.paths or {}), tuple(values), tuple(codes))
        )
    return InventoryTable(
        documented.name, tuple(refs[n] for n in by_key), tuple(owners[n] for n in by_key),
        tuple(domains[n] for n in by_key), tuple(parents[n] for n in by_key), tuple(columns),
    )  # fmt: skip
