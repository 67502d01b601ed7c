"""Who opened which profile: CloudTrail's CreatePresignedDomainUrl events, of IAM domains only.

Events are kept without what nobody needs: addresses, user agents, and above all response elements, which may hold a URL
that logs in.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from auditor.collect.aws.documents import text
from auditor.collect.aws.faults import LOST
from auditor.collect.aws.run import Run
from auditor.model.sign_ins import LoggedSignIns
from auditor.model.snapshot import Gap, GapReason

EVENT = "CreatePresignedDomainUrl"
#: LookupEvents: 2 calls a second for each account and region (CloudTrail quotas).
_SECONDS_BETWEEN_CALLS = 0.5
_PAGE = 50
#: Log files that begin so much later than the window still cover it: they are delivered by the quarter of an hour.
_GRACE = timedelta(days=1)


def collect(run: Run, region: str, days: int, max_pages: int, logged: LoggedSignIns | None) -> None:
    """Keep the region's events; a list that would be partial is none at all."""
    since = datetime.now(UTC) - timedelta(days=days)
    if logged is not None:
        _keep_logged(run, region, since, logged)
        return
    request = {
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": EVENT}],
        "StartTime": since,
        "MaxResults": _PAGE,
    }
    try:
        for number, page in enumerate(run.pages("cloudtrail", region, "LookupEvents", request, "Events"), 1):
            for event in page["Events"]:
                with run.reading([region], "sign_in", "LookupEvents"):
                    run.keep(region, "sign_in", text(event["EventId"]), trimmed(json.loads(event["CloudTrailEvent"])))
            if not page.get("NextToken"):
                return
            if number >= max_pages:
                detail = (
                    f"more than {max_pages * _PAGE:,} events: raise --sign-in-pages, or read the trail's files"
                    " (--cloudtrail-logs)"
                )
                _lose(run, region, "LookupEvents", "limit_reached", detail)
                return
            time.sleep(_SECONDS_BETWEEN_CALLS)
    except LOST as error:
        run.lose([region], "sign_in", "LookupEvents", error)


def _lose(run: Run, region: str, operation: str, reason: GapReason, detail: str) -> None:
    run.unlisted(region, "sign_in")
    run.ledger.add(Gap(run.ledger.account, region, "sign_in", "*", "*", operation, reason, detail))


def _keep_logged(run: Run, region: str, since: datetime, logged: LoggedSignIns) -> None:
    """The log files' events of this account and region, if the files cover the window."""
    begin = logged.begins.get((run.ledger.account, region))
    if begin is None:
        detail = "the log files hold nothing of this account and region"
        _lose(run, region, "--cloudtrail-logs", "not_found", detail)
        return
    if begin - since > _GRACE:
        covered = (datetime.now(UTC) - begin).days
        detail = f"the log files begin on {begin:%Y-%m-%d}: --sign-in-days {max(covered, 1)} takes what they cover"
        _lose(run, region, "--cloudtrail-logs", "limit_reached", detail)
        return
    for event in logged.events:
        if event.get("awsRegion") == region and event.get("recipientAccountId") == run.ledger.account:
            with run.reading([region], "sign_in", "--cloudtrail-logs"):
                run.keep(region, "sign_in", text(event["eventID"]), trimmed(event))


def trimmed(event: Mapping[str, Any]) -> dict[str, Any]:
    """The members that say who opened which profile when, and whether it worked."""
    identity = event["userIdentity"]
    issuer = (identity.get("sessionContext") or {}).get("sessionIssuer") or {}
    request = event["requestParameters"] or {}
    return {
        "eventTime": text(event["eventTime"]),
        "errorCode": event.get("errorCode") or "",
        "userIdentity": {
            **{
                name: identity[name]
                for name in ("type", "arn", "principalId", "userName", "invokedBy")
                if name in identity
            },
            **({"issuerArn": issuer["arn"]} if issuer.get("arn") else {}),
        },
        "requestParameters": {k: v for k, v in request.items() if k.lower() in ("domainid", "userprofilename")},
    }
