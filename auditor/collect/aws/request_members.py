"""Members that a request names and the API doesn't have, by botocore's model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.exceptions import UnknownServiceError

if TYPE_CHECKING:
    from botocore.model import ServiceModel, Shape


def unknown_members(action: str, given: Mapping[str, Any]) -> list[str]:
    """Paths of members that the operation behind an action (``sagemaker:CreateDomain``) doesn't take. None of an action
    that no operation has the name of. Small and capital letters are the same, as CloudTrail writes them otherwise."""
    service, _, name = action.partition(":")
    model = _model(service)
    if model is None or name not in model.operation_names:
        return []
    return list(_unknown(given, model.operation_model(name).input_shape, ""))


@cache
def _model(service: str) -> ServiceModel | None:
    try:
        return botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        return None


def _unknown(given: Any, shape: Shape | None, at: str) -> Iterator[str]:
    kind = shape.type_name if shape is not None else "structure"
    if kind == "structure" and isinstance(given, Mapping):
        members = {name.lower(): inner for name, inner in getattr(shape, "members", {}).items()}
        for name, value in given.items():
            path = f"{at}.{name}" if at else str(name)
            if str(name).lower() not in members:
                yield path
            else:
                yield from _unknown(value, members[str(name).lower()], path)
    elif kind == "list" and isinstance(given, list):
        for one in given:
            yield from _unknown(one, getattr(shape, "member", None), f"{at}[]")
