"""report.json: the wire format that other programs rely on. Its schema is report.schema.json beside this module."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.model.cost import Costs
from auditor.model.drift import Drift
from auditor.model.finding import Finding, PastFinding, RootCause
from auditor.model.report import REPORT_SCHEMA_VERSION, FrameworkSummary, Report
from auditor.model.resource import ResourceRef
from auditor.report.first_screen import Posture, Share, curve, due, examples, overdue, posture, wrong
from auditor.report.json_text import blocks
from auditor.report.templates import environment

if TYPE_CHECKING:
    import jinja2

SCHEMA = Path(__file__).parent / "report.schema.json"


def schema() -> dict[str, Any]:
    """The JSON Schema of report.json."""
    loaded: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return loaded


@dataclass(frozen=True, slots=True)
class _Names:
    """Names of rules by id, and of accounts."""

    rules: Mapping[str, str]
    accounts: Mapping[str, str]


_NO_NAMES = _Names({}, {})


def _resource(resource: ResourceRef, names: _Names) -> dict[str, Any]:
    return {
        "type": resource.type, "id": resource.id, "arn": resource.arn, "name": resource.name,
        "account": resource.account, "account_name": names.accounts.get(resource.account, ""),
        "region": resource.region, "domain_id": resource.domain_id, "domain_name": resource.domain_name,
        "file": resource.file, "line": resource.line, "construct": resource.construct,
    }  # fmt: skip


def _finding(report: Report, finding: Finding, names: _Names) -> dict[str, Any]:
    return {
        "fingerprint": finding.fingerprint,
        "rule": _rule(finding, names),
        "status": finding.status,
        "severity": finding.severity,
        "resource": _resource(finding.resource, names),
        "message": finding.message,
        "evidence": finding.evidence,
        "root_cause": finding.root_cause,
        "remediation": finding.remediation,
        "waiver": finding.waiver,
        "state": finding.state,
        "first_seen": finding.first_seen,
        "due": due(report, finding),
        "regressed": finding.regressed,
        "gates": finding.gates,
        "made_by": finding.made_by,
        "owner": finding.owner,
    }


def _cause(cause: RootCause, example: Finding | None, names: _Names) -> dict[str, Any]:
    return {
        "id": cause.id, "rule": cause.rule_id, "severity": cause.severity, "message": wrong(cause, example),
        "resource": _resource(cause.resource, names), "setting": cause.setting, "value": cause.value,
        "layer": cause.layer, "affects": cause.affects, "gates": cause.gates, "remediation": cause.remediation,
    }  # fmt: skip


def _curve(report: Report) -> dict[str, Any]:
    ahead = curve(report)
    return {"findings": ahead.findings, "changes": len(ahead.steps), "gating": ahead.gating, "marks": ahead.marks}


def _posture(report: Report) -> dict[str, Any]:
    shares: Posture = posture(report)
    return {
        **_share(shares.total),
        "by_area": [{"area": area, **_share(share)} for area, share in shares.areas.items()],
        "by_domain": [
            {"account": account, "region": region, "domain_id": domain, **_share(share)}
            for (account, region, domain), share in shares.domains.items()
        ],
        "parts": report.posture,
    }


def _share(share: Share) -> dict[str, Any]:
    before = share.before
    return {
        "passed": share.passed,
        "evaluated": share.evaluated,
        "previous": None if before is None else {"passed": before.passed, "evaluated": before.evaluated},
    }


def _framework(framework: FrameworkSummary) -> dict[str, Any]:
    return {
        "name": framework.name,
        "version": framework.version,
        "requirements": [
            {"id": r.id, "title": r.title, "rules": list(r.rules), "status": r.status, "fail": r.fail,
             "unknown": r.unknown}
            for r in framework.requirements
        ],
    }  # fmt: skip


def _costs(costs: Costs | None) -> dict[str, Any] | None:
    if costs is None:
        return None
    return {
        "currency": "USD",
        "per": "month",
        "prices": costs.sources,
        "hours": {"low": costs.hours[0], "high": costs.hours[1]},
        "findings": costs.findings,
        "nothing_now": costs.idle,
        "incomplete": costs.incomplete,
        "total": costs.total,
        "by_cause": [{"cause": c.cause, "rule": c.rule_id, "cost": c.cost} for c in costs.by_cause],
        "by_owner": costs.by_owner,
        "by_domain": costs.by_domain,
    }


def _past(past: PastFinding, names: _Names) -> dict[str, Any]:
    finding = past.finding
    return {
        "fingerprint": finding.fingerprint, "rule": _rule(finding, names), "severity": finding.severity,
        "resource": _resource(finding.resource, names), "message": finding.message, "state": past.state,
        "first_seen": finding.first_seen, "last_seen": past.last_seen, "reason": past.reason,
    }  # fmt: skip


def _rule(finding: Finding, names: _Names) -> dict[str, str]:
    # A finding of an earlier run may be one of a rule that this run does not have.
    return {"id": finding.rule_id, "name": names.rules.get(finding.rule_id, finding.rule_id)}


def _template(resource: ResourceRef) -> dict[str, Any]:
    return {
        "root": resource.account, "id": resource.id, "file": resource.file, "line": resource.line,
        "construct": resource.construct,
    }  # fmt: skip


def drift_parts(drift: Drift | None, names: _Names = _NO_NAMES) -> dict[str, Any]:
    """The parts of the drift by name, lists as iterators."""
    if drift is None:
        return {}
    return {
        "summary": {**drift.counts, "matched": drift.matched, "compared": drift.compared,
                    "out_of_scope": drift.out_of_scope},
        "live_only": (
            {"resource": _resource(i.resource, names), "certain": i.certain, "reason": i.reason, "created": i.created,
             "owner": i.owner, "profile": i.profile, "stack": i.stack}
            for i in drift.live_only
        ),
        "not_deployed": ({"resource": _resource(resource, names)} for resource in drift.not_deployed),
        "unmatched": ({"resource": _resource(i.resource, names), "reason": i.reason} for i in drift.unmatched),
        "disagreements": (
            {"resource": _resource(i.account, names), "template": _template(i.template), "setting": i.setting,
             "template_value": i.template_value, "account_value": i.account_value, "file": i.file, "line": i.line}
            for i in drift.disagreements
        ),
        "not_compared": (
            {"resource": _resource(i.account, names), "template": _template(i.template), "settings": i.settings,
             "side": i.side, "reason": i.reason}
            for i in drift.not_compared
        ),
    }  # fmt: skip


@cache
def _environment() -> jinja2.Environment:
    """The environment, once a process: it keeps the template compiled."""
    return environment("json")


def render(report: Report) -> Iterator[str]:
    """The document, one finding a line, so that two nights can be compared with line tools as well."""
    names = _Names({r.id: r.name for r in report.rules}, report.account_names)
    first = examples(report)
    template = _environment().get_template("report.json.j2")
    out_of_scope = [
        {"resource": _resource(d.resource, names), "reason": d.out_of_scope} for d in report.domains if d.out_of_scope
    ]
    return template.generate(
        schema_version=REPORT_SCHEMA_VERSION,
        report=report,
        by_rule=[{"id": r.id, "name": r.name, **r.counts} for r in report.rules],
        rules=[
            {"id": r.id, "name": r.name, "title": r.title, "severity": r.severity, "area": r.area, "table": r.table,
             "practices": r.practices, "references": r.references, "not_run": r.not_run}
            for r in report.rules
        ],
        domains=[
            {"resource": _resource(d.resource, names), "status": d.status, "auth_mode": d.auth_mode,
             "experience": d.experience,
             "user_profiles": d.user_profiles, "spaces": d.spaces, "apps": d.apps, "failed": d.failed}
            for d in report.domains
        ],
        frameworks=[_framework(f) for f in report.frameworks],
        out_of_scope=out_of_scope,
        drift=drift_parts(report.drift, names),
        access_paths=[
            {"account": p.account, "role": p.role, "name": p.name, "goal": p.goal, "profiles": p.profiles,
             "steps": p.steps, "via": p.via, "target": p.target}
            for p in report.access_paths.listed
        ],
        deviations=[
            {"account": d.account, "region": d.region, "domain_id": d.domain_id, "domain_name": d.domain_name,
             "setting": d.setting, "path": d.path, "domain_value": d.domain_value, "profiles": d.profiles,
             "values": d.values, "listed": d.listed}
            for d in report.deviations.listed
        ],
        costs=_costs(report.costs),
        past=(_past(p, names) for p in report.past),
        curve=_curve(report),
        posture=_posture(report),
        overdue=overdue(report),
        root_causes=blocks(_cause(c, first.get(c.id), names) for c in report.root_causes),
        findings=blocks(_finding(report, f, names) for f in report.findings),
    )  # fmt: skip
