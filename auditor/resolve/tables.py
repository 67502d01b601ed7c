"""The documented tables: every column with its type, unit and meaning, and where an effective value comes from.

These are what rules, ``auditor query`` and ``docs/tables.md`` speak about. NULL means unknown in each of them.
A column that holds an effective setting has a companion ``<column>_origin`` with the layer that set it: ``profile``,
``domain``, ``space`` or ``service`` (AWS's default).
"""

from __future__ import annotations

from typing import get_args

from auditor.model.snapshot import GapReason
from auditor.resolve.access_path_table import ACCESS_PATH
from auditor.resolve.account_columns import ACCOUNT_COLUMNS
from auditor.resolve.application_tables import MLFLOW_SERVER, PARTNER_APP
from auditor.resolve.image_columns import APP_IMAGES, SPACE_IMAGES
from auditor.resolve.lifecycle_table import LIFECYCLE_CONFIG
from auditor.resolve.load_columns import LOAD_COLUMNS
from auditor.resolve.network_columns import NETWORK_COLUMNS
from auditor.resolve.own_settings import OWN_COLUMNS
from auditor.resolve.role_table import EXECUTION_ROLE as EXECUTION_ROLE
from auditor.resolve.role_table import PLACE_COLUMNS, ROLES_OF_PROFILES
from auditor.resolve.sign_in_table import SIGN_IN as SIGN_IN
from auditor.resolve.table_model import LIVE as LIVE
from auditor.resolve.table_model import Column, Table, handed_down
from auditor.studio.setting import Setting
from auditor.studio.settings import (
    DOMAIN_SETTINGS,
    DOMAIN_SPACE_ROOT,
    DOMAIN_USER_ROOT,
    PROFILE_SETTINGS,
    SPACE_DEFAULT_SETTINGS,
    SPACE_SETTINGS,
    USER_PROFILE_ROOT,
    USER_SETTINGS,
)

#: Prefixes of a domain's own columns for what it hands down.
USER_DEFAULT_PREFIX = "default_"
SPACE_DEFAULT_PREFIX = "space_default_"
_MLFLOW = ("mlflow_server", "mlflow_app")


def _effective(setting: Setting) -> Column:
    paths = {"profile": f"{USER_PROFILE_ROOT}.{setting.path}", "domain": f"{DOMAIN_USER_ROOT}.{setting.path}",
             "service": setting.path}  # fmt: skip
    return Column(setting.column, setting.type, setting.doc, setting.unit, paths)


def _own(setting: Setting, layer: str, prefix: str = "", root: str = "", about: str = "") -> Column:
    path = f"{root}.{setting.path}" if root else setting.path
    name, paths = handed_down(prefix, setting.column), {layer: path, "service": path}
    return Column(name, setting.type, about + setting.doc, setting.unit, paths)


_RESOURCE = (
    *PLACE_COLUMNS,
    Column("id", "VARCHAR", "Id within account and region, as in the snapshot"),
    Column("name", "VARCHAR", "Name as AWS shows it"),
    Column("arn", "VARCHAR", "ARN; '' for a resource of a template"),
    Column("status", "VARCHAR", "Status as AWS gives it, e.g. InService, Failed; InService for what a template makes"),
    Column(
        "failure_reason",
        "VARCHAR",
        "Why the status is a failure, as AWS gives it; '' where it says nothing",
        kinds=(LIVE,),
    ),
    Column("creation_time", "TIMESTAMP", "When it was created; NULL for what a template makes", kinds=(LIVE,)),
    Column("as_of", "TIMESTAMP", 'When the snapshot was taken: a rule\'s "now"'),
)
_TAGS = Column("tags", "MAP(VARCHAR, VARCHAR)", "Tags by key; NULL where they could not be read", paths={})
_KNOWN_TAGS = Column(
    "known_tags",
    "MAP(VARCHAR, VARCHAR)",
    "Tags that it has for certain: all of them, or where tags is"
    " NULL those of a template that stand beside others which cannot be told; never NULL",
)
_DOMAIN_OF = (
    Column("domain_key", "VARCHAR", "Key of its domain"),
    Column("domain_id", "VARCHAR", "Id of its domain"),
    Column("domain_name", "VARCHAR", "Name of its domain; NULL where the domain could not be read"),
    Column("unified_studio", "BOOLEAN", "Whether SageMaker Unified Studio makes the profiles of its domain, as domain"
           " has it; never NULL"),
)  # fmt: skip

