"""What a policy would have made of calls that were made, or that we ourselves make: each is asked about again.

The policy is a limit, as a service control policy or a permissions boundary is one: a call is denied where a statement
denies it, or where the policy allows something and not that call. A policy that only denies is taken to stand beside
one that allows everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from auditor.errors import ConfigError
from auditor.iam.context import Context, Known, Value
from auditor.iam.documents import Element, Policy, Statement, parse
from auditor.iam.evaluation import Request, applies, contribution, open_keys
from auditor.iam.logic import Truth
from auditor.iam.patterns import pattern
from auditor.masking import MASK
from auditor.regular_files import NotReadError, read_text
from auditor.store.snapshot_reader import SnapshotReader
from auditor.studio.api_requests import ApiCall, request_of

#: Who makes a call: somebody whom CloudTrail names, AWS CloudFormation for somebody, a command of a report, an audit.
Group = Literal["caller", "deployment", "remediation", "audit"]
Outcome = Literal["denied", "unknown"]
_ANY = Element((pattern("*"),))
_CLOUDFORMATION = "cloudformation.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that a policy is asked about, and by whom it is made; ``resource``: its ARN, or '' where nothing tells."""

    group: Group
    who: str
    request: Request


@dataclass(frozen=True, slots=True)
class Stopped:
    """Calls that the policy denies, or of which that can't be told: ``times`` the same by the same caller. ``by`` names
    the statements, ``reasons`` say what is not known."""

    group: Group
    who: str
    action: str
    resource: str
    outcome: Outcome
    times: int
    by: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """What a policy makes of the calls. ``asked``: how many, by group; ``exempt``: calls of service-linked roles and of
    AWS's own services, which no such policy reaches; ``incomplete``: ``ACCOUNT REGION`` of which the snapshots don't
    hold all calls; ``collected``: whether calls were asked for at all."""

    asked: Mapping[Group, int]
    exempt: int
    stopped: tuple[Stopped, ...]
    incomplete: tuple[str, ...]
    collected: bool


#: Bytes of a policy file: far above what AWS takes.
_LIMIT = 1 << 20


def read_policies(files: Sequence[Path]) -> Policy:
    """The files' policies as one: what one of them denies is denied. Raises ConfigError for one that is not understood
    whole."""
    statements: list[Statement] = []
    for file in files:
        try:
            policy = parse(read_text(file, _LIMIT), file.name)
        except (OSError, NotReadError, UnicodeDecodeError) as error:
            raise ConfigError(f"--policy {file}: {getattr(error, 'reason', error)}") from error
        if not policy.understood:
            raise ConfigError(
                f"--policy {file}: {policy.problems[0]}",
                hint="A file holds one policy document. auditor prevent --output writes each to a file of its own.",
            )
        statements += policy.statements
    return Policy(", ".join(file.name for file in files), tuple(statements))


@dataclass(frozen=True, slots=True)
class RecordedCalls:
    """The calls of snapshots, and what is known of how many there are: see ``Replay``."""

    asked: tuple[Asked, ...]
    exempt: int
    incomplete: tuple[str, ...]
    collected: bool


def recorded_calls(files: Sequence[Path]) -> RecordedCalls:
    """The calls that CloudTrail recorded and that worked. Raises SnapshotError."""
    found: list[Asked] = []
    exempt, collected = 0, False
    open_: set[str] = set()
    for file in files:
        reader = SnapshotReader(file)
        known = "studio_call" in reader.header.kinds
        collected = collected or known
        for (account, region, kind, _), line in reader.lines():
            if kind == "account_region" and not (known and "studio_call" not in _gaps(line)):
                open_.add(f"{account} {region}")
            elif kind == "studio_call":
                event = msgspec.json.decode(line)["studio_call"]
                if event["errorCode"]:
                    continue  # it failed already
                asked = _recorded(event, account, region)
                exempt += asked is None
                found += [asked] if asked else []
    return RecordedCalls(tuple(found), exempt, tuple(sorted(open_)), collected)


def _gaps(line: bytes) -> Sequence[str]:
    gaps: Sequence[str] = msgspec.json.decode(line).get("gaps") or ()
    return gaps


