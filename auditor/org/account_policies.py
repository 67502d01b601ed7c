"""The IAM policies of a run over several accounts: who lists them, who enters them, and the role in each."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from auditor.collect.aws.specs import permissions
from auditor.org.organizations import PERMISSIONS
from auditor.org.request import DEFAULT_ROLE, role_problem
from auditor.studio.evidence_sources import EVIDENCE, EVIDENCE_SOURCES, ON_REQUEST

_VERSION = "2012-10-17"
#: Where a person has to write an ARN or an id of their own.
HUB, ORGANIZATION_ID = "HubPrincipal", "OrganizationId"


def organization_policy(evidence: Collection[str] = EVIDENCE) -> dict[str, Any]:
    """What the credentials of a run with this evidence need to list the organization's accounts, and the users of its
    Identity Center: in the management account, or in one that is a delegated administrator."""
    people = next(source for source in EVIDENCE_SOURCES if "identity_user" in source.kinds)
    statements = [{"Sid": "ListAccounts", "Effect": "Allow", "Action": sorted(PERMISSIONS), "Resource": "*"}]
    if people.name in evidence:
        # Members may not list the users of the organization's instance of Identity Center.
        named = {"Sid": "ListPeople", "Effect": "Allow", "Action": sorted(people.permissions), "Resource": "*"}
        statements.append(named)
    return _policy(statements)


def hub_policy(role: str = DEFAULT_ROLE) -> dict[str, Any]:
    """What they need to enter the accounts: the role, in accounts of their own organization only."""
    own = {"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}
    resource = f"arn:*:iam::*:role/{_named(role)}"
    return _policy(
        [
            {
                "Sid": "EnterAccounts",
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Resource": resource,
                "Condition": own,
            }
        ]
    )


def member_template(role: str = DEFAULT_ROLE, evidence: Collection[str] = (*EVIDENCE, *ON_REQUEST)) -> dict[str, Any]:
    """A CloudFormation template with the role of each account: what an audit with this evidence may read, and who may
    assume it."""
    path, _, name = f"/{_named(role)}".rpartition("/")
    trust = {
        "Effect": "Allow", "Principal": {"AWS": {"Ref": HUB}}, "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {
                "aws:PrincipalOrgID": {"Ref": ORGANIZATION_ID},
                "sts:ExternalId": {"Ref": "ExternalId"},
            }
        },
    }  # fmt: skip
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Role that the SageMaker Studio auditor assumes in each account. It only reads.",
        "Parameters": {
            HUB: {"Type": "String", "Description": "ARN of the role or user that runs the audit"},
            ORGANIZATION_ID: {
                "Type": "String", "AllowedPattern": "o-[a-z0-9]{10,32}", "Description": "Id of the organization",
            },
            "ExternalId": {
                "Type": "String", "NoEcho": True, "MinLength": 2, "Description": "External ID, as for --external-id",
            },
        },
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": name,
                    "Path": f"{path}/",
                    "MaxSessionDuration": 3600,
                    "AssumeRolePolicyDocument": _policy([trust]),
                    "Policies": [{"PolicyName": "audit", "PolicyDocument": permissions(evidence)}],
                },
            }
        },
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }  # fmt: skip


def _named(role: str) -> str:
    """A role's name without a leading slash. Raises ValueError for what is no name."""
    problem = role_problem(role)
    if problem:
        raise ValueError(problem)
    return role.lstrip("/")


def _policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": _VERSION, "Statement": statements}
