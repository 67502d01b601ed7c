"""Records of roles: their policies, who may assume them, who uses them, and what IAM's simulator answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from auditor.model.snapshot import GLOBAL, Record
from auditor.studio.tools import APP_ARN_PARTS, CREATE_APP, simulated_arns

from .builder import ACCOUNT, REGION, record

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/studio"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"
FAR = "arn:aws:iam::999999999999:role/far"
SERVICE = {"Service": "sagemaker.amazonaws.com"}


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(action: object = "*", resource: object = "*", effect: str = "Allow", **also: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **also}


def trust(action: object, principal: object = SERVICE, effect: str = "Allow", **also: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, **also}


def result(action: str, decision: str = "allowed", resource: str = "*", missing: Sequence[str] = ()) -> dict[str, Any]:
    top = {
        "EvalActionName": action,
        "EvalResourceName": "*",
        "EvalDecision": decision,
        "MissingContextValues": list(missing),
    }
    if resource == "*":
        return top
    each = {"EvalResourceName": resource, "EvalResourceDecision": decision, "MissingContextValues": list(missing)}
    return {**top, "EvalDecision": "explicitDeny", "ResourceSpecificResults": [each]}


def role(arn: str = ROLE, **document: Any) -> Record:
    base = {"Arn": arn, "AssumeRolePolicyDocument": policy(trust("sts:AssumeRole"))}
    return record("role", arn, {**base, **document}, region=GLOBAL)


def permission(arn: str, *actions: str, undecided: Sequence[str] = ()) -> Record:
    """IAM's answer to every question: allowed for ``actions`` (CreateApp as CreateApp/TYPE), else denied."""
    results = []
    for action, arns in simulated_arns("aws", ACCOUNT, REGION).items():
        for asked in arns or ("*",):
            app = next((t for t, part in APP_ARN_PARTS.items() if f"/{part}/" in asked), "")
            name = f"{action}/{app}" if action == CREATE_APP else action
            missing = ["aws:SourceVpc"] if name in undecided else []
            results.append(result(action, "allowed" if name in actions else "implicitDeny", asked, missing))
    return record("permission", arn, {"RoleArn": arn, "Results": results}, region=GLOBAL)


def defaults(role_arn: str = "", spaces: str = "", identity: str = "") -> dict[str, Any]:
    document: dict[str, Any] = {}
    if role_arn:
        document["DefaultUserSettings"] = {"ExecutionRole": role_arn}
    if spaces:
        document["DefaultSpaceSettings"] = {"ExecutionRole": spaces}
    if identity:
        document["DomainSettings"] = {"ExecutionRoleIdentityConfig": identity}
    return document
