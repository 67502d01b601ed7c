"""From the text of a file to nodes.

tree-sitter parses, with the grammar of tree-sitter-hcl; ``layout`` refuses what that grammar takes and Terraform does
not; ``convert`` makes the nodes. The grammar does not know ``1e3``, nor that ``$$${`` is a dollar sign before an
escape: the parser sees other characters of the same length there, and every text is taken from the file itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.syntax_faults import first_error, open_quotation
from auditor.collect.iac.unreadable import UnreadableError

if TYPE_CHECKING:
    from tree_sitter import Node as Tree
    from tree_sitter import Parser

    from auditor.collect.iac.hcl.convert import Converter

_T = TypeVar("_T")
#: Of this thread's own time, so that a busy machine refuses nothing, for one file. The largest real ones need a tenth
#: of it; finding out what a broken one means can take for ever.
SECONDS = 10.0
#: From the first fault on: all that is still looked for is its line.
_SECONDS_BROKEN = 1.0
_PIECE = 1 << 16
_BOM = b"\xef\xbb\xbf"
_EXPONENT = re.compile(rb"(?<![\w.])[0-9]+[eE][-+]?[0-9]+")
_ESCAPED = re.compile(rb"(?:\$\$+|%%+)\{")


def parse(text: str | bytes) -> n.Body:
    """The body of a file in HCL's native syntax, its places counted from the start. Raises UnreadableError."""
    source = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    shift = len(_BOM) if source.startswith(_BOM) else 0
    return _read(source[shift:], lambda root: _converter(source[shift:], shift).file(root))


def parse_expression(text: str, line: int) -> n.Node:
    """One expression, such as a value that an option gives. Raises UnreadableError."""
    # In brackets it may have line breaks anywhere.
    source = f"_ = (\n{text.strip()}\n)\n".encode("utf-8", "surrogatepass")

    def inside(root: Tree) -> n.Node:
        match _only_value(root):
            case [opening, tree, closing] if (opening.type, closing.type) == ("(", ")"):
                return _converter(source, None, line - 2).expression(tree)
        raise UnreadableError("it is not an expression")

    return _read(source, inside, line - 2)


def parse_template(text: str, line: int) -> n.Node:
    """Text with ``${…}`` in which backslashes mean nothing: a string of JSON, a file for ``templatefile``. Raises
    UnreadableError."""
    marker = "_"
    while marker in text:
        marker += "_"
    source = f"_ = <<{marker}\n{text}\n{marker}\n".encode("utf-8", "surrogatepass")

    def inside(root: Tree) -> n.Node:
        match _only_value(root):
            case [tree] if tree.type == "template_expr":
                return _converter(source, None, line - 2, whole=True).expression(tree)
        raise UnreadableError("it is not a template")

    return _read(source, inside, line - 2)


def _only_value(root: Tree) -> list[Tree]:
    """What the value of the only argument consists of."""
    match root.children:
        case [body] if len(body.children) == 1:
            return list(body.children[0].children[-1].children)
    return []


def _converter(source: bytes, shift: int | None, lines: int = 0, *, whole: bool = False) -> Converter:
    from auditor.collect.iac.hcl.convert import Converter

    return Converter(source, shift, lines, whole=whole)


def _read(source: bytes, converted: Callable[[Tree], _T], lines: int = 0) -> _T:
    """What the text is converted to. ``lines`` is added to the line of what is wrong."""
    from auditor.collect.iac.hcl.layout import check

    try:
        source.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableError("it is not UTF-8 text") from None
    try:
        root = _tree(source)
        check(root, source)
        return converted(root)
    except UnreadableError as error:
        line = None if error.line is None else max(1, error.line + lines)
        raise UnreadableError(error.reason, line) from None
    except RecursionError:
        raise UnreadableError("it is nested too deeply") from None


@cache
def _parser() -> Parser:
    # A start-up that scans nothing does not pay for it.
    import tree_sitter_hcl
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_hcl.language()))


def _tree(source: bytes) -> Tree:
    masked = _EXPONENT.sub(lambda match: b"1" * len(match[0]), source)
    masked = _ESCAPED.sub(lambda match: match[0][:-1] + b"(", masked)
    started = time.thread_time()
    broken: list[float] = []

    def late(_at: int, has_error: bool) -> bool:
        now = time.thread_time()
        if has_error and not broken:
            broken.append(now)
        return now - started > SECONDS or (bool(broken) and now - broken[0] > _SECONDS_BROKEN)

    parser = _parser()
    try:
        tree = parser.parse(lambda at, _: masked[at : at + _PIECE], progress_callback=late)
    except ValueError:
        # What it has read so far is not to be continued with the next file.
        parser.reset()
        if not broken:
            raise UnreadableError(f"the parser needs more than {SECONDS:.0f} seconds for it") from None
        raise UnreadableError("it is not valid HCL", first_error(parser, masked)) from None
    if tree.root_node.has_error:
        line = open_quotation(tree.root_node, masked) or first_error(parser, masked)
        raise UnreadableError("it is not valid HCL", line)
    return tree.root_node
