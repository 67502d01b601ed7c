"""Patterns of policies: ``*`` is any text, ``?`` any one character, ``${key}`` a policy variable.

Source: IAM User Guide, "JSON policy elements: Resource" and "Policy variables and tags".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from auditor.iam.context import Context, Known
from auditor.iam.logic import Truth

#: ``${key}`` or ``${key, 'default'}``; ``${*}``, ``${?}`` and ``${$}`` are the characters themselves.
_VARIABLE = re.compile(r"\$\{\s*([^{},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
_ESCAPES = {"*": "*", "?": "?", "$": "$"}
#: Stands in a policy's text for a part that nobody knows, as a template's parameter without a value.
UNKNOWN_PART = "\N{OBJECT REPLACEMENT CHARACTER}"


class _Wild:
    """A wildcard among the characters of a pattern."""

    __slots__ = ()


#: ``OWN`` stands for the caller's own text, which somebody else's name does not hold.
ANY, ONE, OWN = _Wild(), _Wild(), _Wild()
_Token = str | _Wild


@dataclass(frozen=True, slots=True)
class Variable:
    """A policy variable: a context key, and the text that stands for it where the request lacks it."""

    key: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text of a policy, understood. ``parts`` are texts (with wildcards) and variables."""

    text: str
    parts: tuple[str | Variable, ...]
    literals: frozenset[int] = frozenset()

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Its policy variables."""
        return tuple(part for part in self.parts if isinstance(part, Variable))

    @property
    def regular(self) -> str | None:
        """The same as a regular expression that a whole text matches; None where it hangs on the request's context."""
        if not all(isinstance(part, str) for part in self.parts) or self.literals:
            return None
        return "(?s:" + "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in self.text) + ")"

    def lacks(self, context: Context) -> bool:
        """Whether a variable has no value in the request, and no default."""
        return any(v.default is None and context.get(v.key) is Known.ABSENT for v in self.variables)

    def of_caller(self, context: Context) -> bool:
        """Whether the text, with its variables, can only be the caller's own: a whole part of it (between ``/`` and
        ``:``) is a text that nobody else has, or one that the caller lacks as well."""
        return self.lacks(context) or any(
            context.get(v.key) is Known.OWN and self._whole(number)
            for number, v in enumerate(self.parts)
            if isinstance(v, Variable)
        )

    def _whole(self, number: int) -> bool:
        """Whether nothing is written beside a variable within its part of an ARN or path: ``${owner}-*`` may be the
        beginning of a colleague's name."""
        before = self.parts[number - 1] if number else "/"
        after = self.parts[number + 1] if number + 1 < len(self.parts) else "/"
        return isinstance(before, str) and before[-1] in "/:" and isinstance(after, str) and after[0] in "/:"

    def matches(self, text: str, context: Context, *, any_case: bool = False, wild: bool = True) -> Truth:
        """Whether the text matches. A variable that the request lacks matches nothing; one whose value is not known may
        stand for anything. ``wild``: whether ``*`` and ``?`` are wildcards here."""
        if len(self.parts) == 1 and isinstance(self.parts[0], str) and not self.literals:
            if any_case:
                text = text.lower()
            return (
                _matches_fixed(self.text.lower() if any_case else self.text, text)
                if wild
                else (text == (self.text.lower() if any_case else self.text))
            )
        tokens, certain = self._tokens(context, wild)
        if tokens is None:
            return False
        if any_case:
            text, tokens = text.lower(), tuple(t.lower() if isinstance(t, str) else t for t in tokens)
        if not _glob(tokens, text):
            return False
        return True if certain else None

    def _tokens(self, context: Context, wild: bool) -> tuple[tuple[_Token, ...] | None, bool]:
        tokens: list[_Token] = []
        certain = True
        for number, part in enumerate(self.parts):
            if isinstance(part, str):
                literal = not wild or number in self.literals
                tokens += part if literal else (_WILD.get(character, character) for character in part)
                continue
            value = context.get(part.key)
            if value is Known.ABSENT:
                if part.default is None:
                    return None, True
                tokens += part.default
            elif value is Known.OWN and self._whole(number):
                # The request is about somebody else: no text of it is the caller's own.
                tokens.append(OWN)
            elif not isinstance(value, tuple) or len(value) != 1:
                # A key of several values is no text; IAM does not say what then becomes of the variable.
                tokens.append(ANY)
                certain = False
            else:
                tokens += value[0]
        return tuple(tokens), certain


_WILD: dict[str, _Wild] = {"*": ANY, "?": ONE}


@lru_cache(maxsize=4096)
def pattern(text: str, *, variables: bool = False) -> Pattern:
    """The pattern that a text is. ``variables``: whether ``${…}`` are policy variables: only from version 2012-10-17
    on, and not in actions. ``UNKNOWN_PART`` in it is a variable of which nobody knows the value, anywhere."""
    if UNKNOWN_PART in text:
        pieces: list[str | Variable] = []
        for number, piece in enumerate(text.split(UNKNOWN_PART)):
            pieces += ([Variable(UNKNOWN_PART)] if number else []) + list(
                pattern(piece, variables=variables).parts if piece else ()
            )
        return Pattern(text, tuple(pieces))
    if not variables or "${" not in text:
        return Pattern(text, (text,))
    parts: list[str | Variable] = []
    literals: set[int] = set()
    at = 0
    for found in _VARIABLE.finditer(text):
        if found.start() > at:
            parts.append(text[at : found.start()])
        name, default = found[1], found[2]
        if name in _ESCAPES and default is None:
            literals.add(len(parts))
            parts.append(_ESCAPES[name])
        else:
            parts.append(Variable(name, default))
        at = found.end()
    if at < len(text):
        parts.append(text[at:])
    return Pattern(text, tuple(parts), frozenset(literals))


@lru_cache(maxsize=8192)
def _compiled(text: str) -> tuple[str, tuple[str, ...], tuple[_Token, ...]]:
    """What stands before the first wildcard; what stands between each ``*`` and the next from there on, where there is
    no other wildcard; and the tokens from there on."""
    length = min((text.index(c) for c in _WILD if c in text), default=len(text))
    rest = text[length:]
    between = () if "?" in text or not rest else tuple(rest.split("*")[1:])
    return text[:length], between, tuple(_WILD.get(character, character) for character in rest)


def _matches_fixed(wild: str, text: str) -> bool:
    """Whether a text matches a pattern without variables."""
    prefix, between, tokens = _compiled(wild)
    if not text.startswith(prefix):
        return False
    if not between:
        return _glob(tokens, text[len(prefix) :])
    # The first place of each part is the best one, and the last part ends the text.
    at = len(prefix)
    for part in between[:-1]:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return len(text) - at >= len(between[-1]) and text.endswith(between[-1])


def _glob(tokens: tuple[_Token, ...], text: str) -> bool:
    """Whether the whole text matches. Goes back to the last ``*`` only, so that no pattern takes exponential time."""
    at = here = 0
    star, resume = -1, 0
    while here < len(text):
        token = tokens[at] if at < len(tokens) else None
        if token is ANY:
            if at + 1 == len(tokens):
                return True
            star, resume = at, here
            at += 1
        elif token is ONE or token == text[here]:
            at, here = at + 1, here + 1
        elif star >= 0:
            resume += 1
            at, here = star + 1, resume
        else:
            return False
    return all(token is ANY for token in tokens[at:])


def matches(pattern_text: str, text: str, *, any_case: bool = False) -> bool:
    """Whether a text without variables matches a pattern without variables."""
    return bool(pattern(pattern_text).matches(text, Context(), any_case=any_case))
