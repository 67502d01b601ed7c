"""IAM's evaluation order: an explicit deny, service control policies, the permissions boundary, identity policies.

Source: IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from auditor.iam.context import Context, Known
from auditor.iam.documents import Policy, Statement, conditions_hold
from auditor.iam.logic import Truth, every, some
from auditor.iam.patterns import UNKNOWN_PART
from auditor.iam.principals import Principal, names

Outcome = Literal["allowed", "denied", "unknown"]
#: What decided, in the order of evaluation. ``none``: nothing allows it.
Layer = Literal["explicit deny", "service control policy", "permissions boundary", "identity policy", "none"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: one action on one resource, with what is known of the context. ``principal`` matters to policies
    that name one."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=Context)
    principal: Principal | None = None


@dataclass(frozen=True, slots=True)
class Deciding:
    """A statement that decided, or may decide, and the policy that it stands in."""

    policy: str
    statement: Statement

    def __str__(self) -> str:
        if not self.policy or not self.statement.number:
            return self.policy or self.statement.label
        return f"{self.policy} ({self.statement.label})"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. ``by``: the statements that decided, or that leave it open. ``reasons``: why it is unknown, in words
    for a person."""

    outcome: Outcome
    layer: Layer
    by: tuple[Deciding, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def allowed(self) -> Truth:
        """True, False, or None for unknown."""
        return None if self.outcome == "unknown" else self.outcome == "allowed"


#: Actions hold no variables.
_NOWHERE = Context()


@dataclass(frozen=True, slots=True)
class Permissions:
    """All that limits one principal. ``boundary`` None: it has none. ``controls``: by level of the organization (root,
    organizational units, account), its service control policies; each level has to allow."""

    identity: tuple[Policy, ...]
    boundary: Policy | None = None
    controls: tuple[tuple[Policy, ...], ...] = ()

    def grants(self, action: str) -> bool:
        """Whether an identity policy may allow the action on something: without one, nothing else has to be asked."""
        return any(
            statement.effect != "Deny" and statement.actions.matches(action, _NOWHERE, any_case=True) is not False
            for policy in self.identity
            for statement in policy.statements
        )

    def decide(self, request: Request) -> Decision:
        """Whether the request is allowed."""
        scps = [policy for level in self.controls for policy in level]
        bounds = [self.boundary] if self.boundary is not None else []
        denies = _Matched("Deny", [*self.identity, *bounds, *scps], request)
        if denies.truth:
            return Decision("denied", "explicit deny", denies.certain)
        steps: list[tuple[Layer, _Matched]] = [
            *(("service control policy", _Matched("Allow", level, request)) for level in self.controls),
            *(("permissions boundary", _Matched("Allow", [policy], request)) for policy in bounds),
            ("identity policy", _Matched("Allow", self.identity, request)),
        ]
        for layer, allows in steps:
            if allows.truth is False:
                return Decision("denied", "none" if layer == "identity policy" else layer)
        opened = [
            *((("explicit deny", denies),) if denies.truth is None else ()),
            *((layer, allows) for layer, allows in steps if allows.truth is None),
        ]
        if not opened:
            return Decision("allowed", "identity policy", steps[-1][1].certain)
        open_layer: Layer = opened[0][0]
        by = tuple(d for _, matched in opened for d in matched.possible)
        reasons = dict.fromkeys(r for _, matched in opened for r in matched.reasons(request))
        return Decision("unknown", open_layer, by, tuple(reasons))


def contribution(policy: Policy, request: Request) -> tuple[Truth, Truth]:
    """Whether a policy, taken alone, allows and whether it denies a request. What several policies decide together
    follows from these."""
    return _Matched("Allow", [policy], request).truth, _Matched("Deny", [policy], request).truth


class _Matched:
    """The statements of one effect that speak, or may speak, of a request."""

    def __init__(self, effect: Literal["Allow", "Deny"], policies: Iterable[Policy], request: Request) -> None:
        certain: list[Deciding] = []
        possible: list[Deciding] = []
        for policy in policies:
            for statement in policy.statements:
                if statement.effect not in (effect, None):
                    continue
                speaks = applies(statement, request)
                if speaks is False:
                    continue
                sure = speaks and statement.effect == effect
                (certain if sure else possible).append(Deciding(policy.name, statement))
        self.certain, self.possible = tuple(certain), tuple(possible)
        self.truth: Truth = True if certain else None if possible else False

    def reasons(self, request: Request) -> Iterator[str]:
        """Why it is not known whether the possible ones speak of it."""
        for deciding in self.possible:
            where = f"{deciding.policy}: " if deciding.policy else ""
            yield from (f"{where}{problem}" for problem in deciding.statement.problems)
            for key in open_keys(deciding.statement, request.context):
                yield f"{where}{'a value in it' if key == UNKNOWN_PART else key} is not known"


def applies(statement: Statement, request: Request) -> Truth:
    """Whether a statement speaks of a request, whatever its effect."""
    return every(_parts(statement, request))


def _parts(statement: Statement, request: Request) -> Iterator[Truth]:
    """One after the other, since most statements are about other actions."""
    yield statement.actions.matches(request.action, request.context, any_case=True)
    if statement.resources is not None:
        yield statement.resources.matches(request.resource, request.context)
    yield _principal(statement, request)
    yield conditions_hold(statement.conditions, request.context)


def _principal(statement: Statement, request: Request) -> Truth:
    if statement.principals is None:
        return True
    return None if request.principal is None else names(statement.principals, request.principal)


def matches_request(statement: Statement, request: Request) -> bool:
    """Whether a statement may speak of the request's action and resource, whatever its conditions."""
    actions = statement.actions.matches(request.action, request.context, any_case=True)
    if actions is False or statement.resources is None:
        return actions is not False
    return statement.resources.matches(request.resource, request.context) is not False


def open_keys(statement: Statement, context: Context) -> tuple[str, ...]:
    """Context keys that the statement reads and of which the value is not known."""
    keys = [c.key for c in statement.conditions if c.operator]
    patterns = [*statement.actions.patterns, *(statement.resources.patterns if statement.resources else ())]
    patterns += [p for c in statement.conditions for p in c.values]
    keys += [v.key for p in patterns for v in p.variables]
    return tuple(
        dict.fromkeys(key for key in keys if isinstance(found := context.get(key), Known) and found is not Known.ABSENT)
    )


def trusts(policy: Policy, request: Request) -> Decision:
    """Whether a role's trust policy lets the principal of the request do the action (``sts:AssumeRole`` …). What the
    principal's own policies say is another question."""
    denies = _Matched("Deny", [policy], request)
    allows = _Matched("Allow", [policy], request)
    if denies.truth:
        return Decision("denied", "explicit deny", denies.certain)
    if allows.truth is False:
        return Decision("denied", "none")
    if denies.truth is False and allows.truth:
        return Decision("allowed", "identity policy", allows.certain)
    opened = [m for m in (denies, allows) if m.truth is None]
    reasons = dict.fromkeys(r for m in opened for r in m.reasons(request))
    layer: Layer = "explicit deny" if denies.truth is None else "identity policy"
    return Decision("unknown", layer, tuple(d for m in opened for d in m.possible), tuple(reasons))


def held(decisions: Sequence[Decision]) -> Truth:
    """Whether one of several requests is allowed."""
    return some(decision.allowed for decision in decisions)
