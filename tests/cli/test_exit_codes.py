"""Every exit code of the table in docs/gate.md, end to end, and what is printed beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from auditor.cli import main as cli_main
from auditor.collect.aws import CollectOptions
from auditor.errors import ExitCode
from auditor.simulator import Fault, Simulator

Auditor = Callable[..., object]
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "gate.md"


def test_the_table_in_the_guide_is_the_enumeration() -> None:
    section = GUIDE.read_text(encoding="utf-8").split("## Exit codes")[1].split("##")[0]
    assert {int(n) for n in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)} == {int(c) for c in ExitCode}


def test_0_where_nothing_is_found(auditor: Auditor, simulated: Callable[..., Simulator], tmp_path: Path) -> None:
    simulated("clean")
    outcome = auditor("audit", "--region", "eu-west-1")
    assert (outcome.code, outcome.err) == (0, "")
    assert "No finding of severity high or above. Exit code 0." in outcome.out
    assert sorted(p.name for p in (tmp_path / "audit-report").iterdir()) == ["report.html", "report.json"]


def test_4_where_something_is(
    auditor: Auditor, simulated: Callable[..., Simulator], tmp_path: Path,
) -> None:  # fmt: skip
    simulated("acme")
    outcome = auditor("audit", "--region", "eu-west-1", "--region", "us-east-1", "--snapshot", "s.jsonl")
    assert outcome.code == 4
    # A rule's severity may depend on the resource, so what counts is the severity of each finding.
    findings = json.loads((tmp_path / "audit-report" / "report.json").read_text(encoding="utf-8"))["findings"]
    failed = [f for f in findings if f["status"] == "fail" and f["severity"] in ("high", "critical")]
    assert f"Failed: {len(failed)} findings of severity high or above. Exit code 4." in outcome.out
    assert (tmp_path / "s.jsonl").exists()


@pytest.mark.parametrize(
    ("region", "hint"), [("eu-noth-1", "Did you mean 'eu-north-1'?"), ("mars-1", "Pass --region (repeatable, or all)")]
)
def test_2_for_a_region_that_there_is_not(
    auditor: Auditor, simulated: Callable[..., Simulator], region: str, hint: str
) -> None:
    simulator = simulated("clean")
    outcome = auditor("audit", "--region", region)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"Error: {region!r} is not an AWS Region that botocore ")
    assert hint in outcome.err
    assert not simulator.calls


def test_fail_on_moves_the_gate(auditor: Auditor, estate_file: Callable[[str], Path]) -> None:
    acme = estate_file("acme")
    # Rules on people and visibility find nothing critical, but give unknown verdicts: only --allow-incomplete gives 0.
    some = ("--only", "people,visibility", "-q")
    assert auditor("check", acme, "--fail-on", "critical", *some).code == 5
    assert auditor("check", acme, "--fail-on", "critical", "--allow-incomplete", *some).code == 0
    assert auditor("check", acme, "--fail-on", "none", "--allow-incomplete", *some).code == 0
    assert auditor("check", acme, "--fail-on", "low", "--allow-incomplete", *some).code == 4
    assert auditor("check", acme, "--fail-on", "critical", "-q").code == 4


def test_5_where_something_could_not_be_seen(auditor: Auditor, simulated: Callable[..., Simulator]) -> None:
    simulated("clean", faults=[Fault("access_denied", "DescribeUserProfile", match="aiko")])
    denied = auditor("audit", "--region", "eu-west-1")
    if denied.code == 0:
        pytest.fail("the fault did not strike")
    assert denied.code == 5
    assert "DescribeUserProfile: access denied" in denied.out
    assert auditor("audit", "--region", "eu-west-1", "--allow-incomplete", "-q").code == 0


def test_3_where_nothing_could_be_collected(
    auditor: Auditor, simulated: Callable[..., Simulator], tmp_path: Path
) -> None:
    simulated("acme", faults=[Fault("access_denied", "ListDomains"), Fault("access_denied", "ListUserProfiles")])
    outcome = auditor("audit", "--region", "eu-west-1")
    assert outcome.code == 3
    assert outcome.out == ""
    assert outcome.err.startswith("Error: nothing could be collected: ListDomains")
    assert not (tmp_path / "audit-report").exists()


def test_an_unreachable_endpoint_is_3(auditor: Auditor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "verysecret")
    monkeypatch.setattr("auditor.collect.aws.session.MAX_ATTEMPTS", 1)
    first, (_, *last) = CollectOptions.__init__.__defaults__[:3], CollectOptions.__init__.__defaults__[3:]
    monkeypatch.setattr(CollectOptions.__init__, "__defaults__", (*first, 1, *last))
    outcome = auditor("audit", "--region", "eu-west-1")
    assert outcome.code == 3
    assert "AWS cannot be reached" in outcome.err
    assert "verysecret" not in outcome.err + outcome.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["audit"], "no AWS credentials found"),
        (["audit", "--profile", "nobody"], "AWS profile not found"),
        (["audit", "--fail-on", "urgent"], "Invalid value for '--fail-on'"),
        (["audit", "--format", "pdf"], "'pdf' is not a format. Known: html, json"),
        (["audit", "--only", "STU999"], "--only STU999: unknown rule or area"),
        (["audit", "--only", "STU101", "--skip", "STU101"], "leave no rule"),
        (["audit", "--param", "STU101"], "expected RULE.NAME=VALUE"),
        (["audit", "--param", "STU101.nothing=1"], "has no parameter 'nothing'"),
        (["audit", "--rules", "nowhere"], "nowhere: no such file or folder"),
        (["audit", "--concurrency", "0"], "Invalid value for '--concurrency'"),
        (["audit", "--format", "html,json", "--output", "-"], "prints one report"),
        (["check"], "Missing argument 'FILE...'"),
        (["check", "nothing.jsonl"], "nothing.jsonl: cannot be read"),
        (["collect"], "--snapshot FILE is missing"),
        (["query", "select 1"], "Missing option '--snapshot'"),
        (["rules", "show", "STU9"], "there is no rule 'STU9'"),
        (["rules", "show", "classic-visibel"], "Did you mean 'classic-visible'?"),
        (["simulate", "--estate", "nowhere"], "there is no estate 'nowhere'"),
        (["adit"], "No such command 'adit'"),
        ([], "Usage: auditor"),
    ],
    ids=" ".join,
)
def test_2_for_wrong_usage(auditor: Auditor, arguments: list[str], said: str, tmp_path: Path) -> None:
    outcome = auditor(*arguments)
    assert outcome.code == 2
    assert said in outcome.err
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_unwritable_output_is_found_before_collecting(
    auditor: Auditor, simulated: Callable[..., Simulator], tmp_path: Path
) -> None:
    simulator = simulated("clean")
    (tmp_path / "file").write_text("in the way")
    outcome = auditor("audit", "--region", "eu-west-1", "--output", tmp_path / "file" / "reports")
    assert outcome.code == 2
    assert "is not a folder" in outcome.err
    assert not simulator.calls


def test_1_is_a_defect_and_says_so_without_a_traceback(auditor: Auditor, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise ZeroDivisionError("boom")

    # Whoever imports it first while it is broken would keep it.
    import_module("auditor.org.account_policies")
    monkeypatch.setattr("auditor.collect.aws.specs.permissions", broken)
    outcome = auditor("permissions")
    assert outcome.code == 1
    assert outcome.err.startswith("Internal error: ZeroDivisionError: boom\n")
    assert "Traceback" not in outcome.err
    assert "Traceback" in auditor("permissions", "--debug").err


def test_a_broken_rule_is_refused_before_anything_runs(
    auditor: Auditor, simulated: Callable[..., Simulator], tmp_path: Path
) -> None:
    simulator = simulated("clean")
    rule = tmp_path / "mine" / "ACME001.yaml"
    rule.parent.mkdir()
    rule.write_text("id: ACME001\nname: acme\nseverty: low\n")
    outcome = auditor("audit", "--region", "eu-west-1", "--rules", rule.parent)
    assert outcome.code == 2
    assert re.search(rf"{rule}:\d+: ", outcome.err)
    assert not simulator.calls


def test_run_returns_what_main_exits_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_main, "run", lambda _: ExitCode.INCOMPLETE)
    with pytest.raises(SystemExit) as raised:
        cli_main.main(["anything"])
    assert raised.value.code == 5


def test_json_to_stdout_is_only_json(
    auditor: Auditor, estate_file: Callable[[str], Path], acme_failures: Callable[[], int]
) -> None:
    outcome = auditor("check", estate_file("acme"), "--format", "json", "--output", "-")
    assert outcome.code == 4
    assert json.loads(outcome.out)["summary"]["by_status"]["fail"] == acme_failures()
