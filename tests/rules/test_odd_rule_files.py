"""Rule files that somebody got wrong, or made to be wrong: each loads, or its error names the file and the line."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ConfigError
from auditor.resources import rules_dir
from auditor.rules.load import load_rules
from tests.budgets import examples
from tests.spoilt import broken, spoilt

#: As if they were somebody's own.
FILES = sorted(
    path.read_text(encoding="utf-8").replace("id: STU", "id: ACM", 1) for path in rules_dir().glob("*/STU*.yaml")
)


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
    _loads_or_names_its_place(yaml.safe_dump(spoilt(document, data), allow_unicode=True), tmp_path)


@examples(60)
@given(data=st.data())
def test_lines_that_are_broken(data: st.DataObject, tmp_path: Path) -> None:
    _loads_or_names_its_place(broken(data.draw(st.sampled_from(FILES)), data), tmp_path)
