"""Compliance frameworks: their files, how a requirement stands, and the report that is grouped by them."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from auditor.cli.main import run
from auditor.errors import ConfigError
from auditor.evaluate.audit import EvaluateOptions, evaluate
from auditor.model.framework import Framework, Requirement
from auditor.model.report import FrameworkSummary, Report, RequirementStatus
from auditor.model.rule import Rule, Verdict
from auditor.report import html_format, json_format
from auditor.resources import rules_dir
from auditor.rules.frameworks import assess, framework_files, load_frameworks

BUILT_IN = ("aws-well-architected-ml", "aws-well-architected-security", "iso-27001", "nist-800-53")
P, F, U, E, N = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR, Verdict.NOT_APPLICABLE


# --- the built-in ones


def test_the_built_in_frameworks_name_rules_that_exist(built_in_rules: tuple[Rule, ...]) -> None:
    files = framework_files([rules_dir()])
    assert tuple(sorted(files)) == BUILT_IN
    for framework in load_frameworks(files, BUILT_IN, built_in_rules):
        assert framework.source.startswith("https://")
        for requirement in framework.requirements:
            for rule, why in requirement.rules.items():
                # One line, a sentence, and no other sentence's copy within the requirement.
                assert re.fullmatch(r"[A-Z][^\n]{10,140}\.", why), (framework.name, requirement.id, rule)
            assert len(set(requirement.rules.values())) == len(requirement.rules)
            assert not requirement.title.endswith(".")


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("nist-800-53", r"[A-Z]{2}-\d{1,2}(\(\d{1,2}\))?"),
        ("iso-27001", r"A\.[5-8]\.\d{1,2}"),
        ("aws-well-architected-security", r"SEC\d\d-BP\d\d"),
        ("aws-well-architected-ml", r"ML(OPS|SEC|REL|PERF|COST|SUS)\d\d-BP\d\d"),
    ],
)
def test_requirements_are_called_as_in_the_framework(name: str, pattern: str, built_in_rules: tuple[Rule, ...]) -> None:
    (framework,) = load_frameworks(framework_files([rules_dir()]), [name], built_in_rules)
    for requirement in framework.requirements:
        assert re.fullmatch(pattern, requirement.id)


# --- their files


@pytest.fixture
def refused(tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> Callable[[str], str]:
    """The error, hint included, that a framework file ``mine.yaml`` gives, without its folder."""

    def read(text: str) -> str:
        (tmp_path / "frameworks").mkdir(exist_ok=True)
        (tmp_path / "frameworks" / "mine.yaml").write_text(textwrap.dedent(text))
        with pytest.raises(ConfigError) as raised:
            load_frameworks(framework_files([tmp_path]), ["mine"], built_in_rules)
        assert int(raised.value.exit_code) == 2
        return raised.value.diagnosis().replace(f"{tmp_path / 'frameworks'}/", "")

    return read


HEAD = "name: mine\ntitle: Mine\nversion: '1'\nsource: https://example.com\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "requirements:\n  - {id: A, title: a, rules: {STU101: Because., STU999x: Because.}}",
         "mine.yaml:6:49: requirement A: there is no rule 'STU999x'"),
        (HEAD + "requirements:\n  - {id: A, title: a, rules: {stu101: Because.}}",
         "mine.yaml:6:31: requirement A: there is no rule 'stu101'\n  Did you mean 'STU101'?"),
        (HEAD + "requirements:\n  - {id: A, title: a, rules: {STU499: Because.}}", "there is no rule 'STU499'"),
        (HEAD + "requirements:\n  - {id: A, title: a, rules: {STU101: B.}}\n  - {id: A, title: a, rules: {STU101: B.}}",
         "mine.yaml:7:10: requirement A is given twice"),
        (HEAD + "requirements:\n  - {id: A, title: a, rules: {}}", "mine.yaml:6:30: requirements[0].rules: "),
        (HEAD + "requirements:\n  - {id: A, title: a, rules: [STU101]}",
         "mine.yaml:6:30: requirements[0].rules: expected a mapping, got a list"),
        (HEAD + "requirements:\n  - {id: A, title: a, rules: {STU101: }}",
         "mine.yaml:6:39: requirements[0].rules.STU101: expected text, got nothing"),
        (HEAD + "requirements:\n  - {id: 5.9, title: a, rules: {STU101: B.}}",
         "mine.yaml:6:10: requirements[0].id: expected text, got a number\n  Put it in quotes."),
        (HEAD + "requirements: []", "mine.yaml:5:15: requirements: "),
        (HEAD + "requirement: []", "mine.yaml:5:1: unknown field `requirement`\n  Did you mean 'requirements'?"),
        (HEAD, "mine.yaml:1:1: missing required field `requirements`"),
        (HEAD.replace("name: mine", "name: other") + "requirements: [{id: A, title: a, rules: {STU101: B.}}]",
         "mine.yaml:1:7: name: the file is mine.yaml, its framework 'other'"),
        (HEAD.replace("https", "ftp") + "requirements: [{id: A, title: a, rules: {STU101: B.}}]",
         "mine.yaml:4:9: source: 'ftp://example.com' is not written as it must be"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(refused: Callable[[str], str], text: str, said: str) -> None:
    assert said in refused(text)


def test_names(tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> None:
    files = framework_files([rules_dir()])
    with pytest.raises(ConfigError, match="unknown framework") as raised:
        load_frameworks(files, ["nist-80053"], built_in_rules)
    assert raised.value.hint == "Did you mean 'nist-800-53'?"
    assert [f.name for f in load_frameworks(files, ["iso-27001", "iso-27001"], built_in_rules)] == ["iso-27001"]
    (tmp_path / "frameworks").mkdir()
    (tmp_path / "frameworks" / "iso-27001.yaml").write_text("")
    with pytest.raises(ConfigError, match="is already defined in"):
        framework_files([rules_dir(), tmp_path])


# --- how a requirement stands


@pytest.mark.parametrize(
    ("one", "other", "status", "fail", "unknown"),
    [
        ({P: 5}, {P: 1, N: 3}, "pass", 0, 0),
        ({P: 5}, {N: 3}, "pass", 0, 0),
        ({P: 5}, None, "pass", 0, 0),
        ({P: 5, F: 2}, {F: 1, U: 1}, "fail", 3, 1),
        ({P: 5}, {U: 1}, "unknown", 0, 1),
        ({P: 5, E: 2}, {U: 1}, "unknown", 0, 3),
        ({E: 1}, {}, "unknown", 0, 1),
        ({N: 9}, {N: 9}, "not_assessed", 0, 0),
        ({}, {}, "not_assessed", 0, 0),
        (None, None, "not_assessed", 0, 0),
        ({P: 0, N: 2}, {}, "not_assessed", 0, 0),
    ],
)
def test_how_a_requirement_stands(
    one: Mapping[Verdict, int] | None, other: Mapping[Verdict, int] | None, status: str, fail: int, unknown: int
) -> None:
    framework = Framework("f", "F", "1", "https://f", (Requirement("A", "a", {"ONE001": "x", "TWO002": "y"}),))
    counts = {rule: c for rule, c in (("ONE001", one), ("TWO002", other)) if c is not None}
    (requirement,) = assess(framework, counts | {"OTHER003": {F: 7}}).requirements
    assert (requirement.status, requirement.fail, requirement.unknown) == (status, fail, unknown)


def test_counts_are_those_of_the_rules(
    estate_file: Callable[[str], Path], estate_report: Callable[[str], Report], built_in_rules: tuple[Rule, ...]
) -> None:
    loaded = load_frameworks(framework_files([rules_dir()]), BUILT_IN, built_in_rules)
    report = evaluate([estate_file("acme")], built_in_rules, EvaluateOptions(frameworks=loaded))
    assert [f.name for f in report.frameworks] == list(BUILT_IN)
    for framework in report.frameworks:
        assert sum(framework.by_status.values()) == len(framework.requirements)
        for requirement in framework.requirements:
            assert requirement.fail == sum(report.rule(r).counts["fail"] for r in requirement.rules)
    for standing in on_clean(estate_report, loaded):
        assert {r.status for r in standing.requirements} <= {RequirementStatus.PASS, RequirementStatus.NOT_ASSESSED}


def on_clean(estate_report: Callable[[str], Report], frameworks: Sequence[Framework]) -> tuple[FrameworkSummary, ...]:
    """How frameworks stand on the estate that nothing is wrong with."""
    counts = {rule.id: {v: rule.counts[v] for v in Verdict} for rule in estate_report("clean").rules}
    return tuple(assess(framework, counts) for framework in frameworks)


# --- the report


def test_reports_are_grouped_only_when_asked(
    estate_file: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    acme = str(estate_file("acme"))
    named = ["--framework", "nist-800-53,iso-27001", "--framework", "iso-27001"]
    assert run(["check", acme, *named, "--only", "STU709"]) == 0
    out = capfd.readouterr().out
    assert "NIST SP 800-53 Revision 5:  fail 2  unknown 0  pass 0  not assessed 26\n" in out
    assert "ISO/IEC 27001 Annex A 2022:  fail 1 " in out
    document = json.loads((tmp_path / "audit-report/report.json").read_text())
    jsonschema.validate(document, json_format.schema())
    nist, iso = document["frameworks"]
    assert (nist["name"], nist["version"], iso["name"]) == ("nist-800-53", "Revision 5", "iso-27001")
    by_id = {r["id"]: r for r in nist["requirements"]}
    assert by_id["AC-17"] == {
        "id": "AC-17", "title": "Remote access is authorized", "rules": ["STU709"], "status": "fail", "fail": 2,
        "unknown": 0,
    }  # fmt: skip
    assert by_id["SC-28"]["status"] == "not_assessed"
    html = (tmp_path / "audit-report/report.html").read_text()
    assert 'id="framework-nist-800-53"' in html
    assert 'href="#rule/STU709"' in html
    assert "STU605 (not evaluated)" in html
    assert run(["check", acme, "-q", "--only", "STU709"]) == 0
    assert json.loads((tmp_path / "audit-report/report.json").read_text())["frameworks"] == []
    assert 'id="frameworks"' not in (tmp_path / "audit-report/report.html").read_text()


def test_the_configuration_asks_and_the_option_wins(
    estate_file: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    acme = str(estate_file("acme"))
    (tmp_path / "auditor.yaml").write_text("frameworks: [iso-27001]\nonly: [STU709]\nformats: [json]\n")

    def asked(*options: str) -> list[str]:
        run(["check", acme, "-q", *options])
        return [f["name"] for f in json.loads((tmp_path / "audit-report/report.json").read_text())["frameworks"]]

    assert asked() == ["iso-27001"]
    assert asked("--framework", "nist-800-53") == ["nist-800-53"]
    (tmp_path / "auditor.yaml").write_text("frameworks: [iso-27001, iso-9001]\n")
    capfd.readouterr()
    assert run(["check", acme]) == run(["config", "check"]) == 2
    assert "Error: auditor.yaml:1:25: frameworks: there is no framework 'iso-9001'\n" in capfd.readouterr().err


def test_a_mapping_of_ones_own(
    estate_file: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine" / "frameworks").mkdir(parents=True)
    text = (
        HEAD.replace("mine", "house-rules") + "requirements: [{id: H1, title: Ours, rules: {STU601: Because of it.}}]\n"
    )
    (tmp_path / "mine" / "frameworks" / "house-rules.yaml").write_text(text)
    options = ["--rules", "mine"]
    named = ["--framework", "house-rules", "--only", "STU601"]
    run(["check", str(estate_file("acme")), *options, *named, "--format", "json", "-q"])
    (framework,) = json.loads((tmp_path / "audit-report/report.json").read_text())["frameworks"]
    assert [(r["id"], r["status"]) for r in framework["requirements"]] == [("H1", "fail")]
    capfd.readouterr()
    assert run(["rules", "frameworks", *options, "--format", "json"]) == 0
    listed = {f["name"]: f for f in json.loads(capfd.readouterr().out)}
    assert set(listed) == {*BUILT_IN, "house-rules"}
    assert (listed["house-rules"]["requirements"], listed["house-rules"]["rules"]) == (1, 1)


def test_text_of_a_framework_is_escaped(estate_report: Callable[[str], Report]) -> None:
    evil = "<script>alert(1)</script>"
    framework = Framework("evil", evil, evil, "https://x/" + evil, (Requirement(evil, evil, {"STU601": evil}),))
    report = replace(estate_report("clean"), frameworks=on_clean(estate_report, [framework]))
    assert "<script>alert" not in "".join(html_format.render(report))
    jsonschema.validate(json.loads("".join(json_format.render(report))), json_format.schema())
