"""Sending the report of a run, what is said about it, and what it makes of the exit code."""

from __future__ import annotations

from auditor.counting import plural
from auditor.deliver.security_hub import Delivery, hubs, member_hubs, send
from auditor.errors import AuditorError, ExitCode
from auditor.run.conclude import RunResult
from auditor.run.messages import Messages

_FEW = 20


def deliver(result: RunResult, profile: str | None, messages: Messages) -> ExitCode:
    """Send to Security Hub; the exit code: 2 where something was not taken, unless the gate says 4.

    What was refused is a problem each. Raises ConfigError without credentials.
    """
    try:
        delivery = send(result.report, hubs(profile) if result.sessions is None else member_hubs(result.sessions))
    except AuditorError as error:
        if result.code is not ExitCode.FINDINGS:
            raise
        messages.problem(f"Error: {error.diagnosis()}")
        return result.code
    messages.note(f"Security Hub: {', '.join(_parts(delivery))}.")
    for problem in delivery.problems:
        messages.problem(f"Security Hub: {problem}")
    for one in delivery.refused[:_FEW]:
        messages.problem(f"Security Hub refused {one.account}/{one.region}: {one.id}: {one.code}: {one.message}")
    if len(delivery.refused) > _FEW:
        messages.problem(f"Security Hub refused {len(delivery.refused) - _FEW:,} more.")
    return result.code if delivery.complete or result.code is ExitCode.FINDINGS else ExitCode.USAGE


def _parts(delivery: Delivery) -> list[str]:
    counted = (
        (delivery.archived, "archived"),
        (delivery.suppressed, "suppressed for a waiver"),
        (delivery.reopened, "no longer suppressed"),
        (delivery.left_active, "of earlier runs left active, since not everything could be seen"),
        (delivery.templates, "of templates not sent: they are in no account"),
    )
    return [f"{plural(delivery.sent, 'finding')} sent", *(f"{n:,} {what}" for n, what in counted if n)]
