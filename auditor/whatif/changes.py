"""Changes of resources: what each makes of the resource's line in a snapshot.

A change turns the line that was collected into another one. What several changes make of one line is put together
member by member, so that a command that sends a whole structure undoes nothing that another one changes in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from auditor.json_source import decode_json
from auditor.remediation.command_text import Call, UnreadableError
from auditor.remediation.update_call import sent_by, tags_by
from auditor.store.snapshot_reader import Key
from auditor.studio.resource_types import BY_KIND, STUDIO_TYPES, UPDATABLE_KINDS
from auditor.studio.structures import ROOTS

#: A resource's line in a snapshot: account, region, kind, id, the document under the kind's name, tags, gaps.
Line = dict[str, Any]
#: What a change makes of a line; None where the resource is gone.
Edit = Callable[[Line], Line | None]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one resource. ``origin``: the option or the cause that asked for it, ``said``: what is done."""

    key: Key
    origin: str
    said: str
    edit: Edit


def shown(value: Any) -> str:
    """A member's new value as the API has it, and texts as they are; None for one that is taken away."""
    if value is None or isinstance(value, str):
        return "(not set)" if value is None else value
    return json.dumps(value, ensure_ascii=False, default=str)


def put(path: str, value: Any) -> Edit:
    """Sets the member at a dotted path of the document; None removes it, so that it is inherited."""

    def edit(line: Line) -> Line:
        changed = deepcopy(line)
        place, name = _member(changed, path)
        if value is None:
            place.pop(name, None)
        else:
            place[name] = deepcopy(value)
        gaps = [gap for gap in changed.pop("gaps", ()) if not f"{gap}.".startswith(f"{path}.")]
        return {**changed, "gaps": gaps} if gaps else changed

    return edit


def _member(line: Line, path: str) -> tuple[dict[str, Any], str]:
    """The structure that holds the member at a path, made where it is missing, and the member's name in it."""
    *parents, name = path.split(".")
    place: dict[str, Any] = line[line["kind"]]
    for parent in parents:
        if not isinstance(place.get(parent), dict):
            place[parent] = {}
        place = place[parent]
    return place, name


def unknown(path: str, known: Mapping[str, Any] | None = None) -> Edit:
    """Leaves open what stands at a path. ``known``: what is certain of it all the same, None: nothing."""

    def edit(line: Line) -> Line:
        changed = deepcopy(line)
        place, name = _member(changed, path)
        place.pop(name, None)
        if known is not None:
            place[name] = deepcopy(dict(known))
        changed["gaps"] = sorted({*changed.get("gaps", ()), path})
        return changed

    return edit


def partly_known(path: str, at: str, elements: Sequence[str]) -> Edit:
    """Leaves open a list of which some elements are certain; these are kept at the path ``at``."""

    def edit(line: Line) -> Line | None:
        opened = unknown(path)(line)
        assert opened is not None
        return put(at, list(elements))(opened)

    return edit


def unknown_but(kept: Collection[str]) -> Edit:
    """Leaves open the whole document and the tags, but for the members that name the resource."""

    def edit(line: Line) -> Line:
        changed = {name: value for name, value in deepcopy(line).items() if name != "tags"}
        changed[line["kind"]] = {name: value for name, value in changed[line["kind"]].items() if name in kept}
        return {**changed, "gaps": ["*", "Tags"]}

    return edit


def only_tags(certain: Mapping[str, str]) -> Edit:
    """Leaves open which tags there are beside those that are certain."""

    def edit(line: Line) -> Line:
        changed = deepcopy(line)
        changed["tags"] = [{"Key": key, "Value": certain[key]} for key in sorted(certain)]
        changed["gaps"] = sorted({*changed.get("gaps", ()), "Tags"})
        return changed

    return edit


def tag(pairs: Mapping[str, str | None]) -> Edit:
    """Adds tags, or gives them another value; a value of None takes the tag away."""

    def edit(line: Line) -> Line:
        changed = deepcopy(line)
        held = {t["Key"]: t["Value"] for t in changed.get("tags") or ()}
        found = {key: value for key, value in {**held, **pairs}.items() if value is not None}
        changed["tags"] = [{"Key": key, "Value": found[key]} for key in sorted(found)]
        return changed

    return edit


def gone(_line: Line) -> None:
    """Removes the resource."""


def of_call(call: Call, account: str, region: str, lines: Mapping[Key, Line], origin: str) -> Iterator[Change]:
    """What a printed command changes. ``lines``: of the account's roles, by key; a role is named without its path.

    Raises UnreadableError for an operation whose effect is not known here.
    """
    said = f"{call.service} {call.operation}"
    region = call.one("region") or region
    if call.service == "sagemaker":
        key, edit = _of_sagemaker(call, account, region)
        yield Change(key, origin, f"{said} {_shown(key)}", edit)
    elif call.service == "logs" and call.operation == "put-retention-policy":
        key = (account, region, "log_group", call.one("log-group-name"))
        yield Change(key, origin, f"{said} {key[3]}", put("retentionInDays", int(call.one("retention-in-days"))))
    elif call.service == "iam":
        edit = _of_iam(call)
        found = [
            k for k, line in lines.items()
            if k[0] == account and k[2] == "role" and line["role"].get("RoleName") == call.one("role-name")
        ]  # fmt: skip
        if not found:
            raise UnreadableError(f"the snapshot does not hold the role {call.one('role-name')}")
        for key in found:
            yield Change(key, origin, f"{said} {call.one('role-name')}", edit)
            if call.operation != "update-assume-role-policy":
                # What IAM answered about the role was about other policies.
                yield Change((*key[:2], "permission", key[3]), origin, "", put("Results", None))
    else:
        raise UnreadableError(f"the effect of aws {said} on a snapshot is not known")


