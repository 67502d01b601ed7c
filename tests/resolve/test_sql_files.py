"""Each file of resolve/sql is one statement that parses by itself, and is used with exactly its slots."""

from __future__ import annotations

import ast
from pathlib import Path

import duckdb
import pytest

from auditor.resolve.sql_files import FOLDER, slots, statement, text

NAMES = sorted(path.stem for path in FOLDER.glob("*.sql"))


def _uses() -> dict[str, set[str]]:
    """File → slots that the code fills, by every call of ``statement``."""
    uses: dict[str, set[str]] = {}
    for path in FOLDER.parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "statement":
                assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}"
                uses[str(node.args[0].value)] = {str(keyword.arg) for keyword in node.keywords}
    return uses


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_one_statement_that_parses_alone(name: str) -> None:
    (parsed,) = duckdb.extract_statements(text(name))
    assert parsed.type in (duckdb.StatementType.CREATE, duckdb.StatementType.SELECT, duckdb.StatementType.UPDATE)


def test_every_file_is_used_with_its_slots() -> None:
    assert _uses() == {name: set(slots(name)) for name in NAMES}


def test_a_slot_that_is_not_filled_or_not_there_is_refused() -> None:
    name = next(n for n in NAMES if slots(n))
    with pytest.raises(ValueError, match=r"\.sql has the slots"):
        statement(name)
    with pytest.raises(ValueError, match="given are"):
        statement(name, **dict.fromkeys(slots(name), "1"), one_too_many="1")


def test_only_short_statements_stand_in_the_code() -> None:
    """What is longer than a few lines is a file."""
    long = [
        f"{path.name}:{node.lineno}"
        for path in Path(FOLDER.parent).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "execute"
        and isinstance(node.args[0], ast.JoinedStr | ast.Constant)
        and (node.args[0].end_lineno or 0) - node.args[0].lineno > 5
    ]
    assert long == []
