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

from auditor.collect.aws.run import LOST, Run
from auditor.model.snapshot import Gap

EVENT = "CreatePresignedDomainUrl"
#: LookupEvents: 2 calls a second for each account and region (CloudTrail quotas).
_SECONDS_BETWEEN_CALLS = 0.5
_PAGE = 50


def collect(run: Run, region: str, days: int, max_pages: int, events: tuple[Mapping[str, Any], ...] | None) -> None:
    """Keep the region's events; a list that would be partial is none at all."""
    if events is not None:
        for event in events:
            if event.get("awsRegion") == region and event.get("recipientAccountId") == run.ledger.account:
                run.keep(region, "sign_in", str(event["eventID"]), trimmed(event))
        return
    request = {
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": EVENT}],
        "StartTime": datetime.now(UTC) - timedelta(days=days),
        "MaxResults": _PAGE,
    }
    try:
        for number, page in enumerate(run.pages("cloudtrail", region, "LookupEvents", request, "Events"), 1):
            for event in page["Events"]:
                document = json.loads(event.get("CloudTrailEvent") or "{}")
                run.keep(region, "sign_in", str(event["EventId"]), trimmed(document))
            if not page.get("NextToken"):
                return
            if number >= max_pages:
                _capped(run, region, max_pages)
                return
            time.sleep(_SECONDS_BETWEEN_CALLS)
    except LOST as error:
        run.lose([region], "sign_in", "LookupEvents", error)
    except ValueError:
        run.unlisted(region, "sign_in")
        detail = "an event's text is no JSON"
        run.ledger.add(
            Gap(run.ledger.account, region, "sign_in", "*", "*", "LookupEvents", "unexpected_response", detail)
        )


def _capped(run: Run, region: str, max_pages: int) -> None:
    run.unlisted(region, "sign_in")
    detail = (
        f"more than {max_pages * _PAGE:,} events: raise --sign-in-pages, or read the trail's files (--cloudtrail-logs)"
    )
    run.ledger.add(Gap(run.ledger.account, region, "sign_in", "*", "*", "LookupEvents", "limit_reached", detail))


def trimmed(event: Mapping[str, Any]) -> dict[str, Any]:
    """The members that say who opened which profile when, and whether it worked."""
    identity = event.get("userIdentity") or {}
    issuer = (identity.get("sessionContext") or {}).get("sessionIssuer") or {}
    request = event.get("requestParameters") or {}
    return {
        "eventTime": event.get("eventTime"),
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
