"""Estates of the parity law written as HCL and as a plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from auditor.studio.template_names import snake
from auditor.studio.template_types import Language

from .estates import Estate, Item, Link, properties

#: How a value may be written so that it is known all the same.
FORMS = ("plain", "variable", "local", "condition", "lookup", "try", "for")


def prefixed(estate: Estate, language: Language, module: str) -> Estate:
    """The estate with Terraform's addresses for ids."""

    def address(kind: str, id_: str) -> str:
        return f"{module}{language}_sagemaker_{kind}.{id_}"

    def link(value: Any) -> Any:
        moved = isinstance(value, Link) and value.kind != "role"
        return Link(value.kind, address(value.kind, value.id)) if moved else value

    items = (
        replace(item, id=address(item.kind, item.id), members={p: link(v) for p, v in item.members.items()})
        for item in estate.items
    )
    return Estate(tuple(items), estate.roles)


def _inner(value: Any) -> Any:
    """Names of members that only stand for the presence of a structure, as Terraform has them."""
    if isinstance(value, Mapping):
        return {snake(k) if k[:1].isupper() else k: _inner(v) for k, v in value.items()}
    return value


def reference(link: Link, language: Language) -> str:
    """A link as an expression."""
    if link.kind == "role":
        return f"{language}_iam_role.{link.id}.arn"
    address = link.id.rpartition("module.m.")[2]
    return f"{address}.id" if language == "aws" else f"{address}.domain_id"


@dataclass
class Hcl:
    """One folder's configuration, drawn from ``data``."""

    language: Language
    data: st.DataObject
    variables: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def text(self, estate: Estate) -> str:
        """The estate as HCL."""
        name, policy = {"aws": ("name", "assume_role_policy"), "awscc": ("role_name", "assume_role_policy_document")}[
            self.language
        ]
        parts = [
            f'resource "{self.language}_iam_role" "{role}" {{\n  {name} = "{role}"\n'
            f"  {policy} = jsonencode({{ Statement = [] }})\n}}\n"
            for role in estate.roles
        ]
        parts += [self._resource(item) for item in estate.items]
        parts += [f'variable "{k}" {{\n  default = {literal(v)}\n}}\n' for k, v in self.variables.items()]
        parts.append("locals {\n" + "".join(f"  {k} = {literal(v)}\n" for k, v in self.values.items()) + "}\n")
        return "\n".join(parts)

    def _resource(self, item: Item) -> str:
        type_, name = item.id.rpartition("module.m.")[2].split(".")
        found = _inner(properties(item, self.language, self._value))
        return f'resource "{type_}" "{name}" {{\n{self._body(found, 1)}}}\n'

    def _value(self, value: Any) -> Any:
        if isinstance(value, Link):
            return _Code(reference(value, self.language))
        text = literal(value)
        match self.data.draw(st.sampled_from(FORMS)):
            case "variable":
                self.variables[f"v{len(self.variables)}"] = value
                return _Code(f"var.v{len(self.variables) - 1}")
            case "local":
                self.values[f"l{len(self.values)}"] = value
                return _Code(f"local.l{len(self.values) - 1}")
            case "condition":
                return _Code(f"1 + 1 == 2 && true ? {text} : null")
            case "lookup":
                return _Code(f'lookup({{ a = {text} }}, "a", null)')
            case "try":
                return _Code(f"try(local.nothing.there, {text})")
            case "for":
                return _Code(f"[for x in [{text}] : x][0]")
        return value

    def _body(self, members: Mapping[str, Any], depth: int) -> str:
        indent = "  " * depth
        lines = []
        for name, value in members.items():
            if self.language == "awscc" or name == "tags" or not _is_block(value):
                lines.append(f"{indent}{name} = {literal(value)}\n")
                continue
            for block in value if isinstance(value, list) else [value]:
                if depth < 4 and self.data.draw(st.booleans()):
                    inner = self._body(block, depth + 2)
                    lines.append(
                        f'{indent}dynamic "{name}" {{\n{indent}  for_each = [1]\n{indent}  content {{\n{inner}'
                        f"{indent}  }}\n{indent}}}\n"
                    )
                else:
                    lines.append(f"{indent}{name} {{\n{self._body(block, depth + 1)}{indent}}}\n")
        return "".join(lines)


