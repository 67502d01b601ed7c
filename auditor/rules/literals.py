"""Text in an expression that has to become another type: dates, times, and what is compared with a number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.resolve.table_model import Table
from auditor.resolve.tables import TABLES
from auditor.rules.unknowns import Node, children

#: Types that DuckDB names in a cast; whatever else is written there is left to the binding.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_ ]*")
_COMPARING = frozenset({"COMPARISON", "BETWEEN"})


def written_literals(parsed: Node, own: Table) -> Iterator[tuple[str, str]]:
    """(text, type) of each string that is cast, as in ``timestamp '2026-11-27'``, or compared with a column that is no
    text. ``own`` is the table of the expression; in a subquery a column counts where all tables agree on its type."""
    if parsed.get("class") == "CAST" and not parsed.get("try_cast"):
        text, type_ = _text(parsed["child"]), str(parsed["type_expr"].get("type_name", ""))
        if text is not None and _NAME.fullmatch(type_) and not parsed["type_expr"].get("children"):
            yield text, type_
    if parsed.get("class") in _COMPARING or str(parsed.get("type")) in ("COMPARE_IN", "COMPARE_NOT_IN"):
        sides = list(children(parsed))
        types = {_type(side, own) for side in sides} - {""}
        for side in sides:
            text = _text(side)
            if text is not None and len(types) == 1:
                yield text, next(iter(types))
    for child in children(parsed):
        yield from written_literals(child, own)


def _text(node: Node) -> str | None:
    """The text of a string literal; None for everything else."""
    literal = node.get("literal") or {}
    return str(literal["text"]) if node.get("class") == "CONSTANT" and literal.get("kind") == "STRING" else None


def _type(node: Node, own: Table) -> str:
    """Type of a column that no text is compared with as it is; empty for everything else."""
    if node.get("class") != "COLUMN_REF":
        return ""
    name = str(node["column_names"][-1]).lower()
    found = {t.types.get(name, "") for t in ((own,) if own.column(name) else TABLES)} - {""}
    type_ = next(iter(found)) if len(found) == 1 else ""
    return type_ if type_ in ("TIMESTAMP", "INTEGER", "BIGINT", "BOOLEAN") else ""
