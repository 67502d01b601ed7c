"""What belongs to an account, in operations that moto lacks: the bill's tags, service quotas, and to whom applications
of Identity Center are assigned (``surroundings`` says how an estate names them).

Estate files name them as follows.

- ``cost_tags``: keys of cost allocation tags, each with Active or Inactive; false for a member account, which is
  refused. Where nothing is said, those that Studio sets and ``owner`` are active.
- ``quotas``: ``{name, value, region}`` of SageMaker's applied quotas, beside some that AWS sets to 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from auditor.simulator import surroundings
from auditor.simulator.operations import paged
from auditor.simulator.state import StudioBackend
from auditor.simulator.wire import ApiError
from auditor.studio.partitions import HOME_REGIONS, partition_of

_ACTIVE: Mapping[str, str] = dict.fromkeys(
    ("sagemaker:domain-arn", "sagemaker:user-profile-arn", "sagemaker:space-arn", "owner"), "Active"
)
#: AWS's default for them (general reference, "Amazon SageMaker AI endpoints and quotas").
_QUOTAS: Mapping[str, float] = {
    "Studio JupyterLab Apps running on ml.t3.medium instances": 4.0,
    "Studio JupyterLab Apps running on ml.g5.xlarge instances": 0.0,
    "Studio CodeEditor Apps running on ml.g5.xlarge instances": 0.0,
    "Studio KernelGateway Apps running on ml.g4dn.xlarge instance": 0.0,
    "ml.g5.xlarge for training job usage": 0.0,
}
#: Service Quotas gives 100 a page at most.
_QUOTAS_PAGE = 100


def _cost_tags(backend: StudioBackend, request: Mapping[str, Any]) -> dict[str, Any]:
    known = _ACTIVE if backend.cost_tags is None else backend.cost_tags
    if known is False:
        raise ApiError(
            "AccessDeniedException",
            "Failed to list Cost Allocation Tags: Linked account doesn't have access to cost allocation tags.",
        )
    found = [
        {"TagKey": key, "Type": "UserDefined", "Status": status}
        for key, status in sorted(known.items())
        if request.get("Status", status) == status
    ]
    return paged(found, request, "CostAllocationTags")


def _service_quotas(backend: StudioBackend, request: Mapping[str, Any]) -> dict[str, Any]:
    found = [
        {"ServiceCode": request["ServiceCode"], "QuotaName": name, "Value": float(value), "Adjustable": True}
        for name, value in sorted({**_QUOTAS, **backend.quotas}.items())
    ]
    return paged(found, {"MaxResults": _QUOTAS_PAGE, **request}, "Quotas")


def make(data: Mapping[str, Any], regions: Sequence[str], backend: Callable[[str], StudioBackend]) -> None:
    """What the estate says of its account."""
    # Cost Explorer answers from its one Region, or from any where its endpoint is another.
    for region in {*regions, HOME_REGIONS[partition_of(regions[0])]}:
        backend(region).cost_tags = data.get("cost_tags")
    for entry in data.get("event_rules") or ():
        surroundings.make_event_rule(backend(regions[0]).account_id, regions[0], entry)
    for entry in data.get("quotas") or ():
        backend(str(entry.get("region", regions[0]))).quotas[str(entry["name"])] = float(entry["value"])


def make_people(
    account: str, regions: Sequence[str], entry: Mapping[str, Any], backend: Callable[[str], StudioBackend]
) -> None:
    """Identity Center, with what the domains' applications are assigned to."""
    place, assigned = surroundings.make_people(account, regions[0], entry, regions)
    backend(place).assigned = None if entry.get("open") else assigned


def _assignment_configuration(backend: StudioBackend, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"AssignmentRequired": backend.assigned is not None}


def _assignments(backend: StudioBackend, request: Mapping[str, Any]) -> dict[str, Any]:
    application = {"ApplicationArn": request["ApplicationArn"]}
    found = [{**application, "PrincipalType": kind, "PrincipalId": id_} for kind, id_ in backend.assigned or ()]
    return paged(found, {"MaxResults": 100, **request}, "ApplicationAssignments")


OPERATIONS: Mapping[tuple[str, str], Callable[[StudioBackend, Mapping[str, Any]], dict[str, Any]]] = {
    ("ce", "ListCostAllocationTags"): _cost_tags,
    ("service-quotas", "ListServiceQuotas"): _service_quotas,
    ("sso-admin", "GetApplicationAssignmentConfiguration"): _assignment_configuration,
    ("sso-admin", "ListApplicationAssignments"): _assignments,
}
