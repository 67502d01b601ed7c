"""Operations of other services that moto lacks: CloudTrail's LookupEvents, IAM's SimulatePrincipalPolicy, and what
``account_facts`` answers; and KMS's DescribeKey, which moto answers for keys only that were made in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from auditor.simulator import account_facts
from auditor.simulator.operations import paged
from auditor.simulator.policies import Question, question, simulate
from auditor.simulator.state import StudioBackend
from auditor.simulator.wire import ApiError, operation_model, validate
from auditor.studio.partitions import partition_of

OPERATIONS = frozenset(
    {
        ("cloudtrail", "LookupEvents"),
        ("iam", "SimulatePrincipalPolicy"),
        ("kms", "DescribeKey"),
        ("kms", "GetKeyRotationStatus"),
        *account_facts.OPERATIONS,
    }
)
#: LookupEvents: 50 events a page by default and at most, 90 days back (CloudTrail API reference).
_EVENTS_PAGE = 50


def answer(
    service: str, name: str, account: str, backend: StudioBackend, body: bytes
) -> tuple[Mapping[str, Any], bytes]:
    """The answer's members, and the same as the service's protocol writes them."""
    model = operation_model(service, name)
    assert model is not None, name
    if service == "iam":
        import moto.backends as moto_backends

        request = _query(body)
        validate(model, request)
        asked = question(moto_backends.get_backend("iam")[account][partition_of(backend.region_name)], request)
        return simulate(asked), _simulated(asked)
    request = json.loads(body or b"{}")
    validate(model, request)
    if (service, name) in account_facts.OPERATIONS:
        members = account_facts.OPERATIONS[service, name](backend, request)
    else:
        members = _of_key(backend, name, request["KeyId"]) if service == "kms" else _events(backend, request)
    return members, json.dumps(members).encode()


def _of_key(backend: StudioBackend, name: str, key: str) -> dict[str, Any]:
    """What is asked of the key of a domain."""
    if name == "DescribeKey":
        return _key(backend, key)
    named = {key, key.rpartition("/")[2]}
    return {"KeyId": key, "KeyRotationEnabled": not named & backend.keys_without_rotation}


def _key(backend: StudioBackend, key: str) -> dict[str, Any]:
    """The key of a domain. Those of other accounts refuse, as their policies usually do."""
    place = f"arn:{partition_of(backend.region_name)}:kms:{backend.region_name}:{backend.account_id}:key/"
    if key.startswith("arn:") and not key.startswith(place):
        raise ApiError(
            "AccessDeniedException", f"User is not authorized to perform: kms:DescribeKey on resource: {key}"
        )
    if key not in {d.get("KmsKeyId") for d in backend.domains.values()}:
        raise ApiError("NotFoundException", f"Key '{key}' does not exist")
    manager = "AWS" if key in backend.aws_managed_keys else "CUSTOMER"
    return {"KeyMetadata": {"KeyId": key.removeprefix(place), "Arn": place + key.removeprefix(place),
                            "Enabled": True, "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS",
                            "KeyManager": manager}}  # fmt: skip


@lru_cache(maxsize=1024)
def _simulated(asked: Question) -> bytes:
    return _xml("SimulatePrincipalPolicy", simulate(asked))


def _xml(name: str, members: Mapping[str, Any]) -> bytes:
    """An answer of the query protocol."""
    root = ElementTree.Element(f"{name}Response", xmlns="https://iam.amazonaws.com/doc/2010-05-08/")
    _fill(ElementTree.SubElement(root, f"{name}Result"), members)
    text: bytes = ElementTree.tostring(root, encoding="utf-8")
    return text


def _fill(element: ElementTree.Element, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _fill(ElementTree.SubElement(element, name), inner)
    elif isinstance(value, list):
        for item in value:
            _fill(ElementTree.SubElement(element, "member"), item)
    else:
        element.text = str(value).lower() if isinstance(value, bool) else str(value)


def _query(body: bytes) -> dict[str, Any]:
    """The query protocol's flat fields as a request: ``ActionNames.member.1`` becomes a list, and
    ``ContextEntries.member.1.ContextKeyName`` a list of structures."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(body.decode()):
        *path, last = name.split(".")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = int(value) if name == "MaxItems" else value
    return {name: _lists(value) for name, value in tree.items() if name not in ("Action", "Version")}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if set(value) == {"member"}:
        return [_lists(item) for _, item in sorted(value["member"].items(), key=lambda pair: int(pair[0]))]
    return {name: _lists(inner) for name, inner in value.items()}


def _events(backend: StudioBackend, request: Mapping[str, Any]) -> dict[str, Any]:
    attributes = request.get("LookupAttributes") or []
    if len(attributes) > 1:
        raise ApiError("InvalidLookupAttributesException", "You can only specify one LookupAttribute.")
    wanted = {a["AttributeValue"] for a in attributes if a["AttributeKey"] == "EventName"}
    start, end = float(request.get("StartTime", 0)), float(request.get("EndTime", "inf"))
    found = [
        {k: v for k, v in event.items() if k != "_detail"} | {"CloudTrailEvent": json.dumps(_detail(event))}
        for event in sorted(backend.events, key=lambda e: -e["EventTime"])
        if (not attributes or event["EventName"] in wanted) and start <= event["EventTime"] <= end
    ]
    return paged(found, {"MaxResults": _EVENTS_PAGE, **request}, "Events")


def _detail(event: Mapping[str, Any]) -> dict[str, Any]:
    moment = datetime.fromtimestamp(event["EventTime"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**event["_detail"], "eventTime": moment}
