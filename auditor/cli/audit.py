"""auditor audit"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from auditor.cli.options import debug_option, evaluation_options, quiet_option, report_options, source_options
from auditor.errors import ExitCode


@click.command("audit", short_help="Collect an AWS account, evaluate the rules, report.")
@source_options
@click.option(
    "--snapshot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Keep the raw snapshot here."
)
@evaluation_options
@report_options
@quiet_option
@debug_option
def command(
    profile: str | None,
    regions: tuple[str, ...],
    concurrency: int,
    snapshot: Path | None,
    quiet: bool,
    **options: Any,
) -> ExitCode:
    """Collect an AWS account, evaluate the rules, report.

    Reads only; "auditor permissions" prints the IAM policy. Exit codes: 0 nothing at or above --fail-on, 2 usage or
    configuration, 3 nothing could be collected, 4 findings, 5 incomplete.
    """
    from auditor.cli.evaluation import conclude, prepare
    from auditor.cli.progress import progress
    from auditor.collect.aws import CollectOptions, collect
    from auditor.store.snapshot_file import write_snapshot

    plan = prepare(quiet=quiet, **options)
    with progress(quiet) as shown:
        collected = collect(CollectOptions(profile, regions, concurrency), shown)
    if snapshot is not None:
        write_snapshot(snapshot, collected)
        return conclude(plan, [snapshot])
    with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
        path = Path(folder) / "snapshot.jsonl"
        write_snapshot(path, collected)
        del collected
        return conclude(plan, [path])
