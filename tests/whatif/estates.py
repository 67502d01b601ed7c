"""Small estates with much that is wrong in them, drawn by Hypothesis in the form that the simulator reads."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

_ROLES: list[dict[str, Any]] = [
    {"name": "studio-narrow", "inline": {"own": {"Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-data/*"}]}}},
    {"name": "team/studio-admin", "managed": ["AdministratorAccess", "AmazonS3ReadOnlyAccess"]},
    {"name": "studio-broad", "managed": ["AmazonS3FullAccess", "AmazonSageMakerReadOnly"]},
    {"name": "studio-untrusting", "trust": ["sts:AssumeRole"]},
]  # fmt: skip
_ROLE = st.sampled_from([f"role:{role['name']}" for role in _ROLES])
_PEOPLE = ("ana-lima", "ben-ohara", "team-shared", "admin", "kim-lee")
_TAGS = st.lists(
    st.sampled_from([{"Key": "owner", "Value": "ana"}, {"Key": "cost-center", "Value": "4711"}]),
    max_size=2, unique_by=lambda tag: tag["Key"],
)  # fmt: skip
_SWITCH = st.sampled_from(["ENABLED", "DISABLED"])


def _some(members: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A structure with some of the members."""
    return st.fixed_dictionaries({}, optional=members)


def _list(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=3, unique=True)


@st.composite
def _idle(draw: st.DrawFn) -> dict[str, Any]:
    """Idle settings that AWS takes: a least and a greatest timeout around the one that is set."""
    least, timeout, most = sorted(draw(st.lists(st.sampled_from([60, 120, 600, 5000]), min_size=3, max_size=3)))
    given: dict[str, Any] = {"LifecycleManagement": draw(_SWITCH)}
    if draw(st.booleans()):
        given |= {"IdleTimeoutInMinutes": timeout}
    if draw(st.booleans()):
        given |= {"MinIdleTimeoutInMinutes": least, "MaxIdleTimeoutInMinutes": most}
    return {"IdleSettings": given}


def _app(extra: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return _some({
        "DefaultResourceSpec": st.sampled_from([{"InstanceType": "ml.t3.medium"}, {"InstanceType": "ml.g5.12xlarge"}]),
        "AppLifecycleManagement": _idle(),
        **extra,
    })  # fmt: skip


_REPOSITORIES = st.sampled_from([[], [{"RepositoryUrl": "https://git.example.com/it's/$(id)"}]])
_STORAGE = st.sampled_from([
    {"DefaultEbsStorageSettings": {"DefaultEbsVolumeSizeInGb": small, "MaximumEbsVolumeSizeInGb": large}}
    for small, large in ((5, 100), (200, 900), (20, 16384))
])  # fmt: skip
#: A domain's defaults take what a profile takes, and RStudio and Canvas beside it.
_USER = {
    "ExecutionRole": _ROLE,
    "SecurityGroups": st.just(["sg-0a1b2c3d4e5f60718"]),
    "AutoMountHomeEFS": st.sampled_from(["Enabled", "Disabled"]),
    "StudioWebPortalSettings": _some({
        "HiddenAppTypes": _list("JupyterServer", "JupyterLab", "CodeEditor", "Canvas", "RStudioServerPro"),
        "HiddenMlTools": _list("DataWrangler", "Comet", "Fiddler", "LakeraGuard", "DeepchecksLLMEvaluation"),
        "HiddenInstanceTypes": st.just(["ml.g5.48xlarge"]),
    }),
    "SharingSettings": st.sampled_from([{"NotebookOutputOption": "Disabled"}, {"NotebookOutputOption": "Allowed"}]),
    "JupyterLabAppSettings": _app({"CodeRepositories": _REPOSITORIES}),
    "CodeEditorAppSettings": _app({}),
    "SpaceStorageSettings": _STORAGE,
}  # fmt: skip
#: Where somebody lands, and whether the portal is open: AWS refuses a landing page in a portal that is closed.
_LANDING = st.sampled_from([
    {"DefaultLandingUri": "studio::", "StudioWebPortal": "ENABLED"},
    {"DefaultLandingUri": "app:JupyterServer:", "StudioWebPortal": "ENABLED"},
    {"DefaultLandingUri": "app:JupyterServer:", "StudioWebPortal": "DISABLED"},
])  # fmt: skip
_SPACE_DEFAULTS = _some({
    "SecurityGroups": st.just(["sg-0a1b2c3d4e5f60719"]),
    "JupyterLabAppSettings": _app({"CodeRepositories": _REPOSITORIES}),
    "SpaceStorageSettings": _STORAGE,
})  # fmt: skip
_DOMAIN_SETTINGS = _some({
    "ExecutionRoleIdentityConfig": st.sampled_from(["USER_PROFILE_NAME", "DISABLED"]),
    "DockerSettings": st.sampled_from([
        {"EnableDockerAccess": "DISABLED"}, {"EnableDockerAccess": "ENABLED"},
        {"EnableDockerAccess": "ENABLED", "VpcOnlyTrustedAccounts": ["111122223333"]},
    ]),
})  # fmt: skip


@st.composite
def _domain(draw: st.DrawFn, number: int) -> dict[str, Any]:
    people = draw(st.lists(st.sampled_from(_PEOPLE), min_size=1, max_size=3, unique=True))
    made: dict[str, Any] = {
        "DomainName": f"domain-{number}",
        "id": f"d-domain00000{number}",
        "AuthMode": "IAM",
        "vpc": draw(st.sampled_from(["open", "closed"])),
        "Tags": draw(_TAGS),
        "DefaultUserSettings": {"ExecutionRole": draw(_ROLE), **draw(_some(_USER)), **draw(_LANDING)},
        "profiles": [
            {
                "UserProfileName": name,
                "Tags": draw(_TAGS),
                "UserSettings": {**draw(_some(_USER)), **draw(st.just({}) | _LANDING)},
            }
            for name in people
        ],
    }
    for name, drawn in (("DomainSettings", _DOMAIN_SETTINGS), ("AppNetworkAccessType", st.just("VpcOnly")),
                        ("TagPropagation", _SWITCH)):  # fmt: skip
        if draw(st.booleans()):
            made[name] = draw(drawn)
    if draw(st.booleans()):
        made["DefaultSpaceSettings"] = {"ExecutionRole": draw(_ROLE), **draw(_SPACE_DEFAULTS)}
        made["spaces"] = [
            {"SpaceName": f"space-{n}", "owner": people[0], "sharing": draw(st.sampled_from(["Shared", "Private"])),
             "app_type": "JupyterLab", "Tags": draw(_TAGS)}
            for n in range(draw(st.integers(1, 2)))
        ]  # fmt: skip
    return made


@st.composite
def estates(draw: st.DrawFn) -> dict[str, Any]:
    """One or two domains, with profiles and spaces, and the roles, networks and logs that they use."""
    return {
        "region": "eu-west-1",
        "vpcs": {"open": {"public": True}, "closed": {}},
        "roles": _ROLES,
        "log_groups": [{"region": "eu-west-1", "days": draw(st.sampled_from([30, 400]))}],
        "domains": [draw(_domain(n)) for n in range(draw(st.integers(1, 2)))],
    }
