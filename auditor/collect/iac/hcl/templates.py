"""Text with ``${…}`` and ``%{…}`` in it, taken apart.

checkov's grammar takes a quoted text for one token; what is inside an interpolation goes back to its parser. Source of
the syntax: Terraform's language documentation, "Strings and Templates".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from auditor.collect.iac.hcl.nodes import Node
from auditor.collect.iac.hcl.parser import parse_expression
from auditor.collect.iac.parsers import UnreadableError

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}
_FOR = re.compile(r"^for\s+([\w-]+)\s*(?:,\s*([\w-]+)\s*)?in\s+(.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Choice:
    """``%{ if condition }…%{ else }…%{ endif }``"""

    condition: Node
    then: Sequence[Part]
    otherwise: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Loop:
    """``%{ for key, value in items }…%{ endfor }``"""

    key: str | None
    value: str
    items: Node
    parts: Sequence[Part]


#: A piece of a template: text as it stands, an interpolation, or a directive.
Part = str | Node | Choice | Loop


@dataclass(slots=True)
class _Open:
    """A directive that has not ended yet."""

    kind: str
    text: str
    parts: list[Part]
    then: list[Part] | None = None
    outer: list[Part] = field(default_factory=list)


@lru_cache(maxsize=4096)
def parts(raw: str, line: int, escapes: bool) -> tuple[Part, ...]:
    """The pieces of a template. ``escapes``: backslashes are escapes (quoted text). Raises UnreadableError."""
    found: list[Part] = []
    stack: list[_Open] = []
    for kind, text, left, right in _pieces(raw, escapes):
        at = line
        if left and found and isinstance(found[-1], str):
            found[-1] = found[-1].rstrip()
        if kind == "text":
            found.append(text)
        elif kind == "${":
            found.append(parse_expression(text, at))
        else:
            found = _directive(text, at, found, stack)
        if right:
            found.append(_STRIP)
    if stack:
        raise UnreadableError(f"a %{{ {stack[-1].kind} }} does not end", line)
    return _stripped(found)


#: Stands where the whitespace that follows is to be left out.
_STRIP = "\ue002"


def _stripped(found: Sequence[Part]) -> tuple[Part, ...]:
    result: list[Part] = []
    strip = False
    for part in found:
        if part == _STRIP:
            strip = True
            continue
        if isinstance(part, Choice):
            part = Choice(part.condition, _stripped(part.then), _stripped(part.otherwise))
        elif isinstance(part, Loop):
            part = Loop(part.key, part.value, part.items, _stripped(part.parts))
        elif strip and isinstance(part, str):
            part = part.lstrip()
        strip = False
        if part != "":
            result.append(part)
    return tuple(result)


def _directive(text: str, line: int, found: list[Part], stack: list[_Open]) -> list[Part]:
    """Open, turn or close a directive; the list that the next pieces belong to."""
    word, _, rest = text.strip().partition(" ")
    if word in ("if", "for"):
        stack.append(_Open(word, rest if word == "if" else text.strip(), [], outer=found))
        return stack[-1].parts
    if not stack:
        raise UnreadableError(f"%{{ {word} }} has no beginning", line)
    current = stack[-1]
    if word == "else" and current.kind == "if" and current.then is None:
        current.then, current.parts = current.parts, []
        return current.parts
    if word != f"end{current.kind}":
        raise UnreadableError(f"%{{ {word} }} does not fit %{{ {current.kind} }}", line)
    stack.pop()
    if current.kind == "if":
        then, otherwise = (current.parts, []) if current.then is None else (current.then, current.parts)
        current.outer.append(Choice(parse_expression(current.text, line), then, otherwise))
    else:
        match = _FOR.match(current.text)
        if match is None:
            raise UnreadableError("a %{ for } is not understood", line)
        key, value = (match[1], match[2]) if match[2] else (None, match[1])
        current.outer.append(Loop(key, value, parse_expression(match[3], line), current.parts))
    return current.outer


def _pieces(raw: str, escapes: bool) -> list[tuple[str, str, bool, bool]]:
    """(kind, text, strips before, strips after) of each piece; kind is text, ``${`` or ``%{``."""
    found: list[tuple[str, str, bool, bool]] = []
    text: list[str] = []
    at = 0
    while at < len(raw):
        mark = raw[at : at + 2]
        if mark in ("${", "%{"):
            # Doubled, it is meant as it stands.
            if text and text[-1] == mark[0] and (len(text) < 2 or text[-2] != mark[0]):
                text[-1] = mark
                at += 2
                continue
            end = _end(raw, at + 2)
            if text:
                found.append(("text", _unescaped("".join(text), escapes), False, False))
                text = []
            inside = raw[at + 2 : end]
            left, right = inside.startswith("~"), inside.endswith("~")
            found.append((mark, inside.removeprefix("~").removesuffix("~"), left, right))
            at = end + 1
        elif escapes and raw[at] == "\\" and at + 1 < len(raw):
            text.append(raw[at : at + 2])
            at += 2
        else:
            text.append(raw[at])
            at += 1
    if text:
        found.append(("text", _unescaped("".join(text), escapes), False, False))
    return found


def _end(raw: str, at: int) -> int:
    """Where the brace closes that opened before ``at``."""
    depth, quoted = 1, False
    while at < len(raw):
        character = raw[at]
        if quoted:
            if character == "\\":
                at += 1
            elif character == '"':
                quoted = False
            elif raw[at : at + 2] in ("${", "%{"):
                at = _end(raw, at + 2)
        elif character == '"':
            quoted = True
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    raise UnreadableError("a ${ does not end")


def _unescaped(text: str, escapes: bool) -> str:
    if not escapes or "\\" not in text:
        return text

    def one(match: re.Match[str]) -> str:
        if match[3] is not None:
            return _CONTROL.get(match[3], match[3])
        code = int(match[1] or match[2], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]

    return _ESCAPE.sub(one, text)
