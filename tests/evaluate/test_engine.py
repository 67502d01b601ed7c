"""Verdicts: three-valued logic, rules that fail at run time, and parameters."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ConfigError, ExitCode
from auditor.evaluate.engine import evaluate_rules
from auditor.evaluate.gate import exit_code
from auditor.model.rule import Rule, Verdict
from auditor.resolve import alike_profiles
from auditor.rules.expressions import create_empty_tables
from auditor.rules.verdict_sql import parse_overrides
from auditor.store.connection import connect

from .helpers import audit, changed, domain, only, profile, rules_of, verdicts

RunOn = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture
def run() -> RunOn:
    """Verdicts by rule and key, of rules on rows of the empty documented tables."""

    def run(rules: tuple[Rule, ...], *rows: dict[str, Any], **overrides: dict[str, Any]) -> dict[str, dict[str, str]]:
        con = connect()
        create_empty_tables(con)
        alike_profiles.prepare(con)
        for row in rows:
            marks = ", ".join("?" for _ in row)
            con.execute(f"insert into domain ({', '.join(row)}) values ({marks})", list(row.values()))
        result = evaluate_rules(con, rules, overrides)
        found = {}
        for rule in rules:
            found[rule.id] = dict(con.execute(f'select key, "{rule.id}"::VARCHAR from verdict_domain').fetchall())
            counts = {v: n for v, n in result.counts[rule.id].items() if n}
            assert counts == {v: list(found[rule.id].values()).count(v) for v in set(found[rule.id].values())}
        return found

    return run


def test_three_valued_logic(run: RunOn, tmp_path: Path) -> None:
    """``when`` before ``require``; NULL in either is unknown, never a pass and never a fail."""
    (rule,) = rules_of(tmp_path, changed(when="vpc_is_default", require="has_efs"))
    expected = {
        (True, True): "pass", (True, False): "fail", (True, None): "unknown",
        (False, True): "not_applicable", (False, False): "not_applicable", (False, None): "not_applicable",
        (None, True): "unknown", (None, False): "unknown", (None, None): "unknown",
    }  # fmt: skip
    rows = [{"key": f"{w}-{r}", "vpc_is_default": w, "has_efs": r} for w, r in product((True, False, None), repeat=2)]
    assert run((rule,), *rows) == {"TST001": {f"{w}-{r}": verdict for (w, r), verdict in expected.items()}}


@pytest.mark.parametrize(
    ("require", "verdict"),
    [
        # Certain whatever the unknown is.
        ("auth_mode = 'SSO' or vpc_is_default", "pass"),
        ("auth_mode = 'IAM' and vpc_is_default", "fail"),
        # Not certain.
        ("auth_mode = 'SSO' and vpc_is_default", "unknown"),
        ("auth_mode = 'IAM' or vpc_is_default", "unknown"),
        ("vpc_is_default = vpc_is_default", "unknown"),
        ("kms_key_id in ('a', 'b')", "unknown"),
        ("kms_key_id not in ('a', 'b')", "unknown"),
        ("auth_mode in ('SSO', kms_key_id)", "pass"),
        ("auth_mode in ('IAM', kms_key_id)", "unknown"),
        ("subnet_ids = []", "unknown"),
        ("len(subnet_ids) = 0", "unknown"),
        ("list_contains(subnet_ids, 'a')", "unknown"),
        ("list_has_all(subnet_ids || ['a'], ['a'])", "unknown"),
        ("map_contains(tags, 'owner')", "unknown"),
        ("creation_time < as_of", "unknown"),
        # A column's own name in the other expression's place: no precedence of ours leaks in.
        ("auth_mode = 'IAM' or auth_mode = 'SSO'", "pass"),
    ],
)
def test_what_is_unknown_stays_so_unless_the_rest_decides(
    require: str, verdict: str, run: RunOn, tmp_path: Path
) -> None:
    (rule,) = rules_of(tmp_path, changed(when=None, require=require))
    assert run((rule,), {"key": "k", "auth_mode": "SSO"}) == {"TST001": {"k": verdict}}


def _failing(tmp_path: Path, **lines: Any) -> tuple[Rule, ...]:
    """A rule that cannot be evaluated on domains whose name is no number, and two sound ones."""
    return rules_of(
        tmp_path,
        changed(id="TST002", name="numbered", cases=[{"given": {"name": "7"}, "then": "pass"}], **lines),
        changed(id="TST001", name="sound"),
        changed(id="TST003", name="sound-too", table="user_profile", require="name <> 'bob'", message="{name}",
                cases=[{"given": {}, "then": "pass"}]),
    )  # fmt: skip


DOMAINS = [
    domain("d-1", {"DomainName": "7", "AuthMode": "SSO"}),
    domain("d-2", {"DomainName": "analytics"}),
    domain("d-3", {"DomainName": "-1"}),
    profile("bob"),
]


@pytest.mark.parametrize(
    "require",
    [
        "cast(name as integer) > 0",
        "cast(name as integer) > 0 and cast(name as integer) < 50",
        "cast(name as integer) + 0 > 0",
    ],
)
def test_a_rule_that_fails_on_a_row_is_an_error_there_only(require: str, tmp_path: Path) -> None:
    """Other rows get its verdict, other rules go on, and the run is incomplete rather than broken."""
    report = audit(tmp_path, _failing(tmp_path, require=require, message="{name}"), *DOMAINS, fail_on=None)
    assert verdicts(report) == {
        ("TST002", "d-2"): "error",
        ("TST002", "d-3"): "fail",
        ("TST001", "d-2"): "fail",
        ("TST001", "d-3"): "fail",
        ("TST003", "d-1/bob"): "fail",
    }
    assert {str(v): n for v, n in report.rule("TST002").counts.items() if n} == {"pass": 1, "error": 1, "fail": 1}
    error = only(report.findings, "TST002", "d-2")
    assert "analytics" in error.message
    assert (error.root_cause, error.remediation) == ("", None)
    assert report.by_status["error"] == 1
    assert exit_code(report) == ExitCode.INCOMPLETE


def test_a_division_by_zero_is_an_error_and_no_verdict(tmp_path: Path) -> None:
    """Neither infinity nor unknown, of whole numbers and of others."""
    requires = ["1 / len(subnet_ids) > 0", "1.0 / len(subnet_ids) > 0", "5 % len(subnet_ids) = 0"]
    rules = rules_of(tmp_path, *(changed(id=f"TST00{n}", name=f"r{n}", require=r) for n, r in enumerate(requires)))
    report = audit(tmp_path, rules, domain("d-1", {"SubnetIds": ["a"]}), domain("d-2", {"SubnetIds": []}))
    assert verdicts(report) == {(rule.id, "d-2"): "error" for rule in rules}


def test_when_may_fail_as_well(tmp_path: Path) -> None:
    report = audit(tmp_path, _failing(tmp_path, when="cast(name as integer) > 0"), *DOMAINS)
    assert {r: s for r, s in verdicts(report).items() if r[0] == "TST002"} == {("TST002", "d-2"): "error"}
    assert {str(v): n for v, n in report.rule("TST002").counts.items() if n} == {
        "pass": 1, "error": 1, "not_applicable": 1,
    }  # fmt: skip


def test_whom_a_rule_does_not_speak_about_cannot_fail_it(tmp_path: Path) -> None:
    """``require`` is not asked where ``when`` is false."""
    (rule,) = rules_of(tmp_path, changed(when="name ~ '^-?[0-9]+$'", require="cast(name as integer) > 0"))
    assert verdicts(audit(tmp_path, (rule,), *DOMAINS)) == {("TST001", "d-3"): "fail"}


def test_a_rule_that_fails_in_a_subquery_is_an_error_everywhere(tmp_path: Path) -> None:
    """What failed is not a row's: then no verdict of the rule can be trusted."""
    require = "auth_mode = '' or (select cast(d.name as integer) from domain d where d.domain_id = 'd-2') > 0"
    report = audit(tmp_path, _failing(tmp_path, require=require), *DOMAINS)
    assert {r: s for r, s in verdicts(report).items() if r[0] == "TST002"} == {
        ("TST002", "d-1"): "error", ("TST002", "d-2"): "error", ("TST002", "d-3"): "error",
    }  # fmt: skip
    assert verdicts(report)["TST001", "d-2"] == "fail"


