"""Images that documents name, and what is asked about them."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model.snapshot import Kind
from auditor.studio.images import named_images, request_for

ACCOUNT = "111122223333"


def _arn(path: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:sagemaker:eu-west-1:{account}:{path}"


def _spec(**members: str) -> dict[str, Any]:
    return {"ResourceSpec": members}


@pytest.mark.parametrize(
    ("kind", "document", "images"),
    [
        ("app", _spec(SageMakerImageArn=_arn("image/own")), ["own"]),
        ("app", _spec(SageMakerImageArn=_arn("image/own"), SageMakerImageVersionAlias="1.2"), ["own@1.2"]),
        # The version's ARN always takes precedence (API_ResourceSpec); None is what clears it.
        ("app", _spec(SageMakerImageArn=_arn("image/a"), SageMakerImageVersionArn=_arn("image-version/x/3")), ["x/3"]),
        ("app", _spec(SageMakerImageArn=_arn("image/own"), SageMakerImageVersionArn="None"), ["own"]),
        ("app", _spec(SageMakerImageArn=_arn("image/sagemaker-distribution-cpu", "885854791233")), []),
        ("app", _spec(InstanceType="ml.t3.medium"), []),
        ("app", {"ResourceSpec": "odd"}, []),
        (
            "user_profile",
            {"UserSettings": {
                "JupyterLabAppSettings": {
                    "CustomImages": [{"ImageName": "a"}, {"ImageName": "b", "ImageVersionNumber": 2}]},
                "CodeEditorAppSettings": {"CustomImages": ["odd", {"ImageName": 5}, {"ImageName": "c"}]},
                "KernelGatewayAppSettings": {"CustomImages": [{"ImageName": "classic"}]},
            }},
            ["a", "b/2", "c"],
        ),
        ("domain", {"DefaultSpaceSettings": {"JupyterLabAppSettings": {"CustomImages": [{"ImageName": "d"}]}}}, ["d"]),
        ("domain", {"DefaultSpaceSettings": {"JupyterLabAppSettings": {"CustomImages": "odd"}}}, []),
        ("partner_app", {"ResourceSpec": {"SageMakerImageArn": _arn("image/own")}}, []),
    ],
)  # fmt: skip
def test_images_of_the_account_that_a_document_names(kind: Kind, document: dict[str, Any], images: list[str]) -> None:
    assert list(named_images(kind, document, ACCOUNT)) == images


def test_what_is_asked_about_an_image() -> None:
    assert request_for("own") == {"ImageName": "own"}
    assert request_for("own/3") == {"ImageName": "own", "Version": 3}
    assert request_for("own@1.2") == {"ImageName": "own", "Alias": "1.2"}
    with pytest.raises(ValueError, match="is not an image"):
        request_for("")
