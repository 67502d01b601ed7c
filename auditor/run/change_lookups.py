"""Where the events of changes are looked up: with the credentials of the run, or with those of each account's role."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from auditor.collect.aws import call_errors
from auditor.collect.aws.change_events import read_changes
from auditor.collect.aws.session import Clients
from auditor.errors import AuditorError
from auditor.masking import mask_text
from auditor.model.change_event import ChangeEvents

if TYPE_CHECKING:
    from auditor.org.member_sessions import MemberSessions
    from auditor.run.who_did_it import Lookup


def changes_of(profile: str | None, sessions: MemberSessions | None) -> Lookup:
    """Events by account, Region and call. ``sessions`` leads into each account of a run over several; without it the
    credentials of ``profile`` are those of the one account. What stands in the way is each answer's problem."""

    @cache
    def clients(account: str) -> Clients:
        if sessions is None:
            return Clients(profile, 1)
        return Clients(None, 1, session=sessions.session(account), shared=sessions.shared)

    def lookup(account: str, region: str, name: str, since: datetime) -> ChangeEvents:
        try:
            return read_changes(clients(account), account, region, name, since)
        except AuditorError as error:
            return ChangeEvents((), datetime.now(UTC), f"CloudTrail's events can't be read: {error.message}")
        except call_errors.CALL_FAILED as error:
            said = mask_text(call_errors.message(error))
            return ChangeEvents((), datetime.now(UTC), f"CloudTrail's events can't be read: {said}")

    return lookup
