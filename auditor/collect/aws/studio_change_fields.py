"""What is kept of an event that says who changed something of Studio: enough to ask a policy about the call again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import OddAnswerError
from auditor.collect.aws.sign_in_fields import caller, moment
from auditor.studio.api_requests import ACTIONS, reduced

#: Names of the events that change Studio's resources. Whoever signs in changes nothing.
EVENTS = tuple(
    name
    for service, _, name in (action.partition(":") for action in ACTIONS)
    if service == "sagemaker" and name != "CreatePresignedDomainUrl"
)


def change(event: Mapping[str, Any]) -> dict[str, Any]:
    """Who called what when, whether it worked, and of the request the members that condition keys and ARNs come from.

    Raises OddAnswerError, or what ``auditor.collect.aws.call_errors.understood`` makes one of, for an event that does
    not say.
    """
    name = text(event["eventName"])
    if name not in EVENTS:
        raise OddAnswerError(f"an event {name} was not asked for")
    request = event.get("requestParameters") or {}
    if not isinstance(request, Mapping):
        raise OddAnswerError("an event does not say what was asked for")
    return {
        "eventName": name,
        "eventTime": moment(event["eventTime"]),
        "errorCode": text(event.get("errorCode") or "", empty=True),
        "userIdentity": caller(event),
        "requestParameters": reduced(request),
    }
