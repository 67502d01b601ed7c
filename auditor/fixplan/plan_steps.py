"""From changed lines of a snapshot to the calls that make the same of the account, each with its way back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from auditor.counting import plural
from auditor.model.paths import value_at
from auditor.store.snapshot_reader import Key
from auditor.studio.resource_types import BY_KIND, STACK_TAG
from auditor.studio.structures import NO_BOUND, PLAIN, ROOTS, takes
from auditor.whatif.changes import Line

#: What a member of a document holds that was inherited, by its path; None where that is not known.
ValueInForce = Callable[[Key, str], Any]
_SENT_AS = {"DomainSettings": "DomainSettingsForUpdate"}
#: Member and value of an update → members that AWS refuses it without, changed or not. The answer is not documented:
#: github.com/hashicorp/terraform-provider-aws/issues/45528.
_WANTED_BESIDE = {("AppNetworkAccessType", "VpcOnly"): ("VpcId", "SubnetIds")}
#: Steps in the order in which they are run: what others need comes first, what cannot be undone last.
_ORDER = (
    "update-assume-role-policy", "update-domain", "update-user-profile", "update-space", "add-tags",
    "put-retention-policy", "put-role-policy", "detach-role-policy", "delete-app", "delete-space",
)  # fmt: skip


#: The member that says when a resource was made.
CREATED = "CreationTime"


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the AWS CLI: ``aws SERVICE OPERATION``, with its input as the API has it."""

    service: str
    operation: str
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """How to see the state of a resource that a step is about: a call that reads, and the query of its answer.

    ``before``: what the query gave when the audit was made; ``after``: what it gives once the step was run;
    ``restored``: what it gives once that was undone, ``between``: after each call of the way back but the last.
    ``forgotten``: AWS no longer shows the resource some time after the step; that is the same as ``after``.
    ``query_back``: the query on the way back, where ``restored`` is something that another one gives.
    """

    request: Request
    query: str
    before: Any
    after: Any
    restored: Any
    between: tuple[Any, ...] = ()
    forgotten: bool = False
    query_back: str = ""

    @property
    def settles(self) -> bool:
        """Whether the resource has a status, and AWS goes on changing it after a call was answered."""
        return self.request.service == "sagemaker" and self.request.operation.startswith("describe-")


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one resource. ``back``: the calls that undo it, in order; ``lasting``: what stays all the same, in
    words. ``removes``: nothing is there to look at afterwards. ``details``: each setting, before and
    after. ``origins``: the causes that asked for it. ``stack``: the CloudFormation stack that made the resource, empty
    where its tags name none."""

    key: Key
    what: str
    look: Look
    request: Request
    back: tuple[Request, ...]
    lasting: str
    origins: tuple[str, ...]
    removes: bool = False
    details: tuple[str, ...] = ()
    stack: str = ""


def steps_of(key: Key, line: Line, made: Line | None, origins: Sequence[str], in_force: ValueInForce) -> Iterator[Step]:
    """The steps that make ``made`` of a resource that was ``line``."""
    tags = {tag["Key"]: tag["Value"] for tag in line.get("tags") or ()}
    for step in _steps(key, line, made, tuple(dict.fromkeys(origins)), in_force):
        yield replace(step, stack=tags[STACK_TAG]) if STACK_TAG in tags else step


def _steps(
    key: Key, line: Line, made: Line | None, told: tuple[str, ...], in_force: ValueInForce
) -> Iterator[Step]:  # fmt: skip
    kind = key[2]
    if kind == "role":
        assert made is not None
        yield from _of_role(key, line["role"], made["role"], told)
    elif kind == "log_group":
        assert made is not None
        yield _of_log_group(key, line["log_group"], made["log_group"], told)
    elif kind == "app":
        yield _delete_app(key, line["app"], told)
    elif made is None:
        yield _delete(key, line, told)
    elif kind in BY_KIND:
        if line[kind] != made[kind]:
            yield _update(key, line[kind], made[kind], told, in_force)
        if line.get("tags") != made.get("tags"):
            yield _tags(key, line, made, told)


def in_order(steps: Sequence[Step]) -> list[Step]:
    """Trust before what needs it, domains before what inherits from them, and what cannot be undone last."""
    return sorted(steps, key=lambda s: (s.key[0], _ORDER.index(s.request.operation), s.key[1], s.key[3]))


def _named(key: Key) -> dict[str, str]:
    """The members of a request that name the resource."""
    type_ = BY_KIND[key[2]]
    if not type_.in_domain:
        return {"DomainId": key[3]}
    domain, _, name = key[3].partition("/")
    return {"DomainId": domain, type_.name_member: name}


def _noun(key: Key) -> str:
    return f"{BY_KIND[key[2]].noun} {key[3]}"


# Settings


def _update(
    key: Key, old: Mapping[str, Any], new: Mapping[str, Any], origins: tuple[str, ...], in_force: ValueInForce
) -> Step:
    kind = key[2]
    type_ = BY_KIND[kind]
    roots = [root for root, (owner, _) in ROOTS.items() if owner == kind] + (list(PLAIN) if kind == "domain" else [])
    earlier, lasting = _earlier(key, old, new, in_force)
    query = "{" + ", ".join(f"{root}: {root}" for root in roots) + "}"
    before, after, restored = ({root: document.get(root) for root in roots} for document in (old, new, earlier))
    changed = list(_leaves(old, new))
    return Step(
        key,
        f"{_noun(key)}: {changed[0] if len(changed) == 1 else plural(len(changed), 'setting')}",
        Look(Request("sagemaker", _dashed(type_.describe), _named(key)), query, before, after, restored),
        Request("sagemaker", type_.update, {**_named(key), **_sent(old, new)}),
        (Request("sagemaker", type_.update, {**_named(key), **sent}),) if (sent := _sent(new, earlier)) else (),
        lasting,
        origins,
        details=tuple(f"{path}: {_shown(value_at(old, path))} -> {_shown(value_at(new, path))}" for path in changed),
    )


def _shown(value: Any) -> str:
    return "(not set)" if value is None else value if isinstance(value, str) else json.dumps(value)


def _dashed(operation: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in operation).removeprefix("-")


def _sent(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What an update from one document to the other sends: of each root the members that differ, each one whole, and
    what AWS wants beside them."""
    sent: dict[str, Any] = {}
    for name, value in new.items():
        if old.get(name) == value:
            continue
        if name in ROOTS:
            held = old.get(name) or {}
            members = {member: inner for member, inner in value.items() if held.get(member) != inner}
            if members:
                sent[_SENT_AS.get(name, name)] = members
        elif name in PLAIN:
            sent[name] = value
    for (name, value), beside in _WANTED_BESIDE.items():
        if sent.get(name) == value:
            sent |= {other: new[other] for other in beside if other in new}
    return sent


