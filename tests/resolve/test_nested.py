"""A profile's nested structure and its domain's: AWS does not say how they meet, so what both readings give counts.

The two readings: the profile's structure replaces the domain's whole, or member by member.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from auditor.resolve.inheritance_sql import NestedMerge
from auditor.studio.setting import Setting
from auditor.studio.settings import SETTINGS

from .builder import Apart, Together, domain, merged, nest, profile

together = {merge: Together(merge=merge) for merge in NestedMerge}
LISTS = {"HiddenAppTypes": "hidden_app_types", "HiddenMlTools": "hidden_ml_tools",
         "HiddenInstanceTypes": "hidden_instance_types"}  # fmt: skip
MODE = "ExecutionRoleSessionNameMode"
#: A list that the product shows nowhere, but which makes a structure one that somebody set.
ALIASES = "HiddenSageMakerImageVersionAliases"
Portal = dict[str, Any] | None


def _portals() -> Iterator[Portal]:
    """No structure, and every structure that sets some of its members."""
    yield None
    choices: dict[str, tuple[Any, ...]] = {
        "HiddenAppTypes": (None, [], ["JupyterServer"]),
        "HiddenMlTools": (None, ["Comet"]),
        ALIASES: (None, [{"SageMakerImageName": "a", "VersionAliases": ["1"]}]),
        MODE: (None, "USER_IDENTITY"),
    }
    for values in product(*choices.values()):
        yield {name: value for name, value in zip(choices, values, strict=True) if value is not None}


PORTALS = list(_portals())


def _in_force(own: Portal, handed: Portal, merge: NestedMerge) -> dict[str, Any]:
    """What is in force under one reading. AWS writes the mode unasked: alone, or with nothing, it replaces nothing."""
    own, handed = own or {}, handed or {}
    default: dict[str, Any] = {**{name: [] for name in LISTS}, MODE: "STATIC"}
    replaces = merge is NestedMerge.REPLACE and set(own) - {MODE}
    return {**default, **({} if replaces else handed), **own}


def _every_pair(merge: NestedMerge) -> Apart:
    records = []
    for number, handed in enumerate(PORTALS):
        defaults = {} if handed is None else {"DefaultUserSettings": {"StudioWebPortalSettings": handed}}
        records.append(domain(f"d-{number}", defaults))
        for other, own in enumerate(PORTALS):
            user = None if own is None else {"StudioWebPortalSettings": own}
            records.append(profile(f"p-{other}", user, of=f"d-{number}"))
    return together[merge](*records)


PAIRS = {merge: _every_pair(merge) for merge in NestedMerge}


@pytest.mark.parametrize("merge", list(NestedMerge))
def test_every_portal_under_every_reading(merge: NestedMerge) -> None:
    """All pairs of structures: the value where it is settled or chosen, else NULL and a gap that names the setting."""
    tables = PAIRS[merge]
    assert {gap[2] for gap in tables.gaps} <= {"ambiguous_inheritance"}
    rows, gaps = tables.by_id("user_profile"), {gap[:2] for gap in tables.gaps}
    unsettled = set()
    for (number, handed), (other, own) in product(enumerate(PORTALS), repeat=2):
        id_ = f"d-{number}/p-{other}"
        whole, members = (_in_force(own, handed, m) for m in (NestedMerge.REPLACE, NestedMerge.MEMBERS))
        for member, column in {**LISTS, MODE: "execution_role_session_name_mode"}.items():
            got = (rows[id_][column], rows[id_][f"{column}_origin"])
            if merge is NestedMerge.UNKNOWN and whole[member] != members[member]:
                assert got == (None, "ambiguous"), (id_, member, own, handed)
                unsettled.add((id_, f"UserSettings.StudioWebPortalSettings.{member}"))
                continue
            expected = (whole if merge is NestedMerge.REPLACE else members)[member]
            assert got[0] == expected, (id_, member, own, handed)
            assert got[1] in ("profile", "domain", "service")
            assert (got[1] == "profile") == (member in (own or {})), (id_, member, own, handed)
    assert gaps == unsettled
    assert bool(unsettled) == (merge is NestedMerge.UNKNOWN)


ALONE: list[dict[str, str]] = [{}, {MODE: "USER_IDENTITY"}, {MODE: "STATIC"}]
UNASKED = together[NestedMerge.UNKNOWN](
    domain(document={"DefaultUserSettings": {
        "StudioWebPortalSettings": {"HiddenAppTypes": ["JupyterServer"], "HiddenMlTools": ["Comet"]}}}),
    *(profile(f"p{n}", {"StudioWebPortalSettings": portal}) for n, portal in enumerate(ALONE)),
)  # fmt: skip


def test_what_aws_writes_unasked_hides_nothing() -> None:
    """Neither an empty structure nor the mode alone overrides the domain's lists; nor does it make a gap."""
    rows = UNASKED.rows("user_profile")
    assert len(rows) == len(ALONE)
    for row in rows:
        assert (row["hidden_app_types"], row["hidden_app_types_origin"]) == (["JupyterServer"], "domain"), row["name"]
        assert row["hidden_ml_tools"] == ["Comet"], row["name"]
    assert UNASKED.gaps == []


