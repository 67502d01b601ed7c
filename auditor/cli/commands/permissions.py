"""auditor permissions"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from auditor.cli.options import debug_option
from auditor.errors import ConfigError
from auditor.org.request import DEFAULT_ROLE, role_problem


@click.command("permissions", short_help="Print the IAM policy that an audit needs.")
@click.option(
    "--organization",
    "which",
    flag_value="organization",
    help="The policy that lists the organization's accounts, for the run's own credentials.",
)
@click.option(
    "--hub",
    "which",
    flag_value="hub",
    help="The policy that assumes the role in each account, for the same ones.",
)
@click.option(
    "--member",
    "which",
    flag_value="member",
    help="The role in each account, with its policy and trust policy, as a CloudFormation template.",
)
@click.option("--role", metavar="NAME", help=f"The role's name, for --hub and --member.  [default: {DEFAULT_ROLE}]")
@debug_option
def command(which: str | None, role: str | None) -> None:
    """Print the IAM policy that an audit needs: read-only, computed from the calls that it makes.

    The policy never contains CreatePresignedDomainUrl: whoever may call it can sign in as anybody. The options print
    what an audit of several accounts needs beside it (docs/organization.md).

    \b
    auditor permissions > policy.json
    """
    from auditor.collect.aws.specs import permissions
    from auditor.org.account_policies import hub_policy, member_template, organization_policy

    if role is not None and which not in ("hub", "member"):
        raise click.UsageError("--role goes with --hub or --member.")
    if role is not None and (problem := role_problem(role)):
        raise ConfigError(f"--role: {problem}")
    named = role or DEFAULT_ROLE
    made: dict[str | None, Callable[[], dict[str, Any]]] = {
        None: permissions,
        "organization": organization_policy,
        "hub": lambda: hub_policy(named),
        "member": lambda: member_template(named),
    }
    click.echo(json.dumps(made[which](), indent=2))
