"""The documentation says what the code does."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType

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


def test_every_command_is_in_readme_and_every_example_parses() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"`auditor {name}" in text, name
    examples = [line.split("#")[0].strip() for line in re.findall(r"^    (auditor .*)$", text, re.MULTILINE)]
    assert len(examples) > 4
    for example in examples:
        words = shlex.split(example.split(">")[0] if '"' not in example else example)
        group, rest = cli, words[1:]
        name, command, arguments = group.resolve_command(None, rest)  # type: ignore[arg-type]
        assert command is not None, example
        while hasattr(command, "resolve_command"):
            name, command, arguments = command.resolve_command(None, arguments)
        command.make_context(name, list(arguments))


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
