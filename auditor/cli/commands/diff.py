"""auditor diff"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.cli.diff_view import render
from auditor.cli.option_groups import LocalPath
from auditor.cli.options import debug_option, rule_options
from auditor.cli.store_options import Reading, reading_options, store_of
from auditor.cli.terminal import StderrMessages, emit
from auditor.config.find_config import ConfigChoice
from auditor.errors import ConfigError, DamagedError, ExitCode
from auditor.model.rule import Severity
from auditor.regular_files import open_regular
from auditor.run.run_options import GateOptions, ReportOptions, RuleOptions, RunOptions
from auditor.run.thresholds import NEVER

if TYPE_CHECKING:
    from auditor.history.facts import Facts
    from auditor.store.manifest import Manifest, StoredFile


@click.command("diff", short_help="Compare two reports, snapshots, or runs of a store.")
@click.argument("old", required=False)
@click.argument("new", required=False)
@reading_options
@rule_options
@click.option(
    "--fail-on", type=click.Choice([*(s.value for s in Severity), NEVER]), default=Severity.INFO.value,
    show_default=True, help="Exit 4 when a finding of at least this severity is new or came back.",
)  # fmt: skip
@click.option("--allow-incomplete", is_flag=True, help="Do not exit 5 when NEW could not assess what failed in OLD.")
@click.option(
    "--format", "output", type=click.Choice(["table", "markdown", "json"]), default="table", show_default=True,
    help="How to print it.",
)  # fmt: skip
@debug_option
def command(
    old: str | None,
    new: str | None,
    reading: Reading,
    fail_on: str,
    allow_incomplete: bool,
    output: str,
    **rules: Any,
) -> ExitCode:
    """Show what changed from OLD to NEW: new, regressed, resolved, no longer assessed, carried over, waived.

    Each is a report.json or a snapshot, which is evaluated now. With --store each is a run: latest, previous, a day
    (2026-11-23) or a run's id; previous and latest if left out.

    Exit codes: 0 nothing got worse, 2 usage, 4 a failure is new, came back, or is no longer waived, 5 NEW could not
    assess what failed in OLD.

    \b
    auditor diff last-night.jsonl night.jsonl
    auditor diff --store nights previous latest --format markdown
    """
    from auditor.history.compare_runs import difference

    if reading.store is not None or old is None:
        before, after = _runs(old or "previous", new or "latest", reading)
    elif new is None:
        raise ConfigError("diff needs OLD and NEW", hint="Two files, or --store and two runs.")
    else:
        local = LocalPath()
        paths = [Path(local.convert(text, None, click.get_current_context())) for text in (old, new)]
        before, after = _sides(paths, reading.config, rules)
    found = difference(before, after)
    lines = (f"{line}\n" for line in render(found, output))
    if output == "json":
        emit(lines)
    else:
        for line in lines:
            click.echo(line, nl=False)
    if fail_on != NEVER and any(f.severity.rank <= Severity(fail_on).rank for f in found.worse):
        return ExitCode.FINDINGS
    if (found.not_assessed or found.carried_over) and not allow_incomplete:
        return ExitCode.INCOMPLETE
    return ExitCode.OK


def _runs(old: str, new: str, reading: Reading) -> tuple[Facts, Facts]:
    from auditor.history.facts import read_report
    from auditor.store.runs import choose
    from auditor.temporary_files import workspace

    found, _ = store_of(reading, missing="diff needs OLD and NEW, two files, or a store")
    runs = found.runs()
    sides = [choose(runs, text) for text in (old, new)]
    with workspace("diff") as folder:
        before, after = (read_report(path) for path in found.fetch(map(_report, sides), folder))
    return before, after


def _report(run: Manifest) -> StoredFile:
    found = run.report("report.json.gz")
    if found is None:
        raise DamagedError(f"run {run.run_id} holds no report.json")
    return found


def _sides(paths: Sequence[Path], config: ConfigChoice, rules: dict[str, Any]) -> tuple[Facts, Facts]:
    from auditor.history.facts import read_report

    snapshots = [path for path in paths if _is_snapshot(path)]
    evaluated = _evaluated(snapshots, config, rules) if snapshots else {}
    before, after = (evaluated[path] if path in evaluated else read_report(path) for path in paths)
    return before, after


def _is_snapshot(path: Path) -> bool:
    """A snapshot's first line is its header; a report.json is one object over many lines."""
    try:
        with open_regular(path) as file:
            return file.read(12).startswith(b'{"snapshot":')
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error


def _evaluated(snapshots: Sequence[Path], config: ConfigChoice, rules: dict[str, Any]) -> dict[Path, Facts]:
    from auditor.history.facts import facts_of
    from auditor.run.conclude import evaluated
    from auditor.run.plan import configuration, plan_run
    from auditor.store.masked_copies import without_secrets

    settings = configuration(config, StderrMessages(quiet=True))
    options = RunOptions(settings, RuleOptions(**rules), GateOptions(new_only=False), ReportOptions(write=False))
    plan = plan_run(options)
    with without_secrets(snapshots) as files:
        return {path: facts_of(evaluated(plan, [file])) for path, file in zip(snapshots, files, strict=True)}
