"""What policies of a template let a program do, before anything of the template is resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from auditor.iam.capabilities import Ask, Environment
from auditor.iam.documents import Policy, parse
from auditor.iam.evaluation import Permissions
from auditor.iam.managed import arn_of, managed
from auditor.iam.patterns import UNKNOWN_PART
from auditor.iam.reach import may_do
from auditor.iam.roles import TEMPLATE_ACCOUNT

_ANYWHERE = Environment("", (TEMPLATE_ACCOUNT,), ("us-east-1",))
_MAKING = tuple(
    Ask(f"sagemaker:{action}", f"arn:{{partition}}:sagemaker:{{region}}:{{account}}:{resource}")
    for action, resource in (
        ("CreateDomain", "domain/any-0f3b"),
        ("CreateUserProfile", "user-profile/any-0f3b/any-0f3b"),
        ("CreateSpace", "space/any-0f3b/any-0f3b"),
    )
)


def may_make(policies: Iterable[Any]) -> bool:
    """Whether the policies may allow to make something of Studio: documents as the template writes them, and names or
    ARNs of AWS's own policies."""
    found = tuple(policy for one in policies if (policy := _policy(one)) is not None)
    return bool(found) and may_do(_MAKING, Permissions(found), _ANYWHERE) is not False


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
