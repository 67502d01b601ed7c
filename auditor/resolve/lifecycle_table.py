"""The documented table of lifecycle configurations."""

from __future__ import annotations

from auditor.resolve.role_table import PLACE_COLUMNS
from auditor.resolve.table_model import Column, Table

_USERS = ("domain", "user_profile", "space", "app")

LIFECYCLE_CONFIG = Table(
    "lifecycle_config", "One row a lifecycle configuration of Studio: those of the account and Region, and those that"
    " are attached and were not found. Scripts are read when they are collected, and not kept.",
    (*PLACE_COLUMNS,
     Column("id", "VARCHAR", "ARN; of a template its address"),
     Column("name", "VARCHAR", "Name"),
     Column("arn", "VARCHAR", "ARN; '' for one of a template"),
     Column("as_of", "TIMESTAMP", "When the snapshot was taken"),
     Column("app_type", "VARCHAR", "App type that it is for: JupyterLab, CodeEditor, JupyterServer, KernelGateway; NULL"
            " where it was not found"),
     Column("config_exists", "BOOLEAN", "Whether it exists; NULL for one of another account or Region"),
     Column("attached_to", "VARCHAR[]", "Domains, user profiles, spaces and apps that name it for JupyterLab or"
            " Code Editor; where some are known, perhaps not all", kinds=_USERS),
     Column("unsafe_lines", "VARCHAR[]", "What is unsafe in the script, with the line: a secret, a download that is"
            " run, files that everybody may write; NULL where the script was not read"),
     Column("package_indexes", "VARCHAR[]", "Hosts that the script takes packages from, with the line:"
            " packages.example.com (line 4); with http:// or unverified before it where nobody checks who answers; NULL"
            " where the script was not read")),
    "lifecycle_config", ("lifecycle_config",),
)  # fmt: skip
