"""The settings structures that Studio's update calls take: every member, as data.

AWS does not say how deep an update reaches: whether a structure that is sent replaces the stored one whole or member by
member. So a command sends a nested structure with every member that the resource has already, and it can only do so
where all of them were seen. This table says which there are. Source: botocore 1.44.5, the input of UpdateDomain,
UpdateUserProfile and UpdateSpace; a test holds it against the installed model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

#: Shape → its members: ``Name``, ``Name[]`` (a list of texts), ``Name:Shape``, ``Name:Shape[]`` (a list of structures).
_SHAPES: Mapping[str, str] = {
    "UserSettings": (
        "ExecutionRole SecurityGroups[] SharingSettings:Sharing JupyterServerAppSettings:JupyterServer"
        " KernelGatewayAppSettings:KernelGateway TensorBoardAppSettings:TensorBoard"
        " RStudioServerProAppSettings:RStudioServerPro RSessionAppSettings:RSession CanvasAppSettings:Canvas"
        " CodeEditorAppSettings:CodeEditor JupyterLabAppSettings:JupyterLab SpaceStorageSettings:DefaultStorage"
        " DefaultLandingUri StudioWebPortal CustomPosixUserConfig:Posix CustomFileSystemConfigs:FileSystemConfig[]"
        " StudioWebPortalSettings:Portal AutoMountHomeEFS"
    ),
    "DefaultSpaceSettings": (
        "ExecutionRole SecurityGroups[] JupyterServerAppSettings:JupyterServer KernelGatewayAppSettings:KernelGateway"
        " JupyterLabAppSettings:JupyterLab SpaceStorageSettings:DefaultStorage CustomPosixUserConfig:Posix"
        " CustomFileSystemConfigs:FileSystemConfig[]"
    ),
    # As DescribeDomain has them; UpdateDomain takes the same, but for RStudio's, under DomainSettingsForUpdate.
    "DomainSettings": (
        "ExecutionRoleIdentityConfig SecurityGroupIds[] TrustedIdentityPropagationSettings:Propagation"
        " DockerSettings:Docker AmazonQSettings:AmazonQ UnifiedStudioSettings:UnifiedStudio IpAddressType"
    ),
    "SpaceSettings": (
        "JupyterServerAppSettings:JupyterServer KernelGatewayAppSettings:KernelGateway"
        " CodeEditorAppSettings:SpaceCodeEditor JupyterLabAppSettings:SpaceJupyterLab AppType"
        " SpaceStorageSettings:SpaceStorage SpaceManagedResources CustomFileSystems:FileSystem[] RemoteAccess"
    ),
    "Sharing": "NotebookOutputOption S3OutputPath S3KmsKeyId",
    "ResourceSpec": (
        "SageMakerImageArn SageMakerImageVersionArn SageMakerImageVersionAlias InstanceType LifecycleConfigArn"
        " TrainingPlanArn"
    ),
    "JupyterServer": "DefaultResourceSpec:ResourceSpec LifecycleConfigArns[] CodeRepositories:Repository[]",
    "KernelGateway": "DefaultResourceSpec:ResourceSpec CustomImages:Image[] LifecycleConfigArns[]",
    "TensorBoard": "DefaultResourceSpec:ResourceSpec",
    "RStudioServerPro": "AccessStatus UserGroup",
    "RSession": "DefaultResourceSpec:ResourceSpec CustomImages:Image[]",
    "Canvas": (
        "TimeSeriesForecastingSettings:Forecasting ModelRegisterSettings:ModelRegister WorkspaceSettings:Workspace"
        " IdentityProviderOAuthSettings:OAuth[] DirectDeploySettings:Switch KendraSettings:Switch"
        " GenerativeAiSettings:GenerativeAi EmrServerlessSettings:EmrServerless"
    ),
    "Forecasting": "Status AmazonForecastRoleArn",
    "ModelRegister": "Status CrossAccountModelRegisterRoleArn",
    "Workspace": "S3ArtifactPath S3KmsKeyId",
    "OAuth": "DataSourceName Status SecretArn",
    "Switch": "Status",
    "GenerativeAi": "AmazonBedrockRoleArn",
    "EmrServerless": "ExecutionRoleArn Status",
    "CodeEditor": (
        "DefaultResourceSpec:ResourceSpec CustomImages:Image[] LifecycleConfigArns[]"
        " AppLifecycleManagement:Lifecycle BuiltInLifecycleConfigArn"
    ),
    "JupyterLab": (
        "DefaultResourceSpec:ResourceSpec CustomImages:Image[] LifecycleConfigArns[] CodeRepositories:Repository[]"
        " AppLifecycleManagement:Lifecycle EmrSettings:Emr BuiltInLifecycleConfigArn"
    ),
    "Lifecycle": "IdleSettings:Idle",
    "Idle": "LifecycleManagement IdleTimeoutInMinutes MinIdleTimeoutInMinutes MaxIdleTimeoutInMinutes",
    "Emr": "AssumableRoleArns[] ExecutionRoleArns[]",
    "Image": "ImageName ImageVersionNumber AppImageConfigName",
    "Repository": "RepositoryUrl",
    "DefaultStorage": "DefaultEbsStorageSettings:DefaultEbs",
    "DefaultEbs": "DefaultEbsVolumeSizeInGb MaximumEbsVolumeSizeInGb",
    "Posix": "Uid Gid",
    "FileSystemConfig": (
        "EFSFileSystemConfig:NetworkFileSystem FSxLustreFileSystemConfig:NetworkFileSystem"
        " S3FileSystemConfig:BucketFileSystem"
    ),
    "NetworkFileSystem": "FileSystemId FileSystemPath",
    "BucketFileSystem": "MountPath S3Uri",
    "Portal": (
        "HiddenMlTools[] HiddenAppTypes[] HiddenInstanceTypes[] HiddenSageMakerImageVersionAliases:ImageAliases[]"
        " ExecutionRoleSessionNameMode"
    ),
    "ImageAliases": "SageMakerImageName VersionAliases[]",
    "Propagation": "Status",
    "Docker": "EnableDockerAccess VpcOnlyTrustedAccounts[] RootlessDocker",
    "AmazonQ": "Status QProfileArn",
    "UnifiedStudio": (
        "StudioWebPortalAccess DomainAccountId DomainRegion DomainId ProjectId EnvironmentId ProjectS3Path"
        " SingleSignOnApplicationArn"
    ),
    "SpaceCodeEditor": "DefaultResourceSpec:ResourceSpec AppLifecycleManagement:SpaceLifecycle",
    "SpaceJupyterLab": (
        "DefaultResourceSpec:ResourceSpec CodeRepositories:Repository[] AppLifecycleManagement:SpaceLifecycle"
    ),
    "SpaceLifecycle": "IdleSettings:SpaceIdle",
    "SpaceIdle": "IdleTimeoutInMinutes",
    "SpaceStorage": "EbsStorageSettings:Ebs",
    "Ebs": "EbsVolumeSizeInGb",
    "FileSystem": "EFSFileSystem:Id FSxLustreFileSystem:Id S3FileSystem:Uri",
    "Id": "FileSystemId",
    "Uri": "S3Uri",
}  # fmt: skip

_SWITCH = ("ENABLED", "DISABLED")
#: What a member takes, by its name, which is the same wherever it stands. Lists that AWS adds to (instance types, app
#: types, tools) are not here.
WORDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("AccessStatus", "EnableDockerAccess", "LifecycleManagement", "RemoteAccess", "RootlessDocker",
         "SpaceManagedResources", "Status", "StudioWebPortal", "StudioWebPortalAccess", "TagPropagation"),
        _SWITCH,
    ),
    "AppNetworkAccessType": ("PublicInternetOnly", "VpcOnly"),
    "AutoMountHomeEFS": ("Enabled", "Disabled", "DefaultAsDomain"),
    "ExecutionRoleIdentityConfig": ("USER_PROFILE_NAME", "DISABLED"),
    "ExecutionRoleSessionNameMode": ("STATIC", "USER_IDENTITY"),
    "HomeEfsFileSystemCreation": ("Enabled", "Disabled"),
    "IpAddressType": ("ipv4", "dualstack"),
    "NotebookOutputOption": ("Allowed", "Disabled"),
    "UserGroup": ("R_STUDIO_ADMIN", "R_STUDIO_USER"),
}  # fmt: skip
#: The same of whole numbers: from and to.
NUMBERS: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("IdleTimeoutInMinutes", "MinIdleTimeoutInMinutes", "MaxIdleTimeoutInMinutes"), (60, 525_600)),
    **dict.fromkeys(
        ("DefaultEbsVolumeSizeInGb", "MaximumEbsVolumeSizeInGb", "EbsVolumeSizeInGb"), (5, 16_384)
    ),
    "Uid": (10_000, 4_000_000), "Gid": (1_001, 4_000_000), "ImageVersionNumber": (0, 2_147_483_647),
}  # fmt: skip
#: Bounds of what people may choose, and the value of each that leaves them every choice: that of one that is not set.
NO_BOUND: Mapping[str, int] = {
    "MinIdleTimeoutInMinutes": NUMBERS["MinIdleTimeoutInMinutes"][0],
    "MaxIdleTimeoutInMinutes": NUMBERS["MaxIdleTimeoutInMinutes"][1],
}
#: End of a member's name → the form of the text that it takes, and what that is called. "None" takes what an ARN names
#: away.
ARNS: Mapping[str, tuple[re.Pattern[str], str]] = {
    **dict.fromkeys(
        ("ExecutionRole", "RoleArn", "RoleArns"),
        (re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/?[a-zA-Z_0-9+=,.@/-]+"), "the ARN of a role"),
    ),
    **dict.fromkeys(
        ("Arn", "Arns"), (re.compile(r"arn:[.a-z0-9-]+:[.a-z0-9-]+:[.a-z0-9-]*:[.a-z0-9-]*:.+|None"), "an ARN")
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a structure. ``shape`` names the structure that it holds, empty for texts and numbers; ``many``: it
    is a list."""

    name: str
    shape: str = ""
    many: bool = False


