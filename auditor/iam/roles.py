"""A role's permissions, from the document that snapshots keep of it (as GetAccountAuthorizationDetails answers).

Members: ``RolePolicyList``, ``AttachedManagedPolicies``, ``LocalPolicyDocuments`` (ARN → document of the account's own
policies), ``PermissionsBoundary``. Each may be missing or of the wrong type: then what it would say is open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from json import dumps
from typing import Any

from auditor.iam.capabilities import BROAD, NOBODY, Ask, Capability, Environment, examine
from auditor.iam.documents import Policy, opaque, parse
from auditor.iam.evaluation import Permissions
from auditor.iam.logic import Truth, some
from auditor.iam.managed import bounding, managed

#: The account of roles that a template makes: it need not say which one it is.
TEMPLATE_ACCOUNT = "template"
#: Regions that a caller may choose where the audited ones are not known. One of each group that policies name.
_SOME_REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1", "ca-central-1", "sa-east-1",
                 "me-south-1", "af-south-1", "cn-north-1", "us-gov-west-1")  # fmt: skip
_REGION = re.compile(r"\b[a-z]{2}(?:-[a-z]+)+-\d\b")
_ACCOUNT = re.compile(r":(\d{12}):")
_PARTITION = re.compile(r"\barn:(aws(?:-[a-z]+)*):")


#: An inline policy whose name is not known.
UNNAMED = "inline policy"


def is_aws_managed(policy_arn: str) -> bool:
    """Whether a policy is one of AWS's own."""
    return ":iam::aws:policy/" in policy_arn


@dataclass(frozen=True, slots=True)
class Attached:
    """A managed policy that is attached to the role. ``policy`` is what is known of it."""

    arn: str
    policy: Policy

    @property
    def aws(self) -> bool:
        """Whether it is one of AWS's own."""
        return is_aws_managed(self.arn)


_NOWHERE = Environment("", (), ())


@dataclass(frozen=True, slots=True)
class Role:
    """A role's policies by where they stand. ``open_``: stands for those that could not be seen."""

    arn: str
    inline: tuple[Policy, ...]
    attached: tuple[Attached, ...]
    open_: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    places: Environment = _NOWHERE

    def permissions(self, without: str = "") -> Permissions:
        """All of it; ``without``: ARN of an attached policy to leave out."""
        attached = tuple(a.policy for a in self.attached if a.arn != without)
        return Permissions((*self.inline, *attached, *self.open_), self.boundary)

    def own(self) -> Permissions:
        """What the policies that the account wrote itself allow within the boundary."""
        own = tuple(a.policy for a in self.attached if not a.aws)
        return Permissions((*self.inline, *own, *self.open_), self.boundary)

    def own_policies(self) -> tuple[Policy, ...]:
        """Inline and customer managed policies, and what stands for unseen ones."""
        return (*self.inline, *(a.policy for a in self.attached if not a.aws), *self.open_)


def role_of(document: Mapping[str, Any], arn: str, regions: Iterable[str] = (), gaps: Iterable[str] = ()) -> Role:
    """The role of a snapshot's document. ``gaps``: members that could not be seen. ``regions``: where it may act, those
    audited."""
    gaps = tuple(gaps)
    unseen = [m for m in ("RolePolicyList", "AttachedManagedPolicies") if m in gaps or "*" in gaps]
    inline = list(_inline(document.get("RolePolicyList")))
    attached, odd = _attached(document)
    open_ = [*odd, *(opaque("", f"{member} is not known") for member in unseen)]
    boundary = None
    if "PermissionsBoundary" in gaps or "*" in gaps:
        boundary = opaque("permissions boundary", "the permissions boundary is not known")
    elif document.get("PermissionsBoundary") is not None:
        boundary = _boundary(document)
    return Role(arn, tuple(inline), tuple(attached), tuple(open_), boundary, _places(document, arn, tuple(regions)))


def _policy(document: object, name: str) -> Policy:
    if isinstance(document, Mapping):
        return _parsed(dumps(document, sort_keys=True, default=str), name)
    return parse(document, name)


@lru_cache(maxsize=512)
def _parsed(text: str, name: str) -> Policy:
    """Roles of one account often hold the same document."""
    return parse(text, name)


def _inline(listed: object) -> Iterator[Policy]:
    if listed is None:
        return
    if not isinstance(listed, list):
        yield opaque("", "RolePolicyList is not a list")
        return
    for item in listed:
        if isinstance(item, Mapping):
            yield _policy(item.get("PolicyDocument"), str(item.get("PolicyName") or UNNAMED))
        else:
            yield opaque("", "an inline policy is not an object")


