"""The user's own Jinja templates: ``--template FILE``.

A template is given ``report``, the frozen ``auditor.model.report.Report``, and nothing else; docs/formats.md lists its
members and the filters. It runs in Jinja's sandbox and changes nothing; a name or member that does not exist is an
error with file and line. What other templates it includes or extends, it finds in its own folder.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import jinja2.meta
import jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from auditor.errors import ConfigError
from auditor.inert_text import one_line
from auditor.model.report import Report
from auditor.regular_files import NotReadError, read_text
from auditor.report.csv_format import safe
from auditor.report.json_text import to_json
from auditor.report.markdown.markdown_text import text
from auditor.report.phrases import name, place, status
from auditor.rules.message import format_value

#: A template's name ends in one of these; without it, it is the report's name.
#: Bytes of a template.
_LARGEST = 8 * 1024 * 1024
SUFFIXES = (".j2", ".jinja", ".jinja2")
#: Reports with these endings have their values escaped.
ESCAPED = (".html", ".htm", ".xhtml", ".xml", ".svg")
CONTEXT = "report"
#: What an expression of the user's may raise: Jinja's own errors (an undefined name, an unsafe call, a file that is not
#: there), and those of the operators, methods and filters that it uses (a division by zero, a sum of texts, a text of a
#: terabyte, a macro that calls itself).
_RAISED = (
    jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
_DOCS = "docs/formats.md lists what a template is given."


@dataclass(frozen=True, slots=True)
class CustomTemplate:
    """A template that can be parsed. ``file_name`` is what it is written as."""

    path: Path
    file_name: str
    _environment: jinja2.Environment = field(repr=False, compare=False)

    def render(self, report: Report) -> Iterator[str]:
        """The report's text, piece by piece. Raises ConfigError naming file and line."""
        try:
            yield from self._environment.get_template(self.path.name).generate({CONTEXT: report})
        except jinja2.TemplateSyntaxError as error:
            raise _syntax(error, self.path) from error
        except _RAISED as error:
            file, line = _where(error, self.path)
            raise ConfigError.at(file, line, _reason(error), hint=_DOCS) from error


def load_template(path: Path) -> CustomTemplate:
    """Read and parse it. Raises ConfigError for one that cannot be read, named, or parsed, or reads unknown names."""
    stem = next((path.name.removesuffix(s) for s in SUFFIXES if path.name.endswith(s)), "")
    if not stem or stem.startswith("."):
        raise ConfigError(
            f"{path}: a template's name ends in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}",
            hint="The report is named without that ending: summary.md.j2 becomes summary.md.",
        )
    try:
        source = read_text(path, _LARGEST)
    except NotReadError as error:
        raise ConfigError(f"cannot read the template {path}: {error.reason}") from error
    environment = _environment(path.parent)
    try:
        tree = environment.parse(source, path.name, str(path))
    except jinja2.TemplateSyntaxError as error:
        raise _syntax(error, path) from error
    for unknown in sorted(jinja2.meta.find_undeclared_variables(tree) - {CONTEXT}):
        nodes = [n for n in tree.find_all(jinja2.nodes.Name) if n.name == unknown]
        line = nodes[0].lineno if nodes else 1
        raise ConfigError.at(path, line, f"there is no {unknown!r}; a template is given {CONTEXT!r} only", hint=_DOCS)
    return CustomTemplate(path, stem, environment)


def _environment(folder: Path) -> jinja2.Environment:
    made = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        autoescape=_escapes,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "json": to_json, "shown": format_value, "one_line": one_line, "markdown": text,
        "csv": lambda value: safe(str(value)), "status": status, "place": place,
        "resource_name": name, "thousands": lambda number: f"{number:,}",
    }  # fmt: skip
    return made


def _escapes(template: str | None) -> bool:
    bare = next((template.removesuffix(s) for s in SUFFIXES if template.endswith(s)), template) if template else ""
    return bare.lower().endswith(ESCAPED)


def _syntax(error: jinja2.TemplateSyntaxError, path: Path) -> ConfigError:
    return ConfigError.at(error.filename or path, error.lineno, error.message or "it cannot be parsed", hint=_DOCS)


def _where(error: Exception, path: Path) -> tuple[str, int | None]:
    """The innermost place inside the template or one that it includes."""
    folder = str(path.parent)
    frames = [
        f for f in traceback.extract_tb(error.__traceback__)
        if Path(f.filename).parent == Path(folder) and Path(f.filename).suffix in (*SUFFIXES, path.suffix)
    ]  # fmt: skip
    return (frames[-1].filename, frames[-1].lineno) if frames else (str(path), None)


def _reason(error: Exception) -> str:
    message = one_line(str(error))
    if isinstance(error, jinja2.TemplateNotFound):
        return f"there is no template {error.name!r} in its folder"
    if isinstance(error, jinja2.TemplateError):
        return message
    return f"{type(error).__name__}: {message}"
