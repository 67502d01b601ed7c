"""The scripts of a plan against an account that answers as AWS does: an update is answered before it is made, and may
fail afterwards; a call may be the last one before the network goes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jmespath
import pytest

from auditor.fixplan.plan_automation import runbook_files
from auditor.fixplan.plan_page import as_json, page
from auditor.fixplan.plan_script import DIGEST, digest
from auditor.fixplan.plan_steps import Look, Request, Step, in_order, steps_of
from auditor.fixplan.running_apps import RunningOnes

from .plan_scripts import ACCOUNT, scripts_of, told_by


def _setting(name: str, before: Any, after: Any, **key: str) -> Step:
    """A step that sets one member of the domain."""
    look = Look(Request("sagemaker", "describe-domain", {"DomainId": "d-1"}), name, before, after, before)
    there, back = (Request("sagemaker", "update-domain", {"DomainId": "d-1", name: one}) for one in (after, before))
    where = (ACCOUNT, key.get("region", "eu-west-1"), "domain", "d-1")
    return Step(where, f"domain d-1: {name}", look, there, (back,), "", ("STU507 1a2b",))


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_the_next_call_waits_until_the_update_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    """ "Updating: ongoing update of the domain" (developer guide, "Domain entities and statuses")."""
    steps = [_setting("TagPropagation", None, "ENABLED"), _setting("VpcId", "vpc-1", "vpc-2")]
    scripts = scripts_of(tmp_path, steps, monkeypatch, domain={"Status": "InService", "VpcId": "vpc-1"})
    done = scripts.run("apply.sh", shell=shell)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 2)
    assert scripts.state["domain"] == {"Status": "InService", "VpcId": "vpc-2", "TagPropagation": "ENABLED"}
    assert scripts.run("apply.sh", shell=shell).stdout.count("done already: ") == 2
    assert scripts.calls == ["update-domain"] * 2


@pytest.mark.parametrize("mode", ["STATIC", "USER_IDENTITY"])
def test_the_mode_that_aws_writes_unasked_is_no_other_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """ "If this value is set to STATIC or is not set, the session name defaults to SageMaker"
    (API_StudioWebPortalSettings)."""
    after = {"StudioWebPortalSettings": {"HiddenAppTypes": ["JupyterServer"]}}
    before: dict[str, Any] = {"StudioWebPortalSettings": {"HiddenAppTypes": []}}
    written = {"StudioWebPortalSettings": {**after["StudioWebPortalSettings"], "ExecutionRoleSessionNameMode": mode}}
    then = {"Status": "InService", "DefaultUserSettings": written}
    domain = {"Status": "InService", "DefaultUserSettings": before}
    scripts = scripts_of(
        tmp_path, [_setting("DefaultUserSettings", before, after)], monkeypatch, domain=domain, then=then
    )
    assert scripts.run("apply.sh").returncode == 0
    again, back = scripts.run("apply.sh"), scripts.run("back.sh")
    if mode == "STATIC":
        assert again.stdout == "done already: domain d-1: DefaultUserSettings\n"
        assert back.stdout == "back: domain d-1: DefaultUserSettings\n"
    else:
        assert (again.returncode, back.returncode) == (3, 3)


@pytest.mark.parametrize(
    "value",
    [
        None, [], "STATIC", {"StudioWebPortalSettings": {"ExecutionRoleSessionNameMode": "STATIC"}, "a": [{"b": {}}]},
        {"UserSettings": {"StudioWebPortalSettings": {"HiddenMlTools": [], "ExecutionRoleSessionNameMode": "STATIC"}}},
        {"DefaultUserSettings": {"StudioWebPortalSettings": {"ExecutionRoleSessionNameMode": "USER_IDENTITY"}}},
    ],
)  # fmt: skip
def test_scripts_and_runbooks_make_the_digest_of_the_plan(value: Any) -> None:
    made: dict[str, Any] = {"hashlib": hashlib, "json": json}
    exec(DIGEST, made)
    assert made["digest"](value) == digest(value)
    assert "'" not in DIGEST
    others: tuple[Any, ...] = (
        {"UserSettings": {}},
        {"UserSettings": {"StudioWebPortalSettings": {"HiddenMlTools": ["Comet"]}}},
    )
    assert all(digest(other) != digest(value) for other in others)


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_what_is_said_is_one_line_in_every_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    """dash's echo makes lines of backslashes: a name would say what it likes."""
    what = r"domain a\n::error::b $(id) `id` %s 'q'"
    step = replace(_setting("TagPropagation", None, "ENABLED"), what=what)
    done = scripts_of(tmp_path, [step], monkeypatch).run("apply.sh", shell=shell)
    assert (done.returncode, done.stdout) == (0, f"{what}\n")


