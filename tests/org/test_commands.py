"""auditor accounts list, auditor permissions for several accounts, and Security Hub of each account."""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
import pytest

from auditor.cli.main import run
from auditor.config import Config
from auditor.deliver.security_hub import member_hubs
from auditor.errors import CollectError, ExitCode
from auditor.org.account_policies import hub_policy, member_template, organization_policy
from auditor.run.collect_accounts import entrance
from auditor.simulator import Simulator, load_organization

from .small import ASKED, BUSY, CLOSED, DEV, HUB, LOCKED, PROD, SMALL, Ran

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Simulator:
    with Simulator(load_organization(str(SMALL))) as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield simulator


def test_the_list_says_who_is_visited_and_why_not_the_rest(served: Simulator, capfd: Captured, tmp_path: Path) -> None:
    config = tmp_path / "nightly.yaml"
    config.write_text("organization: {exclude: ['lock*', '1000000000*7']}\n")
    assert run(["accounts", "list", "--config", str(config), "--format", "json"]) == 0
    out, err = capfd.readouterr()
    listed = {row["id"]: (row["decision"], row["reason"]) for row in json.loads(out)}
    assert listed[PROD] == ("visit", "")
    assert listed[LOCKED] == ("left out", "exclude: lock*")
    assert listed[CLOSED] == ("suspended", "AWS Organizations gives its state as SUSPENDED")
    assert set(listed) == {HUB, PROD, DEV, LOCKED, CLOSED, BUSY}
    assert "no account matches '1000000000*7'" in err
    assert served.calls["sts:AssumeRole"] == 0
    assert run(["accounts", "list"]) == 0
    out, _ = capfd.readouterr()
    assert "5 accounts of 6 to visit" in out
    assert "Workloads/Production" in out


def test_the_list_of_named_accounts_asks_nobody(served: Simulator, capfd: Captured) -> None:
    assert run(["accounts", "list", "--account", DEV, "--format", "csv"]) == 0
    assert f"{DEV},,,visit," in capfd.readouterr().out
    assert served.calls["organizations:ListAccounts"] == 0


def test_the_list_says_why_nobody_is_left(served: Simulator, capfd: Captured, tmp_path: Path) -> None:
    config = tmp_path / "nightly.yaml"
    config.write_text("organization: {include: ['studi0-*'], external_id: nightly-7f3a}\n")
    assert run(["accounts", "list", "--config", str(config)]) == 0
    out, err = capfd.readouterr()
    assert (out.count("no entry of include matches it"), "0 accounts of 6 to visit" in out) == (6, True)
    assert "include: no account matches 'studi0-*'" in err
    assert run(["audit", "--organization", "--config", str(config)]) == ExitCode.USAGE
    assert "leave none of 6 accounts; organization: include: no account matches 'studi0-*'" in capfd.readouterr().err
    assert served.calls["sts:AssumeRole"] == 0


def test_an_external_id_that_is_none_is_refused_before_anybody_is_asked(served: Simulator, capfd: Captured) -> None:
    assert run(["accounts", "list", "--external-id", "two words"]) == ExitCode.USAGE
    err = capfd.readouterr().err
    assert "--external-id: external id: not 2 to 1224 letters" in err
    assert "two words" not in err
    assert served.calls["organizations:ListAccounts"] == 0


