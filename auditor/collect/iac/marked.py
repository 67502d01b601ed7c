"""YAML and JSON whose members know where they stand: CloudFormation's templates, and Terraform's JSON syntax.

PyYAML's events are put together here, with a stack of its own, so that no depth brings the process down. cfn-lint's
decoder does the same on top of the same library, but recursively, and brings 150 MB of other libraries with it;
``tests/iac/test_marked.py`` holds the two against each other.

Source: the CloudFormation user guide, "CloudFormation template formats" (YAML 1.1 without its types for binary data and
times) and the short forms of functions in "Intrinsic function reference"; JSON is YAML but for tabs and some escapes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from auditor.collect.iac.unreadable import UnreadableError
from auditor.json_source import HalfCharacterError, decode_json

#: More values than any template has, once aliases stand for what they mean: CloudFormation takes 1 MB of text.
_MAX_VALUES = 250_000
#: Deeper than any template; whoever reads the result calls itself for each level.
_MAX_DEPTH = 150
#: Short forms that are not Fn:: functions.
_PLAIN = frozenset({"Ref", "Condition"})
_YAML = "tag:yaml.org,2002:"
_SCALARS = frozenset(f"{_YAML}{name}" for name in ("null", "bool", "int", "float"))
#: What JSON takes and YAML does not, in texts of the same length that YAML does take.
_JSON_ONLY = re.compile(r"\t|\\/|\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something stands: bytes of the text in UTF-8, from ``start`` to before ``end``; lines from 1, columns from
    0, in characters."""

    start: int
    end: int
    line: int
    column: int


class Key(str):
    """A member's name, with its place."""

    place: Mark


class Members(dict[str, Any]):
    """A mapping: its keys are Keys. ``places``: where its values stand, by name."""

    places: dict[str, Mark]


class Items(list[Any]):
    """A list. ``places``: where its items stand."""

    places: list[Mark]


def load(text: str, *, functions: bool = False) -> Any:
    """Members, Items and scalars; of an empty text, an empty mapping.

    ``functions``: CloudFormation's short forms become what they stand for (``!Sub x``: ``{"Fn::Sub": "x"}``). Raises
    UnreadableError, for a key that is there twice as well.
    """
    try:
        return _Reader(text, text, functions).document()
    except yaml.YAMLError as error:
        masked = _as_yaml(text)
        if masked is None:
            raise _unreadable(error) from None
    try:
        return _Reader(masked, text, functions).document()
    except yaml.YAMLError as error:
        raise _unreadable(error) from None


def _as_yaml(text: str) -> str | None:
    """JSON that YAML does not take, written so that it does; None where it is no JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None

    def masked(match: re.Match[str]) -> str:
        return " " if match[0] == "\t" else "//" if match[0] == "\\/" else "\\u0041"

    return _JSON_ONLY.sub(masked, text)


def _unreadable(error: yaml.YAMLError) -> UnreadableError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return UnreadableError(" ".join(str(problem).split())[:200], None if mark is None else mark.line + 1)


@dataclass(slots=True)
class _Node:
    """A value that is complete. ``text``: a scalar's, as it is written; ``size``: how many values it holds."""

    value: Any
    place: Mark
    size: int = 1
    text: str | None = None
    merge: bool = False


@dataclass(slots=True)
class _Open:
    """A mapping or a list that has not ended yet."""

    event: Any
    nodes: list[_Node] = field(default_factory=list)


