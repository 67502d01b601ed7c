"""Calls that changed something: CloudTrail's event history (LookupEvents, 90 days), asked for by the name of a call.

It is asked only for what is new in a run, after that was evaluated. Nothing of it goes into a snapshot. The event
history of a Region holds what was called there; IAM's calls are in its home Region (CloudTrail user guide, "Global
service events").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from auditor.collect.aws import call_errors
from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import CALL_FAILED, understood
from auditor.collect.aws.session import Clients
from auditor.deadline import within
from auditor.masking import mask_text
from auditor.model.change_event import ChangeEvent, ChangeEvents

OPERATION = "LookupEvents"
_PAGE = 50
#: Pages of one call's events: a thousand, in ten seconds at the two pages a second that CloudTrail allows.
_PAGES = 20
_SECONDS = 60.0


def read_changes(clients: Clients, account: str, region: str, name: str, since: datetime) -> ChangeEvents:
    """The call's events in the Region since then. What can't be read is said in ``problem``; nothing is raised for it.

    Raises ConfigError and CollectError where there can be no client.
    """
    client = clients.client("cloudtrail", region)
    request: dict[str, Any] = {
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
        "StartTime": since,
        "MaxResults": _PAGE,
    }
    found: list[ChangeEvent] = []
    known = datetime.now(UTC)
    try:
        for _ in range(_PAGES):
            turn = clients.rates.wait(account, region, f"cloudtrail:{OPERATION}", lambda: None)
            with understood(OPERATION):
                page = within(_SECONDS, lambda: client.call(OPERATION, request), OPERATION)
                turn.answered()
                for event in page["Events"]:
                    found += _told(json.loads(event["CloudTrailEvent"]))
                    known = min(known, event["EventTime"])
            if not page.get("NextToken"):
                return ChangeEvents(tuple(found), since)
            request["NextToken"] = page["NextToken"]
    except CALL_FAILED as error:
        said = mask_text(call_errors.message(error))
        problem = f"CloudTrail's events can't be read: {call_errors.code(error)}: {said}"
        return ChangeEvents(tuple(found), known, problem)
    return ChangeEvents(tuple(found), known, f"CloudTrail has more than {_PAGE * _PAGES:,} events of {name}")


def _told(event: Mapping[str, Any]) -> list[ChangeEvent]:
    """The event, unless the call was refused: then it changed nothing."""
    if event.get("errorCode"):
        return []
    identity = event["userIdentity"]
    moment = datetime.fromisoformat(text(event["eventTime"]))
    return [
        ChangeEvent(
            text(event["eventID"]), text(event["eventName"]), moment, person(identity),
            text(identity.get("arn") or "", empty=True), dict(event.get("requestParameters") or {}),
            dict(event.get("responseElements") or {}),
        )
    ]  # fmt: skip


def person(identity: Mapping[str, Any]) -> str:
    """Who that is, by CloudTrail's userIdentity: the source identity or the session's name of an assumed role, the name
    of a user, the service that called. ``unknown`` where it does not say."""
    context = identity.get("sessionContext") or {}
    source = context.get("sourceIdentity") or identity.get("sourceIdentity")
    arn = str(identity.get("arn") or "")
    kind = identity.get("type")
    if kind == "AssumedRole":
        said = source or arn.rpartition("/")[2]
    elif kind == "AWSService":
        said = identity.get("invokedBy")
    elif kind == "Root":
        said = "root"
    elif kind == "IdentityCenterUser":
        said = identity.get("userName") or (identity.get("onBehalfOf") or {}).get("userId")
    else:
        said = identity.get("userName") or arn
    return str(said or identity.get("invokedBy") or identity.get("principalId") or "unknown")
