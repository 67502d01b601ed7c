"""The documented tables of MLflow servers and partner AI apps."""

from __future__ import annotations

from auditor.resolve.role_table import PLACE_COLUMNS
from auditor.resolve.table_model import LIVE, Column, Table

#: What else may act as a role: without all of them nobody can say that a role has one user.
_ROLE_USERS = ("domain", "user_profile", "mlflow_server", "mlflow_app", "partner_app")
_BUCKET_USERS = ("domain", "user_profile", "mlflow_server", "mlflow_app")
_SHARED_ROLE = (
    "Who else acts as the role: user profiles, domains, shared spaces, RStudio, Canvas, Amazon EMR, MLflow, partner AI"
    " apps. Applications are looked for in audited Regions with a domain. NULL where none is known and there may be"
    " one: of a template, where the template doesn't make the role"
)
_IDENTITY = (
    *PLACE_COLUMNS,
    Column("id", "VARCHAR", "ARN; of a template its address"),
    Column("name", "VARCHAR", "Name"),
    Column("arn", "VARCHAR", "ARN; '' for one of a template"),
    Column("as_of", "TIMESTAMP", "When the snapshot was taken"),
)

MLFLOW_SERVER = Table(
    "mlflow_server", "One row an MLflow tracking server or MLflow App of the account and Region.",
    (*_IDENTITY,
     Column("kind", "VARCHAR", "tracking server or App: as in MLflow tracking server and MLflow App"),
     Column("status", "VARCHAR", "Status: Created, Updating, Stopped, Deleted, …; Created in a template"),
     Column("mlflow_version", "VARCHAR", "Version of MLflow; NULL in a template that leaves the choice to AWS",
            kinds=(LIVE,)),
     Column("version_number", "INTEGER", "The version's first two parts as one number: 2016 is 2.16", kinds=(LIVE,),
            inputs=("mlflow_version",)),
     Column("artifact_store", "VARCHAR", "Where it keeps artifacts (ArtifactStoreUri)"),
     Column("artifact_bucket", "VARCHAR", "The S3 bucket of artifact_store", inputs=("artifact_store",)),
     Column("bucket_shared_with", "VARCHAR[]", "Who else keeps files in the bucket: MLflow servers, Canvas, shared"
            " notebooks. NULL where none is known and there may be one: of a template, where the template doesn't make"
            " the bucket", inputs=("artifact_bucket",), kinds=_BUCKET_USERS),
     Column("bucket_owner_verified", "BOOLEAN", "Whether a tracking server checks who owns the bucket"
            " (S3BucketOwnerVerification); NULL for an MLflow App, which has no such setting, and where AWS doesn't"
            " say", kinds=(LIVE,)),
     Column("bucket_owner", "VARCHAR", "Account that has to own the bucket of a tracking server"
            " (S3BucketOwnerAccountId); '' is the account itself, NULL as above", kinds=(LIVE,)),
     Column("kms_key_id", "VARCHAR", "Customer managed key of an MLflow App; '' where there is none, and for a tracking"
            " server, which has no such setting; NULL in a template, whose language has none either", kinds=(LIVE,)),
     Column("role", "VARCHAR", "ARN of its role"),
     Column("role_shared_with", "VARCHAR[]", _SHARED_ROLE, inputs=("role",), kinds=_ROLE_USERS)),
    "mlflow_server", further=("mlflow_server", "mlflow_app"),
)  # fmt: skip

PARTNER_APP = Table(
    "partner_app", "One row a partner AI app of the account and Region.",
    (*_IDENTITY,
     Column("app_type", "VARCHAR", "comet, deepchecks-llm-evaluation, fiddler, lakera-guard"),
     Column("status", "VARCHAR", "Status: Available, Updating, Deleted, …; Available in a template"),
     Column("tier", "VARCHAR", "Instance type and size of its cluster, by AWS's name"),
     Column("version", "VARCHAR", "Version; NULL in a template that leaves the choice to AWS", kinds=(LIVE,)),
     Column("auth_type", "VARCHAR", "How people sign in: IAM, or IDC for IAM Identity Center"),
     Column("kms_key_id", "VARCHAR", "Customer managed key; '' where AWS manages the key"),
     Column("auto_upgrade", "BOOLEAN", "Whether AWS upgrades it to the latest minor version"
            " (EnableAutoMinorVersionUpgrade)"),
     Column("end_of_life_days", "BIGINT", "Days until the end of life of the version (CurrentVersionEolDate); negative"
            " once it has passed, NULL where AWS gives no day", "days", kinds=(LIVE,)),
     Column("end_of_life_passed", "BOOLEAN", "Whether it has passed for certain; never NULL"),
     Column("role", "VARCHAR", "ARN of its execution role"),
     Column("role_shared_with", "VARCHAR[]", _SHARED_ROLE, inputs=("role",), kinds=_ROLE_USERS)),
    "partner_app", further=("partner_app",),
)  # fmt: skip
