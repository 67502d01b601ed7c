"""auditor accounts list"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from auditor.cli.account_options import account_options
from auditor.cli.config_options import config_options
from auditor.cli.options import debug_option, quiet_option
from auditor.cli.rows import print_rows
from auditor.cli.terminal import StderrMessages, say
from auditor.counting import plural
from auditor.run.run_options import AwsOptions

if TYPE_CHECKING:
    from auditor.config import ConfigChoice


@click.group("accounts", short_help="List the accounts that an audit would visit.")
def command() -> None:
    """List the accounts that a run over several would visit. docs/organization.md explains such runs."""


@command.command("list")
@click.option("--profile", metavar="NAME", help="AWS profile (default: AWS_PROFILE or the default one).")
@account_options
@config_options
@click.option(
    "--format", "output", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True,
    help="How to print them.",
)  # fmt: skip
@quiet_option
@debug_option
def list_(config: ConfigChoice, output: str, quiet: bool, **source: Any) -> None:
    """List the accounts of the organization: which an audit would visit, and why not the rest.

    Asks AWS Organizations only, unless auditor.yaml, --account or --accounts name the accounts. No role is assumed, so
    an account that refuses it is listed as one to visit.
    """
    from auditor.run.collect_accounts import entrance
    from auditor.run.plan import configuration

    messages = StderrMessages(quiet)
    chosen = configuration(config, messages)
    options = AwsOptions(**source)
    if not options.of_accounts:
        options = AwsOptions(**{**source, "organization": True})
    targets = entrance(options.completed(chosen), chosen, or_nobody=True).targets
    for note in targets.notes:
        messages.note(note)
    listed = [
        *((a, "visit", "") for a in targets.visit),
        *((a, str(a.status), a.reason) for a in targets.missed),
        *((a, "left out", a.reason) for a in targets.left_out),
    ]
    rows = [(a.id, a.name, a.ou, what, why) for a, what, why in sorted(listed, key=lambda entry: entry[0].id)]
    print_rows(("id", "name", "ou", "decision", "reason"), rows, "table" if output == "text" else output)
    if output == "text" and not quiet:
        say(f"{plural(len(targets.visit), 'account')} of {len(rows):,} to visit")
