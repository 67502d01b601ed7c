"""What somebody asks to be changed: ``RESOURCE:PATH=VALUE``, held against AWS's structures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.counting import plural
from auditor.errors import ConfigError
from auditor.json_source import decode_json
from auditor.masking import MASK, mask_document, mask_value
from auditor.store.snapshot_reader import Key
from auditor.studio.resource_types import BY_KIND, UPDATABLE_KINDS
from auditor.studio.structures import ARNS, NUMBERS, ROOTS, WORDS, Member, member, members, names_beside
from auditor.whatif.changes import Change, Line, put, shown, tag
from auditor.yaml_source import near

#: The resource's name ends at the first colon that a path and an equals sign follow: ARNs have colons of their own.
_ASKED = re.compile(
    r"(?P<resource>.+?):(?P<path>Tags\.[^=]+|[A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)*)=(?P<value>.*)", re.DOTALL
)
#: The same in any case, of which somebody is told how it is written.
_ANY_CASE = re.compile(r"(?P<resource>.+?):(?P<path>[A-Za-z][A-Za-z0-9]*(?:\.[^=.:]+)*)=.*", re.DOTALL)
_FORM = "Write it so: --set lab/ana:UserSettings.AutoMountHomeEFS=Disabled"
_TAG = "Tags."
_FEW = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """One ``--set``: the resource by name, id or ARN, the member's path and its value; None to take it away."""

    text: str
    resource: str
    path: str
    value: Any

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of resources that have such a member."""
        root = self.path.partition(".")[0]
        if self.path.startswith(_TAG):
            return tuple(BY_KIND)
        return (ROOTS[root][0],) if root in ROOTS else ("domain",)


def read_asked(text: str) -> Asked:
    """One ``--set``. A secret in the value is masked, as it is in snapshots, so that nothing that is printed of the
    change holds it. Raises ConfigError where the form, the path or the value cannot be."""
    found = _ASKED.fullmatch(text)
    if found is None:
        meant = _ANY_CASE.fullmatch(text)
        hint = _near(meant["path"]) if meant is not None else _FORM
        raise ConfigError(f"--set {text}: this is not RESOURCE:PATH=VALUE", hint=hint)
    path, given = found["path"], found["value"]
    if path.startswith(_TAG):
        return _asked(text, found, None if given == "null" else mask_value(path.removeprefix(_TAG), given))
    known = member(path)
    if known is None:
        raise ConfigError(
            f"--set {text}: no update of a domain, user profile or space changes {path}", hint=_near(path)
        )
    if known.shape and not known.many:
        raise ConfigError(
            f"--set {text}: {path} is a structure",
            hint=f"Name one of its members: {', '.join(members(known.shape))}",
        )
    return _asked(text, found, mask_document(_value(text, known, given)))


def _asked(text: str, found: re.Match[str], value: Any) -> Asked:
    """``value``: without its secrets. The option as it is told is the one that was given, where that holds none."""
    told = text
    if MASK.search(said := value if isinstance(value, str) else json.dumps(value)):
        told = f"{found['resource']}:{found['path']}={said}"
    return Asked(told, found["resource"], found["path"], value)


def _value(text: str, known: Member, given: str) -> Any:
    try:
        value = decode_json(given)
    except ValueError:
        if given.startswith(("[", "{")):
            raise ConfigError(f"--set {text}: the value is not JSON", hint='Write a list so: ["a", "b"]') from None
        value = given
    if value is None:
        return None
    if known.many:
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, dict if known.shape else str) for item in items):
            wanted = f"structures of {', '.join(members(known.shape))}" if known.shape else "texts"
            raise ConfigError(f"--set {text}: {known.name} is a list of {wanted}")
        _refuse(text, (_item_fault(known, item) for item in items))
        return items
    if known.name not in NUMBERS:
        if isinstance(value, list | dict | float):
            raise ConfigError(f"--set {text}: {known.name} takes one value")
        # All others are texts, also true and 5; quotes may stand around them.
        value = value if isinstance(value, str) else given
    _refuse(text, [_plain_fault(known.name, value)])
    return value


def _refuse(text: str, faults: Iterable[str]) -> None:
    for fault in filter(None, faults):
        raise ConfigError(f"--set {text}: {fault}")


def _item_fault(known: Member, item: Any) -> str:
    return _fault(item, known.shape) if known.shape else _plain_fault(known.name, item)


def _fault(item: Any, shape: str) -> str:
    """What of a structure AWS does not take; empty where nothing is known against it."""
    if not isinstance(item, dict):
        return f"{json.dumps(item)} is not a structure of {', '.join(members(shape))}"
    for name, value in item.items():
        known = members(shape).get(name)
        if known is None:
            return f"there is no {name} in a structure of {', '.join(members(shape))}"
        if known.many != isinstance(value, list):
            return f"{name} takes {'a list' if known.many else 'one value'}"
        if fault := next(filter(None, (_item_fault(known, one) for one in (value if known.many else [value]))), ""):
            return fault
    return ""


def _plain_fault(name: str, value: Any) -> str:
    """What of a plain value AWS does not take."""
    if name in NUMBERS:
        low, high = NUMBERS[name]
        fits = type(value) is int and low <= value <= high
        return "" if fits else f"{name} takes a whole number from {low:,} to {high:,}"
    if not isinstance(value, str):
        return f"{name} takes a text"
    if name in WORDS:
        *others, last = WORDS[name]
        return "" if value in (*others, last) else f"{name} takes {', '.join(others)} or {last}"
    form, called = next((ARNS[end] for end in ARNS if name.endswith(end)), (None, ""))
    return f"{name} takes {called}" if form is not None and not form.fullmatch(value) else ""


def _near(path: str) -> str:
    """What of the members' names is meant; '' where that can't be told."""
    root, dot, rest = path.partition(".")
    if root.lower() == _TAG.lower()[:-1] and dot:
        return f"Did you mean '{_TAG}{rest}'?"
    found, wrong, others = names_beside(path)
    if not wrong:
        return f"Did you mean {found!r}?"
    if not found:
        return near(wrong, others, f"A path begins with one of: {', '.join(others)}, Tags")
    if not others:
        return f"{found} has no members."
    meant = near(wrong, others)
    return meant.replace("'", f"'{found}.", 1) if meant else f"{found} has: {', '.join(others)}"


class Names:
    """Finds resources of a snapshot by what they are called."""

    def __init__(self, wanted: Mapping[str, tuple[str, ...]]) -> None:
        """``wanted``: what to look for, each with the kinds that it may be of."""
        self._wanted = {name: (name.partition("/")[2] or name, kinds) for name, kinds in wanted.items()}
        self._domains: dict[Key, str] = {}
        self._found: dict[str, dict[Key, bool]] = {name: {} for name in wanted}

    def may_mean(self, key: Key) -> bool:
        """Whether a resource may be meant, as far as its key says: names and ARNs end as ids do, but for domains'."""
        if not self._wanted or key[2] not in BY_KIND:
            return False
        last = key[3].rpartition("/")[2]
        return key[2] == "domain" or any(
            last == wanted or name.endswith(key[3]) for name, (wanted, _) in self._wanted.items()
        )

    def see(self, key: Key, line: Line) -> None:
        """Look at the line of a resource that may be meant."""
        kind = key[2]
        type_ = BY_KIND[kind]
        document = line[kind] if isinstance(line.get(kind), dict) else {}
        called = document.get(type_.name_member)
        if kind == "domain":
            self._domains[key] = str(called)
        own = (document.get(type_.arn_member), key[3], "/".join(key))
        for name, (last, kinds) in self._wanted.items():
            if kind in kinds and (name in own or called in (name, last)):
                self._found[name][key] = name in own

    def of(self, name: str) -> Key:
        """The one resource of that name. Raises ConfigError where there is none, or are several."""
        found = self._found[name]
        sure = [key for key, certain in found.items() if certain]
        called = sure or [key for key in found if self._fits(key, name)]
        if len(called) == 1:
            return called[0]
        kinds = " or ".join(k.replace("_", " ") for k in self._wanted[name][1] if k in UPDATABLE_KINDS)
        if not called:
            raise ConfigError(
                f"the snapshot holds no {kinds or 'resource'} called {name!r}",
                hint="Name it by its id, ARN or DOMAIN/NAME.",
            )
        listed = "".join(f"\n    {'/'.join(key)}" for key in called[:_FEW])
        raise ConfigError(
            f"{name!r} is what {plural(len(called), 'resource')} are called", hint=f"Name one of:{listed}"
        )

    def _fits(self, key: Key, name: str) -> bool:
        """Whether a resource that has the last part of the name for its own lies in the domain of the first."""
        domain, _, last = name.partition("/")
        if not last or key[3].rpartition("/")[2] != last:
            return not last
        id_ = key[3].partition("/")[0]
        return domain in (id_, self._domains.get((*key[:2], "domain", id_)))


def changes_of(asked: Sequence[Asked], names: Names) -> Iterator[Change]:
    """The changes that the options ask for. Raises ConfigError for a resource that is not there."""
    for one in asked:
        key = names.of(one.resource)
        what = f"{key[2].replace('_', ' ')} {key[3]}: {one.path} = {shown(one.value)}"
        if one.path.startswith(_TAG):
            edit = tag({one.path.removeprefix(_TAG): None if one.value is None else str(one.value)})
        else:
            edit = put(one.path, one.value)
        yield Change(key, f"--set {one.text}", what, edit)
