"""One stack: a template with its parameters' values, its nested stacks, and the resources that the product reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from auditor.budget import INSTANCE, PART, Budget
from auditor.collect.iac.cloudformation.assembly import Cdk
from auditor.collect.iac.cloudformation.evaluator import FOR_EACH, Evaluator, Imports
from auditor.collect.iac.cloudformation.library import Library, Template
from auditor.collect.iac.cloudformation.parameters import declared, parameter_values
from auditor.collect.iac.cloudformation.property_values import NO_VALUE, shown
from auditor.collect.iac.cloudformation.stack_changes import changed
from auditor.collect.iac.cloudformation.stack_delegation import HOLDERS, Held, held, unread
from auditor.collect.iac.cloudformation.template_nodes import key_line, members, property_lines
from auditor.collect.iac.interface import Changed, NotAssessed, Reference, Resource, Unknown, Value
from auditor.collect.iac.tree import within
from auditor.collect.iac.unreadable import ElsewhereError, UnreadableError
from auditor.studio.template_types import TYPES

NESTED = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")
#: Transforms that change nothing in the resources that the product reads.
_HARMLESS = ("AWS::LanguageExtensions", "AWS::Serverless-2016-10-31", "AWS::CodeDeployBlueGreen",
             "AWS::SecretsManager-", "AWS::ServiceCatalog")  # fmt: skip
HOLDING = (*NESTED, *HOLDERS)
_MAX_DEPTH = 12


@dataclass(frozen=True, slots=True)
class StackContext:
    """What all stacks of one deployment have in common. ``budget`` is what working them out may cost; ``cdk`` is what
    an assembly knows beside its templates; ``imports`` gives what another stack exports."""

    library: Library
    budget: Budget
    cdk: Cdk = field(default_factory=Cdk)
    imports: Imports | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a stack stands in its deployment. ``prefix`` stands before addresses of its resources; ``inside`` is its
    construct's path; ``above`` are the templates around it. ``doubt``: why it may not exist; ``number``: why nobody can
    tell how many there are."""

    prefix: str = ""
    inside: str = ""
    above: tuple[Path, ...] = ()
    doubt: Unknown | None = None
    number: Unknown | None = None


_OUTERMOST = Position()