def _attached(document: Mapping[str, Any]) -> tuple[list[Attached], list[Policy]]:
    """Attached policies, and what stands for items that are not understood."""
    listed, local = document.get("AttachedManagedPolicies"), document.get("LocalPolicyDocuments")
    known = local if isinstance(local, Mapping) else {}
    found: list[Attached] = []
    odd: list[Policy] = []
    if listed is None:
        listed = []
    if not isinstance(listed, list):
        return [], [opaque("", "AttachedManagedPolicies is not a list")]
    for item in listed:
        arn = item.get("PolicyArn") if isinstance(item, Mapping) else None
        if not isinstance(arn, str):
            odd.append(opaque("", "an attached policy has no ARN"))
            continue
        name = arn.rpartition("/")[2]
        if is_aws_managed(arn) and arn not in known:
            found.append(Attached(arn, managed(name)))
        else:
            found.append(Attached(arn, _policy(known.get(arn), name)))
    return found, odd


def _boundary(document: Mapping[str, Any]) -> Policy:
    given, local = document["PermissionsBoundary"], document.get("LocalPolicyDocuments")
    arn = given.get("PermissionsBoundaryArn") if isinstance(given, Mapping) else None
    if not isinstance(arn, str):
        return opaque("permissions boundary", "the permissions boundary is not understood")
    name, known = arn.rpartition("/")[2], local if isinstance(local, Mapping) else {}
    if is_aws_managed(arn) and arn not in known:
        return bounding(name)
    return _policy(known.get(arn), name)


def _places(document: Mapping[str, Any], arn: str, regions: tuple[str, ...]) -> Environment:
    parts = arn.split(":")
    partition, account = (parts[1], parts[4]) if len(parts) > 5 else ("aws", "")
    if account != TEMPLATE_ACCOUNT and regions:
        return Environment(arn, (account,), regions, (partition,))
    # A template says neither where it is deployed nor in which account; IAM's calls only act in their own, so an
    # account that a policy names is meant to be it. The caller chooses the Region.
    text = dumps([document.get(m) for m in ("RolePolicyList", "LocalPolicyDocuments")], default=str)
    accounts = dict.fromkeys([account, *sorted(set(_ACCOUNT.findall(text)))])
    partitions = dict.fromkeys(_PARTITION.findall(text)) or {partition: None}
    named = dict.fromkeys([*regions, *_SOME_REGIONS, *sorted(set(_REGION.findall(text)))])
    return Environment(arn, tuple(accounts), tuple(named), tuple(partitions))


def services(policies: Iterable[Policy]) -> tuple[str, ...]:
    """Services of which the policies name actions, and ``*`` where they name actions of any."""
    found: dict[str, None] = {}
    for policy in policies:
        for statement in policy.statements:
            if statement.effect == "Deny":
                continue
            if statement.actions.negated or not statement.actions.whole:
                found["*"] = None
            for action in statement.actions.patterns:
                service, colon, name = action.text.partition(":")
                if statement.actions.negated or (colon and "*" not in name):
                    continue
                found[service.lower() if colon and not set(service) & set("*?") else "*"] = None
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Breadth:
    """What the account's own policies allow on every resource of a kind. ``broad`` is None where that cannot be told;
    ``what``: ``s3:*``, ``*`` for every service, ``s3:GetObject and s3:PutObject``; ``by``: the policies that do."""

    broad: Truth
    what: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def breadth(role: Role) -> Breadth:
    """Whether the account's own policies allow every action of a service on every resource, or all objects."""
    permissions = role.own()
    found = [
        (f"{service}:*" if service != "*" else "*", examine(_whole(service), permissions, role.places))
        for service in services(role.own_policies())
    ]
    if not any(f.held for _, f in found if f.capability in ("s3", "*")):
        found += [(" and ".join(_actions(c)), examine(c, permissions, role.places)) for c in BROAD]
    held = [(what, f) for what, f in found if f.held]
    open_ = [f for _, f in found if f.held is None]
    return Breadth(
        some(f.held for _, f in found),
        tuple(what for what, _ in held),
        tuple(dict.fromkeys(policy for _, f in held for policy in f.by)),
        () if held else tuple(dict.fromkeys(reason for f in open_ for reason in f.reasons)),
    )


def _whole(service: str) -> Capability:
    name = NOBODY if service == "*" else service
    resource = f"arn:{{partition}}:{name}:{{region}}:{{account}}:{NOBODY}/{NOBODY}"
    return Capability(service, "", ((Ask(f"{name}:{NOBODY}", resource),),))


def _actions(capability: Capability) -> list[str]:
    return [group[0].action for group in capability.needs]
