"""The settings table: every Studio setting that the product resolves, as data.

For each setting: the column that holds its effective value, its API path, its type, the layers that may set it (by
``scope``), and the value that AWS uses where no layer sets it, with the page that says so. Resolve generates its SQL
from this table, the collectors check it against botocore's model, and ``docs/tables.md`` is generated from it.

In the resolved tables NULL means unknown and nothing else. So a setting that is known to be unset has a value: the
service's default, or where the service has none, ``''`` for text, ``[]`` for lists, ``0`` for numbers, ``false``.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.studio.canvas_settings import CANVAS_SETTINGS
from auditor.studio.setting import API, GUIDE, Scope, Setting

USER_PROFILE_ROOT = "UserSettings"
DOMAIN_USER_ROOT = "DefaultUserSettings"
DOMAIN_SPACE_ROOT = "DefaultSpaceSettings"

_USER = API + "API_UserSettings.html"
_PORTAL = API + "API_StudioWebPortalSettings.html"
_IDLE = API + "API_IdleSettings.html"
_DOMAIN = API + "API_CreateDomain.html"
_SETTINGS = API + "API_DomainSettings.html"
_RSTUDIO = API + "API_RStudioServerProDomainSettings.html"
_UNIFIED = API + "API_UnifiedStudioSettings.html"
_EBS = API + "API_DefaultEbsStorageSettings.html"
_LANDING = GUIDE + "studio-updated-migrate-ui.html"

# Studio became the default on 30 November 2023; on that day itself the documents do not say which one applies.
_LANDING_DEFAULT = (
    "case when d.creation_time >= timestamp '2023-12-01' then 'studio::'"
    " when d.creation_time < timestamp '2023-11-30' then 'app:JupyterServer:' end"
)


def _idle(app: str, column: str, scope: Scope) -> tuple[Setting, ...]:
    base = f"{app}AppSettings.AppLifecycleManagement.IdleSettings."
    label = "JupyterLab" if app == "JupyterLab" else "Code Editor"
    note = "; 0: not set" if scope == "user" else "; 0: not set in the domain's space defaults"
    return (
        Setting(f"{column}_idle_shutdown", base + "LifecycleManagement", "VARCHAR", scope, "'DISABLED'", _IDLE,
                f"Whether idle {label} apps are shut down: ENABLED or DISABLED"),
        Setting(f"{column}_idle_timeout", base + "IdleTimeoutInMinutes", "INTEGER", scope, "0", _IDLE,
                f"Minutes after which an idle {label} app is shut down{note}", "minutes"),
        Setting(f"{column}_idle_timeout_min", base + "MinIdleTimeoutInMinutes", "INTEGER", scope, "0", _IDLE,
                f"Least timeout that a user may choose for {label}{note}", "minutes"),
        Setting(f"{column}_idle_timeout_max", base + "MaxIdleTimeoutInMinutes", "INTEGER", scope, "0", _IDLE,
                f"Greatest timeout that a user may choose for {label}{note}", "minutes"),
    )  # fmt: skip


def _ebs(scope: Scope) -> tuple[Setting, ...]:
    base = "SpaceStorageSettings.DefaultEbsStorageSettings."
    return (
        Setting("ebs_default_gb", base + "DefaultEbsVolumeSizeInGb", "INTEGER", scope, "5", _EBS,
                "Size of a new space's EBS volume", "GiB"),
        Setting("ebs_maximum_gb", base + "MaximumEbsVolumeSizeInGb", "INTEGER", scope, "100", _EBS,
                "Greatest EBS volume that a space may have", "GiB"),
    )  # fmt: skip


def _listed(column: str, path: str, item: str, scope: Scope, source: str, doc: str) -> Setting:
    """A setting that lists one member of each structure of a list; structures without it are left out."""
    raw = f'"{item}" VARCHAR'
    read = f'list_filter(list_transform({{}}, lambda r: r."{item}"), lambda v: v is not null)'
    return Setting(column, path, "VARCHAR[]", scope, "[]", source, doc, raw_type=f"STRUCT({raw})[]", read=read,
                   items=(item,))  # fmt: skip


_IMAGE_ITEMS = ("ImageName", "ImageVersionNumber")
_IMAGE = 'STRUCT("ImageName" VARCHAR, "ImageVersionNumber" INTEGER)[]'


def _images(app: str, column: str, scope: Scope) -> tuple[Setting, ...]:
    label = "JupyterLab" if app == "JupyterLab" else "Code Editor"
    base = f"{app}AppSettings."
    return (
        Setting(f"{column}_image_alias", f"{base}DefaultResourceSpec.SageMakerImageVersionAlias", "VARCHAR", scope,
                "''", API + "API_ResourceSpec.html", f"Version of the image that {label} starts with, as 2.0.0; ''"
                " where none is set"),
        Setting(f"{column}_custom_images", base + "CustomImages", "VARCHAR[]", scope, "[]",
                API + "API_CustomImage.html", f"Custom images that {label} can start with", raw_type=_IMAGE,
                read='list_filter(list_transform({}, lambda r: r."ImageName"), lambda v: v is not null)',
                items=_IMAGE_ITEMS),
        Setting(f"{column}_images", base + "CustomImages", "VARCHAR[]", scope, "[]",
                API + "API_CustomImage.html", f"Custom images that {label} can start with, as NAME/VERSION where one"
                " version is named", raw_type=_IMAGE, items=_IMAGE_ITEMS,
                read="list_filter(list_transform({}, lambda r: r.ImageName || coalesce('/' || r.ImageVersionNumber,"
                     " '')), lambda v: v is not null)"),
    )  # fmt: skip


def _space_image(app: str, column: str) -> tuple[Setting, ...]:
    label = "JupyterLab" if app == "JupyterLab" else "Code Editor"
    base = f"SpaceSettings.{app}AppSettings.DefaultResourceSpec."
    return (
        Setting(f"{column}_image_alias", base + "SageMakerImageVersionAlias", "VARCHAR", "space", "''",
                API + "API_ResourceSpec.html", f"Version of the image of the space's {label}; '' where none is set"),
        Setting(f"{column}_image_arn", base + "SageMakerImageArn", "VARCHAR", "space", "''",
                API + "API_ResourceSpec.html", f"Image of the space's {label}; '' where none is set"),
        Setting(f"{column}_image_version_arn", base + "SageMakerImageVersionArn", "VARCHAR", "space", "''",
                API + "API_ResourceSpec.html", f"Version of an image that the space's {label} starts from; '' where"
                " none is set"),
    )  # fmt: skip


_CUSTOM = GUIDE + "domain-custom-file-system.html"


def _file_systems(scope: Scope) -> tuple[Setting, Setting]:
    """The settings of one list of file systems of EFS, FSx and S3. Those of a space have no path of their own."""
    suffix, path, doc = ("", "SpaceSettings.CustomFileSystems", "the space mounts") if scope == "space" else (
        "Config", "CustomFileSystemConfigs", "may be mounted")  # fmt: skip
    efs, fsx, s3 = f"EFSFileSystem{suffix}", f"FSxLustreFileSystem{suffix}", f"S3FileSystem{suffix}"
    members = ("FileSystemId", "FileSystemPath") if suffix else ("FileSystemId",)
    network = ", ".join(f'"{member}" VARCHAR' for member in members)
    raw = f'STRUCT("{efs}" STRUCT({network}), "{fsx}" STRUCT({network}), "{s3}" STRUCT("S3Uri" VARCHAR))[]'
    items = (*(f"{kind}.{member}" for kind in (efs, fsx) for member in members), f"{s3}.S3Uri")

    def mount(kind: str) -> str:
        # "The default path is the file system root" (developer guide).
        at = f" || ':' || coalesce(r.{kind}.FileSystemPath, '/')" if suffix else ""
        return f"when r.{kind}.FileSystemId is not null then r.{kind}.FileSystemId{at}"

    known = f"case {mount(efs)} {mount(fsx)} when r.{s3}.S3Uri is not null then r.{s3}.S3Uri else 'unknown' end"
    only_efs = f"list_filter(list_transform({{}}, lambda r: r.{efs}.FileSystemId), lambda v: v is not null)"
    form = "fs-…:PATH (/ where no path is set) or s3://…" if suffix else "fs-… or s3://…"
    return (
        Setting("custom_efs", path, "VARCHAR[]", scope, "[]", _CUSTOM, f"EFS file systems that {doc} as custom file"
                " systems", raw_type=raw, read=only_efs, items=items),
        Setting("custom_file_systems", path, "VARCHAR[]", scope, "[]", _CUSTOM, f"File systems of EFS, FSx for Lustre"
                f" and S3 that {doc} as custom file systems: {form}; unknown for one of another kind", raw_type=raw,
                read=f"list_transform({{}}, lambda r: {known})", items=items),
    )  # fmt: skip


def _posix(member: str, column: str, default: str, doc: str) -> Setting:
    return Setting(column, f"CustomPosixUserConfig.{member}", "INTEGER", "user", default, _CUSTOM, doc)


USER_SETTINGS: tuple[Setting, ...] = (
    Setting("execution_role", "ExecutionRole", "VARCHAR", "user", "''", _USER,
            "ARN of the IAM role that the profile's private spaces and jobs run as; '' where none is set"),
    Setting("security_groups", "SecurityGroups", "VARCHAR[]", "user", "[]", _USER,
            "Security groups of the profile's apps: the domain's and the profile's together", merge="union"),
    Setting("default_landing_uri", "DefaultLandingUri", "VARCHAR", "user", _LANDING_DEFAULT, _LANDING,
            "Where a person lands: studio:: is the new Studio, app:JupyterServer: is Studio Classic"),
    Setting("studio_web_portal", "StudioWebPortal", "VARCHAR", "user", "'ENABLED'", _USER,
            "Whether the new Studio can be opened at all: ENABLED or DISABLED"),
    Setting("hidden_app_types", "StudioWebPortalSettings.HiddenAppTypes", "VARCHAR[]", "user", "[]", _PORTAL,
            "App types whose entry is hidden in the new Studio"),
    Setting("hidden_ml_tools", "StudioWebPortalSettings.HiddenMlTools", "VARCHAR[]", "user", "[]", _PORTAL,
            "ML tools whose entry is hidden in the new Studio"),
    Setting("hidden_instance_types", "StudioWebPortalSettings.HiddenInstanceTypes", "VARCHAR[]", "user", "[]",
            _PORTAL, "Instance types that cannot be chosen in the new Studio"),
    Setting("execution_role_session_name_mode", "StudioWebPortalSettings.ExecutionRoleSessionNameMode", "VARCHAR",
            "user", "'STATIC'", _PORTAL, "Whether role sessions are named after the user: STATIC or USER_IDENTITY"),
    Setting("auto_mount_home_efs", "AutoMountHomeEFS", "VARCHAR", "user", "'Enabled'", _USER,
            "Whether private spaces mount the domain's EFS home: Enabled or Disabled. Disabled where the domain has"
            " no EFS", absent_when="{} = 'DefaultAsDomain'"),
    Setting("rstudio_access_status", "RStudioServerProAppSettings.AccessStatus", "VARCHAR", "user", "'ENABLED'",
            GUIDE + "rstudio-add-existing.html",
            "Whether the person may use RStudio on a domain that has it: ENABLED or DISABLED"),
    Setting("rstudio_user_group", "RStudioServerProAppSettings.UserGroup", "VARCHAR", "user", "'R_STUDIO_USER'",
            API + "API_RStudioServerProAppSettings.html", "What the person may do in RStudio: R_STUDIO_USER, or"
            " R_STUDIO_ADMIN for the administrative dashboard as well"),
    *_idle("JupyterLab", "jupyterlab", "user"),
    *_idle("CodeEditor", "code_editor", "user"),
    *_ebs("user"),
    _listed("jupyterlab_repositories", "JupyterLabAppSettings.CodeRepositories", "RepositoryUrl", "user",
            API + "API_JupyterLabAppSettings.html", "Git repositories attached to JupyterLab"),
    *_images("JupyterLab", "jupyterlab", "user"),
    *_images("CodeEditor", "code_editor", "user"),
    *_file_systems("user"),
    _posix("Uid", "posix_uid", "200001", "POSIX user that private spaces use custom file systems as"),
    _posix("Gid", "posix_gid", "1001", "POSIX group that private spaces use custom file systems as"),
    Setting("jupyterlab_instance_type", "JupyterLabAppSettings.DefaultResourceSpec.InstanceType", "VARCHAR", "user",
            "''", API + "API_ResourceSpec.html", "Instance type of a new JupyterLab space; '' where none is set"),
    Setting("code_editor_instance_type", "CodeEditorAppSettings.DefaultResourceSpec.InstanceType", "VARCHAR", "user",
            "''", API + "API_ResourceSpec.html", "Instance type of a new Code Editor space; '' where none is set"),
    Setting("notebook_output_option", "SharingSettings.NotebookOutputOption", "VARCHAR", "user", "''",
            API + "API_SharingSettings.html", "Notebook sharing on Classic: '' off, Disabled without output, Allowed"
            " with output"),
    Setting("sharing_s3_output_path", "SharingSettings.S3OutputPath", "VARCHAR", "user", "''",
            API + "API_SharingSettings.html", "S3 location of shared notebooks; '' where none is set"),
    Setting("sharing_s3_kms_key_id", "SharingSettings.S3KmsKeyId", "VARCHAR", "user", "''",
            API + "API_SharingSettings.html", "KMS key of shared notebooks; '' where none is set"),
    Setting("jupyter_server_settings", "JupyterServerAppSettings", "BOOLEAN", "user", "false", _USER,
            "Whether settings for Classic's JupyterServer app are present", raw_type="JSON",
            read="({} is not null)", absent_when="{}::VARCHAR = '{{}}'"),
    Setting("kernel_gateway_settings", "KernelGatewayAppSettings", "BOOLEAN", "user", "false", _USER,
            "Whether settings for Classic's KernelGateway apps are present", raw_type="JSON",
            read="({} is not null)", absent_when="{}::VARCHAR = '{{}}'"),
    *CANVAS_SETTINGS,
)  # fmt: skip

DOMAIN_SETTINGS: tuple[Setting, ...] = (
    Setting("auth_mode", "AuthMode", "VARCHAR", "domain", "NULL", _DOMAIN, "How people sign in: SSO or IAM"),
    Setting("vpc_id", "VpcId", "VARCHAR", "domain", "''", _DOMAIN, "The domain's VPC"),
    Setting("subnet_ids", "SubnetIds", "VARCHAR[]", "domain", "[]", _DOMAIN, "The domain's subnets"),
    Setting("app_network_access_type", "AppNetworkAccessType", "VARCHAR", "domain", "'PublicInternetOnly'", _DOMAIN,
            "How apps reach the network: PublicInternetOnly or VpcOnly"),
    Setting("kms_key_id", "KmsKeyId", "VARCHAR", "domain", "''", _DOMAIN,
            "Customer's KMS key for the domain's volumes; '' where AWS's own key is used"),
    Setting("home_efs_file_system_id", "HomeEfsFileSystemId", "VARCHAR", "domain", "''",
            API + "API_DescribeDomain.html", "The domain's EFS; '' where it has none"),
    Setting("home_efs_file_system_creation", "HomeEfsFileSystemCreation", "VARCHAR", "domain", "'Enabled'", _DOMAIN,
            "Whether the domain was made with an EFS: Enabled or Disabled"),
    Setting("tag_propagation", "TagPropagation", "VARCHAR", "domain", "'DISABLED'", _DOMAIN,
            "Whether the domain's tags reach what Studio creates: ENABLED or DISABLED"),
    Setting("execution_role_identity_config", "DomainSettings.ExecutionRoleIdentityConfig", "VARCHAR", "domain",
            "'DISABLED'", _SETTINGS, "Whether the profile's name becomes sts:SourceIdentity: USER_PROFILE_NAME or"
            " DISABLED"),
    Setting("ip_address_type", "DomainSettings.IpAddressType", "VARCHAR", "domain", "'ipv4'", _SETTINGS,
            "Which addresses the domain's apps have: ipv4, or dualstack for IPv6 as well"),
    Setting("domain_security_groups", "DomainSettings.SecurityGroupIds", "VARCHAR[]", "domain", "[]", _SETTINGS,
            "Security groups between the domain's own apps, such as RStudio, and people's"),
    Setting("docker_access", "DomainSettings.DockerSettings.EnableDockerAccess", "VARCHAR", "domain", "'DISABLED'",
            API + "API_DockerSettings.html", "Whether Docker may be used in Studio: ENABLED or DISABLED"),
    Setting("docker_trusted_accounts", "DomainSettings.DockerSettings.VpcOnlyTrustedAccounts", "VARCHAR[]", "domain",
            "[]", API + "API_DockerSettings.html", "Accounts whose images may be pulled in VpcOnly mode"),
    Setting("docker_rootless", "DomainSettings.DockerSettings.RootlessDocker", "VARCHAR", "domain", "'DISABLED'",
            GUIDE + "studio-updated-local.html", "Whether Docker in Studio runs rootless: ENABLED or DISABLED"),
    Setting("trusted_identity_propagation", "DomainSettings.TrustedIdentityPropagationSettings.Status", "VARCHAR",
            "domain", "'DISABLED'", _SETTINGS, "Whether Identity Center identities are propagated: ENABLED or"
            " DISABLED"),
    Setting("rstudio_licensed", "DomainSettings.RStudioServerProDomainSettings", "BOOLEAN", "domain", "false",
            _SETTINGS, "Whether the domain has RStudio", raw_type="JSON", read="({} is not null)"),
    Setting("rstudio_connect_url", "DomainSettings.RStudioServerProDomainSettings.RStudioConnectUrl", "VARCHAR",
            "domain", "''", _RSTUDIO, "Posit Connect server that the domain's RStudio publishes to; '' where none is"
            " set"),
    Setting("rstudio_package_manager_url", "DomainSettings.RStudioServerProDomainSettings.RStudioPackageManagerUrl",
            "VARCHAR", "domain", "''", _RSTUDIO, "Posit Package Manager server that the domain's RStudio takes packages"
            " from; '' where none is set"),
    Setting("unified_studio_project", "DomainSettings.UnifiedStudioSettings.ProjectId", "VARCHAR", "domain", "''",
            _UNIFIED, "The SageMaker Unified Studio project that the domain corresponds to; '' where there is none"),
    Setting("studio_web_portal_access", "DomainSettings.UnifiedStudioSettings.StudioWebPortalAccess", "VARCHAR",
            "domain", "''", _UNIFIED, "Whether a domain of SageMaker Unified Studio can be opened in SageMaker Studio"
            " as well: ENABLED or DISABLED; '' where it is not set"),
)  # fmt: skip

SPACE_DEFAULT_SETTINGS: tuple[Setting, ...] = (
    Setting("execution_role", "ExecutionRole", "VARCHAR", "space_default", "''",
            API + "API_DefaultSpaceSettings.html", "ARN of the IAM role of the domain's shared spaces"),
    Setting("security_groups", "SecurityGroups", "VARCHAR[]", "space_default", "[]",
            API + "API_DefaultSpaceSettings.html", "Security groups of the domain's shared spaces"),
    *_idle("JupyterLab", "jupyterlab", "space_default"),
    *_ebs("space_default"),
    *_images("JupyterLab", "jupyterlab", "space_default"),
    Setting("jupyterlab_instance_type", "JupyterLabAppSettings.DefaultResourceSpec.InstanceType", "VARCHAR",
            "space_default", "''", API + "API_ResourceSpec.html", "Instance type of a new shared space's JupyterLab; ''"
            " where none is set"),
    _listed("jupyterlab_repositories", "JupyterLabAppSettings.CodeRepositories", "RepositoryUrl", "space_default",
            API + "API_JupyterLabAppSettings.html", "Git repositories attached to JupyterLab"),
    *_file_systems("space_default"),
)  # fmt: skip

_SPACE = API + "API_SpaceSettings.html"
SPACE_SETTINGS: tuple[Setting, ...] = (
    Setting("app_type", "SpaceSettings.AppType", "VARCHAR", "space", "''", _SPACE,
            "The app that the space runs; '' in old spaces, which do not say"),
    Setting("remote_access", "SpaceSettings.RemoteAccess", "VARCHAR", "space", "'DISABLED'", _SPACE,
            "Whether the space can be reached from a local editor: ENABLED or DISABLED"),
    Setting("sharing_type", "SpaceSharingSettings.SharingType", "VARCHAR", "space", "'Shared'",
            GUIDE + "domain-space-create.html", "Private or Shared; Shared where a space (of Studio Classic) has"
            " neither sharing settings nor an owner"),
    Setting("owner", "OwnershipSettings.OwnerUserProfileName", "VARCHAR", "space", "''",
            API + "API_OwnershipSettings.html", "Name of the profile that owns the space; '' where none is set"),
    Setting("ebs_volume_gb", "SpaceSettings.SpaceStorageSettings.EbsStorageSettings.EbsVolumeSizeInGb", "INTEGER",
            "space", "0", API + "API_EbsStorageSettings.html",
            "Size of the space's EBS volume as set on the space; 0 where the default applies", "GiB"),
    Setting("jupyterlab_instance_type", "SpaceSettings.JupyterLabAppSettings.DefaultResourceSpec.InstanceType",
            "VARCHAR", "space", "''", _SPACE, "Instance type of the space's JupyterLab; '' where none is set"),
    Setting("code_editor_instance_type", "SpaceSettings.CodeEditorAppSettings.DefaultResourceSpec.InstanceType",
            "VARCHAR", "space", "''", _SPACE, "Instance type of the space's Code Editor; '' where none is set"),
    *_space_image("JupyterLab", "jupyterlab"),
    *_space_image("CodeEditor", "code_editor"),
    _listed("jupyterlab_repositories", "SpaceSettings.JupyterLabAppSettings.CodeRepositories", "RepositoryUrl", "space",
            API + "API_SpaceJupyterLabAppSettings.html", "Git repositories attached to the space's JupyterLab"),
    *_file_systems("space"),
    Setting("jupyterlab_idle_timeout",
            "SpaceSettings.JupyterLabAppSettings.AppLifecycleManagement.IdleSettings.IdleTimeoutInMinutes",
            "INTEGER", "space", "0", API + "API_SpaceIdleSettings.html",
            "The space's own JupyterLab idle timeout; 0: not set", "minutes"),
    Setting("code_editor_idle_timeout",
            "SpaceSettings.CodeEditorAppSettings.AppLifecycleManagement.IdleSettings.IdleTimeoutInMinutes",
            "INTEGER", "space", "0", API + "API_SpaceIdleSettings.html",
            "The space's own Code Editor idle timeout; 0: not set", "minutes"),
    Setting("jupyter_server_settings", "SpaceSettings.JupyterServerAppSettings", "BOOLEAN", "space", "false", _SPACE,
            "Whether the space has settings for Classic's JupyterServer app", raw_type="JSON",
            read="({} is not null)"),
    Setting("kernel_gateway_settings", "SpaceSettings.KernelGatewayAppSettings", "BOOLEAN", "space", "false", _SPACE,
            "Whether the space has settings for Classic's KernelGateway apps", raw_type="JSON",
            read="({} is not null)"),
)  # fmt: skip

PROFILE_SETTINGS: tuple[Setting, ...] = (
    Setting("sso_user", "SingleSignOnUserValue", "VARCHAR", "profile", "''", API + "API_CreateUserProfile.html",
            "User name in IAM Identity Center; '' where none is set"),
)  # fmt: skip

SETTINGS: tuple[Setting, ...] = (
    *USER_SETTINGS, *DOMAIN_SETTINGS, *SPACE_DEFAULT_SETTINGS, *SPACE_SETTINGS, *PROFILE_SETTINGS,
)  # fmt: skip


def known_paths() -> Mapping[str, tuple[str, ...]]:
    """Full API paths that the product reads, by snapshot kind; what an SDK's model is checked against."""
    return {
        "domain": (
            *(s.path for s in DOMAIN_SETTINGS),
            *(f"{DOMAIN_USER_ROOT}.{s.path}" for s in USER_SETTINGS),
            *(f"{DOMAIN_SPACE_ROOT}.{s.path}" for s in SPACE_DEFAULT_SETTINGS),
        ),
        "user_profile": (
            *(s.path for s in PROFILE_SETTINGS),
            *(f"{USER_PROFILE_ROOT}.{s.path}" for s in USER_SETTINGS),
        ),
        "space": tuple(s.path for s in SPACE_SETTINGS),
    }
