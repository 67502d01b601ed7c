"""auditor prevent, what stops which rule, and rule files that say what cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli.main import run
from auditor.collect.aws.request_members import unknown_members
from auditor.errors import RuleError
from auditor.prevent.matrix import AGES, Row, matrix
from auditor.resolve.tables import TABLES
from auditor.rules.load import load_rules
from auditor.rules.prevent_cases import run_prevent_cases
from auditor.run.policy_replay import our_calls

from .test_condition_keys import RULES

Printed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def printed(capfd: pytest.CaptureFixture[str]) -> Printed:
    """Runs a command: exit code, stdout and stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["prevent", *arguments])
        return (int(code), *capfd.readouterr())

    return call


def test_policies_stand_one_a_line_and_what_they_stop_on_stderr(printed: Printed) -> None:
    code, out, err = printed("scp", "--only", "STU603,STU709,STU607,STU102", "--no-config")
    assert code == 0
    (policy,) = map(json.loads, out.splitlines())
    assert [one["Action"] for one in policy["Statement"]] == [
        "sagemaker:CreateDomain", "sagemaker:UpdateDomain", ["sagemaker:CreateSpace", "sagemaker:UpdateSpace"],
    ]  # fmt: skip
    tried = len(list(our_calls()))
    assert err.splitlines() == [
        f"policy 1: {len(out) - 1} characters, STU603, STU709",
        "STU607 left out: needs the parameter STU607.required_tags, which is empty",
        "1 rule can't be stopped by a policy: see auditor prevent matrix",
        f"tried on {tried} calls: 0 denied, 0 undecided, {tried} allowed",
        "Policy evaluated against: 0 recorded calls, 0 calls of AWS CloudFormation, 0 commands of the report,"
        f" {tried} calls of an audit",
        "recorded calls and commands of a report are tried with --snapshot",
    ]


def test_policies_are_written_as_files_and_follow_parameters(printed: Printed, tmp_path: Path) -> None:
    limit = ("--limit", "900", "--output", str(tmp_path / "made"), "--quiet", "--no-config")
    code, out, err = printed("scp", "--only", "STU708,STU713", "--param", "STU708.allowed_families=[g5]", *limit)
    assert (code, out, err) == (0, "", "")
    files = sorted((tmp_path / "made").iterdir())
    replayed = files.pop()
    assert json.loads(replayed.read_text(encoding="utf-8"))["stopped"] == []
    assert [file.name for file in (*files, replayed)] == [
        *(f"scp-{n}.json" for n in range(1, len(files) + 1)), "scp-replay.json",
    ]  # fmt: skip
    texts = [file.read_text(encoding="utf-8") for file in files]
    assert all(len(text) <= 901 for text in texts)
    # STU713 follows STU708.
    (families,) = (
        one for text in texts for one in _listed(json.loads(text)["Statement"]) if "ml.g5.*" in json.dumps(one)
    )
    assert families["Action"] == ["sagemaker:CreateApp", "sagemaker:CreateSpace", "sagemaker:UpdateSpace"]


@pytest.mark.parametrize(("limit", "too_many"), [("700", True), ("5120", False)])
def test_more_policies_than_can_be_attached_are_said(printed: Printed, limit: str, too_many: bool) -> None:
    """Five to a root, unit or account, FullAWSAccess among them (Organizations, "Quotas and service limits")."""
    code, out, err = printed("scp", "--no-config", "--limit", limit)
    assert code == 0
    assert (len(out.splitlines()) > 4) is too_many
    assert (f"Warning: {len(out.splitlines())} policies are more than AWS Organizations attaches" in err) is too_many


@pytest.mark.parametrize(("kind", "limit"), [("scp", "10241"), ("boundary", "6145")])
def test_a_size_that_aws_does_not_take_is_refused(printed: Printed, kind: str, limit: str) -> None:
    code, out, err = printed(kind, "--no-config", "--limit", limit)
    assert (code, out) == (2, "")
    assert "--limit" in err


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_a_rule_that_no_policy_stops_is_an_error(printed: Printed) -> None:
    code, out, err = printed("boundary", "--only", "STU102", "--no-config")
    assert (code, out) == (2, "")
    assert "no policy stops these rules: STU102 no condition key of AWS's reaches what it checks" in err


