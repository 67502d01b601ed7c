"""What an account records of Studio: its trails, and how long logs of Studio, of jobs and of endpoints are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import CALL_FAILED
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.studio.trails import JOB_LOG_GROUPS, LOG_GROUPS, STUDIO_LOG_GROUP, records_management


def collect(run: Run, request: EvidenceRequest) -> None:
    for region in request.regions:
        run.tasks.submit(_trails, run, region)
        run.tasks.submit(_log_groups, run, region)


def _trails(run: Run, region: str) -> None:
    """Trails that cover the region, shadow and organisation trails included, whether they log, and what.

    An organisation's trail may refuse its member accounts. That is a gap only where no other trail is known to record.
    """
    refused: list[tuple[str, str, Exception]] = []
    recorded = False
    with run.reading([region], "trail", "DescribeTrails"):
        answer = run.call("cloudtrail", region, "DescribeTrails", {"includeShadowTrails": True}, ("trailList",))
        for trail in answer["trailList"]:
            with run.reading([region], "trail", "DescribeTrails"):
                recorded |= _trail(run, region, trail, refused) is True
    for arn, operation, error in [] if recorded else refused:
        run.ledger.gap(region, "trail", arn, operation, error)


def _trail(run: Run, region: str, trail: Mapping[str, Any], refused: list[tuple[str, str, Exception]]) -> bool | None:
    """Keep a trail; whether it records what is done in Studio."""
    document, gaps = dict(trail), []
    arn = text(trail["TrailARN"])
    for member, operation, request, kept in (
        # The status also says when a file was last delivered, which moves all day long.
        ("Status", "GetTrailStatus", {"Name": arn}, ("IsLogging",)),
        ("Selectors", "GetEventSelectors", {"TrailName": arn}, ("EventSelectors", "AdvancedEventSelectors")),
    ):
        try:
            answer = run.call("cloudtrail", region, operation, request)
            document[member] = {name: answer[name] for name in kept if name in answer}
        except CALL_FAILED as error:
            gaps.append(member)
            refused.append((arn, operation, error))
    run.keep(region, "trail", arn, document, tuple(gaps))
    return records_management(document, gaps)


def _log_groups(run: Run, region: str) -> None:
    request = {"logGroupNamePrefix": LOG_GROUPS, "limit": 50}
    with run.reading([region], "log_group", "DescribeLogGroups"):
        for page in run.pages("logs", region, "DescribeLogGroups", request, "logGroups", "nextToken"):
            for group in page["logGroups"]:
                with run.reading([region], "log_group", "DescribeLogGroups"):
                    name = text(group["logGroupName"])
                    if name.startswith((STUDIO_LOG_GROUP, *JOB_LOG_GROUPS)):
                        run.keep(region, "log_group", name, group)
