"""What users read is plain English in the field's words: rules, templates, help, pages, and the messages of the code.

docs/glossary.md has our own words; CONTRIBUTING.md says how texts read.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

from auditor.cli.main import COMMANDS, cli
from auditor.model.rule import Rule
from auditor.report.glossary import GLOSSARY
from auditor.resources import rules_dir, templates_dir

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "auditor"

#: What no text says → what it says instead.
BANNED: Mapping[str, str] = {
    r"\bmend(s|ed|ing)?\b": "fix, remediate, resolve",
    r"(?<!there )(?<!where )\b(is|are) no (?!longer\b|more\b|fewer\b|one\b)": "is not a",
    r"\bspeaks? (about|for)\b": "applies to, is about, identifies",
    r"\bmust hold\b": "requires",
    r"\bholds? when\b": "requires",
    r"\bheld? against\b": "evaluated against, compared with",
    r"\b(could|can) ?not be seen\b": "unknown, missing data",
    r"\bworked out\b": "derived, evaluated",
    r"\bany more\b": "no longer",
    r"\bown business\b": "configured through",
    r"\banswers? for\b": "is responsible for",
    r"\bis told\b": "unless you use",
    r"\bnothing moved\b": "no changes",
    r"\bof that name\b": "unknown, with this name",
    r"\bmute button\b": "say what it does",
    r"\badvertisement\b": "say what it does",
    r"\bundecided verdicts?\b": "checks that could not be evaluated",
    r"\blog-in\b": "sign-in",
    r"\b(un)?(organis|authoris|recognis|summaris)": "American spelling",
    r"\b(behaviour|colour|favour|honour|labelled|neighbour)": "American spelling",
    r"\b(catalogue|centre|licence)s?\b": "American spelling",
}
_BANNED = re.compile("|".join(BANNED), re.IGNORECASE)
#: Names that are a contract, and code that a text quotes.
_QUOTED = re.compile(r"`[^`]*`|aria-labelledby|rstudio-visible-without-licence|[\w/.-]+\.(py|md|yaml)")
#: A count and its noun, written for many only.
_COUNTED = re.compile(
    r"\{[^{}]*(:,|len\()[^{}]*\} (more )?(findings|failures|results|rules|cases|checks|runs|resources|waivers|gaps"
    r"|files|members|elements|things)\b"
)


def _wrong(text: str) -> list[str]:
    plain = _QUOTED.sub("", text)
    return [f"{m[0]!r} in {plain[max(0, m.start() - 40) : m.end() + 40]!r}" for m in _BANNED.finditer(plain)]


def _literals(path: Path) -> Iterator[str]:
    """The texts of a module but for docstrings, which no user reads; the help of a command is asked of the command."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    prose = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, own)
        for statement in node.body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def _commands(command: click.Command, context: click.Context) -> Iterator[str]:
    yield command.help or ""
    yield command.short_help or ""
    yield from (p.help for p in command.params if isinstance(p, click.Option) and p.help)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _commands(inner, click.Context(inner, parent=context))


def _prose(rule: Rule) -> Iterator[str]:
    yield from (rule.title, rule.message, rule.why, rule.remediation.steps)
    yield from rule.values.values()
    yield from (param.doc for param in rule.params)
    yield from (sentence for case in rule.remediation.withhold_when for sentence in (case.because, case.unknown))


def test_messages_of_the_code_use_no_banned_word() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {said}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for text in _literals(path)
        for said in _wrong(text)
    }
    assert found == set()


def test_help_uses_no_banned_word() -> None:
    texts = [*_commands(cli, click.Context(cli)), *(short for _, short in COMMANDS.values())]
    assert len(texts) > 100
    assert [said for text in texts for said in _wrong(text)] == []


def test_rules_use_no_banned_word(built_in_rules: tuple[Rule, ...]) -> None:
    assert [(rule.id, said) for rule in built_in_rules for text in _prose(rule) for said in _wrong(text)] == []


