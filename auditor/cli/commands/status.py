"""auditor status"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import click

from auditor.cli.option_groups import debug_option
from auditor.cli.store_options import Age, Reading, check_accounts, named_store, reading_options
from auditor.cli.terminal import emit
from auditor.errors import ExitCode
from auditor.inert_text import in_json, printable


@click.command("status", short_help="Tell whether the nightly audit still runs.")
@reading_options
@click.option(
    "--max-age",
    type=Age(),
    default="26h",
    show_default=True,
    metavar="26h",
    help="Age that the last run of an account and Region may have: seconds, minutes, hours or days.",
)
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Only these accounts; repeatable.")
@click.option(
    "--skip-account",
    "skipped",
    multiple=True,
    metavar="ID",
    help="Not these accounts, for example because they were closed; repeatable.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "prometheus"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
@debug_option
def command(
    reading: Reading, max_age: timedelta, accounts: tuple[str, ...], skipped: tuple[str, ...], output: str
) -> ExitCode:
    """Tell how long ago each account and Region was audited, and whether the last run was complete.

    Nothing is collected and nothing is written. Exit codes: 0 fresh, 2 usage or not a store, 4 an account and Region is
    older than --max-age or was never audited (also a store without a run), 5 the last run is incomplete or failed.

    \b
    auditor status --store nights --max-age 26h
    """
    from auditor.cli.status_views import as_json, as_prometheus, as_text, code_of
    from auditor.store.store_status import read_status

    store = named_store(reading)
    status = read_status(store, max_age)
    known = {f.scope.account for f in status.scopes} | {m.account for m in status.missed}
    check_accounts("--account", accounts, known)
    check_accounts("--skip-account", skipped, known)
    if accounts or skipped:
        kept = [f for f in status.scopes if f.scope.account not in skipped]
        never = tuple(sorted(set(accounts) - {f.scope.account for f in kept}))
        kept = [f for f in kept if not accounts or f.scope.account in accounts]
        missed = [m for m in status.missed if m.account not in skipped and (not accounts or m.account in accounts)]
        status = replace(status, scopes=tuple(kept), missed=tuple(missed))
        said = {mark.account for mark in status.never_seen}
        status = replace(status, never=tuple(account for account in never if account not in said))
    label = store.place.label
    if output == "json":
        import json

        emit([in_json(json.dumps(as_json(status, label), indent=2)), "\n"])
    elif output == "prometheus":
        emit(f"{line}\n" for line in as_prometheus(status))
    else:
        for line in as_text(status, label):
            click.echo(printable(line))
    for problem in status.problems:
        text = f"{problem}. The run is left out; auditor store repair moves it out of the way."
        click.echo(printable(text), err=True)
    return code_of(status)