def test_the_matrix_as_rows(printed: Printed) -> None:
    code, out, _ = printed("matrix", "--only", "STU603,STU102", "--format", "json")
    assert code == 0
    assert json.loads(out) == [
        {"id": "STU102", "name": "profile-opened-by-several-people", "policy": "no", "template": "no", "event": "no",
         "note": ""},
        {"id": "STU603", "name": "domain-on-public-internet", "policy": "yes", "template": "yes", "event": "yes",
         "note": ""},
    ]  # fmt: skip


def test_what_only_time_or_people_change_is_seen_by_no_event(built_in_rules: Any) -> None:
    rows: dict[str, Row] = {row.rule_id: row for row in matrix(built_in_rules)}
    assert {rule for rule, row in rows.items() if row.policy != "no"} == set(RULES)
    assert {rows[rule].event for rule in ("STU102", "STU107", "STU111", "STU112", "STU707")} == {"no"}
    assert {rows[rule].event for rule in ("STU603", "STU205", "STU704", "STU709")} == {"yes"}
    assert {column.name for table in TABLES for column in table.columns} >= AGES
    assert (rows["STU605"].template, rows["STU802"].template, rows["STU704"].template) == ("partly", "no", "yes")


SPACE = {
    "id": "ACME010", "name": "acme-spaces", "title": "Spaces should be small", "severity": "low", "table": "space",
    "require": "remote_access <> 'ENABLED'", "message": "Space {name} is open", "why": "It is open.",
    "remediation": {"steps": "Close it."}, "practices": ["P24"], "references": ["https://example.com"],
    "since": "1.0.0", "cases": [{"given": {}, "then": "pass"}],
}  # fmt: skip


def _file(tmp_path: Path, prevent: dict[str, Any], **others: Any) -> Path:
    path = tmp_path / "ACME010-acme-spaces.yaml"
    path.write_text(yaml.safe_dump({**SPACE, "prevent": prevent, **others}), encoding="utf-8")
    return path


CASE = {"call": "sagemaker:CreateSpace", "given": {}, "then": "allowed"}


