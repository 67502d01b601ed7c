"""What a rule may not ask for since it would take all memory, and what it may."""

from __future__ import annotations

import re
from functools import cache

import pytest

from auditor.resolve.tables import table
from auditor.rules.expressions import ExpressionChecker, ExpressionError

LARGE = "its values could become very large"
TIMES = "takes a number up to 1,000 as it is written"


def nested(inner: str, around: str, times: int) -> str:
    for _ in range(times):
        inner = around.replace("IT", inner)
    return inner


_REPLACED = "replace(IT, 'a', 'aaaaaaaaaa')"
_FOUND = "len(list_filter(map_keys(tags), lambda k: k = name and IT)) > 0"
_OF_PATTERN = "regexp_replace(IT, '.', 'aaaaaaaaaa', 'g')"
#: Why each is refused. Those that DuckDB works out while it plans would take the memory without a single row.
REFUSED = {
    "len(repeat(name, 2000000000)) > 0": TIMES,
    "len(repeat(name, 1001)) > 0": TIMES,
    "len(repeat(name, len(name))) > 0": TIMES,
    "len(repeat(name, $times)) > 0": TIMES,
    "len(repeat(name, 1000 * 1000)) > 0": TIMES,
    "len(repeat(name, 99999999999999999999999)) > 0": TIMES,
    "len(repeat(name, 2e9::integer)) > 0": TIMES,
    "len(string_split(repeat('a,', 500000000), ',')) > 0": TIMES,
    "len(lpad(name, 2000000000, 'x')) > 0": TIMES,
    "len(rpad(name, name = 'a', 'x')) > 0": TIMES,
    "len(rpad('x', len(name) * 1000000, 'x')) > 0": TIMES,
    "len(format('{:2000000000d}', len(name))) > 0": "a width in format() is a number up to 1,000",
    "len(format('{:{}}', name, 2000000000)) > 0": "a width in format() is a number up to 1,000",
    "len(printf('%*s', 2000000000, name)) > 0": "a width in printf() is a number up to 1,000",
    "len(format(name, 5)) > 0": "format() takes its format as it is written",
    "len(repeat(repeat(repeat(name, 1000), 1000), 1000)) > 0": LARGE,
    f"len({nested('name', _REPLACED, 6)}) > 0": LARGE,
    "len(replace(name, 'a', replace(name, 'b', name))) > 0": LARGE,
    f"len({nested('name', _OF_PATTERN, 6)}) > 0": LARGE,
    f"len({nested('[name]', 'list_transform(IT, lambda x: x || x)', 30)}) > 0": LARGE,
    f"len({nested('[name]', 'list_transform(IT, lambda x: [x, x])', 30)}) > 0": LARGE,
    f"len({nested('name', 'array_to_string([IT, IT], name)', 3)}) > 0": LARGE,
    f"{nested('name = name', _FOUND, 4)}": LARGE,
    "levenshtein(repeat(name, 1000), repeat(name, 1000)) > 3": LARGE,
    "(select len(repeat(repeat(string_agg(s.name, ','), 1000), 1000)) from space s) > 0": LARGE,
}  # fmt: skip
ALLOWED = [
    f"{nested('name', 'case when len(name) > 3 then IT else id end', 60)} = name",
    "repeat('t', regexp_matches(name, 'x')) = 't'",
    "repeat('t', (len(name) > 3)::integer) = repeat('-', not unified_studio)",
    "lpad(name, 12, '0') = rpad(name, 1000, ' ')",
    "format('{} has {:>10} and {:.2f}%', name, id, 5) <> printf('%10.3f of %s', 0.5, name)",
    "replace(replace(replace(name, '-', ' '), '_', ' '), '.', ' ') = name",
    "regexp_replace(lower(name), '[^a-z0-9]', '', 'g') = name",
    "array_to_string(list_transform(string_split(name, '-'), lambda w: upper(left(w, 1)) || substr(w, 2)), '') = name",
    "len(list_filter(map_keys(tags), lambda k: len(list_filter($keys, lambda a: k like a)) = 0)) = 0",
    "levenshtein(name, id) < 3",
    nested("name = name", _FOUND, 3),
    "(select string_agg(s.name, ', ' order by s.name) from space s where s.domain_id = user_profile.domain_id) = name",
]


@cache
def guard() -> ExpressionChecker:
    return ExpressionChecker()


def check(expression: str) -> None:
    documented = table("user_profile")
    assert documented is not None
    guard().check(expression, documented)


@pytest.mark.parametrize("expression", [pytest.param(e, id=e[:60]) for e in REFUSED])
def test_what_could_become_very_large_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(REFUSED[expression])):
        check(expression)


@pytest.mark.parametrize("expression", ALLOWED)
def test_what_rules_do_with_texts_and_lists_is_allowed(expression: str) -> None:
    check(expression)
