"""One stack: a template with its parameters' values, its nested stacks, and the resources that the product reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from auditor.collect.iac.cloudformation.assembly import Cdk
from auditor.collect.iac.cloudformation.evaluator import FOR_EACH, Evaluator
from auditor.collect.iac.cloudformation.nodes import key_line, members, property_lines
from auditor.collect.iac.cloudformation.parameters import declared, parameter_values
from auditor.collect.iac.cloudformation.values import NO_VALUE, shown
from auditor.collect.iac.interface import NotAssessed, Reference, Resource, Unknown, Value
from auditor.collect.iac.marked import load
from auditor.collect.iac.source_text import read_source
from auditor.collect.iac.unreadable import NotATemplateError, UnreadableError
from auditor.studio.template_types import TYPES

NESTED = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")
#: Transforms that change nothing in the resources that the product reads.
_HARMLESS = ("AWS::LanguageExtensions", "AWS::Serverless-2016-10-31", "AWS::CodeDeployBlueGreen",
             "AWS::SecretsManager-", "AWS::ServiceCatalog")  # fmt: skip
_MAX_DEPTH = 12


@dataclass(slots=True)
class Template:
    """A parsed template file. ``name`` is the file as the user would name it."""

    path: Path
    name: str
    content: Mapping[str, Any]


@dataclass(slots=True)
class Library:
    """Reads each file once, and names files as the user would."""

    name: Any
    _read: dict[Path, Template] = field(default_factory=dict)

    def template(self, path: Path) -> Template:
        """Raises UnreadableError where the file is no template."""
        path = path.resolve()
        if path not in self._read:
            content = load(read_source(path), functions=True)
            if not isinstance(content, Mapping) or not {"Resources", "AWSTemplateFormatVersion"} & set(content):
                raise NotATemplateError("it is no template")
            if not isinstance(content.get("Resources"), Mapping):
                raise UnreadableError("it has no Resources")
            self._read[path] = Template(path, self.name(path), content)
        return self._read[path]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where and how a stack is deployed.

    ``prefix`` stands before the addresses of a nested stack's resources, ``inside`` is its construct's path; ``doubt``:
    why it may not exist, ``above``: the templates that it is nested in. ``cdk`` is what an assembly knows beside its
    templates.
    """

    library: Library
    pseudo: Mapping[str, str]
    prefix: str = ""
    doubt: Unknown | None = None
    above: tuple[Path, ...] = ()
    cdk: Cdk = field(default_factory=Cdk)
    inside: str = ""