@pytest.mark.parametrize(
    ("prevent", "message"),
    [
        ({"deny": [{"actions": ["sagemaker:Create*"]}], "cases": [CASE]}, "is not one action"),
        ({"deny": [{"actions": ["a:B"], "resources": ["arn:x:$words"]}], "cases": [CASE]}, r"\$words is not declared"),
        ({"deny": [{"actions": ["a:B"]}], "cases": [{**CASE, "call": "sagemaker:CreateSpaces"}]}, "can't be tried"),
        ({"deny": [{"actions": ["a:B"]}], "cases": [{**CASE, "params": {"words": []}}]}, "no parameter 'words'"),
        ({"deny": [{"actions": ["a:B"], "condition": {"StringIs": {"k": "v"}}}], "cases": [CASE]}, "StringIs"),
        ({"deny": [], "cases": [CASE]}, "deny"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(prevent: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=message):
        load_rules([_file(tmp_path, prevent)])


def test_a_case_that_hangs_on_what_the_call_does_not_say_is_not_passed(tmp_path: Path) -> None:
    deny = {
        "actions": ["sagemaker:UpdateSpace"],
        "condition": {"StringEquals": {"sagemaker:SpaceSharingType": "Shared"}},
    }
    case = {"call": "sagemaker:UpdateSpace", "given": {"DomainId": "d-1", "SpaceName": "s"}, "then": "denied"}
    rules = load_rules([_file(tmp_path, {"deny": [deny], "cases": [case]})])
    assert [result.got for result in run_prevent_cases(rules)] == ["unknown"]


def test_rules_test_runs_the_calls(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    deny = {"actions": ["sagemaker:CreateSpace"]}
    path = _file(tmp_path, {"deny": [deny], "cases": [CASE, {**CASE, "then": "denied", "name": "every space"}]})
    assert int(run(["rules", "test", str(path)])) == 4
    out = capfd.readouterr().out
    assert "FAILED ACME010 sagemaker:CreateSpace {}: expected allowed, got denied" in out
    assert "2 test cases of 1 rule passed, 1 failed" in out
    assert int(run(["rules", "test", str(path), "--verbose"])) == 4
    assert "ok     ACME010 every space: denied" in capfd.readouterr().out


def test_rules_test_names_members_that_the_api_does_not_have(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """By botocore's model of CreateSpace; CloudTrail writes names with a small letter first."""
    deny = {"actions": ["sagemaker:CreateSpace"]}
    space = {"SpaceSettings": {"JupyterLabAppSettings": {"CodeRepositories": [{"Url": "a"}, {"RepositoryUrl": "b"}]}}}
    cases = [
        {**CASE, "then": "denied", "given": {"SpaceNames": "a", **space}},
        {**CASE, "then": "denied", "given": {"domainId": "d-1", "spaceSettings": {"remoteAccess": "ENABLED"}}},
    ]
    path = _file(tmp_path, {"deny": [deny], "cases": cases})
    assert int(run(["rules", "test", str(path)])) == 4
    out = capfd.readouterr().out
    odd = "SpaceNames, SpaceSettings.JupyterLabAppSettings.CodeRepositories[].Url"
    assert f"sagemaker:CreateSpace has no {odd}" in out
    assert "2 test cases of 1 rule passed, 1 failed" in out
    assert unknown_members("iam:PassRole", {"RoleArns": 1}) == []  # an action without an operation of that name
    assert unknown_members("sagemaker-mlflow:AccessUI", {"a": 1}) == []


def test_rules_test_reads_the_folder_s_frameworks(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _file(tmp_path, {"deny": [{"actions": ["sagemaker:CreateSpace"]}], "cases": [{**CASE, "then": "denied"}]})
    own = tmp_path / "frameworks" / "ours.yaml"
    own.parent.mkdir()
    mapped = {"id": "1", "title": "t", "rules": {"ACME010": "why", "STU101": "why"}}
    framework = {
        "name": "ours",
        "title": "Ours",
        "version": "1",
        "source": "https://example.com",
        "requirements": [mapped],
    }
    own.write_text(json.dumps(framework), encoding="utf-8")
    assert int(run(["rules", "test", str(tmp_path)])) == 0
    mapped["rules"] = {"ACME999": "why"}
    own.write_text(json.dumps(framework), encoding="utf-8")
    assert int(run(["rules", "test", str(tmp_path)])) == 2
    assert "requirement 1: there is no rule 'ACME999'" in capfd.readouterr().err
    # A folder of frameworks alone has no cases, and is read as well.
    alone = tmp_path / "alone"
    (alone / "frameworks").mkdir(parents=True)
    own.rename(alone / "frameworks" / "ours.yaml")
    assert int(run(["rules", "test", str(alone)])) == 2
    mapped["rules"] = {"STU101": "why"}
    (alone / "frameworks" / "ours.yaml").write_text(json.dumps(framework), encoding="utf-8")
    assert int(run(["rules", "test", str(alone)])) == 0


def test_a_parameter_in_the_name_of_a_key_makes_a_statement_for_each_item(tmp_path: Path) -> None:
    deny = {"actions": ["sagemaker:CreateSpace"], "condition": {"Null": {"aws:RequestTag/$tags": True}}}
    given = [{"Key": "a", "Value": "1"}]
    cases = [
        {**CASE, "given": {"Tags": [*given, {"Key": "b", "Value": "2"}]}},
        {**CASE, "given": {"Tags": given}, "then": "denied"},
        {**CASE, "given": {"Tags": given}, "params": {"tags": ["a"]}},
    ]
    params = {"tags": {"type": "list", "default": ["a", "b"], "doc": "Tags"}}
    rules = load_rules([_file(tmp_path, {"deny": [deny], "cases": cases}, params=params)])
    assert [result.ok for result in run_prevent_cases(rules)] == [True, True, True]


@pytest.mark.parametrize("asked", [("scp", "--only", "STU603"), ("hook", "--only", "STU603"), ("cdk",)])
def test_2_where_the_folder_cannot_be_written(asked: tuple[str, ...], tmp_path: Path, printed: Printed) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    config = () if asked == ("cdk",) else ("--no-config",)
    code, _, err = printed(*asked, "--output", str(tmp_path / "file" / "folder"), *config)
    assert code == 2
    assert f"Error: cannot write {tmp_path / 'file' / 'folder'}" in err
