"""What a profile's row says beyond its own settings: words of its name, who else has its role, what is subscribed."""

from __future__ import annotations

import pytest

from auditor.studio.personas import DEFAULT_PERSONAS, Match, Persona

from .builder import Apart, Tables, Together, domain, place, profile, record

together = Together()
WORDS = {
    "grace-hopper": ["grace", "hopper"],
    "user2": ["user"],
    "default-20250513T204284": ["default", "t"],
    "mlEngineers": ["ml", "engineers"],
    "DS-Team": ["ds", "team"],
    "DSTeam": ["ds", "team"],
    "JSmith2": ["j", "smith"],
    "MLOPs": ["mlops"],
    "GraceHopper": ["grace", "hopper"],
    "j-smith": ["j", "smith"],
    "shared-01": ["shared"],
    "adminah": ["adminah"],
    "a1b2c3": ["a", "b", "c"],
    "123": [],
}


NAMED = together(domain(), *(profile(name) for name in WORDS))


def test_words_of_a_name() -> None:
    """Lower case, split on separators, digits and changes of case; an acronym ends before a word, not before an s."""
    rows = NAMED.by_name("user_profile")
    assert {name: row["name_tokens"] for name, row in rows.items()} == WORDS


USERS = {
    "jdoe@team.example": ["jdoe"],
    "ml-team@acme.example": ["ml", "team"],
    "José.Núñez": ["josé", "núñez"],
    "Jose\u0301.Nun\u0303ez": ["jose\u0301", "nun\u0303ez"],
    "ACME\\svc_ml": ["svc", "ml"],
    "acme.example\\o'neil": ["o", "neil"],
    "अमित.कुमार@acme.example": ["अमित", "कुमार"],
    "山田太郎": ["山田太郎"],
}


PEOPLE = together(
    domain(), profile("none"), profile("unseen", gaps=["SingleSignOnUserValue"]),
    *(profile(f"p{n}", also={"SingleSignOnUserValue": user}) for n, user in enumerate(USERS)),
)  # fmt: skip


def test_words_of_an_identity_center_user() -> None:
    """Only what stands before the @, and after a directory's own name, speaks; accents are letters, and marks belong to
    theirs; an unseen user has no words, not none."""
    rows = PEOPLE.by_name("user_profile")
    assert [rows[f"p{n}"]["sso_user_tokens"] for n in range(len(USERS))] == list(USERS.values())
    assert (rows["none"]["sso_user"], rows["none"]["sso_user_tokens"]) == ("", [])
    assert (rows["unseen"]["sso_user"], rows["unseen"]["sso_user_tokens"]) == (None, None)


def _role(arn: str) -> dict[str, str]:
    return {"ExecutionRole": arn}


def test_who_has_the_same_role() -> None:
    """Counted over the account, since roles are global to it, and over who inherits it as well; never over accounts."""
    rows = Tables(
        domain("d-1", {"DefaultUserSettings": _role("arn:shared")}), domain("d-2"),
        domain("d-3", region="us-east-1"),
        profile("inherits"), profile("sets", _role("arn:shared"), of="d-2"),
        profile("far", _role("arn:shared"), of="d-3", region="us-east-1"),
        profile("own", _role("arn:own"), of="d-2"), profile("none", of="d-2"),
        domain("d-4", account="444455556666"),
        profile("stranger", _role("arn:own"), of="d-4", account="444455556666"),
    ).by_name("user_profile")  # fmt: skip
    assert {name: row["execution_role_profiles"] for name, row in rows.items()} == {
        "inherits": 3, "sets": 3, "far": 3, "own": 1, "none": 0, "stranger": 1,
    }  # fmt: skip


TWO_AND_ONE = (
    domain(), profile("a", _role("arn:two")), profile("b", _role("arn:two")), profile("one", _role("arn:one")),
)  # fmt: skip
ROLES_UNLISTED = together(place(["user_profile"]), *TWO_AND_ONE, profile("none"))
ROLES_UNSEEN = together(*TWO_AND_ONE, profile("unseen", gaps=["*"]))


