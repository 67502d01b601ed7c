"""The Terraform hub, filled in as Terraform does and made in moto.

tests/test_terraform_provider.py says whether the provider has its arguments. What they come to is held against
botocore's models of the calls, and policies against moto's reading of IAM's grammar.
"""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from auditor.run import nightly_actions
from auditor.run.nightly_actions import listed
from tests.terraform_module import ACCOUNT, FOLDER, REGION, Hub, Make


def _client(name: str) -> Any:
    return boto3.client(name, REGION)  # type: ignore[call-overload]


_NUMBERS = itertools.count(1)


def _name(given: Mapping[str, Any], of: str = "name") -> str:
    return given.get(of) or f"{given[f'{of}_prefix']}{next(_NUMBERS)}"


def _camel(value: Any, *, lower: bool = False) -> Any:
    """Names as botocore writes them; a block that stands alone is a structure."""
    if isinstance(value, list):
        return [_camel(one, lower=lower) for one in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for key, inner in value.items():
        words = [word.capitalize() for word in key.split("_")]
        name = "".join([words[0].lower(), *words[1:]] if lower else words)
        alone = isinstance(inner, list) and len(inner) == 1 and isinstance(inner[0], dict)
        made[name] = _camel(inner[0] if alone else inner, lower=lower)
    return made


def _key(given: dict[str, Any]) -> dict[str, str]:
    assert given.pop("enable_key_rotation") is True
    found = _client("kms").create_key(**_camel(given))["KeyMetadata"]
    return {"arn": found["Arn"], "id": found["KeyId"]}


def _bucket(given: dict[str, Any]) -> dict[str, str]:
    name = _name(given, "bucket")
    where = {"LocationConstraint": REGION}
    lock = given.get("object_lock_enabled", False)
    _client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=where, ObjectLockEnabledForBucket=lock)
    return {"id": name, "arn": f"arn:aws:s3:::{name}"}


def _encrypted(given: dict[str, Any]) -> dict[str, str]:
    rules = []
    for rule in given["rule"]:
        (default,) = rule["apply_server_side_encryption_by_default"]
        by = {"SSEAlgorithm": default["sse_algorithm"]}
        by |= {"KMSMasterKeyID": default["kms_master_key_id"]} if "kms_master_key_id" in default else {}
        rules.append(
            {"ApplyServerSideEncryptionByDefault": by, "BucketKeyEnabled": rule.get("bucket_key_enabled", False)}
        )
    _client("s3").put_bucket_encryption(
        Bucket=given["bucket"], ServerSideEncryptionConfiguration={"Rules": rules}
    )  # fmt: skip
    return {}


def _lifecycle(given: dict[str, Any]) -> dict[str, str]:
    rules = []
    for rule in given["rule"]:
        made = _camel(rule)
        made["ID"] = made.pop("Id")
        made["Filter"] = made["Filter"] or {"Prefix": ""}
        rules.append(made)
    _client("s3").put_bucket_lifecycle_configuration(
        Bucket=given["bucket"], LifecycleConfiguration={"Rules": rules}
    )  # fmt: skip
    return {}


def _of_bucket(call: str, member: str) -> Callable[[dict[str, Any]], dict[str, str]]:
    """A property of a bucket that is one structure."""

    def make(given: dict[str, Any]) -> dict[str, str]:
        bucket = given.pop("bucket")
        getattr(_client("s3"), call)(Bucket=bucket, **{member: member_of(given)})
        return {}

    def member_of(given: dict[str, Any]) -> Any:
        made = _camel(given)
        if member == "OwnershipControls":
            return {"Rules": [made["Rule"]]}
        if member == "ObjectLockConfiguration":
            return {"ObjectLockEnabled": "Enabled", **made}
        if member == "PublicAccessBlockConfiguration":
            return made
        return given["policy"] if member == "Policy" else made[member]

    return make


def _logging(given: dict[str, Any]) -> dict[str, str]:
    deliver_logs(_client("s3"), given["bucket"], given["target_bucket"], given["target_prefix"])
    return {}


def deliver_logs(s3: Any, bucket: str, target: str, prefix: str) -> None:
    """Access logs of a bucket to another one. moto refuses a target whose policy does not let the service write under
    the prefix, but ends at a statement whose principal is everybody: what the policy allows stands alone meanwhile."""
    whole = s3.get_bucket_policy(Bucket=target)["Policy"]
    allowed = [statement for statement in json.loads(whole)["Statement"] if statement["Effect"] == "Allow"]
    s3.put_bucket_policy(Bucket=target, Policy=json.dumps({"Version": "2012-10-17", "Statement": allowed}))
    logging = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": prefix}}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=logging)
    s3.put_bucket_policy(Bucket=target, Policy=whole)


def _log_group(given: dict[str, Any]) -> dict[str, str]:
    logs = _client("logs")
    logs.create_log_group(logGroupName=given["name"], kmsKeyId=given["kms_key_id"])
    logs.put_retention_policy(logGroupName=given["name"], retentionInDays=given["retention_in_days"])
    return {"name": given["name"]}


