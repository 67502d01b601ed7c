"""What policies would have made of calls that were made, or that we ourselves make: each is asked about again.

Each policy is a limit, as a service control policy or a permissions boundary is one: a call is denied where a statement
denies it, or where the policy allows something and not that call. A policy that only denies is taken to stand beside
one that allows everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import msgspec

from auditor.errors import ConfigError
from auditor.iam.context import Context, Known, Value
from auditor.iam.documents import Element, Policy, Statement, parse
from auditor.iam.evaluation import Request, applies, open_keys
from auditor.iam.logic import Truth, some
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
    """A call that a policy is asked about, and by whom it is made. The request's resource is '' where nothing tells."""

    group: Group
    who: str
    request: Request


@dataclass(frozen=True, slots=True)
class SameAnswer:
    """So many calls of which policies make the same: their resources match the same patterns. ``every`` makes all."""

    first: Asked
    number: int
    every: Callable[[], Iterable[Asked]]


@dataclass(frozen=True, slots=True)
class AlikeCalls:
    """So many calls that differ in their resource and in who makes them, and in nothing else; ``every`` makes all."""

    first: Asked
    number: int
    every: Callable[[], Iterable[Asked | SameAnswer]]


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


def read_policies(files: Sequence[Path]) -> tuple[Policy, ...]:
    """The policies of the files, by their names. Raises ConfigError for one that is not understood whole."""
    policies: list[Policy] = []
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
        policies.append(policy)
    return tuple(policies)


@dataclass(frozen=True, slots=True)
class RecordedCalls:
    """The calls of snapshots, and what is known of how many there are: see ``Replay``."""

    asked: tuple[Asked, ...]
    exempt: int
    incomplete: tuple[str, ...]
    collected: bool


class _Identity(msgspec.Struct, rename="camel"):
    """Who called, as the collector keeps it."""

    type: str = ""
    arn: str = ""
    issuer_arn: str = ""
    principal_id: str = ""
    user_name: str = ""
    invoked_by: str = ""


class _Event(msgspec.Struct, rename="camel"):
    """A call, as the collector keeps it."""

    event_name: str
    error_code: str
    user_identity: _Identity
    request_parameters: dict[str, Any]


class _Line(msgspec.Struct):
    studio_call: _Event


_line = msgspec.json.Decoder(_Line).decode


def recorded_calls(files: Sequence[Path]) -> RecordedCalls:
    """The calls that CloudTrail recorded and that worked; where one can't be read, not all of them are known. Raises
    SnapshotError."""
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
                try:
                    event = _line(line).studio_call
                except msgspec.ValidationError:
                    open_.add(f"{account} {region}")
                    continue
                if event.error_code:
                    continue  # it failed already
                asked = _recorded(event, account, region)
                exempt += asked is None
                found += [asked] if asked else []
    return RecordedCalls(tuple(found), exempt, tuple(sorted(open_)), collected)


def _gaps(line: bytes) -> Sequence[str]:
    gaps: Sequence[str] = msgspec.json.decode(line).get("gaps") or ()
    return gaps


def _recorded(event: _Event, account: str, region: str) -> Asked | None:
    """None for a call that no policy reaches."""
    who = event.user_identity
    if who.type == "AWSService" or ":role/aws-service-role/" in who.issuer_arn:
        return None
    known: dict[str, Value] = {
        "aws:PrincipalAccount": (account,), "aws:RequestedRegion": (region,), "aws:PrincipalIsAWSService": ("false",),
        "aws:ViaAWSService": ("true" if who.invoked_by else "false",),
    }  # fmt: skip
    principal = who.issuer_arn or who.arn
    if principal:
        known["aws:PrincipalArn"] = (principal,)
    if who.type == "IAMUser" and who.user_name:
        known["aws:username"] = (who.user_name,)
    call = ApiCall(f"sagemaker:{event.event_name}", event.request_parameters, account, region, known)
    group: Group = "deployment" if who.invoked_by == _CLOUDFORMATION else "caller"
    return Asked(group, who.arn or who.principal_id or "unknown", unmasked(request_of(call)))


def unmasked(request: Request) -> Request:
    """Of a value that a snapshot holds as [masked:…] it is known that it is there, and nothing else."""
    values = {
        key: Known.PRESENT if isinstance(value, tuple) and any(MASK.search(one) for one in value) else value
        for key, value in request.context.values.items()
    }
    where = "" if MASK.search(request.resource) else request.resource
    return replace(request, resource=where, context=Context(values, request.context.closed))


