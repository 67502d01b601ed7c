"""Read what a rule file says under ``remediation.set``, and refuse what no call could do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from auditor.model.rule import Change
from auditor.resolve.table_model import Table
from auditor.rules.schema import ChangeFile, RuleFile
from auditor.studio.resource_types import RESOURCE_TYPES, UPDATABLE_KINDS
from auditor.studio.structures import PLAIN, ROOTS, member, names_beside
from auditor.yaml_source import Source, near

#: Table → what ``set`` may begin with there. A profile's rules speak of UserSettings, wherever they are set.
_ROOTS: Mapping[str, tuple[str, ...]] = {
    kind: (*(root for root, (owner, _) in ROOTS.items() if owner == kind), *(PLAIN if kind == "domain" else ()))
    for kind in UPDATABLE_KINDS
}
TAGS = "Tags"
_TAGGED = tuple(t.table for t in RESOURCE_TYPES if t.taggable)
_KEYS = ("remediation", "set")


def changes_of(wire: RuleFile) -> tuple[Change, ...]:
    """The changes of a rule file that ``check`` has let through."""
    return tuple(_change(path, value) for path, value in wire.remediation.set.items())


def _change(path: str, value: Any) -> Change:
    if not isinstance(value, ChangeFile):
        return Change(path, "set", value)
    but_not = None if value.but_not is msgspec.UNSET else value.but_not
    if value.add is not msgspec.UNSET:
        return Change(path, "add", value.add, but_not)
    return Change(path, "remove", value.remove, but_not)


def check(source: Source, wire: RuleFile, documented: Table) -> None:
    """Raise the source's error, with line, for the first thing under ``remediation`` that cannot be."""
    fix = wire.remediation
    for name, keys in (*((n, ("values",)) for n in wire.values), *((n, ("remediation", "values")) for n in fix.values)):
        taken = (*wire.params, *(wire.values if len(keys) > 1 else ()))
        if not name.isidentifier() or name in taken or documented.column(name) is not None:
            raise source.error(
                f"values: {name!r} must be a word of its own: no column of {documented.name}, no parameter", *keys, name
            )
    if fix.set and fix.aws:
        raise source.error("remediation: set and aws say the same twice; give one of them", "remediation", "aws")
    if fix.at and not any(path.startswith("UserSettings.") for path in fix.set):
        raise source.error("remediation: at is for rules that set UserSettings", "remediation", "at")
    roots = {path.partition(".")[0] for path in fix.set}
    if TAGS in roots and len(roots) > 1:
        raise source.error("set: tags and settings are two calls; a command is one", *_KEYS)
    for path, value in fix.set.items():
        _check_path(source, path, value, documented)
        for name in _references(value):
            if name not in (*wire.values, *fix.values, *wire.params) and documented.column(name) is None:
                hint = near(name, [*wire.values, *fix.values, *wire.params, *(c.name for c in documented.columns)], "")
                raise source.error(
                    f"set: ${name} is not a value, parameter or column of {documented.name}", *_KEYS, path, hint=hint
                )


def _references(value: Any) -> Iterator[str]:
    parts = (value.add, value.remove, value.but_not) if isinstance(value, ChangeFile) else (value,)
    yield from (part[1:] for part in parts if isinstance(part, str) and part.startswith("$"))


def _check_path(source: Source, path: str, value: Any, documented: Table) -> None:
    root = path.partition(".")[0]
    allowed = (*_ROOTS.get(documented.name, ()), *((TAGS,) if documented.name in _TAGGED else ()))
    if root not in allowed:
        hint = f"A rule about {documented.name} sets: {', '.join(allowed)}" if allowed else ""
        raise source.error(f"set: {path} cannot be set by a rule about {documented.name}", *_KEYS, path, hint=hint)
    if isinstance(value, ChangeFile) and (value.add is msgspec.UNSET) == (value.remove is msgspec.UNSET):
        raise source.error(f"set: {path} needs either add or remove", *_KEYS, path)
    if root == TAGS:
        _check_tags(source, path, value)
        return
    found = member(path)
    if found is None:
        raise source.error(f"set: the API knows no {path}", *_KEYS, path, hint=_near(path))
    in_list = found.many or "[]" in path
    if found.shape:
        raise source.error(f"set: {path} is a structure; name the member that is to change", *_KEYS, path)
    if isinstance(value, ChangeFile) and not in_list:
        raise source.error(f"set: {path} is not a list, so nothing can be added or removed", *_KEYS, path)
    reference = isinstance(value, str) and value.startswith("$")
    if not isinstance(value, ChangeFile) and (in_list != isinstance(value, list)) and not reference:
        wanted = "a list" if in_list else "one value"
        raise source.error(f"set: {path} takes {wanted}", *_KEYS, path)


def _check_tags(source: Source, path: str, value: Any) -> None:
    if (path == TAGS) != (isinstance(value, ChangeFile) and value.add is not msgspec.UNSET) or isinstance(value, list):
        raise source.error(
            "set: tags are written Tags.KEY: VALUE, or Tags: {add: KEYS}", *_KEYS, path,
            hint="Example: Tags.owner: OWNER",
        )  # fmt: skip


def _near(path: str) -> str:
    """The name most like the first one that the API does not know."""
    found, wrong, known = names_beside(path)
    if not wrong:
        return f"Did you mean {found!r}?" if found != path else ""
    there = member(found)
    if there is not None and there.many and there.shape and not found.endswith("[]"):
        name = found.rpartition(".")[2]
        return f"{name} is a list of structures: write {name}[]"
    if not found:
        return near(wrong, known)
    return near(wrong, known, f"Members of {found.rpartition('.')[2]}: {', '.join(known)}" if known else "")
