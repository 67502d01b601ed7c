"""MLflow servers and partner AI apps: what they keep where, as which role, and who else does.

A role of IAM is its account's in every Region, and so is a bucket, so both are looked for over the whole account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.application_tables import MLFLOW_SERVER, PARTNER_APP
from auditor.resolve.empty_tables import create_empty, holds
from auditor.resolve.inheritance_sql import unseen
from auditor.resolve.parsed_statements import run
from auditor.resolve.raw_schema import quoted
from auditor.resolve.sql_files import statement
from auditor.studio.applications import APPLICATION_MEMBERS
from auditor.studio.canvas_settings import CANVAS_STORE
from auditor.studio.settings import DOMAIN_USER_ROOT, USER_PROFILE_ROOT

if TYPE_CHECKING:
    import duckdb

#: Where notebook sharing on Classic does.
_NOTEBOOKS = "SharingSettings.S3OutputPath"
_TEMPORARY = ("application", "role_user", "bucket_user", "application_open")


def _bucket(uri: str) -> str:
    """SQL of the bucket of a location, NULL where it does not tell: ``(https|s3)://…`` (API_CreateMlflowApp). Of an
    https address the bucket is the host's first part (Amazon S3 user guide, "Virtual hosting of general purpose
    buckets")."""
    return (
        f"case when starts_with({uri}, 's3://') then nullif(regexp_extract({uri}, '^s3://([^/]+)', 1), '')"
        rf" else nullif(regexp_extract({uri}, '^https://([^/]+?)\.s3[.-][^/]*amazonaws', 1), '') end"
    )


def create(con: duckdb.DuckDBPyConnection) -> None:
    """``mlflow_server`` and ``partner_app``, from the raw documents, account_region and what is resolved of domains and
    user profiles."""
    if not holds(con, *APPLICATION_MEMBERS):
        # No large account is read for nothing.
        create_empty(con, MLFLOW_SERVER)
        create_empty(con, PARTNER_APP)
        return
    run(con, statement("application"))
    run(con, statement("role_user"))
    run(
        con,
        statement(
            "bucket_user",
            domain_canvas=f"doc.{quoted(f'{DOMAIN_USER_ROOT}.{CANVAS_STORE}')}",
            profile_canvas=quoted(f"{USER_PROFILE_ROOT}.{CANVAS_STORE}"),
            domain_notebooks=f"doc.{quoted(f'{DOMAIN_USER_ROOT}.{_NOTEBOOKS}')}",
            profile_notebooks=quoted(f"{USER_PROFILE_ROOT}.{_NOTEBOOKS}"),
            bucket=_bucket("uri"),
        ),
    )
    run(
        con,
        statement(
            "application_open",
            domain_unseen=_unseen(DOMAIN_USER_ROOT),
            profile_unseen=_unseen(USER_PROFILE_ROOT),
        ),
    )
    run(con, statement("mlflow_server", bucket=_bucket("store"), key_unseen=unseen("gaps", "KmsKeyId")))
    run(
        con,
        statement(
            "partner_app",
            key_unseen=unseen("gaps", "KmsKeyId"),
            upgrade_unseen=unseen("gaps", "EnableAutoMinorVersionUpgrade"),
        ),
    )
    for name in _TEMPORARY:
        con.execute(f"drop table {name}")


def _unseen(root: str) -> str:
    return f"{unseen('gaps', f'{root}.{CANVAS_STORE}')} or {unseen('gaps', f'{root}.{_NOTEBOOKS}')}"
