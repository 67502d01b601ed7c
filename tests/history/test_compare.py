"""A run beside another: nothing moves between a run and itself, and a baseline absorbs nothing that is new."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from auditor.evaluate.gate import apply_gate, exit_code, reaches
from auditor.history.compare_runs import compare, difference
from auditor.history.facts import Facts, facts_of
from auditor.model.finding import Evidence, Finding
from auditor.model.report import Gate, Report
from auditor.model.resource import Origin
from auditor.model.rule import Severity, Verdict
from auditor.model.waiver import ResourcePattern, Waiver
from tests.budgets import examples

from .builder import ACCOUNT, HERE, Chain, fact, run, states

A, B, C = fact("STU101", "ana"), fact("STU501", "ben"), fact("STU501", "cleo")
AWAY = (ACCOUNT, "us-east-1")


def test_what_moved() -> None:
    waived_a = replace(A, waived=True)
    old = run(1, A, B, fact("STU501", "dora"), fact("STU101", "eve", region="us-east-1"), scopes=[HERE, AWAY])
    new = run(2, waived_a, C, fact("STU501", "dora", "unknown"))
    moved = difference(old, new)
    assert [f.fingerprint for f in moved.appeared] == [C.fingerprint]
    assert [f.fingerprint for f in moved.waived] == [A.fingerprint]
    assert [p.finding.fingerprint for p in moved.resolved] == [B.fingerprint]
    assert [p.finding.resource.name for p in moved.not_assessed] == ["dora"]
    assert [p.finding.resource.name for p in moved.carried_over] == ["eve"]
    assert (moved.regressed, moved.lapsed, moved.unmoved) == ((), (), 0)
    assert moved.worse == moved.appeared
    back = difference(new, replace(old, as_of=new.as_of))
    assert [f.fingerprint for f in back.lapsed] == [A.fingerprint]


def test_the_new_runs_own_history_tells_regressed_from_new() -> None:
    moved = difference(run(1), run(2, replace(A, regressed=1)))
    assert (moved.appeared, [f.fingerprint for f in moved.regressed]) == ((), [A.fingerprint])


def test_a_new_failure_that_is_waived_makes_nothing_worse() -> None:
    moved = difference(run(1), run(2, replace(A, waived=True)))
    assert (moved.moved, moved.worse) == (True, ())


_names = st.sampled_from(["ana", "ben", "cleo", "dora"])
_facts = st.builds(
    lambda found, lost, scopes, pending: run(
        1,
        *(
            fact(rule, name, status, waived=waived and status == "fail", region=region, regressed=back)
            for (rule, name, region), (status, waived, back) in sorted(found.items())
            if (ACCOUNT, region) in scopes
        ),
        lost=lost,
        scopes=scopes,
        pending=[replace(fact("STU999", name), last_seen="2026-10-01T00:00:00Z") for name in sorted(pending)],
    ),
    st.dictionaries(
        st.tuples(st.sampled_from(["STU101", "STU501"]), _names, st.sampled_from([HERE[1], AWAY[1]])),
        st.tuples(st.sampled_from(["fail", "fail", "unknown"]), st.booleans(), st.integers(0, 1)),
    ),
    st.sets(st.just((*HERE, "user_profile"))),
    st.sets(st.sampled_from([HERE, AWAY]), min_size=1),
    st.sets(_names, max_size=2),
)


@examples(40)
@given(run_=_facts)
def test_law_nothing_moves_between_a_run_and_itself(run_: Facts) -> None:
    moved = difference(run_, run_)
    assert not moved.moved
    assert moved.unmoved == sum(f.status is Verdict.FAIL for f in run_.findings)


@examples(40)
@given(old=_facts, new=_facts)
def test_law_what_moved_is_in_one_list(old: Facts, new: Facts) -> None:
    moved = difference(old, new)
    lists = [
        *(f.fingerprint for part in (moved.appeared, moved.regressed, moved.lapsed, moved.waived) for f in part),
        *(p.finding.fingerprint for part in (moved.resolved, moved.not_assessed, moved.carried_over) for p in part),
    ]
    failing = {f.fingerprint for f in (*old.findings, *new.findings) if f.status is Verdict.FAIL}
    assert len(lists) == len(set(lists))
    assert set(lists) <= failing
    assert len(failing) == len(lists) + moved.unmoved


@examples(30)
@given(old=_facts, new=_facts)
def test_law_a_store_of_two_nights_says_the_same(old: Facts, new: Facts) -> None:
    chain = Chain()
    chain.then(old)
    here = {s for s in states(chain.then(replace(new, as_of="2026-11-02T02:00:00Z"))).items() if s[1] != "carried_over"}
    there = {s for s in states(compare(old, new, pending=False)).items() if s[1] != "carried_over"}
    assert here == there


# The gate beside a baseline.


def _report(facts: Facts) -> Report:
    waiver = Waiver(("X",), ResourcePattern(), "r", "o", date(2027, 1, 1))
    findings = tuple(
        Finding(
            f.fingerprint, f.rule_id, f.status, f.severity, f.resource, f.message,
            (Evidence("x", 1, Origin("derived", "", "x")),), "c", None, waiver if f.waived else None,
            regressed=f.regressed,
        )
        for f in facts.findings
    )  # fmt: skip
    failed = [f for f in findings if f.status is Verdict.FAIL and f.waiver is None]
    return Report(
        "0", facts.as_of, "aws", (), {"user_profile": len(findings)},
        {"fail": len(failed), "unknown": 0, "error": 0, "waived": 0, "pass": 0, "not_applicable": 0},
        {str(s): sum(f.severity is s for f in failed) for s in Severity}, (), (), (), (), (), findings,
    )  # fmt: skip


def _gated(facts: Facts, baseline: Facts | set[str]) -> set[str]:
    policy = Gate(Severity.LOW, new_only=True)
    known = baseline if isinstance(baseline, set) else baseline.known
    return {f.fingerprint for f in apply_gate(_report(facts), policy, None, known).findings if f.gates}


@examples(60)
@given(new=_facts, data=st.data())
def test_law_a_baseline_is_monotone_and_absorbs_nothing_new(new: Facts, data: st.DataObject) -> None:
    fingerprints = sorted(f.fingerprint for f in new.findings)
    few = data.draw(st.sets(st.sampled_from(fingerprints))) if fingerprints else set()
    more = few | (data.draw(st.sets(st.sampled_from(fingerprints))) if fingerprints else set())
    gates = {f.fingerprint for f in apply_gate(_report(new), Gate(Severity.LOW)).findings if f.gates}
    # The more a baseline holds, the less fails; and exactly what it does not hold does.
    assert _gated(new, more) <= _gated(new, few) <= gates
    assert _gated(new, few) == gates - few
    assert _gated(new, set()) == gates
    # Of a run's own baseline nothing fails.
    assert _gated(new, new) == set()


def test_what_a_baseline_does_not_forgive() -> None:
    old = run(1, A, replace(B, waived=True), fact("STU501", "cleo", "unknown"))
    new = run(2, A, B, C)
    # A waiver that lapsed, and what nobody could say then.
    assert _gated(new, old) == {B.fingerprint, C.fingerprint}


def test_a_baselines_unresolved_failures_are_no_news() -> None:
    """It failed before the baseline, and the baseline could not say."""
    old = run(1, fact("STU101", "ana", "unknown"), pending=[replace(A, last_seen="2026-10-01T00:00:00Z")])
    assert _gated(run(2, A), old) == set()


def test_regressed_counts_as_new_whatever_the_baseline_holds() -> None:
    chain = Chain()
    chain.then(run(1, A))
    chain.then(run(2))
    third = run(3, A)
    comparison = chain.then(third)
    policy = Gate(Severity.LOW, new_only=True)
    for baseline in (None, {A.fingerprint}):
        report = apply_gate(_report(third), policy, comparison, baseline)
        assert (report.gate.failed, exit_code(report)) == (1, 4)


def test_new_only_beside_the_last_run() -> None:
    chain = Chain()
    chain.then(run(1, A))
    second = run(2, A, B)
    report = apply_gate(_report(second), Gate(Severity.LOW, new_only=True), chain.then(second))
    assert {f.fingerprint for f in report.findings if f.gates} == {B.fingerprint}
    assert {f.fingerprint: str(f.state) for f in report.findings} == {A.fingerprint: "open", B.fingerprint: "new"}
    third = run(3, A, B)
    assert exit_code(apply_gate(_report(third), Gate(Severity.LOW, new_only=True), chain.then(third))) == 0


def test_thresholds_by_rule_and_account() -> None:
    """The rule's own stands before the account's, that before the general one."""
    policy = Gate(
        Severity.HIGH,
        by_rule={"STU501": None, "STU101": Severity.LOW},
        by_account={"999999999999": Severity.INFO, ACCOUNT: Severity.CRITICAL},
    )

    def stops(rule: str, account: str, severity: Severity) -> bool:
        found = fact(rule, "ana", account=account, severity=severity)
        return reaches(_report(run(1, found, scopes=[(account, HERE[1])])).findings[0], policy)

    assert not stops("STU501", "999999999999", Severity.CRITICAL)
    assert stops("STU101", ACCOUNT, Severity.LOW)
    assert not stops("STU101", ACCOUNT, Severity.INFO)
    assert stops("STU203", "999999999999", Severity.INFO)
    assert not stops("STU203", ACCOUNT, Severity.HIGH)
    assert stops("STU203", ACCOUNT, Severity.CRITICAL)
    assert stops("STU203", "000000000000", Severity.HIGH)
    assert not stops("STU203", "000000000000", Severity.MEDIUM)


def test_what_is_known_of_a_report() -> None:
    facts = run(1, A, replace(B, waived=True), fact("STU501", "cleo", "unknown"))
    assert facts_of(_report(facts)).known == facts.known == {A.fingerprint}
