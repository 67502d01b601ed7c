"""The documentation says what the code does."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import click
import pytest
import yaml

from auditor import __version__
from auditor.cli.main import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[1]
GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "tools" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_files_are_up_to_date() -> None:
    assert _generator().drift() == [], "run: make docs"


def test_drift_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = _generator()
    monkeypatch.setattr(generator, "permission_page", lambda: "something else")
    assert generator.drift() == ["docs/permissions.md"]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_files_arrive(guide: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", guide.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (guide.parent / target).exists(), target


def test_every_command_is_in_the_index() -> None:
    text = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"`auditor {name}" in text, name


def test_readme_is_one_screen() -> None:
    """One picture, three commands beside the installation, six links: one for each role, each to a page of its own."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.split()) < 300
    assert (text.count("<picture>"), len(re.findall(r"^auditor ", text, re.MULTILINE))) == (1, 3)
    linked = re.findall(r"\]\((.+?)\)", text)
    assert len(linked) == len(set(linked)) == 6
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert all(f"]({link.removeprefix('docs/')})" in index for link in linked)


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages - set(re.findall(r"\]\(([\w-]+\.md)", index)) == set()


def _parsed(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words name, and what they give it."""
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        inner = command.get_command(context, words[0])
        assert inner is not None, words
        command, words = inner, words[1:]
    return command, words


@pytest.mark.parametrize("guide", GUIDES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_in_sentences_exist_with_their_options(guide: Path) -> None:
    for said in re.findall(r"`auditor ([a-z][^`]*)`", guide.read_text(encoding="utf-8")):
        command, rest = _parsed(said.split())
        if isinstance(command, click.Group):
            continue
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
        assert {w.split("=")[0].strip("…]") for w in rest if w.startswith("--")} <= known, said


def test_the_makefile_documents_its_commands() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    documented = set(re.findall(r"^([a-z]+):.*## ", text, re.MULTILINE))
    assert {"help", "demo", "test", "check", "bench", "docs"} <= documented


def test_the_changelog_knows_this_version_or_is_ahead_of_it() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## Unreleased" in text or f"## {__version__}" in text


def test_every_built_in_rule_has_its_page() -> None:
    ids = {yaml.safe_load(p.read_text(encoding="utf-8"))["id"] for p in (ROOT / "rules").rglob("STU*.yaml")}
    assert {p.stem for p in (ROOT / "docs" / "rules").glob("STU*.md")} == ids
