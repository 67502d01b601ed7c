"""From a file to nodes, with checkov's HCL parser.

The parser's own result is a mapping of texts: operators have no precedence in it, literals and expressions look alike,
places are lost. So its tree is taken instead, from the same grammar and behind the same checks. Three habits of the
grammar are put right: it knows no precedence of operators, it takes ``a == b ? c : d`` for ``a == (b ? c : d)``, and a
quoted text is one token, whatever is in it (``auditor.collect.iac.hcl.templates`` opens that).
"""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable
from functools import cache
from types import FrameType, FunctionType
from typing import Any

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.parsers import UnreadableError

#: Checkov gives a file ten seconds as well (HCL_PARSE_TIMEOUT_SEC): some broken texts take its lexer for ever.
SECONDS = 10.0
_PRECEDENCE = (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"))
_RANK = {operator: rank for rank, operators in enumerate(_PRECEDENCE) for operator in operators}
_WORDS = {"true": True, "false": False, "null": None}
_HEREDOC = re.compile(r"<<-?([^\n]+)\n(.*\n)?[ \t]*\S+\Z", re.DOTALL)


def parse(text: str) -> n.Body:
    """The body of a file in HCL's native syntax. Raises UnreadableError."""
    return _body(text, 0)


def parse_expression(text: str, line: int) -> n.Node:
    """One expression: the inside of ``${…}``. Raises UnreadableError."""
    # In brackets it may have line breaks anywhere.
    wrapped = f"_ = (\n{text.strip()}\n)"
    found = _body(wrapped, line - 2).attributes.get("_")
    if found is None:
        raise UnreadableError("it is no expression")
    return found


def _body(text: str, shift: int) -> n.Body:
    try:
        return _Reader(text, shift).body(_parsed(text).children[0])
    except RecursionError:
        raise UnreadableError("it is nested too deeply") from None


@cache
def _loads() -> Callable[[str], Any]:
    """hcl2.loads, which gives the tree in place of the mapping."""
    from hcl2 import api
    from hcl2.parser import Hcl2

    class Trees:
        @staticmethod
        def parse(text: str) -> Any:
            return Hcl2.lark_parser.parse(text)

    return FunctionType(api.loads.__code__, {**vars(api), "hcl2": Trees})


def _parsed(text: str) -> Any:
    from lark.exceptions import UnexpectedInput

    deadline = _Deadline(SECONDS)
    try:
        try:
            return _loads()(text)
        finally:
            # The signal may still come right here, before the first line of it.
            deadline.stop()
    except TimeoutError:
        deadline.stop()
        raise UnreadableError(f"checkov's parser needs more than {SECONDS:.0f} seconds for it") from None
    except UnexpectedInput as error:
        line = error.line if isinstance(error.line, int) and error.line > 0 else None
        raise UnreadableError("it is not valid HCL", line) from None
    except RecursionError:
        raise
    except Exception as error:
        # The parser raises whatever a text provokes; each means that it cannot be parsed.
        raise UnreadableError(_plain(error), _quoted_line(text, str(error))) from error


def _plain(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or "it is not valid HCL"


def _quoted_line(text: str, message: str) -> int | None:
    """The line that a message of the parser quotes."""
    quoted = message.partition("quote marks: ")[2]
    if not quoted:
        return None
    return next((at for at, line in enumerate(text.split("\n"), 1) if line.startswith(quoted)), None)


class _Deadline:
    """Raises TimeoutError after so many seconds, where the platform can and in the main thread only."""

    def __init__(self, seconds: float) -> None:
        self._waiting = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
        if self._waiting:
            self._before = signal.signal(signal.SIGALRM, self._late)
            # Again and again, since an exception that a destructor is hit by is lost.
            self._timer = signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
            self._armed = True
        else:
            self._armed = False

    def _late(self, _number: int, _frame: FrameType | None) -> None:
        if self._waiting:
            raise TimeoutError

    def stop(self) -> None:
        """Never raise again, and give the signal back."""
        self._waiting = False
        if self._armed:
            signal.setitimer(signal.ITIMER_REAL, *self._timer)
            signal.signal(signal.SIGALRM, self._before)
            self._armed = False


class _Reader:
    """Turns the trees of one text into nodes. ``shift`` is added to line numbers."""

    def __init__(self, text: str, shift: int = 0) -> None:
        self._text, self._shift = text, shift

    def body(self, tree: Any) -> n.Body:
        """A body's attributes and blocks."""
        found = n.Body()
        for child in tree.children:
            if not hasattr(child, "data"):
                continue
            if child.data == "attribute":
                name = self._identifier(child.children[0])
                node = self._node(child.children[1])
                node.line = self._line(child)
                found.attributes[name] = node
                found.lines[name] = node.line
            elif child.data == "block":
                parts = [c for c in child.children if not hasattr(c, "data") or c.data == "identifier"]
                inner = next((c for c in child.children if getattr(c, "data", "") == "body"), None)
                kind, *labels = (self._label(part) for part in parts)
                body = self.body(inner) if inner is not None else n.Body()
                found.blocks.append(n.Block(kind, tuple(labels), body, self._line(child)))
        return found

    def _line(self, tree: Any) -> int:
        return int(getattr(tree.meta, "line", 1)) + self._shift

    def _source(self, tree: Any) -> str:
        meta = tree.meta
        text = "" if meta.empty else self._text[meta.start_pos : meta.end_pos]
        return " ".join(text.split())

    @staticmethod
    def _identifier(tree: Any) -> str:
        return str(tree.children[0])

    def _label(self, part: Any) -> str:
        return self._identifier(part) if hasattr(part, "data") else str(part)[1:-1]

    def _node(self, tree: Any) -> n.Node:
        method = getattr(self, f"_{tree.data}", None)
        if method is None:
            return n.Broken(self._source(tree), self._line(tree), f"{tree.data} is not understood")
        found: n.Node = method(tree)
        return found

    def _at(self, tree: Any) -> tuple[str, int]:
        return self._source(tree), self._line(tree)

    def _expr_term(self, tree: Any) -> n.Node:
        child = tree.children[0]
        if not hasattr(child, "data"):
            # A quoted text: the only token that is a term of its own.
            raw = str(child)[1:-1]
            source, line = str(child), self._line(tree)
            if "\\" in raw or "${" in raw or "%{" in raw or "$${" in raw:
                return n.Template(source, line, raw, escapes=True)
            return n.Literal(source, line, raw)
        if child.data == "identifier":
            name = self._identifier(child)
            at = (name, self._line(child))
            return n.Literal(*at, _WORDS[name]) if name in _WORDS else n.Name(*at, name)
        return self._node(child)

    def _int_lit(self, tree: Any) -> n.Node:
        return n.Literal(*self._at(tree), int("".join(map(str, tree.children))))

    def _float_lit(self, tree: Any) -> n.Node:
        return n.Literal(*self._at(tree), float("".join(map(str, tree.children))))

    def _heredoc_template(self, tree: Any) -> n.Node:
        return self._heredoc(tree, trim=False)

    def _heredoc_template_trim(self, tree: Any) -> n.Node:
        return self._heredoc(tree, trim=True)

    def _heredoc(self, tree: Any, *, trim: bool) -> n.Node:
        token = str(tree.children[0])
        match = _HEREDOC.match(token)
        content = (match[2] or "") if match else ""
        if trim:
            lines = content.split("\n")
            indents = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
            least = min(indents, default=0)
            content = "\n".join(line[least:] if line.strip() else line.lstrip(" ") for line in lines)
        return n.Template("<<" + (match[1].strip() if match else ""), self._line(tree), content, escapes=False)

    def _get_attr_expr_term(self, tree: Any) -> n.Node:
        value, step = tree.children
        return n.Attribute(*self._at(tree), self._node(value), self._identifier(step.children[0]))

    def _index_expr_term(self, tree: Any) -> n.Node:
        value, step = tree.children
        return n.Index(*self._at(tree), self._node(value), self._key(step))

    def _key(self, step: Any) -> n.Node:
        """What stands in the brackets; ``x.0`` is an old way to write ``x[0]``."""
        if hasattr(step.children[0], "data"):
            return self._node(step.children[0])
        digits = "".join(map(str, step.children))
        return n.Literal(digits, self._line(step), int(digits))

    def _attr_splat_expr_term(self, tree: Any) -> n.Node:
        return self._splat(tree)

    def _full_splat_expr_term(self, tree: Any) -> n.Node:
        return self._splat(tree)

    def _splat(self, tree: Any) -> n.Node:
        value, splat = tree.children
        steps: list[str | n.Node] = [
            self._identifier(step.children[0]) if step.data == "get_attr" else self._key(step)
            for step in splat.children
        ]
        return n.Splat(*self._at(tree), self._node(value), steps)

    def _tuple(self, tree: Any) -> n.Node:
        return n.Tuple(*self._at(tree), [self._node(child) for child in tree.children if hasattr(child, "data")])

    def _object(self, tree: Any) -> n.Node:
        items = []
        for element in tree.children:
            if not hasattr(element, "data"):
                continue
            key, value = element.children
            if key.data == "identifier":
                name: n.Node = n.Literal(*self._at(key), self._identifier(key))
            else:
                name = self._node(key)
                if isinstance(name, n.Name | n.Literal) and not self._source(key).startswith("("):
                    # A bare word is a name, not a reference; so is a number or a keyword.
                    text = name.name if isinstance(name, n.Name) else name.value
                    name = n.Literal(name.source, name.line, text if isinstance(text, str) else name.source)
            node = self._node(value)
            node.line = self._line(element)
            items.append((name, node))
        return n.Object(*self._at(tree), items)

    def _function_call(self, tree: Any) -> n.Node:
        return self._call(tree, self._identifier(tree.children[0]))

    def _provider_function_call(self, tree: Any) -> n.Node:
        names = [self._identifier(c) for c in tree.children if getattr(c, "data", "") == "identifier"]
        return self._call(tree, "::".join(names))

    def _call(self, tree: Any, name: str) -> n.Node:
        listed = next((c for c in tree.children if getattr(c, "data", "") == "arguments"), None)
        arguments = [] if listed is None else [self._node(c) for c in listed.children if hasattr(c, "data")]
        source, line = self._at(tree)
        return n.Call(source, line, name, arguments, source.removesuffix(")").rstrip().endswith("..."))

    def _for_tuple_expr(self, tree: Any) -> n.Node:
        return self._for(tree)

    def _for_object_expr(self, tree: Any) -> n.Node:
        return self._for(tree)

    def _for(self, tree: Any) -> n.Node:
        trees = [c for c in tree.children if hasattr(c, "data")]
        intro, rest = trees[0], trees[1:]
        condition = rest.pop() if rest[-1].data == "for_cond" else None
        inside = [c for c in intro.children if hasattr(c, "data")]
        *names, items = inside
        words = [self._identifier(name) for name in names]
        parts = [self._node(part) for part in rest]
        return n.For(
            *self._at(tree),
            key=words[0] if len(words) > 1 else None,
            value=words[-1],
            items=self._node(items),
            element_key=parts[0] if len(parts) > 1 else None,
            element=parts[-1],
            condition=None if condition is None else self._node(condition.children[-1]),
            group=any(str(c) == "..." for c in tree.children if not hasattr(c, "data")),
        )

    # Operators

    def _unary_op(self, tree: Any) -> n.Node:
        return n.Unary(*self._at(tree), str(tree.children[0]), self._node(tree.children[1]))

    def _conditional(self, tree: Any) -> n.Node:
        return self._operation(tree)

    def _binary_op(self, tree: Any) -> n.Node:
        return self._operation(tree)

    def _operation(self, tree: Any) -> n.Node:
        """Operators with their precedence, and the conditional that ends them, if one does."""
        source, line = self._at(tree)
        operands: list[n.Node] = []
        operators: list[str] = []
        branches: list[Any] = []
        rest = tree
        while True:
            if rest.data == "binary_op":
                left, term = rest.children
                # A left side is an operation itself where it comes before a line break: the same again.
                self._flatten(left, operands, operators)
                operators.append(str(term.children[0].children[0]))
                rest = term.children[1]
            elif rest.data == "conditional":
                condition, *branches = rest.children
                self._flatten(condition, operands, operators)
                break
            else:
                operands.append(self._node(rest))
                break
        found = _climb(operands, operators)
        if not branches:
            found.source = source
            return found
        one, other = (self._node(branch) for branch in branches)
        return n.Conditional(source, line, found, one, other)

    def _flatten(self, tree: Any, operands: list[n.Node], operators: list[str]) -> None:
        while tree.data == "binary_op":
            left, term = tree.children
            self._flatten(left, operands, operators)
            operators.append(str(term.children[0].children[0]))
            tree = term.children[1]
        operands.append(self._node(tree))


def _climb(operands: list[n.Node], operators: list[str]) -> n.Node:
    """The operands put together by the operators' precedence, those of the same from the left."""
    for rank in range(len(_PRECEDENCE) - 1, -1, -1):
        at = 0
        while at < len(operators):
            if _RANK[operators[at]] == rank:
                left, right = operands[at], operands[at + 1]
                source = f"{left.source} {operators[at]} {right.source}"
                operands[at : at + 2] = [n.Binary(source, left.line, operators.pop(at), left, right)]
            else:
                at += 1
    return operands[0]
