"""The registry of formats, and writing them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from importlib import import_module
from pathlib import Path

from auditor.model.report import Report
from auditor.store.files import atomic

Renderer = Callable[[Report], Iterator[str]]


class Format(StrEnum):
    """What ``--format`` offers. The value is the name, ``file_name`` what it is written as."""

    HTML = "html"
    JSON = "json"

    @property
    def file_name(self) -> str:
        return f"report.{self.value}"


def render(report: Report, output: Format) -> Iterator[str]:
    """The report's text, piece by piece."""
    # One module a format, named after it, imported only when it is asked for.
    renderer: Renderer = import_module(f"auditor.report.{output.value}_format").render
    return renderer(report)


def write(report: Report, formats: Sequence[Format], folder: Path) -> tuple[Path, ...]:
    """Write each format into the folder, each file whole or not at all. Raises ConfigError where that is impossible."""
    written = []
    for output in formats:
        path = folder / output.file_name
        with atomic(path) as out:
            for piece in render(report, output):
                out.write(piece.encode("utf-8"))
        written.append(path)
    return tuple(written)