NESTED = [s for s in SETTINGS if s.scope == "user" and s.structure not in ("", "StudioWebPortalSettings")]
SHOWN: dict[str, Any] = {"VARCHAR": "SET", "INTEGER": 77, "VARCHAR[]": ["one"]}


def _sample(setting: Setting) -> Any:
    return [nest(setting.item, "one")] if setting.item else SHOWN[setting.type]


def _every_structure(merge: NestedMerge) -> Apart:
    """For each nested setting a domain that sets it, and a profile that sets something else in the same structure."""
    records = []
    for setting in NESTED:
        handed = {"DefaultUserSettings": nest(setting.path, _sample(setting))}
        neighbour = {setting.structure: {"AMemberThatNobodyReads": 1}}
        sibling = next(
            (nest(s.path, _sample(s)) for s in NESTED if s.structure == setting.structure and s is not setting),
            neighbour,
        )
        records += [domain(f"d-{setting.column}", handed), profile("sibling", sibling, of=f"d-{setting.column}")]
        both = merged(sibling, nest(setting.path, _sample(setting)))
        records.append(profile("both", both, of=f"d-{setting.column}"))
    return together[merge](*records)


STRUCTURES = {merge: _every_structure(merge) for merge in NestedMerge}


@pytest.mark.parametrize("merge", list(NestedMerge))
def test_every_other_structure(merge: NestedMerge) -> None:
    """JupyterLabAppSettings, SharingSettings … keep to the same law, however deep the member lies."""
    tables = STRUCTURES[merge]
    rows, expected = tables.by_id("user_profile"), set()
    for setting in NESTED:
        row = rows[f"d-{setting.column}/sibling"]
        got = (row[setting.column], row[f"{setting.column}_origin"])
        if merge is NestedMerge.UNKNOWN:
            assert got == (None, "ambiguous"), setting.column
            expected.add((row["id"], f"UserSettings.{setting.path}", "ambiguous_inheritance"))
        elif merge is NestedMerge.MEMBERS:
            assert got == (SHOWN[setting.type], "domain"), setting.column
        else:
            assert got[0] != SHOWN[setting.type], setting.column
            assert got[1] in ("service", None), setting.column
        both = rows[f"d-{setting.column}/both"]
        assert (both[setting.column], both[f"{setting.column}_origin"]) == (SHOWN[setting.type], "profile")
    assert set(tables.gaps) == expected


AGREEING = merged(
    {"ExecutionRole": "arn:r"},
    nest("JupyterLabAppSettings.AppLifecycleManagement.IdleSettings.LifecycleManagement", "DISABLED"),
    {"SpaceStorageSettings": {"DefaultEbsStorageSettings": {"MaximumEbsVolumeSizeInGb": 100}}},
    {"StudioWebPortalSettings": {"HiddenMlTools": []}},
)
OWN = {
    "JupyterLabAppSettings": {"CodeRepositories": []},
    "SpaceStorageSettings": {"DefaultEbsStorageSettings": {"DefaultEbsVolumeSizeInGb": 20}},
    "StudioWebPortalSettings": {"HiddenAppTypes": ["Canvas"]},
}
AGREED = together[NestedMerge.UNKNOWN](domain(document={"DefaultUserSettings": AGREEING}), profile("ana", OWN))


def test_readings_that_agree_are_no_gap() -> None:
    """The domain says in words what AWS does anyway: then it does not matter how the structures meet."""
    row = AGREED.rows("user_profile")[0]
    assert row["jupyterlab_idle_shutdown"] == "DISABLED"
    assert (row["execution_role"], row["execution_role_origin"]) == ("arn:r", "domain")
    assert (row["ebs_default_gb"], row["ebs_maximum_gb"]) == (20, 100)
    assert row["hidden_ml_tools"] == []
    assert AGREED.gaps == []


HIDDEN = {"HiddenAppTypes": ["Canvas"], "HiddenMlTools": ["Comet"]}
OPEN = together[NestedMerge.UNKNOWN](
    domain(document={"DefaultUserSettings": {"StudioWebPortalSettings": HIDDEN}}),
    profile("ana", {"StudioWebPortalSettings": {"HiddenInstanceTypes": []}}),
    profile("bob", {"StudioWebPortalSettings": {"HiddenAppTypes": []}}),
)


def test_a_gap_of_its_own_for_each_profile_and_member() -> None:
    """It names profile, path and the call whose answer is open, so that the coverage ledger can say it."""
    gaps = OPEN.rows("gap")
    assert {(g["resource_type"], g["resource_id"], g["setting"]) for g in gaps} == {
        ("user_profile", "d-1/ana", "UserSettings.StudioWebPortalSettings.HiddenAppTypes"),
        ("user_profile", "d-1/ana", "UserSettings.StudioWebPortalSettings.HiddenMlTools"),
        ("user_profile", "d-1/bob", "UserSettings.StudioWebPortalSettings.HiddenMlTools"),
    }
    assert {(g["account"], g["region"], g["operation"]) for g in gaps} == {
        ("111122223333", "eu-west-1", "DescribeUserProfile")
    }
    assert all(g["detail"] for g in gaps)
