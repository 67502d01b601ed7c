"""Verdicts one by one are those of the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from auditor.evaluate.audit import EvaluateOptions, evaluate
from auditor.evaluate.verdicts import judge
from auditor.model.rule import Rule, Verdict


def test_they_are_those_of_the_report(estate_file: Callable[[str], Path], built_in_rules: tuple[Rule, ...]) -> None:
    overrides = {"STU505": {"max_gib": 1}}
    report = evaluate([estate_file("acme")], built_in_rules, EvaluateOptions(overrides=overrides))
    judged = judge([estate_file("acme")], built_in_rules, EvaluateOptions(overrides=overrides))
    counted = Counter((j.rule_id, str(j.verdict)) for j in judged)
    for rule in report.rules:
        for verdict in ("pass", "fail", "unknown", "error"):
            assert counted[rule.id, verdict] == rule.counts[verdict], (rule.id, verdict)
    assert all(j.verdict is not Verdict.NOT_APPLICABLE for j in judged)
    found = [j.finding for j in judged if j.finding is not None]
    assert sorted(f.fingerprint for f in found) == sorted(f.fingerprint for f in report.findings)
    assert all((j.finding is None) == (j.verdict is Verdict.PASS) for j in judged)
    assert all(j.finding.status is j.verdict and j.finding.resource.id == j.id for j in judged if j.finding)
