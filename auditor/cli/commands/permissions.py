"""auditor permissions"""

from __future__ import annotations

import json

import click

from auditor.cli.options import debug_option


@click.command("permissions", short_help="Print the IAM policy that an audit needs.")
@debug_option
def command() -> None:
    """Print the IAM policy that an audit needs: read-only, computed from the calls that it makes.

    The policy never contains CreatePresignedDomainUrl: whoever may call it can sign in as anybody.
    """
    from auditor.collect.aws.specs import permissions

    click.echo(json.dumps(permissions(), indent=2))
