"""IAM's policy simulator over the policies that moto keeps: SimulatePrincipalPolicy for roles, answered as AWS does.

Identity policies and the permissions boundary; the account is in no organization. Context keys that are not sent are
absent, and the answer names those that a policy reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from auditor.iam.context import Context
from auditor.iam.documents import Policy, parse
from auditor.iam.evaluation import Permissions
from auditor.iam.simulation import evaluate
from auditor.simulator.wire import ApiError


def simulate(iam: Any, request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of SimulatePrincipalPolicy; ``iam`` is moto's backend of the account."""
    role = _role(iam, request["PolicySourceArn"])
    boundary = _boundary(iam, role)
    context = {e["ContextKeyName"]: tuple(e["ContextKeyValues"]) for e in request.get("ContextEntries") or ()}
    results = evaluate(
        Permissions(tuple(_policies(role)), boundary), request["ActionNames"], request.get("ResourceArns") or (),
        Context(context, closed=True),
    )  # fmt: skip
    return {"EvaluationResults": results, "IsTruncated": False}


def _role(iam: Any, arn: str) -> Any:
    for role in iam.roles.values():
        if role.arn == arn:
            return role
    raise ApiError("NoSuchEntity", f"The role with name {arn.rpartition('/')[2]} cannot be found.", 404)


def _policies(role: Any) -> Iterator[Policy]:
    for name, document in role.policies.items():
        yield parse(_loaded(document), name)
    for policy in role.managed_policies.values():
        yield parse(_default(policy), policy.name)


def _boundary(iam: Any, role: Any) -> Policy | None:
    arn = role.permissions_boundary_arn
    return None if not arn else parse(_default(iam.managed_policies[arn]), arn.rpartition("/")[2])


def _default(policy: Any) -> object:
    return next((_loaded(v.document) for v in policy.versions if v.is_default), None)


def _loaded(document: object) -> object:
    return json.loads(document) if isinstance(document, str) else document
