"""auditor collect"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from auditor.cli.options import debug_option, evidence_options, mode_option, quiet_option, source_options
from auditor.cli.terminal import StderrMessages, say
from auditor.counting import plural
from auditor.errors import ExitCode
from auditor.run.run_options import AwsOptions
from auditor.store.files import Access
from auditor.studio.resource_types import STUDIO_KINDS


@click.command("collect", short_help="Collect an AWS account into a snapshot file.")
@source_options
@evidence_options
@click.option(
    "--snapshot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", required=True, help="File to write."
)
@mode_option
@quiet_option
@debug_option
def command(snapshot: Path, mode: Access, quiet: bool, **source: Any) -> ExitCode:
    """Collect an AWS account into a snapshot file, to be evaluated later with "auditor check".

    Exit codes: 0 complete, 3 nothing could be collected, 5 data is missing (the file says which).
    """
    from auditor.cli.progress import progress
    from auditor.run.collect import collected
    from auditor.store.snapshot_file import write_snapshot
    from auditor.temporary_files import remove_leftovers

    remove_leftovers(snapshot.parent)
    with progress(quiet) as shown:
        found = collected(AwsOptions(**source), StderrMessages(quiet), progress=shown)
    write_snapshot(snapshot, found, mode)
    if not quiet:
        seen = sum(1 for r in found.records if r.kind in STUDIO_KINDS)
        gaps = f"; {plural(len(found.gaps), 'gap')}" if found.gaps else ""
        carried = sum(c.carried for c in found.coverage)
        old = f"; {carried:,} carried over, unchanged since {found.header.previous}" if carried else ""
        say(f"{snapshot}: {plural(seen, 'resource')}{old}{gaps}")
    return ExitCode.INCOMPLETE if found.gaps else ExitCode.OK
