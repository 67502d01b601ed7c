"""What raises an event or an alarm when a domain is changed or a user profile is opened (``studio.call_alerts``).

EventBridge rules of the Region's default bus, where CloudTrail's events arrive: those that may be for one of the calls,
with the number of their targets. Metric filters of the log groups that trails write to, wherever the group lies; a
group of another account, as that of an organization's trail, can't be looked into. Whether an alarm watches a filter's
metric is not asked: a filter that may count the calls leaves it open.

What is kept is the judgement, by call, and no pattern: patterns name accounts and people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from auditor.collect.aws.answers import text
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.studio.call_alerts import CALLS, by_event_rule, by_metric_filter

_RULES, _TARGETS, _FILTERS = "ListRules", "ListTargetsByRule", "DescribeMetricFilters"
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


def _event_rules(run: Run, region: str) -> None:
    with run.reading([region], "event_rule", _RULES):
        for page in run.pages("events", region, _RULES, {"Limit": 100}, "Rules"):
            for rule in page["Rules"]:
                with run.reading([region], "event_rule", _RULES):
                    _event_rule(run, region, rule)


def _event_rule(run: Run, region: str, rule: Mapping[str, Any]) -> None:
    # A rule without a pattern has a schedule.
    if rule.get("State") == "DISABLED" or rule.get("EventPattern") is None:
        return
    name, judged = text(rule["Name"]), _judged(run, region, by_event_rule, text(rule["EventPattern"]))
    if not any(judged.values()):
        return
    with run.reading([region], "event_rule", _TARGETS):
        answer = run.call("events", region, _TARGETS, {"Rule": name}, ("Targets",))
        run.keep(region, "event_rule", name, {**judged, "Targets": len(answer["Targets"])})


def _metric_filters(run: Run, region: str, known: bool) -> None:
    """``known``: the trails were collected."""
    groups: set[str] = set()
    if known:
        if run.is_unlisted(region, "trail"):
            run.unlisted(region, "metric_filter")
        groups = {str(t.document.get("CloudWatchLogsLogGroupArn") or "") for t in run.each("trail", region)}
    else:
        with run.reading([region], "metric_filter", _TRAILS):
            answer = run.call("cloudtrail", region, _TRAILS, {"includeShadowTrails": True}, ("trailList",))
            groups = {str(trail.get("CloudWatchLogsLogGroupArn") or "") for trail in answer["trailList"]}
    for arn in sorted(groups - {""}):
        _, _, _, place, account, _, group, *_ = [*arn.split(":"), *[""] * 7]
        if account != run.ledger.account:
            run.keep(region, "metric_filter", arn, {"Possible": list(CALLS)})
            continue
        with run.reading([region], "metric_filter", _FILTERS):
            asked = {"logGroupName": group, "limit": 50}
            for page in run.pages("logs", place, _FILTERS, asked, "metricFilters", "nextToken"):
                for one in page["metricFilters"]:
                    with run.reading([region], "metric_filter", _FILTERS):
                        pattern = text(one["filterPattern"], empty=True)
                        judged = _judged(run, region, by_metric_filter, pattern)
                        possible = [*judged["Certain"], *judged["Possible"]]
                        if possible:
                            name = text(one["filterName"])
                            run.keep(region, "metric_filter", f"{arn}/{name}", {"Possible": possible})
