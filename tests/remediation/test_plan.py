"""auditor plan: the scripts that it writes, run with the real AWS CLI on the simulated account."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from auditor.config import Config
from auditor.errors import ConfigError
from auditor.fixplan.plan_steps import steps_of
from auditor.model.owner import OwnerRule
from auditor.model.paths import value_at
from auditor.run.make_plan import Planned, PlanOptions, make_plan
from auditor.run.run_options import RuleOptions
from auditor.simulator.wire import service_model
from auditor.store.snapshot_file import end_line
from auditor.store.snapshot_reader import Key

from .simulated_account import ACCOUNT, REGION, Account, Audit, Beginning

#: Rules whose causes share resources, and some whose commands cannot be undone.
CHOSEN = ("STU301", "STU302", "STU402", "STU404", "STU501", "STU502", "STU504", "STU710", "STU709", "STU206", "STU305")


@dataclass(frozen=True)
class Ready:
    """The account as it was audited, and its plan."""

    account: Account
    plan: Planned

    def run(self, script: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", f"{self.plan.folder}/{script}", *words], capture_output=True, text=True, check=False,
            env={**self.account.environment(), **environment}, timeout=300,
        )  # fmt: skip


@pytest.fixture(scope="module")
def plan(before: Audit, tmp_path_factory: pytest.TempPathFactory) -> Planned:
    folder = tmp_path_factory.mktemp("plan")
    (made,) = make_plan(Config(), [before.path], PlanOptions(fix=CHOSEN), folder)
    assert made.folder == folder / ACCOUNT
    return made


@pytest.fixture(scope="module")
def account(at_first: Beginning, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    found = Account(tmp_path_factory.mktemp("account"), at_first.state)
    yield found
    found.stop()


@pytest.fixture
def ready(account: Account, plan: Planned) -> Iterator[Ready]:
    yield Ready(account, plan)
    account.reset()


def test_one_update_a_resource_holds_all_fixes_of_it(plan: Planned) -> None:
    updates = [step.key for step in plan.steps if step.request.operation.startswith("update-")]
    assert len(updates) == len(set(updates))
    assert any(len(step.origins) > 2 for step in plan.steps)
    order = [step.request.operation for step in plan.steps]
    assert order.index("update-assume-role-policy") < order.index("update-domain") < order.index("update-user-profile")
    assert order[-1] == "delete-space"
    page = (plan.folder / "plan.md").read_text(encoding="utf-8")
    assert all(f"### {n}. " in page for n in range(1, len(plan.steps) + 1))
    assert "It cannot be undone: its volume and the files on it are deleted as well." in page
    written = json.loads((plan.folder / "plan.json").read_text(encoding="utf-8"))
    assert [s["resource"] for s in written["steps"]] == ["/".join(s.key) for s in plan.steps]
    assert oct((plan.folder / "apply.sh").stat().st_mode)[-3:] == "700"


def test_what_aws_wants_beside_a_change_is_sent_with_it() -> None:
    """VpcOnly is refused without VPC and subnets, also where these stay what they are."""
    was = {"AppNetworkAccessType": "PublicInternetOnly", "VpcId": "vpc-1", "SubnetIds": ["subnet-1", "subnet-2"]}
    line = {"kind": "domain", "domain": was}
    made = {"kind": "domain", "domain": {**was, "AppNetworkAccessType": "VpcOnly", "SubnetIds": ["subnet-1"]}}
    (step,) = steps_of((ACCOUNT, REGION, "domain", "d-1"), line, made, ["STU603 1"], lambda *_: None)
    assert step.request.input == {"DomainId": "d-1", **made["domain"]}
    (back,) = step.back
    assert back.input == {
        "DomainId": "d-1",
        "AppNetworkAccessType": "PublicInternetOnly",
        "SubnetIds": was["SubnetIds"],
    }


def test_a_number_that_was_not_set_stays() -> None:
    """A timeout of 0 is in force where none is set; UpdateDomain takes 60 and more (API_IdleSettings)."""
    idle = "JupyterLabAppSettings.AppLifecycleManagement.IdleSettings"
    on = {"LifecycleManagement": "ENABLED", "IdleTimeoutInMinutes": 120}
    line = {"kind": "domain", "domain": {"DefaultUserSettings": {"AutoMountHomeEFS": "Disabled"}}}
    set_ = {"AutoMountHomeEFS": "Disabled", "JupyterLabAppSettings": {"AppLifecycleManagement": {"IdleSettings": on}}}
    made = {"kind": "domain", "domain": {"DefaultUserSettings": set_}}
    in_force = {f"DefaultUserSettings.{idle}.LifecycleManagement": "DISABLED",
                f"DefaultUserSettings.{idle}.IdleTimeoutInMinutes": 0}  # fmt: skip
    (step,) = steps_of((ACCOUNT, REGION, "domain", "d-1"), line, made, ["STU712 1"], lambda _, path: in_force[path])
    (back,) = step.back
    assert value_at(back.input, f"DefaultUserSettings.{idle}") == {
        "LifecycleManagement": "DISABLED", "IdleTimeoutInMinutes": 120,
    }  # fmt: skip
    assert f"cannot unset DefaultUserSettings.{idle}.IdleTimeoutInMinutes, and no value was in force" in step.lasting


def test_a_bound_that_was_not_set_binds_nothing_on_the_way_back() -> None:
    """Left as it is, it would stand against the timeout that comes back (API_IdleSettings: 60 to 525,600)."""
    was = {"LifecycleManagement": "ENABLED", "IdleTimeoutInMinutes": 1_369}
    now = {**was, "IdleTimeoutInMinutes": 120, "MinIdleTimeoutInMinutes": 120, "MaxIdleTimeoutInMinutes": 180}
    documents = [{"UserSettings": {"JupyterLabAppSettings": {"AppLifecycleManagement": {"IdleSettings": one}}}}
                 for one in (was, now)]  # fmt: skip
    line, made = ({"kind": "user_profile", "user_profile": one} for one in documents)
    key = (ACCOUNT, REGION, "user_profile", "d-1/ana")
    (step,) = steps_of(key, line, made, ["STU706 1"], lambda _, path: 0 if "Max" in path else None)
    idle = "UserSettings.JupyterLabAppSettings.AppLifecycleManagement.IdleSettings"
    (back,) = step.back
    assert value_at(back.input, idle) == {
        **was, "MinIdleTimeoutInMinutes": 60, "MaxIdleTimeoutInMinutes": 525_600,
    }  # fmt: skip
    assert f"{idle}.MinIdleTimeoutInMinutes to 60, {idle}.MaxIdleTimeoutInMinutes to 525,600" in step.lasting
    assert "it stays" not in step.lasting


def test_every_call_is_one_that_the_api_takes(estate_file: Callable[[str], Path], tmp_path: Path) -> None:
    """Of all fixes of an account, the way back included: by botocore's models, with the limits of numbers."""
    for planned in make_plan(Config(), [estate_file("acme")], PlanOptions(), tmp_path):
        requests = [request for step in planned.steps for request in (step.request, *step.back)]
        assert len(requests) > 60
        for request in requests:
            model = service_model(request.service)
            (name,) = [n for n in model.operation_names if xform_name(n, "-") == request.operation]
            report = ParamValidator().validate(request.input, model.operation_model(name).input_shape)
            assert not report.has_errors(), (request.operation, report.generate_report())


