"""Which calls an event pattern or a metric filter picks out, and where that hangs on what is not known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.studio.call_alerts import by_event_rule, by_metric_filter

ACCOUNT, REGION = "111122223333", "eu-west-1"
VIA = "AWS API Call via CloudTrail"


def _detail(**detail: Any) -> dict[str, Any]:
    return {"source": ["aws.sagemaker"], "detail-type": [VIA], "detail": detail}


#: EventBridge user guide, "Comparison operators": what each pattern says of UpdateDomain.
EVENTS: list[tuple[Any, bool | None]] = [
    ({"source": ["aws.sagemaker"]}, True),
    (_detail(eventSource=["sagemaker.amazonaws.com"], eventName=["UpdateDomain", "DeleteDomain"]), True),
    (_detail(eventName=["DeleteDomain"]), False),
    ({"source": ["aws.ec2"]}, False),
    # Events of SageMaker's own, which jobs and endpoints send.
    ({"source": ["aws.sagemaker"], "detail-type": ["SageMaker Training Job State Change"]}, False),
    ({"account": [ACCOUNT], "region": [REGION]}, True),
    ({"account": ["444455556666"]}, False),
    (_detail(eventName=[{"prefix": "Update"}]), True),
    (_detail(eventName=[{"prefix": {"equals-ignore-case": "update"}}]), True),
    (_detail(eventName=[{"suffix": "Profile"}]), False),
    (_detail(eventName=[{"wildcard": "*Domain"}]), True),
    (_detail(eventName=[{"wildcard": "Upd?te*"}]), False),
    (_detail(eventName=[{"equals-ignore-case": "updatedomain"}]), True),
    (_detail(eventName=[{"anything-but": ["UpdateDomain"]}]), False),
    (_detail(eventName=[{"anything-but": {"prefix": "Describe"}}]), True),
    (_detail(eventName=[{"anything-but": {"prefix": ["Describe", "Update"]}}]), False),
    # A call that succeeds has no error code.
    (_detail(errorCode=[{"exists": False}]), True),
    (_detail(errorCode=["AccessDenied"]), False),
    (_detail(readOnly=[False]), True),
    (_detail(readOnly=["false"]), False),
    ({"$or": [{"source": ["aws.ec2"]}, {"source": ["aws.sagemaker"]}]}, True),
    # Whoever calls, and with what, differs from call to call.
    (_detail(eventName=["UpdateDomain"], userIdentity={"type": ["Root"]}), None),
    (_detail(requestParameters={"domainId": ["d-1"]}), None),
    (_detail(eventName=["DeleteDomain"], userIdentity={"type": ["Root"]}), False),
    (_detail(eventName=[{"new-operator": "x"}]), None),
    (_detail(eventName=[{"wildcard": "Update\\*"}]), None),
    ([], None),
]


@pytest.mark.parametrize(("pattern", "expected"), EVENTS)
def test_event_patterns(pattern: Any, expected: bool | None) -> None:
    assert by_event_rule(json.dumps(pattern), "UpdateDomain", ACCOUNT, REGION) is expected


def test_what_is_no_pattern_is_not_known() -> None:
    assert by_event_rule("{", "UpdateDomain", ACCOUNT, REGION) is None


#: CloudWatch Logs user guide, "Filter pattern syntax": what each says of UpdateDomain.
FILTERS: list[tuple[str, bool | None]] = [
    ("", True),
    ("{ $.eventName = UpdateDomain }", True),
    ('{ ($.eventSource = "sagemaker.amazonaws.com") && ($.eventName = "Update*") }', True),
    ("{($.eventName=DeleteTrail)||($.eventName=StopLogging)}", False),
    ("{($.eventName=DeleteTrail)||(($.eventName=UpdateDomain)&&($.awsRegion=eu-west-1))}", True),
    ("{ $.eventName != UpdateDomain }", False),
    ("{ $.errorCode NOT EXISTS }", True),
    # CIS's own filters for console sign-ins, the root user, and refused calls.
    ('{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != "Yes") }', False),
    (
        '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
        None,
    ),
    ('{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }', False),
    ("{ $.readOnly IS FALSE }", True),
    # A regular expression ("Supported regular expressions (regex) syntax").
    ("{ $.eventName = %Update.*% }", None),
    ("{ $.eventName != %^Describe% }", None),
    ("{ ($.eventName = %Update.*%) && ($.awsRegion = us-east-1) }", False),
    ("{ $.eventName = }", None),
    ("{ $.eventName = UpdateDomain", None),
    ("UpdateDomain", None),
    ("[ip, user, request]", None),
]


@pytest.mark.parametrize(("pattern", "expected"), FILTERS)
def test_metric_filters(pattern: str, expected: bool | None) -> None:
    assert by_metric_filter(pattern, "UpdateDomain", ACCOUNT, REGION) is expected
