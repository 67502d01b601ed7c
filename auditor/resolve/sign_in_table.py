"""The documented table of sign-ins."""

from __future__ import annotations

from auditor.resolve.role_table import PLACE_COLUMNS
from auditor.resolve.table_model import Column, Table

SIGN_IN = Table(
    "sign_in", "One row a principal that opened a profile (CloudTrail CreatePresignedDomainUrl, domains of AuthMode IAM"
    " only), within the window that was collected. Calls that failed do not count.",
    (*PLACE_COLUMNS, Column("id", "VARCHAR", "domain/profile/principal"), Column("name", "VARCHAR", "The principal"),
     Column("domain_id", "VARCHAR", "Id of the domain"),
     Column("user_profile_name", "VARCHAR", "Name of the profile, lower case"),
     Column("principal", "VARCHAR", "ARN of an IAM user, ROLE/SESSION of an assumed role (ROLE/SOURCEIDENTITY where"
            " one is set), the person of an Identity Center role (AWSReservedSSO_…), or the service"),
     Column("person", "VARCHAR", "The principal's last part in lower case: one person in whatever role"),
     Column("kind", "VARCHAR", "human, machine (a program's session, code in Lambda or ECS, a service) or unknown"),
     Column("first_time", "TIMESTAMP", "First time"), Column("last_time", "TIMESTAMP", "Last time"),
     Column("times", "BIGINT", "How often"), Column("as_of", "TIMESTAMP", "When the snapshot was taken")),
    kinds=("sign_in",))  # fmt: skip
