"""deploy/nightly/terraform is the hub and the role of each account in Terraform; and there are other ways to run it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli.main import cli, run
from auditor.collect.iac.hcl.parser import parse
from auditor.errors import ExitCode
from tests.test_nightly_deployment import _Loader

NIGHTLY = Path(__file__).resolve().parents[1] / "deploy" / "nightly"
FOLDER = NIGHTLY / "terraform"
FILES = sorted(FOLDER.rglob("*.tf"))
#: shards.tf is shards.yaml's counterpart, all others together are hub.yaml's.
SHARES = (FOLDER / "shards.tf").read_text(encoding="utf-8")
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.tf") if path.name != "shards.tf")
#: A type of hub.yaml → what it is in Terraform. A bucket's properties are resources of their own there.
COUNTERPARTS = {
    "AWS::KMS::Key": "aws_kms_key",
    "AWS::S3::Bucket": "aws_s3_bucket",
    "AWS::S3::BucketPolicy": "aws_s3_bucket_policy",
    "AWS::Logs::LogGroup": "aws_cloudwatch_log_group",
    "AWS::ECS::Cluster": "aws_ecs_cluster",
    "AWS::IAM::Role": "aws_iam_role",
    "AWS::ECS::TaskDefinition": "aws_ecs_task_definition",
    "AWS::SQS::Queue": "aws_sqs_queue",
    "AWS::SQS::QueuePolicy": "aws_sqs_queue_policy",
    "AWS::Scheduler::Schedule": "aws_scheduler_schedule",
    "AWS::SNS::Topic": "aws_sns_topic",
    "AWS::SNS::TopicPolicy": "aws_sns_topic_policy",
    "AWS::SNS::Subscription": "aws_sns_topic_subscription",
    "AWS::Logs::MetricFilter": "aws_cloudwatch_log_metric_filter",
    "AWS::CloudWatch::Alarm": "aws_cloudwatch_metric_alarm",
    "AWS::StepFunctions::StateMachine": "aws_sfn_state_machine",
    "AWS::IAM::RolePolicy": "aws_iam_role_policy",
}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(FOLDER)))
def test_each_file_is_terraform(path: Path) -> None:
    """By the grammar that the auditor reads; where terraform is installed, also as terraform fmt writes it."""
    assert parse(path.read_text(encoding="utf-8")).blocks
    terraform = shutil.which("terraform")
    if terraform is not None:
        done = subprocess.run([terraform, "fmt", "-check", str(path)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")


def test_it_has_what_the_stack_has() -> None:
    types = re.findall(r"^    Type: (AWS::\S+)$", (NIGHTLY / "hub.yaml").read_text(encoding="utf-8"), re.MULTILINE)
    stack = [COUNTERPARTS[name] for name in types]
    here = re.findall(r'^resource "(\w+)"', TEXT, re.MULTILINE)
    assert {name: here.count(name) for name in stack} == {name: stack.count(name) for name in stack}
    assert set(re.findall(r'"aws_s3_bucket_(\w+)" "store"', TEXT)) >= {
        "server_side_encryption_configuration", "public_access_block", "versioning", "object_lock_configuration",
        "lifecycle_configuration", "policy", "logging",
    }  # fmt: skip
    assert re.search(r'treat_missing_data +=\s*"breaching"', TEXT)


def test_no_partition_is_taken_for_granted() -> None:
    """ARNs of AWS GovCloud (US) begin with arn:aws-us-gov, those of China with arn:aws-cn (Step Functions' integrations
    too), and CloudWatch Logs signs in there as logs.REGION.amazonaws.com.cn (aws_service_principal in the provider)."""
    deployed = [file for file in NIGHTLY.parent.rglob("*") if file.suffix in (".tf", ".yaml", ".yml", ".json")]
    assert len(deployed) > 10
    for file in deployed:
        text = file.read_text(encoding="utf-8")
        assert "arn:aws:" not in text, file
        assert not re.search(r"logs\.\$\{[^}]*\}\.amazonaws\.com", text), file


def test_the_state_machine_is_the_stacks() -> None:
    """Which runs in tests/test_shards_deployment.py. Terraform fills it in as CloudFormation does."""
    text = (FOLDER / "shards.asl.json").read_text(encoding="utf-8")
    stack = yaml.load((NIGHTLY / "shards.yaml").read_text(encoding="utf-8"), _Loader)
    machine = stack["Resources"]["Machine"]["Properties"]
    assert text == machine["DefinitionString"]
    given = re.search(r"shards\.asl\.json\", \{(.*?)\n  \}\)", SHARES, re.DOTALL)
    assert given is not None
    filled = set(re.findall(r"^ +(\w+) +=", given[1], re.MULTILINE))
    assert filled == set(machine["DefinitionSubstitutions"]) == set(re.findall(r"\$\{(\w+)\}", text))
    assert not re.search(r"%\{|\$\$\{", text), "which Terraform would read as more than a name"
    types = [COUNTERPARTS[resource["Type"]] for resource in stack["Resources"].values()]
    assert set(re.findall(r'^resource "(\w+)"', SHARES, re.MULTILINE)) == set(types)
    # None of it is there for a night on one machine, and on several the other schedule rests.
    assert re.findall(r"^ +count +=(.*)", SHARES, re.MULTILINE) == [" local.shared"] * SHARES.count("\nresource ")
    assert 'var.shards > 0 ? "DISABLED" : "ENABLED"' in TEXT


def test_the_machine_and_its_schedule_may_do_what_the_stacks_may() -> None:
    """The schedule's role is the hub's, which may write to the queue of what was not delivered as well."""
    stack = (NIGHTLY / "shards.yaml").read_text(encoding="utf-8").partition("MachineRole:\n    Type")[2]
    action = re.compile(r'"((?:ecs|iam|events|xray|states|sts):\w+)"')
    assert sorted(set(action.findall(SHARES))) == sorted(set(action.findall(stack)))
    assert sorted(re.findall(r'Service = "([\w.]+)"', SHARES)) == ["states.amazonaws.com"]
    for text in ("/nights-parts/*", 'prefix = "nights-parts/"'):
        assert text in TEXT, "what the shares write, and what the evaluation reads, goes after a week"


@pytest.mark.parametrize(("name", "options"), [("audit", []), ("organization", ["--organization"]), ("hub", ["--hub"])])
def test_policies_are_those_that_are_printed(name: str, options: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert run(["permissions", *options]) == ExitCode.OK
    assert capfd.readouterr().out == (FOLDER / "policies" / f"{name}.json").read_text(encoding="utf-8")


def test_the_task_runs_what_the_stacks_task_runs() -> None:
    mine = re.findall(r'"([^"]+)"', re.search(r"command = \[(.*?)\n      \]", TEXT, re.DOTALL)[1])  # type: ignore[index]
    options = [word for word in mine if word.startswith("--")]
    stack = (NIGHTLY / "hub.yaml").read_text(encoding="utf-8").partition("Command:")[2].partition("LogConfiguration")[0]
    assert options == re.findall(r"- (--\S+)", stack)
    assert re.search(r"readonlyRootFilesystem += true", TEXT)
    assert re.search(r'user += "65532:65532"', TEXT)


def test_the_member_role_is_trusted_by_the_hub_alone() -> None:
    text = (FOLDER / "member" / "main.tf").read_text(encoding="utf-8")
    assert re.findall(r"Principal = (.*)", text) == ["{ AWS = var.hub_principal }"]
    assert re.search(r'"aws:PrincipalOrgID" = var.organization_id\n +"sts:ExternalId" +  = var.external_id', text) or (
        '"aws:PrincipalOrgID" = var.organization_id' in text and "= var.external_id" in text
    )


def _options(command: str) -> set[str]:
    """The options that a line of a shell gives ``auditor audit``; they must exist."""
    words = command.partition("auditor audit ")[2].split()
    given = {word for word in words if word.startswith("--")}
    found = cli.get_command(cli.make_context("auditor", ["audit", "--help"], resilient_parsing=True), "audit")
    assert found is not None
    assert given <= {name for parameter in found.params for name in parameter.opts}
    return given


def test_cron_runs_it_once_a_day_as_a_user_of_its_own() -> None:
    text = (NIGHTLY / "studio-audit.cron").read_text(encoding="utf-8")
    (line,) = (line for line in text.splitlines() if "auditor audit " in line and not line.startswith("#"))
    minute, hour, *every, user = line.split()[:6]
    assert (minute.isdigit(), hour.isdigit(), every, user) == (True, True, ["*", "*", "*"], "studio-audit")
    assert _options(line) >= {"--store", "--new-only", "--log-file"}
    assert "%" not in line, "cron takes it for a line break"


def test_the_workflow_is_scheduled_pinned_and_may_do_little() -> None:
    text = (NIGHTLY / "github-nightly.yml").read_text(encoding="utf-8")
    flow: dict[Any, Any] = yaml.safe_load(text)
    assert set(flow[True]) == {"schedule", "workflow_dispatch"}  # YAML 1.1 reads the key "on" so
    assert flow["permissions"] == {"contents": "read"}
    job = flow["jobs"]["audit"]
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in job["steps"] if "uses" in step)
    (script,) = (step["run"] for step in job["steps"] if step.get("name") == "Audit")
    assert _options(next(line for line in script.splitlines() if "auditor audit" in line)) >= {"--store", "--new-only"}
    assert "${{" not in script, "what a variable holds is no part of a script"


def test_init_writes_terraform_with_the_users_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "nightly", "--output", "a", "--subnet", "subnet-1", "--role", "R", "--lock-days", "30"]) == 0
    written = {p.relative_to(tmp_path / "a" / "terraform").as_posix() for p in (tmp_path / "a").rglob("terraform/**/*")}
    assert {p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*")} <= written
    values = json.loads((tmp_path / "a" / "terraform" / "terraform.tfvars.json").read_text(encoding="utf-8"))
    declared = set(re.findall(r'^variable "(\w+)"', (FOLDER / "variables.tf").read_text("utf-8"), re.MULTILINE))
    assert values.items() >= {"subnets": ["subnet-1"], "member_role": "R", "lock_days": 30}.items()
    assert set(values) <= declared