def _earlier(
    key: Key, old: Mapping[str, Any], new: Mapping[str, Any], in_force: ValueInForce
) -> tuple[dict[str, Any], str]:
    """The document that the way back makes. An update cannot take a member away that was not set before: it gets the
    value that was in force, a bound the one that binds nothing, and where neither is, or none that AWS takes (a timeout
    of 0), it stays."""
    earlier = deepcopy(dict(new))
    kept: list[str] = []
    widest: list[str] = []
    stays: list[str] = []
    for path in _leaves(old, new):
        value = value_at(old, path)
        if value is None:
            value = in_force(key, path)
            member = path.rpartition(".")[2]
            none = value in (None, "") or not takes(member, value)
            if none and member in NO_BOUND:
                value = NO_BOUND[member]
                widest.append(f"{path} to {value:,}")
            else:
                (stays if none else kept).append(path)
            if value in (None, "") or not takes(member, value):
                continue
        *parents, name = path.split(".")
        place = earlier
        for parent in parents:
            place = place[parent]
        place[name] = deepcopy(value)
    told = []
    if kept:
        told.append(f"AWS cannot unset {', '.join(kept)}: the way back sets what was in force before.")
    if widest:
        told.append(f"AWS cannot unset bounds: the way back sets {', '.join(widest)}, which binds nothing.")
    if stays:
        told.append(f"AWS cannot unset {', '.join(stays)}, and no value was in force before: it stays.")
    return earlier, " ".join(told)


