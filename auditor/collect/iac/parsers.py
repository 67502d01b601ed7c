"""checkov's parsers, and only those: imported late, without the thousand checks, quietly and without a network.

Importing ``checkov`` configures the root logger, and importing ``checkov.cloudformation`` loads all of its checks (a
second). So the package is entered by its ``parser`` only, and the logger is put back as it was. None of this reaches
for the network; checkov's command line does, see docs/templates.md.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from auditor.errors import ConfigError

_CLOUDFORMATION = "checkov.cloudformation"


class UnreadableError(Exception):
    """A file that cannot be parsed: why, and at which line (None: not known)."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class NotATemplateError(UnreadableError):
    """A file that can be parsed and is something else."""


def require() -> None:
    """Raise ConfigError where the extra is not installed."""
    if find_spec("checkov") is None:
        raise ConfigError(
            "templates need the extra checkov, which is not installed",
            hint="Install it in an environment of its own, since it pins an old boto3:"
            " pip install 'sagemaker-studio-auditor[checkov]'",
        )


@contextmanager
def quiet() -> Iterator[None]:
    """checkov logs each file that it cannot parse, and sets up the root logger when it is imported: neither is seen."""
    root, disabled = logging.getLogger(), logging.root.manager.disable
    handlers, level, filters = root.handlers[:], root.level, root.filters[:]
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)
        root.handlers[:], root.filters[:] = handlers, filters
        root.setLevel(level)


def _cloudformation_parser() -> Any:
    """checkov.cloudformation.parser, without running checkov/cloudformation/__init__.py."""
    if "checkov.cloudformation.parser" in sys.modules:
        return sys.modules["checkov.cloudformation.parser"]
    require()
    with quiet():
        if _CLOUDFORMATION in sys.modules:
            return import_module("checkov.cloudformation.parser")
        package = ModuleType(_CLOUDFORMATION)
        spec = find_spec("checkov")
        assert spec is not None
        assert spec.submodule_search_locations is not None
        package.__path__ = [str(Path(place) / "cloudformation") for place in spec.submodule_search_locations]
        sys.modules[_CLOUDFORMATION] = package
        try:
            return import_module("checkov.cloudformation.parser")
        finally:
            # Whoever imports the package next gets the real one.
            del sys.modules[_CLOUDFORMATION]


def parse_cloudformation(path: Path) -> Any:
    """The template as checkov's parser gives it; its keys know their lines. Raises UnreadableError."""
    parser = _cloudformation_parser()
    problems: dict[str, str] = {}
    with quiet():
        try:
            template, _ = parser.parse(str(path), problems)
            if template is None:
                # It swallows what went wrong, so the loader is asked again.
                parser.cfn_yaml.load(str(path), parser.cfn_yaml.ContentType.CFN)
        except RecursionError:
            raise UnreadableError("it is nested too deeply") from None
        except Exception as error:
            # checkov raises whatever a file provokes; each means that it cannot be parsed.
            raise _unreadable(error) from error
    if template is None:
        raise UnreadableError(problems.get(str(path), "it cannot be parsed"))
    return template


def _unreadable(error: Exception) -> UnreadableError:
    mark = getattr(error, "problem_mark", None)
    line = getattr(error, "line_number", None)
    if line is None and mark is not None:
        line = mark.line
    text = getattr(error, "message", None) or getattr(error, "problem", None) or str(error)
    return UnreadableError(
        " ".join(str(text).split())[:200] or type(error).__name__, None if line is None else line + 1
    )
