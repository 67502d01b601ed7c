"""Naming rules: by id, name or area, or by a pattern of them; and what to say to a name that no rule has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from auditor.errors import ConfigError
from auditor.model.rule import Rule
from auditor.yaml_source import near

SEE_LIST = "See: auditor rules list"
_PATTERN = re.compile(r"[*?\[]")
#: Ids differ in digits only: the nearest one is another rule, and not what was meant.
_ID = re.compile(r"[A-Z]+[0-9]+|STU")
_FEW = 8


def named_by(rules: Iterable[Rule], name: str) -> frozenset[str]:
    """Ids of the rules that a name means: an id, a name, an area, or a pattern of them (``STU4*``)."""
    if _PATTERN.search(name):
        return frozenset(r.id for r in rules if any(fnmatchcase(n, name) for n in (r.id, r.name, r.area)))
    return frozenset(r.id for r in rules if name in (r.id, r.name, r.area))


def near_rule(name: str, known: Iterable[str], otherwise: str = SEE_LIST) -> str:
    """A hint with the id, name or area that is meant; for the beginning of ids, with those that begin so."""
    names = sorted(known)
    upper = name.upper()
    if upper not in names and _ID.fullmatch(upper):
        begin = [n for n in names if n.startswith(upper)]
        if not begin:
            return otherwise
        more = ", …" if len(begin) > _FEW else ""
        return f"Rules that begin so: {', '.join(begin[:_FEW])}{more}. All of them: '{upper}*'"
    return otherwise if _PATTERN.search(name) else near(name, names, otherwise)


def ids_named(rules: Sequence[Rule], wanted: Sequence[str], option: str) -> frozenset[str]:
    """Ids of the rules that are meant by id, name, area or pattern. Raises ConfigError, which names the option, where
    one means no rule."""
    ids: set[str] = set()
    for name in wanted:
        meant = named_by(rules, name)
        if not meant:
            known = {n for r in rules for n in (r.id, r.name, r.area)}
            raise ConfigError(f"{option} {name}: unknown rule or area", hint=near_rule(name, known))
        ids |= meant
    return frozenset(ids)


def select(rules: Sequence[Rule], only: Sequence[str] = (), skip: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules that ``--only`` and ``--skip`` leave. Raises ConfigError for a name that means no rule."""
    kept, left = ids_named(rules, only, "--only"), ids_named(rules, skip, "--skip")
    return tuple(r for r in rules if (not only or r.id in kept) and r.id not in left)
