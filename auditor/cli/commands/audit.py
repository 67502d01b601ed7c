"""auditor audit"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.cli.options import (
    SOURCE,
    debug_option,
    delivery_option,
    evaluation_options,
    evidence_options,
    quiet_option,
    report_options,
    source_options,
    store_option,
)
from auditor.errors import ExitCode

if TYPE_CHECKING:
    from auditor.cli.evaluation import Evaluation


@click.command("audit", short_help="Collect an AWS account, evaluate the rules, report.")
@source_options
@evidence_options
@click.option(
    "--snapshot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Keep the raw snapshot here."
)
@evaluation_options
@report_options
@store_option
@delivery_option
@quiet_option
@debug_option
def command(
    snapshot: Path | None,
    quiet: bool,
    **options: Any,
) -> ExitCode:
    """Collect an AWS account, evaluate the rules, report.

    Reads only, unless it is told to send; "auditor permissions" prints the IAM policy. Exit codes: 0 nothing at or
    above --fail-on, 2 usage or configuration, 3 nothing could be collected, 4 findings, 5 incomplete.
    """
    from auditor.cli.evaluation import prepare

    source = {name: options.pop(name) for name in SOURCE}
    plan = prepare(quiet=quiet, keep=True, profile=source["profile"], **options)
    source["profile"] = source["profile"] or plan.config.profile
    source["regions"] = source["regions"] or plan.config.regions
    return run(plan, snapshot, source)


def run(plan: Evaluation, snapshot: Path | None, source: Mapping[str, Any]) -> ExitCode:
    """Collect, then evaluate and report as planned. ``source``: what ``auditor.cli.options.SOURCE`` names."""
    from auditor.cli.evaluation import conclude
    from auditor.cli.progress import progress
    from auditor.run.collect import collected
    from auditor.store.snapshot_file import write_snapshot

    with progress(plan.quiet) as shown:
        found = collected(progress=shown, store=plan.store, **source)
    if snapshot is not None:
        write_snapshot(snapshot, found)
        return conclude(plan, [snapshot], source["profile"])
    with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
        path = Path(folder) / "snapshot.jsonl"
        write_snapshot(path, found)
        del found
        return conclude(plan, [path], source["profile"])
