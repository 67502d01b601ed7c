"""Who is visited, and why the rest is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

import botocore.session
import pytest

from auditor.errors import CollectError, ConfigError
from auditor.model.accounts import AccountStatus
from auditor.org.account_file import read_accounts
from auditor.org.organizations import PERMISSIONS, Member, Organization, Unit, read_organization
from auditor.org.request import NamedAccount, OrganizationRequest, external_id_of, pattern_problem, role_problem
from auditor.org.targets import _STATES, NOT_IN_ORGANIZATION, Targets, choose_targets, refuse_nobody

if TYPE_CHECKING:
    from auditor.collect.aws.run import Run

ROOT, PROD, DEV = Unit("r-ab12", "Root"), Unit("ou-ab12-prod0000", "Production"), Unit("ou-ab12-dev00000", "Dev")
WORK = Unit("ou-ab12-work0000", "Workloads")
MEMBERS = {
    m.id: m
    for m in (
        Member("100000000001", "hub", "ACTIVE", (ROOT,)),
        Member("100000000002", "Studio-Prod", "ACTIVE", (ROOT, WORK, PROD)),
        Member("100000000003", "studio-dev", "ACTIVE", (ROOT, WORK, DEV)),
        Member("100000000004", "old", "PENDING_CLOSURE", (ROOT, DEV)),
        Member("100000000005", "of the future", "HIBERNATING", (ROOT,)),
    )
}


def chosen(*named: str, **members: tuple[str, ...]) -> Targets:
    request = OrganizationRequest(listed=True, accounts=tuple(map(NamedAccount, named)), **members)
    return choose_targets(request, lambda: Organization(MEMBERS))


def ids(accounts: tuple[object, ...]) -> list[str]:
    return [str(account.id)[-1] for account in accounts]  # type: ignore[attr-defined]


def test_everybody_who_is_active_is_visited_and_the_rest_is_named() -> None:
    found = chosen()
    # A state that nobody knows is tried: only those that are known to be closed are not.
    assert ids(found.visit) == ["1", "2", "3", "5"]
    (closed,) = found.missed
    assert (closed.id, closed.status) == ("100000000004", AccountStatus.SUSPENDED)
    assert "PENDING_CLOSURE" in closed.reason
    assert [a.ou for a in found.visit] == ["", "Workloads/Production", "Workloads/Dev", ""]


@pytest.mark.parametrize(
    ("include", "exclude", "visited"),
    [
        ((WORK.id,), (), "23"),
        ((PROD.id,), (), "2"),
        (("r-ab12",), (DEV.id,), "125"),
        (("studio-*",), (), "23"),
        (("100000000001", "studio-d*"), (), "13"),
        ((), ("STUDIO-*", "100000000004"), "15"),
        (("studio-*",), ("100000000002",), "3"),
    ],
)
def test_units_ids_and_names_choose(include: tuple[str, ...], exclude: tuple[str, ...], visited: str) -> None:
    found = chosen(include=include, exclude=exclude)
    assert "".join(ids(found.visit)) == visited
    assert found.notes == ()
    everybody = {*ids(found.visit), *ids(found.missed), *ids(found.left_out)}
    assert everybody == {number[-1] for number in MEMBERS}, "nobody is lost"
    assert all(account.reason for account in found.left_out)


def test_an_excluded_account_that_is_suspended_is_no_gap() -> None:
    assert chosen(exclude=("100000000004",)).missed == ()


def test_named_accounts_of_the_organization() -> None:
    found = chosen("100000000003", "100000000009")
    assert ids(found.visit) == ["3"]
    assert [(a.id, a.status, a.reason) for a in found.missed] == [
        ("100000000009", AccountStatus.ERROR, NOT_IN_ORGANIZATION)
    ]


def test_an_id_of_include_that_is_not_there_is_missed_and_a_pattern_noted() -> None:
    found = chosen(include=("studio-dev", "100000000077", "stduio-*"))
    assert ids(found.visit) == ["3"]
    assert [a.id for a in found.missed] == ["100000000077"]
    assert found.notes == ("organization: include: no account matches 'stduio-*'",)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("data [eu] *", "Data [EU] prod"),
        ("r&d (*)", "R&D (old)"),
        ("two*lines", "two\nlines"),
        ("STRASSE-?", "strasse-1"),
    ],
)
def test_only_two_characters_of_a_pattern_are_special(pattern: str, name: str) -> None:
    named = Organization({"100000000009": Member("100000000009", name, "ACTIVE", (ROOT,))})
    asked = OrganizationRequest(listed=True, exclude=(pattern,))
    assert ids(choose_targets(asked, lambda: named).left_out) == ["9"]


@pytest.mark.parametrize("pattern", ["production", "Workloads/Prod*"])
def test_a_unit_that_is_named_as_an_account_is_told_by_its_id(pattern: str) -> None:
    found = chosen(exclude=(pattern,))
    assert found.notes == (
        f"organization: exclude: no account matches {pattern!r}; units are named by their ids: {PROD.id}",
    )


def test_nothing_left_is_an_error_that_names_what_matched_nothing() -> None:
    found = chosen(include=("nobody-*",))
    assert {a.reason for a in found.left_out} == {"no entry of include matches it"}, "the list says why"
    with pytest.raises(ConfigError, match=r"leave none of 5 accounts; .*no account matches 'nobody-\*'"):
        refuse_nobody(found)


class _Answers:
    """Answers of AWS Organizations, in the order in which they are asked for."""

    def __init__(self, *answers: tuple[str, list[dict[str, str]]]) -> None:
        self._answers = list(answers)

    def pages(self, service: str, region: str, operation: str, request: object, result: str) -> list[object]:
        del service, region, request
        expected, items = self._answers.pop(0)
        assert operation == expected
        return [{result: items}]


def _walk(*held: list[dict[str, str]]) -> tuple[tuple[str, list[dict[str, str]]], ...]:
    """The list of accounts, a tree of the root and two units, and what each of these holds."""
    units = [{"Id": unit.id, "Name": unit.name} for unit in (PROD, DEV)]
    first, second, third = held
    return (
        ("ListAccounts", [{"Id": HUB, "Name": "hub", "Status": "ACTIVE"}, MOVED]),
        ("ListRoots", [{"Id": ROOT.id, "Name": "Root"}]),
        ("ListAccountsForParent", first), ("ListOrganizationalUnitsForParent", units),
        ("ListAccountsForParent", second), ("ListOrganizationalUnitsForParent", []),
        ("ListAccountsForParent", third), ("ListOrganizationalUnitsForParent", []),
    )  # fmt: skip


HUB, MOVED = "100000000001", {"Id": "100000000002", "Name": "studio", "Status": "ACTIVE"}
AT_THE_ROOT = [{"Id": HUB, "Name": "hub", "Status": "ACTIVE"}]


def test_an_account_that_moves_while_the_units_are_read_is_in_one_all_the_same() -> None:
    missed, seen = _walk(AT_THE_ROOT, [], []), _walk(AT_THE_ROOT, [MOVED], [])
    found = read_organization(cast("Run", _Answers(*missed, *seen)), "us-east-1")
    assert (found.members[MOVED["Id"]].units, found.problem) == ((ROOT, PROD), "")


def test_an_account_that_no_unit_holds_makes_units_unknown() -> None:
    missed = _walk(AT_THE_ROOT, [], [])
    found = read_organization(cast("Run", _Answers(*missed, *missed)), "us-east-1")
    assert found.problem == "no unit holds 100000000002, though the organization does"
    with pytest.raises(CollectError, match="the organization's units cannot be read"):
        choose_targets(OrganizationRequest(listed=True, include=(PROD.id,)), lambda: found)


def test_units_that_cannot_be_read() -> None:
    blind = Organization({m.id: Member(m.id, m.name, m.state) for m in MEMBERS.values()}, "denied")
    found = choose_targets(OrganizationRequest(listed=True), lambda: blind)
    assert (ids(found.visit), found.notes) == (["1", "2", "3", "5"], ("Organizational units are not known: denied",))
    with pytest.raises(CollectError, match=f"{DEV.id}: the organization's units cannot be read"):
        choose_targets(OrganizationRequest(listed=True, exclude=(DEV.id,)), lambda: blind)


def test_a_list_asks_no_organization() -> None:
    def asked() -> Organization:
        raise AssertionError("not to be asked")

    found = choose_targets(OrganizationRequest(accounts=(NamedAccount("100000000002", "prod"),)), asked)
    assert [(a.id, a.name) for a in found.visit] == [("100000000002", "prod")]


def test_states_and_permissions_are_those_of_the_model() -> None:
    model = botocore.session.get_session().get_service_model("organizations")
    assert {*_STATES, "ACTIVE"} == set(model.shape_for("AccountState").enum)
    assert {name.partition(":")[2] for name in PERMISSIONS} <= set(model.operation_names)


@pytest.mark.parametrize("text", ["12345", "ou-x", "ou-ab12"])
def test_what_is_no_pattern(text: str) -> None:
    assert pattern_problem(text)


@pytest.mark.parametrize("text", ["123456789012", "ou-ab12-cdef3456", "r-ab12", "r-and-d", "prod-*", "2024-*"])
def test_what_is_a_pattern(text: str) -> None:
    assert pattern_problem(text) == ""


def test_roles() -> None:
    assert [bool(role_problem(r)) for r in ("Auditor", "/audit/Auditor", "audit/Auditor", "a b", "")] == [
        False, False, False, True, True,
    ]  # fmt: skip
    assert "ARN" in role_problem("arn:aws:iam::100000000002:role/Auditor")


def test_an_external_id_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTERNAL", "nightly-7f3a")
    assert (external_id_of("env:EXTERNAL"), external_id_of("plain"), external_id_of("")) == (
        "nightly-7f3a", "plain", "",
    )  # fmt: skip
    with pytest.raises(ConfigError, match="MISSING is not set"):
        external_id_of("env:MISSING")
    monkeypatch.setenv("EXTERNAL", "with a blank")
    with pytest.raises(ConfigError) as caught:
        external_id_of("env:EXTERNAL")
    assert "blank" not in caught.value.diagnosis(), "what the environment holds is not repeated"


@pytest.mark.parametrize(
    "text",
    [
        "id,name\n100000000002,prod\n100000000003,\n",
        "100000000002,prod\n\n100000000003\n",
        "\N{ZERO WIDTH NO-BREAK SPACE}ID,Name\r\n 100000000002 , prod \r\n# later\r\n100000000003\r\n",
    ],
)
def test_a_file_of_accounts(tmp_path: Path, text: str) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(text.encode())
    assert read_accounts(path) == (NamedAccount("100000000002", "prod"), NamedAccount("100000000003"))


def test_names_in_a_file_of_accounts_are_as_they_stand_there(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text('id,name\n100000000002,"two\nlines"\n100000000003,"a\u2028b, c"\n12345,x\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(":5: '12345' is not an account id")):
        read_accounts(path)
    path.write_text(path.read_text(encoding="utf-8").replace("12345,x\n", ""), encoding="utf-8")
    assert [account.name for account in read_accounts(path)] == ["two\nlines", "a\u2028b, c"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no account"),
        ("id,name\n", "holds no account"),
        ("id,name\n12345678901,prod\n", ":2: '12345678901' is not an account id"),
        ("100000000002,a\n100000000002,b\n", ":2: account 100000000002 stands there twice"),
        ("100000000002,a,b\n", ":1: 3 columns"),
        ("prod,100000000002\n", ":1: 'prod' is not an account id"),
    ],
)
def test_a_file_of_accounts_that_cannot_be_used(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(says)):
        read_accounts(path)
