"""auditor scan"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.cli.options import (
    TEMPLATES,
    debug_option,
    evaluation_options,
    quiet_option,
    report_options,
    store_option,
    template_options,
)
from auditor.errors import ExitCode

if TYPE_CHECKING:
    from auditor.cli.evaluation import Evaluation
    from auditor.drift.sides import LiveFile
    from auditor.model.drift import Drift
    from auditor.model.snapshot import Snapshot


@click.command("scan", short_help="Evaluate templates before they are deployed.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@template_options
@click.option(
    "--snapshot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Keep the snapshot here."
)
@click.option(
    "--against",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="SNAPSHOT",
    help="Hold the templates against this snapshot of an account as well: what no template defines, what is not"
    " deployed, and settings in which the two disagree; repeatable. Changes no exit code.",
)
@evaluation_options
@report_options
@store_option
@quiet_option
@debug_option
def command(
    paths: tuple[Path, ...], snapshot: Path | None, against: tuple[Path, ...], quiet: bool, **options: Any
) -> ExitCode:
    """Evaluate templates before they are deployed, with the same rules as a live account.

    PATH is a CloudFormation template (YAML or JSON), a folder that "cdk synth" wrote (cdk.out), a folder with Terraform
    configuration, a plan that "terraform show -json" wrote, or a folder to search for all of them. What a template does
    not tell is unknown, never passed. Needs the extra checkov and no AWS; see docs/templates.md.

    Exit codes: 0 nothing at or above --fail-on, 2 usage or configuration, 3 nothing could be assessed, 4 findings,
    5 incomplete: a file could not be read, or a value could not be resolved.
    """
    from auditor.cli.evaluation import conclude, prepare
    from auditor.collect.iac.scan import ScanOptions, scan
    from auditor.store.snapshot_file import write_snapshot

    template = ScanOptions(*(options.pop(name) for name in TEMPLATES))
    plan = prepare(quiet=quiet, **options)
    live = _live(against)
    found = scan(paths, template)
    drift = _drift(found, live, plan) if live else None
    if snapshot is not None:
        write_snapshot(snapshot, found)
        return conclude(plan, [snapshot], drift=drift)
    with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
        path = Path(folder) / "snapshot.jsonl"
        write_snapshot(path, found)
        return conclude(plan, [path], drift=drift)


def _live(against: Sequence[Path]) -> tuple[LiveFile, ...]:
    """The account's snapshots, read before anything is scanned or written."""
    if not against:
        return ()
    from auditor.drift.detect import load_live

    return load_live(against)


def _drift(found: Snapshot, live: Sequence[LiveFile], plan: Evaluation) -> Drift:
    from auditor.drift.detect import drift
    from auditor.evaluate.inventory import owner_tags

    return drift(found, live, owner_tags(plan.rules, plan.overrides))
