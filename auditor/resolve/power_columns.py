"""Columns of execution_role about what a role can do beyond its own work (``auditor.resolve.power_facts``)."""

from __future__ import annotations

from auditor.resolve.table_model import Column

POWER_COLUMNS = (
    Column("iam_domains", "VARCHAR[]", "Names of the account's domains of AuthMode IAM, in which a user profile is"
           " opened by CreatePresignedDomainUrl; NULL where none is known and there may be one", kinds=("domain",)),
    Column("opens_other_profiles", "BOOLEAN", "Whether the role may open a user profile of somebody else in such a"
           " domain (sagemaker:CreatePresignedDomainUrl). Policies that compare a resource with the caller's own user"
           " profile, source identity or tag keep it to one's own", kinds=("domain",), why="opens_unknown",
           culprits="opens_policies"),
    Column("opened_profiles", "VARCHAR[]", "What it may open for certain: every user profile of a domain, or the first"
           " five names"),
    Column("opens_policies", "VARCHAR[]", "Names of the policies that allow it, or may"),
    Column("opens_unknown", "VARCHAR", "Why it is not known; '' where it is known"),
)  # fmt: skip
