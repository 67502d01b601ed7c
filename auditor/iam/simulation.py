"""What IAM's policy simulator answers: SimulatePrincipalPolicy, read and given.

One EvaluationResult an action, whatever the number of ARNs that were asked about: its decision is the most restrictive
of them, and the decisions by ARN stand in ResourceSpecificResults. Where context values are missing, IAM takes the keys
for absent, so that anything but ``allowed`` says nothing about a real call. The answer names no keys of service control
policies; what those decided with the context that was sent counts.

Source: the IAM model of botocore 1.44, shapes EvaluationResult and ResourceSpecificResult.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from auditor.iam.capabilities import session
from auditor.iam.context import Context, Known
from auditor.iam.documents import Policy, Statement
from auditor.iam.evaluation import Decision, Permissions, Request, matches_request, open_keys
from auditor.iam.logic import Truth

_DENIED = ("implicitDeny", "explicitDeny")
#: From the least to the most restrictive.
_ORDER = ("allowed", *_DENIED)
ALL = "*"


def kept(result: Mapping[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    """What a snapshot keeps of an EvaluationResult: the decision, why it may not be one, and the same of each ARN of
    ``wanted``."""
    members = ("EvalActionName", "EvalResourceName", "EvalDecision", "MissingContextValues",
               "OrganizationsDecisionDetail", "PermissionsBoundaryDecisionDetail")  # fmt: skip
    found: dict[str, Any] = {name: result[name] for name in members if name in result}
    # An empty list is left out of an answer of this protocol; a snapshot of before did not keep it at all.
    found.setdefault("MissingContextValues", [])
    asked = set(wanted)
    each = [
        {name: one[name] for name in ("EvalResourceName", "EvalResourceDecision", "PermissionsBoundaryDecisionDetail")
         if name in one} | {"MissingContextValues": one.get("MissingContextValues", [])}
        for one in result.get("ResourceSpecificResults") or ()
        if one.get("EvalResourceName") in asked
    ]  # fmt: skip
    return found | ({"ResourceSpecificResults": each} if each else {})


#: What is known of every call, with its type: so that policies which read it are decided.
_SENT: Mapping[str, str] = {
    "aws:RequestedRegion": "string",
    "aws:PrincipalAccount": "string",
    "aws:ResourceAccount": "string",
    "aws:SecureTransport": "boolean",
    "aws:ViaAWSService": "boolean",
    "aws:PrincipalIsAWSService": "boolean",
}


def context_entries(role: str, account: str, region: str) -> list[dict[str, Any]]:
    """The ContextEntries to send: what is known of a call that code in Studio makes as the role."""
    known = session(role, account, region)
    return [
        {"ContextKeyName": key, "ContextKeyValues": list(value), "ContextKeyType": kind}
        for key, kind in _SENT.items()
        if isinstance(value := known.get(key), tuple)
    ]


def answers(results: object) -> Iterator[tuple[str, str, Truth]]:
    """(action, ARN or *, whether it is allowed) of every question that the results answer; None where IAM could not
    tell, or the answer is not understood."""
    for result in results if isinstance(results, list) else ():
        if not isinstance(result, Mapping) or not isinstance(result.get("EvalActionName"), str):
            continue
        action, each = result["EvalActionName"], result.get("ResourceSpecificResults")
        if not isinstance(each, list) or not each:
            name = result.get("EvalResourceName")
            resource = name if isinstance(name, str) and "${" not in name else ALL
            yield action, resource, _truth(result.get("EvalDecision"), result.get("MissingContextValues"))
            continue
        for one in each:
            if isinstance(one, Mapping) and isinstance(one.get("EvalResourceName"), str):
                missing = one.get("MissingContextValues", result.get("MissingContextValues"))
                yield action, one["EvalResourceName"], _truth(one.get("EvalResourceDecision"), missing)


def _truth(decision: object, missing: object) -> Truth:
    if decision == "allowed":
        return True
    return False if decision in _DENIED and missing == [] else None


def evaluate(
    permissions: Permissions, actions: Iterable[str], resources: Sequence[str], context: Context
) -> list[dict[str, Any]]:
    """The EvaluationResults for a role with these permissions. ``resources`` empty: ``*``. Keys that ``context`` does
    not hold are absent, and named as missing where a statement reads them."""
    found = []
    for action in actions:
        each = [_one(permissions, Request(action, resource, context)) for resource in resources or (ALL,)]
        strictest = max(each, key=lambda one: _ORDER.index(one["EvalResourceDecision"]))
        missing = list(dict.fromkeys(key for one in each for key in one["MissingContextValues"]))
        statements = [s for one in each for s in one["MatchedStatements"]]
        result: dict[str, Any] = {
            "EvalActionName": action,
            "EvalResourceName": _template(resources[0]) if resources else ALL,
            "EvalDecision": strictest["EvalResourceDecision"],
            "MatchedStatements": [s for i, s in enumerate(statements) if s not in statements[:i]],
            "MissingContextValues": missing,
        }
        for name in ("PermissionsBoundaryDecisionDetail", "OrganizationsDecisionDetail"):
            if name in strictest:
                result[name] = strictest[name]
        if list(resources) not in ([], [ALL]):
            result["ResourceSpecificResults"] = [
                {name: value for name, value in one.items() if name != "OrganizationsDecisionDetail"} for one in each
            ]
        found.append(result)
    return found


def _one(permissions: Permissions, request: Request) -> dict[str, Any]:
    decision = permissions.decide(request)
    speaking = [
        (policy, statement)
        for policy in permissions.identity
        for statement in policy.statements
        if matches_request(statement, request)
    ]
    found: dict[str, Any] = {
        "EvalResourceName": request.resource,
        "EvalResourceDecision": _decision(decision),
        "MatchedStatements": [{"SourcePolicyId": one.policy, "SourcePolicyType": "none"} for one in decision.by],
        "MissingContextValues": list(
            dict.fromkeys(key for _, statement in speaking for key in _missing(statement, request.context))
        ),
    }
    if permissions.boundary is not None:
        found["PermissionsBoundaryDecisionDetail"] = {
            "AllowedByPermissionsBoundary": _alone(permissions.boundary, request)
        }
    if permissions.controls:
        allowed = all(_alone_all(level, request) for level in permissions.controls)
        found["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": allowed}
    return found


def _decision(decision: Decision) -> str:
    """A request whose context is closed is never unknown, unless a policy is not understood: IAM would not have it."""
    if decision.outcome == "allowed":
        return "allowed"
    return "explicitDeny" if decision.layer == "explicit deny" and decision.outcome == "denied" else "implicitDeny"


def _alone(policy: Policy, request: Request) -> bool:
    return Permissions((policy,)).decide(request).outcome == "allowed"


def _alone_all(policies: Sequence[Policy], request: Request) -> bool:
    return Permissions(tuple(policies)).decide(request).outcome == "allowed"


def _missing(statement: Statement, context: Context) -> Iterator[str]:
    keys = [*(c.key for c in statement.conditions if c.operator), *open_keys(statement, Context())]
    yield from (key for key in dict.fromkeys(keys) if context.get(key) is Known.ABSENT)


def _template(arn: str) -> str:
    """An ARN with placeholders, as the answer names the kind of resource."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return ALL
    kind, _, name = parts[5].partition("/")
    return f"arn:${{Partition}}:{parts[2]}:${{Region}}:${{Account}}:{kind}" + ("/${Name}" if name else "")
