"""What an account records of Studio: which trails do, from their status and selectors, and where its apps log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

#: The log group of Studio's apps and lifecycle configurations (developer guide, "CloudWatch Logs").
STUDIO_LOG_GROUP = "/aws/sagemaker/studio"
#: Log groups that SageMaker makes, and their common beginning; those of jobs are one each, those of endpoints one an
#: endpoint (developer guide, "CloudWatch Logs for Amazon SageMaker AI").
LOG_GROUPS = "/aws/sagemaker/"
JOB_LOG_GROUPS = tuple(
    LOG_GROUPS + name for name in ("TrainingJobs", "ProcessingJobs", "TransformJobs", "LabelingJobs", "Endpoints/")
)
#: What a log-in to Studio, and nearly everything else that changes something there, is to a selector. CloudTrail user
#: guide, "Filtering management events": an advanced selector's fields must all fit, of several selectors one.
_EVENT: Mapping[str, str] = {
    "eventCategory": "Management",
    "readOnly": "false",
    "eventSource": "sagemaker.amazonaws.com",
    "eventType": "AwsApiCall",
}


def records_management(trail: Mapping[str, Any], gaps: Sequence[str] = ()) -> bool | None:
    """Whether a trail is logging management events that write, which opening a profile is.

    ``trail``: ``Status`` of GetTrailStatus and ``Selectors`` of GetEventSelectors. ``gaps``: paths in it that were not
    seen. None where the document does not tell.
    """
    status, selectors = trail.get("Status"), trail.get("Selectors")
    logging = status.get("IsLogging") if isinstance(status, Mapping) else None
    if logging is False:
        return False
    if logging is not True or not isinstance(selectors, Mapping):
        return None
    basic, advanced = (selectors.get(name) or [] for name in ("EventSelectors", "AdvancedEventSelectors"))
    if not isinstance(basic, list) or not isinstance(advanced, list):
        return None
    answers = [*map(_basic, basic), *map(_advanced, advanced)]
    if True in answers:
        return True
    return None if None in answers or any(gap.startswith("Selectors") for gap in gaps) else False


#: What an audit asks of a trail beside that it records: how it is called, and the member of the API's document.
STRENGTHS: Mapping[str, str] = {
    "log file validation": "LogFileValidationEnabled", "all Regions": "IsMultiRegionTrail", "a KMS key": "KmsKeyId",
}  # fmt: skip


def weaknesses(trail: Mapping[str, Any], gaps: Sequence[str] = ()) -> list[str] | None:
    """Which of ``STRENGTHS`` a trail lacks; None where the document does not tell. DescribeTrails gives both flags with
    each trail, and a key where there is one (API_Trail)."""
    if any(member in gaps for member in STRENGTHS.values()):
        return None
    flags = [trail.get(member) for member in STRENGTHS.values() if member != "KmsKeyId"]
    if not all(isinstance(flag, bool) for flag in flags):
        return None
    return [name for name, member in STRENGTHS.items() if not trail.get(member)]


def _basic(selector: object) -> bool | None:
    """Three-valued, as ``_advanced``. API_EventSelector: ReadWriteType is ReadOnly, WriteOnly or All."""
    if not isinstance(selector, Mapping):
        return None
    written, included = selector.get("ReadWriteType") or "All", selector.get("IncludeManagementEvents")
    excluded = selector.get("ExcludeManagementEventSources") or []
    if written == "ReadOnly" or included is False:
        return False
    if not isinstance(excluded, list) or written not in ("WriteOnly", "All"):
        return None
    return False if _EVENT["eventSource"] in excluded else True if included is True else None


def _advanced(selector: object) -> bool | None:
    """Three-valued: False where one field keeps these events out, None where one may."""
    fields = selector.get("FieldSelectors") if isinstance(selector, Mapping) else None
    if not isinstance(fields, list) or not fields:
        return None
    answers = [_field(field) for field in fields]
    if False in answers:
        return False
    named = any(isinstance(f, Mapping) and f.get("Field") == "eventCategory" for f in fields)
    return None if None in answers or not named else True


def _field(field: object) -> bool | None:
    if not isinstance(field, Mapping):
        return None
    value = _EVENT.get(str(field.get("Field")))
    # What narrows by another field, such as a name or a user, leaves part of the events out, or may.
    if value is None or not set(field) - {"Field"}:
        return None
    for operator, listed in field.items():
        if operator == "Field" or listed is None:
            continue
        if operator not in _OPERATORS or not isinstance(listed, list) or not all(isinstance(v, str) for v in listed):
            return None
        if not _OPERATORS[operator](value, listed):
            return False
    return True


_OPERATORS: Mapping[str, Callable[[str, list[str]], bool]] = {
    "Equals": lambda value, listed: value in listed,
    "StartsWith": lambda value, listed: value.startswith(tuple(listed)),
    "EndsWith": lambda value, listed: value.endswith(tuple(listed)),
    "NotEquals": lambda value, listed: value not in listed,
    "NotStartsWith": lambda value, listed: not value.startswith(tuple(listed)),
    "NotEndsWith": lambda value, listed: not value.endswith(tuple(listed)),
}
