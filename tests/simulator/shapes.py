"""A strict check of an answer on the wire (JSON 1.1) against botocore's output shape.

botocore's own parser is tolerant: it drops what it does not know. This check is not, so that the simulator cannot
answer what AWS would not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import Shape


def problems(shape: Shape | None, value: object, path: str = "$") -> list[str]:
    """What is wrong with the value, each with the path it is at; empty where nothing is. No shape: no members."""
    if shape is None:
        return [] if value == {} else [f"{path}: {value!r} where nothing is answered"]
    return list(_problems(shape, value, path))


def _problems(shape: Any, value: object, path: str) -> Iterator[str]:
    kind = shape.type_name
    if not _fits(kind, value):
        yield f"{path}: {value!r} is no {kind}"
    elif kind == "structure":
        assert isinstance(value, Mapping)
        for name in shape.required_members:
            if name not in value:
                yield f"{path}.{name}: required, but missing"
        for name, inner in value.items():
            if name not in shape.members:
                yield f"{path}.{name}: not a member of {shape.name}"
            else:
                yield from _problems(shape.members[name], inner, f"{path}.{name}")
    elif kind == "list":
        assert isinstance(value, list)
        for number, inner in enumerate(value):
            yield from _problems(shape.member, inner, f"{path}[{number}]")
    elif kind == "map":
        assert isinstance(value, Mapping)
        for key, inner in value.items():
            yield from _problems(shape.key, key, f"{path}.key")
            yield from _problems(shape.value, inner, f"{path}.{key}")
    elif kind == "string" and getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{path}: {value!r} is none of {', '.join(shape.enum)}"


def _fits(kind: str, value: object) -> bool:
    """Whether the JSON value can stand for the kind of shape. A JSON boolean is no number, though Python's is."""
    if kind in ("structure", "map"):
        return isinstance(value, Mapping)
    if kind == "list":
        return isinstance(value, list)
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind in ("integer", "long"):
        return isinstance(value, int)
    if kind in ("timestamp", "float", "double"):
        return isinstance(value, int | float)
    if kind in ("string", "blob"):
        return isinstance(value, str)
    raise NotImplementedError(kind)


def sample(shape: Any) -> Any:
    """A value that has every member that the shape knows, for the check's own tests."""
    kind = shape.type_name
    if kind == "structure":
        return {name: sample(member) for name, member in shape.members.items()}
    if kind == "list":
        return [sample(shape.member)]
    if kind == "map":
        return {sample(shape.key): sample(shape.value)}
    if kind == "string":
        return (getattr(shape, "enum", None) or ["text"])[0]
    return {"boolean": True, "integer": 1, "long": 1, "timestamp": 1.0, "float": 1.0, "double": 1.0, "blob": "AA=="}[
        kind
    ]
