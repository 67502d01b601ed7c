"""waivers.yaml: what it says arrives; what is wrong with it is named with its place. No day is "for ever"."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ConfigError
from auditor.model.rule import Rule
from auditor.model.waiver import ResourcePattern, Waiver
from auditor.waivers.file import load_waivers, waivers_schema
from tests.budgets import examples

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = re.search(r"```yaml\n(waivers:.*?)```", (ROOT / "docs/waivers.md").read_text(encoding="utf-8"), re.DOTALL)
Load = Callable[[str], tuple[Waiver, ...]]

#: A waiver whose every line can be replaced; places in tests are those of this text.
TEXT = """\
waivers:
  - rules: STU501
    resources: {type: domain}
    reason: Kept for the course
    owner: jane@example.com
    expires: 2027-03-31
"""


def changed(key: str, line: str) -> str:
    return re.sub(rf"^(  (?:-| ) ){key}:.*$", lambda m: m[1] + line, TEXT, flags=re.MULTILINE)


@pytest.fixture
def load(tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> Load:
    def read(text: str) -> tuple[Waiver, ...]:
        path = tmp_path / "waivers.yaml"
        path.write_text(text, encoding="utf-8")
        return load_waivers(path, built_in_rules)

    return read


def test_a_waiver_says_what_it_says(load: Load) -> None:
    assert load(TEXT) == (
        Waiver(
            ("STU501",), ResourcePattern("domain"), "Kept for the course", "jane@example.com", date(2027, 3, 31),
            file="waivers.yaml", line=2,
        ),
    )  # fmt: skip


def test_the_guides_example(load: Load) -> None:
    assert EXAMPLE is not None
    first, second, third = load(EXAMPLE[1])
    assert first.rules == ("STU101",)
    assert first.resources == ResourcePattern("user_profile", "123456789012", name="build-*")
    assert (first.ticket, first.for_value) == ("SEC-412", False)
    assert {"STU302", "STU301"} <= set(second.rules)
    assert (second.for_value, second.value, second.resources.domain) == (True, "classic", "legacy-research")
    assert third.resources.tags == {"environment": "sandbox*"}
    jsonschema.validate(
        yaml.safe_load(EXAMPLE[1].replace("2027-", "x2027-")), waivers_schema(), format_checker=None
    )  # the dates as text, as JSON has them


def test_rules_by_id_name_and_area(load: Load, built_in_rules: tuple[Rule, ...]) -> None:
    (waiver,) = load(changed("rules", "rules: [STU501, people, efs-auto-mount-on-studio]"))
    assert waiver.rules == ("STU501", *(r.id for r in built_in_rules if r.area == "people"))


@pytest.mark.parametrize("text", ["", "# none yet\n", "{}", "waivers: []"])
def test_a_file_may_hold_none(load: Load, text: str) -> None:
    assert load(text) == ()


@pytest.mark.parametrize(
    ("key", "line", "place", "message", "hint"),
    [
        ("expires", "expires: 2027-02-29", "6:14", "not valid YAML: day is out of range", ""),
        ("expires", "expires: 2027-13-01", "6:14", "not valid YAML: month must be in 1..12", ""),
        ("expires", "expires: 2027-3-1", "6:14", "waivers[0].expires: '2027-3-1' is not a date", "YYYY-MM-DD"),
        ("expires", "expires: 31.03.2027", "6:14", "waivers[0].expires: '31.03.2027' is not a date", "YYYY-MM-DD"),
        ("expires", "expires: '2027-02-30'", "6:14", "waivers[0].expires: '2027-02-30' is not a date", ""),
        ("expires", "expires: 2027-W13-3", "6:14", "waivers[0].expires: '2027-W13-3' is not a date", ""),
        ("expires", "expires: never", "6:14", "waivers[0].expires: 'never' is not a date", ""),
        ("expires", "expires: 20270331", "6:14", "waivers[0].expires: 20270331 is not a date", ""),
        ("expires", "expires: 2027-03-31T10:00:00Z", "6:14", "waivers[0].expires: 2027-03-31 10:00:00", ""),
        ("expires", "expires:", "6:13", "waivers[0].expires: nothing is not a date", ""),
        ("expires", "ticket: SEC-1", "2:5", "waivers[0]: missing required field `expires`", ""),
        ("owner", "owner: ''", "5:12", "waivers[0].owner: expected", ""),
        ("owner", "owner: '  '", "5:12", "waivers[0].owner: is blank", "who is responsible"),
        ("owner", 'owner: "\\u00a0\\u200b"', "5:12", "waivers[0].owner: is blank", "who is responsible"),
        ("reason", 'reason: "\\t"', "4:13", "waivers[0].reason: is blank", "why it is accepted"),
        ("reason", "reason: 7", "4:13", "waivers[0].reason: expected text, got a whole number", "quotes"),
        ("rules", "rules: []", "2:5", "waivers[0].rules: names no rule", ""),
        ("rules", "rules: STU5O2", "2:12", "waivers[0].rules: there is no rule or area 'STU5O2'", "'STU502'"),
        ("rules", "rules: [STU501, storge]", "2:21", "waivers[0].rules: there is no rule or area 'storge'",
         "'storage'"),
        ("resources", "resources: {}", "3:5", "waivers[0].resources: would fit every resource", "account: '*'"),
        ("resources", "resources: {type: profile}", "3:23", "waivers[0].resources.type: there is no type 'profile'",
         "user_profile"),
        ("resources", "resources: {acount: '*'}", "3:17", "waivers[0].resources: unknown field `acount`", "'account'"),
        ("resources", "resources: {account: 123456789012}", "3:26", "waivers[0].resources.account: expected text",
         "quotes"),
        ("owner", "ownr: jane", "5:5", "waivers[0]: unknown field `ownr`", "'owner'"),
        ("owner", "owner: jane\n    value: null", "6:12", "waivers[0].value: nothing is not a value", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(
    load: Load, tmp_path: Path, key: str, line: str, place: str, message: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        load(changed(key, line))
    assert int(raised.value.exit_code) == 2
    assert raised.value.message.startswith(f"{tmp_path / 'waivers.yaml'}:{place}: {message}")
    assert hint in raised.value.hint


def test_the_schema_refuses_what_the_loader_refuses() -> None:
    schema = waivers_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    good = {"rules": "STU501", "resources": {"type": "domain"}, "reason": "r", "owner": "o", "expires": "2027-03-31"}
    jsonschema.validate({"waivers": [good]}, schema)
    for wrong in ({"expires": 7}, {"owner": ""}, {"resources": {"type": "profile"}}, {"colour": "red"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"waivers": [good | wrong]}, schema)
    for missing in good:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"waivers": [{k: v for k, v in good.items() if k != missing}]}, schema)


WORDS = st.sampled_from(
    [
        "waivers",
        "rules",
        "resources",
        "reason",
        "owner",
        "expires",
        "value",
        "tags",
        "type",
        "STU501",
        "domain",
        "*",
        "",
    ]
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.dates(), st.datetimes(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(WORDS, st.integers(0, 1)), inner)),
    max_leaves=14,
)


@examples(200)
@given(items=st.lists(st.dictionaries(WORDS, VALUES, max_size=7), max_size=2))
def test_nothing_but_a_named_place_comes_of_nonsense(items: list[object], load: Load, tmp_path: Path) -> None:
    said, waivers = "", ()
    try:
        waivers = load(yaml.safe_dump({"waivers": items}))
    except ConfigError as error:
        said = error.message
    assert not said or re.match(rf"{re.escape(str(tmp_path / 'waivers.yaml'))}:\d+:\d+: ", said)
    assert all(isinstance(w.expires, date) and w.owner and w.reason and w.rules for w in waivers)
