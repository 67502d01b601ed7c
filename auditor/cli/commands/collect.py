"""auditor collect"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.cli.account_options import account_options
from auditor.cli.config_options import config_options
from auditor.cli.option_groups import GroupedCommand
from auditor.cli.options import debug_option, evidence_options, mode_option, quiet_option, source_options
from auditor.cli.terminal import StderrMessages, say
from auditor.counting import plural
from auditor.errors import ExitCode
from auditor.run.run_options import AwsOptions
from auditor.store.files import Access

if TYPE_CHECKING:
    from auditor.config import ConfigChoice


@click.command("collect", cls=GroupedCommand, short_help="Collect an AWS account into a snapshot file.")
@source_options
@account_options
@evidence_options
@click.option(
    "--snapshot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", required=True, help="File to write."
)
@config_options
@mode_option
@quiet_option
@debug_option
def command(snapshot: Path, config: ConfigChoice, mode: Access, quiet: bool, **source: Any) -> ExitCode:
    """Collect an AWS account, or several, into a snapshot file, to be evaluated later with "auditor check".

    Exit codes: 0 complete, 3 nothing could be collected, 5 data is missing (the file says which).

    \b
    auditor collect --region eu-west-1 --snapshot night.jsonl
    """
    from auditor.cli.progress import progress
    from auditor.run.collect import collect_into
    from auditor.run.plan import configuration

    messages = StderrMessages(quiet)
    chosen = configuration(config, messages)
    options = AwsOptions(**source).completed(chosen)
    with progress(quiet) as shown:
        found = collect_into(snapshot, options, chosen, messages, mode=mode, progress=shown)
    if not quiet:
        gaps = f"; {plural(found.gaps, 'gap')}" if found.gaps else ""
        old = f"; {found.carried:,} carried over, unchanged since {found.previous}" if found.carried else ""
        say(f"{snapshot}: {plural(found.resources, 'resource')}{old}{gaps}")
    return ExitCode.INCOMPLETE if found.gaps else ExitCode.OK
