"""Placeholders of the CDK, for look-ups in the account that cdk synth has not made.

Sources: cloud-assembly-schema, MissingContext; aws-cdk-lib 2.276.0, from whose synthesis the queries are.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.collect.iac.cloudformation.context_lookups import context_lookups
from auditor.collect.iac.scan import ScanOptions, scan

ROLE = {"provider": "cc-api-provider", "props": {
    "typeName": "AWS::IAM::Role",
    "dummyValue": [{"Arn": "arn:${Token[AWS.Partition.5]}:iam:eu-west-1:123456789012:role/DUMMY_ARN"}],
}}  # fmt: skip


def test_one_placeholder_for_two_answers_says_nothing_of_their_being_the_same() -> None:
    queries = [{**ROLE, "key": name, "props": {**ROLE["props"], "exactIdentifier": name}} for name in ("team", "ops")]
    text = ":iam:eu-west-1:123456789012:role/DUMMY_ARN"
    one = context_lookups({"missing": queries[:1]}).asked(text)
    both = context_lookups({"missing": queries}).asked(text)
    assert one is not None
    assert both is not None
    assert (one.symbol, both.symbol) == ("${cc-api-provider:team}", "")
    assert "cc-api-provider:team, cc-api-provider:ops" in both.reason


def test_a_placeholder_of_older_versions_which_the_query_does_not_hold() -> None:
    lookups = context_lookups({"missing": [
        {"key": "ssm:…", "provider": "ssm", "props": {"parameterName": "/studio/user"}},
        {"key": "vpc:…", "provider": "vpc-provider", "props": {"filter": {"isDefault": "true"}}},
    ]})  # fmt: skip
    assert lookups.asked("team-dummy-value-for-/studio/user") is not None
    assert lookups.asked("vpc-12345") is not None
    assert lookups.asked("vpc-1234567890abcdef0") is None
    assert lookups.asked("vpc-1") is None


def test_what_is_odd_or_not_missing_stands_for_nothing() -> None:
    for manifest in ({}, {"missing": None}, {"missing": [None, {}, {"props": []}, {"props": {"dummyValue": ""}}]}):
        assert context_lookups(manifest).asked("vpc-12345") is None


def test_a_template_that_is_named_by_itself(tmp_path: Path) -> None:
    profile = {"Type": "AWS::SageMaker::UserProfile", "Properties": {
        "DomainId": "d-0123456789ab", "UserProfileName": "dummy-value-for-/studio/user",
    }}  # fmt: skip
    (tmp_path / "S.template.json").write_text(json.dumps({"Resources": {"P": profile}}))
    missing = [{"key": "ssm", "provider": "ssm", "props": {"parameterName": "/studio/user"}}]
    (tmp_path / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {}, "missing": missing}))
    (gap,) = (g for g in scan([tmp_path / "S.template.json"], ScanOptions()).gaps if g.setting == "UserProfileName")
    assert gap.reason == "unresolved_expression"
    assert "has not looked it up" in gap.detail


DEFAULT = "vpc-0da00d0efa64c5fa9"
KEY = "vpc-provider:account=111122223333:filter.isDefault={}:region=us-east-1:returnAsymmetricSubnets=true"


def app(folder: Path, context: str, repository: str = ".") -> list[Path]:
    """An app of two stacks that hang together, each with a domain in the VPC ``DEFAULT``; its assembly."""
    (folder / repository / ".git").mkdir(parents=True)
    (folder / "cdk.context.json").write_text(context)
    assembly = folder / "cdk.out"
    assembly.mkdir(exist_ok=True)
    for name, role in (("A", "arn:aws:iam::111122223333:role/studio"), ("B", {"Fn::ImportValue": "role"})):
        domain = {"Type": "AWS::SageMaker::Domain", "Properties": {
            "AuthMode": "SSO", "DomainName": name, "VpcId": DEFAULT, "SubnetIds": ["subnet-1"],
            "DefaultUserSettings": {"ExecutionRole": role},
        }}  # fmt: skip
        outputs = {"Role": {"Value": role, "Export": {"Name": "role"}}} if name == "A" else {}
        (assembly / f"{name}.template.json").write_text(json.dumps({"Resources": {"D": domain}, "Outputs": outputs}))
    artifacts = {
        name: {"type": "aws:cloudformation:stack", "environment": "aws://111122223333/us-east-1",
               "properties": {"templateFile": f"{name}.template.json"}}
        for name in "AB"
    }  # fmt: skip
    (assembly / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": artifacts}))
    return [assembly]


def default_vpcs(paths: list[Path]) -> list[str]:
    records = scan(paths, ScanOptions()).records
    return [r.id for r in records if r.kind == "vpc" and r.document["IsDefault"]]


def test_a_vpc_that_was_looked_up_as_the_default_one_is_it(tmp_path: Path) -> None:
    """The app keeps each answer under its question. One VPC, though two stacks have domains in it."""
    assert default_vpcs(app(tmp_path, json.dumps({KEY.format("true"): {"vpcId": DEFAULT}}))) == [DEFAULT]


@pytest.mark.parametrize(
    "context",
    [
        "", "[]", "{", "null", json.dumps({KEY.format("true"): DEFAULT}),
        json.dumps({KEY.format("true"): {"vpcId": 5}}),
        json.dumps({KEY.format("false"): {"vpcId": DEFAULT}}), json.dumps({KEY.format("true"): {"vpcId": "vpc-1"}}),
        json.dumps({KEY.format("true").replace("vpc-provider", "ami"): {"vpcId": DEFAULT}}),
    ],
)  # fmt: skip
def test_what_else_an_app_keeps_says_nothing_of_its_vpc(context: str, tmp_path: Path) -> None:
    assert default_vpcs(app(tmp_path, context)) == []


def test_what_lies_outside_of_the_repository_is_not_read(tmp_path: Path) -> None:
    assert default_vpcs(app(tmp_path, json.dumps({KEY.format("true"): {"vpcId": DEFAULT}}), "cdk.out")) == []
