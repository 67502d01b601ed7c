"""The state machine of deploy/nightly/shards.yaml, run in moto's interpreter with tasks that record their commands."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws
from moto.ecs.models import EC2ContainerServiceBackend
from moto.moto_api import state_manager
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService

from auditor.cli.main import cli
from auditor.run.collect_shard import Shard, parse_shard
from tests.test_nightly_deployment import NIGHTLY, _Loader

REGION = "eu-west-1"
TASK = "arn:aws:ecs:eu-west-1:123456789012:task-definition/audit:1"


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    """The machine as CloudFormation substitutes its parts."""
    template = yaml.load((NIGHTLY / "shards.yaml").read_text(encoding="utf-8"), _Loader)
    properties = template["Resources"]["Machine"]["Properties"]
    values = {
        "RunTask": "arn:aws:states:::ecs:runTask.sync", "Cluster": "audit", "Task": TASK, "Bucket": "studio-store",
        "MemberRole": "StudioAuditor",
        "Subnets": 'subnet-1","subnet-2', "SecurityGroups": "sg-1",
    }  # fmt: skip
    assert properties["DefinitionSubstitutions"].keys() == values.keys()
    text = properties["DefinitionString"]
    for name, value in values.items():
        assert f"${{{name}}}" in text
        text = text.replace(f"${{{name}}}", value)
    assert "${" not in text
    return json.loads(text)  # type: ignore[no-any-return]


def _cased(value: Any, letter: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {letter(name[0]) + name[1:]: _cased(inner, letter) for name, inner in value.items()}
    return [_cased(inner, letter) for inner in value] if isinstance(value, list) else value


def _renamed(letter: Callable[[str], str]) -> Callable[..., None]:
    """In place, as the interpreter's own methods would. Step Functions writes members of every service with a capital
    (Step Functions developer guide, "Passing parameters to a service API"), and moto hands them on as they are."""

    def rename(_self: object, *given: Any, **named: Any) -> None:
        value = next(v for v in (*given, *named.values()) if isinstance(v, dict))
        made = _cased(value, letter)
        value.clear()
        value.update(made)

    return rename


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """What the tasks were told to run; each ends at once."""
    told: list[list[str]] = []
    kept = EC2ContainerServiceBackend.run_task

    def run_task(self: Any, *args: Any, **named: Any) -> Any:
        (overrides,) = [a for a in (*args, *named.values()) if isinstance(a, dict) and "containerOverrides" in a]
        told.append(overrides["containerOverrides"][0]["command"])
        return kept(self, *args, **named)

    monkeypatch.setattr(EC2ContainerServiceBackend, "run_task", run_task)
    monkeypatch.setattr(StateTaskService, "_normalise_parameters", _renamed(str.lower))
    monkeypatch.setattr(StateTaskService, "_normalise_response", _renamed(str.upper))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    state_manager.set_transition("ecs::task", {"progression": "immediate"})
    try:
        yield told
    finally:
        state_manager.unset_transition("ecs::task")


def ended(definition: dict[str, Any], given: dict[str, Any]) -> str:
    """The status with which an execution ends."""
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        ecs = boto3.client("ecs", REGION)
        ecs.create_cluster(clusterName="audit")
        ecs.register_task_definition(
            family="audit", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[{"name": "audit", "image": "audit", "memory": 512}],
        )  # fmt: skip
        ec2 = boto3.client("ec2", REGION)
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        text = json.dumps(definition).replace("subnet-1", subnet).replace("subnet-2", subnet)
        # The interpreter really waits.
        text = text.replace('"IntervalSeconds": 60', '"IntervalSeconds": 1')
        client = boto3.client("stepfunctions", REGION)
        machine = client.create_state_machine(
            name="night", definition=text, roleArn="arn:aws:iam::123456789012:role/machine"
        )["stateMachineArn"]
        started = client.start_execution(stateMachineArn=machine, name="night-1", input=json.dumps(given))
        for _ in range(600):
            found = client.describe_execution(executionArn=started["executionArn"])
            if found["status"] != "RUNNING":
                return f"{found['status']} {found.get('error', '')}".strip()
            time.sleep(0.05)
    raise AssertionError("it does not end")


def options(words: list[str]) -> dict[str, str]:
    """A command's options, each of which the auditor has."""
    command = cli.get_command(cli.make_context("auditor", [words[0], "--help"], resilient_parsing=True), words[0])
    assert command is not None
    with command.make_context(words[0], words[1:]) as context:
        return dict(context.params)


def test_every_share_is_collected_and_then_all_are_evaluated(
    definition: dict[str, Any], commands: list[list[str]]
) -> None:
    assert ended(definition, {"shards": 3}) == "SUCCEEDED"
    *shares, last = commands
    told = [options(words) for words in shares]
    assert sorted(parse_shard(one["shard"]).number for one in told) == [1, 2, 3]
    assert {parse_shard(one["shard"]).of for one in told} == {3}
    evaluated = options(last)
    assert (last[0], {words[0] for words in shares}) == ("audit", {"collect"})
    # The evaluation takes what the shares have written, and asks what they asked.
    same = ("organization", "role", "external_id", "regions", "skip_regions", "parts")
    assert [{key: one[key] for key in same} for one in told] == [{key: evaluated[key] for key in same}] * 3
    assert evaluated["parts"] == "s3://studio-store/nights-parts/night-1", "each night has a place of its own"
    assert str(Shard(1, 3)) == "1/3"


@pytest.mark.parametrize(
    ("code", "status"), [(4, "SUCCEEDED"), (5, "SUCCEEDED"), (1, "FAILED NoNight"), (3, "FAILED NoNight")]
)
def test_a_night_that_is_in_the_store_has_succeeded(
    code: int, status: str, definition: dict[str, Any], commands: list[list[str]]
) -> None:
    """As Step Functions tells of a task whose container ended with another code than 0."""
    task = {"Containers": [{"Name": "audit", "ExitCode": code, "LastStatus": "STOPPED"}], "LastStatus": "STOPPED"}
    given = {"Error": "States.TaskFailed", "Cause": json.dumps(task)}
    assert ended({**definition, "StartAt": "ReadTask"}, given) == status


def test_the_hub_gives_what_the_machine_needs() -> None:
    hub = yaml.load((NIGHTLY / "hub.yaml").read_text(encoding="utf-8"), _Loader)
    shards = yaml.load((NIGHTLY / "shards.yaml").read_text(encoding="utf-8"), _Loader)
    assert {"Cluster", "Task", "TaskRoles", "Bucket"} <= hub["Outputs"].keys() & shards["Parameters"].keys()
    (policy,) = [p for p in hub["Resources"]["Hub"]["Properties"]["Policies"] if p["PolicyName"] == "store"]
    allowed = json.dumps(policy)
    assert "nights-parts/*" in allowed
    (container,) = hub["Resources"]["Task"]["Properties"]["ContainerDefinitions"]
    assert container["Name"] == "audit"
    assert Path(NIGHTLY / "shards.yaml").is_file()
