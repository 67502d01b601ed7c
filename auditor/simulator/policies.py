"""IAM's policy simulator over the policies that moto keeps: SimulatePrincipalPolicy for roles.

Identity policies only: no boundary, no organisation policy, no session. A statement with conditions does not match,
since no context is given: the real simulator then answers implicitDeny as well and names the missing keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from auditor.simulator.wire import ApiError

_Statement = Mapping[str, Any]


def simulate(iam: Any, request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of SimulatePrincipalPolicy; ``iam`` is moto's backend of the account."""
    statements = list(_statements(_role(iam, request["PolicySourceArn"])))
    results = [
        {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": _decide(statements, action, resource),
         "MatchedStatements": [], "MissingContextValues": []}
        for action in request["ActionNames"]
        for resource in request.get("ResourceArns") or ["*"]
    ]  # fmt: skip
    return {"EvaluationResults": results, "IsTruncated": False}


def _role(iam: Any, arn: str) -> Any:
    for role in iam.roles.values():
        if role.arn == arn:
            return role
    raise ApiError("NoSuchEntity", f"The role with name {arn.rpartition('/')[2]} cannot be found.", 404)


def _statements(role: Any) -> Iterator[_Statement]:
    documents = list(role.policies.values())
    for policy in role.managed_policies.values():
        documents += [v.document for v in policy.versions if v.is_default]
    for document in documents:
        loaded = json.loads(document) if isinstance(document, str) else document
        found = loaded.get("Statement", [])
        yield from [found] if isinstance(found, dict) else found


def _listed(value: object) -> Sequence[str]:
    return [value] if isinstance(value, str) else list(value or ())  # type: ignore[call-overload]


def _matches(patterns: object, text: str, *, any_case: bool) -> bool:
    # fnmatch knows [sets], which IAM does not.
    escaped = (pattern.replace("[", "[[]") for pattern in _listed(patterns))
    if any_case:
        return any(fnmatchcase(text.lower(), pattern.lower()) for pattern in escaped)
    return any(text == "*" if pattern == "*" else fnmatchcase(text, pattern) for pattern in escaped) or (
        "*" in _listed(patterns)
    )


def _speaks(statement: _Statement, action: str, resource: str) -> bool:
    if statement.get("Condition"):
        return False
    if "NotAction" in statement:
        acts = not _matches(statement["NotAction"], action, any_case=True)
    else:
        acts = _matches(statement.get("Action"), action, any_case=True)
    if "NotResource" in statement:
        return acts and not _matches(statement["NotResource"], resource, any_case=False)
    return acts and _matches(statement.get("Resource", "*"), resource, any_case=False)


def _decide(statements: Sequence[_Statement], action: str, resource: str) -> str:
    effects = {s.get("Effect") for s in statements if _speaks(s, action, resource)}
    if "Deny" in effects:
        return "explicitDeny"
    return "allowed" if "Allow" in effects else "implicitDeny"
