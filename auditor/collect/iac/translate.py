"""From a resource's properties, in its language's names, to the API's document: one walk over the mapping table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from auditor.collect.iac.interface import OpenMap, Reference, Resource, Unknown, Value, unknowns
from auditor.json_source import decode_json
from auditor.model.snapshot import Kind
from auditor.studio.template_names import Row, rows
from auditor.studio.template_types import Language, Part

#: What a reference to a resource of the root stands for in the document, at an API path.
Resolve = Callable[[Reference, str], "str | Unknown"]


@dataclass(slots=True)
class Document:
    """``members``: the API's document. ``gaps``: API path → why the value there is unknown; nothing stands at such a
    path in ``members``, unless the document was asked to keep its unknowns. ``tags``: those that are there for certain;
    there may be others where "Tags" is a gap, and None then says that none is known. ``lines``: API path → line.
    ``certain``: API path of a list that is a gap, but written for certain → the elements that are known."""

    members: dict[str, Any] = field(default_factory=dict)
    gaps: dict[str, Unknown] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    tags: dict[str, str] | None = field(default_factory=dict)
    certain: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(slots=True)
class _Node:
    name: str
    row: Row | None = None
    many: bool = False
    children: dict[str, _Node] = field(default_factory=dict)


class _Missing:
    """What a walk gives where there is nothing to put into the document."""


_MISSING = _Missing()


@cache
def _tree(kind: Kind | Part, language: Language) -> _Node:
    top = _Node("")
    for row in rows(kind):
        name = row.names[language]
        if name is None:
            continue
        node = top
        for api, own in zip(row.path.split("."), name.split("."), strict=True):
            child = node.children.setdefault(api.removesuffix("[]"), _Node(own.removesuffix("[]")))
            child.many = child.many or api.endswith("[]")
            node = child
        node.row = row
        node.many = node.many or row.read == "items"
    return top


def document(
    resource: Resource, kind: Kind | Part, language: Language, resolve: Resolve, *, keep_unknown: bool = False
) -> Document:
    """The resource as the API's document. ``keep_unknown`` leaves Unknown values where they stand, for callers that can
    make something of a document with unknown parts (policies)."""
    found = Document()
    walk = _Walk(resource, resolve, found, keep_unknown, blocks=language == "aws")
    members = walk.structure(_tree(kind, language), resource.properties, "", "")
    assert isinstance(members, dict)
    found.members = members
    return found


class _Walk:
    """``blocks``: structures are blocks, which Terraform gives as lists."""

    def __init__(
        self, resource: Resource, resolve: Resolve, found: Document, keep_unknown: bool, *, blocks: bool
    ) -> None:
        self._resource, self._resolve, self._found, self._keep = resource, resolve, found, keep_unknown
        self._blocks = blocks

    def structure(self, node: _Node, value: Mapping[str, Value], path: str, own: str) -> dict[str, Any]:
        """The members of a structure that the template writes."""
        members: dict[str, Any] = {}
        rest = value.rest if isinstance(value, OpenMap) else None
        if rest is not None and path and not self._keep:
            # A gap covers what lies below it and is not there.
            self._found.gaps[path], rest = rest, None
        for api, child in node.children.items():
            if value.get(child.name) is None:
                if rest is not None and child.name not in value:
                    self._open(child, rest, _join(path, api), members)
                continue
            at, own_at = _join(path, api), _join(own, child.name)
            if own_at in self._resource.lines:
                self._found.lines[at] = self._resource.lines[own_at]
            result = self._member(child, value[child.name], at, own_at)
            if isinstance(result, Unknown) and not self._keep:
                self._found.gaps[at] = result
            elif result is not _MISSING:
                members[api] = result
        return members

    def _open(self, node: _Node, why: Unknown, at: str, members: dict[str, Any]) -> None:
        """Note a member of which it is not known whether it is written, or leave it in place."""
        found = self._member(node, why, at, "")
        if self._keep:
            members[at.rpartition(".")[2]] = found
        else:
            self._found.gaps[at] = found

    def _member(self, node: _Node, value: Value, path: str, own: str) -> Any:
        if isinstance(value, Unknown):
            if node.row is not None and node.row.read == "tags":
                self._found.tags = None
            return value
        if node.many:
            return self._items(node, value, path, own)
        structure = bool(node.children) or (self._blocks and node.row is not None and node.row.read == "present")
        if structure and isinstance(value, list | tuple):
            # A Terraform block that may occur once.
            if not value:
                return _MISSING
            value = value[0]
            if isinstance(value, Unknown):
                return value
        if not node.children:
            assert node.row is not None, path
            return self._leaf(node.row, value, path)
        if not isinstance(value, Mapping):
            return _malformed(value, "a structure")
        return self.structure(node, value, path, own)

    def _items(self, node: _Node, value: Value, path: str, own: str) -> Any:
        elements = [value] if isinstance(value, Mapping) else value
        if not isinstance(elements, list | tuple):
            return _malformed(value, "a list")
        items: list[Any] = []
        outer, self._keep = self._keep, True
        for element in elements:
            if isinstance(element, Mapping):
                items.append(self.structure(node, element, path, own))
            else:
                items.append(element if isinstance(element, Unknown) else _malformed(element, "a structure"))
        self._keep = outer
        # An element that is not known may be any: then the list is not known.
        first = next(unknowns(items), None)
        if first is None or self._keep:
            return items
        self._found.certain[path] = [item for item in items if next(unknowns(item), None) is None]
        return first

    def _leaf(self, row: Row, value: Value, path: str) -> Any:
        match row.read:
            case "text":
                return self._text(value, path)
            case "number":
                return _number(value)
            case "flag":
                return _flag(value)
            case "list":
                return self._list(value, path)
            case "json":
                return self._json(value, path)
            case "tags":
                self._found.tags, problem = _tags(value)
                return problem or _MISSING
            case _:
                return self._plain(value, path)

    def _text(self, value: Value, path: str) -> str | Unknown:
        if isinstance(value, Reference):
            return self._resolve(value, path)
        text = plain_text(value)
        return _malformed(value, "text") if text is None else text

    def _list(self, value: Value, path: str) -> Any:
        if not isinstance(value, list | tuple):
            return _malformed(value, "a list")
        items = [item if isinstance(item, Unknown) else self._text(item, path) for item in value]
        unknown = next((item for item in items if isinstance(item, Unknown)), None)
        if unknown is None or self._keep:
            return items
        self._found.certain[path] = [item for item in items if not isinstance(item, Unknown)]
        text = ", ".join(item.expression if isinstance(item, Unknown) else item for item in items)
        return Unknown(f"[{text}]", unknown.reason, unknown.gap_reason)

    def _json(self, value: Value, path: str) -> Any:
        if isinstance(value, str):
            try:
                value = decode_json(value)
            except ValueError:
                return _malformed(value, "a JSON document")
        return self._plain(value, path, open_parts=True)

    def _plain(self, value: Value, path: str, *, open_parts: bool = False) -> Any:
        """The value as JSON; what is unknown in it as text, or as it is where ``open_parts``."""
        if isinstance(value, Unknown):
            return value if open_parts else value.expression
        if isinstance(value, Reference):
            resolved = self._resolve(value, path)
            return resolved if open_parts or isinstance(resolved, str) else resolved.expression
        if isinstance(value, OpenMap):
            return next(iter(value.doubts())) if open_parts else "…"
        if isinstance(value, Mapping):
            return {str(k): self._plain(v, path, open_parts=open_parts) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(v, path, open_parts=open_parts) for v in value]
        return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def plain_text(value: Value) -> str | None:
    """A scalar as text; None where it is no scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    return None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _malformed(value: object, wanted: str) -> Unknown:
    shown = value if isinstance(value, str) else json.dumps(value, default=str)
    return Unknown(shown[:80], f"it is not {wanted}", "unexpected_response")


