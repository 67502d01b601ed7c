"""AWS's own managed policies, known by their names.

A template names them and does not hold them, and there are more than a thousand. What is kept of each is its answer to
the requests of ``capabilities``, alone: whether it allows, and whether it denies. What several policies decide together
follows from these. ``tools/aws_managed_policies.py`` makes the table; a policy that is not in it may allow anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from auditor.iam.capabilities import PROBE
from auditor.iam.conditions import Condition
from auditor.iam.context import Context
from auditor.iam.documents import Element, Policy, Statement, opaque
from auditor.iam.logic import Truth
from auditor.iam.patterns import pattern

TABLE = Path(__file__).with_name("managed.json")
_EVERYTHING = Element((pattern("*"),))
#: Member of the table → effect, and whether it is certain.
_MEMBERS: tuple[tuple[str, Literal["Allow", "Deny"], bool], ...] = (
    ("allow", "Allow", True), ("may_allow", "Allow", False), ("deny", "Deny", True), ("may_deny", "Deny", False),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Asked(Condition):
    """Whether the request is one of many that are known by name: looked up, since each role is asked a hundred."""

    names: frozenset[str] = frozenset()

    def holds(self, context: Context) -> Truth:
        value = context.get(PROBE)
        return value[0] in self.names if isinstance(value, tuple) else Condition.holds(self, context)


def _asked(requests: Iterable[str]) -> _Asked:
    names = tuple(requests)
    return _Asked("stringequals", PROBE, tuple(map(pattern, names)), names=frozenset(names))


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return loaded


def as_of() -> str:
    """The day of the newest policy in the table."""
    return str(_table()["as_of"])


def arn_of(name: str) -> str | None:
    """The ARN of AWS's policy of that name in the partition aws; None where this version knows none."""
    table = _table()
    path = table["paths"].get(name, "")
    return f"arn:aws:iam::aws:policy/{path}{name}" if name in table["policies"] else None


@lru_cache(maxsize=256)
def managed(name: str) -> Policy:
    """The policy of that name, as far as the requests of the table go."""
    table = _table()
    if name not in table["policies"]:
        return opaque(name, "it is newer than the AWS managed policies that this version knows")
    members = table["answers"].get(name, {})
    return Policy(name, tuple(_statements(members, table["requests"])))


def _statements(members: Mapping[str, Sequence[int]], requests: Sequence[str]) -> Iterator[Statement]:
    for member, effect, certain in _MEMBERS:
        numbers = members.get(member, ())
        if not numbers:
            continue
        asked = _asked(requests[number] for number in numbers)
        # A condition of the real policy that hangs on what nobody knows.
        conditions = (asked,) if certain else (asked, Condition("", "", ()))
        yield Statement(0, effect=effect, actions=_EVERYTHING, resources=_EVERYTHING, conditions=conditions)


def bounding(name: str) -> Policy:
    """The same as a permissions boundary: what it answers to other requests than those of the table is not known."""
    policy = managed(name)
    if not policy.understood:
        return policy
    others = Condition("stringnotequals", PROBE, tuple(pattern(r) for r in _table()["requests"]))
    rest = Statement(0, effect="Allow", actions=_EVERYTHING, resources=_EVERYTHING,
                     conditions=(others, Condition("", "", ())))  # fmt: skip
    return Policy(name, (*policy.statements, rest))
