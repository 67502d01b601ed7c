"""A new finding names the CloudTrail event that made it, and says that it is unknown where the trail shows none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import botocore.session
import pytest

from auditor.cli.main import run
from auditor.collect.aws.change_events import person
from auditor.model.change_event import ChangeEvent, ChangeEvents
from auditor.model.finding import Evidence, Finding, MadeBy, State
from auditor.model.report import Report
from auditor.model.resource import Origin, ResourceRef
from auditor.model.rule import Severity, Verdict
from auditor.run.collect import _makers
from auditor.run.run_options import AwsOptions
from auditor.run.who_did_it import with_makers
from auditor.simulator.estate import Estate
from auditor.store.snapshot_file import write_snapshot
from auditor.studio import changing_calls as calls
from tests.report.handmade import everything

ACCOUNT, HOME = "123456789012", "eu-west-1"
SIMULATED = f"arn:aws:iam::{ACCOUNT}:user/simulated"
SMALL = Estate(
    "small", ACCOUNT, HOME,
    {
        "region": HOME, "vpcs": {"home": {}},
        "roles": [{"name": "studio", "inline": {}}],
        "domains": [
            {
                "DomainName": "lab", "id": "d-lab", "AuthMode": "IAM", "vpc": "home", "AppNetworkAccessType": "VpcOnly",
                "DefaultUserSettings": {"ExecutionRole": "role:studio", "AutoMountHomeEFS": "Disabled"},
                "profiles": ["ana-silva", "ben-fischer"],
            }
        ],
    },
)  # fmt: skip
RULES = "STU101,STU203,STU501,STU603"


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Two nights of an account: the first as it was yesterday; then people change it; then report.json, report.md and
    the calls of the second."""
    from auditor.collect.aws import CollectOptions, collect
    from auditor.simulator import Simulator

    folder = tmp_path_factory.mktemp("nights")
    with Simulator(SMALL) as simulator, pytest.MonkeyPatch.context() as patch:
        for name, value in simulator.environment.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        first = collect(CollectOptions(regions=(HOME,)))
        before = datetime.now(UTC) - timedelta(days=1)
        header = replace(first.header, as_of=before.strftime("%Y-%m-%dT%H:%M:%SZ"))
        write_snapshot(folder / "first.jsonl", replace(first, header=header))
        assert run(["check", "first.jsonl", "--only", RULES, "--store", "nights", "-q", "--fail-on", "none"]) == 0
        _change()
        simulator.calls.clear()
        audit = ["audit", "--region", HOME, "--only", RULES, "-q", "--fail-on", "none", "--store", "nights"]
        assert run([*audit, "--format", "json,markdown"]) == 0
        asked = simulator.calls["cloudtrail:LookupEvents"]
        report = json.loads((folder / "audit-report" / "report.json").read_text(encoding="utf-8"))
        page = (folder / "audit-report" / "report.md").read_text(encoding="utf-8")
        yield {"report": report, "page": page, "asked": asked}


def _change() -> None:
    sagemaker, iam = boto3.client("sagemaker"), boto3.client("iam")
    sagemaker.update_domain(DomainId="d-lab", AppNetworkAccessType="PublicInternetOnly")
    sagemaker.update_domain(DomainId="d-lab", TagPropagation="ENABLED")
    sagemaker.create_user_profile(DomainId="d-lab", UserProfileName="user1")
    settings = {"AutoMountHomeEFS": "Enabled"}
    sagemaker.update_user_profile(DomainId="d-lab", UserProfileName="ana-silva", UserSettings=settings)
    everything_ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="studio", PolicyName="all", PolicyDocument=json.dumps(everything_))


def _made(report: Mapping[str, Any], rule: str, name: str) -> dict[str, str]:
    (found,) = (f["made_by"] for f in report["findings"] if (f["rule"]["id"], f["resource"]["name"]) == (rule, name))
    return dict(found)


@pytest.mark.parametrize(
    ("rule", "name", "event"),
    [
        ("STU603", "lab", "UpdateDomain"),
        ("STU101", "user1", "CreateUserProfile"),
        ("STU501", "ana-silva", "UpdateUserProfile"),
        ("STU203", "studio", "PutRolePolicy"),
    ],
)
def test_a_new_finding_names_event_person_time_and_id(nights: dict[str, Any], rule: str, name: str, event: str) -> None:
    made = _made(nights["report"], rule, name)
    assert (made["event"], made["person"], made["principal"], made["unknown"]) == (event, "simulated", SIMULATED, "")
    moment = datetime.fromisoformat(made["time"])
    assert timedelta(0) <= datetime.now(UTC) - moment < timedelta(minutes=10)
    assert len(made["event_id"]) == 36
    assert f"Made by: {event} by simulated" in nights["page"]
    assert made["event_id"] in nights["page"]


