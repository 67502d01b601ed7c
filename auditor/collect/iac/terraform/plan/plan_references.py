"""What the expressions of a plan's configuration refer to.

A plan does not say what a value that is known after apply will be, but its ``configuration`` says what the expression
refers to. References lead through variables, outputs and module calls to the resources of the plan. Source: HashiCorp's
documentation, "JSON Output Format", "Expression Representation".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auditor.collect.iac.terraform.repetition import Key, key_text
from auditor.json_source import decode_json

_MODULE = re.compile(r'module\.([^.\[]+)(\[(?:\d+|"(?:[^"\\]|\\.)*")\])?')
_KEY = re.compile(r'^\[(?:(\d+)|("(?:[^"\\]|\\.)*"))\]$')
_RESOURCE = re.compile(r'^((?:data\.)?[\w-]+\.[\w-]+)(\[(?:\d+|"(?:[^"\\]|\\.)*")\])?(?:\.([\w-]+))?')
_DEPTH = 40


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one: plans are read as they come."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> Sequence[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


@dataclass(frozen=True, slots=True)
class Target:
    """A resource of the plan that an expression refers to, its type, and the attribute, empty where it is not told."""

    address: str
    type: str
    attribute: str


#: What cannot be followed: a local, a data source that is read during apply.
OPAQUE = Target("", "", "")


@dataclass(frozen=True, slots=True)
class PlanAddress:
    """An instance of a module in a plan: names of the calls with their keys, and the configuration there."""

    path: tuple[tuple[str, str], ...]
    configuration: Mapping[str, Any]
    parent: PlanAddress | None = None

    @property
    def prefix(self) -> str:
        """What stands before the addresses of its resources."""
        return "".join(f"module.{name}{key}." for name, key in self.path)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the calls from the root on."""
        return tuple(name for name, _ in self.path)

    def child(self, name: str, key: str) -> PlanAddress:
        """An instance of a module that is called here."""
        called = mapping(mapping(self.configuration.get("module_calls")).get(name))
        return PlanAddress((*self.path, (name, key)), mapping(called.get("module")), self)

    def resource(self, mode: str, type_: str, name: str) -> Mapping[str, Any] | None:
        """The configuration of a resource, None where there is none."""
        for found in map(mapping, items(self.configuration.get("resources"))):
            if (found.get("mode"), found.get("type"), found.get("name")) == (mode, type_, name):
                return found
        return None


def place_of(address: str, root: PlanAddress) -> PlanAddress:
    """The module instance of an address such as ``module.a["x"].module.b``."""
    found = root
    for match in _MODULE.finditer(address):
        found = found.child(match[1], match[2] or "")
    return found


def key_in(text: str) -> Key:
    """The key of an address's last part: ``[0]``, ``["a"]`` or nothing."""
    match = _KEY.match(text)
    if match is None:
        return None
    return int(match[1]) if match[1] else str(decode_json(match[2]))


@dataclass(slots=True)
class Links:
    """Follows references. ``types``: of the plan's resources by address, and of data sources that stand for one;
    ``read``: data sources that have been read."""

    types: Mapping[str, str]
    read: frozenset[str]
    _bases: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for address in self.types:
            match = re.match(r'^(.*?)(\[(?:\d+|"(?:[^"\\]|\\.)*")\])?$', address, re.DOTALL)
            assert match is not None
            self._bases.setdefault(match[1], []).append(address)

    def targets(self, expression: Any, place: PlanAddress, own: Mapping[str, Any], key: Key) -> set[Target]:
        """The resources that an expression's value comes from; OPAQUE among them where that cannot be told, and
        nothing at all where the value was known when the plan was made. ``own``: the configuration of the resource
        that it stands in, ``key`` its instance's."""
        return set(self._follow(expression, place, own, key, 0))

    def _follow(
        self, expression: Any, place: PlanAddress, own: Mapping[str, Any], key: Key, depth: int, indexed: Key = None
    ) -> Iterator[Target]:
        """``key``: of the instance that the expression stands in; ``indexed``: the key by which its value is indexed
        where it is used."""
        if depth > _DEPTH:
            yield OPAQUE
            return
        if isinstance(expression, list):
            for item in expression:
                yield from self._follow(item, place, own, key, depth + 1, indexed)
            return
        found = mapping(expression)
        if "references" not in found:
            if "constant_value" not in found:
                for member in found.values():
                    yield from self._follow(member, place, own, key, depth + 1, indexed)
            return
        references = [r for r in items(found["references"]) if isinstance(r, str)]
        keyed = any(r.startswith(("each.key", "count.index")) for r in references)
        for reference in leaves(references):
            yield from self._reference(reference, place, own, key if keyed else indexed, depth + 1)

    def _reference(
        self, reference: str, place: PlanAddress, own: Mapping[str, Any], key: Key, depth: int
    ) -> Iterator[Target]:
        start, _, rest = reference.partition(".")
        if reference in ("each.key", "count.index"):
            return
        match start:
            case "path" | "terraform":
                # Known when the plan is made.
                return
            case "var":
                yield from self._variable(rest.partition(".")[0].partition("[")[0], place, key, depth)
            case "each":
                expression = own.get("for_each_expression")
                # What stands in one element of a collection cannot be told from the references of the whole.
                if set(self._follow(expression, place, own, key, depth)) or expression is None:
                    yield OPAQUE
            case "local" | "self" | "ephemeral":
                yield OPAQUE
            case "module":
                yield from self._output(reference, place, key, depth)
            case _:
                yield from self._resource(reference, place, key)

    def _variable(self, name: str, place: PlanAddress, key: Key, depth: int) -> Iterator[Target]:
        if place.parent is None:
            return
        call_name, call_key = place.path[-1]
        call = mapping(mapping(place.parent.configuration.get("module_calls")).get(call_name))
        expressions = mapping(call.get("expressions"))
        if name in expressions:
            yield from self._follow(expressions[name], place.parent, call, key_in(call_key), depth, key)

    def _output(self, reference: str, place: PlanAddress, key: Key, depth: int) -> Iterator[Target]:
        match = _MODULE.match(reference)
        output = reference[match.end() :].removeprefix(".").partition(".")[0].partition("[")[0] if match else ""
        if match is None or not output:
            # A whole module, or one of its instances by a key that is worked out.
            yield OPAQUE
            return
        child = place.child(match[1], match[2] or key_text(key))
        outputs = mapping(child.configuration.get("outputs"))
        if output not in outputs:
            yield OPAQUE
            return
        yield from self._follow(mapping(outputs[output]).get("expression"), child, {}, None, depth)

    def _resource(self, reference: str, place: PlanAddress, key: Key) -> Iterator[Target]:
        match = _RESOURCE.match(reference)
        if match is None:
            yield OPAQUE
            return
        base = f"{place.prefix}{match[1]}"
        if match[1].startswith("data.") and base not in self._bases:
            if not any(address == base or address.startswith(f"{base}[") for address in self.read):
                yield OPAQUE
            return
        known = self._bases.get(base, [])
        wanted = f"{base}{match[2] or key_text(key)}"
        found = wanted if wanted in self.types else base if match[2] is None and known == [base] else None
        if found is not None:
            yield Target(found, self.types[found], match[3] or "")
        else:
            yield OPAQUE


def leaves(references: Sequence[str]) -> list[str]:
    """References without those that are only the beginning of another one; the format lists those as well."""
    unique = list(dict.fromkeys(references))
    return [r for r in unique if not any(o != r and o.startswith((f"{r}.", f"{r}[")) for o in unique)]
