"""Reports: the same snapshot gives the same bytes, and what a report says adds up."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.evaluate.ask_tables import Asked, query
from auditor.evaluate.audit import EvaluateOptions, evaluate, load_tables
from auditor.model.finding import priority
from auditor.model.report import Report
from auditor.model.rule import Rule, Severity, Verdict
from auditor.model.snapshot import GLOBAL, Coverage, Gap, Snapshot
from auditor.report.render import Format, render
from auditor.resolve import alike_profiles, build_tables, evidence_tables
from auditor.store.snapshot_file import write_snapshot
from auditor.store.snapshot_reader import SnapshotReader

from .helpers import ACCOUNT, REGION, audit, changed, domain, only, profile, rules_of, snapshot_file, verdicts

UNIFIED = "d-unified00001"
#: As the fixture is made, but for the inventory.
WITH_SUMMARIES = EvaluateOptions(with_summaries=True)


def _json(report: Report) -> bytes:
    return "".join(render(report, Format.JSON)).encode()


@pytest.fixture(scope="module")
def acme(estate_report: Callable[[str], Report]) -> Report:
    return replace(estate_report("acme"), inventory=None)


class TestDeterminism:
    """Byte for byte the same report.json, whatever may differ between two runs."""

    def test_again(self, acme: Report, estate_file: Callable[[str], Path], built_in_rules: tuple[Rule, ...]) -> None:
        again = evaluate([estate_file("acme")], built_in_rules, WITH_SUMMARIES)
        assert again == acme
        assert _json(again) == _json(acme)

    def test_wherever_a_file_lies(
        self, estate_file: Callable[[str], Path], built_in_rules: tuple[Rule, ...], tmp_path: Path
    ) -> None:
        """Tests copy the tables of a file that was read twice: they are those of the file."""
        files = [tmp_path / str(number) / "night.jsonl" for number in range(3)]
        found = []
        for file in files:
            file.parent.mkdir()
            shutil.copy(estate_file("clean"), file)
            con, _ = load_tables([file])
            assert con.execute("select filename from header").fetchall() == [(str(file),)]
            con.close()
            found.append(_json(evaluate([file], built_in_rules, WITH_SUMMARIES)))
        assert len(set(found)) == 1

    @pytest.mark.parametrize("seed", ["1", "4242"])
    def test_another_process(self, seed: str, acme: Report, estate_file: Callable[[str], Path]) -> None:
        """Another order of sets and hashes."""
        script = (
            "import sys; from pathlib import Path; from auditor.evaluate.audit import EvaluateOptions, evaluate;"
            " from auditor.rules.load import load_rules; from auditor.resources import rules_dir;"
            " from auditor.report.render import Format, render;"
            " report = evaluate([Path(sys.argv[1])], load_rules([rules_dir()]),"
            " EvaluateOptions(with_summaries=True));"
            " sys.stdout.buffer.write(''.join(render(report, Format.JSON)).encode())"
        )
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Kathmandu"}
        done = subprocess.run(
            [sys.executable, "-c", script, str(estate_file("acme"))], env=environment, capture_output=True, check=True
        )
        assert done.stdout == _json(acme)

    def test_profiles_resolved_at_once_or_in_each_scan(
        self,
        acme: Report,
        estate_file: Callable[[str], Path],
        built_in_rules: tuple[Rule, ...],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Large accounts take the other way, and leave no optimiser out."""
        monkeypatch.setattr(alike_profiles, "MANY_BYTES", 0)
        monkeypatch.setattr(build_tables, "MATERIALISED_PROFILES", 0)
        monkeypatch.setattr(build_tables, "MATERIALISED_DOCUMENTED", 0)
        monkeypatch.setattr(evidence_tables, "MATERIALISED_ROLES", 0)
        monkeypatch.setattr(build_tables, "SMALL", 0)
        assert _json(evaluate([estate_file("acme")], built_in_rules, WITH_SUMMARIES)) == _json(acme)

    def test_one_file_or_one_for_each_region(
        self, acme: Report, estate_snapshot: Callable[[str], Snapshot], built_in_rules: tuple[Rule, ...], tmp_path: Path
    ) -> None:
        """What is collected apart is audited together; the files' own names and hashes aside, nothing differs."""
        whole = estate_snapshot("acme")
        paths = []
        for scope in whole.header.scopes:
            # What belongs to no region stands in each file.
            places = {(scope.account, scope.region), (scope.account, GLOBAL)}
            part = Snapshot(
                replace(whole.header, scopes=(scope,)),
                tuple(r for r in whole.records if (r.account, r.region) in places),
                tuple(g for g in whole.gaps if (g.account, g.region) in places),
                tuple(c for c in whole.coverage if (c.account, c.region) in places),
            )
            paths.append(tmp_path / f"{scope.region}.jsonl")
            write_snapshot(paths[-1], part)
        apart = evaluate(paths, built_in_rules, WITH_SUMMARIES)
        assert len(apart.snapshots) == 2
        assert replace(apart, snapshots=(), coverage=()) == replace(acme, snapshots=(), coverage=())