def replay(policies: Sequence[Policy], calls: Iterable[Asked | AlikeCalls], recorded: RecordedCalls) -> Replay:
    """What the policies make of the recorded calls and of further ones: what one of them denies is denied."""
    asked: Counter[Group] = Counter()
    stopped: Counter[Stopped] = Counter()
    each: Iterable[Asked | SameAnswer]
    for call in chain(recorded.asked, calls):
        if isinstance(call, Asked):
            alike, each = call, (call,)
        elif not _stops(policies, replace(call.first.request, resource="")):
            # Whichever resource it is, they let the call through.
            asked[call.first.group] += call.number
            continue
        else:
            alike, each = call.first, call.every()
        # What policies make of calls that differ in their resource hangs on which of their patterns that matches.
        known: dict[tuple[Truth, ...], _Stop | None] = {}
        for one in each:
            if isinstance(one, SameAnswer):
                asked[one.first.group] += one.number
                if (stop := _stops(policies, one.first.request)) is not None:
                    stopped.update(_stopped(call, stop) for call in one.every())
                continue
            asked[one.group] += 1
            request = one.request
            if request.context is not alike.request.context or request.action != alike.request.action:
                stop = _stops(policies, request)
            else:
                matched = _matched(policies, request)
                if matched not in known:
                    known[matched] = _stops(policies, request)
                stop = known[matched]
            if stop is not None:
                stopped[_stopped(one, stop)] += 1
    counted = [replace(one, times=times) for one, times in stopped.items()]
    ordered = sorted(counted, key=lambda s: (s.group, s.outcome, -s.times, s.who, s.action, s.resource))
    return Replay(dict(asked), recorded.exempt, tuple(ordered), recorded.incomplete, recorded.collected)


def _matched(policies: Sequence[Policy], request: Request) -> tuple[Truth, ...]:
    """Of each statement whether its resources match the request's; and whether there is one."""
    return (
        bool(request.resource),
        *(
            s.resources is None or s.resources.matches(request.resource, request.context)
            for policy in policies
            for s in policy.statements
        ),
    )


@dataclass(frozen=True, slots=True)
class _Stop:
    """That policies deny a call, or may deny it: see ``Stopped``."""

    outcome: Outcome
    by: tuple[str, ...]
    reasons: tuple[str, ...] = ()


def _stopped(call: Asked, stop: _Stop) -> Stopped:
    request = call.request
    return Stopped(call.group, call.who, request.action, request.resource, stop.outcome, 1, stop.by, stop.reasons)


def _stops(policies: Sequence[Policy], request: Request) -> _Stop | None:
    """None where they let the call through."""
    verdicts = [v for p in policies if (v := _verdict(p, request, named=len(policies) > 1)) is not None]
    if not verdicts:
        return None
    outcome: Outcome = "denied" if any(v.outcome == "denied" for v in verdicts) else "unknown"
    by, reasons = (
        tuple(dict.fromkeys(chain.from_iterable(texts)))
        for texts in zip(*((v.by, v.reasons) for v in verdicts if v.outcome == outcome), strict=True)
    )
    return _Stop(outcome, by, reasons)


def _verdict(policy: Policy, request: Request, *, named: bool) -> _Stop | None:
    """None where the policy lets the call through. ``named``: say which policy it is."""
    spoken = [(statement, _speaks(statement, request)) for statement in policy.statements]
    denied = some(truth for statement, truth in spoken if statement.effect == "Deny")
    allows = [truth for statement, truth in spoken if statement.effect == "Allow"]
    allowed = some(allows) if allows else True
    start = f"{policy.name}: " if named else ""
    if denied or allowed is False:
        labels = [statement.label for statement, truth in spoken if statement.effect == "Deny" and truth]
        return _Stop("denied", tuple(f"{start}{label}" for label in labels or ["no statement allows it"]))
    if denied is False and allowed:
        return None
    open_ = [s for s, truth in spoken if truth is None and (s.effect == "Deny" or allowed is None)]
    reasons = [f"{key} is not known" for statement in open_ for key in open_keys(statement, request.context)]
    if not request.resource and not all(map(_about_everything, open_)):
        reasons.append("the resource is not known")
    return _Stop("unknown", tuple(f"{start}{s.label}" for s in open_), tuple(dict.fromkeys(reasons)))


def _speaks(statement: Statement, request: Request) -> Truth:
    """Whether the statement speaks of the call. Where nothing tells the resource, that is certain only of one about
    every resource."""
    if request.resource:
        return applies(statement, request)
    truth = applies(replace(statement, resources=_ANY), replace(request, resource="*"))
    return None if truth and not _about_everything(statement) else truth


def _about_everything(statement: Statement) -> bool:
    resources = statement.resources
    return resources is not None and not resources.negated and any(p.text == "*" for p in resources.patterns)
