"""auditor check"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from auditor.cli.option_groups import GroupedCommand
from auditor.cli.options import (
    debug_option,
    delivery_option,
    evaluation_options,
    quiet_option,
    report_options,
    store_option,
)
from auditor.cli.terminal import StderrMessages
from auditor.errors import ExitCode


@click.command("check", cls=GroupedCommand, short_help="Evaluate saved snapshots again.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@evaluation_options
@report_options
@store_option
@delivery_option
@quiet_option
@debug_option
def command(files: tuple[Path, ...], quiet: bool, security_hub: bool, **options: Any) -> ExitCode:
    """Evaluate saved snapshots again, several into one report.

    The same snapshots with the same rules give the same report.json, byte for byte.

    \b
    auditor check night.jsonl --only people --fail-on medium
    """
    from auditor.cli.running import finish, planned
    from auditor.run.conclude import run

    messages = StderrMessages(quiet)
    plan = planned(options, messages)
    return finish(plan, run(plan, files, messages), messages, security_hub=security_hub)