def test_verdicts_add_up(acme: Report, estate_file: Callable[[str], Path]) -> None:
    """Each rule has one verdict on each resource of its table; totals are their sums."""
    totals: Counter[str] = Counter()
    tables = sorted({rule.table for rule in acme.rules})
    asked = " union all ".join(f"select '{table}', count(*) from {table}" for table in tables)
    rows = dict(query(Asked([estate_file("acme")]), asked)[1])
    assert acme.resources.items() <= rows.items()
    assert rows["account_region"] == sum(len(info.scopes) for info in acme.snapshots)
    for rule in acme.rules:
        assert sum(rule.counts.values()) == rows[rule.table], rule.id
        totals.update(rule.counts)
        for status in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR):
            found = sum(1 for f in acme.findings if f.rule_id == rule.id and f.status is status)
            assert found == rule.counts[status], rule.id
    assert dict(totals) == acme.by_status
    by_severity = Counter(str(f.severity) for f in acme.findings if f.status is Verdict.FAIL)
    assert {s: n for s, n in acme.by_severity.items() if n} == dict(by_severity)
    for d in acme.domains:
        held = [f for f in acme.findings if f.resource.domain_id == d.resource.id and f.status is Verdict.FAIL]
        assert {s: n for s, n in d.failed.items() if n} == dict(Counter(str(f.severity) for f in held))


def test_root_causes_add_up(acme: Report) -> None:
    """Each failure has one cause; what causes affect is, rule by rule, what fails."""
    causes = {cause.id: cause for cause in acme.root_causes}
    assert len(causes) == len(acme.root_causes)
    failures = [f for f in acme.findings if f.status is Verdict.FAIL]
    affected = Counter(f.root_cause for f in failures)
    assert {id_: cause.affects for id_, cause in causes.items()} == dict(affected)
    for finding in failures:
        assert causes[finding.root_cause].rule_id == finding.rule_id
    assert all(f.root_cause == "" for f in acme.findings if f.status is not Verdict.FAIL)


def test_what_matters_most_comes_first(acme: Report) -> None:
    ranks = [(f.status is not Verdict.FAIL, f.severity.rank, f.rule_id) for f in acme.findings]
    assert ranks == sorted(ranks)
    causes = [(-priority(c.severity, c.affects), c.severity.rank) for c in acme.root_causes]
    assert causes == sorted(causes)
    assert len({severity for _, severity, _ in ranks}) > 1


#: Rules that rest on people making profiles: those on people, on visibility, and on whose role a profile uses.
ABOUT_PEOPLE = re.compile("STU1|STU4|STU20[1278]|STU703")


def test_an_exemption_is_as_wide_as_its_reason(acme: Report) -> None:
    """A machine makes the profiles of a Unified Studio project: rules about people skip them, no other rule does."""
    out = {d.resource.id: d for d in acme.domains if d.out_of_scope}
    assert list(out) == [UNIFIED]
    assert "project 7f3kq2v9x" in out[UNIFIED].out_of_scope
    assert (out[UNIFIED].user_profiles, out[UNIFIED].spaces, out[UNIFIED].apps) == (4, 1, 1)
    found = {f.rule_id for f in acme.findings if f.resource.domain_id == UNIFIED}
    assert {"STU603", "STU709", "STU704", "STU501", "STU205"} <= found
    assert not any(ABOUT_PEOPLE.match(rule) for rule in found)


#: A domain whose people work in Classic.
CLASSIC = {"AuthMode": "IAM", "DefaultUserSettings": {"DefaultLandingUri": "app:JupyterServer:"}}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, built_in_rules: tuple[Rule, ...]) -> Report:
    """Of such a domain without settings of Unified Studio."""
    return audit(tmp_path_factory.mktemp("bare"), built_in_rules, domain("d-1", CLASSIC), profile("ds-team", of="d-1"))


@pytest.mark.parametrize(
    "settings",
    [
        {"StudioWebPortalAccess": "ENABLED"},
        {"StudioWebPortalAccess": "ENABLED", "ProjectId": "p1"},
        {"StudioWebPortalAccess": "DISABLED"},
        {"DomainId": "dzd_1"},
    ],
)
def test_no_setting_silences_a_domain_that_people_open(
    settings: dict[str, str], bare: Report, tmp_path: Path, built_in_rules: tuple[Rule, ...]
) -> None:
    """A migrated domain keeps its people's profiles (API_UnifiedStudioSettings): all that is wrong with it is said."""
    unified = {**CLASSIC, "DomainSettings": {"UnifiedStudioSettings": settings}}
    migrated = audit(tmp_path, built_in_rules, domain("d-1", unified), profile("ds-team", of="d-1"))
    said = [(f.rule_id, f.resource.id, f.status) for f in migrated.findings]
    assert said == [(f.rule_id, f.resource.id, f.status) for f in bare.findings]
    assert {"STU101", "STU106", "STU302", "STU603"} <= {rule for rule, *_ in said}
    assert not any(d.out_of_scope for d in migrated.domains)