def test_only_new_findings_are_asked_about_and_each_call_once(nights: dict[str, Any]) -> None:
    assert all(f["made_by"] is None for f in nights["report"]["findings"] if f["state"] != "new")
    names = {"CreatePresignedDomainUrl", "CreateDomain", "UpdateDomain", "CreateUserProfile", "UpdateUserProfile"}
    role = {calls.CREATES["execution_role"], *calls.ROLE_CALLS, *calls.POLICY_CALLS}
    assert nights["asked"] <= len(names | role)


def test_without_sign_ins_among_the_evidence_nothing_is_asked() -> None:
    options = AwsOptions(evidence=("roles", "network"))
    assert _makers(options, options) is None
    assert _makers(AwsOptions(), options) is not None


BEFORE, AS_OF = datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, 20, 42, tzinfo=UTC)
PROFILE = ResourceRef("user_profile", "d-1/ana", "ana", ACCOUNT, HOME, "", "d-1", "lab")
Changes = Callable[..., ChangeEvents]


def _report(resource: ResourceRef = PROFILE, *evidence: Evidence) -> Report:
    finding = Finding(
        "f" * 16, "STU501", Verdict.FAIL, Severity.HIGH, resource, "Wrong.", evidence, "", None, state=State.NEW
    )
    return replace(
        everything(), findings=(finding,), root_causes=(), previous=BEFORE.isoformat(), as_of=AS_OF.isoformat(),
        snapshots=(replace(everything().snapshots[0], source="aws"),),
    )  # fmt: skip


def _event(name: str, hours: float, request: Mapping[str, Any], event_id: str = "e") -> ChangeEvent:
    return ChangeEvent(event_id, name, AS_OF - timedelta(hours=hours), "ana", "", request)


def _maker(report: Report, *events: ChangeEvent, problems: Mapping[str, datetime] | None = None) -> MadeBy:
    def lookup(account: str, region: str, name: str, since: datetime) -> ChangeEvents:
        assert (account, since) == (ACCOUNT, BEFORE)
        known = (problems or {}).get(name)
        found = tuple(e for e in events if e.name == name)
        return ChangeEvents(found, since if known is None else known, "" if known is None else "refused")

    (finding,) = with_makers(report, lookup).findings
    assert finding.made_by is not None
    return finding.made_by


INHERITED = Evidence("auto_mount_home_efs", "Enabled", Origin("domain", "d-1", "DefaultUserSettings.AutoMountHomeEFS"))
EFS = {"domainId": "d-1", "defaultUserSettings": {"autoMountHomeEFS": "Enabled"}}
THIS = {"domainId": "d-1", "userProfileName": "ana"}


def test_an_inherited_value_is_made_where_it_was_set_or_with_the_profile() -> None:
    report = _report(PROFILE, INHERITED)
    assert _maker(report, _event("UpdateDomain", 2, EFS)).event == "UpdateDomain"
    # A profile that came later has it from its beginning.
    made = _maker(report, _event("UpdateDomain", 2, EFS), _event("CreateUserProfile", 1, THIS))
    assert made.event == "CreateUserProfile"


@pytest.mark.parametrize(
    "other",
    [
        _event("UpdateDomain", 1, {"domainId": "d-1", "appNetworkAccessType": "VpcOnly"}),
        _event("UpdateDomain", 1, {"domainId": "d-2", "defaultUserSettings": {"autoMountHomeEFS": "Enabled"}}),
        _event("CreateUserProfile", 1, {"domainId": "d-1", "userProfileName": "ben"}),
        _event("UpdateUserProfile", 1, {**THIS, "userSettings": {}}),
    ],
    ids=["another setting", "another domain", "another profile", "another layer"],
)
def test_what_could_not_have_made_it_is_not_named(other: ChangeEvent) -> None:
    report = _report(PROFILE, INHERITED)
    assert _maker(report, other).unknown.startswith("CloudTrail has no event since 2026-11-22")
    assert _maker(report, other, _event("UpdateDomain", 2, EFS, "right")).event_id == "right"


def test_the_latest_before_the_audit_made_it() -> None:
    report = _report(PROFILE, INHERITED)
    events = [_event("UpdateDomain", hours, EFS, str(hours)) for hours in (5, 1, -1)]
    assert _maker(report, *events).event_id == "1"
    assert _maker(report, events[2]).event_id == "-1"


