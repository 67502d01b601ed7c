"""From tree-sitter's trees to nodes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tree_sitter import Node as Tree

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.text import Mark, Piece, Text, assembled, literal, quoted
from auditor.collect.iac.unreadable import UnreadableError

_WORDS = {"true": True, "false": False, "null": None}
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
#: An expression's text is kept for gaps and messages, which show less of it.
_MAX_SOURCE = 400


class Converter:
    """Turns the trees of one text into nodes.

    ``shift`` is what positions are moved by, None for no positions; ``lines`` is added to numbers of lines;
    ``whole``: a heredoc ends before its last line break.
    """

    def __init__(self, source: bytes, shift: int | None, lines: int, *, whole: bool = False) -> None:
        self._text, self._shift, self._lines, self._whole = source, shift, lines, whole

    def file(self, root: Tree) -> n.Body:
        """The body of a file. Raises UnreadableError, RecursionError."""
        body = next((child for child in root.children if child.type == "body"), None)
        found = n.Body() if body is None else self._body(body)
        found.span = self._span(root)
        return found

    def expression(self, tree: Tree) -> n.Node:
        """One expression."""
        return self._node(tree)

    def _body(self, tree: Tree) -> n.Body:
        found = n.Body()
        for child in tree.children:
            if child.type == "attribute":
                self._argument(child, found)
            elif child.type == "block":
                found.blocks.append(self._block(child))
        return found

    def _argument(self, tree: Tree, found: n.Body) -> None:
        key, _, value = _parts(tree)
        name = self._plain(key)
        line = self._line(tree)
        if name in found.attributes:
            raise UnreadableError(f"{name} is set twice", tree.start_point[0] + 1)
        try:
            node = self._node(value)
        except RecursionError:
            node = n.Broken(*self._at(value), "it is nested too deeply", span=self._span(value))
        node.line = line
        found.attributes[name] = node
        found.lines[name] = line
        if (span := self._span(key)) is not None:
            found.keys[name] = span

    def _block(self, tree: Tree) -> n.Block:
        parts = _parts(tree)
        at = next(i for i, part in enumerate(parts) if part.type == "block_start")
        kind, *labels = (self._label(part) for part in parts[:at])
        inner = next((part for part in parts[at:] if part.type == "body"), None)
        body = n.Body() if inner is None else self._body(inner)
        body.span = self._span(parts[at], parts[-1], inside=True)
        return n.Block(kind, tuple(labels), body, self._line(tree), span=self._span(tree))

    def _label(self, part: Tree) -> str:
        return self._plain(part) if part.type == "identifier" else self._quoted(part)

    # Places

    def _line(self, tree: Tree) -> int:
        return int(tree.start_point[0]) + 1 + self._lines

    def _span(self, tree: Tree, last: Tree | None = None, *, inside: bool = False) -> n.Span | None:
        """The place of a tree, or of two with what lies between them, or (``inside``) of that alone."""
        if self._shift is None:
            return None
        last = last or tree
        start, end = (tree.end_byte, last.start_byte) if inside else (tree.start_byte, last.end_byte)
        rows = (tree.end_point, last.start_point) if inside else (tree.start_point, last.end_point)
        return n.Span(start + self._shift, end + self._shift, rows[0][0] + 1, rows[1][0] + 1)

    def _plain(self, tree: Tree) -> str:
        return self._text[tree.start_byte : tree.end_byte].decode()

    def _source(self, tree: Tree) -> str:
        return self._cut(tree.start_byte, tree.end_byte)

    def _cut(self, start: int, end: int) -> str:
        cut = self._text[start : min(end, start + _MAX_SOURCE)].decode(errors="ignore")
        return " ".join(cut.split()) + ("…" if end - start > _MAX_SOURCE else "")

    def _at(self, tree: Tree) -> tuple[str, int]:
        return self._source(tree), self._line(tree)

    # Expressions

    def _node(self, tree: Tree) -> n.Node:
        parts = _parts(tree)
        if tree.type in _WRAPPERS:
            return self._operand(parts)
        method = _METHODS.get(tree.type)
        if method is None:
            raise UnreadableError(f"{tree.type} is not understood", tree.start_point[0] + 1)
        found = method(self, tree, parts)
        found.span = self._span(tree)
        return found

    def _operand(self, parts: Sequence[Tree]) -> n.Node:
        """One expression, in brackets or not, and what is taken of it."""
        bracketed = parts[0].type == "("
        found = self._node(parts[1 if bracketed else 0])
        for part in parts[3 if bracketed else 1 :]:
            found = self._step(parts[0], found, part)
        return found

    def _step(self, first: Tree, value: n.Node, part: Tree) -> n.Node:
        start, end = first.start_byte, part.end_byte
        at = (self._cut(start, end), self._line(first))
        span = self._span(first, part)
        if part.type == "get_attr":
            return n.Attribute(*at, value, self._plain(_parts(part)[-1]), span=span)
        if part.type == "index":
            return n.Index(*at, value, self._key(part), span=span)
        (splat,) = _parts(part)
        steps = _parts(splat)[1:]
        # ``a.*.b[0]`` is the first of all b, ``a[*].b[0]`` the first of each.
        each = steps
        if splat.type == "attr_splat":
            each = steps[: next((i for i, step in enumerate(steps) if _is_bracket(step)), len(steps))]
        listed: list[str | n.Node] = [
            self._plain(_parts(step)[-1]) if step.type == "get_attr" else self._key(step) for step in each
        ]
        found: n.Node = n.Splat(*at, value, listed, span=span)
        for step in steps[len(each) :]:
            found = self._step(first, found, step)
        return found

    def _key(self, tree: Tree) -> n.Node:
        """What stands in the brackets; ``x.0`` is an old way to write ``x[0]``."""
        (index,) = _parts(tree)
        if index.type == "new_index":
            return self._node(_parts(index)[1])
        digits = self._plain(index).lstrip(".").strip()
        return n.Literal(digits, self._line(index), int(digits), span=self._span(index))

    def _name(self, tree: Tree, _parts: Sequence[Tree]) -> n.Node:
        name = self._plain(tree)
        return n.Name(name, self._line(tree), name)

    def _word(self, tree: Tree, _parts: Sequence[Tree]) -> n.Node:
        word = self._plain(tree)
        return n.Literal(word, self._line(tree), _WORDS[word])

    def _number(self, tree: Tree, _parts: Sequence[Tree]) -> n.Node:
        text = self._plain(tree)
        if text.isdigit() and len(text) < _MAX_SOURCE:
            return n.Literal(text, self._line(tree), int(text))
        value = float(text)
        if value == float("inf"):
            return n.Broken(*self._at(tree), "the number is too large")
        return n.Literal(*self._at(tree), int(value) if value.is_integer() else value)

    def _tuple(self, tree: Tree, parts: Sequence[Tree]) -> n.Node:
        return n.Tuple(*self._at(tree), [self._node(part) for part in parts if part.type == "expression"])

    def _object(self, tree: Tree, parts: Sequence[Tree]) -> n.Node:
        items = []
        for element in parts:
            if element.type != "object_elem":
                continue
            key, _, value = _parts(element)
            node = self._node(value)
            node.line = self._line(element)
            items.append((self._object_key(key), node))
        return n.Object(*self._at(tree), items)

    def _object_key(self, tree: Tree) -> n.Node:
        key = self._node(tree)
        if _parts(tree)[0].type == "(":
            return key
        if isinstance(key, n.Name):
            # A bare word is a name, not a reference; so is a number or a keyword.
            return n.Literal(key.source, key.line, key.name, span=key.span)
        if isinstance(key, n.Literal) and not isinstance(key.value, str):
            return n.Literal(key.source, key.line, key.source, span=key.span)
        return key

    def _call(self, tree: Tree, parts: Sequence[Tree]) -> n.Node:
        listed = next((_parts(part) for part in parts if part.type == "function_arguments"), [])
        arguments = [self._node(part) for part in listed if part.type == "expression"]
        spread = any(part.type == "ellipsis" for part in listed)
        return n.Call(*self._at(tree), self._plain(parts[0]), arguments, spread)

    def _for(self, tree: Tree, parts: Sequence[Tree]) -> n.Node:
        intro = _parts(next(part for part in parts if part.type == "for_intro"))
        names = [self._plain(part) for part in intro if part.type == "identifier"]
        items = next(part for part in intro if part.type == "expression")
        results = [self._node(part) for part in parts if part.type == "expression"]
        condition = next((_parts(part)[1] for part in parts if part.type == "for_cond"), None)
        return n.For(
            *self._at(tree),
            key=names[0] if len(names) > 1 else None,
            value=names[-1],
            items=self._node(items),
            element_key=results[0] if len(results) > 1 else None,
            element=results[-1],
            condition=None if condition is None else self._node(condition),
            group=any(part.type == "ellipsis" for part in parts),
        )

    def _unary(self, tree: Tree, parts: Sequence[Tree]) -> n.Node:
        return n.Unary(*self._at(tree), self._plain(parts[0]), self._operand(parts[1:]))

    def _binary(self, tree: Tree, parts: Sequence[Tree]) -> n.Node:
        at = next(i for i, part in enumerate(parts) if part.type in _OPERATORS)
        left, right = self._operand(parts[:at]), self._operand(parts[at + 1 :])
        return n.Binary(*self._at(tree), self._plain(parts[at]), left, right)

    def _conditional(self, tree: Tree, parts: Sequence[Tree]) -> n.Node:
        condition, _, one, _, other = parts
        found = self._node(condition)
        first, second = self._node(one), self._node(other)
        if isinstance(found, n.Conditional) and _parts(condition)[0].type != "(":
            # The grammar takes ``a ? b : c ? d : e`` for ``(a ? b : c) ? d : e``.
            inner = n.Conditional(*self._at(tree), found.other, first, second, span=self._span(one, other))
            return n.Conditional(*self._at(tree), found.condition, found.one, inner)
        return n.Conditional(*self._at(tree), found, first, second)

    # Texts

    def _quoted(self, tree: Tree) -> str:
        return quoted(self._text[tree.start_byte + 1 : tree.end_byte - 1].decode(), tree.start_point[0] + 1)

    def _string(self, tree: Tree, _parts: Sequence[Tree]) -> n.Node:
        return n.Literal(*self._at(tree), self._quoted(tree))

    def _template(self, tree: Tree, parts: Sequence[Tree]) -> n.Node:
        pieces: list[Piece] = []
        self._pieces(parts[1:-1], (parts[0].end_byte, parts[-1].start_byte), pieces, heredoc=False)
        return self._assembled(tree, self._source(tree), pieces)

    def _heredoc(self, tree: Tree, parts: Sequence[Tree]) -> n.Node:
        start, marker, closing = parts[0], parts[1], parts[-1]
        first = self._text.index(b"\n", marker.end_byte) + 1
        last = self._text.rindex(b"\n", 0, closing.start_byte) + 1
        if self._whole:
            last -= 1
        pieces: list[Piece] = []
        self._pieces(parts[2:-1], (first, max(first, last)), pieces, heredoc=True)
        name = re.escape(self._text[marker.start_byte : marker.end_byte])
        if re.search(rb"^[ \t]*" + name + rb"[ \t]*\r?$", self._text[first : max(first, last)], re.MULTILINE):
            # The grammar looks for it outside of directives only.
            raise UnreadableError("a heredoc ends inside a directive", tree.start_point[0] + 1)
        flush = self._plain(start).endswith("-")
        return self._assembled(tree, "<<" + self._plain(marker), pieces, flush=flush)

    def _assembled(self, tree: Tree, source: str, pieces: Sequence[Piece], *, flush: bool = False) -> n.Node:
        found = assembled(pieces, tree.start_point[0] + 1, flush=flush)
        line = self._line(tree)
        if all(isinstance(part, str) for part in found):
            return n.Literal(source, line, "".join(map(str, found)))
        return n.Template(source, line, found)

    def _pieces(self, trees: Sequence[Tree], region: tuple[int, int], found: list[Piece], *, heredoc: bool) -> None:
        """Marks and what lies between them. Whitespace is no part of tree-sitter's literals, so those are not asked."""
        at, end = region
        for tree in trees:
            if tree.type in ("template_literal", "comment"):
                continue
            self._literal(at, tree.start_byte, tree, found, heredoc=heredoc)
            at = tree.end_byte
            if tree.type == "template_interpolation":
                found.append(self._mark(tree))
                continue
            (directive,) = _parts(tree)
            self._directive(directive, found, heredoc=heredoc)
        self._literal(at, end, trees[-1] if trees else None, found, heredoc=heredoc)

    def _directive(self, tree: Tree, found: list[Piece], *, heredoc: bool) -> None:
        marks = [part for part in _parts(tree) if part.type in _MARKS]
        inner = [part for part in _parts(tree) if part.type not in _MARKS]
        for mark, following in zip(marks, [*marks[1:], None], strict=True):
            found.append(self._mark(mark))
            if following is not None:
                region = mark.end_byte, following.start_byte
                between = [part for part in inner if region[0] <= part.start_byte < region[1]]
                self._pieces(between, region, found, heredoc=heredoc)

    def _mark(self, tree: Tree) -> Mark:
        parts = _parts(tree)
        stripped = [i for i, part in enumerate(parts) if part.type == "strip_marker"]
        expression = next((part for part in parts if part.type == "expression"), None)
        names = [self._plain(part) for part in parts if part.type == "identifier"]
        kind = _MARKS[tree.type]
        if kind == "${" and expression is None:
            raise UnreadableError("a ${} is empty", tree.start_point[0] + 1)
        return Mark(
            kind,
            None if expression is None else self._node(expression),
            left=1 in stripped,
            right=len(parts) - 2 in stripped and len(parts) > 3,
            key=names[0] if len(names) > 1 else None,
            value=names[-1] if names else "",
        )

    def _literal(self, start: int, end: int, near: Tree | None, found: list[Piece], *, heredoc: bool) -> None:
        if start >= end:
            return
        line = (near.start_point[0] if near is not None else 0) + 1
        text = self._text[start:end].decode()
        if heredoc:
            found += [Text(literal(piece, line)) for piece in _LINES.findall(text)]
        else:
            found.append(Text(quoted(text, line)))