def _cluster(given: dict[str, Any]) -> dict[str, str]:
    found = _client("ecs").create_cluster(clusterName=given["name"], settings=given["setting"])["cluster"]
    return {"arn": found["clusterArn"], "id": found["clusterArn"]}


def _task(given: dict[str, Any]) -> dict[str, str]:
    containers = json.loads(given.pop("container_definitions"))
    volumes = given.pop("volume")
    given["runtime_platform"] = given["runtime_platform"][0]
    made = _camel(given, lower=True)
    asked = {**made, "containerDefinitions": containers, "volumes": volumes}
    return {"arn": _client("ecs").register_task_definition(**asked)["taskDefinition"]["taskDefinitionArn"]}


def _role(given: dict[str, Any]) -> dict[str, str]:
    name = _name(given)
    found = _client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=given["assume_role_policy"], Description=given["description"]
    )["Role"]  # fmt: skip
    return {"id": name, "name": name, "arn": found["Arn"]}


def _role_policy(given: dict[str, Any]) -> dict[str, str]:
    _client("iam").put_role_policy(RoleName=given["role"], PolicyName=given["name"], PolicyDocument=given["policy"])
    return {}


def _attached(given: dict[str, Any]) -> dict[str, str]:
    assert given["policy_arn"] == "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    assert _client("iam").get_role(RoleName=given["role"])
    return {}


def _queue(given: dict[str, Any]) -> dict[str, str]:
    name = _name(given)
    attributes = {"KmsMasterKeyId": given["kms_master_key_id"],
                  "MessageRetentionPeriod": str(given["message_retention_seconds"])}  # fmt: skip
    url = _client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return {"id": url, "name": name, "arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"}


def _queue_policy(given: dict[str, Any]) -> dict[str, str]:
    _client("sqs").set_queue_attributes(QueueUrl=given["queue_url"], Attributes={"Policy": given["policy"]})
    return {}


def _topic(given: dict[str, Any]) -> dict[str, str]:
    attributes = {"KmsMasterKeyId": given["kms_master_key_id"]}
    return {"arn": _client("sns").create_topic(Name=_name(given), Attributes=attributes)["TopicArn"]}


def _topic_policy(given: dict[str, Any]) -> dict[str, str]:
    _client("sns").set_topic_attributes(
        TopicArn=given["arn"], AttributeName="Policy", AttributeValue=given["policy"]
    )  # fmt: skip
    return {}


def _subscription(given: dict[str, Any]) -> dict[str, str]:
    _client("sns").subscribe(TopicArn=given["topic_arn"], Protocol=given["protocol"], Endpoint=given["endpoint"])
    return {}


def _schedule(given: dict[str, Any]) -> dict[str, str]:
    made = _camel(given)
    target = made["Target"]
    target["DeadLetterConfig"] = {"Arn": target["DeadLetterConfig"]["Arn"]}
    target["RetryPolicy"] = {
        "MaximumRetryAttempts": target["RetryPolicy"]["MaximumRetryAttempts"],
        "MaximumEventAgeInSeconds": target["RetryPolicy"]["MaximumEventAgeInSeconds"],
    }
    if "EcsParameters" in target:
        network = target["EcsParameters"].pop("NetworkConfiguration")
        network["AssignPublicIp"] = "ENABLED" if network["AssignPublicIp"] else "DISABLED"
        target["EcsParameters"]["NetworkConfiguration"] = {"awsvpcConfiguration": network}
    _client("scheduler").create_schedule(**made)
    return {"arn": made["Name"]}


def _metric_filter(given: dict[str, Any]) -> dict[str, str]:
    (change,) = given["metric_transformation"]
    _client("logs").put_metric_filter(
        logGroupName=given["log_group_name"], filterName=given["name"], filterPattern=given["pattern"],
        metricTransformations=[
            {"metricName": change["name"], "metricNamespace": change["namespace"], "metricValue": change["value"]}
        ],
    )  # fmt: skip
    return {}


def _alarm(given: dict[str, Any]) -> dict[str, str]:
    dimensions = [{"Name": k, "Value": v} for k, v in given.pop("dimensions", {}).items()]
    actions = {"OKActions": given.pop("ok_actions", [])}
    _client("cloudwatch").put_metric_alarm(**_camel(given), Dimensions=dimensions, **actions)
    return {}


def _machine(given: dict[str, Any]) -> dict[str, str]:
    name = _name(given)
    made = _client("stepfunctions").create_state_machine(
        name=name, definition=given["definition"], roleArn=given["role_arn"], type=given["type"],
        tracingConfiguration=given["tracing_configuration"][0],
    )  # fmt: skip
    return {"arn": made["stateMachineArn"], "name": name}


