"""What one person has of a domain: private spaces, running apps, volumes; and when it was last opened."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model.snapshot import Record

from .builder import REGION, Apart, Together, domain, merged, nest, place, profile, record, space

together = Together()
LIMIT = {"SpaceStorageSettings": {"DefaultEbsStorageSettings": {"DefaultEbsVolumeSizeInGb": 20}}}


def own(name: str, gb: int | None = None, owner: str = "ana", sharing: str = "Private", **also: Any) -> Record:
    document = {
        "OwnershipSettings": {"OwnerUserProfileName": owner},
        "SpaceSharingSettings": {"SharingType": sharing},
        "SpaceSettings": {"AppType": "JupyterLab"},
        **also,
    }
    size = nest("SpaceSettings.SpaceStorageSettings.EbsStorageSettings.EbsVolumeSizeInGb", gb) if gb else {}
    return space(name, merged(document, size))


def app(of: dict[str, str], status: str = "InService") -> Record:
    document = {"DomainId": "d-1", "AppType": "JupyterLab", "AppName": "default", "Status": status, **of}
    return record("app", f"d-1/{'-'.join(of.values())}/JupyterLab/default", document)


def _account(*records: Record, unseen: tuple[str, ...] = ()) -> Apart:
    return together(place(unseen), domain(), profile("ana", LIMIT), *records)


#: what stands in the account -> spaces, running apps, GiB, and whether that is all
LOADS: list[tuple[Apart, tuple[int, int, int, bool | None]]] = [
    (_account(), (0, 0, 0, True)),
    # One with a size of its own, one of the profile's default; names are not case-sensitive.
    (_account(own("a", 100), own("b", owner="ANA")), (2, 0, 120, True)),
    # Shared ones are everybody's, others' are others', and what failed was never made.
    (_account(own("a", sharing="Shared"), own("b", owner="ben"), own("c", Status="Failed")), (0, 0, 0, True)),
    # Spaces of Canvas or Studio Classic have no volume.
    (_account(own("a", SpaceSettings={"AppType": "JupyterServer"})), (1, 0, 0, True)),
    (_account(own("a", 10), app({"SpaceName": "a"}), app({"UserProfileName": "Ana"})), (1, 2, 10, True)),
    (_account(own("a", 10), app({"SpaceName": "a"}, "Deleted"), app({"UserProfileName": "ben"})), (1, 0, 10, True)),
    # What was seen is certain; there may be more.
    (_account(own("a", 10), unseen=("space",)), (1, 0, 10, None)),
    (_account(own("a", 10), unseen=("app",)), (1, 0, 10, None)),
    (_account(own("a", 10), space("whose", gaps=("*",))), (1, 0, 10, None)),
]


@pytest.mark.parametrize(("tables", "load"), LOADS)
def test_what_a_person_has(tables: Apart, load: tuple[int, int, int, bool | None]) -> None:
    row = tables.by_name("user_profile")["ana"]
    found = (row["private_spaces"], row["private_running_apps"], row["private_volumes_gb"], row["private_use_complete"])
    assert found == load


def _signed_in(*times: str, since: str = "2026-08-25T02:00:00Z", until: str = "2026-11-23T02:00:00Z") -> Apart:
    """Read between the two moments; the snapshot is of the 23rd of November, 2:00."""
    known = {"SignInsKnownSince": since, "SignInsKnownUntil": until} if since else {}
    events = [
        record(
            "sign_in",
            f"e-{number}",
            {
                "eventTime": time,
                "errorCode": "",
                "userIdentity": {"type": "IAMUser", "userName": "ana", "arn": "arn:aws:iam::1:user/ana"},
                "requestParameters": {"domainId": "d-1", "userProfileName": "Ana"},
            },
        )
        for number, time in enumerate(times)
    ]
    return together(record("account_region", REGION, known), domain(), profile("ana"), *events)


#: sign-ins -> how many, days since the last one, days without one
SIGN_INS: list[tuple[Apart, tuple[int, int, int | None]]] = [
    (_signed_in(), (0, 0, 90)),
    (_signed_in("2026-11-20T01:00:00Z", "2026-09-01T01:00:00Z"), (2, 3, 3)),
    (_signed_in("2026-09-01T02:00:00Z"), (1, 83, 83)),
    (_signed_in(since="2026-11-13T02:00:00Z"), (0, 0, 10)),
    # An account of several that was visited forty minutes after the first: its ninety days are as many as alone.
    (_signed_in(since="2026-08-25T02:40:00Z", until="2026-11-23T02:40:00Z"), (0, 0, 90)),
    # Read up to half a day before the snapshot, which is near enough.
    (_signed_in(since="2026-08-25T02:00:00Z", until="2026-11-22T14:00:00Z"), (0, 0, 90)),
    # What was seen is certain; when nobody came, only complete evidence says.
    (_signed_in("2026-11-20T01:00:00Z", since=""), (1, 3, None)),
    (_signed_in(since=""), (0, 0, None)),
    (_signed_in(until="2026-10-01T02:00:00Z"), (0, 0, None)),
]


@pytest.mark.parametrize(("tables", "expected"), SIGN_INS)
def test_when_a_profile_was_last_opened(tables: Apart, expected: tuple[int, int, int | None]) -> None:
    row = tables.by_name("user_profile")["ana"]
    assert (row["openings"], row["last_opened_days"], row["days_not_opened"]) == expected
