"""One call that changes settings: its arguments, from the changes and from what the resource holds already.

AWS does not say whether an update replaces a nested structure whole or member by member (docs/remediation.md), so a
structure is sent with all its members: the result is the same under either reading. A plain member is sent alone: an
update leaves alone what it does not name ("DefaultUserSettings … cannot be unset": guide, "Edit domain settings").
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from auditor.remediation.shell import word
from auditor.remediation.steps import Step
from auditor.studio.structures import PLAIN, ROOTS
from auditor.studio.template_names import snake

#: Root of a document's settings → the option of the update call that takes it.
_OPTIONS = {root: snake(root).replace("_", "-") for root in ROOTS} | {"DomainSettings": "domain-settings-for-update"}
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
#: Values that the AWS CLI's shorthand takes as they are; everything else is written as JSON.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9:/._+-]*")


def settings(steps: Sequence[Step], held: Mapping[str, Any], lists: Mapping[str, list[Any]]) -> dict[str, Any]:
    """What is sent, by root or plain member; nothing where nothing would change.

    ``held`` are the documents' own values by ``Step.top``. ``lists`` by path: what an inherited list holds, where the
    structure itself does not have it.
    """
    sent: dict[str, Any] = {}
    changed: set[str] = set()
    for step in steps:
        root, *parts = step.path.split(".")
        place: dict[str, Any] = sent
        if parts:
            place = sent.setdefault(root, {})
            if step.nested and parts[0] not in place:
                place[parts[0]] = deepcopy(held.get(step.top))
        names = parts or [root]
        for name in names[:-1]:
            if name.endswith("[]"):
                break
            if not isinstance(place.get(name), dict):
                place[name] = {}  # not there yet; AWS gives no null, but a file may hold one
            place = place[name]
        before = held.get(step.top) if not step.nested else None
        if _apply(place, names, step, before, lists.get(step.path)):
            changed.add(step.top)
    for step in steps:
        # A structure or list in which nothing changes need not be sent; of plain members AWS demands some together.
        if (step.nested or step.action != "set") and step.top not in changed:
            parent, _, name = step.top.rpartition(".")
            structure: dict[str, Any] = sent.get(parent, {}) if parent else sent
            structure.pop(name, None)
    return {name: value for name, value in sent.items() if value != {}} if changed else {}


def _apply(place: dict[str, Any], names: list[str], step: Step, before: Any, inherited: list[Any] | None) -> bool:
    """Carry out one step; whether it changed something."""
    *parents, name = names
    items = parents[-1].removesuffix("[]") if parents and parents[-1].endswith("[]") else ""
    here = items or name
    old = deepcopy(place.get(here, before))
    if step.action == "set":
        place[name] = step.value
        return bool(old != step.value)
    listed = list(old if old is not None else inherited or ())
    values = [{name: value} for value in step.value] if items else list(step.value)
    if step.action == "add":
        place[here] = listed + [v for v in values if v not in listed]
    else:
        place[here] = [v for v in listed if v not in values]
    return bool(place[here] != listed)


def options(sent: Mapping[str, Any]) -> list[str]:
    """The command's options, as words for a shell."""
    words = []
    for name, value in sent.items():
        if name in _OPTIONS:
            words += [f"--{_OPTIONS[name]}", _structure(value)]
        else:
            option = "--" + _WORD_BOUNDARY.sub("-", name).lower()
            words += [option, *(word(v) for v in (value if isinstance(value, list) else [value]))]
    return words


def sent_by(words: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What a command's options send, by root or plain member, where ``options`` wrote them. Those that it does not
    write are left out.

    A plain text value stays a text: no member of a root that is written in shorthand is a number.
    """
    roots = {option: root for root, option in _OPTIONS.items()}
    sent: dict[str, Any] = {}
    for option, values in words.items():
        if option in roots:
            sent[roots[option]] = _read_structure(values[0])
        else:
            name = "".join(part.capitalize() for part in option.split("-"))
            if name in PLAIN:
                sent[name] = list(values) if PLAIN[name].many else values[0]
    return sent


def _read_structure(text: str) -> dict[str, Any]:
    if text.startswith("{"):
        found = json.loads(text)
        return found if isinstance(found, dict) else {}
    return dict(pair.partition("=")[::2] for pair in text.split(","))


def tags_by(words: Sequence[str]) -> dict[str, str]:
    """The tags that ``tag_options`` wrote as words."""
    if words and words[0].startswith("["):
        return {pair["Key"]: pair["Value"] for pair in json.loads(words[0])}
    pairs = (dict(part.partition("=")[::2] for part in word.split(",", 1)) for word in words)
    return {pair["Key"]: pair["Value"] for pair in pairs}


def _structure(value: Mapping[str, Any]) -> str:
    """Shorthand where that is plain, else JSON: AWS's CLI takes either."""
    if all(isinstance(v, int) or (isinstance(v, str) and _PLAIN.fullmatch(v)) for v in value.values()):
        return ",".join(f"{name}={v}" for name, v in value.items())
    return shlex.quote(json.dumps(value, separators=(", ", ": ")))


def tag_options(pairs: Mapping[str, str]) -> list[str]:
    """``--tags`` and its words."""
    if all("=" not in key and "," not in key + value for key, value in pairs.items()):
        return ["--tags", *(shlex.quote(f"Key={key},Value={value}") for key, value in pairs.items())]
    return ["--tags", shlex.quote(json.dumps([{"Key": k, "Value": v} for k, v in pairs.items()]))]
