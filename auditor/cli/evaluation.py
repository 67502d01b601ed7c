"""From snapshot files to written reports, a summary and an exit code: the second half of audit, check and demo."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from auditor.cli.options import chosen_rules
from auditor.cli.text import silence_stdout
from auditor.errors import ConfigError, ExitCode
from auditor.model.report import Report
from auditor.model.rule import Rule, Severity
from auditor.report.render import Format, render, write
from auditor.resolve.layers import NestedMerge


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the evaluation and report options said, checked before anything is collected."""

    rules: tuple[Rule, ...]
    overrides: Mapping[str, Mapping[str, Any]]
    merge: NestedMerge
    fail_on: Severity | None
    allow_incomplete: bool
    formats: tuple[Format, ...]
    output: Path
    quiet: bool


def prepare(
    *,
    rules_dirs: Sequence[Path],
    only: Sequence[str],
    skip: Sequence[str],
    parameters: Sequence[str],
    nested_merge: str,
    fail_on: str,
    allow_incomplete: bool,
    formats: tuple[Format, ...],
    output: Path,
    quiet: bool,
) -> Evaluation:
    """Everything that can be wrong with the options is found here, before the first AWS call. Raises ConfigError."""
    from auditor.evaluate.sql import parse_overrides

    rules = chosen_rules(rules_dirs, only, skip)
    overrides = parse_overrides(parameters, rules)
    if _to_stdout(output):
        if len(formats) != 1:
            raise ConfigError("--output - prints one report", hint="Add --format json, for example.")
    else:
        _check_writable(output)
    return Evaluation(
        rules, overrides, NestedMerge(nested_merge), None if fail_on == "none" else Severity(fail_on),
        allow_incomplete, formats, output, quiet,
    )  # fmt: skip


def _to_stdout(output: Path) -> bool:
    return str(output) == "-"


def _check_writable(folder: Path) -> None:
    """An hour of collecting must not end at a folder that cannot be written. The folder itself is made late."""
    from auditor.store.files import unwritable

    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        raise ConfigError(f"cannot write to {folder}: {existing} is not a folder")
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise unwritable(folder, error) from error


def conclude(plan: Evaluation, files: Sequence[Path]) -> ExitCode:
    """Evaluate, write the reports, print the summary; the gate's exit code."""
    from auditor.evaluate.audit import evaluate, gate

    report = evaluate(files, plan.rules, overrides=plan.overrides, fail_on=plan.fail_on, merge=plan.merge)
    code = gate(report, allow_incomplete=plan.allow_incomplete)
    if _to_stdout(plan.output):
        with _patient():
            for piece in render(report, plan.formats[0]):
                click.echo(piece, nl=False)
        return code
    written = write(report, plan.formats, plan.output)
    if not plan.quiet:
        with _patient():
            show(report, code, written)
    return code


@contextmanager
def _patient() -> Iterator[None]:
    """A reader of stdout that leaves early must not change the gate's exit code."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()


def show(report: Report, code: ExitCode, written: Sequence[Path]) -> None:
    """The summary of a report on stdout, in colour where that is a terminal."""
    from rich.console import Console

    from auditor.cli.summary import summary

    width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", "100"))
    Console(width=width, highlight=False).print(summary(report, code, written))
