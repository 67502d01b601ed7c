"""The built-in rules are read once for an installation, and anew where anything that they come from has changed."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.model.rule import Rule
from auditor.resources import rules_dir
from auditor.rules import kept_rules, load
from auditor.rules.load import load_rules, rule_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two of the built-in rules."""
    place = tmp_path / "rules"
    for file in sorted(rule_files([rules_dir()]))[:2]:
        to = place / file.relative_to(rules_dir())
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, to)
    return place


@pytest.fixture(autouse=True)
def _written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(rule_files([folder]))


def _origin(folder: Path) -> str | None:
    return kept_rules.made_from(folder, _files(folder))


def _keep(folder: Path) -> tuple[Rule, ...]:
    rules = _as_built_in(folder)
    kept_rules.keep(folder, _origin(folder), rules)
    return rules


def _as_built_in(folder: Path) -> tuple[Rule, ...]:
    """The rules of the folder, as they are loaded among the built-in ones."""
    names = {path.name for path in _files(folder)}
    rules = [rule for rule in load_rules([rules_dir()]) if Path(rule.file).name in names]
    return tuple(replace(rule, file=str(folder / Path(rule.file).relative_to(rules_dir()))) for rule in rules)


def test_what_is_kept_is_what_was_loaded(folder: Path) -> None:
    rules = _keep(folder)
    assert len(rules) == 2
    assert kept_rules.kept(folder, _origin(folder)) == rules


def test_all_built_in_rules_can_be_kept(tmp_path: Path) -> None:
    """With their cases: whoever tests or describes a rule gets it from here as well."""
    copy = tmp_path / "rules"
    shutil.copytree(rules_dir(), copy, ignore=shutil.ignore_patterns("__pycache__"))
    rules = tuple(
        replace(rule, file=str(copy / Path(rule.file).relative_to(rules_dir())))
        for rule in load._load([rules_dir()], True, False)
    )
    kept_rules.keep(copy, _origin(copy), rules)
    assert kept_rules.kept(copy, _origin(copy)) == rules
    assert all(rule.cases for rule in rules)


def test_a_file_that_changes_is_read_again(folder: Path) -> None:
    _keep(folder)
    first = _files(folder)[0]
    first.write_text(first.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert kept_rules.kept(folder, _origin(folder)) is None


def test_a_file_that_comes_or_goes_is_read_again(folder: Path) -> None:
    _keep(folder)
    first = _files(folder)[0]
    assert kept_rules.kept(folder, kept_rules.made_from(folder, _files(folder)[1:])) is None
    shutil.copy(first, first.with_name("another.yaml"))
    assert kept_rules.kept(folder, _origin(folder)) is None


def test_other_modules_and_libraries_read_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package"
    (package / "part").mkdir(parents=True)
    module = package / "part" / "one.py"
    module.write_text("ONE = 1\n")
    monkeypatch.setattr(kept_rules, "_PACKAGE", package)
    rules = _keep(folder)
    assert kept_rules.kept(folder, _origin(folder)) == rules
    os.utime(module, ns=(1, 1))
    assert kept_rules.kept(folder, _origin(folder)) is None
    _keep(folder)
    monkeypatch.setattr(kept_rules, "__version__", "99.0")
    assert kept_rules.kept(folder, _origin(folder)) is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"made_from": "x", "rules": [{"id": 1}]}', b"\xff", b"[" * 100_000]
)
def test_what_is_no_such_file_is_passed_over(folder: Path, content: bytes) -> None:
    _keep(folder)
    (file,) = (folder / "__pycache__").iterdir()
    file.write_bytes(content)
    assert kept_rules.kept(folder, _origin(folder)) is None


@pytest.mark.parametrize("setting", ["dont_write_bytecode", "pycache_prefix"])
def test_nothing_is_written_where_python_may_not(
    setting: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, setting, str(tmp_path))
    _keep(folder)
    assert not (folder / "__pycache__").exists()


def test_a_folder_that_cannot_be_written_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "__pycache__").write_text("no folder")
    _keep(folder)
    assert kept_rules.kept(folder, _origin(folder)) is None
    monkeypatch.setattr(os, "access", lambda *_: False)
    (folder / "__pycache__").unlink()
    _keep(folder)
    assert not (folder / "__pycache__").exists()


def test_what_is_kept_is_no_rule_file(folder: Path) -> None:
    before = _files(folder)
    _keep(folder)
    assert _files(folder) == before


def test_the_rules_of_a_command_are_those_that_were_kept(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    rules = _keep(folder)
    monkeypatch.setattr(load, "rules_dir", lambda: folder)
    monkeypatch.setattr(load, "_TAKEN", [])
    monkeypatch.setattr(load, "_load", lambda *_: pytest.fail("the files are read"))
    load._built_in.cache_clear()
    try:
        assert load_rules([folder]) == rules
    finally:
        load._built_in.cache_clear()


def test_what_changes_while_the_rules_are_read_is_read_again(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The rules are those of before the change, and so is what they are said to come from."""
    rules = _as_built_in(folder)
    first = _files(folder)[0]

    def read(*_: object) -> tuple[Rule, ...]:
        first.write_text(first.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
        return rules

    monkeypatch.setattr(load, "rules_dir", lambda: folder)
    monkeypatch.setattr(load, "_load", read)
    load._built_in.cache_clear()
    try:
        assert load._built_in(True, False) == rules
    finally:
        load._built_in.cache_clear()
    assert kept_rules.kept(folder, _origin(folder)) is None


def test_what_cannot_be_told_apart_is_not_kept(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link to nowhere, as an editor's lock, is no reason; a library without its metadata, or a file that goes, is."""
    package = tmp_path / "package"
    package.mkdir()
    (package / ".#one.py").symlink_to("nobody@nowhere.1")
    monkeypatch.setattr(kept_rules, "_PACKAGE", package)
    rules = _keep(folder)
    assert kept_rules.kept(folder, _origin(folder)) == rules
    assert kept_rules.made_from(folder, (*_files(folder), folder / "gone.yaml")) is None
    monkeypatch.setattr(kept_rules, "_LIBRARIES", ("no-such-library",))
    assert _origin(folder) is None
    shutil.rmtree(folder / "__pycache__")
    _keep(folder)
    assert not (folder / "__pycache__").exists()
    assert kept_rules.kept(folder, None) is None
