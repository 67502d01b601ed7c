"""The reader takes what Terraform takes, and refuses what Terraform refuses: ``terraform fmt`` is asked."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.evaluate import value
from auditor.collect.iac.hcl.parser import parse, parse_expression, parse_template
from auditor.collect.iac.hcl.values import Files
from auditor.collect.iac.unreadable import UnreadableError

TESTS = Path(__file__).parents[2]
FORMS = Path(__file__).with_name("forms.hcl").read_text(encoding="utf-8")
MUTATIONS = 600
needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="needs Terraform on the PATH")
_ERROR = re.compile(r"^Error: .*\n\n  on (\S+) line \d+", re.MULTILINE)
_INSERTED = (
    "{", "}", "[", "]", "(", ")", '"', "${", "%{", "<<EOT\n", "=", "?", ":", "...", "\\", "/*", "*/", "#", "//", ",",
    ".", "\n", " ", "!", "-", "+", "*", "&&", "||", "==", "=>", "1", "1e3", "0x1", "a", "for", "in", "if", '"x"', "~",
    "$", "%", "é", "\t", "\r", "::", ".*", "[*]", "null", "$${", "EOT\n",
)  # fmt: skip


def refused_by_terraform(folder: Path, texts: Mapping[str, str]) -> set[str]:
    """Names of those files that Terraform cannot parse, all of them in one run."""
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode("utf-8"))
    done = subprocess.run(
        ["terraform", "fmt", "-write=false", "-list=false", "-no-color", str(folder)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return {Path(match[1]).name for match in _ERROR.finditer(done.stdout + done.stderr)}


def refused_here(texts: Mapping[str, str]) -> set[str]:
    found = set()
    for name, text in texts.items():
        try:
            parse(text.encode("utf-8"))
        except UnreadableError:
            found.add(name)
    return found


def mutated(text: str, chance: random.Random) -> str:
    """A text with one or two things deleted, inserted, swapped, doubled or joined."""
    for _ in range(chance.randint(1, 2)):
        at, lines = chance.randrange(len(text) + 1), text.split("\n")
        match chance.choice(["delete", "insert", "swap", "double", "join", "drop"]):
            case "delete":
                text = text[:at] + text[at + chance.choice([1, 1, 1, 2, 5]) :]
            case "insert":
                text = text[:at] + chance.choice(_INSERTED) + text[at:]
            case "swap":
                text = text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
            case "double":
                lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
                text = "\n".join(lines)
            case "join":
                breaks = [match.start() for match in re.finditer("\n", text)]
                if breaks:
                    at = chance.choice(breaks)
                    text = f"{text[:at]} {text[at + 1 :]}"
            case _:
                del lines[chance.randrange(len(lines))]
                text = "\n".join(lines)
    return text


@needs_terraform
def test_every_configuration_of_the_tests(tmp_path: Path) -> None:
    paths = sorted(TESTS.rglob("*.tf"))
    texts = {f"t{at}.tf": path.read_text(encoding="utf-8") for at, path in enumerate(paths)}
    texts["forms.tf"] = FORMS
    assert refused_here(texts) == refused_by_terraform(tmp_path, texts)
    assert "forms.tf" not in refused_here(texts)


@needs_terraform
def test_mutations(tmp_path: Path) -> None:
    chance = random.Random(20)
    sources = [path.read_text(encoding="utf-8") for path in sorted(TESTS.rglob("*.tf"))]
    sources += [FORMS] * (len(sources) // 2)
    texts = {f"m{at}.tf": mutated(chance.choice(sources), chance) for at in range(MUTATIONS)}
    theirs, ours = refused_by_terraform(tmp_path, texts), refused_here(texts)
    assert len(theirs) > MUTATIONS // 3
    assert {name: texts[name] for name in theirs ^ ours} == {}


#: Refused by Terraform 1.11, with the line that is at fault.
REFUSED = [
    ("a = 1 b = 2\n", 1),
    ("a { b = 1 c = 2 }\n", 1),
    ("a { b = 1\n}\n", 1),
    ("a {\n  b = 1 }\n", 2),
    ("a {} b {}\n", 1),
    ("a\n{\n}\n", 2),
    ("a =\n  1\n", 2),
    ("a = b &&\n  c\n", 2),
    ("a = b ?\n  c : d\n", 2),
    ("a = b\n  .c\n", 2),
    ("a = { b = 1 c = 2 }\n", 1),
    ("a = { b =\n 1 }\n", 2),
    ("a = {\n  b = 1\n  , c = 2\n}\n", 3),
    ("a = 1\na = 2\n", 2),
    ("a = 0x1f\n", 1),
    ('a = "x\ny"\n', 1),
    ('a = "${}"\n', 1),
    ('a = "\\q"\n', 1),
    ('a = "\\ud800"\n', 1),
    ("a = <<EOT\nx\n", None),
    ("a = <<EOT \nx\nEOT\n", None),
    ('a = "%{ ifx }%{ endif }"\n', 1),
    ("a::b = 1\n", 1),
    ("a = b::c\n", 1),
    ("a = 1\rb = 2\n", 1),
    ("a = [1 2]\n", 1),
    ("a = [\n  1\n  2\n]\n", None),
    ("{ a = 1 }\n", 1),
    ("a = \x00\n", None),
    ("a = '1'\n", 1),
    ("a = 1\n}\n", 2),
    ("a {\n", 1),
]


@pytest.mark.parametrize(("text", "line"), REFUSED, ids=[text for text, _ in REFUSED])
def test_refused(text: str, line: int | None) -> None:
    with pytest.raises(UnreadableError) as error:
        parse(text)
    if line is not None:
        assert error.value.line == line


@needs_terraform
def test_terraform_refuses_them(tmp_path: Path) -> None:
    texts = {f"r{at}.tf": text for at, (text, _) in enumerate(REFUSED)}
    assert refused_by_terraform(tmp_path, texts) == set(texts)


class Nothing:
    """No names, no files."""

    files: Files

    def named(self, name: str) -> Any:
        return {"t": True}.get(name)

    def spend(self, steps: int = 1, size: int = 0) -> None:
        """As much as one likes."""


def evaluated(expression: str) -> Any:
    return value(parse(f"_ = {expression}\n").attributes["_"], Nothing())


#: What ``terraform console`` (1.11) makes of them.
FORMS_OF_TEXT: list[tuple[str, Any]] = [
    ("1e3", 1000),
    ("2E+2", 200),
    ("1.5e-1", 0.15),
    ("1.0", 1),
    ("<<EOT\nEOT", ""),
    ("<<-EOT\nEOT", ""),
    ("<<EOT\n\n  \nEOT", "\n  \n"),
    ('"%{ if t == "a" }x%{ else }y%{ endif }"', "y"),
    ('"$$${t}"', "$${t}"),
    ('"$$$${t}"', "$$${t}"),
    ('"%%%{ if"', "%%{ if"),
    ('"$" ', "$"),
    ('"%"', "%"),
    ('"$%{ if t }x%{ endif }"', "$x"),
    ('"%${1}"', "%1"),
    ('"$\\"x"', '$"x'),
    ("<<EOT\n%{ if t ~}\n  a\n%{ else ~}\n  b\n%{ endif ~}\nEOT", "  a\n"),
    ('"a ~%{ if t ~}  \\n  b%{ endif }"', "a ~b"),
    ("<<-EOT\n      a\n    ${1}\n\n   %{ if t ~}\n      c\n   %{ endif ~}\n    EOT", "   a\n 1\n\n      c\n"),
    ("<<-EOT\n\t  x\n\ty\n    EOT", "  x\ny\n"),
    ("<<EOT\n  \tx\n    EOT", "  \tx\n"),
    ("<<EOT\na\r\nb\r\nEOT\r", "a\r\nb\r\n"),
    ("t ? 1 : t ? 2 : 3", 1),
    ("!t ? 1 : !t ? 2 : 3", 3),
    ("(t ? null : 1) == null ? 4 : 5", 4),
    ("[[1, 2], [3, 4]].0.1", 2),
    ('[{ a = ["x"] }, { a = ["y"] }].*.a[0]', ["x"]),
    ('[{ a = ["x"] }, { a = ["y"] }][*].a[0]', ["x", "y"]),
    ('{ "a" = 1, 2 = 3, true = 4 }', {"a": 1, "2": 3, "true": 4}),
]


@pytest.mark.parametrize(("expression", "expected"), FORMS_OF_TEXT, ids=[e for e, _ in FORMS_OF_TEXT])
def test_read(expression: str, expected: Any) -> None:
    found = evaluated(expression)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "text", ["1)\nb = (2", "1) + (2", "", "a =", "1 2", ")", "/* */", "a\nb"], ids=lambda text: repr(text)
)
def test_only_an_expression_is_one(text: str) -> None:
    with pytest.raises(UnreadableError):
        parse_expression(text, 1)


def test_an_expression_may_have_line_breaks() -> None:
    assert value(parse_expression("[\n1,\n2]\n", 1), Nothing()) == [1, 2]


@pytest.mark.parametrize("text", ["_\n__ ${1}\n_", "x\n", "", "\n", "EOT", '"${"_"}"', "a\\n"])
def test_templates_are_read_whole(text: str) -> None:
    expected = text.replace("${1}", "1").replace('${"_"}', "_")
    assert value(parse_template(text, 1), Nothing()) == expected


# Places


def at(text: str | bytes, span: n.Span | None) -> str:
    assert span is not None
    source = text if isinstance(text, bytes) else text.encode()
    found = source[span.start : span.end].decode()
    assert source[: span.start].count(b"\n") + 1 == span.line
    assert source[: span.end].count(b"\n") + 1 == span.last_line
    return found


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", "# é\r\n".encode()])
def test_places(start: bytes) -> None:
    text = start + 'b "é" {\n  a = {\n    k = [v.x, 2]\n  }\n  c = <<-E\n    x\n  E\n}\n'.encode()
    body = parse(text)
    (block,) = body.blocks
    assert at(text, block.span) == text.removeprefix(start).decode().rstrip()
    assert at(text, block.body.span).startswith("\n  a =")
    assert {name: at(text, span) for name, span in block.body.keys.items()} == {"a": "a", "c": "c"}
    node = block.body.attributes["a"]
    assert isinstance(node, n.Object)
    assert at(text, node.span) == "{\n    k = [v.x, 2]\n  }"
    ((key, inner),) = node.items
    assert (at(text, key.span), at(text, inner.span)) == ("k", "[v.x, 2]")
    assert isinstance(inner, n.Tuple)
    assert [at(text, item.span) for item in inner.items] == ["v.x", "2"]
    assert at(text, block.body.attributes["c"].span) == "<<-E\n    x\n  E"
