"""From snapshot files to written reports, a summary and an exit code: the second half of audit, check and demo."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.cli.options import (
    DEFAULT_FORMATS,
    DEFAULT_OUTPUT,
    all_rules,
    names,
    rule_folders,
    selected,
)
from auditor.errors import AuditorError, ConfigError, ExitCode
from auditor.model.framework import Framework
from auditor.model.report import Gate, Report
from auditor.model.rule import Rule, Severity
from auditor.report.render import Format, render, write
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.run.messages import printable, silence_stdout

if TYPE_CHECKING:
    from auditor.config import Config
    from auditor.history.facts import Facts
    from auditor.model.drift import Drift
    from auditor.report.custom import CustomTemplate
    from auditor.run.run_store import RunRecorder
    from auditor.store.runs import RunStore
    from auditor.waivers.match import Waivers


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the options and the configuration said, checked before anything is collected.

    ``config`` holds what only the configuration can say (regions, AWS profile, personas). ``baseline``: what the
    earlier report.json holds; ``store``: where the run is kept.
    """

    config: Config
    rules: tuple[Rule, ...]
    severities: Mapping[str, Severity]
    overrides: Mapping[str, Mapping[str, Any]]
    merge: NestedMerge
    gate: Gate
    baseline: Facts | None
    store: RunStore | None
    waivers: Waivers
    frameworks: tuple[Framework, ...]
    allow_incomplete: bool
    formats: tuple[Format, ...]
    output: Path
    quiet: bool
    templates: tuple[CustomTemplate, ...] = ()
    security_hub: bool = False


def configuration(file: Path | None, quiet: bool) -> Config:
    """The configuration of ``--config``, else auditor.yaml of the working folder, which is then said on stderr."""
    from auditor.config import find_config, load_config

    path = find_config(file)
    if path is not None and file is None and not quiet:
        click.echo(f"Configuration: {path} in the working folder", err=True)
    return load_config(path)


def prepare(
    *,
    config: Path | None = None,
    rules_dirs: Sequence[Path],
    only: Sequence[str],
    skip: Sequence[str],
    parameters: Sequence[str],
    nested_merge: str | None,
    fail_on: Sequence[tuple[str, str]],
    new_only: bool | None,
    baseline: Path | None,
    waivers: Path | None,
    allow_incomplete: bool | None,
    frameworks: Sequence[str] = (),
    formats: tuple[Format, ...] | None,
    output: Path | None,
    store: str | None = None,
    quiet: bool,
    keep: bool = False,
    profile: str | None = None,
    templates: Sequence[Path] = (),
    security_hub: bool = False,
) -> Evaluation:
    """Everything that can be wrong with options and configuration is found here, before the first AWS call.

    An option that was given wins over the configuration; folders of rules and parameters add up. ``keep``: the
    configuration's store takes the run, not only the option's. ``profile``: AWS profile for a store in S3. Raises
    ConfigError.
    """
    from auditor.cli.gate_options import limits
    from auditor.rules.frameworks import framework_files, load_frameworks
    from auditor.rules.verdict_sql import parse_overrides
    from auditor.waivers.file import load_waivers
    from auditor.waivers.match import Waivers

    file = configuration(config, quiet)
    folders = [*file.rules_dirs, *rules_dirs]
    every = all_rules(folders)
    severities, overrides = file.for_rules(every)
    for rule_id, values in parse_overrides(parameters, every).items():
        overrides.setdefault(rule_id, {}).update(values)
    # --only says all about the selection; --skip leaves the configuration's "only" as it is.
    rules = selected(every, only or file.only, skip or (() if only else file.skip))
    kept = {rule.id for rule in rules}
    output = output or file.output or Path(DEFAULT_OUTPUT)
    custom = _templates(templates)
    # A template that is printed is the one report asked for, unless a format is asked for as well.
    formats = formats or (() if custom and _to_stdout(output) else file.formats or DEFAULT_FORMATS)
    if _to_stdout(output):
        if len(formats) + len(custom) != 1:
            raise ConfigError("--output - prints one report", hint="Add --format json, for example.")
    else:
        _check_names(formats, custom)
        _check_writable(output)
    known = framework_files(rule_folders(folders))
    file.check_frameworks(known)
    granted = waivers or file.waivers
    gate = limits(fail_on, new_only, baseline, file, every)
    place = store or (file.store if keep else None)
    if gate.new_only and not gate.baseline and place is None:
        raise ConfigError(
            "--new-only has nothing to compare with", hint="Give it --baseline FILE (a report.json), or --store."
        )
    return Evaluation(
        config=file,
        rules=rules,
        severities={rule_id: severity for rule_id, severity in severities.items() if rule_id in kept},
        overrides=overrides,
        merge=NestedMerge(nested_merge) if nested_merge else file.nested_merge or NestedMerge.UNKNOWN,
        gate=gate,
        baseline=_baseline(baseline or file.baseline),
        waivers=Waivers(load_waivers(granted, every) if granted else (), file.waiver_tag, every),
        frameworks=load_frameworks(known, names(frameworks) or file.frameworks, every),
        allow_incomplete=bool(file.allow_incomplete if allow_incomplete is None else allow_incomplete),
        formats=formats,
        output=output,
        quiet=quiet,
        templates=custom,
        security_hub=security_hub,
        # Last: it may write, and nothing else may be wrong then.
        store=_store(place, profile or file.profile),
    )


