"""Options of runs over several accounts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from auditor.cli.option_groups import several
from auditor.org.request import DEFAULT_ROLE
from auditor.run.run_options import DASK, PROCESSES, THREADS


@dataclass(frozen=True, slots=True)
class ExecutorName(click.ParamType[str]):
    """Who collects accounts."""

    name = "executor"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        host, _, port = text.removeprefix(DASK).rpartition(":")
        if text not in (THREADS, PROCESSES) and not (text.startswith(DASK) and host and port.isdecimal()):
            self.fail(f"{text!r} is none of {THREADS}, {PROCESSES} and {DASK}HOST:PORT", param, ctx)
        return text


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

#: Where accounts' snapshots are kept, and who collects them: of commands that collect.
sharing_options = several(
    click.option(
        "--parts", metavar="DIR|s3://…",
        help="Keep each account's snapshot here, and collect only accounts whose snapshots aren't here yet"
        " (docs/organization.md#several-machines). Name a new place for each night.",
    ),
    click.option(
        "--executor", type=ExecutorName(), default=THREADS, show_default=True, metavar="NAME",
        help=f"Who collects the accounts: {THREADS} of this process, {PROCESSES}, or the workers of a Dask scheduler:"
        f" {DASK}HOST:PORT.",
    ),
    heading="Accounts",
)  # fmt: skip
