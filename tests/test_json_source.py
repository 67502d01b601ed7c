"""JSON of others holds whole characters only, or is refused."""

from __future__ import annotations

import os

import pytest

from auditor.errors import ConfigError
from auditor.json_source import HalfCharacterError, decode_json, is_unicode
from auditor.sql_text import literal


@pytest.mark.parametrize("text", ['"\\ud800"', '["a", {"b": "\\uDFFFx"}]', '{"\\udc00": 1}', '"\\ud800\\ud800"'])
def test_halves_are_refused(text: str) -> None:
    with pytest.raises(HalfCharacterError, match=r"^\\ud[89a-f]\w\w is half of a character$"):
        decode_json(text)
    with pytest.raises(HalfCharacterError):
        decode_json(text.encode())


def test_whole_characters_are_read() -> None:
    assert decode_json('{"\\ud83d\\ude00": ["\\u00e9", "\\\\ud800"]}') == {"\U0001f600": ["é", "\\ud800"]}


def test_a_name_that_is_not_utf_8_is_no_sql() -> None:
    """DuckDB's own answer is a RuntimeError: std::bad_cast."""
    name = os.fsdecode(b"caf\xe9/o'b.jsonl")
    assert not is_unicode(name)
    assert is_unicode("café")
    with pytest.raises(ConfigError, match=r"^caf\\xe9/o'b.jsonl: the name is not UTF-8 text$"):
        literal(name)
    assert literal("o'b") == "'o''b'"
