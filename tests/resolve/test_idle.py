"""Where idle shutdown acts: from SageMaker Distribution 2.0 on, and unknown in custom images.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-idle-shutdown-setup.html, Prerequisites.
"""

from __future__ import annotations

from typing import Any

from .builder import Together, domain, place, profile, record, space

together = Together()
AWS_IMAGE = "arn:aws:sagemaker:eu-west-1:819792524951:image/sagemaker-distribution-cpu"
OWN_IMAGE = "arn:aws:sagemaker:eu-west-1:111122223333:image/team-image"


def _spec(alias: str = "", arn: str = "") -> dict[str, Any]:
    return {"DefaultResourceSpec": {**({"SageMakerImageVersionAlias": alias} if alias else {}),
                                    **({"SageMakerImageArn": arn} if arn else {})}}  # fmt: skip


def _space(name: str, owner: str, app: str = "JupyterLab", sharing: str = "Private", **spec: str) -> Any:
    return space(name, {
        "OwnershipSettings": {"OwnerUserProfileName": owner}, "SpaceSharingSettings": {"SharingType": sharing},
        "SpaceSettings": {"AppType": app, f"{app}AppSettings": _spec(**spec)},
    })  # fmt: skip


def _app(owner: dict[str, str], app: str, status: str = "InService", alias: str = "", arn: str = "") -> Any:
    (key,) = owner.values()
    return record("app", f"d-1/{key}/{app}/default", {
        "DomainId": "d-1", "AppType": app, "AppName": "default", "Status": status, **owner,
        "ResourceSpec": _spec(alias, arn)["DefaultResourceSpec"],
    })  # fmt: skip


IMAGE = {"CustomImages": [{"ImageName": "team-image", "AppImageConfigName": "team"}]}
IN_FORCE = together(
    domain(document={"DefaultUserSettings": {"CodeEditorAppSettings": _spec("1.12.0")},
                     "DefaultSpaceSettings": {"JupyterLabAppSettings": _spec("1.9.0", AWS_IMAGE)}}),
    profile("old", {"JupyterLabAppSettings": _spec("1.9.0", AWS_IMAGE)}),
    profile("new", {"JupyterLabAppSettings": _spec("2.0.0"), "CodeEditorAppSettings": _spec("10.1.0")}),
    profile("silent", {}),
    profile("custom", {"JupyterLabAppSettings": {**_spec("1.0.0", OWN_IMAGE), **IMAGE}}),
    profile("unseen", {}, gaps=["UserSettings.JupyterLabAppSettings"]),
)  # fmt: skip


def test_images_of_the_settings_in_force() -> None:
    """1.x is too old, 2.0 and newer, and what has no version, are not; with custom images nobody can tell."""
    rows = IN_FORCE.by_name("user_profile")
    assert {n: (r["jupyterlab_idle_supported"], r["code_editor_idle_supported"]) for n, r in rows.items()} == {
        "old": (False, False), "new": (True, True), "silent": (True, False), "custom": (None, False),
        "unseen": (None, False),
    }  # fmt: skip
    assert IN_FORCE.rows("domain")[0]["space_default_jupyterlab_idle_supported"] is False


IN_USE = together(
    domain(), profile("ana"), profile("bob"), profile("carla"), profile("dora"), profile("eva"), profile("finn"),
    _space("lab", "ANA", alias="1.9.0"), _space("editor", "ana", "CodeEditor", alias="2.1.0"),
    _space("canvas", "bob", "Canvas"), _app({"UserProfileName": "bob"}, "JupyterServer"),
    _space("own", "carla", arn=OWN_IMAGE, alias="1.0.0"),
    _space("board", "dora", "JupyterLab", "Shared", alias="1.4.0", arn=AWS_IMAGE),
    _app({"SpaceName": "lab"}, "JupyterLab", alias="2.0.0"), _app({"SpaceName": "board"}, "JupyterLab", "Deleted"),
    space("unseen", {"OwnershipSettings": {"OwnerUserProfileName": "eva"}}, ["SpaceSettings"]),
    _app({"UserProfileName": "finn"}, "JupyterLab", "InService", "0.9.1"),
)  # fmt: skip


def test_what_a_profile_has_and_where_idle_shutdown_does_not_act() -> None:
    """Its private spaces and its running apps, whatever the case of its name; shared spaces are the domain's."""
    rows = IN_USE.by_name("user_profile")
    assert {n: (r["app_types_in_use"], r["without_idle_shutdown"]) for n, r in rows.items()} == {
        "ana": (["CodeEditor", "JupyterLab"], ["space lab"]), "bob": ([], []), "carla": (["JupyterLab"], None),
        "dora": ([], []), "eva": (None, None), "finn": (["JupyterLab"], ["JupyterLab app default"]),
    }  # fmt: skip
    assert IN_USE.rows("domain")[0]["shared_without_idle_shutdown"] == ["space board"]


UNLISTED = together(place(["app"]), domain(), profile("ana"), profile("bob"), _space("lab", "ana", alias="1.9.0"))


def test_incomplete_lists() -> None:
    """What was seen on an old image is enough to say so; that there is no other is not known then."""
    rows = UNLISTED.by_name("user_profile")
    assert {n: (r["app_types_in_use"], r["without_idle_shutdown"]) for n, r in rows.items()} == {
        "ana": (None, ["space lab"]), "bob": (None, None),
    }  # fmt: skip
