"""auditor checkov-checks"""

from __future__ import annotations

import click

from auditor.cli.options import debug_option


@click.command("checkov-checks", short_help="Print the folder of checks for checkov.")
@debug_option
def command() -> None:
    """Print the folder that checkov takes as --external-checks-dir, with every rule as a check.

    \b
    checkov -d . --external-checks-dir "$(auditor checkov-checks)"

    checkov has to run in the same Python environment as the auditor. See docs/templates.md, section checkov.
    """
    from auditor.resources import checkov_checks_dir

    click.echo(checkov_checks_dir())