_VIA_SPACE_ROLE = "'space_default_execution_role'"
_VIA_APP_TYPE = "case when app_type = 'CodeEditor' then 'code_editor_{0}' else 'jupyterlab_{0}' end"
_VIA_EXPERIENCE = (
    "case when {0}studio_web_portal = 'DISABLED' then '{0}studio_web_portal' else 'default_landing_uri' end"
)


def _experience(prefix: str, doc: str) -> Column:
    inputs = ("default_landing_uri", f"{prefix}studio_web_portal")
    return Column(f"{prefix}experience", "VARCHAR", doc, inputs=inputs, via=_VIA_EXPERIENCE.format(prefix))


_EXPERIENCE = (
    "studio (the new Studio) or classic (Studio Classic): where the person lands; classic as well where the Studio"
    " portal is disabled"
)

DOMAIN = Table(
    "domain", "One row a domain. default_… columns are what a profile of the domain gets that sets nothing itself"
    " (DefaultUserSettings, then the service's default); space_default_… columns are for shared spaces.",
    (
        *_RESOURCE,
        Column("domain_id", "VARCHAR", "The domain's id, d-…"),
        Column("identity_center_instance", "VARCHAR", "Instance of IAM Identity Center that the domain uses (ssoins-…);"
               " '' where it names none, as domains older than October 2023 do"),
        *(_own(s, "domain") for s in DOMAIN_SETTINGS),
        *(_own(s, "domain", USER_DEFAULT_PREFIX, DOMAIN_USER_ROOT, "For new profiles: ") for s in USER_SETTINGS),
        Column("default_auto_mount_home_efs_set", "VARCHAR", "AutoMountHomeEFS exactly as the domain sets it, '' where"
               " it does not", paths={"domain": "DefaultUserSettings.AutoMountHomeEFS",
                                      "service": "DefaultUserSettings.AutoMountHomeEFS"}),
        *(_own(s, "domain", SPACE_DEFAULT_PREFIX, DOMAIN_SPACE_ROOT, "For shared spaces: ")
          for s in SPACE_DEFAULT_SETTINGS),
        Column("unified_studio", "BOOLEAN", "Whether SageMaker Unified Studio makes the domain's profiles: it"
               " corresponds to a project (ProjectId) and cannot be opened in SageMaker Studio (StudioWebPortalAccess"
               " is not ENABLED). Rules about people, their roles and visibility skip such a domain. Never NULL: an"
               " exemption that cannot be decided does not apply",
               inputs=("unified_studio_project", "studio_web_portal_access"), via="'unified_studio_project'"),
        _experience(USER_DEFAULT_PREFIX, "For new profiles: " + _EXPERIENCE),
        Column("has_efs", "BOOLEAN", "Whether the domain has an EFS at all",
               inputs=("home_efs_file_system_id", "home_efs_file_system_creation"), via="'home_efs_file_system_id'"),
        Column("efs_needed", "BOOLEAN", "Whether something of the domain uses an EFS: RStudio, Studio Classic (by"
               " default, in a profile, a space or an app), an auto-mount (by default or in a profile), or a custom"
               " file system that is the domain's own EFS",
               inputs=("rstudio_licensed", "default_experience", "default_auto_mount_home_efs", "default_custom_efs",
                       "space_default_custom_efs")),
        Column("has_shared_spaces", "BOOLEAN", "Whether a shared space exists in the domain"),
        Column("space_default_jupyterlab_idle_supported", "BOOLEAN", "Whether idle shutdown acts in a JupyterLab that a"
               " shared space starts: false on SageMaker Distribution before 2.0; NULL where custom images are"
               " attached",
               inputs=("space_default_jupyterlab_image_alias", "space_default_jupyterlab_custom_images"),
               via="'space_default_jupyterlab_image_alias'"),
        Column("shared_without_idle_shutdown", "VARCHAR[]", "Shared spaces, and running apps of theirs, on SageMaker"
               " Distribution before 2.0, where idle shutdown does not act; NULL where one runs on a custom image"),
        Column("running_apps", "BIGINT", "Apps of the domain that are InService or Pending; NULL where they could not"
               " be listed"),
        Column("has_shared_role", "BOOLEAN", "Whether a profile of the domain has the same execution role as another"
               " profile of the account", members=ROLES_OF_PROFILES),
        Column("roles_without_source_identity", "VARCHAR[]", "Names of the roles of its profiles, its default and its"
               " shared spaces whose trust policy does not let SageMaker call sts:SetSourceIdentity, and of those that"
               " these assume for Amazon EMR and that do not let them, as far as they are known; NULL where none is"
               " known and one of them cannot be told", kinds=("role",)),
        Column("vpc_is_default", "BOOLEAN", "Whether its VPC is the region's default VPC", inputs=("vpc_id",),
               via="'vpc_id'", kinds=("vpc",)),
        Column("quick_setup", "BOOLEAN", "Whether the domain carries quick setup's signature: its name, or at least"
               " four of the signs, among them the role name or the sharing path",
               inputs=("name", "quick_setup_signs"), via="'name'"),
        Column("quick_setup_signs", "VARCHAR[]", "Signs of quick setup that hold for certain: IAM, PublicInternetOnly,"
               " default VPC, role name, no KMS key, sharing path", kinds=("vpc",)),
        *NETWORK_COLUMNS,
        Column("failed_resources", "VARCHAR[]", "The domain, its user profiles and spaces whose status is Failed or"
               " Delete_Failed, with the status; NULL where none is known and not all were listed", kinds=(LIVE,)),
        Column("kms_key_manager", "VARCHAR", "Who manages the key of the domain's volumes: AWS, or CUSTOMER; AWS where"
               " none is set; NULL where the key is named by id or ARN and AWS KMS didn't say whose it is",
               inputs=("kms_key_id",), via="'kms_key_id'", kinds=("kms_key",)),
        Column("space_role_profiles", "BIGINT", "Profiles whose own role is the role of the domain's shared spaces; 0"
               " where that role is not set", inputs=("space_default_execution_role",), via=_VIA_SPACE_ROLE),
        Column("space_role_policies", "VARCHAR[]", "AWS's managed policies attached to the role of shared spaces",
               inputs=("space_default_execution_role",), via=_VIA_SPACE_ROLE, kinds=("role",)),
        Column("space_role_allows_everything", "BOOLEAN", "Whether the role of shared spaces allows every action on"
               " every resource", inputs=("space_default_execution_role",), via=_VIA_SPACE_ROLE, kinds=("role",)),
        Column("space_role_administrator", "BOOLEAN", "Whether the role of shared spaces can act as an administrator,"
               " as execution_role has it", inputs=("space_default_execution_role",), via=_VIA_SPACE_ROLE,
               kinds=("role",), why="space_role_unknown"),
        Column("space_role_unknown", "VARCHAR", "Why it is not known whether the role of shared spaces is an"
               " administrator; '' where it is known", inputs=("space_default_execution_role",), via=_VIA_SPACE_ROLE,
               kinds=("role",)),
        _TAGS, _KNOWN_TAGS,
    ), "domain", ("domain",),
)  # fmt: skip

