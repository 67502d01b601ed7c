"""Whether one event that a metric filter counts raises an alarm, by what API_MetricAlarm and the user guide say."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.studio.metric_alarms import notified

COUNTS = {"metricNamespace": "Trail", "metricName": "changes", "metricValue": "1"}
ALARM: dict[str, Any] = {
    "Namespace": "Trail", "MetricName": "changes", "Statistic": "Sum", "EvaluationPeriods": 1, "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold", "ActionsEnabled": True, "AlarmActions": ["arn:aws:sns:…"],
}  # fmt: skip
#: (what differs in the alarm, whether one event is enough)
ALARMS: list[tuple[dict[str, Any], bool | None]] = [
    ({}, True),
    ({"Statistic": "Maximum"}, True),
    ({"Threshold": 0.0, "ComparisonOperator": "GreaterThanThreshold"}, True),
    ({"Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}, None),
    ({"Threshold": 5.0}, None),
    ({"Statistic": "Average"}, None),
    ({"ComparisonOperator": "LessThanThreshold"}, None),
    # Of three periods two: the second event may never come.
    ({"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, None),
    ({"EvaluationPeriods": 3, "DatapointsToAlarm": 1}, True),
    ({"EvaluationPeriods": 2}, None),
    # A composite alarm, or a rule of EventBridge, may look at its state.
    ({"AlarmActions": []}, None),
    ({"ActionsEnabled": False}, None),
    ({"Dimensions": [{"Name": "user", "Value": "root"}]}, None),
    # A filter that names no unit counts in none.
    ({"Unit": "None"}, True),
    ({"Unit": "Count"}, None),
    ({"MetricName": "sign-ins"}, False),
    ({"Namespace": "Other"}, False),
    # Formulas have no metric of their own.
    ({"Namespace": None, "MetricName": None, "Metrics": [
        {"MetricStat": {"Metric": {"Namespace": "Trail", "MetricName": "changes"}}}, {"Expression": "m1 * 2"}]}, None),
    ({"Namespace": None, "MetricName": None, "Metrics": [
        {"MetricStat": {"Metric": {"Namespace": "Trail", "MetricName": "jobs"}}}, {"Expression": "m1 * 2"}]}, False),
    ({"Namespace": None, "MetricName": None, "Metrics": [{"Expression": "search('{Trail}', 'Sum', 300)"}]}, None),
    ({"Namespace": None, "MetricName": None, "Metrics": [{"Expression": 'SELECT SUM(changes) FROM "Trail"'}]}, None),
]  # fmt: skip


@pytest.mark.parametrize(("differs", "expected"), ALARMS)
def test_alarms(differs: dict[str, Any], expected: bool | None) -> None:
    assert notified([COUNTS], [ALARM | differs]) is expected


def test_an_alarm_on_the_unit_of_the_filter() -> None:
    assert notified([COUNTS | {"unit": "Count"}], [ALARM | {"Unit": "Count"}]) is True


def test_one_alarm_of_several_is_enough() -> None:
    assert notified([COUNTS], [ALARM | {"Threshold": 9.0}, ALARM, ALARM | {"MetricName": "x"}]) is True
    assert notified([COUNTS | {"metricName": "x"}, COUNTS], [ALARM]) is True


def test_without_an_alarm_nobody_hears_of_it() -> None:
    assert notified([COUNTS], []) is False
    assert notified([], [ALARM]) is False


@pytest.mark.parametrize("value", ["$.requestParameters.number", "0", ""])
def test_what_an_event_adds_has_to_reach_the_threshold(value: str) -> None:
    assert notified([COUNTS | {"metricValue": value}], [ALARM]) is None


def test_a_metric_with_dimensions_is_several() -> None:
    assert notified([COUNTS | {"dimensions": {"user": "$.userIdentity.userName"}}], [ALARM]) is None
