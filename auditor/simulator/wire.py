"""AWS's JSON 1.1 wire format, driven by botocore's own service model: validation in, shapes and errors out."""

from __future__ import annotations

import json
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


@cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service, parsed once."""
    return botocore.session.get_session().get_service_model(service)


@cache
def operation_model(service: str, name: str) -> OperationModel | None:
    model = service_model(service)
    return model.operation_model(name) if name in model.operation_names else None


def validate(operation: OperationModel, request: Mapping[str, Any]) -> None:
    """Refuse a request that does not fit the input shape, unknown members and enum values included."""
    shape = operation.input_shape
    if shape is None:
        return
    report = ParamValidator().validate(request, shape)
    problems = [report.generate_report()] if report.has_errors() else []
    problems += _enum_problems(shape, request, "")
    if problems:
        raise ApiError("ValidationException", "1 validation error detected: " + "; ".join(problems))


def _enum_problems(shape: Shape, value: Any, path: str) -> list[str]:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        members: Mapping[str, Shape] = shape.members
        return [
            problem
            for name, inner in value.items()
            for problem in (
                _enum_problems(members[name], inner, f"{path}.{name}" if path else name)
                if name in members
                else [f"Unknown parameter {name} in {path or 'input'}"]
            )
        ]
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [p for item in value for p in _enum_problems(shape.member, item, path)]
    allowed = getattr(shape, "enum", None)
    if allowed and value not in allowed:
        member = path[:1].lower() + path[1:]
        return [
            f"Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy enum value set:"
            f" [{', '.join(allowed)}]"
        ]
    return []


def epoch(moment: datetime) -> float:
    return moment.timestamp()


def now() -> float:
    """The service's clock, in whole seconds."""
    return float(int(datetime.now(UTC).timestamp()))


def shaped(operation: OperationModel, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Only the members that the output shape has, and none that was never set."""
    shape = operation.output_shape
    if shape is None:
        return {}
    return {name: answer[name] for name in shape.members if answer.get(name) is not None}
