"""report.codequality.json: GitLab's Code Quality report (GitLab docs, "Code Quality report format").

GitLab compares the fingerprints of a merge request with those of its target branch and calls the missing ones fixed. So
a failure that this run could not judge is in it as well, as ``info``; a waived one is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.inert_text import one_line
from auditor.model.finding import Finding, State
from auditor.model.report import Report
from auditor.model.rule import Severity, Verdict
from auditor.report.json_text import array
from auditor.report.phrases import outstanding, past_words, place, sentence

_SEVERITIES = {
    Severity.CRITICAL: "blocker", Severity.HIGH: "critical", Severity.MEDIUM: "major", Severity.LOW: "minor",
    Severity.INFO: "info",
}  # fmt: skip
_OPEN = "info"


def render(report: Report) -> Iterator[str]:
    """The array, one entry a line."""
    names = {rule.id: rule.name for rule in report.rules}
    yield from array(_entries(report, names))
    yield "\n"


def _entries(report: Report, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    for finding in report.findings:
        if finding.waiver is None:
            failed = finding.status is Verdict.FAIL
            severity = _SEVERITIES[finding.severity] if failed else _OPEN
            yield _entry(finding, severity, sentence(finding), names)
    for past in outstanding(report):
        carried = past.state is State.CARRIED_OVER
        severity = _SEVERITIES[past.finding.severity] if carried else _OPEN
        yield _entry(past.finding, severity, past_words(past), names)


def _entry(finding: Finding, severity: str, text: str, names: dict[str, str]) -> dict[str, Any]:
    where = place(finding)
    return {
        "check_name": f"{finding.rule_id} {names.get(finding.rule_id, '')}".strip(),
        "description": one_line(text) or finding.rule_id,
        "fingerprint": finding.fingerprint,
        "severity": severity,
        "location": {"path": where.path, "lines": {"begin": where.line}},
    }