def test_an_update_that_fails_afterwards_stops_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = {"Status": "Update_Failed", "FailureReason": "Unable to reach the subnet", "TagPropagation": None}
    steps = [_setting("TagPropagation", None, "ENABLED"), _setting("VpcId", "vpc-1", "vpc-2")]
    scripts = scripts_of(tmp_path, steps, monkeypatch, domain={"Status": "InService", "VpcId": "vpc-1"}, then=failed)
    done = scripts.run("apply.sh")
    assert done.returncode == 1
    assert done.stderr.startswith("stopped: domain d-1: TagPropagation: AWS says: Update_Failed")
    assert "Unable to reach the subnet" in done.stderr
    assert scripts.calls == ["update-domain"]


def test_what_fails_already_can_be_updated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason of an earlier failure is not taken for one of this update."""
    before = {"Status": "Update_Failed", "FailureReason": "Failed long ago", "VpcId": "vpc-1"}
    scripts = scripts_of(tmp_path, [_setting("VpcId", "vpc-1", "vpc-2")], monkeypatch, domain=before)
    assert scripts.run("apply.sh").returncode == 0
    assert scripts.state["domain"]["VpcId"] == "vpc-2"


@pytest.mark.parametrize("words", [["--chekc"], ["--dry-run"], ["--check", "--check"], [""], ["-h"]])
def test_what_is_not_check_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    scripts = scripts_of(tmp_path, [_setting("TagPropagation", None, "ENABLED")], monkeypatch)
    for name in ("apply.sh", "back.sh"):
        done = scripts.run(name, *words)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"./{name} takes --check, or nothing\n")
    assert scripts.calls == []


def test_a_way_back_of_two_calls_goes_on_between_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:domain/d-1"
    earlier = {"owner": "it's $(id)", "team": 'a "b"\\n'}
    line = {"kind": "domain", "domain": {"DomainArn": arn}, "tags": [{"Key": k, "Value": earlier[k]} for k in earlier]}
    made = {**line, "tags": [{"Key": k, "Value": v} for k, v in {**earlier, "owner": "ana", "cost": "1"}.items()]}
    (step,) = steps_of((ACCOUNT, "eu-west-1", "domain", "d-1"), line, made, ["STU607 1a2b"], lambda *_: None)
    assert [one.operation for one in step.back] == ["add-tags", "delete-tags"]
    scripts = scripts_of(tmp_path, [step], monkeypatch, tags=earlier)
    assert scripts.run("apply.sh").returncode == 0
    assert scripts.state["tags"] == {**earlier, "owner": "ana", "cost": "1"}
    (tmp_path / "state.json").write_text(json.dumps({**scripts.state, "cut": "delete-tags"}), encoding="utf-8")
    assert scripts.run("back.sh").returncode != 0
    assert scripts.state["tags"] == {**earlier, "cost": "1"}
    (tmp_path / "state.json").write_text(json.dumps({**scripts.state, "cut": ""}), encoding="utf-8")
    done = scripts.run("back.sh")
    assert (done.returncode, done.stderr) == (0, "")
    assert scripts.state["tags"] == earlier
    assert scripts.run("back.sh").stdout.startswith("done already: ")


def test_trust_comes_before_what_needs_it_in_every_region() -> None:
    """What lies in no Region is before the others by what it does, not by its place in the alphabet."""
    look = Look(Request("iam", "get-role", {"RoleName": "r"}), "Role", 1, 2, 1)

    def role(operation: str) -> Step:
        return Step((ACCOUNT, "aws-global", "role", "r"), operation, look, Request("iam", operation, {}), (), "", ())

    steps = [
        role("put-role-policy"),
        _setting("TagPropagation", None, "ENABLED", region="ap-southeast-2"),
        _setting("TagPropagation", None, "ENABLED", region="us-east-1"),
        role("update-assume-role-policy"),
    ]
    order = [(step.request.operation, step.key[1]) for step in in_order(steps)]
    assert order == [
        ("update-assume-role-policy", "aws-global"),
        ("update-domain", "ap-southeast-2"),
        ("update-domain", "us-east-1"),
        ("put-role-policy", "aws-global"),
    ]


@pytest.mark.parametrize("number", [1, 2])
def test_an_app_that_aws_shows_no_more_is_deleted(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DescribeApp knows a deleted app for a day; the script may be run again after that, and undone."""
    app = {"DomainId": "d-1", "UserProfileName": "ana", "AppType": "Canvas", "AppName": "default"}
    line, made = ({"kind": "app", "app": {**app, "Status": status}} for status in ("InService", "Deleted"))
    (step,) = steps_of((ACCOUNT, "eu-west-1", "app", "d-1/ana"), line, made, ["STU701 1a2b"], lambda *_: None)
    scripts = scripts_of(tmp_path, [step], monkeypatch, app={"Status": "Deleted"} if number == 1 else None)
    assert scripts.run("apply.sh").stdout.startswith("done already: app d-1/ana: deleted")
    assert scripts.run("back.sh").stdout == "back: app d-1/ana: deleted\n"
    assert scripts.run("back.sh").stdout.startswith("done already: ")
    assert scripts.calls == ["create-app"]
    runbooks = {name: json.loads(text) for name, text in runbook_files(ACCOUNT, [step]).items()}
    told = [told_by(runbooks[f"automation/{name}-1.json"]) for name in ("apply", "back")]
    gone = [digest(True), "gone"]
    assert (told[0]["after"], told[1]["before"], told[0]["before"]) == (gone, gone, [digest("none")])


