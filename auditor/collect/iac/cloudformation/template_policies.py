"""What policies of a template let a program do, before anything of the template is resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from auditor.iam.capabilities import Ask, Environment
from auditor.iam.documents import Policy, parse
from auditor.iam.evaluation import Permissions
from auditor.iam.managed import arn_of, managed
from auditor.iam.patterns import UNKNOWN_PART
from auditor.iam.reach import may_do
from auditor.iam.roles import TEMPLATE_ACCOUNT
from auditor.studio.changing_calls import CREATES, UPDATES

_ANYWHERE = Environment("", (TEMPLATE_ACCOUNT,), ("us-east-1",))
_PLACES: Mapping[str, str] = {
    "domain": "domain/any-0f3b",
    "user_profile": "user-profile/any-0f3b/any-0f3b",
    "space": "space/any-0f3b/any-0f3b",
}


def _asks(calls: Mapping[str, str]) -> Mapping[str, Ask]:
    return {
        kind: Ask(f"sagemaker:{calls[kind]}", f"arn:{{partition}}:sagemaker:{{region}}:{{account}}:{place}")
        for kind, place in _PLACES.items()
    }


_MAKING, _UPDATING = tuple(_asks(CREATES).values()), _asks(UPDATES)


def may_make(policies: Iterable[Any]) -> bool:
    """Whether the policies may allow to make something of Studio: documents as the template writes them, and names or
    ARNs of AWS's own policies."""
    return _may(_MAKING, policies)


def may_update(kind: str, policies: Iterable[Any]) -> bool:
    """Whether they may allow to change a resource of a kind: domain, user_profile or space."""
    return _may((_UPDATING[kind],), policies)


def _may(asks: Sequence[Ask], policies: Iterable[Any]) -> bool:
    found = tuple(policy for one in policies if (policy := _policy(one)) is not None)
    return bool(found) and may_do(asks, Permissions(found), _ANYWHERE) is not False


def _policy(given: Any) -> Policy | None:
    if isinstance(given, str):
        name = given.rpartition("/")[2]
        return managed(name) if arn_of(name) is not None else None
    if isinstance(given, Mapping) and "Statement" in given:
        return parse(_filled(given))
    return None


def _filled(node: Any) -> Any:
    """The document with ``UNKNOWN_PART`` for whatever a function gives."""
    if isinstance(node, Mapping):
        if len(node) == 1 and str(next(iter(node))).startswith(("Fn::", "Ref")):
            return UNKNOWN_PART
        return {str(key): _filled(value) for key, value in node.items()}
    return [_filled(item) for item in node] if isinstance(node, list | tuple) else node
