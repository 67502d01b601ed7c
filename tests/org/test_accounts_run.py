"""A run over a simulated organization: every account has a row, and one that refuses costs the others nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, tzinfo
from email.utils import formatdate
from pathlib import Path

import pytest

from auditor.collect.aws import CollectOptions
from auditor.collect.aws.session import Clients
from auditor.config import Config
from auditor.errors import CollectError, ConfigError, ExitCode
from auditor.evaluate.audit import evaluate
from auditor.evaluate.gate import exit_code
from auditor.model.accounts import AccountStatus
from auditor.model.finding import Evidence, Finding
from auditor.model.report import Report
from auditor.model.rule import Rule
from auditor.org.member_sessions import SESSION_NAME
from auditor.run.messages import LoggedMessages
from auditor.run.previous_snapshots import earlier_snapshots
from auditor.run.run_options import AwsOptions
from auditor.simulator import Simulator, load_organization, organization_api
from auditor.simulator.organization import SimulatedOrganization
from auditor.simulator.server import _Handler
from auditor.store.snapshot_reader import SnapshotReader

from .small import ASKED, BUSY, CLOSED, DEV, HUB, LOCKED, PROD, ROWS, SMALL, Ran, collected

#: Whoever is not in Identity Center any more.
LEAVERS = "STU107"
#: Rules on the organization's people, whom only the account that holds them shows.
OF_PEOPLE = {LEAVERS, "STU109"}


def test_every_account_has_a_row(ran: Ran) -> None:
    assert [(a.id, a.name, a.ou, str(a.status)) for a in ran.accounts] == ROWS
    reasons = {a.id: a.reason for a in ran.accounts}
    assert f"role arn:aws:iam::{LOCKED}:role/audit/StudioAuditor could not be assumed" in reasons[LOCKED]
    assert "SUSPENDED" in reasons[CLOSED]
    assert "throttled" in reasons[BUSY]


def test_the_snapshot_is_whole_and_says_who_is_missing(ran: Ran) -> None:
    reader = SnapshotReader(ran.path)
    assert reader.sha256, "its own hash fits"
    assert reader.header.accounts == ran.accounts
    # Regions are those that are enabled in each account.
    assert [(s.account, s.region) for s in reader.header.scopes] == [
        (HUB, "eu-west-1"), (PROD, "eu-west-1"), (PROD, "us-east-1"), (DEV, "eu-central-1"), (DEV, "eu-west-1"),
    ]  # fmt: skip
    lost = {(g.account, g.operation, g.reason) for g in reader.ledger.gaps if g.resource_type == "domain"}
    assert lost == {
        (LOCKED, "AssumeRole", "access_denied"),
        (CLOSED, "ListAccounts", "account_suspended"),
        (BUSY, "ListDomains", "throttled"),
    }
    lines = ran.path.read_bytes().splitlines()
    keys = [line for line in lines if line.startswith(b'{"account":')]
    assert len(keys) == sum(1 for _ in reader.snapshot().records)


def test_a_suspended_account_is_not_tried_and_the_own_one_needs_no_role(ran: Ran) -> None:
    # Of six accounts: not the run's own, and not the closed one.
    assert ran.calls["sts:AssumeRole"] == 4
    assert ran.calls["organizations:ListAccounts"] == 1


def _timeless(finding: Finding) -> tuple[Evidence, ...]:
    """The evidence without the moment of the audit: the runs are made one after another."""
    return tuple(e for e in finding.evidence if e.setting != "as_of")


def test_findings_are_those_of_the_single_runs_together(
    ran: Ran, whole: Report, built_in_rules: tuple[Rule, ...]
) -> None:
    singles = [evaluate([path], built_in_rules) for path in ran.singles]

    def told(report: Report) -> dict[str, tuple[object, ...]]:
        # What is known over all accounts only, the organization's people, is tested below.
        return {
            f.fingerprint: (f.status, f.severity, f.message, _timeless(f), f.remediation)
            for f in report.findings
            if f.rule_id not in OF_PEOPLE
        }

    together = {key: value for report in singles for key, value in told(report).items()}
    assert together, "there is something to find"
    found = told(replace(whole, findings=tuple(f for f in whole.findings if f.resource.account != HUB)))
    assert found == together
    assert whole.resources == {name: sum(report.resources[name] for report in singles) for name in whole.resources}, (
        "the run's own account has no Studio"
    )
    assert exit_code(whole) is ExitCode.INCOMPLETE, "three accounts are missing"


def test_people_are_read_with_the_runs_own_credentials(
    ran: Ran, whole: Report, built_in_rules: tuple[Rule, ...]
) -> None:
    """A member may not list the users of its organization's instance: alone, nobody knows who has left."""
    reader = SnapshotReader(ran.path)
    assert len(reader.header.identity_instances) == 1
    assert [g for g in reader.ledger.gaps if g.resource_type == "identity_user"] == []
    keys = [(r.account, r.region, r.kind, r.id) for r in reader.snapshot().records]
    assert keys == sorted(keys)
    users = {r.document["UserName"] for r in reader.snapshot(HUB).records if r.kind == "identity_user"}
    assert users == {"ana@acme.example", "ben@acme.example"}
    left = {f.resource.name: str(f.status) for f in whole.findings if f.rule_id == LEAVERS}
    assert left == {"ben": "fail", "cleo": "fail"}
    (rule,) = (r for r in built_in_rules if r.id == LEAVERS)
    alone = evaluate([ran.singles[1]], [rule])
    assert {f.resource.name: str(f.status) for f in alone.findings} == dict.fromkeys(("ana", "ben", "cleo"), "unknown")


