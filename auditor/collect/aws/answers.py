"""API answers as documents of a snapshot."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import Shape

from auditor.collect.aws.call_errors import OddAnswerError
from auditor.model.snapshot import Unseen
from auditor.studio.applications import APPLICATION_MEMBERS
from auditor.studio.resource_types import BY_KIND
from auditor.studio.settings import known_paths
from auditor.studio.structures import settings_paths

#: No document of these services nests a tenth as deep. What does is not an answer, and is too deep for its readers.
_DEEPEST = 100
#: Characters of one text. The longest that AWS gives here, a policy or an event, stay far below.
_LONGEST = 4 * 1024 * 1024
#: Characters of a text that need no second look where they are ASCII.
_PLAIN = 1024


def plain(value: Any, depth: int = 0) -> Any:
    """The same as JSON holds it: timestamps as RFC 3339 text in UTC, nothing else changed.

    Raises OddAnswerError for what a snapshot cannot hold.
    """
    # What nearly every member is, first.
    kind = type(value)
    if kind is str and len(value) <= _PLAIN and value.isascii():
        return value
    if kind is bool or value is None:
        return value
    if depth > _DEEPEST:
        raise OddAnswerError("the answer is nested too deep")
    if kind is dict or isinstance(value, Mapping):
        return {text(k): plain(v, depth + 1) for k, v in value.items() if k != "ResponseMetadata"}
    if isinstance(value, list | tuple):
        return [plain(v, depth + 1) for v in value]
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, str):
        return text(value, empty=True)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise OddAnswerError("the answer holds a number that is too large")
    return value


def text(value: object, *, empty: bool = False) -> str:
    """A member that must be text, an id for example. Raises OddAnswerError where it is not."""
    if not isinstance(value, str):
        raise OddAnswerError(f"the answer holds {type(value).__name__} where text is expected")
    if not value and not empty:
        raise OddAnswerError("the answer holds an empty text where there must be one")
    if len(value) > _LONGEST:
        raise OddAnswerError(f"the answer holds a text of {len(value):,} characters")
    if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
        raise OddAnswerError("the answer holds text that is not Unicode")
    return value


def rfc3339(moment: datetime) -> str:
    """To the microsecond where there are any, to the second otherwise."""
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return moment.isoformat().replace("+00:00", "Z")


def unseen(sagemaker: Any) -> tuple[Unseen, ...]:
    """API paths that the product reads, or sends back in a command, and that the client's botocore model does not know:
    never "not set"."""
    model = sagemaker.meta.service_model
    missing = {
        Unseen(kind, path)
        for table in (known_paths(), settings_paths(), APPLICATION_MEMBERS)
        for kind, paths in table.items()
        # What the model has no operation for is not listed either.
        if BY_KIND[kind].describe in model.operation_names
        for path in paths
        if not knows(model.operation_model(BY_KIND[kind].describe).output_shape, path)
    }
    return tuple(sorted(missing, key=lambda u: (u.kind, u.path)))


def knows(shape: Shape, path: str) -> bool:
    """Whether the installed model has the member."""
    for part in path.split("."):
        members = getattr(shape, "members", {})
        if part not in members:
            return False
        shape = members[part]
    return True
