"""``data.aws_iam_policy_document``: a policy document that follows from its arguments alone.

Source: the documentation of the aws provider's data source aws_iam_policy_document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.evaluate import Names, Scope
from auditor.collect.iac.hcl.values import PartialJson, first_unknown, json_text
from auditor.collect.iac.interface import Unknown, Value
from auditor.collect.iac.terraform.blocks import properties
from auditor.json_source import decode_json

_LISTS = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}
_PRINCIPALS = {"principals": "Principal", "not_principals": "NotPrincipal"}


def policy(body: n.Body, scope: Scope, names: Names) -> Value:
    """The document as JSON text, or its content where something in it is unknown."""
    written, _ = properties(body, scope, names)
    statements: list[Value] = []
    for source in _listed(written.get("source_policy_documents", written.get("source_json"))):
        statements += _statements(source)
    own = written.get("statement", [])
    statements += [s if isinstance(s, Unknown) else _statement(s) for s in _listed(own)]
    for source in _listed(written.get("override_policy_documents", written.get("override_json"))):
        for statement in _statements(source):
            statements = _without(statements, statement)
            statements.append(statement)
    document: dict[str, Value] = {"Version": written.get("version", "2012-10-17"), "Statement": statements}
    if "policy_id" in written:
        document["Id"] = written["policy_id"]
    return json_text(document)


def _listed(value: Value) -> list[Value]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _without(statements: list[Value], statement: Value) -> list[Value]:
    """A statement takes the place of the one with its Sid."""
    sid = statement.get("Sid") if isinstance(statement, Mapping) else None
    return [s for s in statements if not (sid and isinstance(s, Mapping) and s.get("Sid") == sid)]


def _statements(source: Value) -> list[Value]:
    """The statements of another document."""
    if isinstance(source, str):
        try:
            source = decode_json(source)
        except ValueError:
            return [Unknown(source[:80], "it is not a policy document", "unexpected_response")]
    elif isinstance(source, PartialJson):
        source = source.content
    if isinstance(source, Unknown):
        return [source]
    if not isinstance(source, Mapping):
        gap = first_unknown(source)
        return [] if gap is None else [gap]
    return _listed(source.get("Statement"))


def _statement(written: Mapping[str, Value]) -> Value:
    found: dict[str, Value] = {"Effect": written.get("effect", "Allow")}
    if written.get("sid"):
        found["Sid"] = written["sid"]
    for name, member in _LISTS.items():
        if name in written:
            found[member] = written[name]
    for name, member in _PRINCIPALS.items():
        if name in written:
            found[member] = _principals(written[name])
    if "condition" in written:
        found["Condition"] = _conditions(written["condition"])
    return found


def _principals(blocks: Value) -> Value:
    found: dict[str, Any] = {}
    for block in _listed(blocks):
        if isinstance(block, Unknown):
            return block
        type_, who = block.get("type"), block.get("identifiers", [])
        if isinstance(type_, Unknown):
            return type_
        if type_ == "*" and who == ["*"]:
            return "*"
        if isinstance(who, list) and isinstance(found.setdefault(str(type_), []), list):
            found[str(type_)] += who
        else:
            found[str(type_)] = who
    return found


def _conditions(blocks: Value) -> Value:
    found: dict[str, dict[str, Value]] = {}
    for block in _listed(blocks):
        if isinstance(block, Unknown):
            return block
        test, variable = block.get("test"), block.get("variable")
        gap = first_unknown(test, variable)
        if gap is not None:
            return gap
        found.setdefault(str(test), {})[str(variable)] = block.get("values", [])
    return found
