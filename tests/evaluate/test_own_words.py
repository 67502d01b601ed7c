"""Words of domains' and accounts' names count as the company's own only where the profiles show that they are nobody's.

Names that are missed without them are found; a person whom the domain is called after is never called generic, whatever
the name of the profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from auditor.errors import RuleError
from auditor.evaluate.audit import evaluate
from auditor.evaluate.engine import evaluate_rules
from auditor.model.accounts import Account
from auditor.model.rule import Rule
from auditor.model.snapshot import SCHEMA_VERSION, Header, Record, Scope, Snapshot
from auditor.resolve import alike_profiles
from auditor.resolve.name_words import user_words, words
from auditor.resources import rules_dir
from auditor.rules.expressions import create_empty_tables
from auditor.rules.load import load_rules
from auditor.store.connection import connect
from auditor.store.snapshot_file import write_snapshot
from tests.evaluate.helpers import ACCOUNT, REGION, rules_of
from tests.rules.test_word_kinds import text

#: Six people, by names in the forms of directories.
PEOPLE = ["grace-hopper", "jdoe", "okafor-n", "lmeier2", "tanaka", "siobhan-b"]
ZENTRIX = ["zentrix-analyst", "zentrix-network-viewer", "zentrix-etl"]


@cache
def _rule(rule_id: str) -> Rule:
    (rule,) = load_rules(sorted(rules_dir().rglob(f"{rule_id}-*.yaml")))
    return rule


def generic(
    domains: Mapping[str, Sequence[str]],
    account_name: str = "",
    parameters: Mapping[str, Sequence[str]] | None = None,
    sso: bool = False,
    weighed: bool = False,
) -> set[str]:
    """The names that STU101 (of Identity Center users: STU105) calls generic. ``domains``: name → its profiles;
    ``weighed``: words are told by their letters as well, by which no person is called ``zentrix``."""
    rule = _rule("STU105" if sso else "STU101")
    if not weighed:
        rule = replace(rule, unlike_names=None)
    con = connect()
    create_empty_tables(con)
    alike_profiles.prepare(con)
    profiles = [
        (f"d-{n}", f"{n}/{k}", name) for n, names in enumerate(domains.values()) for k, name in enumerate(names)
    ]
    con.executemany(
        "insert into domain (key, account, region, domain_id, name) values (?, ?, ?, ?, ?)",
        [[f"d-{number}", ACCOUNT, REGION, f"d-{number}", name] for number, name in enumerate(domains)],
    )
    con.executemany(
        f"""
        insert into user_profile (key, account, region, domain_id, unified_studio, auth_mode,
                                  name, name_tokens, sso_user, sso_user_tokens)
        select $key, '{ACCOUNT}', '{REGION}', $domain, false, $mode,
               $name, {words("$name")}, $user, {user_words("$user")}
        """,
        [
            {"key": key, "domain": domain, "mode": "SSO" if sso else "IAM", "name": key if sso else name,
             "user": name if sso else ""}
            for domain, key, name in profiles
        ],
    )  # fmt: skip
    named = [(ACCOUNT, account_name)] if account_name else []
    evaluate_rules(con, [rule], {rule.id: dict(parameters or {})}, named)
    rows = con.execute(f"""select key from verdict_user_profile where "{rule.id}" = 'fail'""").fetchall()
    texts = {key: name for _, key, name in profiles}
    return {texts[key] for (key,) in rows}


@pytest.mark.parametrize(
    "domain",
    ["zentrix", "zentrix-ml", "Zentrix-Studio-Prod", "ml-zentrix-2024", "zen-trix", "ZentrixDataScience", "ZENTRIX"],
)
def test_the_word_of_the_domain_is_the_companys(domain: str) -> None:
    assert generic({domain: [*PEOPLE, *ZENTRIX]}) == set(ZENTRIX)


@pytest.mark.parametrize("domain", ["studio", "data-science", "d-1", "phoenix-ml", "zent", "zentrixcorp", "x"])
def test_a_word_that_no_domain_has_is_nobodys(domain: str) -> None:
    assert generic({domain: [*PEOPLE, *ZENTRIX]}) == set()


def test_the_word_counts_in_every_domain_of_the_run() -> None:
    domains = {
        "zentrix-ml": [*PEOPLE, ZENTRIX[0]],
        "sandbox": [ZENTRIX[1]],
        "other": ["zentrix-hr-intern", "zentrixa-dev"],
    }
    # A word that begins with it may be a person's, and so the word itself.
    assert generic(domains) == set()
    domains["other"] = ["zentrix-hr-intern"]
    assert generic(domains) == {*ZENTRIX[:2], "zentrix-hr-intern"}


def test_people_of_other_domains_are_looked_at_where_a_name_holds_the_word() -> None:
    """A company's word may be the name of somebody who works in a domain that is called otherwise."""
    zentrix = {"zentrix-ml": [*PEOPLE, *ZENTRIX]}
    alike = ["hopper-admin", "tanaka-admin"]
    assert generic({**zentrix, "research": ["zentrix-admin", *alike]}) == set()
    assert generic({**zentrix, "research": ["zentrix-admin"], "elsewhere": alike}) == {*ZENTRIX, "zentrix-admin"}
    users = [f"{name}@zentrix.example" for name in (*PEOPLE, *ZENTRIX)]
    assert generic({"zentrix-ml": users, "research": ["zentrix-admin", "osei-admin"]}, sso=True) == set()


