"""What raises an event or an alarm when a domain is changed or a user profile is opened (``studio.call_alerts``).

EventBridge rules of the Region's default bus, where CloudTrail's events arrive: those that may be for one of the calls,
with the number of their targets. Metric filters of the log groups that trails write to, wherever the group lies, with
the alarms of their metrics; a group of another account, as that of an organization's trail, can't be looked into, and
leaves it open. A filter whose metric no alarm watches tells nobody. That one counts the calls for certain takes a trail
that is known to record them.

What is kept is the judgement, by call, and no pattern: patterns name accounts and people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import OddAnswerError
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.studio.call_alerts import CALLS, by_event_rule, by_metric_filter
from auditor.studio.metric_alarms import notified
from auditor.studio.trails import records_management

_RULES, _TARGETS, _FILTERS = "ListRules", "ListTargetsByRule", "DescribeMetricFilters"
_ALARMS = "DescribeAlarms"
_TRAILS = "DescribeTrails"
_Judge = Callable[[str, str, str, str], bool | None]


def collect(run: Run, request: EvidenceRequest) -> None:
    for region in request.regions:
        if run.holds("domain", region):
            run.tasks.submit(_event_rules, run, region)
            run.tasks.submit(_metric_filters, run, region, "account" in request.options.names)
        else:
            run.unlisted(region, "event_rule")
            run.unlisted(region, "metric_filter")


def _judged(run: Run, region: str, judge: _Judge, pattern: str) -> Mapping[str, list[str]]:
    """The calls that the pattern is for, and those that it may be for."""
    answers = {call: judge(pattern, call, run.ledger.account, region) for call in CALLS}
    return {
        "Certain": [call for call, answer in answers.items() if answer],
        "Possible": [call for call, answer in answers.items() if answer is None],
    }


def _structures(listed: object) -> list[Mapping[str, Any]]:
    """A list of structures. Raises OddAnswerError where it is something else."""
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise OddAnswerError("the answer holds something else where a list of structures is expected")
    return listed


def _event_rules(run: Run, region: str) -> None:
    with run.reading([region], "event_rule", _RULES):
        for page in run.pages("events", region, _RULES, {"Limit": 100}, "Rules"):
            for rule in page["Rules"]:
                with run.reading([region], "event_rule", _RULES):
                    _event_rule(run, region, rule)


def _event_rule(run: Run, region: str, rule: Mapping[str, Any]) -> None:
    name = text(rule["Name"])
    # A rule without a pattern has a schedule.
    if rule.get("State") == "DISABLED" or rule.get("EventPattern") is None:
        return
    judged = _judged(run, region, by_event_rule, text(rule["EventPattern"]))
    if not any(judged.values()):
        return
    with run.reading([region], "event_rule", _TARGETS):
        answer = run.call("events", region, _TARGETS, {"Rule": name}, ("Targets",))
        run.keep(region, "event_rule", name, {**judged, "Targets": len(answer["Targets"])})


def _metric_filters(run: Run, region: str, known: bool) -> None:
    """``known``: the trails were collected."""
    groups: dict[str, bool] = {}
    if known:
        if run.is_unlisted(region, "trail"):
            run.unlisted(region, "metric_filter")
        for trail in run.each("trail", region):
            arn = str(trail.document.get("CloudWatchLogsLogGroupArn") or "")
            recorded = records_management(trail.document, trail.gaps) is True
            groups[arn] = groups.get(arn, False) or recorded
    else:
        with run.reading([region], "metric_filter", _TRAILS):
            answer = run.call("cloudtrail", region, _TRAILS, {"includeShadowTrails": True}, ("trailList",))
            groups = {str(trail.get("CloudWatchLogsLogGroupArn") or ""): False for trail in answer["trailList"]}
    found: dict[str, list[_Counting]] = {}
    for arn in sorted(groups.keys() - {""}):
        _, _, _, place, account, *_ = [*arn.split(":"), *[""] * 7]
        if account != run.ledger.account:
            run.keep(region, "metric_filter", arn, {"Certain": [], "Possible": list(CALLS)})
            continue
        with run.reading([region], "metric_filter", _FILTERS):
            found.setdefault(place, []).extend(_counting(run, region, arn, recorded=groups[arn]))
    for place, filters in found.items():
        _alarmed(run, region, place, filters)


class _Counting(NamedTuple):
    """A metric filter that counts the calls for certain, or may: its id, the calls, and what it makes of them."""

    id: str
    certain: list[str]
    possible: list[str]
    transformations: list[Mapping[str, Any]]


def _counting(run: Run, region: str, arn: str, *, recorded: bool) -> Iterator[_Counting]:
    """The filters of a log group that may count the calls. ``recorded``: a trail is known to write the calls there."""
    _, _, _, place, _, _, group, *_ = [*arn.split(":"), *[""] * 7]
    asked = {"logGroupName": group, "limit": 50}
    for page in run.pages("logs", place, _FILTERS, asked, "metricFilters", "nextToken"):
        for one in page["metricFilters"]:
            with run.reading([region], "metric_filter", _FILTERS):
                judged = _judged(run, region, by_metric_filter, text(one["filterPattern"], empty=True))
                certain = judged["Certain"] if recorded else []
                possible = [*judged["Possible"], *(call for call in judged["Certain"] if call not in certain)]
                if certain or possible:
                    made = _structures(one["metricTransformations"])
                    yield _Counting(f"{arn}/{text(one['filterName'])}", certain, possible, made)


def _alarmed(run: Run, region: str, place: str, filters: list[_Counting]) -> None:
    """Keep the filters of a Region, as far as alarms watch what they count."""
    if not filters:
        return
    with run.reading([region], "metric_filter", _ALARMS):
        alarms = [
            alarm
            for page in run.pages(
                "cloudwatch", place, _ALARMS, {"AlarmTypes": ["MetricAlarm"], "MaxRecords": 100}, "MetricAlarms"
            )
            for alarm in _structures(page["MetricAlarms"])
        ]
        for one in filters:
            answer = notified(one.transformations, alarms)
            if answer is not False:
                certain = one.certain if answer else []
                possible = [*one.possible, *(call for call in one.certain if call not in certain)]
                run.keep(region, "metric_filter", one.id, {"Certain": certain, "Possible": possible})
