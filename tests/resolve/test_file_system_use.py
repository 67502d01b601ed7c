"""Who reaches the same directory of a custom file system as the same POSIX user, and what is not known of that."""

from __future__ import annotations

from typing import Any

import pytest

from .builder import Tables, domain, profile


def _efs(path: str) -> dict[str, Any]:
    return {"EFSFileSystemConfig": {"FileSystemId": "fs-1", "FileSystemPath": path}}


S3 = {"S3FileSystemConfig": {"S3Uri": "s3://lake/data"}}
DATA = {"CustomFileSystemConfigs": [_efs("/data"), S3]}
OWN_USER = {"CustomPosixUserConfig": {"Uid": 200042, "Gid": 2001}}


@pytest.fixture(scope="module")
def shared() -> dict[str, Any]:
    """posix_shared_mounts, by domain/profile."""
    tables = Tables(
        domain("default", {"DefaultUserSettings": DATA}),
        profile("ana", None, of="default"),
        profile("ben", {}, of="default"),
        profile("cleo", OWN_USER, of="default"),
        domain("apart"),
        profile("ana", DATA, of="apart"),
        profile("ben", {"CustomFileSystemConfigs": [_efs("/other"), S3]}, of="apart"),
        profile("dora", None, of="apart"),
        profile("twice", {"CustomFileSystemConfigs": [_efs("/twice"), _efs("/twice")]}, of="apart"),
        domain("hidden"),
        profile("ana", DATA, of="hidden"),
        profile("zoe", None, of="hidden", gaps=("UserSettings",)),
        domain("both"),
        profile("ana", DATA, of="both"),
        profile("ben", DATA, of="both"),
        profile("zoe", None, of="both", gaps=("UserSettings",)),
        profile("ana", {**DATA, **OWN_USER}, of="elsewhere"),
    )
    return {row["id"]: row["posix_shared_mounts"] for row in tables.rows("user_profile")}


def _of(shared: dict[str, Any], domain_id: str) -> dict[str, Any]:
    return {id_.partition("/")[2]: found for id_, found in shared.items() if id_.startswith(f"{domain_id}/")}


def test_everybody_without_a_posix_user_comes_as_the_same(shared: dict[str, Any]) -> None:
    """200001 by default (developer guide, "Adding a custom file system to a domain")."""
    assert _of(shared, "default") == {"ana": ["fs-1:/data"], "ben": ["fs-1:/data"], "cleo": []}


def test_other_directories_domains_and_buckets_are_not_shared(shared: dict[str, Any]) -> None:
    assert _of(shared, "apart") == {"ana": [], "ben": [], "dora": [], "twice": []}


def test_what_one_profile_hides_leaves_others_open(shared: dict[str, Any]) -> None:
    """Two that are known to share do; one that is alone among those that were seen may share with who was not."""
    assert _of(shared, "hidden") == {"ana": None, "zoe": None}
    assert _of(shared, "both") == {"ana": ["fs-1:/data"], "ben": ["fs-1:/data"], "zoe": None}


def test_of_a_domain_that_was_not_seen_nobody_knows_the_others(shared: dict[str, Any]) -> None:
    assert _of(shared, "elsewhere") == {"ana": None}
