"""Names that a role's policies write: resources of which the role may do more, or less, than of any other.

Whoever is asked about a resource with a made-up name says nothing of a role that may use ``training-job/team-*`` only.
So each pattern that a policy writes is asked about as well, by one name that fits it. AWS's own managed policies only
write names that a service of AWS's gives (``*canvas*``, ``deeplens*``): they say what that service may do for somebody,
and are not looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from auditor.iam.context import Context
from auditor.iam.documents import Policy
from auditor.iam.patterns import Variable
from auditor.iam.roles import Role

_WILD = "*?"
#: Stands for a character that nobody chose, and for a policy variable's value.
_SOME = "x"


def meeting(first: str, second: str) -> str | None:
    """A shortest text that two patterns both match; None where there is none."""
    start = (0, 0)
    before: dict[tuple[int, int], tuple[tuple[int, int], str]] = {}
    queue, seen = deque([start]), {start}
    while queue:
        at = queue.popleft()
        if at == (len(first), len(second)):
            text = ""
            while at != start:
                at, character = before[at]
                text = character + text
            return text
        for to, character in _steps(first, second, *at):
            if to not in seen:
                seen.add(to)
                before[to] = (at, character)
                # What takes no character comes first.
                queue.append(to) if character else queue.appendleft(to)
    return None


def _steps(first: str, second: str, i: int, j: int) -> Iterator[tuple[tuple[int, int], str]]:
    one, other = first[i : i + 1], second[j : j + 1]
    if one == "*":
        yield (i + 1, j), ""
    if other == "*":
        yield (i, j + 1), ""
    if one and other:
        literal = next((c for c in (one, other) if c not in _WILD), _SOME)
        if one in _WILD or other in _WILD or one == other:
            yield (i if one == "*" else i + 1, j if other == "*" else j + 1), literal


def named_resources(role: Role, kinds: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """For each action, and each resource pattern in the account's own policies of the role that is about it, a resource
    that fits it and one of the action's ``kinds``: patterns such as
    ``arn:aws:sagemaker:eu-west-1:111122223333:training-job/?*``."""
    found: dict[str, tuple[str, ...]] = {}
    for action, patterns in kinds.items():
        met = {named_resource(text, kind) for text in set(written(role, action)) for kind in patterns}
        found[action] = tuple(sorted(text for text in met if text is not None))
    return found


@lru_cache(maxsize=8192)
def named_resource(text: str, kind: str) -> str | None:
    """A resource that two patterns of ARNs both mean; None where there is none. A wildcard stays within its segment
    (IAM User Guide, "JSON policy elements: Resource")."""
    mine, theirs = text.split(":", 5), kind.split(":", 5)
    if len(mine) != len(theirs):
        return meeting(text, kind)
    segments = [meeting(one, other) for one, other in zip(mine, theirs, strict=True)]
    return None if None in segments else ":".join(s for s in segments if s is not None)


def written(role: Role, action: str) -> Iterator[str]:
    """Resource patterns in the account's own policies of the role that are about an action; ``*`` stands for variables
    and for what is not known."""
    for policy in _own(role):
        for statement in policy.statements:
            if statement.resources is None or statement.actions.matches(action, Context(), any_case=True) is False:
                continue
            for pattern in statement.resources.patterns:
                yield "".join("*" if isinstance(part, Variable) else part for part in pattern.parts)


def understood(role: Role) -> bool:
    """Whether every policy of the account's own was seen and understood: else there may be other names."""
    return all(policy.understood for policy in _own(role))


def _own(role: Role) -> tuple[Policy, ...]:
    """The account's own policies, the role's boundary included."""
    return (*role.own_policies(), *((role.boundary,) if role.boundary is not None else ()))
