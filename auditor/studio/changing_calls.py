"""Calls that make or change what findings are about, by kind of resource, and how CloudTrail names the resource.

Source: the API references of SageMaker and IAM; a test compares the names with botocore's models.
"""

from __future__ import annotations

from collections.abc import Mapping

#: What makes a resource: it is then there with all that it has.
CREATES: Mapping[str, str] = {
    "domain": "CreateDomain",
    "user_profile": "CreateUserProfile",
    "space": "CreateSpace",
    "app": "CreateApp",
    "execution_role": "CreateRole",
}
#: What changes settings of it: those that the request names.
UPDATES: Mapping[str, str] = {
    "domain": "UpdateDomain",
    "user_profile": "UpdateUserProfile",
    "space": "UpdateSpace",
}
#: What changes a role, whatever the request holds.
ROLE_CALLS = (
    "AttachRolePolicy", "DeleteRolePermissionsBoundary", "DeleteRolePolicy", "DetachRolePolicy",
    "PutRolePermissionsBoundary", "PutRolePolicy", "UpdateAssumeRolePolicy", "UpdateRole",
)  # fmt: skip
#: What changes a managed policy, and so every role that has it.
POLICY_CALLS = ("CreatePolicyVersion", "SetDefaultPolicyVersion")
TAG_CALLS = ("AddTags", "DeleteTags")
#: A setting's first member → what an update call calls it.
UPDATE_MEMBERS: Mapping[str, str] = {"DomainSettings": "DomainSettingsForUpdate"}