def test_looking_changes_nothing(ready: Ready) -> None:
    was = ready.account.documents()
    done = ready.run("apply.sh", "--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("would change: ") == len(ready.plan.steps)
    assert ready.account.documents() == was


def test_there_and_back(ready: Ready) -> None:
    """What was shown is what changes; a second run finds everything done; the way back restores what AWS can."""
    was = ready.account.documents()
    done = ready.run("apply.sh")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == len(ready.plan.steps)
    again = ready.run("apply.sh")
    assert (again.returncode, again.stderr) == (0, "")
    # Each digest of what is there is the one that the plan foresaw.
    assert again.stdout.count("done already: ") == len(ready.plan.steps)
    back = ready.run("back.sh")
    assert (back.returncode, back.stderr) == (0, "")
    assert len(back.stdout.splitlines()) == sum(bool(step.back) for step in ready.plan.steps)
    now = ready.account.documents()
    lasting = {step.key[3] for step in ready.plan.steps if step.lasting}
    moved = {
        "/".join(id_) if isinstance(id_, tuple) else id_
        for name, kind in was.items()
        for id_, document in kind.items()
        if now[name].get(id_) != document
    }
    assert moved <= lasting
    assert {step.key[3] for step in ready.plan.steps if step.back} - lasting - moved
    assert ready.run("back.sh").stdout.count("done already: ") == sum(bool(step.back) for step in ready.plan.steps)


def test_what_somebody_changed_since_the_audit_stops_it(ready: Ready) -> None:
    step = next(s for s in ready.plan.steps if s.request.operation == "update-user-profile")
    domain, _, name = step.key[3].partition("/")
    ready.account.run(
        f"aws sagemaker update-user-profile --region {REGION} --domain-id {domain} --user-profile-name {name}"
        " --user-settings SecurityGroups=sg-0aaaaaaaaaaaaaaaa"
    )
    edited = ready.account.documents()
    done = ready.run("apply.sh")
    assert done.returncode == 3
    assert f"stopped: {step.what}: it is not as it was when it was audited." in done.stderr
    at = ready.plan.steps.index(step)
    assert len(done.stdout.splitlines()) == at
    now = ready.account.documents()
    assert now["profiles"] == edited["profiles"]
    assert now["spaces"] == edited["spaces"]


def test_it_goes_on_after_it_was_killed(ready: Ready, tmp_path: Path) -> None:
    """An ``aws`` that dies in the middle of its fifth change."""
    environment = ready.account.environment()
    real = environment["PATH"].split(":")[0]
    (tmp_path / "aws").write_text(
        f"#!/bin/sh\ncase $2 in update-*|delete-*|add-*) echo x >> {tmp_path}/n;"
        f' [ "$(wc -l < {tmp_path}/n)" -eq 5 ] && kill -9 $PPID;; esac\nexec {real}/aws "$@"\n'
    )
    (tmp_path / "aws").chmod(0o755)
    path = f"{tmp_path}:{environment['PATH']}"
    assert ready.run("apply.sh", PATH=path).returncode == -9
    done = ready.run("apply.sh")
    assert (done.returncode, done.stderr) == (0, "")
    assert 4 <= done.stdout.count("done already: ") <= 5
    assert ready.run("apply.sh").stdout.count("done already: ") == len(ready.plan.steps)


def test_another_account_is_left_alone(ready: Ready) -> None:
    script = (ready.plan.folder / "apply.sh").read_text(encoding="utf-8")
    (ready.plan.folder / "other.sh").write_text(script.replace(ACCOUNT, "999999999999"))
    was = ready.account.documents()
    done = ready.run("other.sh")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"these are credentials of account {ACCOUNT}, not of 999999999999" in done.stderr
    assert ready.account.documents() == was


def test_2_where_there_is_nothing_to_plan(before: Audit, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing to plan"):
        make_plan(Config(), [before.path], PlanOptions(RuleOptions(only=["STU105"])), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_owners_plans_are_the_whole(before: Audit, tmp_path: Path) -> None:
    """Each change is in the plan of whoever owns the resource that it changes, and in no other."""
    config = Config(owners=(OwnerRule("vision", domain="inherits"), OwnerRule("platform", domain="gener*")))

    def steps(*owners: str) -> dict[Key, dict[str, object]]:
        options = PlanOptions(RuleOptions(only=["STU501", "STU710"]), owners=owners)
        (made,) = make_plan(config, [before.path], options, tmp_path / "-".join(owners))
        return {step.key: step.request.input for step in made.steps}

    vision, nobody, others = steps("vision"), steps("unowned"), steps("unowned", "platform")
    assert {key[3].partition("/")[0] for key in vision} == {"d-inherits0001"}
    assert nobody
    assert {key[3].partition("/")[0] for key in others.keys() - nobody.keys()} == {"d-generous0001"}
    assert vision | others == steps()
    with pytest.raises(ConfigError, match="--owner visio: owns no resource") as error:
        steps("visio")
    assert error.value.hint == "Did you mean 'vision'?"


def test_nothing_of_an_earlier_plan_is_left_to_run(before: Audit, tmp_path: Path) -> None:
    """A shorter plan in the same folder: the runbooks and calls are its own, what somebody put beside them stays."""

    def planned(*rules: str) -> set[str]:
        (made,) = make_plan(Config(), [before.path], PlanOptions(fix=rules), tmp_path)
        return {str(file.relative_to(made.folder)) for file in made.folder.rglob("*") if file.is_file()}

    long = planned(*CHOSEN)
    for note in ("calls/apply-notes.json", "review.sh"):
        (tmp_path / ACCOUNT / note).write_text("mine", encoding="utf-8")
    short = planned("STU709")
    assert short - long == {"calls/apply-notes.json", "review.sh"}
    assert len(long - short) > 20
    steps = json.loads((tmp_path / ACCOUNT / "plan.json").read_text(encoding="utf-8"))["steps"]
    assert len([name for name in short if "/apply-" in name and name.endswith("-look.json")]) == len(steps)


def test_what_a_script_could_not_compare_is_left_to_people(before: Audit, tmp_path: Path) -> None:
    """A masked secret would be sent in place of the real one, and what was not seen would look like a change."""
    whole = before.path.read_bytes().splitlines(keepends=True)[:-1]
    for name, spoil in (("masked", b'"TOKEN [masked:1a2b]"'), ("unseen", None)):
        lines = []
        for line in whole:
            record = json.loads(line)
            if record.get("kind") == "space":
                if spoil is None:
                    record["gaps"] = ["SpaceSettings.CustomFileSystems"]
                else:
                    record["space"].setdefault("SpaceSettings", {})["SpaceManagedResources"] = json.loads(spoil)
                line = json.dumps(record).encode() + b"\n"
            lines.append(line)
        body = b"".join(lines)
        snapshot = tmp_path / f"{name}.jsonl"
        snapshot.write_bytes(body + end_line(len(lines), sha256(body).hexdigest()))
        (plan,) = make_plan(Config(), [snapshot], PlanOptions(RuleOptions(only=["STU709"])), tmp_path / name)
        assert plan.steps == ()
        assert {n.reason.split(",")[0] for n in plan.left if "so that a script" in n.reason} == {
            "a secret in its settings is masked in the snapshot" if spoil else "not every setting of it could be seen"
        }
