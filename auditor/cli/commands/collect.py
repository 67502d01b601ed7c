"""auditor collect"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.cli.account_options import account_options, sharing_options
from auditor.cli.config_options import config_options
from auditor.cli.option_groups import GroupedCommand, several
from auditor.cli.options import debug_option, evidence_options, mode_option, quiet_option, source_options
from auditor.cli.show_config import end_with_config, show_config_option
from auditor.cli.terminal import StderrMessages, say
from auditor.counting import plural
from auditor.errors import ConfigError, ExitCode
from auditor.run.run_options import AwsOptions
from auditor.store.files import Access

if TYPE_CHECKING:
    from auditor.config import Config, ConfigChoice


@click.command("collect", cls=GroupedCommand, short_help="Collect an AWS account into a snapshot file.")
@source_options
@account_options
@sharing_options
@several(
    click.option(
        "--shard",
        metavar="I/N",
        help="Collect only the I-th of N shares of the accounts into --parts, and write no snapshot of all of them.",
    ),
    heading="Accounts",
)
@evidence_options
@click.option("--snapshot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="File to write.")
@several(show_config_option, config_options, heading="Configuration")
@mode_option
@quiet_option
@debug_option
def command(
    snapshot: Path | None, shard: str | None, config: ConfigChoice, mode: Access, quiet: bool, **source: Any
) -> ExitCode:
    """Collect an AWS account, or several, into a snapshot file, to be evaluated later with "auditor check".

    Exit codes: 0 complete, 3 nothing could be collected, 5 data is missing (the file says which).

    \b
    auditor collect --region eu-west-1 --snapshot night.jsonl
    """
    from auditor.cli.progress import progress
    from auditor.run.collect import collect_into
    from auditor.run.plan import configuration

    messages = StderrMessages(quiet)
    if (snapshot is None) == (shard is None):
        raise ConfigError(
            "--snapshot FILE is missing" if snapshot is None else "--shard writes no snapshot of all accounts",
            hint="Give --snapshot, or with several workers --shard and --parts.",
        )
    chosen = configuration(config, messages)
    end_with_config(chosen)
    options = AwsOptions(**source).completed(chosen)
    if shard is not None:
        return _collect_shard(shard, options, chosen, messages)
    assert snapshot is not None, "one of them is given"
    with progress(quiet) as shown:
        found = collect_into(snapshot, options, chosen, messages, mode=mode, progress=shown)
    if not quiet:
        gaps = f"; {plural(found.gaps, 'gap')}" if found.gaps else ""
        old = f"; {found.carried:,} carried over, unchanged since {found.previous}" if found.carried else ""
        say(f"{snapshot}: {plural(found.resources, 'resource')}{old}{gaps}")
    return ExitCode.INCOMPLETE if found.gaps else ExitCode.OK


def _collect_shard(text: str, options: AwsOptions, config: Config, messages: StderrMessages) -> ExitCode:
    from auditor.cli.progress import progress
    from auditor.run.collect_shard import collect_shard, parse_shard, told

    shard = parse_shard(text)
    with progress(messages.quiet) as shown:
        found = collect_shard(shard, options, config, messages, shown)
    if not messages.quiet:
        say(told(shard, found, options.parts or ""))
    return found.code
