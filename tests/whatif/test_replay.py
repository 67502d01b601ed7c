"""What a policy would have made of calls: those that CloudTrail recorded, and those that we make ourselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.cli.main import run
from auditor.config import Config
from auditor.errors import ConfigError
from auditor.evaluate.cause_groups import CauseGroups
from auditor.iam.evaluation import Request
from auditor.model.report import Report
from auditor.model.snapshot import GLOBAL, KINDS, SCHEMA_VERSION, Header, Kind, Record, Scope, Snapshot
from auditor.prevent.deny_policies import pieces, service_control_policies
from auditor.remediation.command_request import api_call
from auditor.remediation.command_text import read_call
from auditor.resolve import alike_profiles, build_tables, evidence_tables
from auditor.run.policy_replay import _commands, calls_of, groups_with_commands, our_calls
from auditor.run.run_options import RuleOptions
from auditor.run.selection import choose
from auditor.run.what_if_sides import first_side
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.api_requests import request_of
from auditor.studio.partitions import home_region
from auditor.whatif.replay import (
    AlikeCalls,
    Asked,
    RecordedCalls,
    Replay,
    SameAnswer,
    read_policies,
    recorded_calls,
    replay,
)

ACCOUNT, REGION = "111122223333", "eu-west-1"
TAG = "aws sagemaker add-tags --resource-arn arn:aws:sagemaker:eu-north-1:111122223333:domain/d-1 --tags Key=a,Value=b"
KIM = f"arn:aws:sts::{ACCOUNT}:assumed-role/ops/kim"
OPS = f"arn:aws:iam::{ACCOUNT}:role/ops"


def record(kind: Kind, id_: str, document: dict[str, Any], gaps: tuple[str, ...] = ()) -> Record:
    return Record(ACCOUNT, REGION, kind, id_, document, gaps=gaps)


def place(gaps: tuple[str, ...] = ()) -> Record:
    return record("account_region", REGION, {}, gaps)


DOMAIN = record("domain", "d-1", {
    "DomainId": "d-1", "DomainName": "lab", "DomainArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:domain/d-1",
    "AuthMode": "IAM", "CreationTime": "2025-02-03T10:00:00Z", "Status": "InService",
})  # fmt: skip


def snapshot_of(*records: Record, kinds: tuple[Kind, ...] = KINDS) -> Snapshot:
    header = Header(SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0.1.0", "1.44.5", "",
                    (Scope(ACCOUNT, REGION),), (), kinds)  # fmt: skip
    return Snapshot(header, records)


def call(name: str, request: dict[str, Any] | None = None, error: str = "", **identity: str) -> Record:
    who = {"type": "AssumedRole", "arn": KIM, "issuerArn": OPS, **identity}
    document = {
        "eventName": name, "eventTime": "2026-11-20T10:00:00Z", "errorCode": error, "userIdentity": who,
        "requestParameters": request or {},
    }  # fmt: skip
    return record("studio_call", f"{name}-{json.dumps(request)}{error}{who}", document)


PUBLIC = {"domainId": "d-1", "appNetworkAccessType": "PublicInternetOnly"}
CALLS = [
    call("CreateDomain", {"appNetworkAccessType": "PublicInternetOnly"}),
    call("CreateDomain", {"appNetworkAccessType": "VpcOnly"}),
    call(
        "UpdateDomain",
        {"domainId": "d-1", "appNetworkAccessType": "PublicInternetOnly"},
        invokedBy="cloudformation.amazonaws.com",
    ),
    call("UpdateDomain", {"domainId": "d-1"}),
    call("UpdateDomain", PUBLIC, "AccessDenied"),
    call("DeleteApp", {"domainId": "d-1"}, issuerArn=f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x/y"),
    call("DeleteApp", {"domainId": "d-1"}, type="AWSService", arn=""),
]


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / "night.jsonl"
    made = snapshot_of(place(), DOMAIN, *CALLS)
    write_snapshot(path, made)
    return path


def _policy(tmp_path: Path, *statements: dict[str, Any], name: str = "policy.json") -> Path:
    path = tmp_path / name
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), encoding="utf-8")
    return path


def _made(path: Path, policy: Path, *further: Asked) -> Replay:
    return replay(read_policies([policy]), further, recorded_calls([path]))


def test_recorded_calls_are_evaluated_and_failed_ones_left_out(
    snapshot: Path, tmp_path: Path, built_in_rules: Any
) -> None:
    (found,) = service_control_policies(pieces([r for r in built_in_rules if r.id == "STU603"], {})[0])
    policy = tmp_path / "scp.json"
    policy.write_text(found.text, encoding="utf-8")
    made = _made(snapshot, policy)
    assert (made.asked, made.exempt, made.incomplete, made.collected) == ({"caller": 3, "deployment": 1}, 2, (), True)
    assert [(s.group, s.who, s.action, s.outcome, s.by) for s in made.stopped] == [
        ("caller", KIM, "sagemaker:CreateDomain", "denied", ("statement 1",)),
        ("deployment", KIM, "sagemaker:UpdateDomain", "denied", ("statement 2",)),
    ]


def test_what_hangs_on_what_nobody_recorded_is_undecided(snapshot: Path, tmp_path: Path) -> None:
    outside = {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}
    deny = {"Effect": "Deny", "Action": "sagemaker:UpdateDomain", "Resource": "*", "Condition": outside}
    made = _made(snapshot, _policy(tmp_path, deny))
    assert {(s.outcome, s.reasons, s.times) for s in made.stopped} == {("unknown", ("aws:SourceIp is not known",), 1)}
    assert len(made.stopped) == 2  # by somebody, and by CloudFormation


def test_who_called_is_known(snapshot: Path, tmp_path: Path) -> None:
    except_ops = {"ArnNotEquals": {"aws:PrincipalArn": OPS}}
    deny = {"Effect": "Deny", "Action": "sagemaker:*", "Resource": "*", "Condition": except_ops}
    assert _made(snapshot, _policy(tmp_path, deny)).stopped == ()


def test_a_policy_that_allows_something_denies_the_rest(snapshot: Path, tmp_path: Path) -> None:
    allow = {"Effect": "Allow", "Action": "sagemaker:UpdateDomain", "Resource": "arn:aws:sagemaker:*:*:domain/d-1"}
    made = _made(snapshot, _policy(tmp_path, allow))
    assert {(s.action, s.by) for s in made.stopped} == {("sagemaker:CreateDomain", ("no statement allows it",))}


def test_each_of_several_policies_has_to_allow(snapshot: Path, tmp_path: Path) -> None:
    """A service control policy that allows little, and a permissions boundary that allows everything."""
    scp = _policy(tmp_path, {"Effect": "Allow", "Action": "sagemaker:UpdateDomain", "Resource": "*"}, name="scp.json")
    outside = {"Effect": "Deny", "Action": "sagemaker:UpdateDomain", "Resource": "*",
               "Condition": {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}}  # fmt: skip
    boundary = _policy(tmp_path, {"Effect": "Allow", "Action": "*", "Resource": "*"}, outside, name="boundary.json")
    made = replay(read_policies([scp, boundary]), (), recorded_calls([snapshot]))
    assert {(s.action, s.outcome, s.by, s.reasons) for s in made.stopped} == {
        ("sagemaker:CreateDomain", "denied", ("scp.json: no statement allows it",), ()),
        ("sagemaker:UpdateDomain", "unknown", ("boundary.json: statement 2",), ("aws:SourceIp is not known",)),
    }


def test_an_action_on_a_resource_that_nobody_knows(snapshot: Path, tmp_path: Path) -> None:
    """An audit lists and describes: of each call only the action is known."""
    on_one = {"Effect": "Deny", "Action": "sagemaker:DescribeDomain", "Resource": "arn:aws:sagemaker:*:*:domain/d-1"}
    on_all = {"Effect": "Deny", "Action": "sagemaker:ListDomains", "Resource": "*"}
    ours = [Asked("audit", "the audit", Request(f"sagemaker:{name}", ""))
            for name in ("DescribeDomain", "ListDomains", "ListSpaces")]  # fmt: skip
    made = _made(snapshot, _policy(tmp_path, on_one, on_all), *ours)
    assert {(s.action, s.outcome) for s in made.stopped if s.group == "audit"} == {
        ("sagemaker:DescribeDomain", "unknown"), ("sagemaker:ListDomains", "denied"),
    }  # fmt: skip


def test_a_masked_value_is_there_and_nothing_else_is_known_of_it(tmp_path: Path) -> None:
    path = tmp_path / "masked.jsonl"
    tags = [{"key": "owner", "value": "[masked:1a2b]"}]
    request = {"domainId": "d-1", "userProfileName": "ana", "tags": tags}
    write_snapshot(path, snapshot_of(place(), call("CreateUserProfile", request)))
    both = [
        {"Effect": "Deny", "Action": "sagemaker:CreateUserProfile", "Resource": "*",
         "Condition": {"StringNotEquals": {"aws:RequestTag/owner": "ana"}}},
        {"Effect": "Deny", "Action": "sagemaker:CreateUserProfile", "Resource": "*",
         "Condition": {"Null": {"aws:RequestTag/owner": "true"}}},
    ]  # fmt: skip
    (stopped,) = _made(path, _policy(tmp_path, *both)).stopped
    assert (stopped.outcome, stopped.by, stopped.reasons) == (
        "unknown", ("statement 1",), ("aws:RequestTag/owner is not known",),
    )  # fmt: skip


def test_only_statements_that_may_decide_are_named(tmp_path: Path) -> None:
    everything = {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}
    one = {"Sid": "One", "Effect": "Deny", "Action": "sagemaker:*", "Resource": "arn:aws:sagemaker:*:*:domain/d-1"}
    lists = {"Sid": "Lists", "Effect": "Deny", "Action": "sagemaker:List*", "Resource": "*"}
    (policy,) = read_policies([_policy(tmp_path, everything, one, lists)])
    ours = [Asked("audit", "the audit", Request(f"sagemaker:{name}", "")) for name in ("DescribeDomain", "ListDomains")]
    made = replay([policy], ours, RecordedCalls((), 0, (), collected=True))
    assert [(s.outcome, s.by, s.reasons) for s in made.stopped] == [
        ("denied", ("Lists",), ()), ("unknown", ("One",), ("the resource is not known",)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spoilt",
    [{"errorCode": None}, {"eventName": 5}, {"userIdentity": None}, {"userIdentity": {"issuerArn": {}}},
     {"requestParameters": None}, {"requestParameters": ["d-1"]}],
)  # fmt: skip
def test_a_recorded_call_that_cannot_be_read_leaves_open_which_there_are(spoilt: Any, tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    read = call("UpdateDomain", PUBLIC)
    odd = record("studio_call", "odd", {**read.document, **spoilt})
    write_snapshot(path, snapshot_of(place(), read, odd))
    found = recorded_calls([path])
    assert (len(found.asked), found.incomplete) == (1, (f"{ACCOUNT} {REGION}",))


def test_where_calls_are_not_all_known_it_is_said(snapshot: Path, tmp_path: Path) -> None:
    partly = tmp_path / "partly.jsonl"
    write_snapshot(partly, snapshot_of(place(("studio_call",)), *CALLS[:1]))
    without = tmp_path / "without.jsonl"
    write_snapshot(without, snapshot_of(place(), DOMAIN, kinds=tuple(k for k in KINDS if k != "studio_call")))
    policy = _policy(tmp_path, {"Effect": "Deny", "Action": "sagemaker:DeleteDomain", "Resource": "*"})
    assert (_made(partly, policy).incomplete, _made(partly, policy).collected) == ((f"{ACCOUNT} eu-west-1",), True)
    assert (_made(without, policy).incomplete, _made(without, policy).collected) == ((f"{ACCOUNT} eu-west-1",), False)


@pytest.mark.parametrize("text", ["{}", "[]", '{"Statement": [{"Effect": "Deny"}]}', "{}\n{}", "x"])
def test_a_policy_that_is_not_understood_is_an_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"policy\.json"):
        read_policies([path])
    with pytest.raises(ConfigError, match=r"gone\.json"):
        read_policies([tmp_path / "gone.json"])


def test_the_command_names_the_calls_of_the_report_and_of_an_audit(
    snapshot: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    deny = [
        {"Sid": "Updates", "Effect": "Deny", "Action": "sagemaker:UpdateDomain", "Resource": "*"},
        {"Sid": "Reads", "Effect": "Deny", "Action": "sagemaker:ListDomains", "Resource": "*"},
    ]
    policy = str(_policy(tmp_path, *deny))
    asked = ["whatif", "--snapshot", str(snapshot), "--policy", policy, "--only", "STU710", "--no-config"]
    assert int(run(asked)) == 0
    out = capfd.readouterr().out
    assert "3 recorded calls, 1 call of AWS CloudFormation, 1 command of the report, " in out
    assert "Commands of the report that the policy denies:\n  - STU710 " in out
    assert "- the audit: sagemaker:ListDomains: Reads" in out
    assert "4 denied, 0 undecided" in out
    assert int(run([*asked, "--format", "json"])) == 0
    told = json.loads(capfd.readouterr().out)["policy"]
    assert {(s["group"], s["action"], s["outcome"]) for s in told["stopped"]} == {
        ("caller", "sagemaker:UpdateDomain", "denied"), ("deployment", "sagemaker:UpdateDomain", "denied"),
        ("remediation", "sagemaker:UpdateDomain", "denied"), ("audit", "sagemaker:ListDomains", "denied"),
    }  # fmt: skip
    assert told["asked"]["caller"] == 3
    assert int(run([*asked, "--format", "html"])) == 0
    shown = capfd.readouterr().out
    assert '<h2 id="denied-remediation">Commands of the report that the policy denies</h2>' in shown
    assert shown.count("sagemaker:UpdateDomain") == 3


@pytest.mark.parametrize(("region", "outcome"), [("eu-west-1", None), ("us-east-1", "denied")])
def test_the_region_of_a_command_is_known(
    region: str, outcome: str | None, snapshot: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A policy that denies Regions, as most organizations have one, says something of each command."""
    others = {"StringNotEquals": {"aws:RequestedRegion": region}}
    policy = _policy(tmp_path, {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": others})
    asked = ["whatif", "--snapshot", str(snapshot), "--policy", str(policy), "--only", "STU710", "--format", "json"]
    assert int(run([*asked, "--no-config"])) == 0
    told = json.loads(capfd.readouterr().out)["policy"]
    assert told["asked"]["remediation"] == 1
    assert [s["outcome"] for s in told["stopped"] if s["group"] == "remediation"] == ([outcome] if outcome else [])


def test_iam_is_called_in_one_region() -> None:
    """Calls of global services have us-east-1 as aws:RequestedRegion (IAM User Guide, global condition keys)."""
    command = read_call(
        "aws iam detach-role-policy --role-name ops --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    asked = request_of(api_call(command, ACCOUNT, home_region(OPS), OPS))
    assert asked.context.get("aws:RequestedRegion") == ("us-east-1",)
    asked = request_of(api_call(read_call(f"{TAG} --region eu-north-1"), ACCOUNT, REGION))
    assert asked.context.get("aws:RequestedRegion") == ("eu-north-1",)


@pytest.mark.parametrize("arn", ["ops", "role/ops", "arn:", f"arn:aws:iam::{ACCOUNT}:role/ops"])
def test_a_role_whose_arn_is_none_is_evaluated_as_any(
    arn: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = Record(ACCOUNT, GLOBAL, "role", arn, {
        "RoleName": "ops", "Arn": arn, "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "AttachedManagedPolicies": [{"PolicyName": "AdministratorAccess",
                                     "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}],
        "RolePolicyList": [],
    })  # fmt: skip
    used = replace(DOMAIN, document={**DOMAIN.document, "DefaultUserSettings": {"ExecutionRole": arn}})
    ana = record("user_profile", "d-1/ana", {"DomainId": "d-1", "UserProfileName": "ana", "Status": "InService"})
    path = tmp_path / "odd.jsonl"
    write_snapshot(path, snapshot_of(place(), used, ana, role))
    policy = _policy(tmp_path, {"Effect": "Deny", "Action": "iam:DetachRolePolicy", "Resource": "*"})
    asked = ["whatif", "--snapshot", str(path), "--policy", str(policy), "--only", "STU203", "--format", "json"]
    assert int(run([*asked, "--no-config"])) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["failures"]["before"] == 1
    assert told["policy"]["asked"].get("remediation", 0) == (arn != "arn:")


def test_policies_that_are_printed_are_tried(snapshot: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """On what CloudTrail recorded, on commands for whatever any rule finds, and on an audit's calls."""
    asked = ["prevent", "scp", "--only", "STU603", "--snapshot", str(snapshot), "--output", str(tmp_path / "made")]
    assert int(run([*asked, "--no-config"])) == 0
    err = capfd.readouterr().err
    assert f"Recorded calls that the policy denies: - {KIM}: sagemaker:CreateDomain" in err
    told = json.loads((tmp_path / "made" / "scp-replay.json").read_text(encoding="utf-8"))
    assert (told["asked"]["caller"], told["asked"]["deployment"], told["exempt"]) == (3, 1, 2)
    assert told["asked"]["remediation"] >= 1
    assert [(s["group"], s["action"], s["outcome"]) for s in told["stopped"]] == [
        ("caller", "sagemaker:CreateDomain", "denied"), ("deployment", "sagemaker:UpdateDomain", "denied"),
    ]  # fmt: skip


_UPDATE = {"Sid": "Updates", "Effect": "Deny", "Action": "sagemaker:Update*"}


@pytest.fixture(scope="module", params=["few", "very many"])
def of_acme(
    request: pytest.FixtureRequest, estate_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> CauseGroups:
    """The root causes of acme that may have a command, its profiles compared by their documents, or told apart by kind
    as very many are."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "very many":
            patch.setattr(alike_profiles, "MANY_BYTES", 0)
            patch.setattr(build_tables, "MATERIALISED_PROFILES", 0)
            patch.setattr(build_tables, "MATERIALISED_DOCUMENTED", 0)
            patch.setattr(evidence_tables, "MATERIALISED_ROLES", 0)
        choice = choose(Config(), RuleOptions())
        side = first_side(Config(), choice, [estate_file("acme")], tmp_path_factory.mktemp("side"))
    return groups_with_commands(side)


@pytest.mark.parametrize(
    "statement",
    [
        {**_UPDATE, "Resource": "*"},
        {**_UPDATE, "Resource": "arn:aws:sagemaker:*:*:user-profile/*/a*"},
        {**_UPDATE, "NotResource": "arn:aws:sagemaker:*:*:user-profile/*/*e"},
        {**_UPDATE, "Resource": ["arn:aws:sagemaker:*:*:user-profile/*/?a*", "arn:aws:sagemaker:*:*:domain/*"]},
        {**_UPDATE, "Resource": "arn:aws:sagemaker:*:*:user-profile/*/${aws:username}"},
        {**_UPDATE, "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "x"}}},
        {"Effect": "Allow", "Action": "sagemaker:UpdateUserProfile", "Resource": "*"},
        {**_UPDATE, "Action": "sagemaker:CreateDomain", "Resource": "*"},
    ],
)
def test_commands_that_only_their_resources_tell_apart_are_evaluated_as_each_of_them(
    statement: dict[str, Any],
    of_acme: CauseGroups,
    estate_report: Callable[[str], Report],
    tmp_path: Path,
) -> None:
    policies = read_policies([_policy(tmp_path, statement)])
    calls = list(calls_of(of_acme, policies))
    assert sum(call.number for call in calls if isinstance(call, AlikeCalls)) > 10
    none = RecordedCalls((), 0, (), collected=True)
    # Each command of the report as it was printed.
    commands = list(_commands(estate_report("acme").root_causes))
    found = replay(policies, calls, none)
    assert found == replay(policies, [*commands, *our_calls()], none)
    each = [call for one in calls for call in _each(one)]
    assert {call.who: call for call in each if call.group == "remediation"} == {call.who: call for call in commands}
    assert found.asked["remediation"] == len(commands)


def _each(call: Asked | AlikeCalls | SameAnswer) -> Iterator[Asked]:
    if isinstance(call, Asked):
        yield call
    else:
        made = [one for inner in call.every() for one in _each(inner)]
        assert len(made) == call.number
        yield from made
