"""What a waiver sets aside, what it never does, and how it stands. Days are held against the report's as_of, in UTC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.evaluate.audit import EvaluateOptions, evaluate, load_tables
from auditor.evaluate.gate import apply_gate, cause_order, exit_code, set_aside, waive
from auditor.model.finding import Evidence, Finding, RootCause, State
from auditor.model.report import Gate, Report
from auditor.model.resource import Origin, ResourceRef
from auditor.model.rule import Rule, Severity, Verdict
from auditor.model.snapshot import Gap, Record
from auditor.model.waiver import ResourcePattern, Waiver, WaiverStatus
from auditor.waivers.match import Waivers, glob, match_waivers, read_tags, same_value
from tests.evaluate.helpers import ACCOUNT, REGION, changed, domain, profile, rules_of, snapshot_file

DAY = date(2026, 11, 23)  # of helpers.snapshot_file's as_of


def waiver(**members: Any) -> Waiver:
    base = Waiver(("TST001",), ResourcePattern("domain"), "because", "jane", date(2027, 1, 1))
    return replace(base, **members)


Audit = Callable[..., Report]

TAG = "TST001 until=2027-03-31 owner=jane@example.com ticket=SEC-12 reason=Kept for the  course"
#: what stands in a tag that waives nothing -> what is wrong with it
MALFORMED = [
    ("", "names no rule"),
    ("until=2027-03-31 owner=j reason=r", "names no rule"),
    ("TST009 until=2027-03-31 owner=j reason=r", "there is no rule or area 'TST009'"),
    ("TST001 TST009 until=2027-03-31 owner=j reason=r", "there is no rule or area 'TST009'"),
    ("TST001 owner=j reason=r", "until= is missing"),
    ("TST001 until=2027-03-31 reason=r", "owner= is missing"),
    ("TST001 until=2027-03-31 owner=j", "reason= is missing"),
    ("TST001 until=2027-03-31 owner=j reason=", "reason= is missing"),
    ("TST001 until=31.3.2027 owner=j reason=r", "until=31.3.2027 is not a date (YYYY-MM-DD)"),
    ("TST001 until=never owner=j reason=r", "until=never is not a date (YYYY-MM-DD)"),
    ("TST001 until=2027-02-30 owner=j reason=r", "until=2027-02-30 is not a date (YYYY-MM-DD)"),
    ("TST001 until=2027-03-31 until=2028-03-31 owner=j reason=r", "until= is given twice"),
    ("TST001 till=2027-03-31 owner=j reason=r", "there is no till= (known: until, owner, ticket, reason)"),
    ("TST001 until=2027-03-31 TST002 owner=j reason=r", "'TST002' stands behind until=: rules come first"),
]


class _Evaluated:
    """Records under rules, evaluated once: the waivers of each test are applied to the report that came of it."""

    def __init__(self, folder: Path, rules: tuple[Rule, ...], *records: Record) -> None:
        file = snapshot_file(folder / "s.jsonl", *records)
        self._rules, self._report = rules, evaluate([file], rules)
        self._con, _ = load_tables([file])

    def under(self, *waivers: Waiver, tag: str = "", as_of: str = "") -> Report:
        weighed = Waivers(waivers, tag, self._rules)
        report = replace(self._report, as_of=as_of) if as_of else self._report
        return apply_gate(set_aside(report, weighed, read_tags(self._con, weighed.tag_keys)), Gate())


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """The report on two IAM domains and one with SSO, under TST001 (sign in with SSO), with the waivers. The first has
    tags of all kinds; those under one key are read."""
    folder = tmp_path_factory.mktemp("waivers")
    tags = {
        "studio-waiver": TAG, "lapsed": TAG.replace("2027-03-31", "2026-11-22"),
        **{f"malformed-{number}": text for number, (text, _) in enumerate(MALFORMED)},
    }  # fmt: skip
    tagged = replace(domain("d-1"), tags=tuple(tags.items()))
    rules = rules_of(folder, changed(severity="high"))
    return _Evaluated(folder, rules, tagged, domain("d-2"), domain("d-3", {"AuthMode": "SSO"})).under


def waived(report: Report) -> set[str]:
    return {f.resource.id for f in report.findings if f.waiver is not None}


def status(report: Report) -> list[tuple[WaiverStatus, int]]:
    return [(w.status, w.matches) for w in report.waivers]


def test_a_waived_failure_keeps_its_verdict_and_counts_nowhere_else(audit: Audit) -> None:
    before, after = audit(), audit(waiver(resources=ResourcePattern(name="name-of-d-1")))
    assert (before.by_status["fail"], before.by_status["waived"], before.by_severity["high"]) == (2, 0, 2)
    assert (after.by_status["fail"], after.by_status["waived"], after.by_severity["high"]) == (1, 1, 1)
    assert {(f.resource.id, f.status, f.state) for f in after.findings} == {
        ("d-1", Verdict.FAIL, State.WAIVED),
        ("d-2", Verdict.FAIL, None),
    }
    assert (after.rules[0].counts["fail"], after.rules[0].counts["waived"]) == (1, 1)
    assert {d.resource.id: d.failed["high"] for d in after.domains} == {"d-1": 0, "d-2": 1, "d-3": 0}
    affects = {c.resource.id: c.affects for c in after.root_causes}
    assert affects == {"d-2": 1, "d-1": 0}
    # What is all waived comes last, whatever its severity.
    assert [c.affects for c in after.root_causes] == [1, 0]
    assert {f.fingerprint for f in after.findings} == {f.fingerprint for f in before.findings}


def test_a_run_of_waived_failures_passes_the_gate(audit: Audit) -> None:
    assert exit_code(audit()) == 4
    assert exit_code(audit(waiver(resources=ResourcePattern(name="name-of-d-1")))) == 4
    assert exit_code(audit(waiver())) == 0


@pytest.mark.parametrize(
    ("expires", "as_of", "expected"),
    [
        # The day itself is included, to its last second, in UTC.
        (date(2026, 11, 23), "2026-11-23T23:59:59Z", WaiverStatus.EXPIRING),
        (date(2026, 11, 23), "2026-11-24T00:00:00Z", WaiverStatus.LAPSED),
        (date(2026, 11, 22), "2026-11-23T00:00:00Z", WaiverStatus.LAPSED),
        # Pointed out when it lapses within 14 days.
        (date(2026, 12, 7), "2026-11-23T02:00:00Z", WaiverStatus.EXPIRING),
        (date(2026, 12, 8), "2026-11-23T02:00:00Z", WaiverStatus.ACTIVE),
    ],
)
def test_days(audit: Audit, expires: date, as_of: str, expected: WaiverStatus) -> None:
    report = audit(waiver(expires=expires), as_of=as_of)
    assert status(report) == [(expected, 2)]
    assert waived(report) == (set() if expected is WaiverStatus.LAPSED else {"d-1", "d-2"})


def test_one_that_matches_nothing_is_unused(audit: Audit) -> None:
    assert status(audit(waiver(resources=ResourcePattern(name="name-of-d-3")))) == [(WaiverStatus.UNUSED, 0)]


def test_one_that_speaks_of_other_rules_or_places_is_not_unused(audit: Audit) -> None:
    """Nobody looked there tonight."""
    for other in (
        waiver(rules=("TST002",)),
        waiver(rules=("TST001", "TST002"), resources=ResourcePattern(name="name-of-d-3")),
        waiver(resources=ResourcePattern(account="999999999999")),
        waiver(resources=ResourcePattern(region="us-*")),
    ):
        assert status(audit(other)) == [(WaiverStatus.ACTIVE, 0)]


@pytest.mark.parametrize(
    ("value", "stands", "matches"),
    [("IAM", WaiverStatus.ACTIVE, 2), ("SSO", WaiverStatus.VOID, 2), ("iam", WaiverStatus.VOID, 2)],
)
def test_another_value_voids_it(audit: Audit, value: str, stands: WaiverStatus, matches: int) -> None:
    report = audit(waiver(for_value=True, value=value))
    assert status(report) == [(stands, matches)]
    assert len(waived(report)) == (2 if stands is WaiverStatus.ACTIVE else 0)


def test_the_first_one_in_force_counts(audit: Audit) -> None:
    lapsed, first, second = waiver(expires=DAY.replace(day=1)), waiver(owner="first"), waiver(owner="second")
    report = audit(lapsed, first, second)
    assert {f.waiver.owner for f in report.findings if f.waiver} == {"first"}
    # The others match as well; none of them is called unused.
    assert status(report) == [(WaiverStatus.LAPSED, 2), (WaiverStatus.ACTIVE, 2), (WaiverStatus.ACTIVE, 2)]


def test_nothing_unknown_can_be_waived(tmp_path: Path) -> None:
    """Nobody can accept what nobody has seen. Nor is the waiver called unused for it."""
    rules = rules_of(tmp_path, changed())
    file = snapshot_file(tmp_path / "s.jsonl", domain("d-1", gaps=["AuthMode"], document={"AuthMode": None}))
    report = evaluate([file], rules, EvaluateOptions(waivers=Waivers((waiver(),), "", rules)))
    assert [(f.status, f.waiver, f.state) for f in report.findings] == [(Verdict.UNKNOWN, None, None)]
    assert (report.by_status["waived"], exit_code(apply_gate(report, Gate()))) == (0, 3)
    assert status(report) == [(WaiverStatus.ACTIVE, 0)]


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """The same on a domain and two profiles with tags, all of which fail."""
    folder = tmp_path_factory.mktemp("patterns")
    both = changed(id="TST002", name="never", table="user_profile", when="true", require="name = ''",
                   message="{name}", cases=[{"given": {"name": ""}, "then": "pass"}])  # fmt: skip
    return _Evaluated(
        folder, rules_of(folder, changed(), both), domain("d-1"),
        replace(profile("ana"), tags=(("team", "ml-eu"),)),
        replace(profile("ben"), tags=(("team", "ops"), ("stage", "prod"))),
    ).under  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        (ResourcePattern("user_profile"), {"d-1/ana", "d-1/ben"}),
        (ResourcePattern(account=ACCOUNT), {"d-1", "d-1/ana", "d-1/ben"}),
        (ResourcePattern(account="1111*"), {"d-1", "d-1/ana", "d-1/ben"}),
        (ResourcePattern(account="2*"), set()),
        (ResourcePattern(region="eu-*"), {"d-1", "d-1/ana", "d-1/ben"}),
        (ResourcePattern(region="eu"), set()),
        (ResourcePattern(domain="NAME-of-d-?"), {"d-1", "d-1/ana", "d-1/ben"}),
        (ResourcePattern(domain="d-1", name="AN*"), {"d-1/ana"}),
        (ResourcePattern(name="an"), set()),
        (ResourcePattern(name="a?a"), {"d-1/ana"}),
        (ResourcePattern(name="[ab]*"), set()),
        (ResourcePattern(tags={"team": "ml-*"}), {"d-1/ana"}),
        (ResourcePattern(tags={"team": "ML-*"}), set()),
        (ResourcePattern(tags={"team": "*"}), {"d-1/ana", "d-1/ben"}),
        (ResourcePattern(tags={"team": "*", "stage": "*"}), {"d-1/ben"}),
        (ResourcePattern(tags={"Team": "*"}), set()),
    ],
)
def test_patterns(named: Audit, pattern: ResourcePattern, fits: set[str]) -> None:
    assert waived(named(waiver(rules=("TST001", "TST002"), resources=pattern))) == fits


def test_tags_that_were_not_read_fit_nothing(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, changed())
    file = snapshot_file(tmp_path / "s.jsonl", domain("d-1", gaps=["Tags"]))
    report = evaluate(
        [file],
        rules,
        EvaluateOptions(waivers=Waivers((waiver(resources=ResourcePattern(tags={"a": "*"})),), "", rules)),
    )
    assert waived(report) == set()


class TestTags:
    def test_a_tag_waives_its_own_resource_only(self, tmp_path: Path) -> None:
        rules = rules_of(tmp_path, changed(severity="high"))
        tagged = replace(domain("d-1"), tags=(("studio-waiver", TAG),))
        file = snapshot_file(tmp_path / "s.jsonl", tagged, domain("d-2"), domain("d-3", {"AuthMode": "SSO"}))
        report = evaluate([file], rules, EvaluateOptions(waivers=Waivers((), "studio-waiver", rules)))
        assert waived(report) == {"d-1"}
        (summary,) = report.waivers
        assert (summary.status, summary.matches) == (WaiverStatus.ACTIVE, 1)
        assert (summary.waiver.owner, summary.waiver.ticket) == ("jane@example.com", "SEC-12")
        assert summary.waiver.reason == "Kept for the course"
        assert summary.waiver.expires == date(2027, 3, 31)
        assert summary.waiver.file == f"{ACCOUNT}/{REGION}/domain/d-1"

    def test_only_where_the_configuration_names_it(self, audit: Audit) -> None:
        for tag in ("", "another-tag", "Studio-Waiver"):
            report = audit(tag=tag)
            assert (waived(report), report.waivers, report.waiver_problems) == (set(), (), ())

    @pytest.mark.parametrize("number", range(len(MALFORMED)), ids=[text or "-" for text, _ in MALFORMED])
    def test_a_malformed_one_is_reported_and_never_waives(self, audit: Audit, number: int) -> None:
        text, problem = MALFORMED[number]
        report = audit(tag=f"malformed-{number}")
        assert waived(report) == set()
        assert exit_code(report) == 4
        (found,) = report.waiver_problems
        assert (found.resource, found.text, found.problem) == (f"{ACCOUNT}/{REGION}/domain/d-1", text, problem)

    def test_one_lapses_as_any(self, audit: Audit) -> None:
        report = audit(tag="lapsed")
        assert (waived(report), status(report)) == (set(), [(WaiverStatus.LAPSED, 1)])

    def test_the_files_wins(self, audit: Audit) -> None:
        report = audit(waiver(owner="file"), tag="studio-waiver")
        assert {f.waiver.owner for f in report.findings if f.waiver} == {"file"}

    @given(text=st.text(alphabet="STU101 =unilowreascktx-2027/:.@", max_size=60))
    def test_nonsense_never_waives_without_rule_day_owner_and_reason(self, text: str) -> None:
        from auditor.waivers.tags import read_tag

        read = read_tag(text, "1/r/domain/d-1", ResourcePattern("domain"), {"STU101": ("STU101",)})
        assert isinstance(read, str) or (read.rules and read.owner and read.reason and read.expires)


@given(
    text=st.text(alphabet="ab*?.[x", max_size=8),
    pattern=st.text(alphabet="ab*?.[x", max_size=8),
)
def test_a_pattern_without_wildcards_is_the_text(text: str, pattern: str) -> None:
    if pattern and "*" not in pattern and "?" not in pattern:
        assert glob(pattern)(text) == (text == pattern)
    assert glob(text.replace("*", "?"))(text) or not text
    assert glob("*" + pattern + "*")(f"..{pattern}..") if pattern else True


def test_values_as_json_has_them() -> None:
    assert same_value(["a", "b"], ("b", "a"))
    assert same_value(30, 30.0)
    assert same_value({"a": [1, 2]}, {"a": [2, 1]})
    assert same_value(date(2026, 1, 2), "2026-01-02")
    assert not same_value(True, 1)
    assert not same_value("30", 30)
    assert not same_value(None, None)
    assert not same_value(["a"], ["a", "a"])


# Laws, over made-up findings.

RULES = ("TST001", "TST002", "TST003")


def _finding(rule: str, name: str, status: Verdict, severity: Severity) -> Finding:
    resource = ResourceRef("user_profile", f"d-1/{name}", name, ACCOUNT, REGION, domain_id="d-1")
    return Finding(
        f"{rule}{name}", rule, status, severity, resource, "m",
        (Evidence("x", 1, Origin("derived", "", "x")),), rule if status is Verdict.FAIL else "", None,
    )  # fmt: skip


@st.composite
def _findings(draw: st.DrawFn) -> tuple[Finding, ...]:
    keys = draw(st.sets(st.tuples(st.sampled_from(RULES), st.sampled_from("abcdef")), max_size=10))
    return tuple(
        _finding(rule, name, draw(st.sampled_from([Verdict.FAIL, Verdict.FAIL, Verdict.UNKNOWN])),
                 draw(st.sampled_from(list(Severity))))
        for rule, name in sorted(keys)
    )  # fmt: skip


def _report(findings: tuple[Finding, ...], as_of: str = "2026-11-23T02:00:00Z") -> Report:
    failed = [f for f in findings if f.status is Verdict.FAIL]
    causes = sorted(
        (
            RootCause(r, r, Severity.LOW, findings[0].resource, "x", 1, "profile", n, None)
            for r in RULES
            if (n := sum(f.rule_id == r for f in failed))
        ),
        key=cause_order,
    )
    return Report(
        "0", as_of, "aws", (), {}, {"fail": len(failed), "unknown": len(findings) - len(failed), "error": 0,
                                    "waived": 0, "pass": 0, "not_applicable": 0},
        {str(s): sum(f.severity is s for f in failed) for s in Severity}, (), (), (), (), tuple(causes), findings,
    )  # fmt: skip


_waivers = st.lists(
    st.builds(
        waiver,
        rules=st.lists(st.sampled_from(RULES), min_size=1, max_size=2, unique=True).map(tuple),
        resources=st.builds(ResourcePattern, name=st.sampled_from(["a", "b", "*", "x"])),
        expires=st.dates(date(2026, 11, 1), date(2026, 12, 31)),
    ),
    max_size=4,
)


def _applied(report: Report, waivers: list[Waiver], as_of: str = "2026-11-23T02:00:00Z") -> Report:
    weighed = match_waivers(
        Waivers(tuple(waivers)), report.findings, {}, as_of=as_of, evaluated=RULES, scopes=[(ACCOUNT, REGION)]
    )
    return apply_gate(waive(report, weighed), Gate(Severity.MEDIUM))


@given(findings=_findings(), waivers=_waivers)
def test_law_waiving_then_expiring_restores(findings: tuple[Finding, ...], waivers: list[Waiver]) -> None:
    """After the last day the report is the one without waivers, but for the list of waivers itself."""
    late = _applied(_report(findings), waivers, as_of="2027-01-01T00:00:00Z")
    without = apply_gate(_report(findings), Gate(Severity.MEDIUM))
    assert replace(late, waivers=()) == without
    assert {w.status for w in late.waivers} <= {WaiverStatus.LAPSED}


@given(findings=_findings(), waivers=_waivers)
def test_law_nothing_is_lost_and_only_failures_move(findings: tuple[Finding, ...], waivers: list[Waiver]) -> None:
    report, after = apply_gate(_report(findings), Gate(Severity.MEDIUM)), _applied(_report(findings), waivers)
    # What no longer fails the run moves behind what does.
    assert sorted((f.fingerprint, f.status) for f in after.findings) == sorted(
        (f.fingerprint, f.status) for f in report.findings
    )
    aside = {f.fingerprint for f in after.findings if f.waiver}
    assert after.by_status["waived"] == len(aside)
    assert after.by_status["fail"] + after.by_status["waived"] == report.by_status["fail"]
    assert sum(after.by_severity.values()) == after.by_status["fail"] == sum(c.affects for c in after.root_causes)
    assert all(f.status is Verdict.FAIL for f in after.findings if f.waiver)
    gates = {f.fingerprint for f in report.findings if f.gates}
    assert {f.fingerprint for f in after.findings if f.gates} == gates - aside
    assert after.gate.failed == len(gates - aside)
    # Each waiver in force that matches is one that sets something aside, and the other way round.
    matched = sum(w.matches > 0 and w.status in ("active", "expiring") for w in after.waivers)
    assert bool(matched) == bool(aside)


def test_a_gap_is_not_waived_either(audit: Audit) -> None:
    """Every failure is waived; the list that is not complete stays."""
    gap = Gap(ACCOUNT, REGION, "user_profile", "*", "*", "ListUserProfiles", "access_denied")
    assert exit_code(apply_gate(replace(audit(waiver()), gaps=(gap,)), Gate())) == 5
