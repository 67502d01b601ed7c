"""Options of runs over several accounts."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.option_groups import several
from auditor.org.request import DEFAULT_ROLE

account_options = several(
    click.option(
        "--organization", is_flag=True,
        help="Audit every account that AWS Organizations lists, or that auditor.yaml lists under organization:"
        " (docs/organization.md).",
    ),
    click.option(
        "--account", "accounts", multiple=True, metavar="ID",
        help="Account to audit; repeatable. With --organization, only these of its accounts.",
    ),
    click.option(
        "--accounts", "accounts_file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
        help="CSV file of accounts to audit: id,name.",
    ),
    click.option(
        "--role", metavar="NAME",
        help=f"Role to assume in each account but the credentials' own.  [default: {DEFAULT_ROLE}]",
    ),
    click.option(
        "--external-id", metavar="TEXT|env:VAR",
        help="External ID that the role's trust policy asks for; env:VAR reads it from the environment.",
    ),
    heading="Accounts",
)  # fmt: skip
