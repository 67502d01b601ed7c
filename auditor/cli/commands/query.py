"""auditor query"""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.config_options import config_options
from auditor.cli.options import debug_option, merge_option, quiet_option
from auditor.cli.terminal import StderrMessages
from auditor.config.find_config import ConfigChoice
from auditor.errors import ConfigError


@click.command("query", short_help="Query the tables of a snapshot with SQL.")
@click.argument("sql")
@click.option(
    "--snapshot", "files", multiple=True, required=True, type=click.Path(path_type=Path), metavar="FILE",
    help="Snapshot to query; repeatable.",
)  # fmt: skip
@click.option("--format", "output", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@config_options
@merge_option
@quiet_option
@debug_option
def command(
    sql: str, files: tuple[Path, ...], output: str, config: ConfigChoice, nested_merge: str | None, quiet: bool
) -> None:
    """Query the tables of a snapshot with SQL (DuckDB's dialect).

    Tables: domain, user_profile, space, app, execution_role, sign_in, account_region, gap; docs/tables.md lists every
    column. Of the configuration, only personas and nested_merge are used.

    \b
    auditor query --snapshot night.jsonl \\
      "select domain_name, count(*) from user_profile where experience = 'classic' group by 1"
    """
    from auditor.cli.rows import print_rows
    from auditor.evaluate.audit import query
    from auditor.run.plan import configuration
    from auditor.run.selection import merge_of
    from auditor.store.masked_copies import without_secrets

    file = configuration(config, StderrMessages(quiet))
    with without_secrets(files) as masked:
        columns, rows = query(masked, sql, merge_of(nested_merge, file), file.personas)
    if not columns:
        raise ConfigError("the statement gives no rows", hint="Ask with SELECT.")
    print_rows(columns, rows, output)