USER_PROFILE = Table(
    "user_profile", "One row a user profile, with the settings in force for it.",
    (
        *_RESOURCE,
        *_DOMAIN_OF,
        Column("auth_mode", "VARCHAR", "How people sign in to its domain: SSO or IAM; where the domain was not seen, as"
               " the profile itself says (AWS requires a user in an SSO domain and refuses one elsewhere)",
               paths={"profile": "SingleSignOnUserValue", "domain": "AuthMode", "service": "AuthMode"}),
        Column("rstudio_licensed", "BOOLEAN", "Whether its domain has RStudio",
               paths={"domain": "DomainSettings.RStudioServerProDomainSettings",
                      "service": "DomainSettings.RStudioServerProDomainSettings"}),
        *(Column(s.column, s.type, f"Its domain's: {s.doc}", s.unit, {"domain": s.path, "service": s.path})
          for s in DOMAIN_SETTINGS
          if s.column in ("execution_role_identity_config", "trusted_identity_propagation")),
        Column("domain_has_efs", "BOOLEAN", "Whether its domain has an EFS at all"),
        *(Column(s.column, s.type, s.doc, s.unit, {"profile": s.path, "service": s.path}) for s in PROFILE_SETTINGS),
        *(_effective(s) for s in USER_SETTINGS),
        *OWN_COLUMNS,
        _experience("", _EXPERIENCE),
        Column("name_tokens", "VARCHAR[]", "Words of the profile's name, lower case: split on separators, digits and"
               " case changes", inputs=("name",), via="'name'"),
        Column("sso_user_tokens", "VARCHAR[]", "Words of the Identity Center user name, without a directory before \\"
               " and a domain after @, split likewise",
               inputs=("sso_user",), via="'sso_user'"),
        Column("sso_user_profiles", "BIGINT", "How many profiles of the domain belong to the same Identity Center user,"
               " this one included; 0 where it has none; NULL where that cannot be told",
               inputs=("sso_user",), via="'sso_user'"),
        Column("execution_role_profiles", "BIGINT", "How many profiles of the account have the same effective execution"
               " role, this one included; 0 where it has none; NULL where that cannot be told",
               inputs=("execution_role",), via="'execution_role'", members=ROLES_OF_PROFILES),
        Column("execution_role_personas", "VARCHAR[]", "Personas of the profiles that have the same execution role;"
               " NULL where there may be more", inputs=("execution_role",), via="'execution_role'",
               members=ROLES_OF_PROFILES),
        Column("execution_role_teams", "VARCHAR[]", "Teams of the profiles that have the same execution role, by their"
               " tags team, team-name or team-id, in lower case; NULL where there may be more",
               inputs=("execution_role",), via="'execution_role'", members=ROLES_OF_PROFILES),
        Column("person_in_role_sessions", "BOOLEAN", "Whether the person behind a role session can be told apart:"
               " ExecutionRoleIdentityConfig is USER_PROFILE_NAME, or ExecutionRoleSessionNameMode is USER_IDENTITY, or"
               " trusted identity propagation is on. In a template only what its language can express counts",
               inputs=("execution_role_identity_config", "trusted_identity_propagation"),
               via="'execution_role_identity_config'"),
        Column("subscribed_partner_tools", "VARCHAR[]", "HiddenMlTools names of the partner apps that are in service in"
               " the account and region", kinds=("partner_app",)),
        Column("human_principals", "VARCHAR[]", "People who are known to have opened the profile, as sign_in names"
               " them; what comes after the last / tells the person, in any role and in any case", kinds=("sign_in",)),
        Column("machine_principals", "VARCHAR[]", "Programs that are known to have opened the profile, as sign_in names"
               " them", kinds=("sign_in",)),
        Column("several_profile_principals", "VARCHAR[]", "People who are known to have opened this and another profile"
               " of the domain; after a comma the principal that opened the other one, where it is another. NULL where"
               " none is known, and somebody who can't be told opened a profile of the domain",
               kinds=("sign_in",)),
        Column("sign_ins_complete", "BOOLEAN", "true where every sign-in of the window is known, and whether a person"
               " or a program stands behind it; NULL otherwise: there may be more than the three columns above say",
               kinds=("sign_in",)),
        Column("sso_user_exists", "BOOLEAN", "Whether the domain's instance of Identity Center knows the user; false"
               " where there is none",
               inputs=("sso_user",), via="'sso_user'", kinds=("identity_user",)),
        Column("sso_user_active", "BOOLEAN", "Whether that user is enabled there; false where there is no such user,"
               " NULL where its status is none that AWS documents",
               inputs=("sso_user",), via="'sso_user'", kinds=("identity_user",)),
        Column("sso_user_assigned", "BOOLEAN", "Whether the domain's application in Identity Center is open to that"
               " user: assigned to the user or a group of theirs, or open to everybody",
               inputs=("sso_user",), via="'sso_user'", kinds=("assignment", "identity_user")),
        Column("role_allowed_tools", "VARCHAR[]", "Tools that the execution role may use, as"
               " execution_role has them",
               inputs=("execution_role",), via="'execution_role'", kinds=("permission", "role")),
        Column("app_types_in_use", "VARCHAR[]", "App types, of JupyterLab and CodeEditor, of the private spaces and the"
               " running apps that the profile has"),
        Column("jupyterlab_usable", "BOOLEAN", "Whether the person can have a JupyterLab app: it shows, there is one,"
               " or the execution role may create one", kinds=("permission", "role"),
               inputs=("studio_web_portal", "hidden_app_types", "app_types_in_use", "role_allowed_tools"),
               via="'hidden_app_types'"),
        Column("code_editor_usable", "BOOLEAN", "The same of Code Editor", kinds=("permission", "role"),
               inputs=("studio_web_portal", "hidden_app_types", "app_types_in_use", "role_allowed_tools"),
               via="'hidden_app_types'"),
        Column("jupyterlab_idle_supported", "BOOLEAN", "Whether idle shutdown acts in a JupyterLab that the profile"
               " starts: false on SageMaker Distribution before 2.0; NULL where custom images are attached",
               inputs=("jupyterlab_image_alias", "jupyterlab_custom_images"), via="'jupyterlab_image_alias'"),
        Column("code_editor_idle_supported", "BOOLEAN", "The same of Code Editor",
               inputs=("code_editor_image_alias", "code_editor_custom_images"), via="'code_editor_image_alias'"),
        Column("without_idle_shutdown", "VARCHAR[]", "Private spaces and running apps of the profile on SageMaker"
               " Distribution before 2.0, where idle shutdown does not act; NULL where one runs on a custom image"),
        Column("role_undecided_tools", "VARCHAR[]", "Tools of which it is not known whether the execution role may use"
               " them, as execution_role has them", inputs=("execution_role",), via="'execution_role'",
               kinds=("permission", "role")),
        Column("role_permits_mlflow", "BOOLEAN", "Whether the execution role may use an MLflow tracking server or an"
               " MLflow App", inputs=("execution_role",), via="'execution_role'", kinds=("permission", "role")),
        Column("known_hidden_app_types", "VARCHAR[]", "App types hidden for certain: hidden_app_types, or where it is"
               " NULL those that are known of a template's list; never NULL"),
        Column("known_hidden_ml_tools", "VARCHAR[]", "The same of ML tools"),
        Column("known_hidden_instance_types", "VARCHAR[]", "The same of instance types"),
        Column("hidden_but_permitted", "VARCHAR[]", "App types and tools that are hidden and that the execution role"
               " permits: by an action that no visible tool needs; without partner tools, without JupyterServer,"
               " which nobody can create, and without RStudio where the domain has none. NULL where none is for certain"
               " and that cannot be told of all",
               inputs=("hidden_app_types", "hidden_ml_tools"), via="'hidden_app_types'",
               kinds=("permission", "role"), why="hidden_undecided"),
        Column("hidden_partner_tools_permitted", "VARCHAR[]", "The same of partner tools, where an app of theirs is in"
               " service", inputs=("hidden_ml_tools",), via="'hidden_ml_tools'",
               kinds=("permission", "role", "partner_app"), why="hidden_undecided"),
        Column("hidden_undecided", "VARCHAR[]", "Hidden app types and tools of which it is not known whether the"
               " execution role permits them: a condition reads what only a real call has, the policies name resources"
               " that nobody asked about, or nobody knows the tool's actions. [] where IAM was not asked",
               inputs=("hidden_app_types", "hidden_ml_tools"), via="'hidden_app_types'",
               kinds=("permission", "role", "partner_app")),
        Column("mlflow_servers", "BIGINT", "MLflow tracking servers and MLflow apps in the account and region; where"
               " they could not all be listed, those that were seen, and NULL where none was",
               kinds=_MLFLOW),
        *LOAD_COLUMNS,
        Column("persona", "VARCHAR", "Kind of person (docs/configuration.md); NULL where that hangs on tags, or a"
               " domain's name, that could not be read"),
        Column("persona_configured", "BOOLEAN", "Whether auditor.yaml defines the persona; false for the built-in one,"
               " for which nobody decided what people need", inputs=("persona",), via="'persona'"),
        Column("needed_app_types", "VARCHAR[]", "App types that the persona needs; RStudioServerPro among them only"
               " where the domain is known to have RStudio", inputs=("persona",), via="'persona'"),
        Column("needed_ml_tools", "VARCHAR[]", "ML tools that the persona needs; a partner's tool among them only where"
               " an app of it is in service, and NULL where that could not be read",
               inputs=("persona",), via="'persona'", kinds=("partner_app",)),
        Column("needed_canvas_features", "VARCHAR[]", "Features of Canvas that the persona needs", inputs=("persona",),
               via="'persona'"),
        _TAGS,
    ), "user_profile", ("user_profile",),
)  # fmt: skip

