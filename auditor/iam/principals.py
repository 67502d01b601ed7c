"""Who a trust policy, or another resource's policy, speaks of.

Source: IAM User Guide, "JSON policy elements: Principal" and "NotPrincipal".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from auditor.iam.context import Context
from auditor.iam.documents import Principals
from auditor.iam.logic import Truth, every, negated, some
from auditor.iam.patterns import UNKNOWN_PART, pattern


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a service (``sagemaker.amazonaws.com``), or an IAM role or user by its ARN."""

    kind: Literal["AWS", "Service", "Federated"]
    name: str

    @property
    def account(self) -> str:
        """The account of an ARN; empty for others."""
        parts = self.name.split(":")
        return parts[4] if self.kind == "AWS" and len(parts) > 5 else ""


def service(name: str) -> Principal:
    """A service principal."""
    return Principal("Service", name)


def names(principals: Principals | None, asking: Principal) -> Truth:
    """Whether the element speaks of the principal; a policy without the element speaks of everyone that it is attached
    to."""
    if principals is None:
        return True
    found: list[Truth] = [_same(kind, text, asking) for kind, text in principals.named]
    if not principals.whole:
        found.append(None)
    if not principals.negated:
        return some(found)
    # NotPrincipal: everyone but those. AWS asks to name the account beside the role, and so the exception is certain
    # only where it names the very principal.
    return every(negated(one) for one in found)


def _same(kind: str, text: str, asking: Principal) -> Truth:
    if kind == "*":
        return True
    if kind != asking.kind:
        return False
    if UNKNOWN_PART in text:
        # Whoever that is. Some of a name may tell that it is somebody else.
        return pattern(text).matches(asking.name, Context())
    if kind != "AWS":
        return text == asking.name
    if text == asking.name:
        return True
    # The account stands for every principal in it.
    return asking.account != "" and text in (asking.account, _root(asking))


def _root(asking: Principal) -> str:
    partition = asking.name.split(":")[1]
    return f"arn:{partition}:iam::{asking.account}:root"
