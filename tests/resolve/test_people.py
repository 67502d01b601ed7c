"""People of IAM Identity Center behind user profiles, and AWS's own resources, which are nobody's."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from auditor.model.snapshot import GLOBAL, Record

from .builder import ACCOUNT, REGION, Apart, Tables, Together, domain, place, profile, record

together = Together()


def _user(name: str) -> Record:
    return record("identity_user", f"id-{name}", {"UserId": f"id-{name}", "UserName": name}, region=GLOBAL)


PEOPLE = (
    domain(document={"AuthMode": "SSO"}), profile("ana", also={"SingleSignOnUserValue": "Ana@acme.example"}),
    profile("ben", also={"SingleSignOnUserValue": "ben@acme.example"}), profile("cleo"),
)  # fmt: skip
LISTED = together(*PEOPLE, _user("ana@ACME.example"))
NOT_LISTED = together(place(["identity_user"]), *PEOPLE)


def test_people_of_identity_center() -> None:
    rows = LISTED.by_name("user_profile")
    # User names are case-insensitive.
    assert {name: row["sso_user_exists"] for name, row in rows.items()} == {"ana": True, "ben": False, "cleo": False}
    assert {row["sso_user_exists"] for row in NOT_LISTED.rows("user_profile")} == {None}


def _grace(instance: str, read: list[str], of: str | None = None, gaps: tuple[str, ...] = ()) -> Apart:
    """Grace's profile in a domain of that instance, where those were read; ``of`` is the one that has her, if any."""
    # Accounts may share an instance; these do not.
    own = {name: name and f"{name}-{ACCOUNT}" for name in (instance, *read, of or "")}
    named = {} if not instance else {"SingleSignOnApplicationArn": f"arn:aws:sso::1:application/{own[instance]}/apl-1"}
    user = {"UserId": "grace", "UserName": "grace", "Instance": own[of or ""]}
    return together(
        record("account_region", REGION, {"IdentityCenterInstances": [own[name] for name in read]}, gaps),
        domain(document={"AuthMode": "SSO", **named}), profile("grace", also={"SingleSignOnUserValue": "Grace"}),
        *([] if of is None else [record("identity_user", "grace", user, region=GLOBAL)]),
    )  # fmt: skip


INSTANCES = [
    (_grace("ssoins-b", ["ssoins-b"], "ssoins-b"), True),
    (_grace("ssoins-b", ["ssoins-a", "ssoins-b"], "ssoins-a"), False),
    # The domain's instance was not found, or not read to its end.
    (_grace("ssoins-b", ["ssoins-a"], "ssoins-a"), None),
    (_grace("ssoins-b", []), None),
    # A store that the user named, and the only instance for a domain that names none.
    (_grace("ssoins-b", [""], ""), True),
    (_grace("", [""], ""), True),
    (_grace("", ["ssoins-a"], "ssoins-a"), None),
    (_grace("ssoins-b", ["ssoins-b"], "ssoins-b", gaps=("identity_user",)), None),
]


def test_people_of_the_domains_own_instance_count() -> None:
    """Whoever is not in that one may well be in another, and is not gone."""
    for tables, there in INSTANCES:
        (row,) = tables.rows("user_profile")
        assert (row["sso_user_exists"], row["sso_user_active"]) == (there, there)


STATES = together(
    domain(document={"AuthMode": "SSO"}),
    *(profile(name, also={"SingleSignOnUserValue": name}) for name in ("ana", "ben", "cleo")),
    *(record("identity_user", name, {"UserId": name, "UserName": name, "UserStatus": status}, region=GLOBAL)
      for name, status in (("ana", "ENABLED"), ("ben", "DISABLED"), ("cleo", "SUSPENDED"))),
)  # fmt: skip


def test_a_status_that_aws_has_no_word_for_is_not_known() -> None:
    """UserStatus is ENABLED or DISABLED (identitystore, User)."""
    rows = STATES.by_name("user_profile")
    assert {name: (row["sso_user_exists"], row["sso_user_active"]) for name, row in rows.items()} == {
        "ana": (True, True), "ben": (True, False), "cleo": (True, None),
    }  # fmt: skip


#: Two domains of Identity Center, one of which was listed and could not be described.
HALF_SEEN = together(
    record("account_region", REGION, {"IdentityCenterInstances": [f"ssoins-half-{ACCOUNT}"]}),
    domain("d-seen", {"AuthMode": "SSO", "SingleSignOnApplicationArn":
                      f"arn:aws:sso::1:application/ssoins-half-{ACCOUNT}/apl-1"}),
    record("domain", "d-hidden", {"DomainId": "d-hidden", "DomainName": "hidden"}, gaps=("*",)),
    *(profile(name, of=of, also={"SingleSignOnUserValue": user})
      for name, of, user in (("ines", "d-seen", "ines"), ("jo", "d-seen", "jo"), ("kai", "d-hidden", "kai"),
                             ("ines", "d-hidden", "ines"), ("lea", "d-lost", "lea"))),
    record("identity_user", "ines", {"UserId": "ines", "UserName": "ines", "Instance": f"ssoins-half-{ACCOUNT}"},
           region=GLOBAL),
)  # fmt: skip


