"""IAM's policy simulator over the policies that moto keeps: SimulatePrincipalPolicy for roles, answered as AWS does.

Identity policies and the permissions boundary; the account is in no organization. Context keys that are not sent are
absent, and the answer names those that a policy reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from auditor.iam.context import Context
from auditor.iam.documents import Policy, parse
from auditor.iam.evaluation import Permissions
from auditor.iam.simulation import evaluate
from auditor.simulator.wire import ApiError

#: A policy's name and its document, as JSON.
Named = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Question:
    """What decides an answer. Many roles of an account have the same policies, and each audit asks the same of each."""

    policies: tuple[Named, ...]
    boundary: Named | None
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: tuple[tuple[str, tuple[str, ...]], ...]


def question(iam: Any, request: Mapping[str, Any]) -> Question:
    """What a request of SimulatePrincipalPolicy asks; ``iam`` is moto's backend of the account. Raises ApiError for a
    role that does not exist."""
    role = _role(iam, request["PolicySourceArn"])
    context = request.get("ContextEntries") or ()
    return Question(
        tuple(_policies(role)),
        _boundary(iam, role),
        tuple(request["ActionNames"]),
        tuple(request.get("ResourceArns") or ()),
        tuple((e["ContextKeyName"], tuple(e["ContextKeyValues"])) for e in context),
    )


@lru_cache(maxsize=1024)
def simulate(asked: Question) -> Mapping[str, Any]:
    """The answer of SimulatePrincipalPolicy. Not to be changed: it is given to everybody who asks the same."""
    permissions = Permissions(tuple(map(_parsed, asked.policies)), asked.boundary and _parsed(asked.boundary))
    context = Context(dict(asked.context), closed=True)
    results = evaluate(permissions, asked.actions, asked.resources, context)
    return {"EvaluationResults": results, "IsTruncated": False}


def _role(iam: Any, arn: str) -> Any:
    for role in iam.roles.values():
        if role.arn == arn:
            return role
    raise ApiError("NoSuchEntity", f"The role with name {arn.rpartition('/')[2]} cannot be found.", 404)


def _policies(role: Any) -> Iterator[Named]:
    for name, document in role.policies.items():
        yield name, _text(document)
    for policy in role.managed_policies.values():
        yield policy.name, _default(policy)


def _boundary(iam: Any, role: Any) -> Named | None:
    arn = role.permissions_boundary_arn
    return None if not arn else (arn.rpartition("/")[2], _default(iam.managed_policies[arn]))


def _default(policy: Any) -> str | None:
    return next((_text(v.document) for v in policy.versions if v.is_default), None)


def _text(document: object) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _parsed(named: Named) -> Policy:
    name, document = named
    return parse(None if document is None else json.loads(document), name)
