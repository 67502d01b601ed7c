"""Whether a resource's policy lets anybody in: a principal, and a resource, of an account that no policy names."""

from __future__ import annotations

from auditor.iam.context import Context, Known
from auditor.iam.documents import parse
from auditor.iam.evaluation import Request, trusts
from auditor.iam.logic import Truth
from auditor.iam.principals import Principal

_ACCOUNT = "000000000000"
_ROLE = f"arn:aws:iam::{_ACCOUNT}:role/any-0f3b"
_ELSEWHERE = Context(
    {
        "aws:PrincipalAccount": (_ACCOUNT,),
        "aws:PrincipalArn": (_ROLE,),
        "aws:PrincipalOrgID": ("o-elsewhere00",),
        "aws:PrincipalOrgPaths": ("o-elsewhere00/r-none/",),
        "aws:PrincipalType": ("AssumedRole",),
        "aws:PrincipalIsAWSService": ("false",),
        "aws:ResourceAccount": (_ACCOUNT,),
        "aws:ResourceOrgID": ("o-elsewhere00",),
        "aws:ResourceOrgPaths": ("o-elsewhere00/r-none/",),
        "aws:SourceAccount": Known.ABSENT,
        "aws:SourceArn": Known.ABSENT,
        "aws:SecureTransport": ("true",),
        "aws:ViaAWSService": ("false",),
    }
)


def allows_elsewhere(document: object, action: str, resource: str) -> Truth:
    """Whether the policy allows the action to a role of an account that nobody named, on a resource that lies in such
    an account. ``{}`` in the resource's ARN is a Region and that account."""
    policy = parse(document, "policy", "resource")
    named = resource.format(f"us-east-1:{_ACCOUNT}")
    return trusts(policy, Request(action, named, _ELSEWHERE, Principal("AWS", _ROLE))).allowed
