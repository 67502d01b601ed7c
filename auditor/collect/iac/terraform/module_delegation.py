"""Resources of Terraform that stand for others: CloudFormation stacks, products, what the Cloud Control API makes.

A stack whose template is at hand is read as a part of the root. The others may make something of Studio, and that is
said.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from auditor.budget import Budget
from auditor.collect.iac.cloudformation.library import Library, Template
from auditor.collect.iac.cloudformation.stack import Position, Stack, StackContext
from auditor.collect.iac.interface import NotAssessed, Resource, Unknown, Unread, Value, unknowns
from auditor.collect.iac.tree import Tree
from auditor.collect.iac.unreadable import ElsewhereError, UnreadableError

#: Resources that hold a template of CloudFormation.
_STACKS = ("aws_cloudformation_stack", "aws_cloudformation_stack_set", "awscc_cloudformation_stack",
           "awscc_cloudformation_stack_set")  # fmt: skip
_PRODUCTS = ("aws_servicecatalog_product", "aws_servicecatalog_provisioned_product",
             "awscc_servicecatalog_cloudformation_product",
             "awscc_servicecatalog_cloudformation_provisioned_product")  # fmt: skip
_CONTROL = ("aws_cloudcontrolapi_resource",)
DELEGATES = frozenset({*_STACKS, *_PRODUCTS, *_CONTROL})
_OURS = "AWS::SageMaker::"


def delegated(instance: Resource, budget: Budget) -> list[Resource] | Unread:
    """What an instance of one of ``DELEGATES`` makes, or why that is not known."""
    written = instance.properties
    if instance.type in _CONTROL:
        name = written.get("type_name")
        ours = not isinstance(name, str) or name.startswith(_OURS)
        return Unread("a resource of the Cloud Control API is not read") if ours else []
    if instance.type in _PRODUCTS:
        return Unread("the template of a Service Catalog product is not read; scan it by itself", elsewhere=True)
    body = written.get("template_body")
    if body is None:
        place = _shown(written.get("template_url"))
        return Unread(f"its CloudFormation template lies elsewhere: {place}", elsewhere=True)
    unknown = next(unknowns(body), None)
    if unknown is not None or not isinstance(body, str):
        reason = unknown.reason if unknown else "it is not text"
        return Unread(f"its CloudFormation template is not known: {reason}", elsewhere=unknown is not None)
    try:
        return _stack(body, instance, budget)
    except UnreadableError as error:
        return Unread(f"its CloudFormation template cannot be read: {error.reason}", isinstance(error, ElsewhereError))


def _stack(body: str, instance: Resource, budget: Budget) -> list[Resource]:
    # The template is a text of the configuration. What it nests lies elsewhere.
    library = Library(lambda path: path.as_posix(), Tree((), ()))
    template = library.inside(body, Template(Path(instance.file), instance.file, {}), instance.line)
    passed = instance.properties.get("parameters", {})
    values: Mapping[str, Value] = passed if isinstance(passed, Mapping) else {}
    if isinstance(passed, Unknown):
        names = template.content.get("Parameters")
        values = dict.fromkeys(map(str, names), passed) if isinstance(names, Mapping) else {}
    at = Position(f"{instance.address}/", doubt=instance.doubt, number=instance.number)
    stack = Stack(StackContext(library, budget), template, values, {}, at)
    found = stack.resources()
    if stack.not_assessed:
        first = min(stack.not_assessed, key=lambda missed: missed.elsewhere)
        raise (ElsewhereError if first.elsewhere else UnreadableError)(first.reason)
    return found


def missed(instance: Resource, why: Unread) -> NotAssessed:
    """An instance of which nobody can tell what it makes."""
    return NotAssessed(f"{instance.file}#{instance.address}", why.reason, instance.line, why.elsewhere)


def _shown(value: Value) -> str:
    return value.expression if isinstance(value, Unknown) else str(value)