class _Code(str):
    """An expression."""


def _is_block(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(v, Mapping) for v in value))


def literal(value: Any) -> str:
    """A value as HCL."""
    if isinstance(value, _Code):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(k)} = {literal(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


# Plans


def plan(estate: Estate, language: Language) -> dict[str, Any]:
    """The estate as a plan in which nothing exists yet: every link is known after apply."""
    name = {"aws": "name", "awscc": "role_name"}[language]
    resources, changes, configured = [], [], []
    for role in estate.roles:
        address = f"{language}_iam_role.{role}"
        policy = "assume_role_policy" if language == "aws" else "assume_role_policy_document"
        _add(resources, changes, configured, address, {name: role, policy: '{"Statement": []}'}, {"arn": True}, {})
    split = _blocks if language == "aws" else _attributes
    for item in estate.items:
        written = _inner(properties(item, language, lambda value: value))
        values, unknown, expressions = {}, {"id": True}, {}
        for key, value in written.items():
            whole = key == "tags" and language == "aws"
            parts = (value, False, {"constant_value": value}) if whole else split(value, language)
            values[key], unknown[key], expressions[key] = parts
        if "tags" in values and language == "aws":
            values["tags_all"] = values["tags"]
        _add(resources, changes, configured, item.id, _known(values), unknown, expressions)
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured}},
    }


def _add(
    resources: list[Any], changes: list[Any], configured: list[Any], address: str, values: Any, unknown: Any,
    expressions: Any,
) -> None:  # fmt: skip
    type_, name = address.split(".")
    head = {"address": address, "mode": "managed", "type": type_, "name": name}
    resources.append({**head, "values": values})
    changes.append({**head, "change": {"actions": ["create"], "before": None, "after_unknown": unknown}})
    configured.append({**head, "expressions": expressions})


def _refs(link: Link, language: Language) -> dict[str, Any]:
    text = reference(link, language)
    return {"references": [text, text.rpartition(".")[0]]}


def _known(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _known(v) for k, v in value.items() if v is not _LATER}
    return [_known(v) for v in value] if isinstance(value, list) else value


_LATER = object()


def _blocks(value: Any, language: Language) -> tuple[Any, Any, Any]:
    """(value, what is unknown in it, its expressions) of the aws provider, whose structures are blocks."""
    if isinstance(value, Link):
        return _LATER, True, _refs(value, language)
    if isinstance(value, list) and value and all(isinstance(v, Link) for v in value):
        references = [r for link in value for r in _refs(link, language)["references"]]
        return [None] * len(value), [True] * len(value), {"references": references}
    if _is_block(value):
        parts = [
            {k: _blocks(v, language) for k, v in block.items()}
            for block in (value if isinstance(value, list) else [value])
        ]
        return tuple([{k: v[at] for k, v in part.items()} for part in parts] for at in range(3))  # type: ignore[return-value]
    return value, False, {"constant_value": value}


def _attributes(value: Any, language: Language) -> tuple[Any, Any, Any]:
    """The same of awscc, where one expression gives a whole structure, and what is not written is known after apply."""
    links: list[Link] = []

    def split(part: Any) -> tuple[Any, Any]:
        if isinstance(part, Link):
            links.append(part)
            return _LATER, True
        if isinstance(part, list) and any(isinstance(v, Link) for v in part):
            elements = [split(v) for v in part]
            return [None if v is _LATER else v for v, _ in elements], [u for _, u in elements]
        if isinstance(part, Mapping):
            both = {k: split(v) for k, v in part.items()}
            unknown = {k: v[1] for k, v in both.items()}
            return {k: v[0] for k, v in both.items()}, {**unknown, "another_setting": True}
        return part, False

    known, unknown = split(value)
    if links:
        references = [r for link in links for r in _refs(link, language)["references"]]
        return known, unknown, {"references": references}
    return known, unknown, {"constant_value": value}
