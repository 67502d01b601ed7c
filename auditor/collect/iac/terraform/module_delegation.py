"""Resources of Terraform that stand for others: CloudFormation stacks, products, what the Cloud Control API makes.

A stack whose template is at hand is read as a part of the root. The others may make something of Studio, and that is
said.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from auditor.collect.iac.cloudformation.library import Library, Template
from auditor.collect.iac.cloudformation.stack import Position, Stack, Surroundings
from auditor.collect.iac.interface import NotAssessed, Resource, Unknown, Value, unknowns
from auditor.collect.iac.unreadable import UnreadableError

#: Resources that hold a template of CloudFormation.
_STACKS = ("aws_cloudformation_stack", "aws_cloudformation_stack_set", "awscc_cloudformation_stack",
           "awscc_cloudformation_stack_set")  # fmt: skip
_PRODUCTS = ("aws_servicecatalog_product", "aws_servicecatalog_provisioned_product",
             "awscc_servicecatalog_cloudformation_product",
             "awscc_servicecatalog_cloudformation_provisioned_product")  # fmt: skip
_CONTROL = ("aws_cloudcontrolapi_resource",)
DELEGATES = frozenset({*_STACKS, *_PRODUCTS, *_CONTROL})
_OURS = "AWS::SageMaker::"


def delegated(instance: Resource) -> list[Resource] | str:
    """What an instance of one of ``DELEGATES`` makes, or why that is not known."""
    written = instance.properties
    if instance.type in _CONTROL:
        name = written.get("type_name")
        ours = not isinstance(name, str) or name.startswith(_OURS)
        return "a resource of the Cloud Control API is not read" if ours else []
    if instance.type in _PRODUCTS:
        return "the template of a Service Catalog product is not read; scan it by itself"
    body = written.get("template_body")
    if body is None:
        return f"its CloudFormation template lies elsewhere: {_shown(written.get('template_url'))}"
    hole = next(unknowns(body), None)
    if hole is not None or not isinstance(body, str):
        return f"its CloudFormation template is not known: {hole.reason if hole else 'it is not text'}"
    try:
        return _stack(body, instance)
    except UnreadableError as error:
        return f"its CloudFormation template cannot be read: {error.reason}"


def _stack(body: str, instance: Resource) -> list[Resource]:
    library = Library(lambda path: path.as_posix())
    template = library.inside(body, Template(Path(instance.file), instance.file, {}), instance.line)
    passed = instance.properties.get("parameters", {})
    values: Mapping[str, Value] = passed if isinstance(passed, Mapping) else {}
    if isinstance(passed, Unknown):
        names = template.content.get("Parameters")
        values = dict.fromkeys(map(str, names), passed) if isinstance(names, Mapping) else {}
    at = Position(f"{instance.address}/", doubt=instance.doubt, number=instance.number)
    stack = Stack(Surroundings(library), template, values, {}, at)
    found = stack.resources()
    if stack.not_assessed:
        raise UnreadableError(stack.not_assessed[0].reason)
    return found


def missed(instance: Resource, reason: str) -> NotAssessed:
    """An instance of which nobody can tell what it makes."""
    return NotAssessed(f"{instance.file}#{instance.address}", reason, instance.line)


def _shown(value: Value) -> str:
    return value.expression if isinstance(value, Unknown) else str(value)
