"""A Terraform module beside what a version of the provider takes: what ``terraform validate`` would refuse in it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from auditor.collect.iac.hcl import nodes
from auditor.collect.iac.hcl.parser import parse

PROVIDER = Path(__file__).parent / "provider"
#: What every resource and data source takes, whatever its type.
META = {"count": "number", "for_each": "map", "depends_on": "list", "provider": "reference"}
META_BLOCKS = {"lifecycle", "provisioner", "connection"}
#: A literal's Python type → the kinds of argument that Terraform makes of it.
CONVERTED: Mapping[type, Sequence[str]] = {
    bool: ("boolean", "string"), int: ("number", "string"), float: ("number", "string"), str: ("string",),
}  # fmt: skip


def versions() -> list[str]:
    return sorted(path.stem.removeprefix("aws-") for path in PROVIDER.glob("aws-*.json"))


def schema(version: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PROVIDER / f"aws-{version}.json").read_text(encoding="utf-8"))
    return loaded


def wrong(files: Mapping[str, str], provider: Mapping[str, Any]) -> list[str]:
    """What is wrong with a module of these files, each with its address. Nothing is evaluated."""
    blocks = [block for text in files.values() for block in parse(text).blocks]
    return [*_arguments(blocks, provider), *_references(blocks, provider)]


def _arguments(blocks: Sequence[nodes.Block], provider: Mapping[str, Any]) -> Iterator[str]:
    for block in blocks:
        if block.kind not in ("resource", "data"):
            continue
        address = ".".join(block.labels)
        of_type = provider[block.kind].get(block.labels[0])
        if of_type is None:
            yield f"{address}: the provider has no such type"
            continue
        own = [inner for inner in block.body.blocks if inner.kind not in META_BLOCKS]
        yield from _body(address, block.body.attributes, own, {**META, **of_type["arguments"]})


def _body(
    where: str, attributes: Mapping[str, nodes.Node], blocks: Sequence[nodes.Block], known: Mapping[str, Any]
) -> Iterator[str]:
    for name, value in attributes.items():
        kind = known.get(name)
        if kind is None:
            yield f"{where}.{name}: there is no such argument"
        elif not isinstance(kind, str):
            yield f"{where}.{name}: is a block, and is written as an argument"
        elif not _fits(value, kind.removesuffix("!")):
            yield f"{where}.{name}: is not a {kind.removesuffix('!')}"
    counts: dict[str, int] = {}
    for block in blocks:
        inside = known.get(block.kind)
        if not isinstance(inside, dict):
            yield f"{where}.{block.kind}: there is no such block"
            continue
        counts[block.kind] = counts.get(block.kind, 0) + 1
        if counts[block.kind] > 1 and not inside["many"]:
            yield f"{where}.{block.kind}: may stand there once"
        yield from _body(f"{where}.{block.kind}", block.body.attributes, block.body.blocks, inside["members"])
    given = {*attributes, *counts}
    for name, kind in known.items():
        if name not in given and (kind.endswith("!") if isinstance(kind, str) else kind["required"]):
            yield f"{where}.{name}: is required"


def _fits(value: nodes.Node, kind: str) -> bool:
    """What is not written as a literal, a list or an object may be anything."""
    if isinstance(value, nodes.Tuple):
        return kind == "list"
    if isinstance(value, nodes.Object):
        return kind == "map"
    if isinstance(value, nodes.Template):
        return kind == "string"
    if isinstance(value, nodes.Literal) and value.value is not None:
        return kind in CONVERTED[type(value.value)]
    return True


def _references(blocks: Sequence[nodes.Block], provider: Mapping[str, Any]) -> Iterator[str]:
    made = {block.labels: provider["resource"].get(block.labels[0]) for block in blocks if block.kind == "resource"}
    read = {block.labels: provider["data"].get(block.labels[0]) for block in blocks if block.kind == "data"}
    declared = {("var", block.labels[0]) for block in blocks if block.kind == "variable"}
    declared |= {("local", name) for block in blocks if block.kind == "locals" for name in block.body.attributes}
    used: set[tuple[str, ...]] = set()
    for block in blocks:
        for path in _paths(_without_type(block), set()):
            said = ".".join(path)
            match path:
                case ["var" | "local", name, *_]:
                    used.add((path[0], name))
                    if (path[0], name) not in declared:
                        yield f"{said}: is not declared"
                case ["data", type_, name, *rest]:
                    yield from _of_type(said, read.get((type_, name)), rest)
                case [type_, name, *rest] if type_.startswith("aws_"):
                    yield from _of_type(said, made.get((type_, name)), rest)
                case ["each" | "path" | "count", *_]:
                    pass
                case _:
                    yield f"{said}: means nothing"
    for name in sorted(declared - used):
        yield f"{'.'.join(name)}: is not used"


def _without_type(block: nodes.Block) -> list[Any]:
    """A block's inside; the type of a variable is no expression."""
    skipped = {"type"} if block.kind == "variable" else set()
    return [*(v for k, v in block.body.attributes.items() if k not in skipped), *block.body.blocks]


def _of_type(said: str, of_type: Mapping[str, Any] | None, rest: Sequence[str]) -> Iterator[str]:
    if of_type is None:
        yield f"{said}: there is no such resource"
    elif rest and rest[0] not in of_type["known"]:
        yield f"{said}: there is no such attribute"


def _paths(value: Any, bound: set[str]) -> Iterator[list[str]]:
    """Every reference in a body or an expression as its names, an index left out; not those to a loop's variables."""
    if isinstance(value, nodes.Name | nodes.Attribute | nodes.Index):
        path: list[str] = []
        while not isinstance(value, nodes.Name):
            match value:
                case nodes.Attribute():
                    path.append(value.name)
                    value = value.value
                case nodes.Index():
                    yield from _paths(value.key, bound)
                    value = value.value
                case _:
                    yield from _paths(value, bound)
                    return
        if value.name not in bound:
            yield [value.name, *reversed(path)]
        return
    if isinstance(value, nodes.For):
        yield from _paths(value.items, bound)
        inner = bound | {name for name in (value.key, value.value) if name}
        yield from _paths([value.element_key, value.element, value.condition], inner)
    elif isinstance(value, nodes.Object):
        # A key that is a name is text.
        yield from _paths([k for k, _ in value.items if not isinstance(k, nodes.Name)], bound)
        yield from _paths([v for _, v in value.items], bound)
    elif isinstance(value, Mapping):
        yield from _paths(list(value.values()), bound)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            yield from _paths(one, bound)
    elif dataclasses.is_dataclass(value) and not isinstance(value, nodes.Span):
        yield from _paths([getattr(value, field.name) for field in dataclasses.fields(value)], bound)
