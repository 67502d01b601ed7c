"""AWS's JSON 1.1 wire format, driven by botocore's own service model: validation in, shapes and errors out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator


class ApiError(Exception):
    """An error that AWS answers with; ``code`` is the exception's name on the wire."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def body(self) -> bytes:
        # SageMaker's own errors spell the member "Message", the front end's "message"; clients read either.
        return json.dumps({"__type": self.code, "message": self.message, "Message": self.message}).encode()


def in_use(message: str) -> ApiError:
    """What AWS answers where another resource is in the way."""
    return ApiError("ResourceInUse", message)


def invalid(message: str) -> ApiError:
    """What AWS answers to a request that it cannot carry out as it is."""
    return ApiError("ValidationException", message)


#: Services that sign by another name than botocore's model has.
MODELS: Mapping[str, str] = {"monitoring": "cloudwatch", "servicequotas": "service-quotas", "sso": "sso-admin"}


@cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service, parsed once."""
    return botocore.session.get_session().get_service_model(service)


@cache
def operation_model(service: str, name: str) -> OperationModel | None:
    model = service_model(service)
    return model.operation_model(name) if name in model.operation_names else None


def validate(operation: OperationModel, request: Mapping[str, Any]) -> None:
    """Refuse a request that does not fit the input shape: unknown members, enum values, maxima and the form of names
    included, which botocore's own validator leaves to the service."""
    shape = operation.input_shape
    if shape is None:
        return
    report = ParamValidator().validate(request, shape)
    problems = [report.generate_report()] if report.has_errors() else []
    problems += _constraint_problems(shape, request, "")
    if problems:
        raise ApiError("ValidationException", "1 validation error detected: " + "; ".join(problems))


def _constraint_problems(shape: Shape, value: Any, path: str) -> list[str]:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        members: Mapping[str, Shape] = shape.members
        return [
            problem
            for name, inner in value.items()
            for problem in (
                _constraint_problems(members[name], inner, f"{path}.{name}" if path else name)
                if name in members
                else [f"Unknown parameter {name} in {path or 'input'}"]
            )
        ]
    problems = []
    if isinstance(shape, ListShape) and isinstance(value, list):
        problems = [p for item in value for p in _constraint_problems(shape.member, item, path)]
    broken = _broken(shape, value)
    if broken:
        member = path[:1].lower() + path[1:]
        problems.append(f"Value '{value}' at '{member}' failed to satisfy constraint: Member must {broken}")
    return problems


def _broken(shape: Shape, value: Any) -> str:
    """The constraint that the value breaks, in AWS's words; empty where it breaks none."""
    allowed, most, pattern = getattr(shape, "enum", None), shape.metadata.get("max"), shape.metadata.get("pattern")
    if allowed and value not in allowed:
        return f"satisfy enum value set: [{', '.join(allowed)}]"
    if most is not None and isinstance(value, int) and value > most:
        return f"have value less than or equal to {most}"
    if most is not None and isinstance(value, str | list) and len(value) > most:
        return f"have length less than or equal to {most}"
    # Names and ids only: other patterns are Java's, or take exponential time to fail.
    if pattern and isinstance(value, str) and shape.name.endswith(("Name", "Id")) and not re.fullmatch(pattern, value):
        return f"satisfy regular expression pattern: {pattern}"
    return ""


def epoch(moment: datetime) -> float:
    return moment.timestamp()


def now() -> float:
    """The service's clock, in whole seconds."""
    return float(int(datetime.now(UTC).timestamp()))


#: Seconds.
DAY = 24 * 3600


def today() -> float:
    """The day's beginning: what an estate dates from it is the same all day long."""
    return now() // DAY * DAY


def shaped(operation: OperationModel, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Only the members that the output shape has, and none that was never set."""
    shape = operation.output_shape
    if shape is None:
        return {}
    return {name: answer[name] for name in shape.members if answer.get(name) is not None}