class Stack:
    """A stack as it would be deployed."""

    def __init__(self, template: Template, values: Mapping[str, Value], deployment: Deployment) -> None:
        self._template, self._deployment = template, deployment
        self._library, self._pseudo, self._prefix = deployment.library, deployment.pseudo, deployment.prefix
        self._above = (*deployment.above, template.path)
        self._cdk, self._inside = deployment.cdk, deployment.inside
        content = template.content
        self._evaluator = Evaluator(content, parameter_values(content, values), deployment.pseudo, self._attribute)
        self._resources = {name: node for name, node in members(content["Resources"]) if isinstance(node, Mapping)}
        self._children: dict[str, Stack | NotAssessed] = {}
        self._doubt = deployment.doubt or _macro(content)
        self.not_assessed: list[NotAssessed] = []
        if _includes(content):
            self._miss("Transform", "AWS::Include takes in a part that lies elsewhere", key_line(content, "Transform"))
        self.files: list[str] = [template.name]

    def resources(self) -> list[Resource]:
        """Every resource of a type that the product reads, with those of nested stacks behind the stack's own."""
        found: list[Resource] = []
        section = self._template.content["Resources"]
        for name, node, doubt in self._each(section):
            type_ = node.get("Type") if isinstance(node, Mapping) else None
            if not isinstance(type_, str):
                self._miss(name, "it is no resource", key_line(section, name))
                continue
            if type_ not in TYPES and type_ not in NESTED:
                continue
            holds = self._exists(node)
            if holds is False:
                continue
            doubt = doubt or (holds if isinstance(holds, Unknown) else None) or self._doubt
            if type_ in NESTED:
                found += self._nested(name, node, doubt)
            else:
                found.append(self._resource(name, node, type_, doubt))
        return found

    def _each(self, section: Mapping[str, Any]) -> Iterator[tuple[str, Any, Unknown | None]]:
        """(logical id, resource, why there may be none or several), loops unrolled."""
        for name, node in members(section):
            if name.startswith(FOR_EACH):
                identifier = name.removeprefix(FOR_EACH)
                for body in self._evaluator.each(name, node):
                    if body is not None:
                        yield from self._each(body)
                    else:
                        doubt = Unknown(f"${{{name}}}", f"the collection of loop {identifier} is unknown")
                        yield from ((n, r, doubt) for n, r, _ in self._each(node[2]))
            elif name.startswith("Fn::"):
                self._miss(name, "a macro adds resources at deployment", key_line(section, name))
            else:
                yield self._evaluator.replaced(name), node, None

    def _exists(self, node: Mapping[str, Any]) -> bool | Unknown:
        condition = node.get("Condition")
        return True if condition is None else self._evaluator.condition(str(condition))

    def _resource(self, name: str, node: Mapping[str, Any], type_: str, doubt: Unknown | None) -> Resource:
        section = node.get("Properties")
        properties = {} if section is None else self._evaluator.value(section)
        if not isinstance(properties, dict):
            hole = properties if isinstance(properties, Unknown) else Unknown("", "its Properties are no mapping")
            doubt, properties = doubt or hole, {}
        line = key_line(self._template.content["Resources"], name)
        return Resource(
            address=self._prefix + name,
            type=type_,
            properties=properties,
            file=self._template.name,
            line=line if line is not None else key_line(node, "Type"),
            lines=property_lines(section),
            construct=self._construct(name, node),
            doubt=doubt,
        )

    def _construct(self, name: str, node: Mapping[str, Any]) -> str:
        metadata = node.get("Metadata")
        path = metadata.get("aws:cdk:path") if isinstance(metadata, Mapping) else None
        return str(path) if isinstance(path, str) else self._cdk.construct(name, self._inside)

    def _miss(self, name: str, reason: str, line: int | None) -> None:
        self.not_assessed.append(NotAssessed(f"{self._template.name}#{self._prefix}{name}", reason, line))

    # Nested stacks

    def _nested(self, name: str, node: Mapping[str, Any], doubt: Unknown | None) -> list[Resource]:
        child = self._child(name, node, doubt)
        if isinstance(child, NotAssessed):
            self.not_assessed.append(child)
            return []
        found = child.resources()
        self.not_assessed += child.not_assessed
        self.files += [file for file in child.files if file not in self.files]
        return found

    def _child(self, name: str, node: Mapping[str, Any], doubt: Unknown | None = None) -> Stack | NotAssessed:
        if name not in self._children:
            holds = self._exists(node)
            doubt = doubt or (holds if isinstance(holds, Unknown) else None) or self._doubt
            # Whoever asks while its parameters are worked out goes in a circle.
            line = key_line(self._template.content["Resources"], name)
            what = f"{self._template.name}#{self._prefix}{name}"
            self._children[name] = NotAssessed(what, "the nested stack's parameters hang on its own outputs", line)
            try:
                self._children[name] = self._open(name, node, doubt)
            except UnreadableError as error:
                self._children[name] = NotAssessed(what, f"its nested stack cannot be read: {error.reason}", line)
        return self._children[name]

    def _open(self, name: str, node: Mapping[str, Any], doubt: Unknown | None) -> Stack:
        properties = node.get("Properties")
        properties = properties if isinstance(properties, Mapping) else {}
        path = self._local(node, properties)
        if path in self._above or len(self._above) > _MAX_DEPTH:
            raise UnreadableError("it holds itself")
        template = self._library.template(path)
        passed = self._evaluator.value(properties.get("Parameters", {}))
        values = passed if isinstance(passed, dict) else dict.fromkeys(declared(template.content))
        pseudo = {k: v for k, v in self._pseudo.items() if k not in ("AWS::StackName", "AWS::StackId")}
        prefix = f"{self._prefix}{name}/"
        # …/People.NestedStack/People.NestedStackResource holds what the construct …/People made.
        inside = self._construct(name, node).partition(".NestedStack/")[0]
        nested = replace(
            self._deployment, pseudo=pseudo, prefix=prefix, doubt=doubt, above=self._above,
            inside=f"{inside}/" if inside else "",
        )  # fmt: skip
        return Stack(template, values, nested)

    def _local(self, node: Mapping[str, Any], properties: Mapping[str, Any]) -> Path:
        """The nested template's file. The CDK says which asset it is; others name a path that packaging replaces."""
        metadata = node.get("Metadata")
        asset = metadata.get("aws:asset:path") if isinstance(metadata, Mapping) else None
        named = asset if isinstance(asset, str) else properties.get("TemplateURL", properties.get("Location"))
        if not isinstance(named, str):
            named = self._evaluator.value(named) if named is not None else ""
        uploaded = self._cdk.assets.get(shown(named).rpartition("/")[2])
        if uploaded is not None and uploaded.is_file():
            return uploaded.resolve()
        if isinstance(named, Unknown):
            raise UnreadableError(f"its location is not known: {named.expression} ({named.reason})")
        if not isinstance(named, str) or not named or "://" in named or "$" in named:
            raise UnreadableError(f"it is not a local file: {named}")
        path = (self._template.path.parent / named.removeprefix("file:")).resolve()
        if not path.is_file():
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
            return Unknown(f"${{{name}.{attribute}}}", f"{name} is a custom resource")
        if type_ in NESTED and attribute.startswith("Outputs."):
            return self._output(name, node, attribute.removeprefix("Outputs."))
        if self._exists(node) is False:
            return Unknown(f"${{{name}.{attribute}}}", f"{name} is not made under the conditions given")
        return Reference(self._prefix + name, attribute)

    def _looped(self, name: str) -> bool:
        return any(found == name for found, _, _ in self._each(self._template.content["Resources"]))

    def _output(self, name: str, node: Mapping[str, Any], output: str) -> Value:
        child = self._child(name, node)
        found = None if isinstance(child, NotAssessed) else child.output(output)
        reason = child.reason if isinstance(child, NotAssessed) else f"nested stack {name} has no such output"
        return Unknown(f"${{{name}.Outputs.{output}}}", reason) if found is None else found

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
    listed = template.get("Transform")
    entries = listed if isinstance(listed, list) else [listed]
    return any((e.get("Name") if isinstance(e, Mapping) else e) == "AWS::Include" for e in entries)