def test_one_account_by_its_id(ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator(load_organization(str(SMALL))) as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        found = collected(tmp_path / "one.jsonl", replace(ASKED, organization=False, accounts=(DEV,)))
        assert [(a.id, a.name, a.status) for a in found.accounts] == [(DEV, "", AccountStatus.COMPLETE)]
        assert simulator.calls["organizations:ListAccounts"] == 0
        inside = Clients(None, 1, session=found.sessions.session(DEV))
        caller = inside.client("sts", "eu-west-1").get_caller_identity()
        assert caller["Arn"] == f"arn:aws:sts::{DEV}:assumed-role/StudioAuditor/{SESSION_NAME}"
        with pytest.raises(CollectError, match=f"nothing could be collected: account {DEV}") as caught:
            collected(tmp_path / "none.jsonl", replace(ASKED, organization=False, accounts=(DEV,), external_id="no"))
        assert caught.value.exit_code is ExitCode.NOTHING_COLLECTED
        assert not (tmp_path / "none.jsonl").exists()
        with pytest.raises(ConfigError, match="not an account id"):
            collected(tmp_path / "none.jsonl", replace(ASKED, accounts=("12345",)))


def test_a_session_is_renewed_before_it_expires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = load_organization(str(SMALL))
    brief = SimulatedOrganization(
        small.name, small.management, small.accounts, small.role, small.external_id, session_seconds=5
    )
    with Simulator(brief) as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        found = collected(tmp_path / "one.jsonl", replace(ASKED, organization=False, accounts=(DEV,)))
        # botocore renews what ends in less than ten minutes before each call.
        assert simulator.calls["sts:AssumeRole"] > 5
    assert [a.status for a in found.accounts] == [AccountStatus.COMPLETE]
    assert not [c for c in SnapshotReader(tmp_path / "one.jsonl").ledger.coverage if c.failed]


def test_an_account_whose_regions_are_all_left_out_costs_the_others_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Simulator(load_organization(str(SMALL))) as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        asked = replace(ASKED, accounts=(HUB, PROD), skip_regions=("eu-west-1",))
        found = collected(tmp_path / "two.jsonl", asked)
        with pytest.raises(ConfigError, match="--skip-region leaves no region"):
            collected(tmp_path / "none.jsonl", replace(asked, regions=("eu-west-1",)))
    assert [(a.id, a.status) for a in found.accounts] == [(HUB, AccountStatus.ERROR), (PROD, AccountStatus.COMPLETE)]
    assert found.accounts[0].reason == "the account has enabled no Region but those that --skip-region leaves out"
    snapshot = SnapshotReader(tmp_path / "two.jsonl")
    assert {(s.account, s.region) for s in snapshot.header.scopes} == {(PROD, "us-east-1")}
    assert [(g.account, g.reason) for g in snapshot.ledger.gaps if g.account == HUB] == [(HUB, "region_not_enabled")]


@pytest.mark.parametrize("hours", [-2, 2])
def test_the_clock_of_this_machine_may_be_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    """AWS says when a session ends by its own clock, and what it is by that clock."""

    class Elsewhere(datetime):
        @classmethod
        def fromtimestamp(cls, timestamp: float, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.fromtimestamp(timestamp + hours * 3600, tz)

    monkeypatch.setattr(organization_api, "datetime", Elsewhere)
    monkeypatch.setattr(_Handler, "date_time_string", lambda *_: formatdate(time.time() + hours * 3600, usegmt=True))
    with Simulator(load_organization(str(SMALL))) as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        found = collected(tmp_path / "one.jsonl", replace(ASKED, organization=False, accounts=(DEV,)))
        assert simulator.calls["sts:AssumeRole"] == 1, "it is renewed when it is about to end, not before"
    assert [a.status for a in found.accounts] == [AccountStatus.COMPLETE]


def test_credentials_that_have_ended_are_no_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = load_organization(str(SMALL))
    over = SimulatedOrganization(small.name, small.management, small.accounts, small.role, small.external_id, -60)
    with Simulator(over) as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        found = collected(tmp_path / "two.jsonl", replace(ASKED, organization=False, accounts=(HUB, DEV)))
    assert [(a.id, a.status) for a in found.accounts] == [(HUB, AccountStatus.COMPLETE), (DEV, AccountStatus.ERROR)]
    assert "credentials that have ended already" in found.accounts[1].reason


def test_an_earlier_run_over_all_accounts_serves_each(ran: Ran) -> None:
    find = earlier_snapshots(str(ran.path), False, None, None, LoggedMessages())
    assert find is not None
    (snapshot,) = find(PROD, ("eu-west-1",))
    assert {r.account for r in snapshot.records} == {PROD}
    assert find(LOCKED, ("eu-west-1",)) == []


def test_options_of_a_single_account_are_as_before() -> None:
    assert CollectOptions().session is None
    assert AwsOptions(regions=("eu-west-1",)).completed(Config()).regions == ("eu-west-1",)
    assert AwsOptions().completed(Config()).regions == ()
    assert AwsOptions(accounts=(DEV,)).completed(Config()).regions == ("all",)
    with pytest.raises(ConfigError, match="--role and --external-id are for several accounts"):
        AwsOptions(role="Auditor").completed(Config())
