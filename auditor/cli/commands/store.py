"""auditor store list | prune | compact | repair | ddl"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from auditor.cli.options import debug_option, mode_option
from auditor.cli.rows import print_rows
from auditor.cli.store_options import Duration, Reading, check_accounts, reading_options, store_of
from auditor.cli.terminal import say
from auditor.counting import plural
from auditor.errors import ConfigError
from auditor.inert_text import printable
from auditor.run.messages import size
from auditor.store.files import Access


@click.group("store", short_help="List, prune, compact and repair the runs of a store; its table definitions.")
def command() -> None:
    """List, prune, compact and repair the runs of a store, and print its table definitions.

    docs/store.md explains it.
    """


@command.command("list")
@reading_options
@click.option("--account", default="", metavar="ID", help="Only runs that audited this account.")
@click.option(
    "--format", "output", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True,
    help="How to print them.",
)  # fmt: skip
@debug_option
def list_(reading: Reading, account: str, output: str) -> None:
    """List the runs, oldest first.

    \b
    auditor store list --store nights --format csv
    """
    from auditor.store.manifest import total

    found, _ = store_of(reading)
    runs = found.runs()
    check_accounts("--account", [account], {one for run in runs for one in run.accounts})
    rows = []
    for run in runs:
        if account and account not in run.accounts:
            continue
        of = total(run.counts)
        accounts = run.accounts if output == "json" else _few(run.accounts)
        rows.append(
            (run.run_id, run.as_of, accounts, len({r for _, r in run.scopes}), of.critical, of.high, of.medium,
             of.low, of.info, of.new, of.regressed, of.resolved, of.waived, of.unknown, run.exit_code,
             run.size if output == "json" else size(run.size))
        )  # fmt: skip
    columns = (
        "run", "as_of", "accounts", "regions", "critical", "high", "medium", "low", "info", "new", "regressed",
        "resolved", "waived", "unknown", "exit_code", "size",
    )  # fmt: skip
    print_rows(columns, rows, output)


def _few(accounts: tuple[str, ...]) -> str:
    return ", ".join(accounts[:2]) + (f" and {len(accounts) - 2} more" if len(accounts) > 2 else "")


@command.command("prune")
@reading_options
@click.option("--keep", type=Duration(), required=True, metavar="90d", help="Keep runs younger than this.")
@click.option("--account", default="", metavar="ID", help="Only runs that audited this account and no other.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@mode_option
@debug_option
def prune(reading: Reading, keep: timedelta, account: str, dry_run: bool, mode: Access) -> None:
    """Delete old runs, and what interrupted runs have left behind.

    The last run of every account and region stays, however old it is. When a failure was first seen stays known: the
    runs that are kept say it.

    \b
    auditor store prune --store nights --keep 90d --dry-run
    """
    found, _ = store_of(reading, mode)
    if account:
        check_accounts("--account", [account], {one for run in found.runs() for one in run.accounts})
    done = found.prune(keep, datetime.now(UTC), account=account, dry_run=dry_run)
    word = "would be deleted" if dry_run else "deleted"
    for run in done.runs:
        say(f"{run.run_id}  {run.as_of}  {printable(_few(run.accounts))}")
    click.echo(
        f"{plural(len(done.runs), 'run')} and {plural(len(done.orphans), 'left-over file')} {word} ({size(done.bytes)})"
    )
    if done.runs and not dry_run:
        from auditor.run.run_store import write_overviews

        write_overviews(found)


@command.command("compact")
@reading_options
@click.option("--before", type=Duration(), default="0d", show_default=True, metavar="90d", help="Runs older than this.")
@mode_option
@debug_option
def compact(reading: Reading, before: timedelta, mode: Access) -> None:
    """Put the manifests of old runs into two files, so that reading a store of years takes a few requests.

    The manifests stay where they are, and nothing else is changed. A store that runs are added to is compacted by
    itself, every few runs.

    \b
    auditor store compact --store nights --before 90d
    """
    from auditor.store.packed_manifests import PACK

    found, _ = store_of(reading, mode)
    number = found.compact(datetime.now(UTC) - before)
    click.echo(f"{plural(number, 'manifest')} in {PACK}")


@command.command("repair")
@reading_options
@click.option("--dry-run", is_flag=True, help="Only say what would be moved.")
@mode_option
@debug_option
def repair(reading: Reading, dry_run: bool, mode: Access) -> None:
    """Move runs that can't be used out of the way, into the store's quarantine/.

    Those are runs whose manifest is damaged or names files that are not its own, whose files are missing or damaged, or
    that are dated in the future. Nothing is deleted: to bring a run back, move its files back by hand.
    """
    from auditor.history.stored_tables import mark_unreadable
    from auditor.store.runs import QUARANTINE

    found, _ = store_of(reading, mode, report=False)
    mark_unreadable(found)
    moved = found.repair(dry_run=dry_run)
    for aside in moved:
        say(f"{aside.run_id or aside.key}  {aside.reason}")
    click.echo(f"{plural(len(moved), 'run')} {'would be moved' if dry_run else 'moved'} to {QUARANTINE}/")
    if moved and not dry_run:
        from auditor.run.run_store import write_overviews

        write_overviews(found)


@command.command("ddl")
@reading_options
@click.option("--athena", "engine", flag_value="athena", default=True, help="For Amazon Athena (default).")
@click.option("--duckdb", "engine", flag_value="duckdb", help="Views for DuckDB.")
@click.option("--location", metavar="s3://…", help="Where the store lies, if it is elsewhere by then.")
@click.option("--database", default="studio_audit", show_default=True, help="Athena database.")
@click.option("--repair", is_flag=True, help="Register partitions with MSCK REPAIR TABLE instead of projecting them.")
@debug_option
def ddl(
    reading: Reading,
    engine: str,
    location: str | None,
    database: str,
    repair: bool,
) -> None:
    """Print the statements that make the store's tables known to another program.

    For Athena partitions are projected: the accounts and regions of today's runs are named in the statements, so print
    them again when an account is added.
    """
    from auditor.store.ddl import athena, duckdb

    found, _ = store_of(reading)
    place = location or found.place.label
    if engine == "athena" and not place.startswith("s3://"):
        raise ConfigError("Athena reads from S3 only", hint="Say with --location s3://… where the store will be.")
    if engine == "athena" and set("'`\n") & set(place):
        raise ConfigError(f"{place!r}: Athena's statements cannot name it", hint="Choose a prefix without quotes.")
    if not database.replace("_", "").isalnum():
        raise ConfigError(f"--database {database}: letters, digits and underscores only")
    runs = found.runs()
    statements = athena(place, database, runs, repair=repair) if engine == "athena" else duckdb(place, runs)
    for statement in statements:
        say(f"{statement};\n")
