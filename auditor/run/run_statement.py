"""What a signed run says of itself: the predicate of its in-toto statement."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from auditor.errors import ExitCode
from auditor.model.report import Report
from auditor.model.rule import Rule
from auditor.report.phrases import TOOL


def predicate(report: Report, code: ExitCode, rules: Sequence[Rule]) -> dict[str, Any]:
    """Tool, rules, snapshots, parameters, waivers and coverage of a run, as JSON values.

    It is short, so that KMS takes it whole (4,096 bytes): the details are in report.json, which is a subject of the
    statement. ``sha256`` of the rules is over their ids, severities and expressions, of the waivers over their members.
    """
    severities = {rule.id: rule.severity.value for rule in report.rules}
    expressions = [(r.id, severities.get(r.id, r.severity.value), r.when, r.require) for r in rules]
    granted = [
        (s.waiver.rules, s.waiver.owner, s.waiver.reason, s.waiver.expires, s.status.value, s.matches)
        for s in report.waivers
    ]
    calls = [(c.calls, c.failed) for c in report.coverage]
    return {
        "tool": {"name": TOOL, "version": report.tool_version},
        "as_of": report.as_of,
        "source": report.source,
        "exit_code": int(code),
        "outcome": report.gate.outcome.value,
        "rules": {"count": len(rules), "sha256": _digest(expressions)},
        "parameters": {"count": len(report.params), "sha256": _digest(sorted(report.params.items()))},
        "snapshots": [info.sha256 for info in report.snapshots],
        "waivers": {"count": len(granted), "sha256": _digest(granted)},
        "coverage": {
            "accounts_and_regions": sum(len(info.scopes) for info in report.snapshots),
            "resources": sum(report.resources.values()),
            "calls": sum(made for made, _ in calls),
            "failed_calls": sum(failed for _, failed in calls),
            "gaps": len(report.gaps),
            "verdicts": dict(report.by_status),
        },
    }


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value, enc_hook=str)).hexdigest()