def test_who_has_the_same_role_where_not_everybody_was_seen() -> None:
    """Several are several; one could be more."""
    counts = {name: row["execution_role_profiles"] for name, row in ROLES_UNLISTED.by_name("user_profile").items()}
    assert counts == {"a": 2, "b": 2, "one": None, "none": 0}
    counts = {name: row["execution_role_profiles"] for name, row in ROLES_UNSEEN.by_name("user_profile").items()}
    assert counts == {"a": 2, "b": 2, "one": None, "unseen": None}


PARTNERS: list[tuple[str, str, str | None]] = [
    ("comet", "Available", "Comet"),
    ("lakera-guard", "Updating", "LakeraGuard"),
    ("deepchecks-llm-evaluation", "UpdateFailed", "DeepchecksLLMEvaluation"),
    ("fiddler", "Creating", None),
    ("fiddler", "Deleted", None),
    ("fiddler", "Failed", None),
    ("something-of-tomorrow", "Available", None),
]


IN_SERVICE = sorted(tool for _, _, tool in PARTNERS if tool)


def _subscribed(gaps: list[str]) -> Apart:
    apps = [record("partner_app", f"arn:{n}", {"Type": t, "Status": s}) for n, (t, s, _) in enumerate(PARTNERS)]
    other = record("partner_app", "arn:far", {"Type": "fiddler", "Status": "Available"}, region="us-east-1")
    return together(place(gaps), place(region="us-east-1"), other, *apps, domain(), profile("ana"))


@pytest.mark.parametrize(
    ("tables", "expected"), [(_subscribed([]), IN_SERVICE), (_subscribed(["partner_app"]), None)]
)  # fmt: skip
def test_subscribed_partner_tools(tables: Apart, expected: list[str] | None) -> None:
    """By the names that HiddenMlTools uses; in service only; unknown where the list could not be read."""
    assert tables.rows("user_profile")[0]["subscribed_partner_tools"] == expected
    places = {row["id"]: row["subscribed_partner_tools"] for row in tables.rows("account_region")}
    assert places == {"eu-west-1": expected, "us-east-1": ["Fiddler"]}


TAGGED = together(
    domain(), profile("tagged", tags=(("owner", "ana"), ("k", ""))), profile("bare", tags=()),
    profile("unread", tags=None, gaps=["Tags"]),
)  # fmt: skip


def test_tags() -> None:
    """No tags is an empty map; tags that could not be read are NULL."""
    rows = TAGGED.by_name("user_profile")
    assert rows["tagged"]["tags"] == {"owner": "ana", "k": ""}
    assert rows["bare"]["tags"] == {}
    assert rows["unread"]["tags"] is None


def test_tags_that_are_certain_beside_others() -> None:
    """A template may know some: where they decide, a persona is certain. A value that it does not know decides none."""
    by_kind = (Persona("analyst", matches=(Match(tags={"kind": "analyst"}),)), *DEFAULT_PERSONAS)
    tables = Tables(
        domain(tags=(("owner", "ana"),), gaps=["Tags"]),
        profile("certain", tags=(("kind", "analyst"),), gaps=["Tags"]),
        profile("other", tags=(("kind", "intern"),), gaps=["Tags"]),
        profile("open", tags=(("owner", "ana"),), gaps=["Tags"]),
        profile("unnamed", tags=(("kind", "${var.kind}"),)),
        personas=by_kind,
    )
    (row,) = tables.rows("domain")
    assert row["tags"] is None
    assert row["known_tags"] == {"owner": "ana"}
    personas = {name: row["persona"] for name, row in tables.by_name("user_profile").items()}
    default = DEFAULT_PERSONAS[-1].name
    assert personas == {"certain": "analyst", "other": default, "open": None, "unnamed": None}