def _leaves(old: Any, new: Any, at: str = "") -> Iterator[str]:
    """Paths of plain members and lists that have another value."""
    for name, value in new.items():
        before = old.get(name) if isinstance(old, Mapping) else None
        path = f"{at}.{name}" if at else name
        if before == value:
            continue
        if isinstance(value, Mapping):
            yield from _leaves(before, value, path)
        else:
            yield path


# Tags


def _tags(key: Key, line: Line, made: Line, origins: tuple[str, ...]) -> Step:
    old, new = ({t["Key"]: t["Value"] for t in one.get("tags") or ()} for one in (line, made))
    more = {name: value for name, value in new.items() if old.get(name) != value}
    arn = line[key[2]][BY_KIND[key[2]].arn_member]
    back: list[Request] = []
    if changed := {name: old[name] for name in more if name in old}:
        back.append(Request("sagemaker", "add-tags", {"ResourceArn": arn, "Tags": _pairs(changed)}))
    added = sorted(name for name in more if name not in old)
    between = (_pairs({**new, **changed}),) if changed and added else ()
    if added:
        back.append(Request("sagemaker", "delete-tags", {"ResourceArn": arn, "TagKeys": added}))
    return Step(
        key,
        f"{_noun(key)}: tags {', '.join(sorted(more))}",
        Look(
            Request("sagemaker", "list-tags", {"ResourceArn": arn}),
            "sort_by(Tags, &Key)",
            _pairs(old),
            _pairs(new),
            _pairs(old),
            between,
        ),
        Request("sagemaker", "add-tags", {"ResourceArn": arn, "Tags": _pairs(more)}),
        tuple(back),
        "",
        origins,
    )


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": tags[name]} for name in sorted(tags)]


# What is deleted


#: True of an app that was deleted, which is listed for a day; else what tells it from one of the same name that
#: somebody started anew: its instance type, and when it was made. AWS says that an app which is started again within 24
#: hours after it was shut down is the same one, with its metadata (API_DescribeApp, CreationTime).
_DELETED = """contains(`["Deleted", "Deleting"]`, Status)"""
_ON = "ResourceSpec.InstanceType || 'none'"
#: What a space is beside its settings: whose, with whom it is shared, and its number on the file system. None of it can
#: be changed, so that another space of the same name, made since, is told by it.
_IDENTITY = ("OwnershipSettings", "SpaceSharingSettings", "HomeEfsFileSystemUid")


def _delete_app(key: Key, app: Mapping[str, Any], origins: tuple[str, ...]) -> Step:
    names = {n: app[n] for n in ("DomainId", "UserProfileName", "SpaceName", "AppType", "AppName") if app.get(n)}
    again = {**names, **({"ResourceSpec": app["ResourceSpec"]} if app.get("ResourceSpec") else {})}
    runs_on = (app.get("ResourceSpec") or {}).get("InstanceType") or "none"
    query = f"{_DELETED} || {_ON}"
    look = Look(Request("sagemaker", "describe-app", names), query, runs_on, True, runs_on, forgotten=True)
    if made := app.get("CreationTime"):
        # The app that the way back starts may be another one.
        look = replace(
            look, query=f"{_DELETED} || {{On: {_ON}, {CREATED}: {CREATED}}}", before={"On": runs_on, CREATED: made},
            query_back=query,
        )  # fmt: skip
    return Step(
        key,
        f"app {key[3]}: deleted",
        look,
        Request("sagemaker", "delete-app", names),
        (Request("sagemaker", "create-app", again),),
        "What was unsaved in the app is lost; the way back starts it again.",
        origins,
    )