def test_nobody_is_named_where_later_events_were_not_read() -> None:
    report = _report(PROFILE, INHERITED)
    event = _event("UpdateDomain", 2, EFS)
    assert _maker(report, event, problems={"CreateUserProfile": AS_OF}).unknown == "refused"
    # What is missing is older than the event: nothing of it can be later.
    assert _maker(report, event, problems={"CreateUserProfile": AS_OF - timedelta(hours=3)}).event == "UpdateDomain"
    assert _maker(report, problems={"CreateUserProfile": AS_OF - timedelta(hours=3)}).unknown == "refused"


def test_other_kinds_of_resources() -> None:
    app = ResourceRef("app", "d-1/space/Lab/JupyterLab/default", "default", ACCOUNT, HOME)
    request = {"domainId": "d-1", "spaceName": "Lab", "appType": "JupyterLab", "appName": "default"}
    assert _maker(_report(app), _event("CreateApp", 1, request)).event == "CreateApp"
    domain = ResourceRef("domain", "d-1", "lab", ACCOUNT, HOME, "arn:aws:sagemaker:eu-west-1:1:domain/d-1", "d-1")
    created = replace(
        _event("CreateDomain", 1, {"domainName": "lab"}), response={"domainArn": "arn:aws:sagemaker:e:1:domain/d-1"}
    )
    assert _maker(_report(domain), created).event == "CreateDomain"
    docker = Evidence("docker", "ENABLED", Origin("domain", "d-1", "DomainSettings.DockerSettings.EnableDockerAccess"))
    update = _event("UpdateDomain", 1, {"domainId": "d-1", "domainSettingsForUpdate": {"dockerSettings": {}}})
    assert _maker(_report(domain, docker), update).event == "UpdateDomain"
    tagged = _event("DeleteTags", 1, {"resourceArn": domain.arn, "tagKeys": ["team"]})
    assert _maker(_report(domain, Evidence("tags", None, Origin("derived", "", ""))), tagged).event == "DeleteTags"
    role = ResourceRef("execution_role", f"arn:aws:iam::{ACCOUNT}:role/studio", "studio", ACCOUNT, HOME)
    policy = f"arn:aws:iam::{ACCOUNT}:policy/team"
    for held, event in ((policy, "right"), (f"{policy}-admins", "")):
        made = _maker(
            _report(role, Evidence("administrator_policy_arn", held, Origin("derived", "", ""))),
            _event("CreatePolicyVersion", 1, {"policyArn": policy}, "right"),
        )
        assert made.event_id == event
    place = ResourceRef("account_region", f"{ACCOUNT}/{HOME}", HOME, ACCOUNT, HOME)
    assert _maker(_report(place)).unknown == "no single call makes it"


def test_nothing_is_asked_without_an_earlier_run() -> None:
    def refuse(*_: object) -> ChangeEvents:
        raise AssertionError("asked")

    report = replace(_report(), previous=None)
    assert with_makers(report, refuse) == report
    nothing_new = replace(_report(), findings=tuple(replace(f, state=State.OPEN) for f in _report().findings))
    assert with_makers(nothing_new, refuse) == nothing_new


@pytest.mark.parametrize(
    ("identity", "who"),
    [
        ({"type": "IAMUser", "userName": "ana", "arn": "arn:aws:iam::1:user/ana"}, "ana"),
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/Admin/ana@acme.example"}, "ana@acme.example"),
        (
            {
                "type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/Studio/SageMaker",
                "sessionContext": {"sourceIdentity": "ana"},
            },
            "ana",
        ),
        ({"type": "AWSService", "invokedBy": "cloudformation.amazonaws.com"}, "cloudformation.amazonaws.com"),
        ({"type": "Root", "arn": "arn:aws:iam::1:root"}, "root"),
        ({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}}, "u-1"),
        ({"type": "AWSAccount", "principalId": "AROA:x"}, "AROA:x"),
        ({"type": "Unknown"}, "unknown"),
    ],
)  # fmt: skip
def test_who_that_is(identity: Mapping[str, Any], who: str) -> None:
    assert person(identity) == who


def test_the_calls_exist_and_take_what_names_the_resource() -> None:
    session = botocore.session.get_session()
    sagemaker, iam = session.get_service_model("sagemaker"), session.get_service_model("iam")
    for name in (*calls.CREATES.values(), *calls.UPDATES.values(), *calls.TAG_CALLS):
        if name != "CreateRole":
            assert name in sagemaker.operation_names
    for name in (calls.CREATES["execution_role"], *calls.ROLE_CALLS):
        assert "RoleName" in iam.operation_model(name).input_shape.members
    for name in calls.POLICY_CALLS:
        assert "PolicyArn" in iam.operation_model(name).input_shape.members
    members = sagemaker.operation_model("UpdateDomain").input_shape.members
    assert set(calls.UPDATE_MEMBERS.values()) <= set(members)
    assert not set(calls.UPDATE_MEMBERS) & set(members)
