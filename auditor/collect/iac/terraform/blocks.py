"""The inside of a resource: its attributes and blocks with their values and lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.budget import PART, RESOURCE_BYTES, size_of
from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.evaluate import Names, Scope, value
from auditor.collect.iac.hcl.values import EvaluationError, as_property, first_unknown, items_of
from auditor.collect.iac.interface import Several, Unknown, Value
from auditor.collect.iac.partly_known import open_keys_of, why_open

#: What Terraform itself reads; no property of the resource.
META = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"})


def properties(body: n.Body, scope: Scope, names: Names) -> tuple[dict[str, Value], dict[str, int]]:
    """Values by name, blocks as lists of mappings, and the line of everything that is written, by dotted path."""
    lines: dict[str, int] = {}
    return _members(body, scope, names, lines, ""), lines


def _members(body: n.Body, scope: Scope, names: Names, lines: dict[str, int], path: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, node in body.attributes.items():
        if name in META and not path:
            continue
        written = as_property(value(node, scope, names))
        if written is None:
            continue
        scope.spend(1, size_of(written, RESOURCE_BYTES))
        found[name] = written
        at = f"{path}{name}"
        lines.setdefault(at, body.lines.get(name, node.line))
        _lines_of(node, written, lines, at)
    for name, block, inner in _nested(body, scope, names):
        if name in META and not path:
            continue
        lines.setdefault(f"{path}{name}", block.line)
        item = inner if isinstance(inner, Unknown) else _members(block.body, scope, inner, lines, f"{path}{name}.")
        listed = found.setdefault(name, [])
        if isinstance(listed, list):
            listed.append(item)
    return found


def written_lines(body: n.Body, path: str = "") -> dict[str, int]:
    """The line of everything that is written, as far as it can be told without evaluating anything."""
    lines: dict[str, int] = {}
    for name, node in body.attributes.items():
        lines.setdefault(f"{path}{name}", body.lines.get(name, node.line))
        if isinstance(node, n.Object):
            for key, item in node.items:
                lines.setdefault(f"{path}{name}.{n.literal(key)}", item.line)
    for block in body.blocks:
        inner = next(block.body.of("content"), block) if block.kind == "dynamic" else block
        name = block.labels[0] if block.kind == "dynamic" and block.labels else block.kind
        lines.setdefault(f"{path}{name}", inner.line)
        lines = {**written_lines(inner.body, f"{path}{name}."), **lines}
    return lines


def block_values(body: n.Body, name: str, scope: Scope, names: Names) -> list[Value]:
    """The blocks of one name, as another expression sees them."""
    return [
        inner if isinstance(inner, Unknown) else _members(block.body, scope, inner, {}, "")
        for found, block, inner in _nested(body, scope, names)
        if found == name
    ]


def _nested(body: n.Body, scope: Scope, names: Names) -> Iterator[tuple[str, n.Block, Names | Unknown]]:
    """(name, block, bound names) of each block; for a dynamic block of unknown length, one that is unknown."""
    for block in body.blocks:
        if block.kind == "dynamic" and block.labels:
            yield from _dynamic(block, scope, names)
        else:
            yield block.kind, block, names


def _dynamic(block: n.Block, scope: Scope, names: Names) -> Iterator[tuple[str, n.Block, Names | Unknown]]:
    name = block.labels[0]
    content = next(block.body.of("content"), None)
    node = block.body.attributes.get("for_each")
    if content is None or node is None:
        content = content or block
        yield name, content, Unknown(f"${{dynamic.{name}}}", "the dynamic block is not complete")
        return
    items = value(node, scope, names)
    iterator = block.body.attributes.get("iterator")
    bound = iterator.name if isinstance(iterator, n.Name) else n.literal(iterator) or name
    gap = why_open(items)
    if gap is not None:
        yield name, content, Unknown(node.shown, f"for_each of dynamic block {name} is not known: {gap.reason}")
        doubtful = open_keys_of(items)
        certain = {key: item for key, item in items.items() if key not in doubtful} if isinstance(items, dict) else {}
        items = certain or [item for item in items if not isinstance(item, Several)]
    try:
        pairs = items_of(items)
    except EvaluationError as error:
        gap = first_unknown(items)
        reason = gap.reason if gap is not None else str(error)
        yield name, content, Unknown(node.shown, f"for_each of dynamic block {name} is not known: {reason}")
        return
    for key, item in pairs:
        scope.spend(1, 4 * PART)
        yield name, content, {**names, str(bound): {"key": key, "value": item}}


def _lines_of(node: n.Node, written: Value, lines: dict[str, int], path: str) -> None:
    """Lines of the members of a structure: their own where it is written out, else the line that it comes in."""
    inside: dict[str, n.Node] = {}
    if isinstance(node, n.Object):
        inside = {str(n.literal(key)): item for key, item in node.items}
    elif isinstance(node, n.Tuple) and node.items and isinstance(node.items[0], n.Object):
        inside = {str(n.literal(key)): item for key, item in node.items[0].items}
    members: Any = written[0] if isinstance(written, list) and written else written
    if not isinstance(members, Mapping):
        return
    for name, member in members.items():
        at = f"{path}.{name}"
        source = inside.get(name, node)
        lines.setdefault(at, source.line if name in inside else lines[path])
        _lines_of(source, member, lines, at)
