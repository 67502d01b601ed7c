"""The API operations: a request in, the members of its answer out."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from auditor.simulator.state import Document, StudioBackend
from auditor.simulator.wire import ApiError

Request = Mapping[str, Any]
Operation = Callable[[StudioBackend, Request], Mapping[str, Any]]

DEFAULT_PAGE, MAX_PAGE = 10, 100


def paged(items: list[Document], request: Request, key: str, short: int = 0) -> dict[str, Any]:
    """One page. Tokens are opaque and only valid for the same request, as AWS's are; ``short`` caps a page below what
    was asked for, which is legal."""
    size = min(request.get("MaxResults", DEFAULT_PAGE), short or MAX_PAGE)
    start, _ = position(request)
    answer: dict[str, Any] = {key: items[start : start + size]}
    if start + size < len(items):
        answer["NextToken"] = token(start + size)
    return answer


def token(position: int, *, after_empty: bool = False) -> str:
    """``after_empty``: an empty page came before, so that the token differs from the one that asked for that page."""
    return base64.b64encode(f"at:{position}{'+' * after_empty}".encode()).decode()


def position(request: Request) -> tuple[int, bool]:
    """Where a request goes on, and whether an empty page sent it there."""
    if "NextToken" not in request:
        return 0, False
    try:
        text = base64.b64decode(request["NextToken"], validate=True).decode().removeprefix("at:")
        return int(text.removesuffix("+")), text.endswith("+")
    except (ValueError, binascii.Error) as error:
        raise ApiError("ValidationException", "Invalid pagination token") from error


def _only(document: Document, *names: str) -> Document:
    return {name: document[name] for name in names if name in document}


def _sorted(items: Iterable[Document], request: Request) -> list[Document]:
    by = request.get("SortBy", "CreationTime")

    def sort_key(document: Document) -> Any:
        return document.get(by, document["CreationTime"])

    ordered = sorted(items, key=sort_key)
    return ordered[::-1] if request.get("SortOrder") == "Descending" else ordered


def _matches(document: Document, request: Request, **filters: str) -> bool:
    for parameter, member in filters.items():
        wanted = request.get(parameter)
        if wanted is None:
            continue
        value = str(document.get(member, ""))
        if parameter.endswith("Contains"):
            if wanted.lower() not in value.lower():
                return False
        elif value.lower() != str(wanted).lower():
            return False
    return True


def _list_domains(b: StudioBackend, _: Request) -> Mapping[str, Any]:
    names = ("DomainArn", "DomainId", "DomainName", "Status", "CreationTime", "LastModifiedTime", "Url")
    return {"Domains": [_only(d, *names) for d in _sorted(b.domains.values(), {})]}


def _list_profiles(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    names = ("DomainId", "UserProfileName", "Status", "CreationTime", "LastModifiedTime")
    found = (
        p
        for p in b.profiles.values()
        if _matches(p, r, DomainIdEquals="DomainId", UserProfileNameContains="UserProfileName")
    )
    return {"UserProfiles": [_only(p, *names) for p in _sorted(found, r)]}


def _list_spaces(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    found = (s for s in b.spaces.values() if _matches(s, r, DomainIdEquals="DomainId", SpaceNameContains="SpaceName"))
    return {"Spaces": [_space_summary(s) for s in _sorted(found, r)]}


def _space_summary(space: Document) -> Document:
    names = ("DomainId", "SpaceName", "Status", "CreationTime", "LastModifiedTime", "SpaceDisplayName")
    summary = _only(space, *names)
    settings = _only(space.get("SpaceSettings", {}), "AppType", "RemoteAccess", "SpaceStorageSettings")
    for name, value in (
        ("SpaceSettingsSummary", settings),
        ("SpaceSharingSettingsSummary", space.get("SpaceSharingSettings")),
        ("OwnershipSettingsSummary", space.get("OwnershipSettings")),
    ):
        if value:
            summary[name] = value
    return summary


def _list_apps(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    names = ("DomainId", "UserProfileName", "SpaceName", "AppType", "AppName", "Status", "CreationTime", "ResourceSpec")
    filters = {"DomainIdEquals": "DomainId", "UserProfileNameEquals": "UserProfileName", "SpaceNameEquals": "SpaceName"}
    found = (a for a in b.listed_apps() if _matches(a, r, **filters))
    return {"Apps": [_only(a, *names) for a in _sorted(found, r)]}


def _list_partner_apps(b: StudioBackend, _: Request) -> Mapping[str, Any]:
    names = ("Arn", "Name", "Type", "Status", "CreationTime")
    return {"Summaries": [_only(p, *names) for p in b.partner_apps.values()]}


def _list_mlflow(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    names = ("TrackingServerArn", "TrackingServerName", "CreationTime", "LastModifiedTime", "TrackingServerStatus",
             "IsActive", "MlflowVersion")  # fmt: skip
    found = (s for s in b.mlflow.values() if _matches(s, r, TrackingServerStatus="TrackingServerStatus"))
    return {"TrackingServerSummaries": [_only(s, *names) for s in found]}


def _tags_of(b: StudioBackend, arn: str) -> dict[str, str]:
    kinds = (b.domains, b.profiles, b.spaces, b.apps, b.partner_apps, b.mlflow, b.mlflow_apps)
    names = ("DomainArn", "UserProfileArn", "SpaceArn", "AppArn", "Arn", "TrackingServerArn")
    arns = {document.get(name) for kind in kinds for document in kind.values() for name in names}
    if arn not in arns:
        raise ApiError("ResourceNotFound", f"The resource with ARN {arn} does not exist.")
    return b.tags.setdefault(arn, {})


def _as_tags(tags: Mapping[str, str]) -> list[Document]:
    return [{"Key": k, "Value": v} for k, v in sorted(tags.items())]


def _add_tags(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    tags = _tags_of(b, r["ResourceArn"])
    tags.update({t["Key"]: t["Value"] for t in r["Tags"]})
    return {"Tags": _as_tags(tags)}


def _delete_tags(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    tags = _tags_of(b, r["ResourceArn"])
    for key in r["TagKeys"]:
        tags.pop(key, None)
    return {}


def _delete_domain(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    b.delete_domain(r["DomainId"])
    return {}


def _delete_profile(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    b.delete_profile(r["DomainId"], r["UserProfileName"])
    return {}


def _delete_space(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    b.delete_space(r["DomainId"], r["SpaceName"])
    return {}


def _delete_app(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    b.delete_app(r)
    return {}


def _describe_partner_app(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    if r["Arn"] not in b.partner_apps:
        raise ApiError("ResourceNotFound", f"Partner App {r['Arn']} does not exist.")
    return b.partner_apps[r["Arn"]]


def _describe_mlflow(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    name = r["TrackingServerName"]
    if name not in b.mlflow:
        raise ApiError("ResourceNotFound", f"MLflow Tracking Server {name} does not exist.")
    return b.mlflow[name]


def _list_mlflow_apps(b: StudioBackend, _: Request) -> Mapping[str, Any]:
    names = ("Arn", "Name", "Status", "CreationTime", "LastModifiedTime", "MlflowVersion")
    return {"Summaries": [_only(a, *names) for a in b.mlflow_apps.values()]}


def _describe_mlflow_app(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    if r["Arn"] not in b.mlflow_apps:
        raise ApiError("ResourceNotFound", f"MLflow App {r['Arn']} does not exist.")
    return b.mlflow_apps[r["Arn"]]


def _list_lifecycle_configs(b: StudioBackend, r: Request) -> Mapping[str, Any]:
    names = ("StudioLifecycleConfigArn", "StudioLifecycleConfigName", "CreationTime", "LastModifiedTime",
             "StudioLifecycleConfigAppType")  # fmt: skip
    found = (c for c in b.lifecycle_configs.values() if _matches(c, r, NameContains="StudioLifecycleConfigName"))
    return {"StudioLifecycleConfigs": [_only(c, *names) for c in _sorted(found, r)]}


OPERATIONS: Mapping[str, Operation] = {
    "CreateDomain": lambda b, r: b.create_domain(r),
    "DescribeDomain": lambda b, r: b.domain(r["DomainId"]),
    "ListDomains": _list_domains,
    "UpdateDomain": lambda b, r: b.update_domain(r),
    "DeleteDomain": _delete_domain,
    "CreateUserProfile": lambda b, r: b.create_profile(r),
    "DescribeUserProfile": lambda b, r: b.profile(r["DomainId"], r["UserProfileName"]),
    "ListUserProfiles": _list_profiles,
    "UpdateUserProfile": lambda b, r: b.update_profile(r),
    "DeleteUserProfile": _delete_profile,
    "CreateSpace": lambda b, r: b.create_space(r),
    "DescribeSpace": lambda b, r: b.space(r["DomainId"], r["SpaceName"]),
    "ListSpaces": _list_spaces,
    "UpdateSpace": lambda b, r: b.update_space(r),
    "DeleteSpace": _delete_space,
    "CreateApp": lambda b, r: b.create_app(r),
    "DescribeApp": lambda b, r: b.app(r),
    "ListApps": _list_apps,
    "DeleteApp": _delete_app,
    "CreatePartnerApp": lambda b, r: b.create_partner_app(r),
    "DescribePartnerApp": _describe_partner_app,
    "ListPartnerApps": _list_partner_apps,
    "CreateMlflowTrackingServer": lambda b, r: b.create_mlflow(r),
    "ListMlflowTrackingServers": _list_mlflow,
    "DescribeMlflowTrackingServer": _describe_mlflow,
    "CreateMlflowApp": lambda b, r: b.create_mlflow_app(r),
    "ListMlflowApps": _list_mlflow_apps,
    "DescribeMlflowApp": _describe_mlflow_app,
    "CreateStudioLifecycleConfig": lambda b, r: b.create_lifecycle_config(r),
    "ListStudioLifecycleConfigs": _list_lifecycle_configs,
    "DescribeStudioLifecycleConfig": lambda b, r: b.lifecycle_config(r["StudioLifecycleConfigName"]),
    "CreateImageVersion": lambda b, r: {"ImageVersionArn": b.create_image_version(r)["ImageVersionArn"]},
    "DescribeImageVersion": lambda b, r: b.image_version(r),
    "AddTags": _add_tags,
    "DeleteTags": _delete_tags,
    "ListTags": lambda b, r: {"Tags": _as_tags(_tags_of(b, r["ResourceArn"]))},
}

_TAGGED = frozenset({"domain", "user-profile", "space", "app"})
#: First part of the ARN paths whose tags are kept here; other resources of SageMaker are moto's.
OWN_ARNS = _TAGGED | {"partner-app", "mlflow-tracking-server", "mlflow-app"}


def tagged_resources(b: StudioBackend, request: Request) -> list[Document]:
    """GetResources of the Resource Groups Tagging API for Studio: resources that carry a tag, or once did."""
    wanted = {f.split(":")[1] for f in request.get("ResourceTypeFilters", ()) if f.startswith("sagemaker:")}
    return [
        {"ResourceARN": arn, "Tags": _as_tags(tags)}
        for arn, tags in sorted(b.tags.items())
        if arn.split(":", 5)[5].split("/")[0] in (wanted or _TAGGED)
    ]
