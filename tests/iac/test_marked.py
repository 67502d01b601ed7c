"""YAML and JSON are read as cfn-lint's decoder reads them, with the place of everything in them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.iac.marked import Items, Key, Members, load
from auditor.collect.iac.unreadable import UnreadableError

from .corpus import ROOT

ENDINGS = (".yaml", ".yml", ".json", ".template")
TEMPLATES = sorted(p for p in ROOT.rglob("*") if p.suffix in ENDINGS and p.name != "expected.yaml")
ODD = (" {", " [", ": x", " !Ref x", " !GetAtt [a, b]", " !GetAtt a.b", " !Sub", " &a", " *a", "\t", " |", "]", "}",
       '"', " - ", " yes", " 012", " 1:30", " 2024-01-02", " ~", "  <<: x", " !If {a: b}")  # fmt: skip


def decoded(text: str) -> Any:
    """What cfn-lint makes of a template; ValueError where it refuses it."""
    decode = pytest.importorskip("cfnlint.decode", reason="cfn-lint is one of the development tools")
    template, matches = decode.decode_str(text)
    if matches or template is None:
        raise ValueError(matches)
    return template


def comparable(value: Any) -> Any:
    """Where the two differ on purpose: a time stays the text that it is, an attribute's name is split once or as often
    as it has points."""
    if isinstance(value, dict):
        return {str(k): ".".join(v) if k == "Fn::GetAtt" and _texts(v) else comparable(v) for k, v in value.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def test_the_corpus() -> None:
    assert len(TEMPLATES) > 60
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        try:
            expected = decoded(text)
        except ValueError:
            with pytest.raises(UnreadableError):
                load(text, functions=True)
            continue
        assert comparable(load(text, functions=True)) == comparable(expected), path


def test_mutations() -> None:
    chance = random.Random(7)
    texts = [path.read_text(encoding="utf-8") for path in TEMPLATES]
    refused = 0
    for _ in range(500):
        lines = chance.choice(texts).splitlines()
        for _ in range(chance.randint(1, 2)):
            at = chance.randrange(len(lines))
            match chance.choice(["drop", "double", "indent", "odd"]):
                case "drop":
                    lines[at] = ""
                case "double":
                    lines.insert(at, lines[at])
                case "indent":
                    lines[at] = "  " + lines[at]
                case _:
                    lines[at] += chance.choice(ODD)
        text = "\n".join(lines)
        try:
            expected = decoded(text)
        except ValueError:
            refused += 1
            with pytest.raises(UnreadableError):
                load(text, functions=True)
            continue
        found = load(text, functions=True)
        assert comparable({} if found is None else found) == comparable(expected), text
    assert 50 < refused < 450


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("# nothing", {}),
        ("a: !Ref x", {"a": {"Ref": "x"}}),
        ("a: !Condition x", {"a": {"Condition": "x"}}),
        ("a: !GetAtt x.y.z", {"a": {"Fn::GetAtt": ["x", "y", "z"]}}),
        ("a: !GetAtt [x, y]", {"a": {"Fn::GetAtt": ["x", "y"]}}),
        ("a: !Sub ['${x}', {x: !Ref y}]", {"a": {"Fn::Sub": ["${x}", {"x": {"Ref": "y"}}]}}),
        ("a: !Sub 12", {"a": {"Fn::Sub": "12"}}),
        ("a: 2024-01-02", {"a": "2024-01-02"}),
        ("2012-10-17: 1", {"2012-10-17": 1}),
        ("a: [yes, 'yes', 1, 1.5, ~, null, '']", {"a": [True, "yes", 1, 1.5, None, None, ""]}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}", {"a": {"b": 1, "c": 2}, "d": {"c": 3, "b": 1}}),
        ('{\t"a":\t"\\/\\ud83d\\ude00\\u00e9"\t}', {"a": "/\U0001f600é"}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
    ],
)
def test_values(text: str, expected: Any) -> None:
    assert load(text, functions=True) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\na: 2", "a is there twice"),
        ("{a: 1, 'a': 2}", "a is there twice"),
        ('{"a": 1,\n "a": 2}', "a is there twice"),
        ("a: &x [*x]", "stands for nothing"),
        ("a: *x", "undefined alias"),
        ("a: 1\n---\na: 2", "more than one document"),
        ("[a]: 1", "not text"),
        ("~: 1", "not text"),
        ("a: !Ref [x]", "takes a name"),
        ("a: !!set {x}", "set is not a type"),
        ("a: !!binary eA==", "binary is not a type"),
        ("a: {", "expected"),
        ("a: \x07", "not allowed"),
    ],
)
def test_refused(text: str, says: str) -> None:
    with pytest.raises(UnreadableError, match=says if "alias" not in says else "."):
        load(text, functions=True)


def test_short_forms_belong_to_templates() -> None:
    with pytest.raises(UnreadableError, match="means nothing here"):
        load("a: !Ref x")


def test_depth_and_aliases_without_end() -> None:
    for text in ("[" * 100_000, '{"a":' * 50_000, "- " * 50_000, "[" * 200 + "]" * 200):
        with pytest.raises(UnreadableError, match="nested too deeply"):
            load(text)
    assert load("[" * 100 + "]" * 100)
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
    with pytest.raises(UnreadableError, match="expands to more values"):
        load(bomb)


def places(value: Any) -> list[tuple[str, Any]]:
    """(kind, place) of everything that has one."""
    if isinstance(value, Members):
        found = [(str(key), key.place) for key in value if isinstance(key, Key)]
        return found + [p for key, item in value.items() for p in [("", value.places[key]), *places(item)]]
    if isinstance(value, Items):
        return [p for item, place in zip(value, value.places, strict=True) for p in [("", place), *places(item)]]
    return []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_places(path: Path) -> None:
    text = "# é€\U0001f600\n" + path.read_text(encoding="utf-8") if path.suffix != ".json" else path.read_text()
    try:
        found = places(load(text, functions=True))
    except UnreadableError:
        return
    source = text.encode("utf-8")
    for name, place in found:
        assert source[: place.start].count(b"\n") + 1 == place.line
        written = source[place.start : place.end].decode()
        if name and not name.startswith(("Fn::", "Ref", "Condition")):
            assert written.strip("\"'") == name or json.loads(written) == name
