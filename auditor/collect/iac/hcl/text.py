"""The inside of texts: escapes, markers that strip whitespace, heredocs that are moved to the left, directives.

Source: Terraform's language documentation, "Strings and Templates"; where that is silent, ``terraform console``: a
marker strips to the end of one line of a heredoc, whitespace of any kind counts for the indentation, ``$$${`` is a
dollar sign before an escape.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from auditor.collect.iac.hcl.nodes import Choice, Loop, Node, Part
from auditor.collect.iac.unreadable import UnreadableError

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
#: Doubled, a sign stands for itself.
_DOUBLED = re.compile(r"(?<=\$)\$(?=\{)|(?<=%)%(?=\{)")
#: One that stands alone opens an interpolation or a directive.
_OPENS = re.compile(r"(?<!\$)\$\{|(?<!%)%\{")

#: A line break is a return and a line feed, or a line feed.
_LONE_RETURN = re.compile(r"\r(?!\n)")


@dataclass(slots=True)
class Text:
    """Text between the marks of a template, as it is written."""

    text: str


@dataclass(slots=True)
class Mark:
    """An interpolation, or a part of a directive: ``${``, ``if``, ``for``, ``else``, ``endif``, ``endfor``.

    ``node``: the value, the condition, or what is looped over; ``left`` and ``right``: whether whitespace is stripped
    there.
    """

    kind: str
    node: Node | None
    left: bool
    right: bool
    key: str | None = None
    value: str = ""


Piece = Text | Mark


def quoted(text: str, line: int) -> str:
    """Text between quotation marks with its escapes resolved. Raises UnreadableError."""
    if "\n" in text:
        raise UnreadableError("a text in quotation marks may not go on in the next line", line)
    return literal(_unescaped(text, line), line)


def literal(text: str, line: int) -> str:
    """Text of a template with what is doubled in it made single. Raises UnreadableError."""
    if _LONE_RETURN.search(text):
        raise UnreadableError("there is a character that means nothing", line)
    if "{" not in text:
        return text
    if _OPENS.search(text):
        raise UnreadableError("a template in a text is not understood", line)
    return _DOUBLED.sub("", text)


def _unescaped(text: str, line: int) -> str:
    if "\\" not in text:
        return text

    def one(match: re.Match[str]) -> str:
        if match[3] is not None:
            if match[3] not in _CONTROL:
                raise UnreadableError(f"\\{match[3]} is not an escape sequence", line)
            return _CONTROL[match[3]]
        code = int(match[1] or match[2], 16)
        if code >= 0x110000 or 0xD800 <= code < 0xE000:
            raise UnreadableError(f"{match[0]} is not a character", line)
        return chr(code)

    return _ESCAPE.sub(one, text)


def assembled(pieces: Sequence[Piece], line: int, *, flush: bool = False) -> tuple[Part, ...]:
    """The parts of a template from its pieces: one Text for each line of a heredoc, one between two marks of a quoted
    text. ``flush``: a heredoc that is moved to the left (``<<-``). Raises UnreadableError."""
    _strip(pieces)
    if flush:
        _flush(pieces)
    return _nested(pieces, line)


def _strip(pieces: Sequence[Piece]) -> None:
    for at, piece in enumerate(pieces):
        if isinstance(piece, Text):
            continue
        before = pieces[at - 1] if at else None
        after = pieces[at + 1] if at + 1 < len(pieces) else None
        if piece.left and isinstance(before, Text):
            before.text = before.text.rstrip()
        if piece.right and isinstance(after, Text):
            after.text = after.text.lstrip()


def _flush(pieces: Sequence[Piece]) -> None:
    """Take away as much from each line as the least indented one has."""
    starts: list[Text] = []
    least: int | None = None
    fresh = True
    for piece in pieces:
        if fresh:
            fresh = False
            spaces: int | None = 0
            if isinstance(piece, Text):
                rest = piece.text.lstrip()
                if not rest and piece.text.endswith("\n"):
                    spaces = None  # an empty line counts for nothing
                else:
                    spaces = len(piece.text) - len(rest)
                    starts.append(piece)
            if spaces is not None:
                least = spaces if least is None else min(least, spaces)
        if isinstance(piece, Text) and piece.text.endswith("\n"):
            fresh = True
    for text in starts:
        text.text = text.text[least or 0 :]


@dataclass(slots=True)
class _Open:
    """A directive that has not ended yet."""

    mark: Mark
    outer: list[Part]
    parts: list[Part] = field(default_factory=list)
    then: list[Part] | None = None


def _nested(pieces: Sequence[Piece], line: int) -> tuple[Part, ...]:
    found: list[Part] = []
    stack: list[_Open] = []
    for piece in pieces:
        if isinstance(piece, Text):
            if piece.text and found and isinstance(found[-1], str):
                found[-1] += piece.text
            elif piece.text:
                found.append(piece.text)
        elif piece.kind == "${":
            assert piece.node is not None
            found.append(piece.node)
        elif piece.kind in ("if", "for"):
            stack.append(_Open(piece, found))
            found = stack[-1].parts
        elif not stack:
            raise UnreadableError(f"%{{ {piece.kind} }} has no beginning", line)
        elif piece.kind == "else" and stack[-1].mark.kind == "if" and stack[-1].then is None:
            stack[-1].then, found = found, []
        elif piece.kind == f"end{stack[-1].mark.kind}":
            ended = stack.pop()
            ended.outer.append(_directive(ended, found))
            found = ended.outer
        else:
            raise UnreadableError(f"%{{ {piece.kind} }} does not fit %{{ {stack[-1].mark.kind} }}", line)
    if stack:
        raise UnreadableError(f"a %{{ {stack[-1].mark.kind} }} does not end", line)
    return tuple(found)


def _directive(ended: _Open, last: list[Part]) -> Choice | Loop:
    mark = ended.mark
    assert mark.node is not None
    if mark.kind == "for":
        return Loop(mark.key, mark.value, mark.node, tuple(last))
    then, otherwise = (last, []) if ended.then is None else (ended.then, last)
    return Choice(mark.node, tuple(then), tuple(otherwise))