@pytest.mark.parametrize(
    "other",
    [
        {"OwnershipSettings": {"OwnerUserProfileName": "ben"}},
        {"SpaceSharingSettings": {"SharingType": "Shared"}},
        {"HomeEfsFileSystemUid": "200006"},
        {"SpaceSettings": {"AppType": "CodeEditor"}},
    ],
)
def test_a_space_that_was_made_anew_is_not_deleted(other: dict[str, Any]) -> None:
    """DescribeSpace (API reference): what no update changes tells one space from another of its name."""
    space = {
        "SpaceName": "lab", "SpaceSettings": {"AppType": "JupyterLab"}, "HomeEfsFileSystemUid": "200005",
        "OwnershipSettings": {"OwnerUserProfileName": "ana"}, "SpaceSharingSettings": {"SharingType": "Private"},
    }  # fmt: skip
    line = {"kind": "space", "space": space}
    (step,) = steps_of((ACCOUNT, "eu-west-1", "space", "d-1/lab"), line, None, ["STU702 1a2b"], lambda *_: None)
    assert digest(jmespath.search(step.look.query, space)) == digest(step.look.before)
    assert digest(jmespath.search(step.look.query, {**space, **other})) != digest(step.look.before)


def test_a_plan_names_the_stack_that_made_a_resource() -> None:
    """CloudFormation writes its name into a tag (CloudFormation User Guide, "Resource tag")."""
    key = (ACCOUNT, "eu-west-1", "domain", "d-1")
    tags = [{"Key": "aws:cloudformation:stack-name", "Value": "studio|base"}, {"Key": "owner", "Value": "ana"}]
    arn = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:domain/d-1"
    for held, said in ((tags, 2), (tags[1:], 0), (None, 0)):
        line = {"kind": "domain", "domain": {"DomainArn": arn, "TagPropagation": "DISABLED"}, "tags": held}
        more = [*(held or []), {"Key": "team", "Value": "a"}]
        made = {**line, "domain": {"DomainArn": arn, "TagPropagation": "ENABLED"}, "tags": more}
        steps = list(steps_of(key, line, made, ["STU710 1a2b"], lambda *_: None))
        assert [step.request.operation for step in steps] == ["update-domain", "add-tags"]
        told = page(ACCOUNT, "2026-11-28T02:00:00Z", steps, (), {})
        assert told.count("the CloudFormation stack studio\\|base made it. Change the template as well") == said
        asked = json.loads(as_json(ACCOUNT, "2026-11-28T02:00:00Z", steps, ()))
        assert [step.get("stack") for step in asked["steps"]] == (["studio|base"] if said else [None]) * 2


