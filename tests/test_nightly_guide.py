"""The commands with which docs/nightly.md deploys the hub and the role in each account, typed into the real AWS CLI.

The account is moto's. Of a stack it makes the types that it knows; NOT_MADE names the others, which
tests/test_terraform_hub.py makes by their calls.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from auditor.cli.main import run
from auditor.simulator import Simulator
from tests.docs.pages import ROOT, fences
from tests.remediation.aws_cli import AwsCli, installed
from tests.test_nightly_deployment import NIGHTLY, _Loader
from tests.test_terraform_hub import deliver_logs

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")
PAGE = ROOT / "docs" / "nightly.md"
IMAGE = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/studio-audit@sha256:{'0' * 64}"
#: Types of hub.yaml and shards.yaml that moto makes of no stack.
NOT_MADE = {
    "AWS::CloudWatch::Alarm", "AWS::IAM::RolePolicy", "AWS::Logs::MetricFilter", "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::Scheduler::Schedule",
}  # fmt: skip


def _typed(page: Path, program: str) -> list[str]:
    """The blocks of a page that call a program, in its order."""
    texts = [fence.text for fence in fences(page) if fence.language == "text"]
    return [text for text in texts if text.startswith(program) or f"\n{program}" in text]


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[AwsCli, dict[str, str]]]:
    with Simulator("clean") as simulator:
        environment = {**os.environ, **simulator.environment}
        cli = AwsCli(simulator.environment)
        environment["PATH"] = f"{cli.folder}:{environment['PATH']}"
        try:
            yield cli, environment
        finally:
            cli.stop()


@pytest.fixture(scope="module")
def client(account: tuple[AwsCli, dict[str, str]]) -> Any:
    environment = account[1]

    def made(name: str) -> Any:
        return boto3.client(
            name, environment["AWS_DEFAULT_REGION"], endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="testing", aws_secret_access_key="testing",
        )  # type: ignore[call-overload]  # fmt: skip

    return made


def _resources(client: Any, stack: str) -> dict[str, str]:
    """What moto made of a stack: logical → physical id."""
    found = client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found if "LogicalResourceId" in one}


def _outputs(client: Any, stack: str) -> dict[str, str]:
    (found,) = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}


@pytest.fixture(scope="module")
def deployed(
    account: tuple[AwsCli, dict[str, str]], client: Any, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The hub's outputs, after the page's commands up to a first night."""
    folder = tmp_path_factory.mktemp("guide")
    environment = account[1]
    options = next(f.text for f in fences(PAGE) if f.text.startswith("auditor init nightly")).replace("\\\n", " ")
    here = Path.cwd()
    os.chdir(folder)
    try:
        assert run(options.split()[1:]) == 0
    finally:
        os.chdir(here)
    secret, hub, members, night = _typed(PAGE, "aws ")
    known: dict[str, str] = {}

    def shell(text: str, **more: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{text}\nset +u; echo; echo \"external_id=$external_id\""],
            cwd=folder, env={**environment, **known, **more}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        said, _, kept = done.stdout.rpartition("\nexternal_id=")
        known["external_id"] = kept.strip()
        return said

    arn = json.loads(shell(secret))
    held = client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    assert held == known["external_id"], "without a line's end, which no external ID may hold"
    written = folder / "studio-audit" / "parameters.json"
    text = written.read_text(encoding="utf-8")
    filled = {"Image": IMAGE, "ExternalIdSecret": arn}
    parameters = [{**one, "ParameterValue": filled.get(one["ParameterKey"], one["ParameterValue"])}
                  for one in json.loads(text)]  # fmt: skip
    assert all(one["ParameterValue"] for one in parameters), "what the page says to fill in is all that is missing"
    written.write_text(json.dumps(parameters), encoding="utf-8")
    assert "HubPrincipal" in shell(hub)
    outputs = _outputs(client, "studio-audit")
    shell(members, hub_principal=outputs["HubPrincipal"])
    # moto's Amazon ECS fails at a task that has no memory of its own: the call is checked, and not made.
    checked = night.replace("aws ecs run-task", "aws ecs run-task --generate-cli-skeleton output")
    # By a program of its own: the one that is started once knows the skeletons of its first call alone.
    path = f"{installed()}:{environment['PATH']}"
    shell(checked, PATH=path, **{name.lower(): value for name, value in outputs.items()})
    return outputs


