"""A call of an API as IAM sees it: the resource that it is about, and the condition keys that it carries.

A condition key is in a request where the caller gave the member that it stands for: ``UpdateDomain`` without
AppNetworkAccessType has no ``sagemaker:AppNetworkAccessType``, whatever the domain's is. Of a key that stands for
something that the request does not say, as the sharing type of a space that exists, nothing is known.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon SageMaker" (and for IAM);
a test holds the keys of each action against AWS's data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.iam.context import Context, Known, Value
from auditor.iam.evaluation import Request
from auditor.studio.partitions import partition_of

#: Members of a request, their names in lower case: CloudTrail writes them otherwise than the API.
Members = Mapping[str, Any]
_RequestKey = Callable[["ApiCall", Members], Value]


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call: ``action`` as a policy names it, ``members`` of the request, where it was made. ``known``: condition
    keys that are known otherwise, such as who called. ``resource``: its ARN, where the request does not tell it."""

    action: str
    members: Mapping[str, Any]
    account: str
    region: str
    known: Mapping[str, Value] = field(default_factory=dict)
    resource: str = ""

    @property
    def arn_start(self) -> str:
        """``arn:PARTITION:SERVICE:REGION:ACCOUNT:``; IAM's resources have no Region."""
        service = self.action.partition(":")[0]
        region = "" if service == "iam" else self.region
        return f"arn:{partition_of(self.region)}:{service}:{region}:{self.account}:"