def _member(text: str) -> Member:
    bare = text.removesuffix("[]")
    name, _, shape = bare.partition(":")
    return Member(name, shape, bare != text)


_MEMBERS: Mapping[str, Mapping[str, Member]] = {
    shape: {m.name: m for m in map(_member, texts.split())} for shape, texts in _SHAPES.items()
}

#: Roots of the documents' settings → kind of the document, shape.
ROOTS: Mapping[str, tuple[str, str]] = {
    "UserSettings": ("user_profile", "UserSettings"),
    "DefaultUserSettings": ("domain", "UserSettings"),
    "DefaultSpaceSettings": ("domain", "DefaultSpaceSettings"),
    "DomainSettings": ("domain", "DomainSettings"),
    "SpaceSettings": ("space", "SpaceSettings"),
}
#: Of them those that hold what user profiles take over or set themselves, and those that name an execution role.
USER_ROOTS: tuple[str, ...] = tuple(root for root, (_, shape) in ROOTS.items() if shape == "UserSettings")
ROLE_ROOTS: tuple[str, ...] = tuple(root for root, (_, shape) in ROOTS.items() if "ExecutionRole" in _MEMBERS[shape])
#: A member that AWS writes unasked, below one of USER_ROOTS.
SESSION_NAME_MODE = "StudioWebPortalSettings.ExecutionRoleSessionNameMode"
#: What UpdateDomain changes beside structures; none of it is lost by an update that does not name it.
PLAIN: Mapping[str, Member] = {
    m.name: m
    for m in map(
        _member, ("AppNetworkAccessType", "TagPropagation", "SubnetIds[]", "VpcId", "HomeEfsFileSystemCreation")
    )
}


