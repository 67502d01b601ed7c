"""What a space is, whether its owner exists, and what apps and their domains say."""

from __future__ import annotations

from typing import Any

import pytest

from .builder import Apart, Document, Tables, Together, domain, place, profile, record, space

together = Together()
PRIVATE = {"SpaceSharingSettings": {"SharingType": "Private"}}
SHARED = {"SpaceSharingSettings": {"SharingType": "Shared"}}
SERVER = {"JupyterServerAppSettings": {"DefaultResourceSpec": {"InstanceType": "system"}}}
GATEWAY = {"KernelGatewayAppSettings": {"CustomImages": []}}

#: name → (document, gaps, classic)
SPACES: dict[str, tuple[Document, list[str], bool | None]] = {
    "jupyterlab": ({"SpaceSettings": {"AppType": "JupyterLab"}, **PRIVATE}, [], False),
    "code-editor": ({"SpaceSettings": {"AppType": "CodeEditor"}, **SHARED}, [], False),
    "jupyter-server": ({"SpaceSettings": {"AppType": "JupyterServer"}, **SHARED}, [], True),
    "kernel-gateway": ({"SpaceSettings": {"AppType": "KernelGateway"}, **SHARED}, [], True),
    "an-app-of-tomorrow": ({"SpaceSettings": {"AppType": "Something"}, **PRIVATE}, [], False),
    # Before spaces had an app type, and sharing settings, all were Classic's.
    "old-server": ({"SpaceSettings": SERVER}, [], True),
    "old-gateway": ({"SpaceSettings": GATEWAY}, [], True),
    "old-both": ({"SpaceSettings": {**SERVER, **GATEWAY}}, [], True),
    "old-but-shared": ({"SpaceSettings": SERVER, **SHARED}, [], False),
    "old-but-private": ({"SpaceSettings": GATEWAY, **PRIVATE}, [], False),
    "no-type-no-settings": ({"SpaceSettings": {}}, [], False),
    "nothing-at-all": ({}, [], False),
    # The type says JupyterLab; settings for Classic beside it are none of its business.
    "typed-with-server": ({"SpaceSettings": {"AppType": "JupyterLab", **SERVER}}, [], False),
    # What was not seen.
    "type-unseen": ({"SpaceSettings": SERVER}, ["SpaceSettings.AppType"], None),
    "sharing-unseen": ({"SpaceSettings": SERVER}, ["SpaceSharingSettings"], None),
    "settings-unseen": ({"SpaceSettings": {"AppType": "JupyterServer"}}, ["*"], True),
    "all-unseen": ({}, ["*"], None),
    "old-settings-unseen": (SHARED, ["SpaceSettings.JupyterServerAppSettings"], False),
}


ALL_SPACES = together(domain(), *(space(name, document, gaps) for name, (document, gaps, _) in SPACES.items()))


@pytest.fixture(scope="module")
def spaces() -> dict[str, dict[str, Any]]:
    return ALL_SPACES.by_name("space")


@pytest.mark.parametrize("name", SPACES)
def test_classic_spaces(name: str, spaces: dict[str, dict[str, Any]]) -> None:
    assert spaces[name]["classic"] is SPACES[name][2]


def test_members_of_a_space_that_were_not_seen(spaces: dict[str, dict[str, Any]]) -> None:
    """NULL, never the value of a space that sets nothing."""
    unseen, bare = spaces["all-unseen"], spaces["nothing-at-all"]
    expected = {"remote_access": "DISABLED", "sharing_type": "Shared", "owner": "", "display_name": "",
                "ebs_volume_gb": 0, "jupyterlab_idle_timeout": 0, "jupyter_server_settings": False}  # fmt: skip
    for column, value in expected.items():
        assert bare[column] == value, column
        assert unseen[column] is None, column


OWNED = {"OwnershipSettings": {"OwnerUserProfileName": "ana"}}
NO_SHARING_SETTINGS = together(
    domain(), profile("ana"), space("classic", {"SpaceSettings": SERVER}), space("bare"), space("owned", OWNED),
    space("owner-unseen", {}, ["OwnershipSettings"]), space("unseen", {}, ["SpaceSharingSettings"]),
    space("private", {**OWNED, "SpaceSharingSettings": {"SharingType": "Private"}}),
    domain("d-2"), space("mine", {**OWNED, "SpaceSharingSettings": {"SharingType": "Private"}}, of="d-2"),
)  # fmt: skip


