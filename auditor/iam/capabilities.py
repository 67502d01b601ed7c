"""What a role may be able to do, as data: the requests that show it.

A capability is shown by requests on resources that nobody named: a role that may change *any* role's policies may
change that of one with a made-up name. What only concerns a few named resources does not count, but the role itself
does: who may widen their own role needs no other.

Source: IAM User Guide, "Actions, resources, and condition keys for AWS Identity and Access Management" in the Service
Authorization Reference; the same for Amazon SageMaker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, product

from auditor.iam.choices import chosen
from auditor.iam.context import Context, Known, Value
from auditor.iam.evaluation import Decision, Outcome, Permissions, Request
from auditor.iam.logic import Truth, every, some

#: A name that no policy gives on purpose.
NOBODY = "any-0f3b"
#: Calls to IAM are made, and recorded, in one Region of the partition, whatever the caller's (IAM User Guide,
#: aws:RequestedRegion among the global condition keys; "Logging IAM and AWS STS API calls with AWS CloudTrail").
IAM_REGIONS: Mapping[str, str] = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_REGION_KEY = "aws:requestedregion"
_ADMINISTRATOR = "arn:{partition}:iam::aws:policy/AdministratorAccess"
#: Which request it is, for policies that are known by their answers only (``auditor.iam.managed``).
PROBE = "auditor:Probe"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: ``resource`` and ``context`` hold ``{partition}``, ``{region}``, ``{account}``, ``{domain}`` and
    ``{role}``. ``part``: what the ARNs of other resources hold as well that the request is about (``/canvas/``);
    ``note``: what tells it from others that differ only in keys without values. ``free``: keys of which the caller
    chooses the value."""

    action: str
    resource: str
    context: Mapping[str, Value] = field(default_factory=dict)
    part: str = ""
    note: str = ""
    free: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What tells it from the others."""
        told = ",".join(v[0] for v in self.context.values() if isinstance(v, tuple))
        return f"{self.action}|{self.resource}|{told}{self.note}"


@dataclass(frozen=True, slots=True)
class Capability:
    """``needs``: of each group one request has to be allowed. ``text`` ends a sentence that begins "The role can".
    ``anywhere``: it counts in whatever Region, and not only in those that are audited."""

    name: str
    text: str
    needs: tuple[tuple[Ask, ...], ...]
    anywhere: bool = False


def _any_of(*asks: Ask) -> tuple[tuple[Ask, ...], ...]:
    return (asks,)


def _on(action: str, *kinds: str) -> tuple[Ask, ...]:
    """On somebody whom nobody named and who has no boundary; ``role`` means the role itself as well."""
    resources = [_iam(kind) for kind in kinds] + (["{role}"] if "role" in kinds else [])
    return tuple(Ask(f"iam:{action}", resource, _UNBOUND) for resource in resources)


def _iam(kind: str) -> str:
    return f"arn:{{partition}}:iam::{{account}}:{kind}/{NOBODY}"


def in_sagemaker(action: str, resource: str, context: Mapping[str, Value] | None = None) -> Ask:
    """An action of SageMaker on a resource of the account."""
    return Ask(f"sagemaker:{action}", f"arn:{{partition}}:sagemaker:{{region}}:{{account}}:{resource}",
               context or {})  # fmt: skip


def passing(to: str) -> Ask:
    """Passing a role that nobody named to a service."""
    # PassRole has neither of the keys by which changes of roles are delegated.
    absent: Mapping[str, Value] = {"iam:PermissionsBoundary": Known.ABSENT, "iam:PolicyARN": Known.ABSENT}
    return Ask("iam:PassRole", _iam("role"), {"iam:PassedToService": (to,), **absent})


def widening(name: str, role: str) -> Capability:
    """Writing the policies of a certain role without a boundary, and acting as it. Who writes a role's trust policy, of
    one that exists or of a new one, can assume it: within an account its principal needs no permission beside it (IAM
    User Guide, "Granting permissions to create temporary security credentials")."""
    absent: Mapping[str, Value] = {"iam:PermissionsBoundary": Known.ABSENT, "iam:PolicyARN": Known.ABSENT}
    write = tuple(Ask(f"iam:{action}", role, _UNBOUND) for action in WRITING_POLICIES)
    act = (Ask("iam:PassRole", role, {"iam:PassedToService": ("sagemaker.amazonaws.com",), **absent}),
           Ask("sts:AssumeRole", role),
           *(Ask(f"iam:{action}", role, {**absent}) for action in WRITING_TRUST))  # fmt: skip
    return Capability(name, "", (write, act))


#: Keys that a request holds only where it gives a network, a key or a type (Service Authorization Reference, "Condition
#: keys for Amazon SageMaker AI").
UNGIVEN: Mapping[str, Value] = dict.fromkeys(
    (
        "sagemaker:VpcSubnets",
        "sagemaker:VpcSecurityGroupIds",
        "sagemaker:VolumeKmsKey",
        "sagemaker:OutputKmsKey",
        "sagemaker:InstanceTypes",
    ),
    Known.ABSENT,
)
_UNBOUND: Mapping[str, Value] = {"iam:PermissionsBoundary": Known.ABSENT, "iam:PolicyARN": (_ADMINISTRATOR,)}

WRITING_POLICIES = ("AttachRolePolicy", "PutRolePolicy")
WRITING_TRUST = ("CreateRole", "UpdateAssumeRolePolicy")
#: By which one acts as a role that one may write.
ACTING = ("iam:PassRole", "sts:AssumeRole", *(f"iam:{action}" for action in WRITING_TRUST))

#: Who can do one of these is an administrator, or can become one in one step.
ADMINISTRATOR: tuple[Capability, ...] = (
    Capability(
        "everything", "do everything", _any_of(Ask(f"{NOBODY}:{NOBODY}", f"arn:{{partition}}:{NOBODY}:::{NOBODY}")),
        anywhere=True,
    ),
    Capability(
        "attach-policies", "attach any policy to roles, users or groups",
        _any_of(*_on("AttachRolePolicy", "role"), *_on("AttachUserPolicy", "user"), *_on("AttachGroupPolicy", "group")),
    ),
    Capability(
        "write-policies", "write policies of roles, users or groups",
        _any_of(*_on("PutRolePolicy", "role"), *_on("PutUserPolicy", "user"), *_on("PutGroupPolicy", "group")),
    ),
    Capability(
        "policy-versions", "change managed policies",
        _any_of(*_on("CreatePolicyVersion", "policy"), *_on("SetDefaultPolicyVersion", "policy")),
    ),
    Capability(
        "trust-policies", "change who may assume roles",
        _any_of(Ask("iam:UpdateAssumeRolePolicy", _iam("role"), _UNBOUND)),
    ),
    Capability(
        "credentials", "make credentials of other users",
        _any_of(*_on("CreateAccessKey", "user"), *_on("CreateLoginProfile", "user"),
                *_on("UpdateLoginProfile", "user"), *_on("AddUserToGroup", "group")),
    ),
    Capability("pass-any-role", "pass any role to any service", _any_of(passing(f"{NOBODY}.amazonaws.com"))),
    Capability(
        "studio-roles", "give domains or user profiles any role",
        ((in_sagemaker("UpdateDomain", f"domain/{NOBODY}", UNGIVEN), in_sagemaker("CreateDomain", f"domain/{NOBODY}"),
          in_sagemaker("UpdateUserProfile", f"user-profile/{NOBODY}/{NOBODY}", UNGIVEN),
          in_sagemaker("CreateUserProfile", f"user-profile/{NOBODY}/{NOBODY}", UNGIVEN)),
         (passing("sagemaker.amazonaws.com"),)),
    ),
)  # fmt: skip

EVERYTHING = ADMINISTRATOR[0]

#: More than work in one team's data needs.
BROAD: tuple[Capability, ...] = (
    Capability(
        "all-objects", "read and write the objects of every bucket",
        tuple((Ask(f"s3:{verb}Object", f"arn:{{partition}}:s3:::{NOBODY}/{NOBODY}"),) for verb in ("Get", "Put")),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a role acts. Several accounts, Regions or partitions are those that may be meant: the caller chooses the
    Region, and a template need not say in which account it lies. ``domain``: the Studio domain that is meant."""

    role: str
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    partitions: tuple[str, ...] = ("aws",)
    domain: str = NOBODY

    def requests(self, ask: Ask) -> Iterator[Request]:
        """The requests of an ask, each in another place."""
        seen: set[tuple[str, str]] = set()
        for partition, account, region in product(self.partitions, self.accounts, self.regions):
            told = {"partition": partition, "account": account, "region": region, "role": self.role,
                    "domain": self.domain}  # fmt: skip
            resource = ask.resource.format(**told)
            place: str | None = region
            if ask.action.startswith("iam:") and ask.action != "iam:PassRole":
                place = IAM_REGIONS.get(partition)
            if (resource, str(place)) in seen:
                continue
            seen.add((resource, str(place)))
            given = {key: tuple(v.format(**told) for v in value) if isinstance(value, tuple) else value
                     for key, value in ask.context.items()}  # fmt: skip
            context = session(self.role, account, place).with_({**given, PROBE: (ask.name,)})
            yield Request(ask.action, resource, context)


