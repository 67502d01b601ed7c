"""Columns of execution_role about what a role can do beyond its own work (``auditor.resolve.power_facts``)."""

from __future__ import annotations

from auditor.resolve.table_model import Column
from auditor.studio.settings import DOMAIN_SETTINGS, USER_PROFILE_ROOT

_PATHS = {s.column: s.path for s in DOMAIN_SETTINGS}


def _of_domains(*columns: str) -> dict[str, tuple[str, ...]]:
    """Settings of domains; a user profile of a template may name a domain that lies elsewhere."""
    return {"domain": tuple(_PATHS[column] for column in columns), "user_profile": ("DomainId",)}


POWER_COLUMNS = (
    Column("iam_domains", "VARCHAR[]", "Names of the account's domains of AuthMode IAM, in which a user profile is"
           " opened by CreatePresignedDomainUrl; NULL where none is known and there may be one", kinds=("domain",),
           members=_of_domains("auth_mode")),
    Column("opens_other_profiles", "BOOLEAN", "Whether the role may open a user profile of somebody else in such a"
           " domain (sagemaker:CreatePresignedDomainUrl). Policies that compare a resource with the caller's own user"
           " profile, source identity or tag keep it to one's own", kinds=("domain",), why="opens_unknown",
           culprits="opens_policies"),
    Column("opened_profiles", "VARCHAR[]", "What it may open for certain: every user profile of a domain, or the first"
           " five names"),
    Column("opens_policies", "VARCHAR[]", "Names of the policies that allow it, or may"),
    Column("opens_unknown", "VARCHAR", "Why it is not known; '' where it is known"),
    Column("known_administrator", "BOOLEAN", "Whether the role is an administrator for certain; never NULL"),
    Column("escalation_ways", "VARCHAR[]", "Ways by which the role can act as another role or person, for certain:"
           " passing any role to a service that runs code, assuming any role, changing domains or other people's user"
           " profiles, and the like", culprits="escalation_policies"),
    Column("possible_escalation_ways", "VARCHAR[]", "The same with those of which it is not known",
           why="escalation_unknown", culprits="escalation_policies"),
    Column("escalation_policies", "VARCHAR[]", "Names of the policies that allow them, or may"),
    Column("escalation_unknown", "VARCHAR", "Why it is not known of the others; '' where it is known"),
    Column("data_reached", "VARCHAR[]", "Of what the role can read all, for certain: S3 buckets, Secrets Manager"
           " secrets, KMS keys, DynamoDB tables", culprits="data_policies"),
    Column("possible_data_reached", "VARCHAR[]", "The same with those of which it is not known", why="data_unknown",
           culprits="data_policies"),
    Column("data_policies", "VARCHAR[]", "Names of the policies that allow it, or may"),
    Column("data_unknown", "VARCHAR", "Why it is not known of the others; '' where it is known"),
    Column("large_instance_types", "VARCHAR[]", "Of the largest GPU and Trainium types of each family, those on which"
           " the role may start a JupyterLab app (sagemaker:CreateApp), for certain",
           culprits="large_instance_policies"),
    Column("possible_large_instance_types", "VARCHAR[]", "The same with those of which it is not known",
           why="large_instances_unknown", culprits="large_instance_policies"),
    Column("large_instance_policies", "VARCHAR[]", "Names of the policies that allow it, or may"),
    Column("large_instances_unknown", "VARCHAR", "Why it is not known of the others; '' where it is known"),
    Column("jobs_without", "VARCHAR[]", "Without what the role may start training or processing jobs, for certain: a"
           " VPC, a volume key, an output key", culprits="jobs_policies"),
    Column("possible_jobs_without", "VARCHAR[]", "The same with those of which it is not known", why="jobs_unknown",
           culprits="jobs_policies"),
    Column("jobs_policies", "VARCHAR[]", "Names of the policies that allow it, or may"),
    Column("jobs_unknown", "VARCHAR", "Why it is not known of the others; '' where it is known"),
    Column("starts_emr_clusters", "BOOLEAN", "Whether the role may start Amazon EMR clusters"
           " (elasticmapreduce:RunJobFlow)", why="emr_unknown"),
    Column("emr_unknown", "VARCHAR", "Why it is not known; '' where it is known"),
    Column("sessions_name_people", "BOOLEAN", "Whether the sessions of the role tell people apart in every domain that"
           " uses it: ExecutionRoleIdentityConfig is USER_PROFILE_NAME, or trusted identity propagation is on;"
           " NULL where a role that somebody uses was not seen, and the domains that were seen tell people apart",
           kinds=("domain", "user_profile"),
           members={**_of_domains("execution_role_identity_config", "trusted_identity_propagation"),
                    "user_profile": (f"{USER_PROFILE_ROOT}.ExecutionRole", "DomainId")}),
)  # fmt: skip