def _number(value: Value) -> Any:
    text = plain_text(value)
    if text is None or isinstance(value, bool):
        return _malformed(value, "a number")
    try:
        number = float(text)
    except ValueError:
        return _malformed(value, "a number")
    return int(number) if number.is_integer() and abs(number) < 2**31 else _malformed(value, "a whole number")


def _flag(value: Value) -> Any:
    text = (plain_text(value) or "").lower()
    return text == "true" if text in ("true", "false") else _malformed(value, "true or false")


def _tags(value: Value) -> tuple[dict[str, str] | None, Unknown | None]:
    """Tags of either form, a list of keys with values or a mapping, as far as they are there for certain; and why there
    may be others."""
    rest: Unknown | None = None
    if isinstance(value, Mapping):
        pairs = list(value.items())
        rest = next(iter(value.doubts()), None) if isinstance(value, OpenMap) else None
    elif isinstance(value, list | tuple):
        pairs = []
        for tag in value:
            if isinstance(tag, Unknown | OpenMap):
                rest = rest or next(unknowns(tag))
                continue
            if not isinstance(tag, Mapping):
                return None, _malformed(tag, "a tag")
            pairs.append((tag.get("Key", tag.get("key")), tag.get("Value", tag.get("value", ""))))
    else:
        return None, _malformed(value, "tags")
    found: dict[str, str] = {}
    for key, text in pairs:
        if isinstance(key, Unknown):
            rest = rest or key
            continue
        # That the tag is there is certain, whatever its value.
        name, plain = plain_text(key), _tag_value(text)
        if name is None or plain is None:
            return None, _malformed(key if name is None else text, "the text of a tag")
        found[name] = plain
    return found if found or rest is None else None, rest


def _tag_value(value: Value) -> str | None:
    if isinstance(value, Unknown):
        return value.symbol or value.expression
    return value.text if isinstance(value, Reference) else plain_text(value)
