"""Requests whose parameters the caller chooses as a policy wants them.

A statement that allows jobs in certain subnets allows them: whoever starts a job names these subnets, whatever they
are called. So of a key that the caller chooses, what a policy's own conditions ask for is tried as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from auditor.iam.conditions import NULL, Condition
from auditor.iam.context import Chosen, Known, Value
from auditor.iam.evaluation import Permissions, Request
from auditor.iam.patterns import UNKNOWN_PART, Pattern

_ANY = "any"


def chosen(request: Request, keys: Collection[str], permissions: Permissions) -> Iterator[Request]:
    """The request, and once for each statement that allows such ones under conditions, as that statement wants it.
    ``keys``: of which the caller chooses the value; one that the request lacks stays so."""
    yield request
    for policy in permissions.identity if keys else ():
        for statement in policy.statements:
            if (
                statement.effect == "Deny"
                or statement.actions.matches(request.action, request.context, any_case=True) is False
            ):
                continue
            wanted = {c.key: _value(c) for c in statement.conditions if _open(c, request, keys)}
            if wanted:
                yield Request(request.action, request.resource, request.context.with_(wanted), request.principal)


def _open(condition: Condition, request: Request, keys: Collection[str]) -> bool:
    """Whether a condition asks for a value, and the caller is free to give it."""
    asks = condition.operator not in ("", NULL) and not condition.is_negated
    given = request.context.get(condition.key) is not Known.ABSENT
    return (
        asks and given and condition.key.lower() in {key.lower() for key in keys} and not _of_iam(condition.values[0])
    )


def _of_iam(wanted: Pattern) -> bool:
    """Whether it hangs on the caller (``${aws:PrincipalTag/team}``)."""
    return any(variable.key != UNKNOWN_PART for variable in wanted.variables)


def _value(condition: Condition) -> Value:
    """A value that meets the condition. One that no person can read yet is known by the condition that lists it."""
    wanted = condition.values[0]
    if wanted.variables:
        return Chosen(condition)
    return (wanted.text.replace("*", _ANY).replace("?", "a"),)
