"""Many accounts in one snapshot: what is found is what each alone would find, and nothing costs an account twice."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ExitCode
from auditor.evaluate.audit import evaluate, load_tables
from auditor.evaluate.gate import apply_gate, exit_code, set_aside
from auditor.history import store_history
from auditor.history.compare_runs import compare
from auditor.history.facts import facts_of
from auditor.history.store_history import ledger_files
from auditor.model.report import Gate, Report
from auditor.model.rule import Rule, Severity
from auditor.model.snapshot import GLOBAL, SCHEMA_VERSION, Header, Record, Scope, Snapshot
from auditor.model.waiver import ResourcePattern, Waiver
from auditor.run.messages import LoggedMessages
from auditor.run.previous_snapshots import earlier_snapshots
from auditor.store.manifest import Manifest, StoredFile
from auditor.store.merge_snapshots import Part, merge_snapshots, merged_header
from auditor.store.snapshot_file import write_snapshot
from auditor.store.snapshot_reader import SnapshotReader
from auditor.waivers.match import Waivers, read_tags
from tests.budgets import examples
from tests.evaluate.helpers import REGION, changed, domain, in_account, profile, rules_of, snapshot_file

HERE, THERE, AWAY = "222222222222", "333333333333", "444444444444"


def part(folder: Path, account: str, records: Sequence[Record]) -> Path:
    """The snapshot of one account alone."""
    path = folder / f"{account}.jsonl"
    header = Header(SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0.1.0", "1.44.5", "", (Scope(account, REGION),))
    place = Record(account, REGION, "account_region", REGION, {})
    write_snapshot(path, Snapshot(header, (place, *in_account(account, *records))))
    return path


def together(path: Path, parts: dict[str, Path]) -> Path:
    """One snapshot of several."""
    readers = {account: SnapshotReader(parts[account]) for account in sorted(parts)}
    headers = [reader.header for reader in readers.values()]
    gaps = [gap for reader in readers.values() for gap in reader.ledger.gaps]
    made = [Part(account, reader) for account, reader in readers.items()]
    merge_snapshots(path, merged_header(replace(headers[0], scopes=()), headers), made, gaps, [])
    return path


# What differs between people's accounts, in AWS's own names. A role's ARN may be that of another account.
_roles = st.sampled_from([f"arn:aws:iam::{account}:role/studio" for account in (HERE, THERE, AWAY)])
_settings = st.fixed_dictionaries(
    {},
    optional={
        "ExecutionRole": _roles,
        "SecurityGroups": st.just(["sg-1"]),
        "StudioWebPortal": st.sampled_from(["ENABLED", "DISABLED"]),
        "AutoMountHomeEFS": st.sampled_from(["Enabled", "Disabled", "DefaultAsDomain"]),
        "DefaultLandingUri": st.sampled_from(["studio::", "app:JupyterServer:"]),
        "SharingSettings": st.sampled_from([{"NotebookOutputOption": "Allowed"}, {"NotebookOutputOption": "Disabled"}]),
    },
)
_domains = st.fixed_dictionaries(
    {"AuthMode": st.sampled_from(["IAM", "SSO"]), "DefaultUserSettings": _settings},
    optional={"AppNetworkAccessType": st.sampled_from(["VpcOnly", "PublicInternetOnly"]), "KmsKeyId": st.just("k-1")},
)


@st.composite
def _accounts(draw: st.DrawFn) -> tuple[Record, ...]:
    """Up to two domains whose people are called alike in every account."""
    records: list[Record] = []
    for name in sorted(draw(st.sets(st.sampled_from(["d-1", "d-2"])))):
        records.append(domain(name, draw(_domains), gaps=draw(st.sampled_from([(), (), ("KmsKeyId",)]))))
        people = sorted(draw(st.sets(st.sampled_from(["ana", "ben"]))))
        records += [profile(person, draw(_settings), of=name) for person in people]
    if draw(st.booleans()):
        arn = draw(_roles)
        trust = {"Statement": {"Effect": "Allow", "Principal": {"AWS": draw(_roles)}, "Action": "sts:AssumeRole"}}
        role = {"Arn": arn, "RoleName": "studio", "AssumeRolePolicyDocument": trust}
        records.append(replace(domain(), kind="role", id=arn, region=GLOBAL, document=role))
    return tuple(records)


def _told(report: Report) -> dict[str, tuple[object, ...]]:
    return {
        f.fingerprint: (f.rule_id, f.status, f.severity, f.resource, f.message, f.evidence, f.remediation, f.root_cause)
        for f in report.findings
    }


@examples(4)
@given(drawn=st.fixed_dictionaries({HERE: _accounts(), THERE: _accounts(), AWAY: _accounts()}))
def test_law_findings_are_those_of_the_accounts_together(
    drawn: dict[str, tuple[Record, ...]], tmp_path_factory: pytest.TempPathFactory, built_in_rules: tuple[Rule, ...]
) -> None:
    """Two accounts in one run beside a third alone: by induction, each alone."""
    folder = tmp_path_factory.mktemp("union")
    parts = {account: part(folder, account, records) for account, records in drawn.items()}
    whole = evaluate([together(folder / "all.jsonl", parts)], built_in_rules)
    pair = together(folder / "two.jsonl", {account: parts[account] for account in (HERE, AWAY)})
    two, one = evaluate([pair], built_in_rules), evaluate([parts[THERE]], built_in_rules)
    assert _told(whole) == {**_told(two), **_told(one)}
    assert len(whole.findings) == len(two.findings) + len(one.findings)
    assert whole.resources == {name: two.resources[name] + one.resources[name] for name in whole.resources}
    assert whole.by_status == {name: two.by_status[name] + one.by_status[name] for name in whole.by_status}
    assert {c.id: c.affects for c in whole.root_causes} == {
        c.id: c.affects for report in (two, one) for c in report.root_causes
    }


class _Counted(io.BytesIO):
    """A file that counts the lines that are read of it."""

    lines = 0

    def readline(self, *size: Any) -> bytes:
        _Counted.lines += 1
        return super().readline(*size)

    def __next__(self) -> bytes:
        _Counted.lines += 1
        return super().__next__()


def test_a_second_night_reads_the_first_once_not_once_for_each_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [f"{n:012}" for n in range(100, 160)]
    records = [r for n in numbers for r in in_account(n, domain(), profile(f"p-{n}"))]
    path = snapshot_file(tmp_path / "night.jsonl", *records)
    find = earlier_snapshots(str(path), False, None, None, LoggedMessages())
    assert find is not None
    data = path.read_bytes()
    kept = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *a, **k: _Counted(data) if self == path and a[:1] == ("rb",) else kept(self, *a, **k)
    )
    _Counted.lines = 0
    for number in numbers:
        (earlier,) = find(number, (REGION,))
        assert [r.id for r in earlier.records] == [REGION, "d-1", f"d-1/p-{number}"]
    # Where each account lies, and then its own lines.
    assert _Counted.lines < 2 * data.count(b"\n") + 10
    assert find("999999999999", (REGION,)) == []


def test_files_of_an_earlier_night_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    scopes = tuple((f"{n:012}", REGION) for n in range(100, 160))
    name = "20261123T020000Z-00000000"
    keys = [f"history/date=2026-11-23/account={a}/region={r}/{name}_0.parquet" for a, r in scopes]
    run = Manifest(
        "1", name, "2026-11-23T02:00:00Z", "0.1.0", "aws", scopes, (), (), 0, 0, 0, (), (), (),
        {"history": tuple(StoredFile(key, 1) for key in keys)},
    )  # fmt: skip
    seen: list[str] = []
    kept = store_history.partition
    monkeypatch.setattr(store_history, "partition", lambda key: (seen.append(key), kept(key))[1])
    found = ledger_files(dict.fromkeys(scopes[:50], run))
    assert [file.key for file in found] == keys[:50]
    assert len(seen) == len(keys)


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Rule, ...], Report]:
    """Domains of the same id, name and tags in two accounts, both of which fail a rule of severity high."""
    folder = tmp_path_factory.mktemp("alike")
    tags = (("waive", "TST001 until=2027-03-31 owner=jane@example.com reason=Kept"),)
    both = [
        *in_account(HERE, replace(domain("d-1"), tags=tags)),
        *in_account(THERE, domain("d-1")),
    ]
    path = snapshot_file(folder / "two.jsonl", *both)
    rules = rules_of(folder, changed(severity="high"))
    return path, rules, evaluate([path], rules)


def _failing(report: Report) -> set[str]:
    return {f.resource.account for f in report.findings if f.waiver is None}


def test_a_waiver_of_one_account_hides_nothing_in_another(alike: tuple[Path, tuple[Rule, ...], Report]) -> None:
    path, rules, report = alike
    assert _failing(report) == {HERE, THERE}
    con, _ = load_tables([path])

    def under(tag: str = "", **pattern: str) -> Report:
        granted = Waiver(("TST001",), ResourcePattern(**pattern), "because", "jane", date(2027, 1, 1))
        weighed = Waivers((granted,) if pattern else (), tag, rules)
        return apply_gate(set_aside(report, weighed, read_tags(con, weighed.tag_keys)), Gate())

    assert _failing(under(account=HERE, name="name-of-d-1")) == {THERE}
    assert exit_code(under(account=HERE, name="name-of-d-1")) is ExitCode.FINDINGS
    # The tag of a resource speaks of that resource, though another account has one of the same key.
    assert _failing(under(tag="waive")) == {THERE}
    # A pattern without an account means every account, and says how many it set aside.
    everywhere = under(name="name-of-d-1")
    assert _failing(everywhere) == set()
    assert [w.matches for w in everywhere.waivers] == [2]


def test_a_baseline_of_one_account_forgives_nothing_in_another(
    alike: tuple[Path, tuple[Rule, ...], Report], tmp_path: Path
) -> None:
    _, rules, report = alike
    before = evaluate([part(tmp_path, HERE, [domain("d-1")])], rules)
    gate = Gate(fail_on=Severity.HIGH, new_only=True)
    gated = apply_gate(report, gate, compare(facts_of(before), facts_of(report)), facts_of(before).known)
    assert {f.resource.account for f in gated.findings if f.gates} == {THERE}
    assert {f.resource.account: str(f.state) for f in gated.findings} == {HERE: "open", THERE: "new"}