#: A type → the calls that make it, from its arguments; what Terraform knows of it then.
_MAKE: Make = {
    "aws_kms_key": _key,
    "aws_s3_bucket": _bucket,
    "aws_s3_bucket_server_side_encryption_configuration": _encrypted,
    "aws_s3_bucket_public_access_block": _of_bucket("put_public_access_block", "PublicAccessBlockConfiguration"),
    "aws_s3_bucket_ownership_controls": _of_bucket("put_bucket_ownership_controls", "OwnershipControls"),
    "aws_s3_bucket_versioning": _of_bucket("put_bucket_versioning", "VersioningConfiguration"),
    "aws_s3_bucket_object_lock_configuration": _of_bucket("put_object_lock_configuration", "ObjectLockConfiguration"),
    "aws_s3_bucket_logging": _logging,
    "aws_s3_bucket_policy": _of_bucket("put_bucket_policy", "Policy"),
    "aws_s3_bucket_lifecycle_configuration": _lifecycle,
    "aws_cloudwatch_log_group": _log_group,
    "aws_ecs_cluster": _cluster,
    "aws_ecs_task_definition": _task,
    "aws_iam_role": _role,
    "aws_iam_role_policy": _role_policy,
    "aws_iam_role_policy_attachment": _attached,
    "aws_sqs_queue": _queue,
    "aws_sqs_queue_policy": _queue_policy,
    "aws_sns_topic": _topic,
    "aws_sns_topic_policy": _topic_policy,
    "aws_sns_topic_subscription": _subscription,
    "aws_scheduler_schedule": _schedule,
    "aws_cloudwatch_log_metric_filter": _metric_filter,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_sfn_state_machine": _machine,
}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield


@pytest.mark.usefixtures("account")
def test_the_hub_can_be_made() -> None:
    hub = Hub(_MAKE, shards=4)
    roles = _client("iam").list_roles()["Roles"]
    documents = _policies()
    # audit, organization, hub, store; external-id; start, start-machine; tasks, shares
    assert (len(roles), len(documents)) == (4, 9)
    assert "arn:*:iam::*:role/Auditor" in json.dumps(documents), "the role's name is the user's"
    # Of the two schedules one runs: that of the machine, with the number of shares.
    schedules = {s["Name"]: _client("scheduler").get_schedule(Name=s["Name"])
                 for s in _client("scheduler").list_schedules()["Schedules"]}  # fmt: skip
    assert {name: one["State"] for name, one in schedules.items()} == {
        "studio-audit": "DISABLED", "studio-audit-shared": "ENABLED",
    }  # fmt: skip
    target = schedules["studio-audit-shared"]["Target"]
    (machine,) = hub.made["aws_sfn_state_machine", "this"]
    assert (target["Arn"], json.loads(target["Input"])) == (machine["arn"], {"shards": 4})
    definition = json.loads(
        _client("stepfunctions").describe_state_machine(stateMachineArn=machine["arn"])["definition"]
    )
    share = definition["States"]["Collect"]["ItemProcessor"]["States"]["CollectShare"]["Parameters"]
    network = share["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert (network["Subnets"], network["SecurityGroups"]) == (["subnet-1", "subnet-2"], ["sg-1"])
    assert share["TaskDefinition"] == hub.made["aws_ecs_task_definition", "this"]["arn"]
    bucket = hub.made["aws_s3_bucket", "store"]["id"]
    logged = _client("s3").get_bucket_logging(Bucket=bucket)["LoggingEnabled"]
    assert (logged["TargetBucket"], logged["TargetPrefix"]) == (hub.made["aws_s3_bucket", "log"]["id"], "store/")
    rules = _client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert [rule["ID"] for rule in rules if rule["Filter"].get("Prefix") == "nights-parts/"] == ["parts"]


@pytest.mark.usefixtures("account")
def test_policies_are_tried_on_what_its_roles_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The replay of `auditor prevent` reads the module's files without making anything."""
    Hub(_MAKE, shards=4)
    made = {action for document in _policies() for s in document["Statement"] for action in listed(s["Action"])}
    assert {"states:StartExecution", "ecs:RunTask", "organizations:ListAccounts"} <= made
    shutil.copytree(FOLDER, tmp_path / "nightly" / "terraform")
    monkeypatch.setattr(nightly_actions, "deploy_dir", lambda: tmp_path)
    assert nightly_actions.nightly_actions() == made


def _policies() -> list[dict[str, Any]]:
    """The documents of all roles' inline policies."""
    iam = _client("iam")
    return [
        iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"]
        for role in iam.list_roles()["Roles"]
        for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
    ]


@pytest.mark.usefixtures("account")
def test_a_hub_of_one_machine_has_no_state_machine() -> None:
    hub = Hub(_MAKE, lock_days=0, alarm_email="")
    assert _client("stepfunctions").list_state_machines()["stateMachines"] == []
    assert [s["State"] for s in _client("scheduler").list_schedules()["Schedules"]] == ["ENABLED"]
    assert hub.made["aws_s3_bucket_object_lock_configuration", "store"] == []
    assert hub.made["aws_sns_topic_subscription", "mail"] == []
