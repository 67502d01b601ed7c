"""Regular expressions as Terraform has them: RE2, which needs time in proportion to the text, whatever the pattern.

Source: Terraform's language documentation, "regex Function" and "replace Function"; Go's regexp package, whose syntax
is RE2's: no look-around, no back references. ``replace`` takes ``$1``, ``${1}`` and ``${name}`` as Go's Expand does:
the longest run of letters, digits and underscores is the name, ``$$`` is a dollar sign, and a group that is not there
is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from auditor.budget import LONG_TEXT, TOO_LONG, TooLargeError
from auditor.collect.iac.hcl.values import MANY_PARTS, EvaluationError
from auditor.collect.iac.interface import Value

if TYPE_CHECKING:
    import re2

#: A pattern that people write is shorter.
_LONG_PATTERN = 5_000
#: What RE2 may hold of a pattern and of the states it goes through.
_MAX_MEMORY = 8 << 20
_GROUP = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})", re.ASCII)


@cache
def _options() -> re2.Options:
    import re2

    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    return options


def _compiled(pattern: str) -> Any:
    import re2

    if len(pattern) > _LONG_PATTERN:
        raise EvaluationError("the pattern is too long to be evaluated")
    try:
        return re2.compile(pattern, _options())
    except re2.error as error:
        raise EvaluationError(f"the pattern {pattern[:100]!r} is not understood") from error


def _captured(match: Any) -> Value:
    """What a match gives: named groups by name, else the groups as a list, else the text."""
    named = match.re.groupindex
    if named:
        return {name: match[index] for name, index in named.items()}
    groups = match.groups()
    return list(groups) if groups else match[0]


def _matches(pattern: str, text: str) -> Iterator[Any]:
    """Matches that do not overlap. As in Go, an empty one does not follow right behind another."""
    before = -1
    for match in _compiled(pattern).finditer(text):
        start, end = match.span()
        if start == end == before:
            continue
        before = end
        yield match


def first(pattern: str, text: str) -> Value:
    """``regex``"""
    match = _compiled(pattern).search(text)
    if match is None:
        raise EvaluationError("the pattern does not match")
    return _captured(match)


def every(pattern: str, text: str) -> list[Value]:
    """``regexall``"""
    found: list[Value] = []
    parts = size = 0
    for match in _matches(pattern, text):
        found.append(_captured(match))
        parts += 1 + match.re.groups
        size += sum(len(group or "") for group in (match[0], *match.groups()))
        if parts > MANY_PARTS or size > LONG_TEXT:
            raise TooLargeError("a pattern matches more often than any real one")
    return found


def replaced(pattern: str, text: str, replacement: str) -> str:
    """``replace`` with a pattern."""
    pieces: list[str] = []
    at = size = 0
    for match in _matches(pattern, text):
        piece = _expanded(replacement, match)
        pieces += (text[at : match.start()], piece)
        at = match.end()
        size += len(piece) + 1
        if size > LONG_TEXT:
            raise TooLargeError(TOO_LONG)
    return "".join([*pieces, text[at:]])


def _expanded(replacement: str, match: Any) -> str:
    if "$" not in replacement:
        return replacement
    names, groups = match.re.groupindex, match.re.groups

    def group(found: re.Match[str]) -> str:
        if found[1]:
            return "$"
        name = found[2] or found[3]
        index = int(name) if name.isdigit() and len(name) < 5 else names.get(name, -1)
        return (match[index] or "") if 0 <= index <= groups else ""

    return _GROUP.sub(group, replacement)