def test_nobody_is_gone_from_a_domain_that_was_not_seen() -> None:
    """DescribeDomain alone says which instance a domain uses (SingleSignOnApplicationArn). A domain that could not be
    described may use one that was not read."""
    rows = {(r["domain_id"], r["name"]): r["sso_user_exists"] for r in HALF_SEEN.rows("user_profile")}
    assert rows == {
        ("d-seen", "ines"): True, ("d-seen", "jo"): False, ("d-hidden", "kai"): None, ("d-hidden", "ines"): None,
        ("d-lost", "lea"): None,
    }  # fmt: skip


def test_the_organizations_instance_stands_for_the_domains_of_all_accounts() -> None:
    """A member account may not list the users of its organization's identity store; another one may."""
    hub = "222222222222"

    def in_domain(of: str, name: str) -> Record:
        return profile(name, of=of, also={"SingleSignOnUserValue": name.title()})

    def signed_in(of: str, instance: str) -> Record:
        application = f"arn:aws:sso::1:application/{instance}/apl-1"
        return domain(of, {"AuthMode": "SSO", "SingleSignOnApplicationArn": application})

    users = [
        record(
            "identity_user", name, {"UserId": name, "UserName": name, "Instance": "ssoins-org", "UserStatus": status},
            region=GLOBAL, account=hub,
        )
        for name, status in (("grace", "ENABLED"), ("ben", "DISABLED"))
    ]  # fmt: skip
    own = record(
        "identity_user", "grace", {"UserId": "g", "UserName": "grace", "Instance": "ssoins-own"}, region=GLOBAL
    )
    tables = Tables(
        record("account_region", REGION, {"IdentityCenterInstances": ["ssoins-org"]}, account=hub), *users,
        record("account_region", REGION, {"IdentityCenterInstances": []}, ["identity_user"]), own,
        signed_in("d-1", "ssoins-org"), in_domain("d-1", "grace"), in_domain("d-1", "ben"), in_domain("d-1", "cleo"),
        signed_in("d-2", "ssoins-own"), in_domain("d-2", "grace"),
    )  # fmt: skip
    told = {r["id"]: (r["sso_user_exists"], r["sso_user_active"]) for r in tables.rows("user_profile")}
    assert told == {
        "d-1/grace": (True, True), "d-1/ben": (True, False), "d-1/cleo": (False, False), "d-2/grace": (None, None),
    }  # fmt: skip


def _ana(also: Mapping[str, str], gaps: tuple[str, ...] = ()) -> Apart:
    ana = record("identity_user", "ana", {"UserId": "ana", "UserName": "ana", **also}, gaps, region=GLOBAL)
    return together(
        domain(document={"AuthMode": "SSO"}), profile("ana", also={"SingleSignOnUserValue": "ana"}), ana
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "active"),
    [(_ana({"UserStatus": "ENABLED"}), True), (_ana({"UserStatus": "DISABLED"}), False), (_ana({}), True),
     (_ana({}, ("UserStatus",)), None)],
)  # fmt: skip
def test_a_disabled_user_is_known_and_not_active(tables: Apart, active: bool | None) -> None:
    (row,) = tables.rows("user_profile")
    assert (row["sso_user_exists"], row["sso_user_active"]) == (True, active)


AWS_APP = {"DomainId": "d-1", "UserProfileName": "domain-shared", "AppType": "RStudioServerPro", "AppName": "default"}
RSTUDIO = together(
    domain(document={"DomainSettings": {"RStudioServerProDomainSettings": {"DomainExecutionRoleArn": "arn:r"}}}),
    profile("domain-shared"), profile("ana"),
    record("app", "d-1/profile/domain-shared/RStudioServerPro/default", AWS_APP),
    record("app", "d-1/profile/ana/RSessionGateway/x",
           {"DomainId": "d-1", "UserProfileName": "ana", "AppType": "RSessionGateway", "AppName": "x"}),
)  # fmt: skip


def test_awss_own_profile_and_app_are_nobodys() -> None:
    """Developer guide: the RStudioServerPro app is launched by a special user profile named domain-shared."""
    assert [row["name"] for row in RSTUDIO.rows("user_profile")] == ["ana"]
    assert [row["app_type"] for row in RSTUDIO.rows("app")] == ["RSessionGateway"]
