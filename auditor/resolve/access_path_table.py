"""The documented table of the shortest ways from roles to more than is theirs."""

from __future__ import annotations

from auditor.resolve.role_table import PLACE_COLUMNS
from auditor.resolve.table_model import Column, Table

ACCESS_PATH = Table(
    "access_path", "One row an execution role from which a way is known to administrator access, or to the user"
    " profiles of other people: the shortest. Only steps that are certain count, so that no row proves nothing where"
    " something about a role is unknown. Its region is aws-global.",
    (*PLACE_COLUMNS, Column("id", "VARCHAR", "ARN of the role at the beginning"),
     Column("name", "VARCHAR", "Name of the role, without path"),
     Column("as_of", "TIMESTAMP", "When the snapshot was taken"),
     Column("goal", "VARCHAR", "administrator, or other user profiles"),
     Column("profiles", "BIGINT", "User profiles that have the role"),
     Column("length", "BIGINT", "Number of steps, the last included"),
     Column("steps", "VARCHAR[]", "What whoever has the role does, one call after the other"),
     Column("via", "VARCHAR[]", "ARNs of the roles that all steps but the last lead to, in order"),
     Column("target", "VARCHAR", "ARN of the role at the end; for other user profiles the domain, or the profile")),
    kinds=("role",),
)  # fmt: skip
