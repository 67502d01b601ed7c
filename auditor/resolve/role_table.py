"""The documented table of execution roles."""

from __future__ import annotations

from auditor.resolve.power_columns import POWER_COLUMNS
from auditor.resolve.table_model import LIVE, Column, Table
from auditor.studio.settings import DOMAIN_USER_ROOT, USER_PROFILE_ROOT

#: Where a row lies: the first columns of every table.
PLACE_COLUMNS = (
    Column("key", "VARCHAR", "Unique key of the row: account/region/type/id"),
    Column("account", "VARCHAR", "AWS account id; for a template its path, or its root module's"),
    Column("region", "VARCHAR", "AWS region; template for a template"),
)

#: Where the roles of an account's profiles are written: a gap there, in any Region, leaves open who shares a role.
ROLES_OF_PROFILES = {
    "user_profile": (f"{USER_PROFILE_ROOT}.ExecutionRole", "DomainId"),
    "domain": (f"{DOMAIN_USER_ROOT}.ExecutionRole",),
}
_TRUST = {"role": ("AssumeRolePolicyDocument",)}

EXECUTION_ROLE = Table(
    "execution_role", "One row an execution role in use: of a profile, of a domain's default, or of its shared spaces;"
    " and a role of the account that Studio uses for RStudio, Canvas, Amazon EMR, MLflow or partner AI apps. Its region"
    " is aws-global.",
    (*PLACE_COLUMNS, Column("id", "VARCHAR", "ARN of the role"),
     Column("name", "VARCHAR", "Name of the role, without path"),
     Column("arn", "VARCHAR", "ARN of the role"),
     Column("as_of", "TIMESTAMP", "When the snapshot was taken"),
     Column("profiles", "BIGINT", "Profiles for which the role is in force, as far as they were seen"),
     Column("shared_spaces", "BOOLEAN", "Whether a domain's shared spaces run as the role"),
     Column("side_uses", "VARCHAR[]", "What else Studio uses the role for: RStudio, Canvas, Amazon EMR, MLflow,"
            " partner AI apps"),
     Column("side_role", "BOOLEAN", "Whether it is not an execution role, but one of this account that is used for"
            " side_uses only; NULL where a role that somebody uses was not seen", members=ROLES_OF_PROFILES),
     Column("assumed_by_roles", "BOOLEAN", "Whether execution roles assume it for Amazon EMR (AssumableRoleArns)"),
     Column("unified_studio", "BOOLEAN", "Whether only domains whose profiles SageMaker Unified Studio makes use"
            " the role; never NULL"),
     Column("role_exists", "BOOLEAN", "Whether the role exists; NULL for another account's role",
            members={"role": ("*",)}),
     Column("role_missing", "BOOLEAN", "Whether a running account has no role of that ARN: it was deleted, or never"
            " made; NULL where that is not known, as of another account's role and of what a template doesn't define",
            kinds=(LIVE,), inputs=("role_exists",)),
     Column("managed_policies", "VARCHAR[]", "Names of AWS's managed policies that are attached",
            culprits="managed_policies"),
     Column("managed_policy_arns", "VARCHAR[]", "ARNs of AWS's managed policies that are attached",
            culprits="managed_policies"),
     Column("known_managed_policy_arns", "VARCHAR[]", "ARNs of AWS's managed policies that are attached for certain:"
            " all of them, or where managed_policy_arns is NULL those that stand beside others which cannot be told."
            " NULL for a role that was not seen", culprits="managed_policies"),
     Column("customer_policies", "VARCHAR[]", "Names of the account's own managed policies that are attached"),
     Column("inline_policies", "VARCHAR[]", "Names of the inline policies"),
     Column("permissions_boundary", "VARCHAR", "ARN of the permissions boundary; '' where there is none"),
     Column("allows_everything", "BOOLEAN", "Whether the role may do any action on any resource, evaluated as IAM does:"
            " with wildcards, NotAction, NotResource, Deny, conditions and the permissions boundary",
            culprits="administrator_policies"),
     Column("administrator", "BOOLEAN", "Whether the role can act as an administrator, evaluated likewise: do"
            " everything, attach or write policies, change managed or trust policies, make credentials of users, pass"
            " any role to any service, or give domains or user profiles any role. NULL where that hangs on what is"
            " not known", why="administrator_unknown",
            culprits="administrator_policies"),
     Column("administrator_actions", "VARCHAR[]", "Actions that show it; * for all, * but iam:* for all outside IAM"),
     Column("administrator_policies", "VARCHAR[]", "Names of the policies that allow them"),
     Column("administrator_policy_arn", "VARCHAR", "ARN of the attached policy without which the role would be no"
            " administrator; NULL where there is none such"),
     Column("administrator_unknown", "VARCHAR", "Why it is not known whether the role is an administrator; '' where it"
            " is known"),
     Column("broad_access", "VARCHAR[]", "What inline and customer managed policies allow on every resource: s3:* and"
            " the like, * for every service, s3:GetObject and s3:PutObject for the objects of every bucket",
            why="broad_unknown", culprits="broad_policies"),
     Column("broad_policies", "VARCHAR[]", "Names of the policies that allow it"),
     Column("broad_unknown", "VARCHAR", "Why it is not known what they allow on every resource; '' where it is known"),
     Column("trusted_principals", "VARCHAR[]", "Who may assume the role for certain, perhaps under conditions, as its"
            " trust policy writes them: services, accounts, roles, identity providers; * is everybody",
            members=_TRUST),
     Column("trusted_principals_complete", "BOOLEAN", "true where the trust policy lets nobody else assume the role;"
            " NULL otherwise",
            members=_TRUST),
     Column("trusts_any_source", "BOOLEAN", "Whether SageMaker may assume the role whatever account it acts for: no"
            " condition on aws:SourceAccount, aws:SourceArn or the source's organization is in its way",
            members=_TRUST),
     Column("trusts_set_source_identity", "BOOLEAN", "Whether the trust policy lets those who assume the role for"
            " Studio call sts:SetSourceIdentity: SageMaker, and where execution roles assume it, every role that may",
            members=_TRUST),
     Column("trust_with_source_identity", "VARCHAR", "The trust policy as JSON, with sts:SetSourceIdentity allowed to"
            " them; NULL where that cannot be added"),
     Column("source_identity", "BOOLEAN", "Whether a domain that uses the role has ExecutionRoleIdentityConfig"
            " USER_PROFILE_NAME"),
     Column("allowed_tools", "VARCHAR[]", "Tools of which the role may do a representative action, by IAM's own policy"
            " simulator, or of a template's role by its policies: HiddenAppTypes and HiddenMlTools names, and MLflow",
            kinds=("permission",)),
     Column("undecided_tools", "VARCHAR[]", "Tools of which that cannot be told: a condition reads what only a"
            " real call has, or nobody knows the tool's actions", kinds=("permission",)),
     *POWER_COLUMNS),
    "execution_role", ("role",), ("mlflow_app", "mlflow_server", "partner_app"),
)  # fmt: skip
