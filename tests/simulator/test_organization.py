"""What a simulated organization answers, in the shapes of AWS's own model, and whom it lets in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ConfigError
from auditor.simulator import Simulator, load_organization
from auditor.simulator.organization import generate_organization, organization_names, unit_id
from auditor.simulator.wire import operation_model

from .clients import client, refusal
from .shapes import problems

Simulated = Callable[..., Simulator]
TEXT = """
management: "100000000001"
role: audit/Auditor
external_id: seven
accounts:
  - {id: "100000000001", name: hub}
  - {id: "100000000002", name: member, ou: Work/Prod, regions: [eu-north-1]}
  - {id: "100000000003", name: closed, state: CLOSED}
  - {id: "100000000004", name: stranger, listed: false}
  - {id: "100000000005", name: slow, rate: 0}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "organization.yaml"
    found.write_text(TEXT)
    return found


def assumed(simulator: Simulator, account: str, **changed: Any) -> Any:
    """A client's arguments for a session in the account."""
    request = {"RoleArn": f"arn:aws:iam::{account}:role/audit/Auditor", "RoleSessionName": "me", "ExternalId": "seven"}
    return client(simulator, "sts").assume_role(**{**request, **changed})["Credentials"]


def inside(simulator: Simulator, credentials: Mapping[str, Any], service: str, region: str) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        service, region_name=region, endpoint_url=simulator.endpoint_url,
        aws_access_key_id=credentials["AccessKeyId"], aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"], config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


def test_accounts_and_units_are_listed_in_pages_and_shapes(simulated: Simulated) -> None:
    seen: list[str] = []

    def observe(service: str, name: str, answer: Mapping[str, Any]) -> None:
        if service == "organizations":
            model = operation_model(service, name)
            assert model is not None
            seen.extend(problems(model.output_shape, answer))

    simulator = simulated(generate_organization(24, 1, 0), observer=observe)
    organizations = client(simulator, "organizations")
    first = organizations.list_accounts()
    assert len(first["Accounts"]) == 20
    rest = organizations.list_accounts(NextToken=first["NextToken"])
    assert len(rest["Accounts"]) == 5
    (root,) = organizations.list_roots()["Roots"]
    units = organizations.list_organizational_units_for_parent(ParentId=root["Id"])["OrganizationalUnits"]
    assert [u["Name"] for u in units] == ["Research", "Sandbox", "Workloads"]
    sandbox = organizations.list_accounts_for_parent(ParentId=unit_id(("Sandbox",)))["Accounts"]
    assert len(sandbox) == 6
    assert seen == []


def test_the_role_lets_in_who_fits(simulated: Simulated, path: Path) -> None:
    simulator = simulated(load_organization(str(path)))
    session = assumed(simulator, "100000000002")
    caller = inside(simulator, session, "sts", "us-east-1").get_caller_identity()
    assert (caller["Account"], caller["Arn"]) == ("100000000002", "arn:aws:sts::100000000002:assumed-role/Auditor/me")
    regions = inside(simulator, session, "ec2", "us-east-1").describe_regions()["Regions"]
    assert [r["RegionName"] for r in regions] == ["eu-north-1"]
    assert inside(simulator, session, "sagemaker", "eu-north-1").list_domains()["Domains"] == []
    call = inside(simulator, session, "sagemaker", "eu-west-1").list_domains
    assert refusal(call) == ("UnrecognizedClientException", 400)
    assert refusal(inside(simulator, session, "organizations", "us-east-1").list_accounts)[0] == "AccessDeniedException"


@pytest.mark.parametrize(
    ("account", "changed"),
    [
        ("100000000002", {"ExternalId": "eight"}),
        ("100000000002", {"RoleArn": "arn:aws:iam::100000000002:role/Auditor"}),
        ("100000000003", {}),
        ("100000000099", {}),
    ],
)
def test_it_lets_nobody_else_in(simulated: Simulated, path: Path, account: str, changed: dict[str, str]) -> None:
    simulator = simulated(load_organization(str(path)))
    assert refusal(lambda: assumed(simulator, account, **changed)) == ("AccessDenied", 403)


def test_a_session_that_is_over_is_refused(simulated: Simulated, path: Path) -> None:
    simulator = simulated(replace(load_organization(str(path)), session_seconds=-60))
    session = assumed(simulator, "100000000002")
    for service, region, call, told in (
        ("sts", "us-east-1", "get_caller_identity", ("ExpiredToken", 403)),
        ("sagemaker", "eu-north-1", "list_domains", ("ExpiredTokenException", 400)),
    ):
        assert refusal(getattr(inside(simulator, session, service, region), call)) == told


def test_an_account_with_a_rate_throttles(simulated: Simulated, path: Path) -> None:
    simulator = simulated(load_organization(str(path)))
    session = assumed(simulator, "100000000005")
    call = inside(simulator, session, "sagemaker", "eu-west-1").list_domains
    assert refusal(call) == ("ThrottlingException", 400)
    listed = client(simulator, "organizations").list_accounts()["Accounts"]
    assert "stranger" not in {a["Name"] for a in listed}
    assert {a["State"]: a["Status"] for a in listed} == {"ACTIVE": "ACTIVE", "CLOSED": "SUSPENDED"}


@pytest.mark.parametrize("name", ["generated:3x2", "generated:1x99x1", "generated:axbxc", "nobody"])
def test_what_is_no_organization(name: str) -> None:
    with pytest.raises(ConfigError):
        load_organization(name)


@pytest.mark.parametrize(
    "text",
    [
        "accounts: []",
        'management: "1"\naccounts: [{id: "2", name: a}]',
        "accounts: [{id: '1'}]",
        "management: '1'\naccounts: [{id: '1', name: a}, {id: '1', name: b}]",
        "acounts: []",
        "[",
    ],
)
def test_a_file_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "o.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=str(path)):
        load_organization(str(path))


@pytest.mark.parametrize(
    ("account", "word"),
    [
        ("rate: slow", "rate of a"),
        ("regions: eu-west-1", "regions of a"),
        ("regions: [cn-north-1]", "cn-north-1 is in aws-cn"),
        ("estate: [domains]", "estate of a"),
        ("estate: {domians: []}", "estate of a"),
        ("estate: {domains: [lab]}", "estate of a: domains"),
        ("estate: {region: us-gov-west-1}", "us-gov-west-1 is in aws-us-gov"),
        ("id: '12'", "estate of a: account: twelve digits"),
    ],
)
def test_an_account_that_cannot_be_is_refused(tmp_path: Path, account: str, word: str) -> None:
    path = tmp_path / "o.yaml"
    own = "" if account.startswith("id") else "id: '100000000001', "
    path.write_text(f"management: '100000000001'\naccounts: [{{{own}name: a, {account}}}]")
    with pytest.raises(ConfigError, match=re.escape(word)):
        load_organization(str(path))
    path.write_text(
        f"management: '100000000001'\naccounts: [{{{own or account + ', '}name: a}}]\nsession_seconds: long"
    )
    with pytest.raises(ConfigError, match="twelve digits" if not own else "session_seconds"):
        load_organization(str(path))


def test_every_embedded_organization_can_be_served(simulated: Simulated) -> None:
    assert organization_names() == ("acme",)
    for name in organization_names():
        simulated(load_organization(name))
