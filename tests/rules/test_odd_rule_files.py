"""Rule files that somebody got wrong, or made to be wrong: each loads, or its error names the file and the line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ConfigError
from auditor.resources import rules_dir
from auditor.rules.load import load_rules
from tests.budgets import examples

FILES = sorted(path.read_text(encoding="utf-8") for path in rules_dir().glob("*/STU*.yaml"))
#: What stands instead of a value, or behind it, or as a line of its own.
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 2**70), st.floats(), st.text(max_size=8), st.just([]), st.just({}),
    st.sampled_from(["select 1", "1=1", "read_csv('/etc/passwd')", "$min_days", "user_profile", "true; drop table x"]),
    st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)  # fmt: skip
CHARACTERS = st.sampled_from(
    ["{", "[", "&a", "*a", "<<: *a", "!!python/name:os", "|", "---", "\t", "\x85", "'", ": :", "#"]
)


def _spoilt(document: Any, data: st.DataObject) -> Any:
    """The document with one member, anywhere in it, gone or odd."""
    if isinstance(document, dict) and document and data.draw(st.integers(0, 3)):
        name = data.draw(st.sampled_from(sorted(document)))
        if data.draw(st.integers(0, 4)) == 0:
            return {k: v for k, v in document.items() if k != name}
        if data.draw(st.integers(0, 8)) == 0:
            return {**document, data.draw(st.text(max_size=6)): data.draw(ODD)}
        return {**document, name: _spoilt(document[name], data)}
    if isinstance(document, list) and document and data.draw(st.integers(0, 3)):
        at = data.draw(st.integers(0, len(document) - 1))
        return [*document[:at], _spoilt(document[at], data), *document[at + 1 :]]
    return data.draw(ODD)


def _loads_or_names_its_place(text: str, folder: Path) -> None:
    path = folder / "rule.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    said = ""
    try:
        (rule,) = load_rules([path])
    except ConfigError as error:
        said = error.message
    assert re.match(rf"{re.escape(str(path))}(:\d+){{1,2}}: \S", said) if said else rule.id and rule.cases


@examples(60)
@given(data=st.data())
def test_a_member_that_is_gone_or_odd(data: st.DataObject, tmp_path: Path) -> None:
    document = yaml.safe_load(data.draw(st.sampled_from(FILES)))
    _loads_or_names_its_place(yaml.safe_dump(_spoilt(document, data), allow_unicode=True), tmp_path)


@examples(60)
@given(data=st.data())
def test_lines_that_are_broken(data: st.DataObject, tmp_path: Path) -> None:
    lines = data.draw(st.sampled_from(FILES)).split("\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    cut = data.draw(st.integers(0, len(lines[at])))
    lines[at] = lines[at][:cut] + data.draw(CHARACTERS) + data.draw(st.sampled_from(["", lines[at][cut:]]))
    _loads_or_names_its_place("\n".join(lines), tmp_path)