class Stack:
    """A stack as it would be deployed."""

    def __init__(
        self, around: StackContext, template: Template, values: Mapping[str, Value], pseudo: Mapping[str, str],
        at: Position = _OUTERMOST,
    ) -> None:  # fmt: skip
        self._around, self._template, self._pseudo, self._at = around, template, pseudo, at
        self._prefix, self._above = at.prefix, (*at.above, template.path)
        content = template.content
        size = sum(len(section) for section in content.values() if isinstance(section, Mapping))
        around.budget.spend(1 + size, 8 * INSTANCE + PART * size)
        self._evaluator = Evaluator(
            content, parameter_values(content, values, at.prefix, around.cdk.lookups), pseudo, self._attribute,
            around.budget, around.imports, around.cdk.lookups,
        )  # fmt: skip
        self._resources = {name: node for name, node in members(content["Resources"]) if isinstance(node, Mapping)}
        self._children: dict[str, list[Stack] | NotAssessed] = {}
        macro = _macro(content)
        self._doubt = at.doubt or macro
        self.not_assessed: list[NotAssessed] = []
        line = key_line(content, "Transform") or key_line(content, "Fn::Transform")
        if _includes(content):
            self._miss("Transform", "AWS::Include takes in a part that lies elsewhere", line, elsewhere=True)
        if macro is not None:
            self._miss("Transform", f"{macro.reason}, and may add resources", line, elsewhere=True)
        self.files: list[str] = [template.name]
        #: Types of the resources that ``resources`` leaves out, by address.
        self.others: dict[str, str] = {}
        self.changes: list[Changed] = []

    def resources(self) -> list[Resource]:
        """Every resource of a type that the product reads, with those of nested stacks behind the stack's own."""
        found: list[Resource] = []
        section = self._template.content["Resources"]
        for name, node, number in self._each(section):
            type_ = node.get("Type") if isinstance(node, Mapping) else None
            if not isinstance(type_, str):
                self._miss(name, "it is not a resource", key_line(section, name))
                continue
            if self._exists(node) is False:
                continue
            if "{" in type_:
                self._miss(name, f"its type is not known: {type_}", key_line(section, name), elsewhere=True)
                continue
            if (one := changed(name, type_, node, self._resources, self._prefix)) is not None:
                self.changes.append(one)
            if type_ in HOLDING:
                found += self._nested(name, node, number)
            elif type_ in TYPES:
                found.append(self._resource(name, node, type_, number))
            elif reason := unread(name, type_, node, self._resources):
                self._miss(name, reason, key_line(section, name), elsewhere=True)
            else:
                self.others[self._prefix + name] = type_
        return found

    def _each(self, section: Mapping[str, Any]) -> Iterator[tuple[str, Any, Unknown | None]]:
        """(logical id, resource, why nobody can tell how many there are), loops unrolled."""
        for name, node in members(section):
            if name.startswith(FOR_EACH):
                identifier = name.removeprefix(FOR_EACH)
                for body in self._evaluator.each(name, node):
                    if body is not None:
                        yield from self._each(body)
                    else:
                        number = Unknown(f"${{{name}}}", f"the collection of loop {identifier} is unknown")
                        yield from ((n, r, number) for n, r, _ in self._each(node[2]))
            elif name.startswith("Fn::"):
                self._miss(name, "a macro adds resources at deployment", key_line(section, name), elsewhere=True)
            else:
                yield self._evaluator.replaced(name), self._typed(node), None

    def _typed(self, node: Any) -> Any:
        """A resource of a loop may have its identifier in its type as well."""
        type_ = node.get("Type") if isinstance(node, Mapping) else None
        replaced = self._evaluator.replaced(type_) if isinstance(type_, str) else type_
        return node if replaced == type_ else {**node, "Type": replaced}

    def _exists(self, node: Mapping[str, Any]) -> bool | Unknown:
        condition = node.get("Condition")
        return True if condition is None else self._evaluator.condition(str(condition))

    def _doubted(self, node: Mapping[str, Any]) -> Unknown | None:
        holds = self._exists(node)
        return holds if isinstance(holds, Unknown) else self._doubt

    def _resource(self, name: str, node: Mapping[str, Any], type_: str, number: Unknown | None) -> Resource:
        section, doubt, budget = node.get("Properties"), self._doubted(node), self._around.budget
        budget.place = self._named(name)
        budget.spend(1, INSTANCE)
        properties = {} if section is None else self._evaluator.value(section)
        if not isinstance(properties, dict):
            unknown = properties if isinstance(properties, Unknown) else Unknown("", "its Properties are not a mapping")
            doubt, properties = doubt or unknown, {}
        budget.check(properties)
        line = key_line(self._template.content["Resources"], name)
        whole = self._template.line
        return Resource(
            address=self._prefix + name,
            type=type_,
            properties=properties,
            file=self._template.name,
            line=whole or (line if line is not None else key_line(node, "Type")),
            lines={} if whole else property_lines(section),
            construct=self._construct(name, node),
            doubt=doubt,
            number=number or self._at.number,
        )

    def _construct(self, name: str, node: Mapping[str, Any]) -> str:
        metadata = node.get("Metadata")
        path = metadata.get("aws:cdk:path") if isinstance(metadata, Mapping) else None
        return str(path) if isinstance(path, str) else self._around.cdk.construct(name, self._at.inside)

    def _line(self, name: str) -> int | None:
        return self._template.line or key_line(self._template.content["Resources"], name)

    def _miss(self, name: str, reason: str, line: int | None, *, elsewhere: bool = False) -> None:
        self.not_assessed.append(NotAssessed(self._named(name), reason, self._template.line or line, elsewhere))

    def _named(self, name: str) -> str:
        return f"{self._template.name}#{self._prefix}{name}"

    # Nested stacks, and what else holds templates

    def _nested(self, name: str, node: Mapping[str, Any], number: Unknown | None) -> list[Resource]:
        children = self._held(name, node, number)
        if isinstance(children, NotAssessed):
            self.not_assessed.append(children)
            return []
        found: list[Resource] = []
        for child in children:
            found += child.resources()
            self.not_assessed += child.not_assessed
            self.files += [file for file in child.files if file not in self.files]
            self.others |= child.others
            self.changes += child.changes
        return found

    def _held(self, name: str, node: Mapping[str, Any], number: Unknown | None = None) -> list[Stack] | NotAssessed:
        """Stacks of the templates that a resource holds: one of a nested stack or a stack set, one of each version of
        a product."""
        if name not in self._children:
            what, line = self._named(name), self._line(name)
            # Whoever asks while its parameters are worked out goes in a circle.
            self._children[name] = NotAssessed(what, "the nested stack's parameters hang on its own outputs", line)
            try:
                self._children[name] = self._opened(name, node, number)
            except UnreadableError as error:
                kind = "its nested stack" if node.get("Type") in NESTED else "the template that it holds"
                elsewhere = isinstance(error, ElsewhereError)
                self._children[name] = NotAssessed(what, f"{kind} cannot be read: {error.reason}", line, elsewhere)
        return self._children[name]

    def _opened(self, name: str, node: Mapping[str, Any], number: Unknown | None) -> list[Stack]:
        properties = node.get("Properties")
        properties = properties if isinstance(properties, Mapping) else {}
        if node.get("Type") in NESTED:
            location = properties.get("TemplateURL", properties.get("Location"))
            templates = [Held(location=location, parameters=properties.get("Parameters", {}))]
        else:
            templates = held(str(node["Type"]), properties)
        names = [name] if len(templates) == 1 else [f"{name}/{at}" for at in range(len(templates))]
        return [self._open(name, own, node, one, number) for own, one in zip(names, templates, strict=True)]

    def _open(self, name: str, own: str, node: Mapping[str, Any], one: Held, number: Unknown | None) -> Stack:
        if one.body is not None:
            template = self._around.library.inside(self._body(one.body), self._template, self._line(name))
        else:
            path = self._local(node, one.location)
            if path in self._above:
                raise UnreadableError("it holds itself")
            template = self._around.library.template(path)
        if len(self._above) > _MAX_DEPTH:
            raise UnreadableError("templates are nested too deeply")
        passed = self._evaluator.value(one.parameters) if one.parameters is not None else None
        values = passed if isinstance(passed, dict) else dict.fromkeys(declared(template.content))
        if one.chosen:
            unknown = Unknown(f"${{{name}}}", "whoever launches the product chooses its parameters")
            values, number = dict.fromkeys(declared(template.content), unknown), number or unknown
        pseudo = {k: v for k, v in self._pseudo.items() if k not in ("AWS::StackName", "AWS::StackId")}
        if node.get("Type") not in NESTED:
            # It is deployed in accounts and Regions of its own.
            pseudo = {k: v for k, v in pseudo.items() if k not in ("AWS::AccountId", "AWS::Region")}
        # …/People.NestedStack/People.NestedStackResource holds what the construct …/People made.
        inside = self._construct(name, node).partition(".NestedStack/")[0]
        at = Position(
            f"{self._prefix}{own}/", f"{inside}/" if inside else "", self._above, self._doubted(node),
            number or self._at.number,
        )  # fmt: skip
        return Stack(self._around, template, values, pseudo, at)

    def _body(self, body: Any) -> str:
        text = self._evaluator.value(body)
        if isinstance(text, Unknown):
            raise ElsewhereError(f"its text is not known: {text.expression} ({text.reason})")
        return text if isinstance(text, str) else json.dumps(text, default=shown)

    def _local(self, node: Mapping[str, Any], location: Any) -> Path:
        """The nested template's file. The CDK says which asset it is; others name a path that packaging replaces."""
        metadata = node.get("Metadata")
        asset = metadata.get("aws:asset:path") if isinstance(metadata, Mapping) else None
        named = asset if isinstance(asset, str) else location
        if not isinstance(named, str):
            named = self._evaluator.value(named) if named is not None else ""
        uploaded = self._around.cdk.assets.get(shown(named).rpartition("/")[2])
        if uploaded is not None and uploaded.is_file():
            return uploaded
        if isinstance(named, Unknown):
            raise ElsewhereError(f"its location is not known: {named.expression} ({named.reason})")
        if not isinstance(named, str) or not named or "://" in named or "$" in named:
            raise ElsewhereError(f"it is not a local file: {named}" if named else "it names no template")
        path = within(self._template.path.parent, named.removeprefix("file:"))
        if path is None or not path.is_file():
            raise UnreadableError(f"there is no file {named}")
        return path

    # Attributes

    def _attribute(self, name: str, attribute: str) -> Value | None:
        node = self._resources.get(name)
        if node is None:
            # A loop's resources have names of their own; that they exist is all that is known.
            loops = any(n.startswith(FOR_EACH) for n, _ in members(self._template.content["Resources"]))
            return Reference(self._prefix + name, attribute) if loops and self._looped(name) else None
        type_ = str(node.get("Type", ""))
        if type_.startswith("Custom::") or type_ == "AWS::CloudFormation::CustomResource":
            symbol = f"${{{self._prefix}{name}.{attribute}}}"
            return Unknown(f"${{{name}.{attribute}}}", f"{name} is a custom resource", symbol=symbol)
        if type_ in NESTED and attribute.startswith("Outputs."):
            return self._output(name, node, attribute.removeprefix("Outputs."))
        if self._exists(node) is False:
            return Unknown(f"${{{name}.{attribute}}}", f"{name} is not made under the conditions given")
        return Reference(self._prefix + name, attribute)

    def _looped(self, name: str) -> bool:
        return any(found == name for found, _, _ in self._each(self._template.content["Resources"]))

    def _output(self, name: str, node: Mapping[str, Any], output: str) -> Value:
        children = self._held(name, node)
        found = None if isinstance(children, NotAssessed) else children[0].output(output)
        reason = children.reason if isinstance(children, NotAssessed) else f"nested stack {name} has no such output"
        return Unknown(f"${{{name}.Outputs.{output}}}", reason) if found is None else found

    def exports(self) -> Iterator[tuple[str, Callable[[], Value]]]:
        """Names that the stack and its nested stacks export, each with what gives its value."""
        outputs = self._template.content.get("Outputs")
        for _, node in members(outputs) if isinstance(outputs, Mapping) else ():
            export = node.get("Export") if isinstance(node, Mapping) else None
            exported = self._evaluator.value(export.get("Name")) if isinstance(export, Mapping) else None
            if isinstance(exported, str) and "${" not in exported and self._exists(node) is not False:
                yield exported, partial(self._evaluator.value, node.get("Value"))
        for name, node in self._resources.items():
            children = self._held(name, node) if node.get("Type") in NESTED and self._exists(node) is not False else []
            for child in children if isinstance(children, list) else ():
                yield from child.exports()

    def output(self, name: str) -> Value | None:
        """The value of an output, None where there is none."""
        section = self._template.content.get("Outputs")
        if not isinstance(section, Mapping):
            return None
        node = dict(members(section)).get(name)
        if not isinstance(node, Mapping) or self._exists(node) is False:
            return None
        value = self._evaluator.value(node.get("Value"))
        return None if value is NO_VALUE else value


def _macro(template: Mapping[str, Any]) -> Unknown | None:
    """Why nothing in the template is certain: a macro may rewrite it all."""
    listed = template.get("Transform")
    for entry in listed if isinstance(listed, list) else [listed]:
        name = entry.get("Name") if isinstance(entry, Mapping) else entry
        if isinstance(name, str) and name and not name.startswith((*_HARMLESS, "AWS::Include")):
            return Unknown(f"${{Transform:{name}}}", f"macro {name} rewrites the template at deployment")
    return None


def _includes(template: Mapping[str, Any]) -> bool:
    """Whether the template takes in a part that lies elsewhere (AWS::Include), which may hold anything."""
    if "Fn::Transform" in template:
        return True
    listed = template.get("Transform")
    entries = listed if isinstance(listed, list) else [listed]
    return any((e.get("Name") if isinstance(e, Mapping) else e) == "AWS::Include" for e in entries)
