"""One step of history, state by state, and held against a plain model over many nights."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.history.advance import FORGET_DAYS
from auditor.history.facts import lost_lists
from auditor.model.snapshot import GLOBAL, Gap, GapReason
from tests.budgets import examples

from .builder import ACCOUNT, HERE, REGION, RULES, Chain, fact, night, run, states

A, B = fact("STU101", "ana"), fact("STU501", "ben")


def test_the_first_night_is_all_new() -> None:
    comparison = Chain().then(run(1, A, B, fact("STU501", "cleo", "unknown")))
    assert states(comparison) == {A.fingerprint: "new", B.fingerprint: "new"}
    assert {s.first_seen for s in comparison.standings.values()} == {night(1)}
    assert not any(s.known for s in comparison.standings.values())


def test_open_resolved_regressed() -> None:
    chain = Chain()
    chain.then(run(1, A, B))
    second = chain.then(run(2, A))
    assert states(second) == {A.fingerprint: "open", B.fingerprint: "resolved"}
    assert second.standings[A.fingerprint].first_seen == night(1)
    assert second.standings[A.fingerprint].known
    assert [(p.last_seen, p.finding.first_seen) for p in second.past] == [(night(1), night(1))]
    # What was resolved is told once.
    assert states(chain.then(run(3, A))) == {A.fingerprint: "open"}
    fourth = chain.then(run(4, A, B))
    assert states(fourth) == {A.fingerprint: "open", B.fingerprint: "regressed"}
    back = fourth.standings[B.fingerprint]
    assert (back.first_seen, back.regressed, back.known) == (night(1), 1, False)
    assert states(chain.then(run(5, B)))[B.fingerprint] == "open"
    chain.then(run(6))
    assert chain.then(run(7, B)).standings[B.fingerprint].regressed == 2
    assert chain.rows[B.fingerprint]["regressed"] == 2


@pytest.mark.parametrize("status", ["unknown", "error"])
def test_what_nobody_can_say_is_not_resolved(status: str) -> None:
    chain = Chain()
    chain.then(run(1, A))
    second = chain.then(run(2, fact("STU101", "ana", status)))
    assert states(second) == {A.fingerprint: "not_assessed"}
    assert second.past[0].reason == "STU101 on ana"
    # It is told every night, and no news when it fails again.
    assert states(chain.then(run(3, fact("STU101", "ana", status)))) == {A.fingerprint: "not_assessed"}
    fourth = chain.then(run(4, A))
    assert states(fourth) == {A.fingerprint: "open"}
    assert (fourth.standings[A.fingerprint].known, fourth.standings[A.fingerprint].first_seen) == (True, night(1))


def test_what_was_resolved_and_is_unknown_is_still_resolved() -> None:
    chain = Chain()
    chain.then(run(1, A))
    chain.then(run(2))
    assert states(chain.then(run(3, fact("STU101", "ana", "unknown")))) == {}
    assert states(chain.then(run(4, A))) == {A.fingerprint: "regressed"}


def test_a_rule_that_did_not_run() -> None:
    chain = Chain()
    chain.then(run(1, A, B))
    second = chain.then(run(2, A, rules=["STU101"]))
    assert states(second) == {A.fingerprint: "open", B.fingerprint: "not_assessed"}
    assert second.past[0].reason == "the rule was not evaluated"


def test_a_list_that_could_not_be_read() -> None:
    chain = Chain()
    chain.then(run(1, A, B))
    # ana was listed and passes; ben is not there, and the list is not complete.
    second = chain.then(run(2, lost=[(*HERE, "user_profile")]), present=[A.resource])
    assert states(second) == {A.fingerprint: "resolved", B.fingerprint: "not_assessed"}
    reasons = {p.finding.fingerprint: p.reason for p in second.past}
    assert reasons[A.fingerprint] == "the rule holds now, or no longer applies"
    assert reasons[B.fingerprint] == "the list of such resources could not be read"
    # The list of another type, or of another region, says nothing about profiles here.
    for lost in ((*HERE, "app"), (ACCOUNT, "us-east-1", "user_profile")):
        other = Chain()
        other.then(run(1, A))
        assert states(other.then(run(2, lost=[lost]), present=[])) == {A.fingerprint: "resolved"}


def test_something_of_a_template_that_could_not_be_read_may_have_held_anything() -> None:
    chain = Chain()
    chain.then(run(1, A))
    assert states(chain.then(run(2, lost=[(*HERE, "")]))) == {A.fingerprint: "not_assessed"}


def test_a_resource_that_is_gone() -> None:
    chain = Chain()
    chain.then(run(1, A))
    (past,) = chain.then(run(2), present=[B.resource]).past
    assert (past.state, past.reason) == ("resolved", "the resource is gone")


def test_a_place_that_was_not_audited_is_carried_over() -> None:
    away = fact("STU101", "ana", region="us-east-1")
    chain = Chain()
    chain.then(run(1, A, away, scopes=[HERE, (ACCOUNT, "us-east-1")]))
    second = chain.then(run(2, A))
    assert states(second) == {A.fingerprint: "open", away.fingerprint: "carried_over"}
    third = chain.then(run(3, A, away, scopes=[HERE, (ACCOUNT, "us-east-1")]))
    assert states(third) == {A.fingerprint: "open", away.fingerprint: "open"}


def test_a_role_may_be_in_use_where_nobody_looked() -> None:
    role = fact("STU101", "role", region=GLOBAL, type_="execution_role")
    chain = Chain()
    chain.then(run(1, role, scopes=[HERE, (ACCOUNT, "us-east-1")]))
    assert states(chain.then(run(2), present=[], narrowed=[ACCOUNT])) == {role.fingerprint: "carried_over"}
    assert states(chain.then(run(3), present=[role.resource], narrowed=[ACCOUNT])) == {role.fingerprint: "resolved"}
    again = Chain()
    again.then(run(1, role))
    # Its users' list is lost, so its use is not known.
    lost = [(ACCOUNT, REGION, "user_profile")]
    assert states(again.then(run(2, lost=lost), present=[])) == {role.fingerprint: "not_assessed"}
    assert states(again.then(run(3), present=[])) == {role.fingerprint: "resolved"}


def test_what_a_gap_leaves_open() -> None:
    """Of whom it is not known that they are gone: by the type of the resource, as findings have it."""

    def lost(kind: str, id_: str = "*", setting: str = "*", reason: GapReason = "access_denied") -> set[str]:
        found = lost_lists([Gap(ACCOUNT, REGION, kind, id_, setting, "", reason)])
        assert {(account, region) for account, region, _ in found} <= {HERE}
        return {type_ for _, _, type_ in found}

    assert lost("domain") == {"domain", "user_profile", "space", "app", "execution_role", "lifecycle_config"}
    assert lost("user_profile", "d-1/ana") == {"execution_role", "lifecycle_config"}
    assert lost("user_profile", "d-1/ana", "UserSettings.SharingSettings") == set()
    # Findings on MLflow Apps are of the type that tracking servers are of.
    assert lost("mlflow_app") == {"mlflow_server", "execution_role"}
    assert lost("partner_app", "arn") == {"execution_role"}
    assert lost("sign_in") == lost("role") == lost("user_profile", "a", reason="unresolved_expression") == set()
    assert lost("template", "main.tf", reason="not_assessed") == {""}


def test_a_waiver_that_lapses_is_news_to_a_gate() -> None:
    """It stays the same failure, first seen when it was; but it counts for the first time."""
    waived = fact("STU101", "ana", waived=True)
    chain = Chain()
    chain.then(run(1, A))
    assert chain.then(run(2, waived)).standings[A.fingerprint].known
    third = chain.then(run(3, A)).standings[A.fingerprint]
    assert (third.state, third.known, third.first_seen, third.regressed) == ("open", False, night(1), 0)
    assert chain.then(run(4, A)).standings[A.fingerprint].known
    # Neither an unknown verdict nor a carried night in between makes it known.
    chain.then(run(5, waived))
    chain.then(run(6, fact("STU101", "ana", "unknown")))
    assert not chain.then(run(7, A)).standings[A.fingerprint].known


def test_what_was_resolved_long_ago_is_forgotten() -> None:
    chain = Chain()
    chain.then(run(1, A))
    chain.then(run(2))
    for row in chain.known:
        row["resolved_at"] = "2025-10-01T00:00:00"  # more than FORGET_DAYS before the next run
    assert FORGET_DAYS < 419
    chain.then(run(25))
    assert chain.rows == {}


# The model: what a careful clerk would write down, night by night.


def _clerk(nights: list[dict[str, str]]) -> list[dict[str, tuple[str, str, int, bool]]]:
    """For each night, fingerprint → (state, first seen, regressed, known) of what fails or moved.

    A night maps fingerprints to fail, waived, unknown or not_run; what is not there passes.
    """
    seen: dict[str, dict[str, Any]] = {}
    told = []
    for number, tonight in enumerate(nights, 1):
        out: dict[str, tuple[str, str, int, bool]] = {}
        for name in sorted(seen.keys() | tonight.keys()):
            now, book = tonight.get(name, "pass"), seen.get(name)
            if now in ("fail", "waived"):
                if book is None:
                    book = seen[name] = {"first": night(number), "back": 0, "open": True, "waived": False}
                    state, known = "new", False
                elif not book["open"]:
                    book["back"] += 1
                    state, known = "regressed", False
                else:
                    state, known = "open", not book["waived"]
                book |= {"open": True, "waived": now == "waived"}
                out[name] = (state, book["first"], book["back"], known)
            elif book is not None and book["open"]:
                state = "resolved" if now == "pass" else "not_assessed"
                book["open"] = now != "pass"
                out[name] = (state, book["first"], book["back"], False)
        told.append(out)
    return told


NAMES = ("ana", "ben", "cleo")
_nights = st.lists(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["fail", "fail", "waived", "unknown", "not_run"])),
    min_size=1,
    max_size=7,
)


@examples(60)
@given(nights=_nights)
def test_law_many_nights_are_as_the_clerk_has_them(nights: list[dict[str, str]]) -> None:
    chain = Chain()
    # A rule of its own for each name, so that one can be left out.
    rules = {name: f"STU{101 + number}" for number, name in enumerate(NAMES)}
    expected = _clerk([{fact(rules[n], n).fingerprint: s for n, s in tonight.items()} for tonight in nights])
    for number, (tonight, told) in enumerate(zip(nights, expected, strict=True), 1):
        findings = [
            fact(rules[n], n, "unknown" if s == "unknown" else "fail", waived=s == "waived")
            for n, s in tonight.items()
            if s != "not_run"
        ]
        ran = [rules[n] for n in NAMES if tonight.get(n) != "not_run"]
        comparison = chain.then(run(number, *findings, rules=ran))
        got = {f: (str(s.state), s.first_seen, s.regressed, s.known) for f, s in comparison.standings.items()}
        got |= {
            p.finding.fingerprint: (str(p.state), p.finding.first_seen, p.finding.regressed, False)
            for p in comparison.past
        }
        assert got == told


_facts = st.builds(
    lambda keys, status, waived, scopes, lost, rules: run(
        1,
        *(
            fact(rule, name, status.get(name, "fail"), waived=name in waived and status.get(name) is None)
            for rule, name in sorted(keys)
            if rule in rules and HERE in scopes
        ),
        scopes=scopes,
        lost=lost,
        rules=rules,
    ),
    st.sets(st.tuples(st.sampled_from(RULES), st.sampled_from(NAMES))),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["unknown", "error"])),
    st.sets(st.sampled_from(NAMES)),
    st.sets(st.sampled_from([HERE, (ACCOUNT, "us-east-1")]), min_size=1),
    st.sets(st.sampled_from([(*HERE, "user_profile"), (*HERE, "app")])),
    st.sets(st.sampled_from(RULES), min_size=1),
)


@examples(60)
@given(before=_facts, after=_facts)
def test_law_states_partition(before: Any, after: Any) -> None:
    """Each failure of either run has exactly one state, and only those have one."""
    chain = Chain()
    chain.then(before)
    got = states(chain.then(after))
    failing = {f.fingerprint for f in (*before.findings, *after.findings) if f.status == "fail"}
    assert set(got) == failing
    for f in after.findings:
        if f.status == "fail":
            assert got[f.fingerprint] in ("new", "open")
        elif f.fingerprint in got:
            assert got[f.fingerprint] == "not_assessed"