def test_a_space_without_sharing_settings() -> None:
    """AWS's page "Create a shared space" makes one of Studio Classic without sharing settings and owner; what a space
    with an owner alone is, no page says. https://docs.aws.amazon.com/sagemaker/latest/dg/domain-space-create.html"""
    assert {name: row["sharing_type"] for name, row in NO_SHARING_SETTINGS.by_name("space").items()} == {
        "classic": "Shared", "bare": "Shared", "owned": None, "owner-unseen": None, "unseen": None,
        "private": "Private", "mine": "Private",
    }  # fmt: skip
    assert {id_: row["has_shared_spaces"] for id_, row in NO_SHARING_SETTINGS.by_id("domain").items()} == {
        "d-1": True,
        "d-2": False,
    }


def _owned(name: str, owner: str | None, of: str = "d-1", gaps: tuple[str, ...] = ()) -> Any:
    return space(name, {} if owner is None else {"OwnershipSettings": {"OwnerUserProfileName": owner}}, gaps, of=of)


def test_owners() -> None:
    """Profile names are case-insensitive; the owner is one of the same domain; a space without an owner misses none."""
    rows = Tables(
        domain("d-1"), domain("d-2"), profile("ana-silva"), profile("Bob", of="d-1"), profile("carla", of="d-2"),
        profile("dora", of="d-1", account="444455556666"),
        _owned("there", "ana-silva"), _owned("other-case", "ANA-Silva"), _owned("other-case-2", "bob"),
        _owned("gone", "bruno"), _owned("other-domain", "carla"), _owned("other-account", "dora"),
        _owned("nobody", None), _owned("unseen", None, gaps=("OwnershipSettings",)),
    ).by_name("space")  # fmt: skip
    assert {name: row["owner_exists"] for name, row in rows.items()} == {
        "there": True, "other-case": True, "other-case-2": True, "gone": False, "other-domain": False,
        "other-account": False, "nobody": True, "unseen": None,
    }  # fmt: skip


UNLISTED = together(
    place(["user_profile"]), domain(), profile("ana"),
    _owned("there", "ana"), _owned("gone", "bruno"), _owned("nobody", None),
)  # fmt: skip


def test_owners_where_profiles_could_not_be_listed() -> None:
    """Who was seen exists; who was not may exist as well."""
    rows = UNLISTED.by_name("space")
    assert {name: row["owner_exists"] for name, row in rows.items()} == {"there": True, "gone": None, "nobody": True}


def _app(id_: str, document: Document, gaps: tuple[str, ...] = ()) -> Any:
    return record("app", id_, {"DomainId": "d-1", "AppName": id_, "AppType": "JupyterLab", **document}, gaps)


APPS = together(
    domain(),
    _app("of-space", {"SpaceName": "s", "Status": "InService", "ResourceSpec": {"InstanceType": "ml.t3.medium"}}),
    _app("of-profile", {"UserProfileName": "ana", "Status": "Deleted"}),
    _app("of-tomorrow", {"SpaceName": "s", "Status": "Snoozing", "AppType": "Holodeck"}),
    _app("unseen", {"AppType": None}, ("*",)),
    _app("instance-unseen", {"SpaceName": "s"}, ("ResourceSpec",)),
)  # fmt: skip


def test_apps() -> None:
    """Statuses stay as AWS gives them; what a list did not say is NULL, what it said is not there is ''."""
    rows = APPS.by_name("app")
    columns = ("app_type", "user_profile_name", "space_name", "instance_type", "instance_type_origin", "status")
    assert {name: tuple(row[c] for c in columns) for name, row in rows.items()} == {
        "of-space": ("JupyterLab", "", "s", "ml.t3.medium", "app", "InService"),
        "of-profile": ("JupyterLab", "ana", "", "", "app", "Deleted"),
        "of-tomorrow": ("Holodeck", "", "s", "", "app", "Snoozing"),
        "unseen": (None, None, None, None, None, None),
        "instance-unseen": ("JupyterLab", "", "s", None, None, None),
    }
    assert rows["unseen"]["app_type_origin"] is None