SPACE = Table(
    "space", "One row a space, private or shared.",
    (
        *_RESOURCE,
        *_DOMAIN_OF,
        Column("display_name", "VARCHAR", "Display name; '' where none is set"),
        *(_own(s, "space") for s in SPACE_SETTINGS),
        Column("classic", "BOOLEAN", "Whether the space is one of Studio Classic: by its app type, or an old space with"
               " Classic settings and no sharing settings",
               inputs=("app_type", "sharing_type", "jupyter_server_settings", "kernel_gateway_settings"),
               via="'app_type'"),
        Column("owner_exists", "BOOLEAN", "Whether the owner's profile exists; true where the space has no owner",
               inputs=("owner",), via="'owner'"),
        Column("owner_key", "VARCHAR", "Key of its owner in user_profile; '' where no profile owns the space",
               inputs=("owner",), via="'owner'"),
        Column("ebs_limit_gb", "INTEGER", "Greatest EBS volume in force for the space: its owner's, for a shared space"
               " the domain's space default; 0 where no profile owns it", "GiB", inputs=("sharing_type", "owner")),
        Column("idle_shutdown", "VARCHAR", "Whether the space's app is shut down when idle: ENABLED or DISABLED, as its"
               " owner's profile says, for a shared space the domain's space default; '' where no profile owns it or"
               " its app type has no such switch", inputs=("app_type", "sharing_type", "owner")),
        Column("idle_timeout", "INTEGER", "The space's own idle timeout for its app type; 0: not set", "minutes",
               inputs=("app_type", "jupyterlab_idle_timeout", "code_editor_idle_timeout"),
               via=_VIA_APP_TYPE.format("idle_timeout")),
        Column("instance_type", "VARCHAR", "Default instance type of the space's JupyterLab or Code Editor; '' where"
               " none is set", inputs=("app_type", "jupyterlab_instance_type", "code_editor_instance_type"),
               via=_VIA_APP_TYPE.format("instance_type")),
        *SPACE_IMAGES,
        _TAGS, _KNOWN_TAGS,
    ), "space", ("space",),
)  # fmt: skip