def _of_sagemaker(call: Call, account: str, region: str) -> tuple[Key, Edit]:
    domain = call.one("domain-id")
    if call.operation == "add-tags":
        return _arn_key(call.one("resource-arn"), account), tag(tags_by(call.options["tags"]))
    if call.operation == "delete-app":
        # As ids of apps are in snapshots: names of profiles and spaces may be the same.
        profile = call.one("user-profile-name")
        owner = f"profile/{profile}" if profile else f"space/{call.one('space-name')}"
        id_ = f"{domain}/{owner}/{call.one('app-type')}/{call.one('app-name')}"
        # AWS lists a deleted app for another day.
        return (account, region, "app", id_), put("Status", "Deleted")
    verb, _, noun = call.operation.partition("-")
    kind = noun.replace("-", "_")
    if kind in UPDATABLE_KINDS:
        type_ = BY_KIND[kind]
        key = (account, region, kind, f"{domain}/{call.one(type_.option)}" if type_.in_domain else domain)
        if verb == "delete":
            return key, gone
        if verb == "update":
            return key, _update(sent_by(call.options))
    raise UnreadableError(f"the effect of aws sagemaker {call.operation} on a snapshot is not known")


def _update(sent: Mapping[str, Any]) -> Edit:
    """An update call: each member that is named takes the place of the one that was, all others stay. What it names of
    a structure it sends whole, so that it does not matter how deep AWS replaces."""

    def edit(line: Line) -> Line | None:
        changed: Line | None = line
        for root, value in sent.items():
            members = value.items() if root in ROOTS else ((None, value),)
            for name, inner in members:
                assert changed is not None
                changed = put(root if name is None else f"{root}.{name}", inner)(changed)
        return changed

    return edit


def _of_iam(call: Call) -> Edit:
    def edit(line: Line) -> Line:
        changed = deepcopy(line)
        role = changed["role"]
        if call.operation == "detach-role-policy":
            attached = role.get("AttachedManagedPolicies") or []
            role["AttachedManagedPolicies"] = [p for p in attached if p.get("PolicyArn") != call.one("policy-arn")]
        elif call.operation == "put-role-policy":
            name = call.one("policy-name")
            written = {"PolicyName": name, "PolicyDocument": decode_json(call.one("policy-document"))}
            kept = [p for p in role.get("RolePolicyList") or [] if p.get("PolicyName") != name]
            role["RolePolicyList"] = sorted([*kept, written], key=lambda p: str(p.get("PolicyName")))
        else:
            role["AssumeRolePolicyDocument"] = decode_json(call.one("policy-document"))
        return changed

    if call.operation not in ("detach-role-policy", "put-role-policy", "update-assume-role-policy"):
        raise UnreadableError(f"the effect of aws iam {call.operation} on a snapshot is not known")
    return edit


def _arn_key(arn: str, account: str) -> Key:
    """The key of one of Studio's resources by its ARN: ``arn:aws:sagemaker:REGION:ACCOUNT:user-profile/d-…/NAME``."""
    parts = arn.split(":", 5)
    noun, _, id_ = parts[-1].partition("/")
    kind = next((t.kind for t in STUDIO_TYPES if t.kind.replace("_", "-") == noun), None)
    if kind is None or len(parts) < 6:
        raise UnreadableError(f"{arn} is not one of Studio's resources")
    return (account, parts[3], kind, id_)


def _shown(key: Key) -> str:
    return f"{key[2].replace('_', ' ')} {key[3]}"


@dataclass(frozen=True, slots=True)
class Clash:
    """Two changes that want different values for one member: the later one counts."""

    key: Key
    path: str
    earlier: str
    later: str


def combine(line: Line, changes: Sequence[Change]) -> tuple[Line | None, list[Clash]]:
    """What the changes make of a line together, whatever each of them sends beside what it changes; None where one
    removes the resource."""
    result: Line = deepcopy(line)
    clashes: list[Clash] = []
    set_by: dict[str, tuple[str, Any]] = {}
    for change in changes:
        made = change.edit(line)
        if made is None:
            return None, clashes
        for path, value in _merge(result, line, made, ""):
            earlier = set_by.get(path)
            if earlier is not None and earlier[1] != value:
                clashes.append(Clash(change.key, path.partition(".")[2], earlier[0], change.origin))
            set_by[path] = (change.origin, value)
    return result, clashes


def _merge(result: dict[str, Any], before: Mapping[str, Any], after: Mapping[str, Any], at: str) -> Iterator[Any]:
    """Carry over to ``result`` what differs between ``before`` and ``after``; the path and value of each plain member
    that was set."""
    for name in [*after, *(n for n in before if n not in after)]:
        old, new, path = before.get(name), after.get(name), f"{at}.{name}" if at else name
        if name in after and old == new:
            continue
        if name not in after:
            held = result.pop(name, None)
            if isinstance(old, list) and isinstance(held, list) and any(item not in old for item in held):
                # What another change added stays: a gap is never lost with those that this one closes.
                result[name] = [item for item in held if item not in old]
            yield path, None
        elif isinstance(new, dict):
            place = result.get(name)
            if not isinstance(place, dict):
                place = result[name] = {}
            yield from _merge(place, old if isinstance(old, dict) else {}, new, path)
        elif isinstance(new, list) and (isinstance(old, list) or isinstance(result.get(name), list)):
            was = old if isinstance(old, list) else []
            held = result.get(name) or []
            left = [item for item in held if item in new or item not in was]
            result[name] = left + [item for item in new if item not in was and item not in left]
        else:
            result[name] = deepcopy(new)
            yield path, new