def test_a_member_may_not_list(served: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = entrance(ASKED.completed(Config()), Config()).sessions()
    frozen = sessions.session(DEV).get_credentials().get_frozen_credentials()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", frozen.access_key)
    with pytest.raises(CollectError, match="the organization's accounts cannot be listed") as caught:
        entrance(ASKED.completed(Config()), Config())
    assert "auditor permissions --organization" in caught.value.hint


def test_security_hub_of_each_account_gets_its_own_credentials(served: Simulator) -> None:
    hub_of = member_hubs(entrance(ASKED.completed(Config()), Config()).sessions())
    calls = served.calls
    hub_of(DEV, "eu-west-1")
    hub_of(DEV, "eu-central-1")
    hub_of(PROD, "eu-west-1")
    hub_of(HUB, "eu-west-1")
    assert calls["sts:AssumeRole"] == 2, "one for each account but the own one"
    with pytest.raises(CollectError, match="AccessDenied"):
        hub_of(LOCKED, "eu-west-1")


def test_policies_for_several_accounts() -> None:
    listing, people = organization_policy()["Statement"]
    assert people["Action"] == ["identitystore:ListUsers", "sso:ListInstances"]
    model = botocore.session.get_session().get_service_model("organizations")
    assert {action.partition(":")[2] for action in listing["Action"]} <= set(model.operation_names)
    (entering,) = hub_policy("/audit/Auditor")["Statement"]
    assert (entering["Action"], entering["Resource"]) == ("sts:AssumeRole", "arn:*:iam::*:role/audit/Auditor")
    role = member_template("audit/Auditor")["Resources"]["Role"]["Properties"]
    assert (role["RoleName"], role["Path"]) == ("Auditor", "/audit/")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert set(trust["Condition"]["StringEquals"]) == {"aws:PrincipalOrgID", "sts:ExternalId"}
    assert member_template()["Resources"]["Role"]["Properties"]["Path"] == "/"


def test_permissions_prints_them(capfd: Captured) -> None:
    for option, word in (("--organization", "ListRoots"), ("--hub", "role/StudioAuditor"), ("--member", "ExternalId")):
        assert run(["permissions", option]) == 0
        assert word in capfd.readouterr().out
    assert run(["permissions", "--member", "--role", "a b"]) == 2
    assert run(["permissions", "--organization", "--role", "Auditor"]) == 2


def test_an_account_that_no_run_could_enter_is_never_fresh(
    ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = ["check", str(ran.path), "--only", "STU101", "--store", "nights", "--fail-on", "none", "--quiet"]
    assert run(kept) == ExitCode.INCOMPLETE
    capfd.readouterr()
    assert run(["status", "--store", "nights", "--format", "json"]) == ExitCode.FINDINGS
    said = json.loads(capfd.readouterr().out)
    assert [(one["account"], one["status"]) for one in said["missed"]] == [
        (LOCKED, "denied"), (CLOSED, "suspended"), (BUSY, "error"),
    ]  # fmt: skip
    assert run(["status", "--store", "nights"]) == ExitCode.FINDINGS
    out = capfd.readouterr().out
    assert "STALE" in out
    assert f"{LOCKED}: never audited; the run of " in out
    left = [word for account in (LOCKED, CLOSED, BUSY) for word in ("--skip-account", account)]
    # The snapshot's own age is of no matter here.
    assert run(["status", "--store", "nights", "--max-age", "9999d", *left]) == ExitCode.OK
    assert run(["status", "--store", "nights", "--account", LOCKED, "--format", "prometheus"]) == ExitCode.FINDINGS
    assert f'missed_account{{account="{LOCKED}"}} 1' in capfd.readouterr().out
    # That the run was accepted as it is says nothing about an account that somebody asks about.
    kept[kept.index("nights")] = "accepted"
    assert run([*kept, "--allow-incomplete"]) == ExitCode.OK
    capfd.readouterr()
    assert run(["status", "--store", "accepted", "--max-age", "9999d"]) == ExitCode.OK
    assert run(["status", "--store", "accepted", "--max-age", "9999d", "--account", LOCKED]) == ExitCode.FINDINGS
    assert f"{LOCKED}: never audited" in capfd.readouterr().out


def test_the_demo_audits_an_organization(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "two.yaml"
    path.write_text(
        "management: '100000000001'\nexternal_id: seven\naccounts:\n"
        "  - {id: '100000000001', name: hub}\n  - {id: '100000000002', name: locked, denied: true}\n"
    )
    asked = ["demo", "--organization", "--estate", str(path), "--allow-empty", "--format", "json", "--only", "STU101"]
    assert run(asked) == 0
    out, err = capfd.readouterr()
    assert "Accounts: 1 of 2 complete" in out
    assert "Account 100000000002 (locked) was not audited" in err
    data = json.loads((tmp_path / "audit-report" / "report.json").read_text(encoding="utf-8"))
    assert [a["status"] for a in data["accounts"]] == ["complete", "denied"]