def test_frameworks_use_no_banned_word() -> None:
    files = sorted((rules_dir() / "frameworks").glob("*.yaml"))
    assert files
    assert [said for file in files for said in _wrong(file.read_text(encoding="utf-8"))] == []


def test_report_templates_use_no_banned_word() -> None:
    files = [f for f in sorted(templates_dir().rglob("*")) if f.suffix in (".j2", ".js")]
    assert len(files) > 10
    assert [(file.name, said) for file in files for said in _wrong(file.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name)
def test_pages_use_no_banned_word(page: Path) -> None:
    assert _wrong(page.read_text(encoding="utf-8")) == []


def test_numbers_agree_with_their_nouns() -> None:
    """``{count:,} findings`` reads "1 findings": ``plural`` and its like say both."""
    found = [
        (path.relative_to(ROOT).as_posix(), number)
        for path in sorted(PACKAGE.rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _COUNTED.search(line) and " if " not in line
    ]
    assert found == []


def test_numbers_in_the_page_agree_with_their_nouns() -> None:
    """``counted`` says both; a noun beside ``thousands`` or ``length`` is written for many only."""
    written = re.compile(r"\| (thousands|length) \}\} (more |new |earlier |root )?[a-z]+s\b")
    files = sorted(templates_dir().rglob("*.j2"))
    assert [(f.name, m[0]) for f in files for m in written.finditer(f.read_text(encoding="utf-8"))] == []


def test_titles_are_demands(built_in_rules: tuple[Rule, ...]) -> None:
    """A title beside a failure must not read as if it were true: "Domains should …"."""
    assert [rule.id for rule in built_in_rules if not re.search(r"\bshould\b", rule.title)] == []


#: What a message may call a row of a table, and the columns that name it.
_NAMES = {
    "user_profile": (r"[Uu]ser profiles? (name )?\{name\}", "name"),
    "domain": (r"[Dd]omain \{name\}", "name"),
    "space": (r"[Ss]pace \{name\}", "name"),
    "app": (r"app \{name\}", "name"),
    "lifecycle_config": (r"Lifecycle configuration \{name\}", "name"),
    "mlflow_server": (r"MLflow \{kind\} \{name\}", "name"),
    "partner_app": (r"Partner AI app \{name\}", "name"),
    "execution_role": (r"([Ee]xecution role|\{kind\}) \{name\}", "name"),
    "account_region": (r"\{region\}", "region"),
}


def test_every_message_names_its_resource(built_in_rules: tuple[Rule, ...]) -> None:
    """With its kind, so that it can be read alone: in a mail, a ticket, a pull request."""
    unnamed = []
    for rule in built_in_rules:
        pattern, column = _NAMES[rule.table]
        # A message that is one value has the name in the value's SQL.
        fields = {part[1] for part in string.Formatter().parse(rule.message) if part[1]}
        inside = any(rf"|| {column} ||" in rule.values.get(name, "") for name in fields)
        if not re.search(pattern, rule.message) and not inside:
            unnamed.append(rule.id)
    assert unnamed == []


def test_every_message_begins_as_a_sentence(built_in_rules: tuple[Rule, ...]) -> None:
    messages = {rule.id: rule.message for rule in built_in_rules}
    assert [id_ for id_, message in messages.items() if not re.match(r"[A-Z{]", message)] == []
    assert [id_ for id_, message in messages.items() if message.endswith(".")] == []


def test_the_glossary_is_sorted_and_says_what_words_mean() -> None:
    assert list(GLOSSARY) == sorted(GLOSSARY)
    assert all(meaning[0].isupper() and meaning.endswith(".") for meaning in GLOSSARY.values())
    assert [said for meaning in GLOSSARY.values() for said in _wrong(meaning)] == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("This fixes 1 finding", False), ("the command that mends it", True), ("it is no domain", True),
        ("there is no domain", False), ("it is no longer used", False), ("`auditor --licence`", False),
    ],
)  # fmt: skip
def test_the_check_finds_what_it_looks_for(text: str, wrong: bool) -> None:
    assert bool(_wrong(text)) is wrong