def test_a_subquery_of_several_rows_is_an_error(tmp_path: Path) -> None:
    """Not the first row that happens to come."""
    (rule,) = rules_of(tmp_path, changed(require="auth_mode = (select d.auth_mode from domain d)"))
    assert verdicts(audit(tmp_path, (rule,), domain("d-1"))) == {}
    both = audit(tmp_path, (rule,), domain("d-1"), domain("d-2"))
    assert verdicts(both) == {("TST001", "d-1"): "error", ("TST001", "d-2"): "error"}


@pytest.mark.parametrize(
    "cause",
    [
        "case when cast(name as integer) > 0 then 'vpc_id' end",
        "case when (select max(cast(d.name as integer)) from domain d) > 0 then 'vpc_id' end",
        "'no_such_column'",
        "'kms_key_id'",
        "case when auth_mode = 'nothing' then 'vpc_id' end",
    ],
)
def test_a_cause_that_says_nothing_costs_no_finding(cause: str, tmp_path: Path) -> None:
    """It fails, names no column, or one that the rule does not read: then the rule's own setting is to blame."""
    (rule,) = rules_of(tmp_path, changed(require="auth_mode = 'SSO' and vpc_id <> 'x'", cause=cause))
    report = audit(tmp_path, (rule,), *DOMAINS)
    assert verdicts(report) == {("TST001", "d-2"): "fail", ("TST001", "d-3"): "fail"}
    assert {cause.setting for cause in report.root_causes} == {"AuthMode"}