def _parts(tree: Tree) -> list[Tree]:
    """The children of a tree that mean something."""
    return [child for child in tree.children if child.type != "comment"]


def _is_bracket(step: Tree) -> bool:
    return step.type == "index" and _parts(step)[0].type == "new_index"


_WRAPPERS = frozenset({"expression", "literal_value", "template_expr", "collection_value", "for_expr", "operation"})
_OPERATORS = frozenset({"*", "/", "%", "+", "-", ">", ">=", "<", "<=", "==", "!=", "&&", "||"})
_MARKS = {
    "template_interpolation": "${", "template_if_intro": "if", "template_else_intro": "else",
    "template_if_end": "endif", "template_for_start": "for", "template_for_end": "endfor",
}  # fmt: skip
_METHODS: Mapping[str, Callable[[Converter, Tree, Any], n.Node]] = {
    "variable_expr": Converter._name,
    "bool_lit": Converter._word,
    "null_lit": Converter._word,
    "numeric_lit": Converter._number,
    "tuple": Converter._tuple,
    "object": Converter._object,
    "function_call": Converter._call,
    "for_tuple_expr": Converter._for,
    "for_object_expr": Converter._for,
    "unary_operation": Converter._unary,
    "binary_operation": Converter._binary,
    "conditional": Converter._conditional,
    "string_lit": Converter._string,
    "quoted_template": Converter._template,
    "heredoc_template": Converter._heredoc,
}