class _Reader:
    """Reads one text. ``source``: the same text as it is written, from which JSON's texts are taken."""

    def __init__(self, text: str, source: str, functions: bool) -> None:
        self._text, self._functions = text, functions
        self._source = source if source is not text else None
        self._offsets = Offsets(text)
        self._anchors: dict[str, _Node | None] = {}
        self._resolver, self._constructor = Resolver(), SafeConstructor()

    def document(self) -> Any:
        loader = _Loader(self._text)
        try:
            return self._document(iter(loader.get_event, None))
        finally:
            loader.dispose()

    def _document(self, events: Iterator[Any]) -> Any:
        found: list[_Node] = []
        stack: list[_Open] = []
        for event in events:
            node: _Node | None = None
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                if len(stack) >= _MAX_DEPTH:
                    raise UnreadableError("it is nested too deeply", _line(event))
                stack.append(_Open(event))
                if event.anchor:
                    # Not to be meant from inside.
                    self._anchors[event.anchor] = None
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                node = self._closed(stack.pop(), event)
            elif isinstance(event, yaml.ScalarEvent):
                node = self._scalar(event)
                if event.anchor:
                    self._anchors[event.anchor] = node
            elif isinstance(event, yaml.AliasEvent):
                node = self._alias(event)
            elif isinstance(event, yaml.DocumentStartEvent) and found:
                raise UnreadableError("it holds more than one document", _line(event))
            elif isinstance(event, yaml.StreamEndEvent):
                break
            if node is not None:
                (stack[-1].nodes if stack else found).append(node)
        return found[0].value if found and found[0].text != "" else Members()

    def _place(self, first: Any, last: Any) -> Mark:
        start, end = first.start_mark, last.end_mark
        return Mark(self._offsets.byte(start.index), self._offsets.byte(end.index), start.line + 1, start.column)

    def _alias(self, event: Any) -> _Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise UnreadableError(f"*{event.anchor} stands for nothing, or for what it stands in", _line(event))
        return _Node(node.value, self._place(event, event), node.size, node.text)

    # Scalars

    def _scalar(self, event: Any) -> _Node:
        place = self._place(event, event)
        text = str(event.value)
        if self._source is not None and event.style == '"':
            try:
                text = decode_json(self._source[event.start_mark.index : event.end_mark.index])
            except HalfCharacterError as error:
                raise UnreadableError(str(error), _line(event)) from None
        tag = event.tag
        if tag is not None and tag.startswith("!") and tag != "!":
            return _Node(self._function(tag, text, event, place), place, 2)
        if tag is None or tag == "!":
            tag = f"{_YAML}str"
            if event.implicit[0]:
                tag = str(self._resolver.resolve(yaml.ScalarNode, text, event.implicit))  # type: ignore[no-untyped-call]
        merge = tag == f"{_YAML}merge"
        return _Node(self._typed(tag, text, event), place, text=text, merge=merge)

    def _typed(self, tag: str, text: str, event: Any) -> Any:
        if tag not in _SCALARS:
            # A time is text to CloudFormation, as it is written.
            if tag not in (f"{_YAML}str", f"{_YAML}timestamp", f"{_YAML}merge", f"{_YAML}value"):
                raise UnreadableError(f"{tag.removeprefix(_YAML)} is not a type of templates", _line(event))
            return text
        try:
            return self._constructor.construct_object(yaml.ScalarNode(tag, text))
        except (ValueError, KeyError, OverflowError):
            return text

    # Mappings and lists

    def _closed(self, opened: _Open, event: Any) -> _Node:
        first, nodes = opened.event, opened.nodes
        place = self._place(first, event)
        size = 1 + sum(node.size for node in nodes)
        if size > _MAX_VALUES:
            raise UnreadableError("it expands to more values than a template can hold", place.line)
        tag = first.tag
        plain = tag is None or not tag.startswith("!") or tag == "!"
        if plain and tag is not None and tag.removeprefix(_YAML) not in ("map", "seq", "!"):
            raise UnreadableError(f"{tag.removeprefix(_YAML)} is not a type of templates", place.line)
        if isinstance(first, yaml.SequenceStartEvent):
            value: Any = Items(node.value for node in nodes)
            value.places = [node.place for node in nodes]
        else:
            value = self._members(nodes)
        if not plain:
            value = self._function(tag, value, first, place)
        node = _Node(value, place, size)
        if first.anchor:
            self._anchors[first.anchor] = node
        return node

    def _members(self, nodes: list[_Node]) -> Members:
        found, merged = Members(), Members()
        found.places, merged.places = {}, {}
        for name, node in zip(nodes[::2], nodes[1::2], strict=True):
            if name.merge:
                sources = node.value if isinstance(node.value, Items) else [node.value]
                if not all(isinstance(source, Members) for source in sources):
                    raise UnreadableError("<< takes mappings only", name.place.line)
                for source in reversed(sources):
                    merged.update(source)
                    merged.places |= source.places
                continue
            if name.text is None or name.value is None:
                raise UnreadableError("a name of a member is not text", name.place.line)
            key = Key(name.text)
            key.place = name.place
            if key in found:
                raise UnreadableError(f"{key} is there twice", name.place.line)
            found[key] = node.value
            found.places[key] = node.place
        if not merged:
            return found
        for name_, value in merged.items():
            if name_ not in found:
                found[name_] = value
                found.places[name_] = merged.places[name_]
        return found

    def _function(self, tag: str, argument: Any, event: Any, place: Mark) -> Members:
        if not self._functions:
            raise UnreadableError(f"{tag} means nothing here", _line(event))
        name = tag.removeprefix("!")
        if name in _PLAIN and not isinstance(argument, str):
            raise UnreadableError(f"{tag} takes a name", _line(event))
        if name == "GetAtt" and isinstance(argument, str):
            parts = Items(argument.split("."))
            parts.places = [place] * len(parts)
            argument = parts
        key = Key(name if name in _PLAIN else f"Fn::{name}")
        key.place = place
        found = Members({key: argument})
        found.places = {key: place}
        return found


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


class Offsets:
    """From characters of a text to bytes of it in UTF-8."""

    def __init__(self, text: str) -> None:
        self._wide: list[int] = []
        self._extra: list[int] = []
        if text.isascii():
            return
        extra = 0
        for at, character in enumerate(text):
            if character > "\x7f":
                extra += len(character.encode("utf-8", "surrogatepass")) - 1
                self._wide.append(at)
                self._extra.append(extra)

    def byte(self, at: int) -> int:
        """The byte at which a character begins."""
        from bisect import bisect_left

        before = bisect_left(self._wide, at)
        return at + (self._extra[before - 1] if before else 0)
