"""What a rule's ``prevent`` says: statements that deny the calls that would break the rule, and calls that prove it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

#: Condition operator → key → values, as a policy document has them.
Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Deny:
    """One statement with ``Effect: Deny``. Texts may hold ``$name`` of one of the rule's parameters; of a list the text
    is written once for each item. ``resources`` are ARN patterns, or ``*``."""

    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    condition: Conditions | None = None


@dataclass(frozen=True, slots=True)
class RequestCase:
    """One call of an API, and what a policy that holds the rule's statements makes of it.

    ``given`` are the members of the request as the API has them; ``resource`` its ARN where the request does not tell.
    ``params`` overrides parameters of the rule.
    """

    call: str
    then: Literal["denied", "allowed"]
    given: Mapping[str, Any]
    resource: str = ""
    name: str = ""
    params: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Prevent:
    """How policies can stop what a rule reports. ``beyond`` says what the statements deny, or leave open, beside what
    the rule reports: one sentence for whoever attaches them, empty where there is nothing to say."""

    deny: tuple[Deny, ...]
    cases: tuple[RequestCase, ...]
    beyond: str = ""
