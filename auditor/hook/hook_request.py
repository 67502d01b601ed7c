"""What CloudFormation asks a Lambda Hook, for each of its targets.

Source: CloudFormation Hooks User Guide, "Create Lambda functions to evaluate resources for Lambda Hooks" (input syntax
of resource, stack and change set operations, and how long a message may be).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.errors import ConfigError

#: Characters of a message that CloudFormation shows, and that Cloud Control API does.
MESSAGE, MESSAGE_OF_CLOUD_CONTROL = 4_096, 1_024
_OF_TEMPLATES = frozenset({"STACK", "CHANGE_SET"})


@dataclass(frozen=True, slots=True)
class HookRequest:
    """One question. ``target``: STACK, CHANGE_SET, or a resource type. ``url``: where the template lies, empty for a
    resource, which comes with its ``properties``. ``account`` and ``region`` are empty where nothing says them;
    ``limit``: characters that an answer may have."""

    target: str
    deletes: bool
    account: str
    region: str
    logical_id: str
    url: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    limit: int = MESSAGE

    @property
    def of_template(self) -> bool:
        """Whether a whole template is asked about, rather than one resource."""
        return self.target in _OF_TEMPLATES


def read_request(event: Any) -> HookRequest:
    """The question in an event. Raises ConfigError for what is none."""
    given = event if isinstance(event, Mapping) else {}
    data = given.get("requestData")
    if not isinstance(data, Mapping) or not isinstance(data.get("targetName"), str):
        raise ConfigError("the event is not a request of a CloudFormation Hook: requestData.targetName is missing")
    target = data["targetName"]
    # The guide writes both.
    stack = _text(given, "stackId") or _text(given, "stackID")
    model = given.get("hookModel")
    region = _region(stack) or _region(_text(model, "LambdaFunction") if isinstance(model, Mapping) else "")
    common = (
        target, _text(given, "actionInvocationPoint").startswith("DELETE"), _text(given, "awsAccountId"), region,
        _text(data, "targetLogicalId"),
    )  # fmt: skip
    if target in _OF_TEMPLATES:
        url = _text(data, "payload")
        if not url:
            raise ConfigError(f"the request about a {target} has no requestData.payload")
        return HookRequest(*common, url=url)
    holder = data.get("targetModel")
    properties = holder.get("resourceProperties") if isinstance(holder, Mapping) else None
    if properties is not None and not isinstance(properties, Mapping):
        raise ConfigError(f"the properties of {target} are not a mapping")
    return HookRequest(*common, properties=properties or {}, limit=MESSAGE if stack else MESSAGE_OF_CLOUD_CONTROL)


def token_of(event: Any) -> str:
    """What an answer has to repeat. The guide spells its name in two ways, and leaves it out for resources."""
    given = event if isinstance(event, Mapping) else {}
    return _text(given, "clientRequestToken") or _text(given, "clientRequesttoken")


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""


def _region(arn: str) -> str:
    parts = arn.split(":")
    return parts[3] if len(parts) > 5 else ""
