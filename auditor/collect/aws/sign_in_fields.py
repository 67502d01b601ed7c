"""What is kept of a CreatePresignedDomainUrl event, and of others that say who did what.

Without what nobody needs: addresses, user agents, and above all response elements, which may hold a URL that logs in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import OddAnswerError

#: What a program's SDK says of where it runs; CloudShell, where people type, is one of them.
_EXECUTION_ENVIRONMENT = re.compile(r"\bexec-env/(\S+)")


def trimmed(event: Mapping[str, Any]) -> dict[str, Any]:
    """The members that say who opened which profile when, and whether it worked.

    Of the user agent only the name of the environment that an SDK ran in is kept. Raises OddAnswerError, or what
    ``auditor.collect.aws.call_errors.understood`` makes one of, for an event that does not say.
    """
    request = event.get("requestParameters") or {}
    parameters = {k: v for k, v in request.items() if k.lower() in ("domainid", "userprofilename")}
    error = event.get("errorCode") or ""
    if not error and len(parameters) < 2:
        raise OddAnswerError("an event does not say which profile was opened")
    return {
        "eventTime": moment(event["eventTime"]),
        "errorCode": text(error, empty=True),
        "userIdentity": caller(event),
        "requestParameters": {name: text(value) for name, value in parameters.items()},
    }


def caller(event: Mapping[str, Any]) -> dict[str, str]:
    """Who made the call, by what tells it: type and ARN, the role of a session, the person behind it, the service.

    Raises as ``trimmed`` does.
    """
    identity = event["userIdentity"]
    context = identity.get("sessionContext") or {}
    issuer = context.get("sessionIssuer") or {}
    environment = _EXECUTION_ENVIRONMENT.search(str(event.get("userAgent") or ""))
    told = {
        **{
            name: identity[name] for name in ("type", "arn", "principalId", "userName", "invokedBy") if name in identity
        },
        "issuerArn": issuer.get("arn"),
        "sourceIdentity": context.get("sourceIdentity") or identity.get("sourceIdentity"),
        "onBehalfOf": (identity.get("onBehalfOf") or {}).get("userId"),
        "issuerType": (identity.get("inScopeOf") or {}).get("issuerType"),
        "executionEnvironment": environment[1] if environment else None,
    }
    return {name: text(value, empty=True) for name, value in told.items() if value is not None}


def moment(value: object) -> str:
    """A time as CloudTrail writes it, once it is known to be one."""
    datetime.fromisoformat(text(value))
    return text(value)
