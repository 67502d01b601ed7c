"""Telling the channels of a run what is news. Nothing that goes wrong with it costs the run, or its exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from auditor.errors import AuditorError
from auditor.run.messages import Messages
from auditor.run.plan import RunPlan


@contextmanager
def telling(plan: RunPlan, messages: Messages) -> Iterator[None]:
    """Tell the channels when the run inside has ended, also where it failed: a night that is missing is news."""
    try:
        yield
    except AuditorError:
        tell_channels(plan, messages)
        raise
    tell_channels(plan, messages)


def tell_channels(plan: RunPlan, messages: Messages) -> None:
    """Tell them, where there are a store and channels. What a channel does not take, the next run tells."""
    if plan.store is None or not plan.config.notify:
        return
    from auditor.notify.notifier import notify

    try:
        for one in notify(plan.store, plan.config.notify, profile=plan.profile, owners=plan.config.owners):
            if one.problem:
                messages.problem(f"notify: {one.channel.name} was not told, the next run tries again: {one.problem}")
            elif one.message is not None:
                messages.note(f"notify: {one.channel.name} was told: {one.message.title}")
    except AuditorError as error:
        messages.problem(f"notify: nobody was told, the next run tries again: {error.diagnosis()}")
