"""CloudFormation's intrinsic functions over a parsed template, with what cannot be known before deployment as Unknown.

Source: the CloudFormation user guide, "Intrinsic function reference", "Pseudo parameters reference", and for
Fn::ForEach, Fn::Length and Fn::ToJsonString "AWS::LanguageExtensions transform". A linter's resolver enumerates what a
value may be; here one value is needed, or the expression and the reason why there is none.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from auditor.budget import LONG_TEXT, PART, Budget, size_of
from auditor.collect.iac.arn_parts import split_arn
from auditor.collect.iac.cloudformation.context_lookups import NO_LOOKUPS, ContextLookups
from auditor.collect.iac.cloudformation.property_values import (
    NO_VALUE,
    concatenated,
    joined_branches,
    listed,
    literal,
    same,
    shown,
)
from auditor.collect.iac.cloudformation.template_nodes import members, scalar
from auditor.collect.iac.interface import Reference, Unknown, Value, symbol_of, unknowns
from auditor.collect.iac.partly_known import rest_of, why_open, with_open_keys
from auditor.collect.iac.translate import plain_text
from auditor.collect.iac.unreadable import UnreadableError

PSEUDO = ("AccountId", "NotificationARNs", "Partition", "Region", "StackId", "StackName", "URLSuffix")
_SUB = re.compile(r"\$\{(!?)([^}]*)\}")
FOR_EACH = "Fn::ForEach::"
#: Gives what a resource of the stack answers to an attribute (``Ref`` for its name), None where there is none.
Attributes = Callable[[str, str], "Value | None"]
#: Gives what another stack exports under a name.
Imports = Callable[[str], Value]


class Evaluator:
    """Evaluates one stack's template. ``parameters`` holds the value of every declared parameter; ``pseudo`` those
    pseudo parameters that are given, by full name (``AWS::Region``)."""

    def __init__(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, Value],
        pseudo: Mapping[str, str],
        attributes: Attributes,
        budget: Budget,
        imports: Imports | None = None,
        lookups: ContextLookups = NO_LOOKUPS,
    ) -> None:
        self._mappings = _section(template, "Mappings")
        self._conditions = _section(template, "Conditions")
        self._parameters = parameters
        self._pseudo = pseudo
        self._attributes = attributes
        self._imports = imports
        self._lookups = lookups
        self._known_conditions: dict[str, bool | Unknown] = {}
        self._pending: set[str] = set()
        self._bound: dict[str, str] = {}
        self._open_loops: set[str] = set()
        self._budget = budget

    # Conditions

    def condition(self, name: str) -> bool | Unknown:
        """Whether a condition of the template holds."""
        name = self.replaced(name)
        if name not in self._known_conditions:
            if name not in self._conditions:
                return Unknown(f"${{Condition:{name}}}", f"condition {name} is not defined")
            if name in self._pending:
                return Unknown(f"${{Condition:{name}}}", f"condition {name} hangs on itself")
            self._pending.add(name)
            holds = self.truth(self._conditions[name])
            self._pending.discard(name)
            if isinstance(holds, Unknown):
                reason = holds.reason if holds.reason.startswith("condition ") else f"condition {name}: {holds.reason}"
                holds = Unknown(f"${{Condition:{name}}}", reason)
            if self._bound:
                return holds
            self._known_conditions[name] = holds
        return self._known_conditions[name]

    def truth(self, node: Any) -> bool | Unknown:
        """The value of a condition's expression."""
        self._budget.spend()
        call = _call(node)
        if call is None:
            text = str(plain_text(scalar(node))).lower() if not isinstance(node, Mapping | list) else ""
            return text == "true" if text in ("true", "false") else Unknown("", "it is not a condition")
        name, argument = call
        match name:
            case "Condition":
                return self.condition(str(argument))
            case "Fn::Equals" if isinstance(argument, list) and len(argument) == 2:
                left, right = (self.value(a) for a in argument)
                unknown = next(unknowns([left, right]), None)
                return unknown if unknown is not None else same(left, right)
            case "Fn::Not" if isinstance(argument, list) and len(argument) == 1:
                holds = self.truth(argument[0])
                return holds if isinstance(holds, Unknown) else not holds
            case "Fn::And" | "Fn::Or" if isinstance(argument, list):
                decisive = name == "Fn::Or"
                parts = [self.truth(part) for part in argument]
                if any(part is decisive for part in parts):
                    return decisive
                return next((part for part in parts if isinstance(part, Unknown)), not decisive)
        return Unknown(f"${{{name}}}", f"{name} is not a condition function")

    # Values

    def value(self, node: Any) -> Value:
        """A node's value. NO_VALUE where it is AWS::NoValue; inside lists and mappings such members are left out."""
        self._budget.spend(1, PART)
        if isinstance(node, Mapping):
            call = _call(node)
            found = self._mapping(node) if call is None else self._function(*call)
            if isinstance(found, str):
                self._budget.spend(0, len(found))
            return found
        if isinstance(node, list | tuple):
            return [v for v in map(self.value, node) if v is not NO_VALUE]
        if isinstance(node, str):
            return self._literal(self.replaced(str(node)))
        if node is None:
            return Unknown("null", "CloudFormation takes no null values", "unexpected_response")
        return scalar(node)

    def _literal(self, text: str) -> Value:
        return self._lookups.asked(text) or literal(text)

    def _mapping(self, node: Mapping[str, Any]) -> Value:
        found: dict[str, Value] = {}
        rest: Unknown | None = None
        for name, child in members(node):
            if name.startswith(FOR_EACH):
                if not is_loop(child):
                    return Unknown(f"${{{name}}}", f"{name} is not [identifier, collection, body]")
                for _ in self.each(name, child):
                    made = None if _ is None else self._mapping(_)
                    if isinstance(made, Mapping) and rest_of(made) is None:
                        found |= {k: v for k, v in made.items() if v is not NO_VALUE}
                    else:
                        # What it makes stands beside the other members: two of one name are refused.
                        rest = rest or Unknown(f"${{{name}}}", "the collection of the loop is unknown")
            elif name.startswith("Fn::"):
                return Unknown(f"${{{name}}}", f"{name} beside other members: what it adds is known at deployment only")
            else:
                value = self.value(child)
                if value is not NO_VALUE:
                    found[self.replaced(name)] = value
        return rest if rest is not None and not found else with_open_keys(found, {}, rest)

    def each(self, name: str, argument: Any) -> Iterator[Mapping[str, Any] | None]:
        """The body of a loop, once for each element, with the identifier bound meanwhile; None where the collection is
        unknown: then the identifier stays as it is."""
        if not is_loop(argument):
            raise UnreadableError(f"{name} is not [identifier, collection, body]")
        identifier, collection = str(argument[0]), self.value(argument[1])
        if not isinstance(collection, list) or next(unknowns(collection), None) is not None:
            self._open_loops.add(identifier)
            yield None
            return
        for element in collection:
            self._budget.spend(1, PART)
            with self.binding(identifier, shown(element)):
                yield argument[2]

    @contextmanager
    def binding(self, name: str, value: str) -> Iterator[None]:
        """Replace a loop's identifier meanwhile."""
        outer = dict(self._bound)
        self._bound[name] = value
        try:
            yield
        finally:
            self._bound = outer

    def replaced(self, text: str) -> str:
        """Text with the identifiers of the loops around it replaced."""
        for name, value in self._bound.items():
            self._budget.fits(len(text) + text.count(f"{{{name}}}") * len(value))
            text = text.replace(f"${{{name}}}", value).replace(f"&{{{name}}}", re.sub(r"[^A-Za-z0-9]", "", value))
        return text

    def _function(self, name: str, argument: Any) -> Value:
        method = _FUNCTIONS.get(name)
        if method is None:
            return Unknown(f"${{{name}}}", _AT_DEPLOYMENT.get(name, f"{name} is not a known function"))
        try:
            return method(self, argument)
        except (TypeError, ValueError, IndexError, KeyError, AttributeError):
            return Unknown(f"${{{name}}}", f"{name} has arguments that it cannot have", "unexpected_response")

    def _ref(self, argument: Any) -> Value:
        name = self.replaced(str(argument))
        if name in self._bound:
            return self._bound[name]
        if name == "AWS::NoValue":
            return NO_VALUE
        if name.startswith("AWS::"):
            given = self._pseudo.get(name)
            shown_ = f"${{{name}}}"
            return Unknown(shown_, f"{name} is known at deployment only", symbol=shown_) if given is None else given
        if name in self._parameters:
            return self._parameters[name]
        if name in self._open_loops:
            return Unknown(f"${{{name}}}", f"the collection of the loop over {name} is unknown")
        found = self._attributes(name, "Ref")
        return Unknown(f"${{{name}}}", f"nothing is called {name}") if found is None else found

    def _get_att(self, argument: Any) -> Value:
        parts = str(argument).split(".") if isinstance(argument, str) else list(argument)
        values = [self.value(part) for part in parts]
        name, attribute = self.replaced(str(values[0])), ".".join(shown(v) for v in values[1:])
        unknown = next(unknowns(values), None)
        if unknown is not None or not attribute:
            return Unknown(f"${{{name}.{attribute}}}", "the attribute is unknown")
        found = self._attributes(name, attribute)
        return Unknown(f"${{{name}.{attribute}}}", f"no resource is called {name}") if found is None else found

    def _sub(self, argument: Any) -> Value:
        text, extra = (argument[0], argument[1]) if isinstance(argument, list) else (argument, {})
        text = self.replaced(str(text))
        names = {k: self.value(v) for k, v in members(extra)}
        parts: list[Value] = []
        at = 0
        for match in _SUB.finditer(text):
            parts.append(self._literal(text[at : match.start()]))
            at = match.end()
            name = match[2].strip()
            if match[1]:
                parts.append(f"${{{name}}}")
            elif name in names:
                parts.append(names[name])
            else:
                parts.append(self._get_att(name) if "." in name and "::" not in name else self._ref(name))
        parts.append(self._literal(text[at:]))
        return self._joined([",".join(map(shown, p)) if isinstance(p, list) else p for p in parts])

    def _join(self, argument: Any) -> Value:
        delimiter, items = str(argument[0]), self.value(argument[1])
        if isinstance(items, Unknown):
            return Unknown(f"${{Fn::Join:{items.expression}}}", items.reason)
        gap = why_open(items)
        if gap is not None:
            return Unknown(f"${{Fn::Join:{gap.expression}}}", gap.reason)
        parts: list[Value] = []
        for item in items:
            parts += [delimiter, item] if parts else [item]
        return self._joined(parts)

    def _joined(self, parts: Sequence[Value]) -> Value:
        self._budget.fits(sum(len(shown(part)) for part in parts))
        self._budget.spend(len(parts) // 8)
        return concatenated(parts)

    def _split(self, argument: Any) -> Value:
        delimiter, text = str(argument[0]), self.value(argument[1])
        if isinstance(text, Unknown):
            return Unknown(f"${{Fn::Split:{text.expression}}}", text.reason)
        if isinstance(text, Reference) and delimiter == ",":
            return [text]  # a name or an id holds no comma
        if isinstance(text, Reference):
            parts = split_arn(text, delimiter)
            if parts is not None:
                return [concatenated(part) for part in parts]
            return Unknown(f"${{Fn::Split:{text.text}}}", f"{text.text} is known at deployment only")
        plain = plain_text(text)
        if plain is None:
            raise TypeError("no text to split")
        pieces = plain.split(delimiter)
        self._budget.spend(len(pieces), PART * len(pieces))
        return listed(pieces)

    def _select(self, argument: Any) -> Value:
        index, items = self.value(argument[0]), self.value(argument[1])
        if isinstance(items, Unknown) or isinstance(index, Unknown):
            unknown = items if isinstance(items, Unknown) else index
            return Unknown(f"${{Fn::Select:{shown(index)}:{shown(items)}}}", unknown.reason)
        number = int(index)
        if number < 0:
            raise IndexError(number)
        gap = why_open(items[: number + 1]) or (why_open(items) if number >= len(items) else None)
        return items[number] if gap is None else Unknown(f"${{Fn::Select:{number}:{gap.expression}}}", gap.reason)

    def _find_in_map(self, argument: Any) -> Value:
        keys = [self.value(key) for key in argument[:3]]
        default = argument[3].get("DefaultValue", NO_VALUE) if len(argument) > 3 else NO_VALUE
        unknown = next(unknowns(keys), None)
        if unknown is not None:
            return Unknown(f"${{Fn::FindInMap:{':'.join(map(shown, keys))}}}", unknown.reason)
        node: Any = self._mappings
        for key in keys:
            text = shown(key)
            found = [value for name, value in members(node) if name == text] if isinstance(node, Mapping) else []
            if not found:
                if default is not NO_VALUE:
                    return self.value(default)
                return Unknown(f"${{Fn::FindInMap:{':'.join(map(shown, keys))}}}", "the mapping has no such key")
            node = found[0]
        return self.value(node)

    def _if(self, argument: Any) -> Value:
        name, one, other = argument
        holds = self.condition(str(name))
        if not isinstance(holds, Unknown):
            return self.value(one if holds else other)
        return joined_branches(self.value(one), self.value(other), Unknown(f"${{Fn::If:{name}}}", holds.reason))

    def _import(self, argument: Any) -> Value:
        name = self.value(argument)
        if isinstance(name, str) and "${" not in name and self._imports is not None:
            return self._imports(name)
        reason = name.reason if isinstance(name, Unknown) else "another stack exports it"
        symbol = (
            symbol_of([("", "${Fn::ImportValue:"), (name, shown(name)), ("", "}")]) if isinstance(name, str) else ""
        )
        return Unknown(f"${{Fn::ImportValue:{shown(name)}}}", reason, symbol=symbol)

    def _base64(self, argument: Any) -> Value:
        text = self.value(argument)
        plain = plain_text(text)
        if plain is None:
            return Unknown(f"${{Fn::Base64:{shown(text)}}}", text.reason if isinstance(text, Unknown) else "no text")
        return base64.b64encode(plain.encode()).decode()

    def _length(self, argument: Any) -> Value:
        items = self.value(argument)
        gap = items if isinstance(items, Unknown) else why_open(items)
        return len(items) if gap is None else Unknown("${Fn::Length}", gap.reason)

    def _to_json(self, argument: Any) -> Value:
        found = self.value(argument)
        unknown = next(unknowns(found), None)
        self._budget.fits(size_of(found, LONG_TEXT))
        return (
            Unknown("${Fn::ToJsonString}", unknown.reason) if unknown else json.dumps(found, default=lambda r: r.text)
        )


_AT_DEPLOYMENT = {
    "Fn::GetAZs": "availability zones are known at deployment only",
    "Fn::Cidr": "Fn::Cidr is not evaluated here",
    "Fn::Transform": "a macro's result is known at deployment only",
    "Fn::GetStackOutput": "another stack gives it",
}
_FUNCTIONS: Mapping[str, Callable[[Evaluator, Any], Value]] = {
    "Ref": Evaluator._ref,
    "Fn::GetAtt": Evaluator._get_att,
    "Fn::Sub": Evaluator._sub,
    "Fn::Join": Evaluator._join,
    "Fn::Split": Evaluator._split,
    "Fn::Select": Evaluator._select,
    "Fn::FindInMap": Evaluator._find_in_map,
    "Fn::If": Evaluator._if,
    "Fn::ImportValue": Evaluator._import,
    "Fn::Base64": Evaluator._base64,
    "Fn::Length": Evaluator._length,
    "Fn::ToJsonString": Evaluator._to_json,
    "Fn::Equals": lambda e, a: e.truth({"Fn::Equals": a}),
    "Fn::And": lambda e, a: e.truth({"Fn::And": a}),
    "Fn::Or": lambda e, a: e.truth({"Fn::Or": a}),
    "Fn::Not": lambda e, a: e.truth({"Fn::Not": a}),
}


def is_loop(argument: Any) -> bool:
    """Whether it is what a Fn::ForEach takes."""
    return isinstance(argument, list) and len(argument) == 3 and isinstance(argument[2], Mapping)


def _section(template: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = template.get(name)
    return dict(members(section)) if isinstance(section, Mapping) else {}


def _call(node: Any) -> tuple[str, Any] | None:
    """(function, argument) where the node is a call: its only member is one."""
    if not isinstance(node, Mapping):
        return None
    own = list(members(node))
    if len(own) != 1:
        return None
    name, argument = own[0]
    is_call = name in ("Ref", "Condition") or (name.startswith("Fn::") and not name.startswith(FOR_EACH))
    # A mapping may have a member Condition of its own: IAM's policies do, and theirs is a mapping.
    if name == "Condition" and not isinstance(argument, str):
        is_call = False
    return (name, argument) if is_call else None
