"""Compiled templates that are kept: what is rendered is what is rendered without them, whatever lies there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest

from auditor.report import templates

TEXT = "{% macro row(x) %}<td>{{ x }}</td>{% endmacro %}{{ row(name) }}"
RENDERED = "<td>a&amp;b</td>"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(templates, "templates_dir", lambda: tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "page.html.j2").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what Jinja compiles."""
    names: list[str] = []
    plain = jinja2.Environment.compile

    def compile_(self: jinja2.Environment, source: str, name: str, *rest: object) -> object:
        names.append(name)
        return plain(self, source, name, *rest)

    monkeypatch.setattr(jinja2.Environment, "compile", compile_)
    return names


def _rendered(kind: str = "page") -> str:
    return templates.environment(kind).get_template("page.html.j2").render(name="a&b")


def _kept(folder: Path) -> Path:
    (file,) = (folder / "__pycache__").iterdir()
    return file


def test_a_template_is_compiled_once(folder: Path, compiled: list[str]) -> None:
    assert [_rendered(), _rendered(), _rendered()] == [RENDERED] * 3
    assert compiled == ["page.html.j2"]
    assert _kept(folder).stat().st_mode & 0o777 == 0o644


def test_a_template_that_changes_is_compiled_again(folder: Path, compiled: list[str]) -> None:
    _rendered()
    (folder / "page.html.j2").write_text("{{ name }}!", encoding="utf-8")
    assert [_rendered(), _rendered()] == ["a&amp;b!"] * 2
    assert len(compiled) == 2


def test_what_other_options_made_is_not_used(folder: Path) -> None:
    """Jinja itself would take it: the text and Python are the same."""
    _rendered()
    other = templates.environment("other")
    other.finalize = lambda value: "finalized"
    template = other.get_template("page.html.j2")
    assert "finalized" in template.render(name="a&b")
    assert _rendered() == RENDERED
    assert len(list((folder / "__pycache__").iterdir())) == 2


@pytest.mark.parametrize("library", ["jinja2", "markupsafe"])
def test_what_another_version_compiled_is_not_used(
    library: str, folder: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _rendered()
    versions = templates.version
    monkeypatch.setattr(templates, "version", lambda name: "0.1" if name == library else versions(name))
    assert _rendered() == RENDERED
    assert len(compiled) == 2


def _damages(content: bytes) -> dict[str, bytes]:
    middle = len(content) // 2
    return {
        "nothing": b"", "short": content[:20], "cut": content[:middle], "text": b"no code" * 20,
        "a bit": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:],
        "the hash": bytes([content[0] ^ 1]) + content[1:],
    }  # fmt: skip


@pytest.mark.parametrize("damage", list(_damages(b"x" * 100)))
def test_what_is_damaged_is_compiled_again(damage: str, folder: Path, compiled: list[str]) -> None:
    _rendered()
    whole = _kept(folder).read_bytes()
    _kept(folder).write_bytes(_damages(whole)[damage])
    assert _rendered() == RENDERED
    assert len(compiled) == 2
    assert _kept(folder).read_bytes() == whole


def _no_bytecode(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def _elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(folder / "elsewhere"))


def _read_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.kept_files.os.access", lambda *_: False)


def _no_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "__pycache__").write_text("no folder", encoding="utf-8")


@pytest.mark.parametrize("hinder", [_no_bytecode, _elsewhere, _read_only, _no_folder])
def test_a_page_needs_nothing_to_be_kept(
    hinder: Callable[[Path, pytest.MonkeyPatch], None], folder: Path, compiled: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    hinder(folder, monkeypatch)
    assert [_rendered(), _rendered()] == [RENDERED] * 2
    assert len(compiled) == 2
    assert not (folder / "__pycache__").is_dir()
