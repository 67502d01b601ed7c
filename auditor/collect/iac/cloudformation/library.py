"""Template files, each read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditor.collect.iac.marked import load
from auditor.collect.iac.source_text import decoded
from auditor.collect.iac.tree import Tree, real_path
from auditor.collect.iac.unreadable import NotATemplateError, UnreadableError


@dataclass(slots=True)
class Template:
    """A parsed template file. ``name`` is the file as the user would name it. ``line`` stands for all lines of one that
    is a text inside another template."""

    path: Path
    name: str
    content: Mapping[str, Any]
    line: int | None = None


@dataclass(slots=True)
class Library:
    """Reads each file of the tree once, and names files as the user would."""

    name: Callable[[Path], str]
    tree: Tree
    _read: dict[Path, Template] = field(default_factory=dict)

    def template(self, path: Path) -> Template:
        """Raises UnreadableError where the file is not a template."""
        path = real_path(path)
        if path not in self._read:
            self._read[path] = Template(path, self.name(path), _content(decoded(self.tree.read(path))))
        return self._read[path]

    def inside(self, text: str, around: Template, line: int | None) -> Template:
        """A template that is a text of another one, at a line of it. Raises UnreadableError."""
        return Template(around.path, around.name, _content(text), line or 1)


def _content(text: str) -> Mapping[str, Any]:
    content = load(text, functions=True)
    if not isinstance(content, Mapping) or not {"Resources", "AWSTemplateFormatVersion"} & set(content):
        raise NotATemplateError("it is not a template")
    if not isinstance(content.get("Resources"), Mapping):
        raise UnreadableError("it has no Resources")
    found: Mapping[str, Any] = content
    return found