def takes(name: str, value: object) -> bool:
    """Whether AWS takes a plain value for the members of that name, as far as the tables say."""
    if name in NUMBERS:
        low, high = NUMBERS[name]
        return isinstance(value, int) and low <= value <= high
    return name not in WORDS or value in WORDS[name]


def members(shape: str) -> Mapping[str, Member]:
    """Members of a structure, by name. Raises KeyError for a shape that is not in the table."""
    return _MEMBERS[shape]


def member(path: str) -> Member | None:
    """The member that a document's path leads to (``UserSettings.StudioWebPortalSettings.HiddenAppTypes``), or None.

    ``CodeRepositories[].RepositoryUrl`` leads into the items of a list of structures.
    """
    root, *parts = path.split(".")
    if root not in ROOTS:
        return PLAIN.get(path)
    shape, found = ROOTS[root][1], None
    for part in parts:
        name, items = part.removesuffix("[]"), part.endswith("[]")
        found = _MEMBERS[shape].get(name) if shape else None
        if found is None or (items and not (found.many and found.shape)):
            return None
        shape = "" if found.many and not items else found.shape
    return found


def names_beside(path: str) -> tuple[str, str, tuple[str, ...]]:
    """Where a path leads to no member: what of it does, the name behind that, and the names that could stand there.
    Names in another case are taken for what they mean: ``userSettings.autoMount`` gives ``UserSettings``, ``autoMount``
    and the members of that structure. The name is '' where the path leads to a member, but for the case."""
    root, *parts = path.split(".")
    known = _in_case(root, (*ROOTS, *PLAIN))
    if known is None:
        return "", root, (*ROOTS, *PLAIN)
    found, shape = [known], ROOTS[known][1] if known in ROOTS else ""
    for part in parts:
        name = part.removesuffix("[]")
        here = tuple(_MEMBERS[shape]) if shape else ()
        known = _in_case(name, here)
        if known is None:
            return ".".join(found), name, here
        found.append(known + part.removeprefix(name))
        one = _MEMBERS[shape][known]
        shape = "" if one.many and not part.endswith("[]") else one.shape
    return ".".join(found), "", ()


def _in_case(name: str, known: Iterable[str]) -> str | None:
    return next((one for one in known if one.lower() == name.lower()), None)


def _below(shape: str, prefix: str) -> Iterator[str]:
    for one in _MEMBERS[shape].values():
        yield f"{prefix}.{one.name}"
        if one.shape and not one.many:
            yield from _below(one.shape, f"{prefix}.{one.name}")


def settings_paths() -> Mapping[str, tuple[str, ...]]:
    """By kind of document, the path of every member of its settings, down to the lists."""
    found: dict[str, list[str]] = {}
    for root, (kind, shape) in ROOTS.items():
        found.setdefault(kind, []).extend(_below(shape, root))
    return {kind: tuple(paths) for kind, paths in found.items()}
