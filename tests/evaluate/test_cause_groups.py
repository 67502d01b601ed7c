"""Root causes that are found without findings are those of a report, each with the same count and command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from auditor.evaluate.audit import evaluate_tables
from auditor.evaluate.cause_groups import root_causes
from auditor.model.report import Report
from auditor.model.rule import Rule
from auditor.resolve import alike_profiles
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.rules.rule_names import select
from auditor.studio.personas import DEFAULT_PERSONAS


@pytest.mark.parametrize("estate", ["acme", "generated:2x6", "clean"])
@pytest.mark.parametrize("many", [True, False])
def test_they_are_those_of_the_report(
    estate: str,
    many: bool,
    monkeypatch: pytest.MonkeyPatch,
    estate_file: Callable[[str], Path],
    estate_report: Callable[[str], Report],
    built_in_rules: Sequence[Rule],
) -> None:
    expected = list(estate_report(estate).root_causes)
    if many:
        monkeypatch.setattr(alike_profiles, "MANY_BYTES", 0)
    done = evaluate_tables([estate_file(estate)], built_in_rules, {}, NestedMerge.UNKNOWN, DEFAULT_PERSONAS)
    found = root_causes(done.con, done.files, built_in_rules, done.verdicts, {})
    assert found == expected
    assert any(cause.affects > 2 for cause in found) == (estate != "clean")


def test_of_some_rules_they_are_theirs(
    estate_file: Callable[[str], Path], estate_report: Callable[[str], Report], built_in_rules: Sequence[Rule]
) -> None:
    rules = select(built_in_rules, ["storage", "STU402"])
    done = evaluate_tables([estate_file("acme")], built_in_rules, {}, NestedMerge.UNKNOWN, DEFAULT_PERSONAS)
    ids = {rule.id for rule in rules}
    expected = [cause for cause in estate_report("acme").root_causes if cause.rule_id in ids]
    assert expected
    assert root_causes(done.con, done.files, rules, done.verdicts, {}) == expected
