"""report.ocsf.json: OCSF Compliance Findings (class 2003), a JSON array with one event a line.

The version is that of the schema's release in August 2026; for what is filled in here it asks for the same as 1.8.0.

==========================  =============================  ==========================================
finding                     compliance.status_id           status_id, activity_id
==========================  =============================  ==========================================
fail                        3 Fail                         1 New; 1 Create, known before: 2 Update
waived                      3 Fail                         3 Suppressed
unknown                     2 Warning: "did not yield a    1 New; 2 Update
                            result due to missing
                            information" (OCSF)
error                       99 Other, status ``Error``     1 New; 2 Update
not assessed, failed before 2 Warning                      1 New; 2 Update
resolved since the last run 0 Unknown (see below)          4 Resolved; 3 Close
==========================  =============================  ==========================================

A resolved finding passes now or its resource is gone; which of the two is not recorded, so it does not claim Pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from auditor.model.finding import Finding, PastFinding, State
from auditor.model.report import Report, RuleSummary
from auditor.model.rule import Severity, Verdict
from auditor.report.json_text import array, milliseconds
from auditor.report.phrases import (
    PRODUCT,
    TOOL,
    fix,
    frameworks_of,
    name,
    outstanding,
    partition,
    past_words,
    resolved,
    sentence,
    status,
)

#: An identifier and its caption.
_Enum: TypeAlias = tuple[int, str]

VERSION = "1.9.0"
CLASS_UID, CATEGORY_UID = 2003, 2
_SEVERITIES = {
    Severity.CRITICAL: (5, "Critical"), Severity.HIGH: (4, "High"), Severity.MEDIUM: (3, "Medium"),
    Severity.LOW: (2, "Low"), Severity.INFO: (1, "Informational"),
}  # fmt: skip
_CREATE, _UPDATE, _CLOSE = (1, "Create"), (2, "Update"), (3, "Close")
_NEW, _SUPPRESSED, _RESOLVED = (1, "New"), (3, "Suppressed"), (4, "Resolved")
_COMPLIANCE = {Verdict.FAIL: (3, "Fail"), Verdict.UNKNOWN: (2, "Warning"), Verdict.ERROR: (99, "Error")}


def render(report: Report) -> Iterator[str]:
    """The array."""
    yield from array(_Events(report).all())
    yield "\n"


class _Events:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._rules = {rule.id: rule for rule in report.rules}
        self._accounts = report.account_names
        self._requirements = frameworks_of(report)
        self._standards = [f"{f.title} {f.version}" for f in report.frameworks]
        self._now = milliseconds(report.as_of)

    def all(self) -> Iterator[dict[str, Any]]:
        for finding in self._report.findings:
            yield self._event(finding)
        for past in outstanding(self._report):
            # What was not part of this run has not changed: no event.
            if past.state is State.NOT_ASSESSED:
                yield self._past(past, (2, "Warning"), _UPDATE, _NEW, past_words(past))
        for past in resolved(self._report):
            reason = f" ({past.reason})" if past.reason else ""
            yield self._past(past, (0, "Unknown"), _CLOSE, _RESOLVED, f"Resolved{reason}: {past.finding.message}")

    def _event(self, finding: Finding) -> dict[str, Any]:
        known = finding.state in (State.OPEN, State.REGRESSED) or finding.status is not Verdict.FAIL
        activity = _UPDATE if known else _CREATE
        standing = _SUPPRESSED if finding.waiver is not None else _NEW
        made = self._base(finding, _COMPLIANCE[finding.status], activity, standing, sentence(finding))
        if finding.evidence:
            made["evidences"] = [
                {"name": e.setting, "data": {"setting": e.setting, "value": e.value, "origin": e.origin}}
                for e in finding.evidence
            ]
        made["unmapped"] |= {
            "gates": finding.gates, "root_cause": finding.root_cause, "waiver": finding.waiver, "fix": fix(finding),
            "verdict": status(finding),
        }  # fmt: skip
        return made

    def _past(
        self, past: PastFinding, compliance: _Enum, activity: _Enum, standing: _Enum, text: str
    ) -> dict[str, Any]:
        made = self._base(past.finding, compliance, activity, standing, text)
        made["unmapped"] |= {"last_seen": past.last_seen, "state": past.state}
        return made

    def _base(self, finding: Finding, compliance: _Enum, activity: _Enum, standing: _Enum, text: str) -> dict[str, Any]:
        rule = self._rules.get(finding.rule_id)
        severity = _SEVERITIES[finding.severity]
        resource = finding.resource
        made: dict[str, Any] = {
            "activity_id": activity[0], "activity_name": activity[1],
            "category_uid": CATEGORY_UID, "category_name": "Findings",
            "class_uid": CLASS_UID, "class_name": "Compliance Finding",
            "type_uid": CLASS_UID * 100 + activity[0], "type_name": f"Compliance Finding: {activity[1]}",
            "severity_id": severity[0], "severity": severity[1],
            "status_id": standing[0], "status": standing[1],
            "time": self._now,
            "message": text,
            "metadata": self._metadata(finding),
            "cloud": _cloud(finding, self._accounts),
            "compliance": self._compliance(rule, finding, compliance, text),
            "finding_info": self._info(rule, finding, text),
            "resources": [_resource(finding)],
            "unmapped": {"state": finding.state, "regressed": finding.regressed, "domain_id": resource.domain_id,
                         "domain_name": resource.domain_name, "file": resource.file, "line": resource.line,
                         "construct": resource.construct},
        }  # fmt: skip
        if rule is not None:
            made["remediation"] = {"desc": rule.steps or rule.title, "references": list(rule.references)}
        return made

    def _metadata(self, finding: Finding) -> dict[str, Any]:
        product = {"name": PRODUCT, "vendor_name": TOOL, "uid": TOOL, "version": self._report.tool_version}
        made = {"version": VERSION, "product": product, "event_code": finding.rule_id, "profiles": ["cloud"],
                "uid": f"{finding.fingerprint}-{self._now}"}  # fmt: skip
        return made | ({"tenant_uid": finding.resource.account} if finding.resource.account else {})

    def _compliance(self, rule: RuleSummary | None, finding: Finding, compliance: _Enum, text: str) -> dict[str, Any]:
        made: dict[str, Any] = {
            "control": finding.rule_id,
            "standards": [PRODUCT, *self._standards],
            "requirements": [*(rule.practices if rule else ()), *self._requirements.get(finding.rule_id, ())],
            "status_id": compliance[0], "status": compliance[1], "status_detail": text,
            "status_code": str(finding.status),
        }  # fmt: skip
        if rule is not None:
            made |= {"desc": rule.title, "category": rule.area}
        return made

    def _info(self, rule: RuleSummary | None, finding: Finding, text: str) -> dict[str, Any]:
        title = rule.title if rule else finding.rule_id
        first = milliseconds(finding.first_seen) if finding.first_seen else self._now
        analytic = {
            "type_id": 1, "type": "Rule", "uid": finding.rule_id, "name": rule.name if rule else finding.rule_id,
            "version": self._report.tool_version,
        }  # fmt: skip
        return {
            "uid": finding.fingerprint, "title": f"{finding.rule_id} {title}".strip(), "desc": text,
            "types": ["Software and Configuration Checks"], "analytic": analytic,
            "created_time": first, "first_seen_time": first, "last_seen_time": self._now,
        }  # fmt: skip


def _cloud(finding: Finding, names: Mapping[str, str]) -> dict[str, Any]:
    resource = finding.resource
    made: dict[str, Any] = {"provider": "AWS"}
    if resource.region:
        made |= {"region": resource.region, "cloud_partition": partition(resource)}
    if resource.account:
        made["account"] = {"uid": resource.account, "type_id": 10, "type": "AWS Account"}
        if resource.account in names:
            made["account"]["name"] = names[resource.account]
    return made


def _resource(finding: Finding) -> dict[str, Any]:
    resource = finding.resource
    made = {"uid": resource.arn or resource.construct or resource.key, "name": resource.name or resource.id,
            "type": resource.type, "namespace": resource.domain_name or resource.domain_id}  # fmt: skip
    if resource.region:
        made |= {"region": resource.region, "cloud_partition": partition(resource)}
    return {k: v for k, v in made.items() if v} | {"labels": [name(resource)]}
