"""Every case of every rule on disk, and what the harness says about cases that do not hold."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from auditor.errors import RuleError
from auditor.model.rule import Rule, Verdict
from auditor.resources import rules_dir
from auditor.rules.cases import CaseResult, run_cases
from auditor.rules.load import load_rules
from tests.evaluate.helpers import changed, rules_of

# Loaded while tests are collected, so that a rule that is added is a test that is added.
RULES = load_rules([rules_dir()], own_types=True)


@cache
def _results() -> dict[tuple[int, int], CaseResult]:
    """Rule and case, by number → result, all on one connection."""
    results = iter(run_cases(RULES))
    return {(n, i): next(results) for n, rule in enumerate(RULES) for i, _ in enumerate(rule.cases)}


@pytest.mark.parametrize(
    ("rule", "case"),
    [
        pytest.param(number, index, id=f"{rule.id}-{index}-{case.then}")
        for number, rule in enumerate(RULES)
        for index, case in enumerate(rule.cases)
    ],
)
def test_case(rule: int, case: int) -> None:
    result = _results()[rule, case]
    assert result.error == ""
    assert result.got == result.case.then, result.case
    assert result.ok, (result.severity, result.message)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_every_verdict_that_a_rule_can_give_has_a_case(rule: Rule) -> None:
    """Any column may be unknown, so any rule; whom a rule does not speak about is shown where it says so."""
    shown = {case.then for case in rule.cases}
    assert {Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN} <= shown
    assert (Verdict.NOT_APPLICABLE in shown) == (rule.when != "true")


def test_no_message_glues_a_value_to_a_word() -> None:
    """An empty value reads "not set", an unknown one "unknown", an empty list "none": each is a word of its own in the
    message of every case that fails, whatever else the message says there."""
    failing = [
        replace(r, cases=tuple(replace(c, withheld="") for c in r.cases if c.then is Verdict.FAIL)) for r in RULES
    ]
    messages = [result.message for result in run_cases(failing)]
    assert len(messages) > 300
    assert [text for text in messages if re.search(r"\w(not set|unknown|none)\b", text)] == []


def test_a_case_that_does_not_hold_is_reported(tmp_path: Path) -> None:
    (rule,) = rules_of(tmp_path, changed(cases=[{"given": {"auth_mode": "IAM"}, "then": "pass"}]))
    (result,) = run_cases([rule])
    assert (result.ok, result.got, result.error) == (False, Verdict.FAIL, "")


def test_a_case_that_cannot_be_evaluated_is_an_error(tmp_path: Path) -> None:
    """With DuckDB's reason; a case may also expect just that."""
    cases = [{"given": {"name": "x"}, "then": "pass"}, {"given": {"name": "x"}, "then": "error"}]
    (rule,) = rules_of(tmp_path, changed(require="cast(name as integer) > 0", cases=cases))
    first, second = run_cases([rule])
    assert (first.ok, first.got) == (False, Verdict.ERROR)
    assert "'x'" in first.error
    assert second.ok


def test_cases_do_not_see_each_other(tmp_path: Path) -> None:
    """Rows of other tables last for their own case only."""
    cases = [
        {"given": {}, "tables": {"user_profile": [{"name": "ana"}, {"name": "bob"}]}, "then": "pass"},
        {"given": {}, "then": "fail"},
        {"given": {}, "tables": {"domain": [{"name": "another"}]}, "then": "fail"},
    ]
    require = "auth_mode = '' and (select count(*) from user_profile) = 2"
    (rule,) = rules_of(tmp_path, changed(require=require, cases=cases))
    assert [r.got for r in run_cases([rule, rule])] == [Verdict.PASS, Verdict.FAIL, Verdict.FAIL] * 2


def test_a_column_that_a_case_does_not_give_is_neutral(tmp_path: Path) -> None:
    """AWS's default where there is one, else empty; null is unknown; parameters may be other for one case."""
    require = (
        "app_network_access_type = 'PublicInternetOnly' and kms_key_id = '' and not vpc_is_default"
        " and default_hidden_ml_tools = [] and default_ebs_default_gb = $size and cardinality(tags) = 0"
    )
    cases = [
        {"given": {}, "then": "pass"},
        {"given": {"vpc_is_default": None}, "then": "unknown"},
        {"given": {}, "params": {"size": 7}, "then": "fail"},
        {"given": {"default_ebs_default_gb": 7}, "params": {"size": 7}, "then": "pass"},
    ]
    params = {"size": {"type": "integer", "default": 5, "doc": "GiB"}}
    (rule,) = rules_of(tmp_path, changed(require=require, params=params, cases=cases))
    assert [(r.got, r.case.then) for r in run_cases([rule]) if not r.ok] == []


def test_a_value_that_its_column_cannot_hold_is_a_broken_rule(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r":\d+: cases: creation_time is a date or a time .*soon"):
        rules_of(tmp_path, changed(cases=[{"given": {"creation_time": "soon"}, "then": "pass"}]))
    # What the types allow and the database does not.
    (rule,) = rules_of(tmp_path, changed(cases=[{"given": {"running_apps": 2**70}, "then": "pass"}]))
    with pytest.raises(RuleError, match=rf"{rule.file}.*TST001.*{2**70}"):
        run_cases([rule])


def test_a_case_may_say_severity_and_message_of_its_failure(tmp_path: Path) -> None:
    """With the parameters of the case; either that differs makes the case one that does not hold."""
    bad = {"given": {"auth_mode": "IAM", "name": "a", "vpc_id": "vpc-1"}, "then": "fail", "params": {"vpc": "vpc-1"}}
    (rule,) = rules_of(
        tmp_path,
        changed(
            severity_when={"high": "vpc_id = $vpc", "critical": "true"},
            values={"both": "list_filter([name, vpc_id], lambda v: v <> 'x')"},
            message="{both} signs in with {auth_mode}",
            params={"vpc": {"type": "string", "default": "vpc-9", "doc": "A VPC"}},
            cases=[
                {**bad, "severity": "high", "message": "a, vpc-1 signs in with IAM"},
                {**bad, "params": {}, "severity": "critical"},
                {**bad, "severity": "low"},
                {**bad, "message": "a signs in with IAM"},
            ],
        ),
    )
    assert [r.ok for r in run_cases([rule])] == [True, True, False, False]
