"""Whether a resource's policy lets anybody in: a principal, and a resource, of an account that no policy names."""

from __future__ import annotations

from auditor.iam.context import Context, Known
from auditor.iam.documents import parse
from auditor.iam.evaluation import Request, trusts
from auditor.iam.logic import Truth
from auditor.iam.principals import Principal

_ACCOUNT = "000000000000"
_ELSEWHERE = Context(
    {
        "aws:PrincipalAccount": (_ACCOUNT,),
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


def allows_elsewhere(document: object, action: str, resource: str, partition: str, region: str) -> Truth:
    """Whether the policy allows the action to a role of an account that nobody named, on a resource that lies in such
    an account. The resource's ARN holds ``{partition}``, ``{region}`` and ``{account}``."""
    policy = parse(document, "policy", "resource")
    named = resource.format(partition=partition, region=region, account=_ACCOUNT)
    role = f"arn:{partition}:iam::{_ACCOUNT}:role/any-0f3b"
    context = _ELSEWHERE.with_({"aws:PrincipalArn": (role,)})
    return trusts(policy, Request(action, named, context, Principal("AWS", role))).allowed
