"""Which evidence the rules of a run read. What none of them reads is neither collected nor missing.

Worked out from the documented tables (``Column.kinds``, ``Table.kinds``), so that it holds for users' own rules as
well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from auditor.model.rule import Rule
from auditor.resolve.table_model import Table
from auditor.resolve.tables import TABLES, table
from auditor.studio.evidence_sources import EVIDENCE_SOURCES

#: Texts and comments of SQL: what they name is not read.
_NOT_CODE = re.compile(r"'(?:[^']|'')*'|--[^\r\n]*")
_WORD = re.compile(r"[A-Za-z_]\w*")


def evidence_read(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Names of the evidence sources that hold something which one of the rules reads."""
    kinds = {kind for rule in rules for kind in kinds_read(rule)}
    return tuple(source.name for source in EVIDENCE_SOURCES if kinds & set(source.kinds))


def kinds_read(rule: Rule) -> frozenset[str]:
    """Kinds of records behind all that the rule names, in conditions, values, messages and remediations.

    By name, and so rather too many than too few: a word that is a column of the rule's table, or of a table that the
    rule names, counts as read.
    """
    own = table(rule.table)
    assert own is not None, rule.table  # the loader refuses other tables
    fix = rule.remediation
    expressions = (
        rule.when, rule.require, rule.cause, fix.at, *rule.values.values(), *fix.values.values(),
        *rule.severity_when.values(),
    )  # fmt: skip
    code = " ".join(_NOT_CODE.sub(" ", text) for text in expressions)
    written = [rule.message, rule.setting, *fix.aws.values(), *(str(change.value) for change in fix.changes)]
    # A cause is a text with the name of a column.
    words = {word.lower() for text in (code, rule.cause, *written) for word in _WORD.findall(text)}
    tables = [own, *(t for t in TABLES if t is not own and t.name in words)]
    found: set[str] = set()
    for documented in tables:
        found |= {*documented.kinds, *documented.further}
        for word in words:
            found |= column_kinds(documented, word.removesuffix("_origin"))
    return frozenset(found)


def column_kinds(documented: Table, name: str) -> set[str]:
    """Kinds of records that a column hangs on, those of the columns that it is computed from included."""
    found: set[str] = set()
    pending, seen = [name], set[str]()
    while pending:
        column = documented.column(pending.pop())
        if column is None or column.name in seen:
            continue
        seen.add(column.name)
        found |= set(column.kinds)
        pending += column.inputs
    return found