def _delete(key: Key, line: Line, origins: tuple[str, ...]) -> Step:
    type_ = BY_KIND[key[2]]
    members = [root for root, (owner, _) in ROOTS.items() if owner == key[2]] + list(_IDENTITY)
    query = "{" + ", ".join(f"{member}: {member}" for member in members) + "}"
    before = {member: line[key[2]].get(member) for member in members}
    return Step(
        key,
        f"{_noun(key)}: deleted",
        Look(Request("sagemaker", _dashed(type_.describe), _named(key)), query, before, None, None),
        Request("sagemaker", f"delete-{key[2].replace('_', '-')}", _named(key)),
        (),
        "It cannot be undone: its volume and the files on it are deleted as well.",
        origins,
        removes=True,
    )


# Roles and logs


def _of_role(key: Key, old: Mapping[str, Any], new: Mapping[str, Any], origins: tuple[str, ...]) -> Iterator[Step]:
    name = str(old["RoleName"])
    role = {"RoleName": name}
    before, after = (one.get("AssumeRolePolicyDocument") for one in (old, new))
    if before != after:
        ways = [
            Request("iam", "update-assume-role-policy", {**role, "PolicyDocument": _text(t)}) for t in (before, after)
        ]
        look = Look(Request("iam", "get-role", role), "Role.AssumeRolePolicyDocument", before, after, before)
        yield Step(key, f"role {name}: trust policy", look, ways[1], (ways[0],), "", origins)
    attached = [sorted(p["PolicyArn"] for p in one.get("AttachedManagedPolicies") or ()) for one in (old, new)]
    for arn in (arn for arn in attached[0] if arn not in attached[1]):
        policy = {**role, "PolicyArn": arn}
        look = Look(
            Request("iam", "list-attached-role-policies", role),
            f"length(AttachedPolicies[?PolicyArn=='{arn}'])", 1, 0, 1,
        )  # fmt: skip
        back = Request("iam", "attach-role-policy", policy)
        yield Step(
            key, f"role {name}: without {arn}", look, Request("iam", "detach-role-policy", policy), (back,), "", origins
        )
    inline = [{p["PolicyName"]: p["PolicyDocument"] for p in one.get("RolePolicyList") or ()} for one in (old, new)]
    for policy_name, document in inline[1].items():
        if inline[0].get(policy_name) != document:
            yield _inline(key, {**role, "PolicyName": policy_name}, inline[0].get(policy_name), document, origins)


def _inline(key: Key, policy: Mapping[str, str], before: Any, after: Any, origins: tuple[str, ...]) -> Step:
    """An inline policy that is written; ``before`` None where there is none of its name."""
    name = policy["PolicyName"]
    ways = [Request("iam", "put-role-policy", {**policy, "PolicyDocument": _text(one)}) for one in (before, after)]
    if before is None:
        ways[0] = Request("iam", "delete-role-policy", policy)
        listed = Request("iam", "list-role-policies", {"RoleName": policy["RoleName"]})
        look = Look(listed, f"length(PolicyNames[?@=='{name}'])", 0, 1, 0)
    else:
        look = Look(Request("iam", "get-role-policy", policy), "PolicyDocument", before, after, before)
    return Step(key, f"role {policy['RoleName']}: inline policy {name}", look, ways[1], (ways[0],), "", origins)


def _of_log_group(key: Key, old: Mapping[str, Any], new: Mapping[str, Any], origins: tuple[str, ...]) -> Step:
    group = {"logGroupName": key[3]}
    before, after = (one.get("retentionInDays") for one in (old, new))
    back = Request("logs", "put-retention-policy", {**group, "retentionInDays": before})
    return Step(
        key,
        f"log group {key[3]}: kept for {after} days",
        Look(
            Request("logs", "describe-log-groups", {"logGroupNamePrefix": key[3]}),
            f"logGroups[?logGroupName=='{key[3]}'].retentionInDays | [0]", before, after, before,
        ),
        Request("logs", "put-retention-policy", {**group, "retentionInDays": after}),
        (Request("logs", "delete-retention-policy", group) if before is None else back,),
        "What is deleted after the time is not brought back.",
        origins,
    )  # fmt: skip


def _text(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))