def _baseline(path: Path | None) -> Facts | None:
    if path is None:
        return None
    from auditor.history.facts import read_report

    return read_report(path)


def _store(place: str | None, profile: str | None) -> RunStore | None:
    if place is None:
        return None
    from auditor.run.run_store import open_store

    return open_store(place, profile)


def _templates(paths: Sequence[Path]) -> tuple[CustomTemplate, ...]:
    """The user's templates, parsed now: an hour of collecting must not end at a typo."""
    if not paths:
        return ()
    from auditor.report.custom import load_template

    return tuple(map(load_template, paths))


def _check_names(formats: Sequence[Format], templates: Sequence[CustomTemplate]) -> None:
    taken = {output.file_name for output in formats}
    for template in templates:
        if template.file_name in taken:
            raise ConfigError(
                f"{template.path}: another report is written as {template.file_name} already",
                hint="Rename the template, or leave that format out.",
            )
        taken.add(template.file_name)


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


def conclude(
    plan: Evaluation, files: Sequence[Path], profile: str | None = None, *, drift: Drift | None = None
) -> ExitCode:
    """Evaluate, compare with what was before, write the reports, keep the run, print the summary, send; the exit code.

    ``profile`` is for sending. ``drift`` goes into the report and changes no exit code.
    """
    from auditor.evaluate.gate import exit_code

    with ExitStack() as stack:
        keeper = None
        if plan.store is not None:
            from auditor.run.run_store import recording

            keeper = stack.enter_context(recording(plan.store))
        report = replace(_judged(plan, files, keeper), drift=drift)
        code = exit_code(report, allow_incomplete=plan.allow_incomplete)
        written: tuple[Path, ...] = ()
        if _to_stdout(plan.output):
            with _patient():
                for piece in plan.templates[0].render(report) if plan.templates else render(report, plan.formats[0]):
                    click.echo(piece, nl=False)
        else:
            written = write(report, plan.formats, plan.output, plan.templates)
        kept = _kept(keeper, report, code, written)
        if not plan.quiet and not _to_stdout(plan.output):
            with _patient():
                show(report, code, written, kept)
    if plan.security_hub:
        from auditor.cli.delivery import deliver

        code = deliver(report, code, profile or plan.config.profile, quiet=plan.quiet)
    return code


def _kept(keeper: RunRecorder | None, report: Report, code: ExitCode, written: Sequence[Path]) -> str:
    """Where the run lies now. That it could not be kept must not hide that the gate failed: 4 wins."""
    if keeper is None:
        return ""
    try:
        return keeper.keep(report, code, written)
    except AuditorError as error:
        if code is not ExitCode.FINDINGS:
            raise
        click.echo(f"Error: {printable(error.diagnosis())}", err=True)
        return ""


def evaluated(plan: Evaluation, files: Sequence[Path], keeper: RunRecorder | None = None) -> Report:
    """The report, waivers applied, without what earlier runs know."""
    from auditor.evaluate.audit import evaluate

    return evaluate(
        files,
        plan.rules,
        severities=plan.severities,
        overrides=plan.overrides,
        merge=plan.merge,
        personas=plan.config.personas,
        frameworks=plan.frameworks,
        waivers=plan.waivers,
        export=keeper.export if keeper is not None else None,
        with_inventory=Format.HTML in plan.formats or bool(plan.templates),
    )


def _judged(plan: Evaluation, files: Sequence[Path], keeper: RunRecorder | None) -> Report:
    """The report, compared with the store or the baseline, and what fails the run decided."""
    from auditor.evaluate.gate import apply_gate

    report = evaluated(plan, files, keeper)
    comparison, known = None, None
    if plan.baseline is not None:
        known = plan.baseline.known
    if keeper is not None:
        comparison = keeper.compare(report)
    elif plan.baseline is not None:
        from auditor.history.compare import compare
        from auditor.history.facts import facts_of

        comparison = compare(plan.baseline, facts_of(report))
    return apply_gate(report, plan.gate, comparison, known)


@contextmanager
def _patient() -> Iterator[None]:
    """A reader of stdout that leaves early must not change the gate's exit code."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()


def show(report: Report, code: ExitCode, written: Sequence[Path], kept: str = "") -> None:
    """The summary of a report on stdout, in colour where that is a terminal."""
    from rich.console import Console

    from auditor.cli.summary import summary

    width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", "100"))
    Console(width=width, highlight=False).print(summary(report, code, written, kept))
