"""What is known of the images beside AWS's own that people can start, and that spaces and apps start from."""

from __future__ import annotations

from typing import Any

import pytest

from .builder import ACCOUNT, REGION, Tables, domain, profile, record, space

COLUMNS = ("custom_images", "image_sources", "unusable_images", "unpinned_images", "images_known")
OTHER = "999922223333"
DIGEST = f"@sha256:{'a1' * 32}"


def _custom(app: str, *images: dict[str, Any]) -> dict[str, Any]:
    return {f"{app}AppSettings": {"CustomImages": [{**image, "AppImageConfigName": "x"} for image in images]}}


def _arn(path: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:sagemaker:{REGION}:{account}:{path}"


def _starts(app_type: str, gaps: tuple[str, ...] = (), **spec: str) -> dict[str, Any]:
    settings = {"AppType": app_type, f"{app_type}AppSettings": {"DefaultResourceSpec": spec}}
    return {"document": {"SpaceSettings": settings}, "gaps": gaps}


def _registry(account: str, rest: str) -> str:
    return f"{account}.dkr.ecr.{REGION}.amazonaws.com/tools{rest}"


def _app(name: str, type_: str, **spec: str) -> Any:
    document = {"DomainId": "d-1", "SpaceName": "s", "AppType": type_, "AppName": name, "ResourceSpec": spec}
    return record("app", f"d-1/s/{type_}/{name}", document)


@pytest.fixture(scope="module")
def found() -> dict[str, tuple[Any, ...]]:
    """The columns, by name of the user profile, space or app."""
    one, two = {"ImageName": "one"}, {"ImageName": "two", "ImageVersionNumber": 3}
    made = {"ImageVersionStatus": "CREATED"}
    tables = Tables(
        domain("d-1", {"DefaultUserSettings": _custom("JupyterLab", one, two)}),
        profile("inherits"),
        profile("none", _custom("JupyterLab")),
        profile("gone", _custom("JupyterLab", {"ImageName": "gone"}, {"ImageName": "denied"})),
        profile("public", {**_custom("JupyterLab"), **_custom("CodeEditor", {"ImageName": "public"})}),
        profile("hidden", None, gaps=("UserSettings",)),
        space("version", **_starts("JupyterLab", SageMakerImageVersionArn=_arn("image-version/two/3"))),
        space("aws", **_starts("JupyterLab", SageMakerImageArn=_arn("image/sagemaker-distribution-cpu", OTHER))),
        space("alias", **_starts("CodeEditor", SageMakerImageArn=_arn("image/one"), SageMakerImageVersionAlias="1")),
        space("shared", **_starts("CodeEditor", SageMakerImageArn=_arn("image/x", OTHER))),
        space("unseen", **_starts("JupyterLab", ("SpaceSettings.JupyterLabAppSettings",))),
        _app("own", "JupyterLab", SageMakerImageArn=_arn("image/one")),
        _app("classic", "KernelGateway", SageMakerImageArn=_arn("image/two")),
        record("image_version", "one", {
            **made, "BaseImage": _registry(ACCOUNT, ":latest"), "ContainerImage": _registry(ACCOUNT, DIGEST)}),
        record("image_version", "two/3", {
            **made, "BaseImage": _registry(OTHER, ":latest"), "ContainerImage": _registry(OTHER, ":latest"),
            "VendorGuidance": "ARCHIVED"}),
        record("image_version", "gone", {"ImageVersionStatus": "NOT_FOUND"}),
        record("image_version", "public", {**made, "BaseImage": f"public.ecr.aws/a/b{DIGEST}"}),
    )  # fmt: skip
    rows = (row for table in ("user_profile", "space", "app") for row in tables.rows(table))
    return {row["name"]: tuple(row[column] for column in COLUMNS) for row in rows}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("inherits", (["one", "two/3"], [f"one {ACCOUNT}", f"two/3 {OTHER}"], ["two/3 (ARCHIVED)"], ["two/3"], True)),
        ("none", ([], [], [], [], True)),
        # One is gone for certain; of the other nothing is known.
        ("gone", (["denied", "gone"], [], ["gone (NOT_FOUND)"], [], None)),
        ("public", (["public"], ["public public.ecr.aws"], [], [], True)),
        ("hidden", (None, [], [], [], None)),
        ("version", (["two/3"], [f"two/3 {OTHER}"], ["two/3 (ARCHIVED)"], ["two/3"], True)),
        ("aws", ([], [], [], [], True)),
        # What an alias stands for only AWS knows, and nobody asked.
        ("alias", (["one@1"], [], [], [], None)),
        ("shared", ([_arn("image/x", OTHER)], [], [], [], None)),
        ("unseen", (None, [], [], [], None)),
        ("own", (["one"], [f"one {ACCOUNT}"], [], [], True)),
        ("classic", ([], [], [], [], True)),
    ],
)
def test_what_is_known_of_images(name: str, expected: tuple[Any, ...], found: dict[str, tuple[Any, ...]]) -> None:
    assert found[name] == expected
