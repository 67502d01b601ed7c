"""MLflow servers and partner AI apps: whose their roles and buckets are, and what AWS doesn't say."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.collect.aws.answers import unseen
from auditor.model.snapshot import Record, Unseen
from auditor.simulator.wire import service_model

from .builder import ACCOUNT, Apart, Tables, Together, domain, place, profile, record

together = Together()

ROLE = f"arn:aws:iam::{ACCOUNT}:role/mlflow"
TEAM = f"arn:aws:iam::{ACCOUNT}:role/team"
STORE = "s3://runs/artifacts"
WHOLE = {"RoleArn": ROLE, "ArtifactStoreUri": STORE, "MlflowVersion": "3.0.0"}
VERIFIED = {"S3BucketOwnerVerification": True, "S3BucketOwnerAccountId": ACCOUNT}


def server(name: str = "runs", gaps: tuple[str, ...] = (), **members: Any) -> Record:
    document = {"TrackingServerName": name, "TrackingServerStatus": "Created", **WHOLE, **VERIFIED, **members}
    return record("mlflow_server", f"arn:server/{name}", document, gaps)


def app(name: str = "trials", gaps: tuple[str, ...] = (), **members: Any) -> Record:
    document = {"Name": name, "Status": "Created", **WHOLE, "RoleArn": f"{ROLE}-{name}", **members}
    return record("mlflow_app", f"arn:app/{name}", document, gaps)


def partner(name: str = "comet", gaps: tuple[str, ...] = (), **members: Any) -> Record:
    document = {"Name": name, "Type": "comet", "Status": "Available", "ExecutionRoleArn": f"{ROLE}-{name}", **members}
    return record("partner_app", f"arn:partner/{name}", document, gaps)


def _domain(**settings: Any) -> Record:
    return domain(document={"DomainName": "lab", "DefaultUserSettings": {"ExecutionRole": TEAM, **settings}})


def _canvas(uri: str) -> dict[str, Any]:
    return {"CanvasAppSettings": {"WorkspaceSettings": {"S3ArtifactPath": uri}}}


#: What isn't known of a Region where nothing but domains was asked for.
NOT_ASKED = ["mlflow_app", "mlflow_server", "partner_app", "vpc"]
#: What stands beside the tracking server runs -> who shares its role, and its bucket.
SHARED: list[tuple[Apart, list[str] | None, list[str] | None]] = [
    (together(server(), place(), _domain(), profile("ana")), [], []),
    # A bucket whose name only begins alike, a role of its own.
    (together(server(), place(), app(ArtifactStoreUri="s3://runs-of-others/artifacts")), [], []),
    (together(server(), place(), app()), [], ["MLflow App trials"]),
    (together(server(), place(), app(RoleArn=ROLE, ArtifactStoreUri="s3://b")), ["MLflow App trials"], []),
    (together(server(RoleArn=TEAM), place(), _domain(), profile("ana"), profile("ben")),
     ["2 user profiles", "domain lab"], []),
    (together(server(), place(), partner(ExecutionRoleArn=ROLE)), ["partner AI app comet"], []),
    # Roles and buckets are the account's, in every Region.
    (together(server(), place(), record("mlflow_app", "far", {"Name": "far", **WHOLE}, region="us-east-1"),
              place(region="us-east-1")), ["MLflow App far"], ["MLflow App far"]),
    (together(server(), place(), _domain(**_canvas("s3://runs/canvas")), profile("ana")), [], ["Canvas of domain lab"]),
    (together(server(), place(), _domain(), profile("ana", _canvas("s3://runs"))), [],
     ["Canvas of user profile ana"]),
    (together(server(), place(), _domain(SharingSettings={"S3OutputPath": "s3://runs/shared"})), [],
     ["shared notebooks of domain lab"]),
    (together(server(ArtifactStoreUri="https://runs.s3.eu-west-1.amazonaws.com/artifacts"), place(), app()), [],
     ["MLflow App trials"]),
    # A template may leave the names of what shares them to its parameters.
    (together(server(RoleArn=TEAM), place(), domain(document={"DomainName": None, "DefaultUserSettings": {
        "ExecutionRole": TEAM, **_canvas("s3://runs")}})), ["domain d-1"], ["Canvas of domain d-1"]),
    # What may have one as well is not known to have none.
    (together(server(), place(["user_profile"])), None, None),
    (together(server(), place(["mlflow_app"])), None, None),
    # A Region without domains, which is not asked for more than those, and one that may have some.
    (together(server(), place(), _domain(), place(NOT_ASKED, region="us-east-1")), [], []),
    (together(server(), place(), _domain(), place(["domain", *NOT_ASKED], region="us-east-1")), None, None),
    (together(server(), place(["partner_app"])), None, []),  # CreatePartnerApp names no bucket
    (together(server(), place(), app(gaps=("*",), RoleArn=None, ArtifactStoreUri=None)), None, None),
    (together(server(gaps=("*",), RoleArn=None, ArtifactStoreUri=None), place()), None, None),
    # But what is seen is enough.
    (together(server(), place(["mlflow_server", "user_profile"]), app(RoleArn=ROLE)), ["MLflow App trials"],
     ["MLflow App trials"]),
    (together(server(ArtifactStoreUri="https://artifacts.example.com/runs"), place()), [], None),
]  # fmt: skip


@pytest.mark.parametrize(("tables", "roles", "buckets"), SHARED)
def test_who_shares_the_role_and_the_bucket(tables: Apart, roles: list[str] | None, buckets: list[str] | None) -> None:
    (row,) = (r for r in tables.rows("mlflow_server") if r["name"] == "runs" or r["id"] == "arn:server/runs")
    assert (row["role_shared_with"], row["bucket_shared_with"]) == (roles, buckets)


GONE = [
    (together(partner(ExecutionRoleArn=ROLE), partner("old", ExecutionRoleArn=ROLE, Status=status)), shared)
    for status, shared in (("Deleted", []), ("Failed", ["partner AI app old"]))
]


def test_a_partner_app_that_is_gone_shares_nothing() -> None:
    for tables, shared in GONE:
        (row,) = (r for r in tables.rows("partner_app") if r["name"] == "comet")
        assert row["role_shared_with"] == shared


GONE_APP = together(server(), place(), app(RoleArn=ROLE, Status="Deleted"))
ONLY_GONE = Tables(partner(Status="Deleted"))


def test_an_mlflow_app_that_is_gone_shares_nothing() -> None:
    (row,) = (r for r in GONE_APP.rows("mlflow_server") if r["name"] == "runs")
    assert (row["role_shared_with"], row["bucket_shared_with"]) == ([], [])


def test_what_is_gone_is_listed_whatever_else_there_is() -> None:
    assert [row["status"] for row in ONLY_GONE.rows("partner_app")] == ["Deleted"]


#: A record -> kind, key, whether the owner is verified, the owner, the version as a number.
TOLD: list[tuple[Record, tuple[Any, ...]]] = [
    (server(), ("tracking server", "", True, "", 3000)),
    (server(MlflowVersion="2.16.2", S3BucketOwnerVerification=False, S3BucketOwnerAccountId="444455556666"),
     ("tracking server", "", False, "444455556666", 2016)),
    # AWS says neither of a server that is older than the check: never a pass.
    (server(S3BucketOwnerVerification=None, S3BucketOwnerAccountId=None), ("tracking server", "", None, None, 3000)),
    (server(MlflowVersion="latest"), ("tracking server", "", True, "", None)),
    (app(KmsKeyId="key-1", MlflowVersion="3.4"), ("App", "key-1", None, None, 3004)),
    # "This field is absent if the MLflow App is not encrypted with a customer-managed key" (API_DescribeMlflowApp).
    (app(), ("App", "", None, None, 3000)),
    (app(gaps=("KmsKeyId",)), ("App", None, None, None, 3000)),
    (app(gaps=("*",), RoleArn=None), ("App", None, None, None, 3000)),
]  # fmt: skip


@pytest.mark.parametrize(("tables", "told"), [(together(one, place()), told) for one, told in TOLD])
def test_what_a_server_says_of_itself(tables: Apart, told: tuple[Any, ...]) -> None:
    (row,) = tables.rows("mlflow_server")
    names = ("kind", "kms_key_id", "bucket_owner_verified", "bucket_owner", "version_number")
    assert tuple(row[name] for name in names) == told


#: A partner AI app -> key, whether AWS upgrades it, days until its version's end, whether that has passed.
PARTNERS: list[tuple[Record, tuple[Any, ...]]] = [
    (partner(KmsKeyId="key-1", EnableAutoMinorVersionUpgrade=True), ("key-1", True, None, False)),
    # Without a key AWS manages one, and it upgrades nothing unless it is told to (API_CreatePartnerApp).
    (partner(), ("", False, None, False)),
    (partner(CurrentVersionEolDate="2020-01-01T00:00:00Z"), ("", False, "past", True)),
    (partner(gaps=("KmsKeyId", "EnableAutoMinorVersionUpgrade")), (None, None, None, False)),
]


@pytest.mark.parametrize(("tables", "told"), [(together(one, place()), told) for one, told in PARTNERS])
def test_what_a_partner_app_says_of_itself(tables: Apart, told: tuple[Any, ...]) -> None:
    (row,) = tables.rows("partner_app")
    days = row["end_of_life_days"]
    shown = "past" if days is not None and days < 0 else days
    assert (row["kms_key_id"], row["auto_upgrade"], shown, row["end_of_life_passed"]) == told


class _Client:
    """As much of a boto3 client as ``unseen`` looks at: the model without some members, and without an operation."""

    def __init__(self, operation: str, without: tuple[str, ...], gone: str) -> None:
        model = service_model("sagemaker")
        self.meta = self
        self.service_model = self
        self.operation_names = [name for name in model.operation_names if name != gone]
        self._model, self._operation, self._without = model, operation, without

    def operation_model(self, name: str) -> Any:
        found = self._model.operation_model(name)
        if name != self._operation:
            return found
        members = {n: s for n, s in found.output_shape.members.items() if n not in self._without}
        return type("Model", (), {"output_shape": type("Shape", (), {"members": members})})


def test_members_that_an_older_sdk_drops_are_unseen() -> None:
    """The key of an MLflow App above all: absent, it would read as none. What cannot be listed needs no such word."""
    client = _Client("DescribeMlflowApp", ("KmsKeyId",), gone="DescribePartnerApp")
    assert unseen(client) == (Unseen("mlflow_app", "KmsKeyId"),)
