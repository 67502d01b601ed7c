"""Whether a role may do an action on anything at all.

A capability that counts for everything is probed with a made-up name (``auditor.iam.capabilities``). Whether something
can be used at all is another question: a role that may only train ``training-job/team-*`` may train. So the names that
the policies themselves give are tried as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from auditor.iam.capabilities import Ask, Environment, Finding
from auditor.iam.choices import chosen
from auditor.iam.documents import Policy
from auditor.iam.evaluation import Decision, Permissions, Request
from auditor.iam.logic import Truth, some
from auditor.iam.patterns import UNKNOWN_PART

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_SECTIONS = 6
#: Stands where a pattern leaves a name open.
_ANY = "any"


def may_do(asks: Iterable[Ask], permissions: Permissions, places: Environment) -> Truth:
    """Whether one of the requests is allowed, on the resource that it names or on one of the same kind that a policy
    names. None where that hangs on what is not known."""
    return some(permissions.decide(request).allowed for ask in asks for request in requests(ask, permissions, places))


def reached(name: str, asks: Iterable[Ask], permissions: Permissions, places: Environment) -> Finding:
    """The same, with the policies that decide and why it is not known."""
    open_: list[tuple[Ask, Decision]] = []
    for ask in asks:
        for request in requests(ask, permissions, places) if permissions.grants(ask.action) else ():
            decision = permissions.decide(request)
            if decision.allowed:
                return _finding(name, True, [(ask, decision)])
            if decision.allowed is None:
                open_.append((ask, decision))
    return _finding(name, None if open_ else False, open_)


def _finding(name: str, held: Truth, decided: list[tuple[Ask, Decision]]) -> Finding:
    by = dict.fromkeys(one.policy for _, d in decided for one in d.by if one.policy)
    reasons = dict.fromkeys(reason for _, d in decided for reason in d.reasons)
    return Finding(name, held, decided[0][0].action if decided else "", tuple(by), tuple(reasons))


def requests(ask: Ask, permissions: Permissions, places: Environment) -> Iterator[Request]:
    """The requests of an ask in each place, on made-up names and on those of the policies, and as the policies want
    them."""
    for request in _places(ask, permissions, places):
        yield from chosen(request, ask.free, permissions)


def _places(ask: Ask, permissions: Permissions, places: Environment) -> Iterator[Request]:
    named = tuple(_patterns(ask.resource, (*permissions.identity, *_bounds(permissions))))
    for request in places.requests(ask):
        yield request
        for resource in dict.fromkeys(_instance(pattern, request.resource) for pattern in named):
            if resource and resource != request.resource and ask.part in resource:
                yield Request(request.action, resource, request.context)


def _bounds(permissions: Permissions) -> tuple[Policy, ...]:
    return () if permissions.boundary is None else (permissions.boundary,)


def _patterns(resource: str, policies: Iterable[Policy]) -> Iterator[str]:
    """Texts of the policies' resources that speak of the same kind of resource, each once. An action on no resource
    of its own has none."""
    if resource.count(":") < _SECTIONS - 1:
        return
    kind = f":{resource.split(':', _SECTIONS - 1)[-1].partition('/')[0]}/"
    found: dict[str, None] = {}
    for policy in policies:
        for statement in policy.statements:
            for pattern in statement.resources.patterns if statement.resources is not None else ():
                if kind in pattern.text and pattern.text.count(":") >= _SECTIONS - 1:
                    found[pattern.text] = None
    yield from found


def _instance(pattern: str, like: str) -> str:
    """A resource that the pattern means, in the place of another one; empty where it names another place."""
    own, given = pattern.split(":", _SECTIONS - 1), like.split(":", _SECTIONS - 1)
    if any(p != g and not set(p) & {"*", "?", "$", UNKNOWN_PART} for p, g in zip(own[:-1], given[:-1], strict=True)):
        return ""
    steps, rest = own[-1].split("/"), given[-1].split("/")
    if steps[-1] == "*":
        # It stands for all the steps that are left.
        steps[-1:] = rest[len(steps) - 1 :] or ["*"]
    steps = [r if s == "*" else s for s, r in zip_longest(steps, rest[: len(steps)], fillvalue="*")]
    name = _VARIABLE.sub(_ANY, "/".join(steps)).replace("*", _ANY).replace("?", "a").replace(UNKNOWN_PART, _ANY)
    return ":".join([*given[:-1], name])