APP = Table(
    "app", "One row an app that AWS lists, running or not.",
    (
        *_RESOURCE,
        *_DOMAIN_OF,
        Column("app_type", "VARCHAR", "JupyterLab, CodeEditor, JupyterServer, KernelGateway, …",
               paths={"app": "AppType"}),
        Column("user_profile_name", "VARCHAR", "Profile that the app belongs to; '' for an app of a space"),
        Column("space_name", "VARCHAR", "Space that the app belongs to; '' for an app of a profile"),
        Column("instance_type", "VARCHAR", "Instance type; '' where AWS gives none",
               paths={"app": "ResourceSpec.InstanceType"}),
        Column("age_hours", "BIGINT", "Whole hours from its creation to the snapshot. AWS keeps the creation time of an"
               " app that is started again within a day of its shutdown", "hours", kinds=(LIVE,)),
        *APP_IMAGES, _TAGS,
    ), "app", ("app",),
)  # fmt: skip

ACCOUNT_REGION = Table(
    "account_region", "One row an audited account and region.",
    (*PLACE_COLUMNS, Column("id", "VARCHAR", "The region's name"), Column("name", "VARCHAR", "account/region"),
     Column("as_of", "TIMESTAMP", "When the snapshot was taken"),
     Column("unlisted", "VARCHAR[]", "Kinds of resources whose list was not read completely, or not asked for"),
     Column("subscribed_partner_tools", "VARCHAR[]", "HiddenMlTools names of the partner apps in service; NULL where"
            " they could not be listed", kinds=("partner_app",)),
     Column("identity_center_instances", "VARCHAR[]", "Instances of IAM Identity Center whose users were read; '' among"
            " them stands for domains that name none. NULL where the snapshot doesn't say",
            kinds=("identity_user",)),
     Column("domains", "BIGINT", "Studio domains in the region", kinds=("domain",)),
     Column("mlflow_servers", "BIGINT", "MLflow tracking servers and MLflow apps in the region; where they could not"
            " all be listed, those that were seen, and NULL where none was",
            kinds=_MLFLOW),
     Column("management_events_recorded", "BOOLEAN", "Whether a CloudTrail trail records management events that write",
            kinds=("trail",)),
     *ACCOUNT_COLUMNS),
    "account_region", ("account_region",),
)  # fmt: skip

