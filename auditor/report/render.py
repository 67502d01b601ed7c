"""The registry of formats, and writing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.model.report import Report
from auditor.store.files import PRIVATE, Access, atomic

if TYPE_CHECKING:
    from auditor.report.custom import CustomTemplate

Renderer = Callable[[Report], Iterator[str]]


class Format(StrEnum):
    """What ``--format`` offers. The value is the name, ``file_name`` what it is written as."""

    HTML = "html"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    OCSF = "ocsf"
    CSV = "csv"
    MARKDOWN = "markdown"
    ASFF = "asff"
    CODEQUALITY = "codequality"
    EXECUTIVE = "executive"
    OSCAL = "oscal"

    @property
    def file_name(self) -> str:
        return f"report.{_ENDINGS.get(self, self.value)}"


_ENDINGS = {
    Format.JUNIT: "junit.xml", Format.OCSF: "ocsf.json", Format.MARKDOWN: "md", Format.ASFF: "asff.json",
    Format.CODEQUALITY: "codequality.json", Format.EXECUTIVE: "executive.html", Format.OSCAL: "oscal.json",
}  # fmt: skip


def render(report: Report, output: Format) -> Iterator[str]:
    """The report's text, piece by piece."""
    # One module a format, named after it, imported only when it is asked for.
    renderer: Renderer = import_module(f"auditor.report.{output.value}_format").render
    return renderer(report)


def write(
    report: Report,
    formats: Sequence[Format],
    folder: Path,
    templates: Sequence[CustomTemplate] = (),
    mode: Access = PRIVATE,
) -> tuple[Path, ...]:
    """Write each format, then each of the user's templates, into the folder: each file whole or not at all.

    Raises ConfigError where that is impossible, and where a template fails.
    """
    written = [_written(folder / output.file_name, render(report, output), mode) for output in formats]
    return (*written, *(_written(folder / t.file_name, t.render(report), mode) for t in templates))


def _written(path: Path, pieces: Iterable[str], mode: Access) -> Path:
    with atomic(path, mode) as out:
        for piece in pieces:
            out.write(piece.encode("utf-8"))
    return path
