"""Sending a report, what is said about it, and what it makes of the exit code."""

from __future__ import annotations

import click

from auditor.errors import AuditorError, ExitCode
from auditor.model.report import Report
from auditor.run.messages import plural, printable

_FEW = 20


def deliver(report: Report, code: ExitCode, profile: str | None, *, quiet: bool) -> ExitCode:
    """Send to Security Hub; the exit code: 2 where something was not taken, unless the gate says 4.

    What was refused is said on stderr, one line a finding. Raises ConfigError without credentials.
    """
    from auditor.deliver.security_hub import hubs, send

    try:
        delivery = send(report, hubs(profile))
    except AuditorError as error:
        if code is not ExitCode.FINDINGS:
            raise
        click.echo(f"Error: {printable(error.diagnosis())}", err=True)
        return code
    if not quiet:
        parts = [f"{plural(delivery.sent, 'finding')} sent"]
        parts += [
            f"{number:,} {what}"
            for number, what in (
                (delivery.archived, "archived"),
                (delivery.suppressed, "suppressed for a waiver"),
                (delivery.reopened, "no longer suppressed"),
                (delivery.left_active, "of earlier runs left active, since not everything could be seen"),
                (delivery.templates, "of templates not sent: they are in no account"),
            )
            if number
        ]
        click.echo(f"Security Hub: {', '.join(parts)}.", err=True)
    for problem in delivery.problems:
        click.echo(f"Security Hub: {printable(problem)}", err=True)
    for one in delivery.refused[:_FEW]:
        text = printable(f"{one.account}/{one.region}: {one.id}: {one.code}: {one.message}")
        click.echo(f"Security Hub refused {text}", err=True)
    if len(delivery.refused) > _FEW:
        click.echo(f"Security Hub refused {len(delivery.refused) - _FEW:,} more.", err=True)
    return code if delivery.complete or code is ExitCode.FINDINGS else ExitCode.USAGE