def _app(space: str, status: str = "InService") -> dict[str, Any]:
    owner = {"SpaceName": space} if space else {"UserProfileName": "ana"}
    return {"app": {"DomainId": "d-1", "AppType": "JupyterLab", "AppName": "default", "Status": status, **owner}}


def _space(sharing: str) -> dict[str, Any]:
    return {"space": {"SpaceSharingSettings": {"SharingType": sharing}}}


#: As UpdateDomain takes them. Which apps stand against a change, the developer guide ("Edit domain settings") and the
#: API reference say.
_DOMAIN = {
    "AppNetworkAccessType": "PublicInternetOnly",
    "SubnetIds": ["subnet-1", "subnet-2"],
    "DomainSettings": {"ExecutionRoleIdentityConfig": "DISABLED"},
    "DefaultUserSettings": {"ExecutionRole": "arn:aws:iam::111122223333:role/a"},
    "DefaultSpaceSettings": {"ExecutionRole": "arn:aws:iam::111122223333:role/a"},
}
_OTHER = {"ExecutionRole": "arn:aws:iam::111122223333:role/b"}


@pytest.mark.parametrize(
    ("change", "stops"),
    [
        ({"AppNetworkAccessType": "VpcOnly"}, {"user", "private", "shared", "unknown"}),
        ({"SubnetIds": ["subnet-1"]}, {"user", "private", "shared", "unknown"}),
        ({"SubnetIds": ["subnet-2", "subnet-1", "subnet-3"]}, set()),
        ({"DomainSettings": {"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}},
         {"user", "private", "shared", "unknown"}),
        ({"DefaultUserSettings": _OTHER}, {"user", "private"}),
        ({"DefaultSpaceSettings": _OTHER}, {"shared"}),
        ({"TagPropagation": "ENABLED"}, set()),
    ],
)  # fmt: skip
def test_what_aws_refuses_while_apps_run_is_left_to_people(change: dict[str, Any], stops: set[str]) -> None:
    key = (ACCOUNT, "eu-west-1", "domain", "d-1")
    line, made = {"kind": "domain", "domain": _DOMAIN}, {"kind": "domain", "domain": {**_DOMAIN, **change}}
    apps = {"user": _app(""), "private": _app("own"), "shared": _app("team"), "unknown": _app("gone")}
    spaces = {(ACCOUNT, "eu-west-1", "space", f"d-1/{name}"): _space(sharing)
              for name, sharing in (("own", "Private"), ("team", "Shared"))}  # fmt: skip
    told = {
        name: RunningOnes({**spaces, (ACCOUNT, "eu-west-1", "app", name): app}).against(key, line, made)
        for name, app in apps.items()
    }
    assert {name for name, why in told.items() if why} == stops
    assert all("only while no app runs, and when the audit looked there ran JupyterLab of" in told[n] for n in stops)
    for status in ("Deleted", "Failed", "Deleting"):
        assert RunningOnes({(ACCOUNT, "eu-west-1", "app", "x"): _app("", status)}).against(key, line, made) == ""
    other = RunningOnes({(ACCOUNT, "us-east-1", "app", "x"): _app("")})
    assert other.against(key, line, made) == ""
