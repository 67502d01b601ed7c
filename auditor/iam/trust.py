"""What a role's trust policy lets those do who assume the role."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.iam.context import Context, Known
from auditor.iam.documents import Policy, Principals, Statement, parse
from auditor.iam.evaluation import Request, applies, trusts
from auditor.iam.logic import Truth, every, some
from auditor.iam.patterns import UNKNOWN_PART
from auditor.iam.principals import Principal, names, service
from auditor.json_source import decode_json

ASSUME, SET_SOURCE_IDENTITY = "sts:AssumeRole", "sts:SetSourceIdentity"
#: How a role can be assumed: by AWS's own principals, and by those of an identity provider.
ASSUMING = (ASSUME, "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
#: SageMaker's name, in the China partition as well.
SAGEMAKER = (service("sagemaker.amazonaws.com"), service("sagemaker.amazonaws.com.cn"))


def _context(account: str) -> Context:
    """What SageMaker sends when it assumes a role, as far as it is documented (cross-service confused deputy)."""
    return Context(
        {
            "aws:SourceAccount": (account,) if account.isdigit() else Known.PRESENT,
            "aws:SourceArn": Known.PRESENT,
            "aws:PrincipalIsAWSService": ("true",),
            "aws:SecureTransport": ("true",),
        }
    )


#: An account and an organization that no policy names.
_NOBODY = "000000000000"
_ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "aws:SourceAccount": (_NOBODY,),
    "aws:SourceOrgID": ("o-elsewhere00",),
    "aws:SourceOrgPaths": ("o-elsewhere00/r-none/",),
    "aws:PrincipalIsAWSService": ("true",),
    "aws:SecureTransport": ("true",),
}
_SOURCE_ARN = "aws:SourceArn"
#: Stands for any text that a policy's wildcard takes.
_ANY = "any-0f3b"


def _elsewhere(policy: Policy) -> Iterator[Context]:
    """What SageMaker sends when it acts for a resource of that account: of a domain, and of whatever the policy's
    conditions on the source let pass in their partition, Region and kind of resource."""
    written = {
        value.text
        for statement in policy.statements
        for condition in statement.conditions
        if condition.key.lower() == _SOURCE_ARN.lower()
        for value in condition.values
    }
    sources = {f"arn:aws:sagemaker:us-east-1:{_NOBODY}:domain/d-elsewhere", *filter(None, map(_of_nobody, written))}
    return (Context({**_ELSEWHERE, _SOURCE_ARN: (source,)}) for source in sorted(sources))


def _of_nobody(pattern: str) -> str:
    """A resource of an account that no policy names, of the form that a pattern of ARNs has; empty where it has none,
    or names one resource."""
    parts = pattern.split(":", 5)
    if len(parts) < 6 or "${" in pattern or UNKNOWN_PART in pattern or not {"*", "?"} & set(parts[5]):
        return ""
    parts[4] = _NOBODY
    filled = [part.replace("?", "x").replace("*", other) for part, other in zip(parts, _FILLED, strict=True)]
    return ":".join(filled)


#: For a wildcard of each part of an ARN.
_FILLED = ("arn", "aws", "sagemaker", "us-east-1", _NOBODY, _ANY)


@dataclass(frozen=True, slots=True)
class Trusted:
    """Who may assume a role. ``names``: services, accounts, roles, users and providers that may for certain, perhaps
    under conditions, as the policy writes them; ``*`` is everybody. ``whole``: that there are no more."""

    names: tuple[str, ...]
    whole: bool


def trusted(document: object) -> Trusted:
    """Who may assume the role, by its trust policy."""
    policy = parse(document, "trust policy", "trust")
    whole, found = policy.understood, []
    for statement in policy.statements:
        if statement.effect == "Deny":
            continue
        actions = some(statement.actions.matches(action, Context(), any_case=True) for action in ASSUMING)
        if actions is False:
            continue
        named = statement.principals.named if statement.principals is not None else ()
        unclear = bool(statement.problems) or actions is None
        if statement.principals is not None and statement.principals.negated:
            named = (("*", "*"),)  # everybody but those
        for kind, text in named:
            if unclear or UNKNOWN_PART in text:
                whole = False
            elif not _denied(policy, kind, text):
                found.append(text)
        whole = whole and not unclear
    return Trusted(tuple(dict.fromkeys(found)), whole)


def certain_principals(document: object, account: str) -> tuple[str, ...]:
    """Those of ``trusted`` that meet every condition: roles, users and accounts, ``*``, and SageMaker when it acts for
    the account. For which of its resources SageMaker acts, whoever starts a job chooses."""
    policy = parse(document, "trust policy", "trust")

    def certain(name: str) -> bool:
        if service(name) in SAGEMAKER:
            return _trusted(policy, ASSUME, service(name), _context(account)) is not False
        return _trusted(policy, ASSUME, Principal("AWS", name), Context()) is True

    return tuple(name for name in trusted(document).names if certain(name))


def _denied(policy: Policy, kind: str, text: str) -> bool:
    """Whether a Deny without a condition stands against every way in which the principal could assume the role."""
    if kind not in ("AWS", "Service", "Federated"):
        return False
    principal = Principal(kind, text)  # type: ignore[arg-type]
    return all(_trusted(policy, action, principal, Context()) is False for action in ASSUMING)


def assumed_for_anyone(document: object) -> Truth:
    """Whether SageMaker may assume the role whatever account it acts for: no condition on the source, such as
    aws:SourceAccount or aws:SourceArn, is in its way (developer guide, "Cross-service confused deputy prevention")."""
    policy = parse(document, "trust policy", "trust")
    return some(
        _trusted(policy, ASSUME, principal, context) for context in _elsewhere(policy) for principal in SAGEMAKER
    )


def assumers(policy: Policy) -> tuple[Principal, ...]:
    """Roles, users and accounts that the policy names and that may assume the role."""
    named = [
        Principal("AWS", text)
        for statement in policy.statements
        if statement.effect == "Allow" and statement.principals is not None and not statement.principals.negated
        for kind, text in statement.principals.named
        if kind == "AWS"
    ]
    return tuple(p for p in dict.fromkeys(named) if _trusted(policy, ASSUME, p, Context()) is not False)


def _trusted(policy: Policy, action: str, principal: Principal, context: Context) -> Truth:
    return trusts(policy, Request(action, "*", context, principal)).allowed


def _as_well(policy: Policy, principal: Principal, context: Context) -> Truth:
    """Whether whoever may assume the role may set a source identity as well. A condition that nobody knows is met where
    both hang on it: the role is in use."""
    asked = Request(SET_SOURCE_IDENTITY, "*", context, principal)
    decision = trusts(policy, asked)
    if decision.allowed is not None or any(d.statement.effect != "Allow" for d in decision.by):
        return decision.allowed
    assuming = [s for s in policy.statements if s.effect == "Allow" and _may(s, ASSUME, principal, context)]
    both = [
        not s.problems
        and names(s.principals, principal) is True
        and s.actions.matches(SET_SOURCE_IDENTITY, context, any_case=True) is True
        for s in assuming
    ]
    return True if both and all(both) else None


def _may(statement: Statement, action: str, principal: Principal, context: Context) -> bool:
    return applies(statement, Request(action, "*", context, principal)) is not False


def service_may_set_source_identity(document: object, account: str = "") -> Truth:
    """Whether SageMaker may set a source identity when it assumes the role."""
    policy = parse(document, "trust policy", "trust")
    return some(_as_well(policy, principal, _context(account)) for principal in SAGEMAKER)


def roles_may_set_source_identity(document: object) -> Truth:
    """The same of every role, user or account that may assume it: for roles that execution roles assume."""
    policy = parse(document, "trust policy", "trust")
    if not policy.understood:
        return None
    known = assumers(policy)
    return every(_as_well(policy, principal, Context()) for principal in known) if known else False


def with_source_identity(document: object, account: str = "", *, services: bool = True) -> str | None:
    """The trust policy as JSON, with sts:SetSourceIdentity allowed to SageMaker (``services``) or else to the roles
    that may assume the role, under the same conditions. None where they may not assume it, or where adding an action
    does not help: a Deny stands against it, or the policy is not understood."""
    if isinstance(document, str):
        try:
            document = decode_json(document)
        except ValueError:
            return None
    policy = parse(document, "trust policy", "trust")
    if not isinstance(document, Mapping) or not policy.understood:
        return None
    who = SAGEMAKER if services else assumers(policy)
    listed = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    written: list[dict[str, Any]] = [dict(s) for s in listed]
    added: list[dict[str, Any]] = []
    allowed = False
    for statement, raw in zip(policy.statements, written, strict=True):
        meant = [p for p in who if statement.effect == "Allow" and _may(statement, ASSUME, p, Context())]
        if all(applies(statement, Request(SET_SOURCE_IDENTITY, "*", Context(), p)) is not False for p in meant):
            # Allowed there already, under the same conditions.
            allowed = True
            continue
        if "Action" in raw and _only(statement.principals, meant):
            actions = raw["Action"] if isinstance(raw["Action"], list) else [raw["Action"]]
            raw["Action"] = [*actions, SET_SOURCE_IDENTITY]
        else:
            # Others are trusted by the same statement: they get nothing more.
            granted = {
                "Effect": "Allow",
                "Principal": _named(meant, statement.principals),
                "Action": SET_SOURCE_IDENTITY,
            }
            added.append(granted | ({"Condition": raw["Condition"]} if "Condition" in raw else {}))
    if not allowed and not added and written == [dict(s) for s in listed]:
        return None
    made = {**document, "Statement": [*written, *added]}
    met = service_may_set_source_identity(made, account) if services else roles_may_set_source_identity(made)
    return json.dumps(made) if met else None


def _only(principals: Principals | None, meant: Iterable[Principal]) -> bool:
    """Whether the statement names nobody else."""
    names_ = {(p.kind, p.name) for p in meant}
    return principals is not None and not principals.negated and set(principals.named) <= names_


def _named(meant: Iterable[Principal], principals: Principals | None) -> dict[str, Any]:
    stated = set(principals.named) if principals is not None else set()
    kept = [p for p in meant if (p.kind, p.name) in stated] or list(meant)[:1]
    texts = [p.name for p in kept]
    return {kept[0].kind: texts[0] if len(texts) == 1 else texts}
