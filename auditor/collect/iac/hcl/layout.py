"""What HCL asks of a text beyond tree-sitter's grammar, to which a line break is a space like any other.

Source: HCL's native syntax specification, "Structural Elements" and "Expressions"; ``terraform fmt`` is the judge in
``tests/iac/terraform/test_grammar.py``.

- An attribute and a block end their line; a block on one line holds one attribute at most.
- An expression stays on its line, but within brackets of any kind. The elements of an object stand on lines of their
  own or behind commas.
- Whitespace is spaces, tabs and line breaks; a name has no ``::`` in it unless it is a function's; numbers are decimal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node as Tree

from auditor.collect.iac.unreadable import UnreadableError

_SPACE = re.compile(rb"(?:[ \t\n]|\r\n)*\Z")
_NUMBER = re.compile(rb"[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")
#: Levels of tree-sitter's trees, which has several for each bracket. Python gives up on an expression much earlier.
_MAX_DEPTH = 10_000
#: Where tree-sitter finds a word although it goes on: ``if`` in ``iffy``.
_WORD = re.compile(rb"[\w\x80-\xff]")
_WORDS = frozenset({"identifier", "numeric_lit", "if", "for", "in", "else", "endif", "endfor", "true", "false", "null"})
#: Whatever stands in these may have line breaks anywhere.
_OPEN = frozenset({
    "tuple", "for_expr", "for_tuple_expr", "for_object_expr", "function_arguments", "new_index",
    "template_interpolation", "template_if_intro", "template_else_intro", "template_if_end", "template_for_start",
    "template_for_end",
})  # fmt: skip
#: What lies between the children of these is text.
_TEXT = frozenset({"quoted_template", "string_lit", "heredoc_template", "template_if", "template_for",
                   "template_directive", "template_literal"})  # fmt: skip


def check(root: Tree, source: bytes) -> None:
    """Refuse what Terraform refuses. ``source``: the text as it is written. Raises UnreadableError."""
    if any(child.type == "object" for child in root.children):
        raise UnreadableError("it is not a configuration but an object", 1)
    _Layout(source).walk(root)


class _Layout:
    def __init__(self, source: bytes) -> None:
        self._source = source

    def walk(self, root: Tree) -> None:
        # A stack of its own: a text may be nested deeper than Python calls functions.
        waiting = [(root, True, 0)]
        before = -1
        while waiting:
            tree, held, depth = waiting.pop()
            if depth > _MAX_DEPTH:
                raise UnreadableError("it is nested too deeply", _line(tree))
            children = tree.children
            if not children:
                if tree.start_byte == before and _WORD.match(self._source, before):
                    raise UnreadableError("two words stand together", _line(tree))
                before = tree.end_byte if tree.type in _WORDS else -1
                self._leaf(tree)
                continue
            waiting += [(child, inside, depth + 1) for child, inside in reversed(self._children(tree, children, held))]

    def _leaf(self, tree: Tree) -> None:
        text = self._source[tree.start_byte : tree.end_byte]
        kind = tree.type
        if kind == "numeric_lit" and not _NUMBER.match(text):
            raise UnreadableError("a number is decimal", _line(tree))
        if kind == "identifier" and b":" in text:
            parent = tree.parent
            if parent is None or parent.type != "function_call":
                raise UnreadableError(":: stands in the names of functions only", _line(tree))

    def _children(self, tree: Tree, children: Sequence[Tree], held: bool) -> list[tuple[Tree, bool]]:
        """Check the spaces between the children; whether each is held together: line breaks mean something in it."""
        kind = tree.type
        if kind in _TEXT:
            if kind == "heredoc_template":
                self._heredoc(children)
            return [(child, held) for child in children]
        if kind == "block":
            self._block(children)
            return [(child, True) for child in children]
        parts = [child for child in children if child.type != "comment"]
        breaks = self._breaks(tree, children)
        if kind in ("body", "config_file"):
            if not all(breaks):
                raise UnreadableError("an argument or a block ends its line", _line(parts[breaks.index(False) + 1]))
            return [(part, True) for part in parts]
        if kind == "object":
            self._object(parts, breaks)
            return [(part, True) for part in parts]
        if kind in _OPEN:
            self._markers(parts)
            return [(part, False) for part in parts]
        found = []
        for at, part in enumerate(parts):
            inside = at > 0 and parts[at - 1].type == "("
            found.append((part, held and not inside))
            if held and at and breaks[at - 1] and not inside and part.type != ")":
                raise UnreadableError("an expression may not go on in the next line here", _line(part))
        return found

    def _breaks(self, tree: Tree, children: Sequence[Tree]) -> list[bool]:
        """Whether there is a line break between each two children that are not comments."""
        found: list[bool] = []
        end, broken, first = tree.start_byte, False, True
        for child in children:
            start = child.start_byte
            if start > end:
                gap = self._source[end:start]
                broken = broken or b"\n" in gap
                self._space(gap, child)
            end = child.end_byte
            if child.type == "comment":
                continue
            if not first:
                found.append(broken)
            first, broken = False, False
        return found

    def _space(self, gap: bytes, tree: Tree) -> None:
        # A hidden token lies between them: the number of an old index, or its point.
        if not _SPACE.match(gap) and not gap.strip(b" \t\n\r").isdigit():
            raise UnreadableError("there is a character that means nothing", _line(tree))

    def _block(self, children: Sequence[Tree]) -> None:
        parts = [child for child in children if child.type != "comment"]
        kinds = [part.type for part in parts]
        at = kinds.index("block_start")
        header, inner = children.index(parts[at]), parts[at + 1 : -1]
        if any(self._breaks(children[0], children[: header + 1])):
            raise UnreadableError("a block opens on the line of its name", _line(parts[at]))
        breaks = self._breaks(parts[at], children[header:])
        if not inner:
            return
        if not breaks[0]:
            items = [child for body in inner for child in body.children if child.type != "comment"]
            if breaks[-1] or len(items) != 1 or items[0].type != "attribute":
                raise UnreadableError("a block on one line holds one argument", _line(parts[at]))
        elif not breaks[-1]:
            raise UnreadableError("an argument or a block ends its line", _line(parts[-1]))

    @staticmethod
    def _object(parts: Sequence[Tree], breaks: Sequence[bool]) -> None:
        for at in range(len(parts) - 1):
            this, following = parts[at].type, parts[at + 1].type
            if this == "object_elem" and following == "object_elem" and not breaks[at]:
                raise UnreadableError("elements of an object stand on lines of their own", _line(parts[at + 1]))
            if this == "object_elem" and following == "," and breaks[at]:
                raise UnreadableError("a comma stands behind its element", _line(parts[at + 1]))

    def _heredoc(self, children: Sequence[Tree]) -> None:
        start, name = children[0], children[1]
        line_break = self._source[name.end_byte : name.end_byte + 2]
        if start.end_byte != name.start_byte or not (line_break.startswith(b"\n") or line_break == b"\r\n"):
            raise UnreadableError("a heredoc begins with its marker and a line break", _line(start))

    @staticmethod
    def _markers(parts: Sequence[Tree]) -> None:
        """``~`` stands right beside the brace."""
        for at, part in enumerate(parts):
            if part.type != "strip_marker":
                continue
            neighbour = parts[at - 1] if at == 1 else parts[at + 1]
            apart = max(part.start_byte - neighbour.end_byte, neighbour.start_byte - part.end_byte)
            if apart:
                raise UnreadableError("~ stands beside the brace", _line(part))


def _line(tree: Tree) -> int:
    return int(tree.start_point[0]) + 1