def test_the_hub_is_there(deployed: dict[str, str], client: Any) -> None:
    declared = _template("hub.yaml")
    made = _resources(client, "studio-audit")
    assert {name for name, one in declared["Resources"].items() if one["Type"] not in NOT_MADE} == set(made)
    bucket = deployed["Bucket"]
    encryption = client("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    (container,) = client("ecs").describe_task_definition(taskDefinition=deployed["Task"])["taskDefinition"][
        "containerDefinitions"
    ]
    assert (
        container["command"][-5:-3] == ["--store", deployed["StoreAddress"]]
        or deployed["StoreAddress"] in (container["command"])
    )
    assert container["image"] == IMAGE


def test_the_role_of_each_account_is_set_out(deployed: dict[str, str], client: Any) -> None:
    (found,) = client("cloudformation").list_stack_sets()["Summaries"]
    told = client("cloudformation").describe_stack_set(StackSetName=found["StackSetName"])["StackSet"]
    given = {one["ParameterKey"]: one["ParameterValue"] for one in told["Parameters"]}
    assert given["HubPrincipal"] == deployed["HubPrincipal"]
    assert set(given) == set(json.loads(told["TemplateBody"])["Parameters"])


def test_the_state_machine_takes_the_hubs_outputs(
    account: tuple[AwsCli, dict[str, str]], deployed: dict[str, str], client: Any
) -> None:
    (text,) = _typed(ROOT / "docs" / "organization.md", "aws ")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=NIGHTLY.parent, capture_output=True, text=True, check=False,
        env={**account[1], **{name.lower(): value for name, value in deployed.items()}},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    declared = _template("shards.yaml")["Resources"]
    made = _resources(client, "studio-audit-shards")
    assert {name for name, one in declared.items() if one["Type"] not in NOT_MADE} == set(made)
    (stack,) = client("cloudformation").describe_stacks(StackName="studio-audit-shards")["Stacks"]
    given = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
    assert given.items() >= {name: deployed[name] for name in ("Cluster", "Task", "Bucket")}.items()


def _template(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((NIGHTLY / name).read_text(encoding="utf-8"), _Loader)
    return loaded


def test_access_logs_are_delivered_as_the_stack_says(deployed: dict[str, str], client: Any) -> None:
    """moto makes neither the policy nor the logs of a stack's bucket, but both by their calls."""
    resources = _template("hub.yaml")["Resources"]
    assert resources["Store"]["DependsOn"] == "AccessLogPolicy"
    wanted = resources["Store"]["Properties"]["LoggingConfiguration"]
    assert wanted["DestinationBucketName"] == {"Ref": "AccessLog"}
    target = _resources(client, "studio-audit")["AccessLog"]
    policy = json.dumps(resources["AccessLogPolicy"]["Properties"]["PolicyDocument"])
    for said, meant in {
        '{"Fn::Sub": "${AccessLog.Arn}/store/*"}': f'"arn:aws:s3:::{target}/store/*"',
        '{"Fn::Sub": "${AccessLog.Arn}/*"}': f'"arn:aws:s3:::{target}/*"',
        '{"Fn::GetAtt": "AccessLog.Arn"}': f'"arn:aws:s3:::{target}"',
        '{"Ref": "AWS::AccountId"}': '"123456789012"',
    }.items():
        assert said in policy
        policy = policy.replace(said, meant)
    client("s3").put_bucket_policy(Bucket=target, Policy=policy)
    deliver_logs(client("s3"), deployed["Bucket"], target, wanted["LogFilePrefix"])
    assert client("s3").get_bucket_logging(Bucket=deployed["Bucket"])["LoggingEnabled"]["TargetBucket"] == target
