"""The same configuration in JSON.

Source: Terraform's language documentation, "JSON Configuration Syntax": what is a block and what an argument is for the
schema to say. Here a mapping that may be either stays a value; ``dynamic``, ``lifecycle`` and their like are blocks,
and so is whatever a ``dynamic`` stands in or beside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.parser import parse_template
from auditor.collect.iac.marked import Key, Members, load
from auditor.collect.iac.unreadable import UnreadableError

#: Blocks of which the parts lie below labels, by the number of labels; in JSON those are nested mappings.
LABELS = {"resource": 2, "data": 2, "ephemeral": 2, "provider": 1, "variable": 1, "output": 1, "module": 1,
          "locals": 0, "terraform": 0, "moved": 0, "removed": 0, "import": 0, "check": 1}  # fmt: skip
#: The same in a file of a Terraform Stack.
STACK_LABELS = {"component": 1, "stack": 1, "provider": 2, "variable": 1, "output": 1, "locals": 0,
                "required_providers": 0, "removed": 0}  # fmt: skip
#: Inside a resource, what JSON writes as a mapping and is a block for certain.
_INNER = {"dynamic": 1, "lifecycle": 0, "provisioner": 1, "connection": 0}
_COMMENT = "//"
_NO_SPAN = n.Span(0, 0, 1, 1)


def json_body(text: str, *, variables: bool = False, labels: Mapping[str, int] = LABELS) -> n.Body:
    """The blocks of a file, or the attributes of one of variables. ``labels``: which blocks there are. Raises
    UnreadableError."""
    try:
        json.loads(text)
    except RecursionError:
        raise UnreadableError("it is nested too deeply") from None
    except ValueError as error:
        raise UnreadableError(f"it is not valid JSON: {error}", getattr(error, "lineno", None)) from None
    content = load(text)
    if not isinstance(content, Members):
        raise UnreadableError("it is not a JSON object")
    if variables:
        return _body(content, inner=False)
    body = n.Body()
    for kind, value in content.items():
        if kind in labels:
            body.blocks += _blocks(str(kind), labels[kind], value, _key_span(kind), ())
    return body


def _blocks(kind: str, labels: int, value: Any, span: n.Span, above: tuple[str, ...]) -> list[n.Block]:
    """Blocks below so many labels. JSON may hold them in a list at any level."""
    if isinstance(value, list):
        return [block for item in value for block in _blocks(kind, labels, item, span, above)]
    if not isinstance(value, Members):
        return []
    if labels == 0:
        body = _body(value, inner=kind != "locals", dynamic=kind == "dynamic")
        return [n.Block(kind, above, body, span.line, span=span)]
    return [
        block
        for name, item in value.items()
        if name != _COMMENT
        for block in _blocks(kind, labels - 1, item, _key_span(name), (*above, str(name)))
    ]


def _body(value: Members, *, inner: bool, dynamic: bool = False) -> n.Body:
    """``inner``: there may be blocks in it; ``dynamic``: it is a dynamic block, whose content is one."""
    body = n.Body()
    repeated = _repeated(value) if inner else frozenset()
    for name, item in value.items():
        if name == _COMMENT:
            continue
        span = _key_span(name)
        if inner and name in _INNER:
            body.blocks += _blocks(str(name), _INNER[name], item, span, ())
            continue
        if inner and (name in repeated or (dynamic and name == "content") or _holds_dynamic(item)):
            body.blocks += _blocks(str(name), 0, item, span, ())
            continue
        body.attributes[str(name)] = _node(item, span.line, value, name)
        body.lines[str(name)] = span.line
        body.keys[str(name)] = span
    return body


def _holds_dynamic(value: Any) -> bool:
    """Whether a dynamic block stands anywhere in a value, which is a block then."""
    if isinstance(value, list):
        return any(map(_holds_dynamic, value))
    if not isinstance(value, Mapping):
        return False
    return isinstance(value.get("dynamic"), Mapping | list) or any(map(_holds_dynamic, value.values()))


def _repeated(value: Mapping[str, Any]) -> frozenset[str]:
    """Names of the dynamic blocks of a body: others of such a name are blocks as well."""
    listed = value.get("dynamic")
    return frozenset(
        str(name)
        for entry in (listed if isinstance(listed, list) else [listed])
        if isinstance(entry, Mapping)
        for name in entry
    )


def _key_span(key: str) -> n.Span:
    if not isinstance(key, Key):
        return _NO_SPAN
    return n.Span(key.place.start, key.place.end, key.place.line, key.place.line)


def _node(value: Any, line: int, within: Members | None = None, name: str = "") -> n.Node:
    found = _value(value, line)
    if within is not None:
        place = within.places[name]
        found.span = n.Span(place.start, place.end, place.line, place.line)
    return found


def _value(value: Any, line: int) -> n.Node:
    source = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        return _text(value, source, line)
    if isinstance(value, list):
        return n.Tuple(source, line, [_node(item, line) for item in value])
    if isinstance(value, Mapping):
        return _mapping(value, source, line)
    return n.Literal(source, line, value)


def _text(text: str, source: str, line: int) -> n.Node:
    if "${" not in text and "%{" not in text:
        return n.Literal(source, line, text)
    try:
        found = parse_template(text, line)
    except UnreadableError as error:
        return n.Broken(source, line, error.reason)
    found.source, found.line = source, line
    return found


def _mapping(value: Mapping[str, Any], source: str, line: int) -> n.Node:
    assert isinstance(value, Members)
    items = []
    for key, item in value.items():
        if key == _COMMENT:
            continue
        span = _key_span(key)
        items.append((n.Literal(str(key), span.line, str(key), span=span), _node(item, span.line, value, key)))
    return n.Object(source, line, items)
