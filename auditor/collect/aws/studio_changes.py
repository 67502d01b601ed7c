"""Who changed Studio's resources, from CloudTrail. Collected only on request: no rule reads it, ``whatif --policy``
does.

LookupEvents takes one attribute, so that each kind of event is asked for by itself; the window and the number of pages
are those of the sign-ins. Events are not carried over from earlier snapshots.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import OddAnswerError
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.kept_answers import CHANGE, ODD
from auditor.collect.aws.run import Run
from auditor.collect.aws.studio_change_fields import EVENTS, change
from auditor.model.snapshot import Gap, Kind

_KIND: Kind = "studio_call"
_PAGE = 50


def collect(run: Run, request: EvidenceRequest) -> None:
    """Submit the reading of each kind of event in each Region."""
    for region in request.regions:
        for name in EVENTS:
            run.tasks.submit(_collect, run, region, name, request.options.days, request.options.max_pages)


def _collect(run: Run, region: str, name: str, days: int, pages: int) -> None:
    asked: dict[str, Any] = {
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
        "StartTime": run.started - timedelta(days=days),
        "EndTime": run.started,
        "MaxResults": _PAGE,
    }
    with run.reading([region], _KIND, "LookupEvents"):
        for number, page in enumerate(run.pages("cloudtrail", region, "LookupEvents", asked, "Events"), 1):
            for event in page["Events"]:
                with run.reading([region], _KIND, "LookupEvents"):
                    run.keep(region, _KIND, text(event["EventId"]), _told(event))
            if page.get("NextToken") and number >= pages:
                run.unlisted(region, _KIND)
                detail = f"--sign-in-pages ends the list of {name} events, and there are earlier ones: raise it"
                run.ledger.add(
                    Gap(run.ledger.account, region, _KIND, "*", "*", "LookupEvents", "limit_reached", detail)
                )
                break


def _told(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a listed event says, be the page as AWS gave it or what was kept of it."""
    if ODD in event:
        raise OddAnswerError(text(event[ODD]))
    found: Mapping[str, Any] = event[CHANGE] if CHANGE in event else change(json.loads(event["CloudTrailEvent"]))
    return found
