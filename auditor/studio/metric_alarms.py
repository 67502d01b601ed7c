"""Whether somebody hears of a metric that a metric filter counts: by the alarms that watch it.

All answers are three-valued. True: one event is enough for an alarm that has an action. False: no alarm watches the
metric. None: one does, and what it takes is not known, or is more than one event: a threshold above one, another unit,
a metric with dimensions, a formula, or an alarm whose state others may look at. Sources: CloudWatch user guide, "Using
Amazon CloudWatch alarms"; API_MetricAlarm, API_CompositeAlarm, API_MetricTransformation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

#: Beginnings of formulas that find metrics by text.
_SEARCHES = ("SEARCH(", "SELECT ")
_COUNTED = ("Sum", "Maximum")


def notified(transformations: Iterable[Mapping[str, Any]], alarms: Iterable[Mapping[str, Any]]) -> bool | None:
    """Whether an event that the filter counts raises an alarm. ``transformations``: the filter's; ``alarms``: every
    metric alarm of its Region."""
    known = list(alarms)
    answers = [_notified(one, known) for one in transformations]
    return True if True in answers else None if None in answers else False


def _notified(transformation: Mapping[str, Any], alarms: Iterable[Mapping[str, Any]]) -> bool | None:
    answers = [_raised(transformation, alarm) for alarm in alarms]
    return True if True in answers else None if None in answers else False


def _raised(transformation: Mapping[str, Any], alarm: Mapping[str, Any]) -> bool | None:
    metric = (transformation.get("metricNamespace"), transformation.get("metricName"))
    if (alarm.get("Namespace"), alarm.get("MetricName")) != metric:
        return None if any(_reads(query, metric) for query in alarm.get("Metrics") or ()) else False
    if alarm.get("ActionsEnabled") is not True or not alarm.get("AlarmActions"):
        return None  # a composite alarm, or an EventBridge rule, may look at its state
    if alarm.get("Dimensions") or transformation.get("dimensions"):
        return None
    if alarm.get("Unit") not in (None, transformation.get("unit") or "None"):
        return None  # an alarm on a unit that nobody publishes stays without data (API_PutMetricAlarm)
    return True if _one_is_enough(transformation, alarm) else None


def _reads(query: Mapping[str, Any], metric: tuple[Any, Any]) -> bool:
    """Whether a part of a formula is the metric, or may find it."""
    read = (query.get("MetricStat") or {}).get("Metric") or {}
    formula = str(query.get("Expression") or "").upper()
    return (read.get("Namespace"), read.get("MetricName")) == metric or any(word in formula for word in _SEARCHES)


def _one_is_enough(transformation: Mapping[str, Any], alarm: Mapping[str, Any]) -> bool:
    threshold, points = alarm.get("Threshold"), alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods")
    if alarm.get("Statistic") not in _COUNTED or points != 1 or not isinstance(threshold, int | float):
        return False
    value = _number(transformation.get("metricValue"))
    if value is None:
        return False
    match alarm.get("ComparisonOperator"):
        case "GreaterThanOrEqualToThreshold":
            return value >= threshold
        case "GreaterThanThreshold":
            return value > threshold
        case _:
            return False


def _number(value: object) -> float | None:
    """``metricValue``, a number as text, or a member of the event."""
    try:
        return float(str(value))
    except ValueError:
        return None