def _recorded(event: Mapping[str, Any], account: str, region: str) -> Asked | None:
    """None for a call that no policy reaches."""
    who = event["userIdentity"]
    role = who.get("issuerArn", "")
    if who.get("type") == "AWSService" or ":role/aws-service-role/" in role:
        return None
    known: dict[str, Value] = {
        "aws:PrincipalAccount": (account,), "aws:RequestedRegion": (region,), "aws:PrincipalIsAWSService": ("false",),
        "aws:ViaAWSService": ("true" if who.get("invokedBy") else "false",),
    }  # fmt: skip
    principal = role or who.get("arn", "")
    if principal:
        known["aws:PrincipalArn"] = (principal,)
    if who.get("type") == "IAMUser" and who.get("userName"):
        known["aws:username"] = (who["userName"],)
    call = ApiCall(f"sagemaker:{event['eventName']}", event["requestParameters"], account, region, known)
    group: Group = "deployment" if who.get("invokedBy") == _CLOUDFORMATION else "caller"
    return Asked(group, who.get("arn") or who.get("principalId") or "unknown", unmasked(request_of(call)))


def unmasked(request: Request) -> Request:
    """Of a value that a snapshot holds as [masked:…] it is known that it is there, and nothing else."""
    values = {
        key: Known.PRESENT if isinstance(value, tuple) and any(MASK.search(one) for one in value) else value
        for key, value in request.context.values.items()
    }
    where = "" if MASK.search(request.resource) else request.resource
    return replace(request, resource=where, context=Context(values, request.context.closed))


def replay(policy: Policy, calls: Iterable[Asked], recorded: RecordedCalls) -> Replay:
    """What the policy makes of the recorded calls and of further ones."""
    asked: Counter[Group] = Counter()
    stopped: dict[tuple[Any, ...], Stopped] = {}
    for call in (*recorded.asked, *calls):
        asked[call.group] += 1
        request = call.request
        outcome = _outcome(policy, request)
        if outcome is None:
            continue
        by, reasons = _why(policy, request, outcome)
        key = (call.group, call.who, request.action, request.resource, outcome, by, reasons)
        times = stopped[key].times + 1 if key in stopped else 1
        stopped[key] = Stopped(call.group, call.who, request.action, request.resource, outcome, times, by, reasons)
    ordered = sorted(stopped.values(), key=lambda s: (s.group, s.outcome, -s.times, s.who, s.action, s.resource))
    return Replay(dict(asked), recorded.exempt, tuple(ordered), recorded.incomplete, recorded.collected)


def _outcome(policy: Policy, request: Request) -> Outcome | None:
    """None where the call is allowed."""
    allowed, denied = _decided(policy, request)
    if not any(statement.effect == "Allow" for statement in policy.statements):
        allowed = True
    if denied or allowed is False:
        return "denied"
    return "unknown" if denied is None or allowed is None else None


def _decided(policy: Policy, request: Request) -> tuple[Truth, Truth]:
    """Whether the policy allows, and whether it denies the call. Where nothing tells the resource, only what holds of
    every resource is certain."""
    if request.resource:
        return contribution(policy, request)
    every = contribution(_with(policy, only_every=True), replace(request, resource="*"))
    some = contribution(_with(policy, only_every=False), replace(request, resource="*"))
    allowed, denied = (True if one else None if other is not False else False
                       for one, other in zip(every, some, strict=True))  # fmt: skip
    return allowed, denied


def _with(policy: Policy, *, only_every: bool) -> Policy:
    """The policy with its statements about every resource only, or with all of them as if they were about every one."""
    statements = policy.statements
    if only_every:
        statements = tuple(s for s in statements if _about_everything(s))
    else:
        statements = tuple(replace(s, resources=_ANY) for s in statements)
    return replace(policy, statements=statements)


def _about_everything(statement: Statement) -> bool:
    resources = statement.resources
    return resources is not None and not resources.negated and any(p.text == "*" for p in resources.patterns)


def _why(policy: Policy, request: Request, outcome: Outcome) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels of the statements that deny, or may deny or allow; and what is not known."""
    asked = request if request.resource else replace(request, resource="*")
    at = policy if request.resource else _with(policy, only_every=False)
    speaking = [(s, applies(s, asked)) for s in at.statements]
    if outcome == "denied":
        by = [s.label for s, truth in speaking if s.effect == "Deny" and truth]
        return tuple(by) or ("no statement allows it",), ()
    open_ = [s for s, truth in speaking if truth is None or (not request.resource and truth)]
    keys = [f"{key} is not known" for s in open_ for key in open_keys(s, request.context)]
    if not request.resource:
        keys.append("the resource is not known")
    return tuple(s.label for s in open_), tuple(dict.fromkeys(keys))
