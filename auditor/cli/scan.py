"""auditor scan"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

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


@click.command("scan", short_help="Evaluate templates before they are deployed.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@template_options
@click.option(
    "--snapshot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Keep the snapshot here."
)
@evaluation_options
@report_options
@store_option
@quiet_option
@debug_option
def command(paths: tuple[Path, ...], snapshot: Path | None, quiet: bool, **options: Any) -> ExitCode:
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
    found = scan(paths, template)
    if snapshot is not None:
        write_snapshot(snapshot, found)
        return conclude(plan, [snapshot])
    with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
        path = Path(folder) / "snapshot.jsonl"
        write_snapshot(path, found)
        return conclude(plan, [path])
