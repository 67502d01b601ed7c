"""auditor collect"""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.options import debug_option, quiet_option, source_options
from auditor.errors import ExitCode


@click.command("collect", short_help="Collect an AWS account into a snapshot file.")
@source_options
@click.option(
    "--snapshot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", required=True, help="File to write."
)
@quiet_option
@debug_option
def command(profile: str | None, regions: tuple[str, ...], concurrency: int, snapshot: Path, quiet: bool) -> ExitCode:
    """Collect an AWS account into a snapshot file, to be evaluated later with "auditor check".

    Exit codes: 0 everything was seen, 3 nothing could be collected, 5 something could not be seen (the file says what).
    """
    from auditor.cli.progress import progress
    from auditor.collect.aws import CollectOptions, collect
    from auditor.store.snapshot_file import write_snapshot

    with progress(quiet) as shown:
        collected = collect(CollectOptions(profile, regions, concurrency), shown)
    write_snapshot(snapshot, collected)
    if not quiet:
        seen = sum(1 for r in collected.records if r.kind in ("domain", "user_profile", "space", "app"))
        gaps = f"; {len(collected.gaps):,} could not be seen" if collected.gaps else ""
        click.echo(f"{snapshot}: {seen:,} resources{gaps}")
    return ExitCode.INCOMPLETE if collected.gaps else ExitCode.OK
