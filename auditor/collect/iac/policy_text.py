"""Policies of a template as documents: what is known of each text, and ``UNKNOWN_PART`` for what is not.

A policy is evaluated, so what is unknown must stay so: ``arn:aws:s3:::${Bucket}/*`` is certainly no IAM role's ARN,
whatever the bucket is called. What the deployment decides and any deployment agrees on (its own account, partition and
Region, a resource of the template) is filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from auditor.collect.iac.interface import OpenMap, Resource, Unknown
from auditor.collect.iac.scope import Scope
from auditor.iam.patterns import UNKNOWN_PART
from auditor.iam.roles import TEMPLATE_ACCOUNT
from auditor.studio.template_types import TYPES

#: The Region that stands for the template's own; those who evaluate try others as well.
_REGION = "us-east-1"
_PSEUDO: Mapping[str, str] = {
    "AWS::AccountId": TEMPLATE_ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": _REGION,
    "AWS::URLSuffix": "amazonaws.com",
}
#: Terraform's data sources that say the same.
_SOURCES = (
    (re.compile(r"\bdata\.aws_caller_identity\.[^.]+\.account_id$"), TEMPLATE_ACCOUNT),
    (re.compile(r"\bdata\.aws_partition\.[^.]+\.partition$"), "aws"),
    (re.compile(r"\bdata\.aws_partition\.[^.]+\.dns_suffix$"), "amazonaws.com"),
    (re.compile(r"\bdata\.aws_region\.[^.]+\.(?:name|id|region)$"), _REGION),
)
#: ``aws:username``, ``aws:PrincipalTag/team``, ``*``: IAM's own, not the template's.
_POLICY_VARIABLE = re.compile(r"^(?:[*?$]|[a-z0-9-]+:[\w/.@+=-]+(?:\s*,\s*'[^']*')?)$")
_ARNS = frozenset({"arn", "id", "ref"})
#: A managed resource of Terraform's, whatever its type: variables, locals, data sources and outputs begin otherwise.
_MANAGED = re.compile(r"^(?:module\.[\w-]+(?:\[[^\]*]*\])?\.)*(aws(?:cc)?_\w+)\.[\w-]+(?:\[[^\]*]*\])?$")
#: Types whose attributes AWS gives. Those of a custom resource, or of somebody else's type, may be any text.
_OF_AWS = re.compile(r"AWS::(?!CloudFormation::)|aws")
#: Types, without what tells the language, of which ``Ref`` or ``id`` is a name ("Return values" of each type in the
#: CloudFormation Template Reference; the aws provider's attributes), and attributes that are one as well.
_NAMED = frozenset({"s3.bucket", "dynamodb.table", "kms.key", "lambda.function", "ecr.repository", "athena.workgroup"})
_NAMES = frozenset({"bucket", "key_id", "keyid", "name", "function_name", "tablename"})


def policy_document(value: Any, scope: Scope) -> Any:
    """The document as JSON; None where nothing of it is known."""
    return None if isinstance(value, Unknown) or value is None else _filled(value, scope)


def known_text(value: Unknown, scope: Scope) -> str | None:
    """The text, where all that it leaves open is what any deployment agrees on (its account, its partition); else
    None."""
    text = _filled(value, scope)
    return text if isinstance(text, str) and UNKNOWN_PART not in text else None


def _filled(value: Any, scope: Scope) -> Any:
    if isinstance(value, Unknown):
        # Text without a placeholder is a description of what is not known.
        return _text(value.expression, scope) if "${" in value.expression else UNKNOWN_PART
    if isinstance(value, OpenMap):
        # An element that is not known may make of a statement what it is not.
        return UNKNOWN_PART
    if isinstance(value, Mapping):
        return {_text(str(k), scope): _filled(v, scope) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(v, scope) for v in value]
    return _text(value, scope) if isinstance(value, str) else value


def _text(text: str, scope: Scope) -> str:
    # The aws provider's data source writes &{…} for IAM's variables, since ${…} is Terraform's.
    return "".join(_pieces(text.replace("&{", "${"), scope))


def _pieces(text: str, scope: Scope) -> Iterator[str]:
    at = 0
    while (start := text.find("${", at)) >= 0:
        yield text[at:start]
        end = _end(text, start + 2)
        yield _meaning(text[start + 2 : end], scope)
        at = end + 1
    yield text[at:]


def _end(text: str, at: int) -> int:
    """Where the brace closes that is open at ``at``."""
    depth = 1
    for place in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return place
    return len(text)


def _meaning(inner: str, scope: Scope) -> str:
    name = inner.strip()
    if name in _PSEUDO:
        return _PSEUDO[name]
    for source, meaning in _SOURCES:
        if source.search(name):
            return meaning
    if _POLICY_VARIABLE.match(name):
        return f"${{{name}}}"
    address, _, attribute = name.rpartition(".")
    for where, what in ((address, attribute), (name, "Ref")):
        target = scope.by_address.get(where)
        if target is not None:
            return _stands_for(target, what, scope)
        type_ = scope.root.others.get(where) or (managed[1] if (managed := _MANAGED.match(where)) else "")
        if _OF_AWS.match(type_):
            return _other(type_, where, what)
    return UNKNOWN_PART


def _stands_for(target: Resource, attribute: str, scope: Scope) -> str:
    """A text for a resource of the template: its ARN, or a name that nothing else has."""
    info = TYPES.get(target.type)
    if info is not None and info.kind == "role":
        arn = scope.role_arn(target)
        return arn if attribute.lower() == "arn" else arn.rpartition("/")[2]
    if attribute.lower().endswith("arn"):
        return _arn(target.type, target.address)
    named = attribute.lower() in _ARNS or "name" in attribute.lower()
    return _name(target.address) if named else UNKNOWN_PART


def _other(type_: str, address: str, attribute: str) -> str:
    """The same for one of a type that is not read: an ARN or a name, never a wildcard."""
    if attribute.lower().endswith("arn"):
        return _arn(type_, address)
    named = attribute.lower() in _NAMES or (".".join(_service_and_kind(type_)) in _NAMED and attribute.lower() in _ARNS)
    return _name(address) if named else UNKNOWN_PART


def _name(address: str) -> str:
    return re.sub(r"[^\w-]", "-", address)


def _service_and_kind(type_: str) -> tuple[str, str]:
    _, service, *kind = re.split(r"::|_", type_, maxsplit=2)
    return service.lower(), "".join(kind).lower().replace("_", "-")


def _arn(type_: str, address: str) -> str:
    service, kind = _service_and_kind(type_)
    place = {"s3": ":", "iam": f":{TEMPLATE_ACCOUNT}"}.get(service, f"{_REGION}:{TEMPLATE_ACCOUNT}")
    resource = _name(address) if service == "s3" else f"{kind}/{_name(address)}"
    return f"arn:aws:{service}:{place}:{resource}"