def session(role: str, account: str, region: str | None) -> Context:
    """What is known of a call that code in Studio makes as the role, to a resource of the same account. ``region``
    None: one that nobody knows. What is not listed is not known: where the call comes from, tags, MFA …"""
    absent, present = Known.ABSENT, Known.PRESENT
    return Context(
        {
            "aws:RequestedRegion": (region,) if region else present,
            "aws:PrincipalArn": (role,),
            "aws:PrincipalAccount": (account,),
            "aws:PrincipalType": ("AssumedRole",),
            "aws:PrincipalIsAWSService": ("false",),
            "aws:ResourceAccount": (account,),
            "aws:SecureTransport": ("true",),
            "aws:ViaAWSService": ("false",),
            "aws:CalledVia": absent,
            "aws:CalledViaFirst": absent,
            "aws:CalledViaLast": absent,
            # A role's session has no user name.
            "aws:username": absent,
            "aws:userid": present,
            "aws:CurrentTime": present,
            "aws:EpochTime": present,
            "aws:TokenIssueTime": present,
        }
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """A capability that a role has, or (``held`` None) may have. ``by``: the policies whose statements decided;
    ``action``: the request that shows it; ``reasons``: why it is not known."""

    capability: str
    held: Truth
    action: str = ""
    by: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def examine(capability: Capability, permissions: Permissions, places: Environment) -> Finding:
    """Whether the role has a capability."""
    if capability.anywhere:
        places = replace(places, regions=tuple(dict.fromkeys((*places.regions, *_named_regions(permissions)))))
    groups = [[d for ask in group for d in _decisions(ask, permissions, places)] for group in capability.needs]
    truth = every(some(d.allowed for _, d in group) for group in groups)
    if truth is False:
        return Finding(capability.name, False)
    wanted: Outcome = "allowed" if truth else "unknown"
    decided = [(a, d) for group in groups for a, d in group if d.outcome == wanted]
    by = dict.fromkeys(one.policy for _, d in decided for one in d.by if one.policy)
    reasons = dict.fromkeys(reason for _, d in decided for reason in d.reasons)
    return Finding(capability.name, truth, decided[0][0].action if decided else "", tuple(by), tuple(reasons))


def _named_regions(permissions: Permissions) -> Iterator[str]:
    """Regions that conditions of the policies name: the caller may choose them."""
    bounds = () if permissions.boundary is None else (permissions.boundary,)
    for policy in (*permissions.identity, *bounds, *chain.from_iterable(permissions.controls)):
        for condition in chain.from_iterable(statement.conditions for statement in policy.statements):
            if condition.key.lower() == _REGION_KEY:
                yield from (v.text.replace("*", "any").replace("?", "a") for v in condition.values if not v.variables)


def _decisions(ask: Ask, permissions: Permissions, places: Environment) -> Iterator[tuple[Ask, Decision]]:
    if not permissions.grants(ask.action):
        return
    for request in places.requests(ask):
        for one in chosen(request, ask.free, permissions):
            decision = permissions.decide(one)
            yield ask, decision
            if decision.outcome == "allowed":
                return


def asks(capabilities: Iterable[Capability] = ADMINISTRATOR) -> tuple[Ask, ...]:
    """Every request of the capabilities, each once."""
    return tuple({a.name: a for c in capabilities for group in c.needs for a in group}.values())