def test_one_domain_setting_is_one_cause(tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> None:
    """However many profiles inherit it; whoever sets it itself is a cause of its own."""
    efs = {"HomeEfsFileSystemId": "fs-1"}
    report = audit(
        tmp_path, built_in_rules,
        domain("d-set", {**efs, "DefaultUserSettings": {"AutoMountHomeEFS": "Enabled"}}),
        *(profile(f"p{n}", of="d-set") for n in range(7)), profile("own", {"AutoMountHomeEFS": "Enabled"}, of="d-set"),
        domain("d-silent", efs), profile("q1", of="d-silent"), profile("q2", of="d-silent"),
    )  # fmt: skip
    causes = {
        (c.resource.type, c.resource.id, c.layer, c.setting, c.value): c.affects
        for c in report.root_causes
        if c.rule_id == "STU501"
    }
    handed = "DefaultUserSettings.AutoMountHomeEFS"
    assert causes == {
        ("domain", "d-set", "domain", handed, "Enabled"): 7,
        ("user_profile", "d-set/own", "profile", "UserSettings.AutoMountHomeEFS", "Enabled"): 1,
        # AWS's own default is mended on the domain as well.
        ("domain", "d-silent", "service", handed, "Enabled"): 2,
    }
    ids = {only(report.findings, "STU501", f"d-set/p{n}").root_cause for n in range(7)}
    assert len(ids) == 1


def test_two_files_are_one_report(tmp_path: Path) -> None:
    """The later moment counts; gaps and coverage of both are there."""
    rules = rules_of(tmp_path, changed())
    gap = Gap(ACCOUNT, REGION, "vpc", "*", "*", "DescribeVpcs", "access_denied")
    coverage = [Coverage(ACCOUNT, REGION, "ListDomains", 1), Coverage(ACCOUNT, REGION, "DescribeVpcs", 1, 1)]
    one = snapshot_file(tmp_path / "one.jsonl", domain(), gaps=[gap], coverage=coverage)
    two = _elsewhere(tmp_path / "two.jsonl", as_of="2026-11-25T02:00:00Z")
    report = evaluate([one, two], rules)
    assert report.as_of == "2026-11-25T02:00:00Z"
    assert [s.file for s in report.snapshots] == ["one.jsonl", "two.jsonl"]
    assert report.gaps == (gap,)
    assert {c.operation for c in report.coverage} == {"ListDomains", "DescribeVpcs"}
    assert {(f.resource.account, f.resource.id) for f in report.findings} == {(ACCOUNT, "d-1"), ("444455556666", "d-1")}


def _elsewhere(path: Path, *, as_of: str) -> Path:
    """The same domain in another account."""
    snapshot = SnapshotReader(snapshot_file(path, domain(), as_of=as_of)).snapshot()
    scopes = tuple(replace(s, account="444455556666") for s in snapshot.header.scopes)
    records = tuple(replace(r, account="444455556666") for r in snapshot.records)
    write_snapshot(path, replace(snapshot, header=replace(snapshot.header, scopes=scopes), records=records))
    return path


NAMES = {
    # What a team, a role, a default or a test account is called …
    "user2": True, "default-20250513T204281": True, "ds-team": True, "ml-engineers": True, "shared-01": True,
    "data-science": True, "admin": True, "TestUser": True, "mlEngineers": True, "intern-3": True, "svc-batch-01": True,
    "analysts": True, "demo": True, "poc-2024": True, "team-a": True,
    # … and what people are called.
    "steamboat-willie": False, "grace-hopper": False, "j-smith": False, "adminah": False, "testa-maria": False,
    "user-jsmith": False, "GraceHopper": False, "jdoe": False, "maria": False, "dev-anand": False, "bo-li-wei": False,
    # Nothing in these speaks of a team, a role or a test: personnel numbers and signs are their owners'.
    "a1": False, "e12345": False,
}  # fmt: skip


def test_names_of_people(tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> None:
    """STU101 over names as they come, words and all."""
    report = audit(tmp_path, built_in_rules, domain(), *(profile(name) for name in NAMES))
    generic = {f.resource.name for f in report.findings if f.rule_id == "STU101" and f.status is Verdict.FAIL}
    assert generic == {name for name, expected in NAMES.items() if expected}


def test_fail_on_and_parameters_are_in_the_report(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, changed())
    assert audit(tmp_path, rules, domain(), fail_on=Severity.LOW).fail_on is Severity.LOW
    assert audit(tmp_path, rules, domain()).params == {}
    assert verdicts(audit(tmp_path, rules, domain())) == {("TST001", "d-1"): "fail"}