PARAMS = {
    "least": {"type": "integer", "default": 3, "doc": "d"},
    "share": {"type": "number", "default": 0.5, "doc": "d"},
    "word": {"type": "string", "default": "a", "doc": "d"},
    "strict": {"type": "boolean", "default": False, "doc": "d"},
    "words": {"type": "list", "default": [], "doc": "d"},
}
WITH_PARAMS = changed(
    require="len(name) >= $least and $share < 1 and (not $strict or name = $word or list_contains($words, name))",
    params=PARAMS,
    cases=[{"given": {"name": "abc"}, "then": "pass"}],
)


@pytest.mark.parametrize(
    ("overrides", "verdict"),
    [
        ({}, "pass"),
        ({"least": 4}, "pass"),
        ({"least": 5}, "fail"),
        ({"share": 2}, "fail"),
        ({"strict": True}, "fail"),
        ({"strict": True, "word": "it's"}, "pass"),
        ({"strict": True, "words": ["x", "it's"]}, "pass"),
        ({"strict": True, "words": []}, "fail"),
    ],
    ids=str,
)
def test_parameters(overrides: dict[str, Any], verdict: str, run: RunOn, tmp_path: Path) -> None:
    """A default until it is overridden, for this rule alone."""
    (rule,) = rules_of(tmp_path, WITH_PARAMS)
    (other,) = rules_of(tmp_path, WITH_PARAMS.replace("TST001", "TST002").replace("signs-in-with-sso", "other"))
    row = {"key": "k", "name": "it's", "unified_studio": False}
    assert run((rule, other), row, TST001=overrides) == {"TST001": {"k": verdict}, "TST002": {"k": "pass"}}