def _each(value: object, names: frozenset[str]) -> Iterator[str]:
    """Texts of the members of those names, wherever they stand."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name in names:
                yield from (str(one) for one in (inner if isinstance(inner, list) else [inner]) if one is not None)
            else:
                yield from _each(inner, names)
    elif isinstance(value, list):
        for one in value:
            yield from _each(one, names)


def _everywhere(*names: str) -> _RequestKey:
    """The key lists all values of members of these names: of a default, an app, shared spaces."""
    wanted = frozenset(name.lower() for name in names)

    def value(_: ApiCall, members: Members) -> Value:
        return tuple(dict.fromkeys(_each(members, wanted))) or Known.ABSENT

    return value


def _at(path: str) -> _RequestKey:
    """The key is the member at a path."""
    names = path.lower().split(".")

    def value(_: ApiCall, members: Members) -> Value:
        found: Any = members
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return Known.ABSENT if found is None else (str(found),)

    return value


_PLACES = re.compile(r"\{(\w+)\}")
_KEY_ARN = re.compile(r"arn:[^:]+:kms:[^:]*:[^:]*:key/.+")


def _kms(*paths: str) -> _RequestKey:
    """The key is the ARN of a KMS key, which the request may name by an id or an alias."""
    readers = [_at(path) for path in paths]

    def value(call: ApiCall, members: Members) -> Value:
        given = [v for v in (read(call, members) for read in readers) if isinstance(v, tuple)]
        if not given:
            return Known.ABSENT
        return given[0] if _KEY_ARN.fullmatch(given[0][0]) else Known.PRESENT

    return value


def _owner(call: ApiCall, members: Members) -> Value:
    name = _at("OwnershipSettings.OwnerUserProfileName")(call, members)
    if not isinstance(name, tuple):
        return Known.ABSENT
    return (f"{call.arn_start}user-profile/{members.get('domainid')}/{name[0]}",)


def _of_space(members: Members) -> Value:
    """What stands for the space that an app is of: an app of a user profile has none."""
    return Known.NOTHING if "spacename" in members else Known.ABSENT


def _tagged(members: Members) -> Mapping[str, str]:
    pairs = members.get("tags")
    found = {}
    for pair in pairs if isinstance(pairs, list) else ():
        if isinstance(pair, Mapping) and "key" in pair:
            found[str(pair["key"])] = str(pair.get("value", ""))
    return found


def _tag_keys(_: ApiCall, members: Members) -> Value:
    keys = members.get("tagkeys")
    return tuple(map(str, keys)) if isinstance(keys, list) else tuple(_tagged(members)) or Known.ABSENT


#: Condition key → how a request says it.
_KEYS: Mapping[str, _RequestKey] = {
    "aws:TagKeys": _tag_keys,
    "iam:PermissionsBoundary": _at("PermissionsBoundary"),
    "iam:PolicyARN": _at("PolicyArn"),
    "sagemaker:AppNetworkAccessType": _at("AppNetworkAccessType"),
    "sagemaker:AuthMode": _at("AuthMode"),
    "sagemaker:DomainSharingOutputKmsKeyArn": _kms(
        "DefaultUserSettings.SharingSettings.S3KmsKeyId", "UserSettings.SharingSettings.S3KmsKeyId"
    ),
    "sagemaker:ImageArns": _everywhere("SageMakerImageArn"),
    "sagemaker:ImageVersionArns": _everywhere("SageMakerImageVersionArn"),
    "sagemaker:InstanceTypes": _everywhere("InstanceType"),
    "sagemaker:OwnerUserProfileArn": _owner,
    "sagemaker:RemoteAccess": _at("SpaceSettings.RemoteAccess"),
    "sagemaker:SpaceSharingType": _at("SpaceSharingSettings.SharingType"),
    "sagemaker:StudioLifecycleConfigArns": _everywhere("LifecycleConfigArn", "LifecycleConfigArns"),
    "sagemaker:VolumeKmsKeyArn": _kms("KmsKeyId", "HomeEfsFileSystemKmsKeyId"),
    "sagemaker:VpcSecurityGroupIds": _everywhere("SecurityGroups", "SecurityGroupIds"),
    "sagemaker:VpcSubnets": _everywhere("SubnetIds"),
}  # fmt: skip
_IMAGES = ("sagemaker:ImageArns", "sagemaker:ImageVersionArns", "sagemaker:StudioLifecycleConfigArns")
_SPACE = ("sagemaker:OwnerUserProfileArn", "sagemaker:SpaceSharingType")
_PROFILE = (
    *_IMAGES, "sagemaker:DomainSharingOutputKmsKeyArn", "sagemaker:InstanceTypes", "sagemaker:VpcSecurityGroupIds",
)  # fmt: skip
_DOMAIN = (*_PROFILE, "sagemaker:AppNetworkAccessType", "sagemaker:VpcSubnets")
#: Stands for every tag of the request: ``aws:RequestTag/KEY``.
REQUEST_TAGS = "aws:RequestTag/${TagKey}"
_TAGS = (REQUEST_TAGS, "aws:TagKeys")


@dataclass(frozen=True, slots=True)
class Action:
    """An action that writes: ``resource`` is the rest of its ARN, with members of the request in braces; '' where the
    request holds the ARN (``ResourceArn``). ``keys``: its condition keys; of those in ``unsaid`` the request says
    nothing, since they are about what exists already. ``others``: keys that are not worked out, and unknown."""

    resource: str
    keys: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


_APP = "app/{domainid}/{owner}/{apptype}/{appname}"
_ROLE = "role{path}{rolename}"
_LOG_GROUP = "log-group:{loggroupname}"
ACTIONS: Mapping[str, Action] = {
    "sagemaker:CreateDomain": Action(
        "domain/{domainid}", (*_DOMAIN, *_TAGS, "sagemaker:AuthMode", "sagemaker:VolumeKmsKeyArn")
    ),
    "sagemaker:UpdateDomain": Action("domain/{domainid}", _DOMAIN),
    "sagemaker:DeleteDomain": Action("domain/{domainid}"),
    "sagemaker:CreateUserProfile": Action("user-profile/{domainid}/{userprofilename}", (*_PROFILE, *_TAGS)),
    "sagemaker:UpdateUserProfile": Action("user-profile/{domainid}/{userprofilename}", _PROFILE),
    "sagemaker:DeleteUserProfile": Action("user-profile/{domainid}/{userprofilename}"),
    "sagemaker:CreateSpace": Action(
        "space/{domainid}/{spacename}", (*_IMAGES, *_SPACE, *_TAGS, "sagemaker:InstanceTypes", "sagemaker:RemoteAccess")
    ),
    "sagemaker:UpdateSpace": Action(
        "space/{domainid}/{spacename}", (*_IMAGES, *_SPACE, "sagemaker:InstanceTypes", "sagemaker:RemoteAccess"), _SPACE
    ),
    "sagemaker:DeleteSpace": Action("space/{domainid}/{spacename}", _SPACE, _SPACE),
    "sagemaker:CreateApp": Action(_APP, (*_IMAGES, *_SPACE, *_TAGS, "sagemaker:InstanceTypes")),
    "sagemaker:DeleteApp": Action(_APP, _SPACE),
    "sagemaker:AddTags": Action("", _TAGS, others=("sagemaker:TaggingAction",)),
    "sagemaker:DeleteTags": Action("", ("aws:TagKeys",)),
    "sagemaker:CreatePresignedDomainUrl": Action("user-profile/{domainid}/{userprofilename}"),
    "iam:AttachRolePolicy": Action(
        _ROLE, ("iam:PolicyARN", "iam:PermissionsBoundary"), ("iam:PermissionsBoundary",), ("iam:RoleTemplateARN",)
    ),
    "iam:DetachRolePolicy": Action(_ROLE, ("iam:PolicyARN", "iam:PermissionsBoundary"), ("iam:PermissionsBoundary",)),
    "iam:PutRolePolicy": Action(
        _ROLE, ("iam:PermissionsBoundary",), ("iam:PermissionsBoundary",), ("iam:RoleTemplateARN",)
    ),
    "iam:UpdateAssumeRolePolicy": Action(_ROLE, ("iam:PermissionsBoundary",), ("iam:PermissionsBoundary",)),
    "iam:CreateRole": Action(_ROLE, ("iam:PermissionsBoundary", *_TAGS), others=("iam:RoleTemplateARN",)),
    "logs:DeleteLogGroup": Action(_LOG_GROUP),
    "logs:PutRetentionPolicy": Action(_LOG_GROUP),
    "logs:DeleteRetentionPolicy": Action(_LOG_GROUP),
}  # fmt: skip
#: A domain that is to be created has no id yet: no policy names it, and every ``domain/*`` means it.
_NEW_DOMAIN = "d-new"


def _lowered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name).lower(): _lowered(inner) for name, inner in value.items()}
    return [_lowered(one) for one in value] if isinstance(value, list | tuple) else value


def request_of(call: ApiCall) -> Request:
    """The call as a request of IAM's. Its ``resource`` is '' where nothing tells the ARN, as of an action that is not
    in ``ACTIONS``: of that one no condition key is known either."""
    action = ACTIONS.get(call.action)
    if action is None:
        return Request(call.action, call.resource, Context(call.known))
    members = _lowered(call.members)
    values: dict[str, Value] = {**dict.fromkeys(_KEYS, Known.ABSENT), **dict.fromkeys(action.others, Known.NOTHING)}
    for key in action.keys:
        if key == REQUEST_TAGS:
            values |= {f"aws:RequestTag/{name}": (value,) for name, value in _tagged(members).items()}
        elif key in action.unsaid:
            values[key] = Known.NOTHING
        elif key in _SPACE and action.resource == _APP:
            values[key] = _of_space(members)
        else:
            values[key] = _KEYS[key](call, members)
    # All tags of the request are listed.
    values.setdefault("aws:RequestTag/", Known.ABSENT)
    where = call.resource or _resource(call, action, members)
    return Request(call.action, where, Context({**values, **call.known}))


#: Members of requests that a condition key or an ARN comes from, in lower case.
_READ = frozenset(
    {
        "appname", "appnetworkaccesstype", "apptype", "authmode", "domainid", "homeefsfilesystemkmskeyid",
        "instancetype", "kmskeyid", "lifecycleconfigarn", "lifecycleconfigarns", "owneruserprofilename", "remoteaccess",
        "resourcearn", "s3kmskeyid", "sagemakerimagearn", "sagemakerimageversionarn", "securitygroupids",
        "securitygroups", "sharingtype", "spacename", "subnetids", "tagkeys", "userprofilename",
    }
)  # fmt: skip
#: Members that hold a key of their own and a value: of a tag both are read.
_WHOLE = frozenset({"tags"})


def reduced(members: Members) -> dict[str, Any]:
    """The members of a request of SageMaker's, the API's or CloudTrail's, that ``request_of`` reads; nothing else of
    it."""
    found: dict[str, Any] = {}
    for name, value in members.items():
        low = str(name).lower()
        if low in _WHOLE or (low in _READ and not isinstance(value, Mapping)):
            found[name] = value
        elif isinstance(value, Mapping):
            inner = reduced(value)
            if inner:
                found[name] = inner
    return found


def _resource(call: ApiCall, action: Action, members: Members) -> str:
    if not action.resource:
        return str(members.get("resourcearn", ""))
    found = {name: value for name, value in members.items() if isinstance(value, str)}
    if call.action == "sagemaker:CreateDomain":
        found.setdefault("domainid", _NEW_DOMAIN)
    if call.action == "iam:CreateRole":
        found.setdefault("path", "/")
    if "userprofilename" in found or "spacename" in found:
        found["owner"] = found.get("userprofilename") or found["spacename"]
    if any(name not in found for name in _PLACES.findall(action.resource)):
        return ""
    rest = action.resource.format_map(found)
    # SageMaker's ARNs hold names in lower case: AWS's own policies say app/…/jupyterserver/….
    return f"{call.arn_start}{rest.lower() if call.action.startswith('sagemaker:') else rest}"
