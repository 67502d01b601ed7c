"""Kinds of words: ``word_kind`` of a rule is SQL that gives the kind of one ``word``, a letter.

``word_kinds(words)`` in the rule's conditions stands for the letters of all words of a list, in their order, as one
text. What that means is an ordinary expression (``written_out``); ``auditor.evaluate.kind_columns`` asks once for each
distinct word instead, and leaves the answers in a column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

#: The name of the function in a rule's conditions, and of what ``word_kind`` reads.
FUNCTION, WORD = "word_kinds", "word"
#: A string, a quoted identifier, a comment, a call, or what opens and closes.
_PART = re.compile(
    rf"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\r\n]*|(?P<call>\b{FUNCTION}\s*\()|(?P<bracket>[()])""", re.IGNORECASE
)


def arguments(expression: str) -> Iterator[str]:
    """What ``word_kinds`` is called with, call by call, as it is written."""
    for _, _, argument in _calls(expression):
        yield argument


def is_called(expression: str) -> bool:
    return next(_calls(expression), None) is not None


def written_out(expression: str, kind: str) -> str:
    """The expression with every call written out, ``kind`` being the rule's ``word_kind``; as it is where that is
    empty."""
    if not kind:
        return expression
    return with_calls(expression, lambda argument: f"array_to_string({of_each(argument, kind)}, '')")


def of_each(words: str, kind: str) -> str:
    """SQL of the list of the kinds of a list of words."""
    return f"list_transform({words}, lambda {WORD}: (\n{kind}\n))"


def with_calls(expression: str, made: Callable[[str], str]) -> str:
    """The expression with what ``made`` makes of its argument in the place of each call."""
    parts, end = [], 0
    for start, stop, argument in _calls(expression):
        parts += [expression[end:start], made(argument)]
        end = stop
    return "".join([*parts, expression[end:]])


def _calls(expression: str) -> Iterator[tuple[int, int, str]]:
    """Where each call starts and stops, and its argument. A call that is never closed is none: DuckDB refuses it."""
    start, inside, depth = -1, 0, 0
    for part in _PART.finditer(expression):
        if start < 0 and part["call"]:
            start, inside, depth = part.start(), part.end(), 1
        elif start >= 0 and (part["call"] or part["bracket"]):
            depth += -1 if part["bracket"] == ")" else 1
            if not depth:
                yield start, part.end(), expression[inside : part.start()].strip()
                start = -1
