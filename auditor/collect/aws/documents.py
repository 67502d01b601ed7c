"""API answers as documents of a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import Shape

from auditor.model.snapshot import Unseen
from auditor.studio.settings import known_paths
from auditor.studio.structures import settings_paths

_DESCRIBES = {"domain": "DescribeDomain", "user_profile": "DescribeUserProfile", "space": "DescribeSpace"}


def plain(value: Any) -> Any:
    """The same as JSON holds it: timestamps as RFC 3339 text in UTC, nothing else changed."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items() if k != "ResponseMetadata"}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, datetime):
        return rfc3339(value)
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
        for table in (known_paths(), settings_paths())
        for kind, paths in table.items()
        for path in paths
        if not _knows(model.operation_model(_DESCRIBES[kind]).output_shape, path)
    }
    return tuple(sorted(missing, key=lambda u: (u.kind, u.path)))


def _knows(shape: Shape, path: str) -> bool:
    for part in path.split("."):
        members = getattr(shape, "members", {})
        if part not in members:
            return False
        shape = members[part]
    return True