def test_overridden_parameters_are_in_the_report(tmp_path: Path) -> None:
    (rule,) = rules_of(tmp_path, WITH_PARAMS)
    overrides = {"TST001": {"least": 99, "words": ["x"]}}
    report = audit(tmp_path, (rule,), domain(), overrides=overrides)
    assert report.params == {"TST001.least": 99, "TST001.words": ["x"]}
    assert verdicts(report) == {("TST001", "d-1"): "fail"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], {}),
        (["TST001.least=4"], {"TST001": {"least": 4}}),
        (["signs-in-with-sso.least=4"], {"TST001": {"least": 4}}),
        (["TST001.least=4", "TST001.least=5", "TST001.strict=true"], {"TST001": {"least": 5, "strict": True}}),
        (["TST001.share=1"], {"TST001": {"share": 1}}),
        (["TST001.share=0.25"], {"TST001": {"share": 0.25}}),
        (["TST001.word=a=b"], {"TST001": {"word": "a=b"}}),
        (["TST001.word='4'"], {"TST001": {"word": "4"}}),
        (["TST001.word=''"], {"TST001": {"word": ""}}),
        (["TST001.words=[a, 'b c']"], {"TST001": {"words": ["a", "b c"]}}),
        (["TST001.words=[]"], {"TST001": {"words": []}}),
    ],
)
def test_parse_overrides(options: list[str], expected: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    assert parse_overrides(options, rules_of(tmp_path, WITH_PARAMS)) == expected


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("TST001.least", "RULE.NAME=VALUE"),
        ("TST001.least=", "RULE.NAME=VALUE"),
        ("TST001=4", "RULE.NAME=VALUE"),
        (".least=4", "RULE.NAME=VALUE"),
        ("least=4", "RULE.NAME=VALUE"),
        ("", "RULE.NAME=VALUE"),
        ("TST009.least=4", "no rule 'TST009'"),
        ("tst001.least=4", "no rule 'tst001'"),
        ("tst001.least=4", "Did you mean 'TST001'?"),
        ("TST001.Least=4", "Did you mean 'least'?"),
        ("TST001.leest=4", "no parameter 'leest' (it has: least, share, word, strict, words)"),
        ("TST001.least=four", "of type integer, not 'four'"),
        ("TST001.least=4.5", "of type integer, not 4.5"),
        ("TST001.least=true", "of type integer, not True"),
        ("TST001.least=null", "of type integer, not None"),
        ("TST001.share=.inf", "of type number, not inf"),
        ("TST001.share=.nan", "of type number, not nan"),
        ("TST001.word=4", "of type string, not 4"),
        ("TST001.word=yes", "of type string, not True"),
        ("TST001.word=2024-01-01", "of type string"),
        ("TST001.word=2024-13-45", "not a YAML value"),
        ("TST001.strict=1", "of type boolean, not 1"),
        ("TST001.words=a", "a list of strings, not 'a'"),
        ("TST001.words=[1]", "a list of strings, not [1]"),
        ("TST001.words=[a", "not a YAML value"),
        ("TST001.word=!!python/name:os.system", "not a YAML value"),
    ],
)
def test_parse_overrides_refuses(option: str, words: str, tmp_path: Path) -> None:
    """Naming the option, since there may be many of them."""
    with pytest.raises(ConfigError) as error:
        parse_overrides([option], rules_of(tmp_path, WITH_PARAMS))
    assert words in error.value.diagnosis()
    assert error.value.message.startswith(f"--param {option}: ")
    assert error.value.exit_code == ExitCode.USAGE


def test_no_resources_no_verdicts(tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> None:
    report = audit(tmp_path, built_in_rules)
    assert report.findings == ()
    assert {status for status, number in report.by_status.items() if number} == {"not_applicable"}
    assert report.resources == {
        "domain": 0, "user_profile": 0, "space": 0, "app": 0, "execution_role": 0, "lifecycle_config": 0,
        "mlflow_server": 0, "partner_app": 0,
    }  # fmt: skip
    assert set(Verdict) <= {Verdict(k) for k in report.by_status if k != "waived"}