def test_the_accounts_name_tells_as_well() -> None:
    assert generic({"studio": [*PEOPLE, *ZENTRIX]}, "Zentrix ML (prod)") == set(ZENTRIX)
    assert generic({"studio": [*PEOPLE, *ZENTRIX]}, "Nordwand's account") == set()
    assert generic({"studio": ZENTRIX}, "Zentrix") == set()


def test_names_of_accounts_come_from_the_organization(tmp_path: Path) -> None:
    """Through a snapshot, whose header has them."""
    header = Header(SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0", "1.44.5", "", (Scope(ACCOUNT, REGION),))
    records = [
        Record(ACCOUNT, REGION, "account_region", REGION, {}),
        Record(ACCOUNT, REGION, "domain", "d-1", {"DomainId": "d-1", "DomainName": "studio", "AuthMode": "IAM"}),
        *(Record(ACCOUNT, REGION, "user_profile", f"d-1/{name}",
                 {"DomainId": "d-1", "UserProfileName": name, "UserSettings": {}})
          for name in [*PEOPLE, *ZENTRIX]),
    ]  # fmt: skip
    for name, found in (("Zentrix", set(ZENTRIX)), ("", set())):
        path = tmp_path / f"{name}.jsonl"
        write_snapshot(path, Snapshot(replace(header, accounts=(Account(ACCOUNT, name),)), tuple(records), ()))
        report = evaluate([path], [replace(_rule("STU101"), unlike_names=None)])
        assert {finding.resource.name for finding in report.findings} == found


def test_identity_center_users_are_asked_alike() -> None:
    users = [f"{name.replace('-', '.')}@zentrix.example" for name in [*PEOPLE, *ZENTRIX]]
    assert generic({"zentrix": users}, sso=True) == set(users[len(PEOPLE) :])


def test_words_of_a_name_may_be_written_together() -> None:
    names = ["rossstores-analyst", "rossstores-hr-viewer", "rossstores-etl"]
    assert generic({"Ross-Stores-ML": [*PEOPLE, *names]}) == set(names)
    names = ["lasvegassands-analyst", "lasvegassands-hr-viewer", "lasvegassands-etl"]
    assert generic({"las-vegas-sands": [*PEOPLE, *names]}) == set(names)
    assert generic({"sands-vegas-las": [*PEOPLE, *names]}) == set()


LISTED = ["team-leads", "user-1", "user-2", "admin", "data-team", "ci-runner"]


@pytest.mark.parametrize("word", ["kowalski", "dernewtz"])
@pytest.mark.parametrize(
    "own",
    [
        ["{}-dev"],  # one profile of the person's
        ["{}-dev", "{}-admin", "{}-qa"],  # two, and nobody else
        ["{}-dev", "{}-test", "qa-{}", "{}"],
        ["{}", "{}-dev", "{}-admin", "{}-qa", *PEOPLE],  # with the plain name, among others
        ["j{}", "{}-dev", "{}-admin", "{}-qa", *PEOPLE],
        ["{}j", "{}-dev", "{}-admin", "{}-qa", *PEOPLE],
        ["j-{}", "{}-dev", "{}-admin", "{}-qa", *PEOPLE],
        ["{}-jk", "{}-dev", "{}-admin", "{}-qa", *PEOPLE],
        ["{}okafor", "{}-dev", "{}-admin", "{}-qa", *PEOPLE],
        ["okafor-{}", "{}-dev", "{}-admin", "{}-qa", *PEOPLE],
        ["{}-dev", *PEOPLE],  # one profile among others
        ["{}-dev", "{}-admin", *PEOPLE],  # two
        ["{}-dev", "{}-admin", "{}-qa", "hopper-dev", *PEOPLE],  # named as somebody else
        ["{}-dev", "{}-admin", "{}-qa", "tanaka-admin", *PEOPLE],
        ["{}-ml-dev", "{}-admin", "{}-qa", "dev-ml-tanaka", *PEOPLE],
        ["{}-dev", "{}-admin", "{}-qa", *PEOPLE[:4]],  # too few others
        ["dev-{}", "admin-{}", "qa-{}", *LISTED],
        ["{}-dev", "{}-admin", "{}-qa", "lab-{}", *PEOPLE],  # once at the end
        ["dev-{}-ml", "admin-{}-ml", "qa-{}-ml", *PEOPLE],  # never at the beginning
        ["{}-dev", "ml-{}-dev", "dev-{}-ml", "{}-qa", *PEOPLE],
    ],
    ids=lambda own: "+".join(own[:4]),
)
def test_nobody_is_wronged_whom_a_domain_is_called_after(word: str, own: Sequence[str]) -> None:
    found = generic({f"{word}-lab": [name.format(word) for name in own]}, f"Sandbox {word}")
    assert not any(word in name for name in found)
    assert found == {name for name in own if name in LISTED}


@pytest.mark.parametrize("domain", ["maria", "maria-sandbox", "team-maria", "MariaLab"])
def test_no_form_of_the_domains_name_wrongs_anybody(domain: str) -> None:
    assert generic({domain: ["maria-dev", "maria-admin", "maria-qa", "hopper-dev", *PEOPLE]}) == set()


def test_a_name_that_is_the_word_alone_is_a_persons() -> None:
    """Also where everybody else has two words in the name, so that nobody is named alike."""
    others = ["grace-hopper", "okafor-n", "siobhan-b", "ada-lovelace", "n-okoro", "meier-lena"]
    roles = ["maria-dev", "maria-admin", "maria-qa"]
    assert generic({"maria-ml": [*others, *roles, "maria"]}) == set()
    assert generic({"maria-ml": [*others, *roles]}) == set(roles), "nothing else shows who she is"


def test_a_full_name_stays_a_persons() -> None:
    """Both of its words are in the domain's name, and neither speaks for the other."""
    names = ["maria-okafor-dev", "maria-okafor-admin", "maria-okafor-qa", *PEOPLE]
    assert generic({"maria-okafor": names}) == set()


def test_a_domain_called_after_its_only_user() -> None:
    assert generic({"jsmith": ["jsmith"]}) == set()
    assert generic({"jsmith": ["jsmith-dev"], "studio": PEOPLE}) == set()
    assert generic({"jsmith": ["jsmith-dev", "jsmith-admin", "jsmith-qa"], "studio": PEOPLE}) == set()


def test_who_has_the_words_name_can_say_so() -> None:
    domains = {"zentrix": [*PEOPLE, *ZENTRIX]}
    assert generic(domains, parameters={"more_names": ["zentrix"]}) == set()


def test_five_people_by_other_words_are_enough() -> None:
    for others, found in ((PEOPLE[:5], set(ZENTRIX)), (PEOPLE[:4], set()), ([*PEOPLE[:4], "admin", "user-2"], set())):
        left = generic({"zentrix": [*others, *ZENTRIX]}) - {"admin", "user-2"}
        assert left == found


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ({"unlisted": "sx", "generic": "c", "person": "sx"}, "generic must have a letter for each of unlisted"),
        ({"unlisted": "s", "generic": "c", "person": "x"}, "person must have each letter of unlisted"),
    ],
)
def test_letters_that_do_not_fit_are_refused(own: dict[str, str], reason: str, tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=reason):
        rules_of(tmp_path, text(own_words=own))
    with pytest.raises(RuleError, match="own_words: needs the field word_kind"):
        rules_of(tmp_path, text(own_words=own, word_kind=None, require="name <> ''"))


def test_a_rule_that_takes_the_words_takes_what_is_the_companys() -> None:
    assert _rule("STU101").own_words is not None
    assert _rule("STU105").own_words == _rule("STU101").own_words
