"""auditor permissions"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from auditor.cli.options import debug_option, rule_options
from auditor.errors import ConfigError
from auditor.org.request import DEFAULT_ROLE, role_problem
from auditor.studio.evidence_sources import EVIDENCE, ON_REQUEST


@click.command("permissions", short_help="Print the IAM policy that an audit needs.")
@click.option(
    "--organization",
    is_flag=True,
    help="The policy that lists the organization's accounts, for the run's own credentials.",
)
@click.option(
    "--hub",
    is_flag=True,
    help="The policy that assumes the role in each account, for the same ones.",
)
@click.option(
    "--member",
    is_flag=True,
    help="The role in each account, with its policy and trust policy, as a CloudFormation template.",
)
@click.option("--role", metavar="NAME", help=f"The role's name, for --hub and --member.  [default: {DEFAULT_ROLE}]")
@rule_options
@debug_option
def command(
    role: str | None, rules_dirs: tuple[Path, ...], only: tuple[str, ...], skip: tuple[str, ...], **kinds: bool
) -> None:
    """Print the IAM policy that an audit needs: read-only, computed from the calls that it makes.

    The policy never contains CreatePresignedDomainUrl: whoever may call it can sign in as anybody. --organization,
    --hub and --member print what an audit of several accounts needs (docs/organization.md). With --rules, --only or
    --skip, the policy allows only what these rules read: without cloudtrail:LookupEvents, reports don't say who made a
    new finding.

    \b
    auditor permissions > policy.json
    auditor permissions --only STU101,roles > policy.json
    """
    from auditor.collect.aws.specs import permissions
    from auditor.org.account_policies import hub_policy, member_template, organization_policy

    asked = [name for name, given in kinds.items() if given]
    if len(asked) > 1:
        raise click.UsageError("Each of --organization, --hub and --member prints a policy of its own: give one.")
    which = asked[0] if asked else None
    evidence: tuple[str, ...] = (*EVIDENCE, *ON_REQUEST)
    if rules_dirs or only or skip:
        if which == "hub":
            raise click.UsageError("--hub goes without --rules, --only and --skip: it is the same for all rules.")
        from auditor.rules.evidence_read import evidence_read
        from auditor.run.selection import chosen_rules

        evidence = evidence_read(chosen_rules(rules_dirs, only, skip))
    if role is not None and which not in ("hub", "member"):
        raise click.UsageError("--role goes with --hub or --member.")
    if role is not None and (problem := role_problem(role)):
        raise ConfigError(f"--role: {problem}")
    named = role or DEFAULT_ROLE
    made: dict[str | None, Callable[[], dict[str, Any]]] = {
        None: lambda: permissions(evidence),
        "organization": lambda: organization_policy(evidence),
        "hub": lambda: hub_policy(named),
        "member": lambda: member_template(named, evidence),
    }
    click.echo(json.dumps(made[which](), indent=2))
