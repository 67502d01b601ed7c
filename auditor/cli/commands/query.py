"""auditor query"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import click

from auditor.cli.config_options import config_options
from auditor.cli.options import debug_option, merge_option, quiet_option, snapshots_option
from auditor.cli.terminal import StderrMessages
from auditor.config.find_config import ConfigChoice
from auditor.errors import ConfigError
from auditor.json_source import is_unicode

#: Bytes of a statement that is read from a file or stdin.
_LARGEST = 1 << 20


@click.command("query", short_help="Query the tables of a snapshot with SQL.")
@click.argument("sql", required=False)
@snapshots_option("Snapshot to query")
@click.option(
    "--file", "sql_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Read the SQL from this file.",
)  # fmt: skip
@click.option(
    "--format", "output", type=click.Choice(["table", "csv", "json", "markdown", "parquet"]), default="table",
    show_default=True, help="How to print the rows. parquet is binary: send it into a file.",
)  # fmt: skip
@config_options
@merge_option
@quiet_option
@debug_option
def command(
    sql: str | None, files: tuple[Path, ...], sql_file: Path | None, output: str, config: ConfigChoice,
    nested_merge: str | None, quiet: bool,
) -> None:  # fmt: skip
    """Query the tables of a snapshot with SQL (DuckDB's dialect). SQL is the statement, or "-" to read it from stdin.

    Tables: domain, user_profile, space, app, execution_role, sign_in, account_region, gap, place; finding, rule, and
    setting, a row each; docs/tables.md lists every column, with an example for each table. The number of rows is
    printed on stderr.

    \b
    auditor query --snapshot night.jsonl \\
      "select domain_name, count(*) from user_profile where experience = 'classic' group by 1"
    auditor query --snapshot night.jsonl --file report.sql --format parquet > report.parquet
    """
    from auditor.cli.rows import print_rows
    from auditor.counting import plural
    from auditor.evaluate.ask_tables import Asked, query, query_to_parquet
    from auditor.evaluate.audit import evaluate
    from auditor.run.conclude import evaluate_options
    from auditor.run.plan import configuration, waivers_of
    from auditor.run.run_options import RuleOptions
    from auditor.run.selection import choose, merge_of
    from auditor.store.masked_copies import without_secrets
    from auditor.temporary_files import workspace

    text = _statement(sql, sql_file)
    if output == "parquet" and sys.stdout.isatty():
        raise ConfigError(
            "Parquet is not for a terminal", hint="Send it into a file: … --format parquet > rows.parquet"
        )
    messages = StderrMessages(quiet)
    settings = configuration(config, messages)
    with without_secrets(files) as masked, workspace("query") as folder:
        choice = cache(lambda: choose(settings, RuleOptions(nested_merge=nested_merge)))
        asked = Asked(
            masked, merge_of(nested_merge, settings), settings.personas, lambda: choice().rules,
            lambda: evaluate(masked, choice().rules, replace(
                evaluate_options(choice()), waivers=waivers_of(settings, choice())
            )),
        )  # fmt: skip
        if output == "parquet":
            path = folder / "rows.parquet"
            number = query_to_parquet(asked, text, path)
            sys.stdout.buffer.write(path.read_bytes())
        else:
            columns, rows = query(asked, text)
            number = len(rows)
            print_rows(columns, rows, output)
    messages.note(plural(number, "row"))


def _statement(sql: str | None, file: Path | None) -> str:
    """The SQL that is asked, from where it stands. Raises ConfigError."""
    from auditor.regular_files import NotReadError, read_regular

    if (sql is None) == (file is None):
        raise click.UsageError('Give SQL, "-" to read it from stdin, or --file.')
    if file is not None:
        try:
            return read_regular(file, _LARGEST).decode()
        except NotReadError as error:
            raise ConfigError(f"{file}: {error.reason.removeprefix('it ')}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{file}: not text in UTF-8") from error
    if sql == "-":
        try:
            sql = sys.stdin.read(_LARGEST) if sys.stdin is not None else ""
        except UnicodeDecodeError as error:
            raise ConfigError("stdin: not text in UTF-8") from error
    assert sql is not None
    if not is_unicode(sql):
        raise ConfigError("SQL: not text in UTF-8")
    return sql
