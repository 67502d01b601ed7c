"""What a rule file may say under remediation: whatever no call could do is refused, with its line and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.errors import RuleError
from auditor.model.rule import Change
from auditor.rules.load import load_rules
from tests.evaluate.helpers import changed, rule_file

PORTAL = "UserSettings.StudioWebPortalSettings"


def _load(folder: Path, remediation: dict[str, Any], **lines: Any) -> Any:
    text = changed(**{"table": "user_profile", "remediation": {"steps": "s", **remediation}, **lines})
    (rule,) = load_rules([rule_file(folder, text)])
    return rule


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "a member that the API does not know": (
        {"set": {f"{PORTAL}.HiddenApps": {"add": ["x"]}}},
        "the API knows no UserSettings.StudioWebPortalSettings.HiddenApps", "Did you mean 'HiddenAppTypes'?",
    ),
    "another case": (
        {"set": {"UserSettings.studioWebPortalSettings.hiddenAppTypes": {"add": ["x"]}}},
        "the API knows no", f"Did you mean '{PORTAL}.HiddenAppTypes'?",
    ),
    "nothing like it": (
        {"set": {"UserSettings.SharingSettings.Zzz": "x"}},
        "the API knows no", "Members of SharingSettings: NotebookOutputOption, S3OutputPath, S3KmsKeyId",
    ),
    "items without brackets": (
        {"set": {"UserSettings.JupyterLabAppSettings.CodeRepositories.RepositoryUrl": {"add": "x"}}},
        "the API knows no", "CodeRepositories is a list of structures: write CodeRepositories[]",
    ),
    "another table's settings": (
        {"set": {"DefaultUserSettings.AutoMountHomeEFS": "Disabled"}},
        "cannot be set by a rule about user_profile", "A rule about user_profile sets: UserSettings, Tags",
    ),
    "a structure": (
        {"set": {"UserSettings.JupyterLabAppSettings": "x"}}, "is a structure; name the member that is to change", "",
    ),
    "adding to what is no list": (
        {"set": {"UserSettings.AutoMountHomeEFS": {"add": ["x"]}}}, "is not a list, so nothing can be added", "",
    ),
    "one value for a list": ({"set": {f"{PORTAL}.HiddenAppTypes": "x"}}, "takes a list", ""),
    "a list for one value": ({"set": {"UserSettings.AutoMountHomeEFS": ["x"]}}, "takes one value", ""),
    "neither add nor remove": (
        {"set": {f"{PORTAL}.HiddenAppTypes": {"but_not": ["x"]}}}, "needs either add or remove", "",
    ),
    "both add and remove": (
        {"set": {f"{PORTAL}.HiddenAppTypes": {"add": ["x"], "remove": ["y"]}}}, "needs either add or remove", "",
    ),
    "a name of nothing": (
        {"set": {"UserSettings.AutoMountHomeEFS": "$wanted"}},
        "$wanted is not a value, parameter or column of user_profile", "",
    ),
    "a name that is nearly one": (
        {"set": {"UserSettings.AutoMountHomeEFS": "$wnted"}, "values": {"wanted": "'x'"}},
        "$wnted is not a value", "Did you mean 'wanted'?",
    ),
    "tags in another form": ({"set": {"Tags": "x"}}, "tags are written Tags.KEY: VALUE", "Example: Tags.owner: OWNER"),
    "tags taken away": ({"set": {"Tags": {"remove": ["x"]}}}, "tags are written Tags.KEY: VALUE", ""),
    "two calls": (
        {"set": {"Tags.owner": "x", "UserSettings.AutoMountHomeEFS": "Disabled"}},
        "tags and settings are two calls; a command is one", "",
    ),
    "set and aws": (
        {"set": {"UserSettings.AutoMountHomeEFS": "Disabled"}, "aws": "aws x"}, "set and aws say the same twice", "",
    ),
    "a place without user settings": ({"at": "'profile'", "aws": "aws x"}, "at is for rules that set UserSettings", ""),
    "a value called like a column": (
        {"values": {"name": "'x'"}}, "'name' must be a word of its own: no column of user_profile, no parameter", "",
    ),
    "a value that is no word": ({"values": {"a-b": "'x'"}}, "'a-b' must be a word of its own", ""),
    "a value of a kind that no setting has": (
        {"values": {"when_made": "creation_time"}}, "must give a text, a number or a list of texts", "",
    ),
    "a place of another kind": (
        {"set": {"UserSettings.AutoMountHomeEFS": "Disabled"}, "at": "1"}, "must give 'profile' or 'domain'", "",
    ),
    "an expression that reads what is not there": (
        {"values": {"x": "nothing"}}, "x: table user_profile has no column", "",
    ),
    "a parameter that is not declared": ({"values": {"x": "$limit"}}, "x: $limit is not declared under params", ""),
    "a placeholder of nothing": ({"aws": "aws x {nothing}"}, "{nothing} is not a column of user_profile", ""),
    "a format": ({"aws": "aws x {name:>9}"}, "{name} takes no format", ""),
    "an option in another form": ({"aws": "aws x {name: --a;b}"}, "{name} takes no format", ""),
    "something else under set": ({"set": {"UserSettings.AutoMountHomeEFS": {"put": "x"}}}, "unknown field `put`", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_refused(case: str, tmp_path: Path) -> None:
    remediation, message, hint = WRONG[case]
    with pytest.raises(RuleError) as caught:
        _load(tmp_path, remediation)
    text = caught.value.diagnosis()
    assert message in text
    assert hint in text
    assert f"{tmp_path / 'rule.yaml'}:" in text


@pytest.mark.parametrize(
    ("table", "paths"),
    [
        ("domain", ["DefaultUserSettings.ExecutionRole", "DefaultSpaceSettings.ExecutionRole", "TagPropagation",
                    "Tags.a",
                    "DomainSettings.DockerSettings.EnableDockerAccess"]),
        ("space", ["SpaceSettings.RemoteAccess", "Tags.a"]),
        ("app", ["Tags.a"]),
    ],
)  # fmt: skip
def test_each_table_has_settings_of_its_own(table: str, paths: list[str], tmp_path: Path) -> None:
    for path in paths:
        rule = _load(tmp_path, {"set": {path: "x"}}, table=table, require="name <> 'x'", message="{name}",
                     cases=[{"given": {"name": "a"}, "then": "pass"}])  # fmt: skip
        assert rule.remediation.changes == (Change(path, "set", "x"),)
        assert rule.remediation.by_command
    with pytest.raises(RuleError):
        _load(tmp_path, {"set": {"UserSettings.ExecutionRole": "x"}}, table=table)


def test_a_parameter_may_serve_the_remediation_alone(tmp_path: Path) -> None:
    params = {"minutes": {"type": "integer", "default": 120, "doc": "Minutes that the command sets"}}
    path = "UserSettings.JupyterLabAppSettings.AppLifecycleManagement.IdleSettings.IdleTimeoutInMinutes"
    rule = _load(tmp_path, {"set": {path: "$minutes"}}, params=params)
    assert rule.remediation.changes == (Change(path, "set", "$minutes"),)


def test_lists_and_what_is_spared(tmp_path: Path) -> None:
    path = f"{PORTAL}.HiddenMlTools"
    fix = _load(tmp_path, {"set": {path: {"add": "$hidden_app_types", "but_not": ["x"]}}}).remediation
    assert fix.changes == (Change(path, "add", "$hidden_app_types", ["x"]),)
    fix = _load(tmp_path, {"set": {path: {"remove": "Models"}}}).remediation
    assert fix.changes == (Change(path, "remove", "Models"),)