#: id → (DomainSettings, gaps, whether Unified Studio makes the domain's profiles)
UNIFIED: dict[str, tuple[Document | None, list[str], bool]] = {
    "closed": ({"UnifiedStudioSettings": {"ProjectId": "p", "StudioWebPortalAccess": "DISABLED"}}, [], True),
    "silent": ({"UnifiedStudioSettings": {"ProjectId": "p"}}, [], True),
    "open-in-both": ({"UnifiedStudioSettings": {"ProjectId": "p", "StudioWebPortalAccess": "ENABLED"}}, [], False),
    "no-project": ({"UnifiedStudioSettings": {"StudioWebPortalAccess": "DISABLED", "DomainId": "dzd"}}, [], False),
    "access-unseen": (
        {"UnifiedStudioSettings": {"ProjectId": "p"}},
        ["DomainSettings.UnifiedStudioSettings.StudioWebPortalAccess"],
        False,
    ),
    "empty": ({"UnifiedStudioSettings": {}}, [], False),
    "other": ({"ExecutionRoleIdentityConfig": "DISABLED"}, [], False),
    "absent": (None, [], False),
    "unseen": (None, ["DomainSettings.UnifiedStudioSettings"], False),
    "structure-unseen": (None, ["DomainSettings"], False),
}


def _unified() -> Apart:
    records = []
    for id_, (settings, gaps, _) in UNIFIED.items():
        records += [
            domain(id_, {} if settings is None else {"DomainSettings": settings}, gaps), profile("ana", of=id_),
            space("s", of=id_), record("app", f"{id_}/space/s/JupyterLab/a", {"DomainId": id_, "AppName": "a"}),
        ]  # fmt: skip
    return together(*records)


ALL_UNIFIED = _unified()


def test_unified_studio_reaches_everything_of_its_domain() -> None:
    """What cannot be told is no exemption: neither a gap nor a domain that was not seen."""
    for table in ("domain", "user_profile", "space", "app"):
        found = {row["domain_id"]: row["unified_studio"] for row in ALL_UNIFIED.rows(table)}
        assert found == {id_: made for id_, (_, _, made) in UNIFIED.items()}, table


NOTHING_SET = {"JupyterServerAppSettings": {}, "KernelGatewayAppSettings": {}}
EMPTY = together(
    domain(document={"DefaultUserSettings": {**SERVER, **GATEWAY}}), profile("ana", NOTHING_SET),
    domain("d-2"), profile("bob", NOTHING_SET, of="d-2"),
)  # fmt: skip


def test_settings_for_classic() -> None:
    """An empty structure is one that nobody set; nothing is merged with the domain's."""
    rows = EMPTY.by_name("user_profile")
    columns = ("jupyter_server_settings", "kernel_gateway_settings")
    assert [rows["ana"][c] for c in columns] == [True, True]
    assert [rows["bob"][c] for c in columns] == [False, False]


DENIED = {"RStudioServerProAppSettings": {"AccessStatus": "DISABLED"}}
RSTUDIO = together(
    domain("with", {"DomainSettings": {"RStudioServerProDomainSettings": {"DomainExecutionRoleArn": "arn:r"}}}),
    domain("without"), domain("unseen", gaps=["*"]),
    profile("silent", of="with"), profile("denied", DENIED, of="with"), profile("none", of="without"),
    profile("who-knows", of="unseen"),
)  # fmt: skip


def test_rstudio_licence() -> None:
    """A domain has RStudio where it has the settings for it, and nowhere else; people have access by default."""
    rows = RSTUDIO.by_name("user_profile")
    assert {name: (row["rstudio_licensed"], row["rstudio_access_status"]) for name, row in rows.items()} == {
        "silent": (True, "ENABLED"), "denied": (True, "DISABLED"), "none": (False, "ENABLED"),
        "who-knows": (None, None),
    }  # fmt: skip