GAP = Table(
    "gap", "One row for each piece of missing data.",
    (
        Column("account", "VARCHAR", "AWS account id"),
        Column("region", "VARCHAR", "AWS region"),
        Column("resource_type", "VARCHAR", "Type of the resource"),
        Column("resource_id", "VARCHAR", "Id of the resource; * for all of that type"),
        Column("setting", "VARCHAR", "API path; * for the whole resource or list"),
        Column("operation", "VARCHAR", "API operation that failed; for a template its language"),
        Column("reason", "VARCHAR", f"One of {', '.join(get_args(GapReason))}"),
        Column("detail", "VARCHAR", "What AWS said, or why it is ambiguous, or which expression is not resolved"),
    ),
)  # fmt: skip

PLACE = Table(
    "place", "One row a resource of a template: where it is defined.",
    (*PLACE_COLUMNS,
     Column("resource_type", "VARCHAR", "Type of the resource: domain, user_profile, execution_role, vpc, …"),
     Column("id", "VARCHAR", "Address of the resource in its template"),
     Column("file", "VARCHAR", "The file, as it was named to the scan"),
     Column("line", "INTEGER", "Line in the file, from 1; NULL where it is not known"),
     Column("construct", "VARCHAR", "Path of the CDK construct; '' elsewhere")),
)  # fmt: skip

TABLES = (DOMAIN, USER_PROFILE, SPACE, APP, EXECUTION_ROLE, ACCESS_PATH, LIFECYCLE_CONFIG, MLFLOW_SERVER,
          PARTNER_APP, SIGN_IN, ACCOUNT_REGION, GAP, PLACE)  # fmt: skip
_BY_NAME = {t.name: t for t in TABLES}


def table(name: str) -> Table | None:
    """The documented table of that name, or None."""
    return _BY_NAME.get(name)
