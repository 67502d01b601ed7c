"""auditor audit"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from auditor.cli.account_options import account_options, sharing_options
from auditor.cli.option_groups import GroupedCommand
from auditor.cli.options import (
    debug_option,
    delivery_option,
    evaluation_options,
    evidence_options,
    quiet_option,
    report_options,
    source_options,
    store_option,
)
from auditor.cli.terminal import StderrMessages
from auditor.errors import ExitCode
from auditor.run.run_options import AwsOptions


@click.command("audit", cls=GroupedCommand, short_help="Collect an AWS account, evaluate the rules, report.")
@source_options
@account_options
@sharing_options
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
    security_hub: bool,
    **options: Any,
) -> ExitCode:
    """Collect an AWS account, evaluate the rules, report.

    Read-only unless you use --send-to-security-hub; "auditor permissions" prints the IAM policy. Exit codes: 0 no
    finding at or above --fail-on, 2 usage or configuration, 3 nothing could be collected, found, or evaluated,
    4 findings, 5 incomplete.

    \b
    auditor audit --region eu-west-1 --fail-on medium
    auditor audit --region all --snapshot night.jsonl
    """
    from auditor.cli.progress import progress
    from auditor.cli.running import finish, planned, taken
    from auditor.run.collect import run_account

    messages = StderrMessages(quiet)
    aws = taken(AwsOptions, options)
    plan = planned(options, messages, use_configured_store=True, profile=aws.profile)
    with progress(quiet) as shown:
        result = run_account(plan, aws, messages, snapshot=snapshot, progress=shown)
    return finish(plan, result, messages, security_hub=security_hub)
