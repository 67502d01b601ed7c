"""Whether a domain's application of IAM Identity Center is open to the person of a profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from auditor.model.snapshot import GLOBAL, Record

from .builder import Apart, Together, domain, place, profile, record

together = Together()
INSTANCE = "ssoins-1234"
SSO = {"AuthMode": "SSO", "SingleSignOnApplicationArn": f"arn:aws:sso::111122223333:application/{INSTANCE}/apl-1"}


def _user(id_: str, name: str, account: str = "111122223333") -> Record:
    told = {"UserId": id_, "UserName": name, "UserStatus": "ENABLED", "Instance": INSTANCE}
    return record("identity_user", id_, told, region=GLOBAL, account=account)


def _assigned(*ids: str, required: bool | None = True, gaps: Sequence[str] = ()) -> Record:
    document: dict[str, Any] = {"UserIds": list(ids)}
    return record(
        "assignment", "d-1", document if required is None else {**document, "AssignmentRequired": required}, gaps
    )


#: records -> whether ana is assigned
CASES: list[tuple[list[Record], bool | None]] = [
    ([_assigned("u-1")], True),
    ([_assigned("u-2")], False),
    ([_assigned()], False),
    # AssignmentRequired false opens the application to everybody (API_PutApplicationAssignmentConfiguration).
    ([_assigned(required=False)], True),
    # Whoever is known to be assigned is, whatever else could not be read.
    ([_assigned("u-1", required=None, gaps=["AssignmentRequired", "UserIds"])], True),
    ([_assigned("u-2", gaps=["UserIds"])], None),
    ([_assigned("u-2", required=None, gaps=["AssignmentRequired"])], None),
    ([], None),
]


@pytest.mark.parametrize(
    ("tables", "assigned"),
    [
        (
            together(
                place(), domain(document=SSO), _user("u-1", "Ana@example.com"), _user("u-2", "ben@example.com"),
                profile("ana", also={"SingleSignOnUserValue": "ana@example.com"}), *records,
            ),
            assigned,
        )
        for records, assigned in CASES
    ],
)  # fmt: skip
def test_assigned(tables: Apart, assigned: bool | None) -> None:
    (row,) = tables.rows("user_profile")
    assert row["sso_user_assigned"] is assigned
