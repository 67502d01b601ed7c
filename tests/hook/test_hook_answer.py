"""Answers to CloudFormation's requests, by the package that the command writes.

The requests have the shapes, and the ids, of the examples in the CloudFormation Hooks User Guide, "Create Lambda
functions to evaluate resources for Lambda Hooks"; the resources are Studio's.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import botocore.config
import pytest
from botocore.stub import Stubber

from auditor.cli.main import run
from auditor.collect.iac.interface import Root
from auditor.hook.hook_answer import Hook, OnError, _annotations, _fitting
from auditor.model.finding import Finding
from auditor.model.resource import ResourceRef
from auditor.model.rule import Severity, Verdict

STACK = "arn:aws:cloudformation:us-west-2:123456789012:stack/MyStack/1a2345b6-0000-00a0-a123-00abc0abc000"
CHANGES = "arn:aws:cloudformation:us-west-2:123456789012:changeSet/SampleChangeSet/1a2345b6-0000-00a0-a123-00abc0abc000"
TOKEN = "f8da6d11-b23f-48f4-814c-0fb6a667f50e"
#: What every request has.
COMMON = {
    "clientRequestToken": TOKEN,
    "awsAccountId": "123456789012",
    "stackId": STACK,
    "changeSetId": None,
    "hookTypeName": "my::lambda::stackhook",
    "hookTypeVersion": "00000008",
    "hookModel": {"LambdaFunction": "arn:aws:lambda:us-west-2:123456789012:function:MyFunction"},
    "actionInvocationPoint": "UPDATE_PRE_PROVISION",
    "requestContext": {"invocation": 1, "callbackContext": None},
}
PAYLOAD = "https://s3.us-west-2.amazonaws.com/signed"


def asked(target: str, logical_id: str, **others: Any) -> dict[str, Any]:
    """A request about a stack or a change set."""
    data = {"targetName": target, "targetType": target, "targetLogicalId": logical_id, "payload": PAYLOAD}
    return {**COMMON, "requestData": data, **others}


def resource(type_: str, properties: Mapping[str, Any], **others: Any) -> dict[str, Any]:
    """A request about one resource; it has no token in the guide's example."""
    data = {
        "targetName": type_, "targetType": type_, "targetLogicalId": "Profile",
        "targetModel": {"resourceProperties": properties, "previousResourceProperties": {}},
    }  # fmt: skip
    return {**{k: v for k, v in COMMON.items() if k != "clientRequestToken"}, "requestData": data, **others}


DOMAIN = """\
Parameters:
  Access: {Type: String, Default: VpcOnly}
Resources:
  Domain:
    Type: AWS::SageMaker::Domain
    Properties:
      DomainName: lab
      AuthMode: IAM
      VpcId: vpc-1
      SubnetIds: [subnet-1]
      AppNetworkAccessType: ACCESS
      DefaultUserSettings: {ExecutionRole: "arn:aws:iam::123456789012:role/x"}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of two rules, with a threshold, a severity and a parameter of somebody's own."""
    folder = tmp_path_factory.mktemp("hook")
    (folder / "auditor.yaml").write_text("severities: {STU501: high}\n", encoding="utf-8")
    given = ("--only", "STU603,STU501,STU708", "--fail-on", "STU708=low", "--param", "STU708.allowed_families=[t3]")
    config = ("--config", str(folder / "auditor.yaml"), "--output", str(folder / "made"), "--quiet")
    assert run(["prevent", "hook", *given, *config]) == 0
    return folder / "made"


@pytest.fixture(scope="module")
def handler(package: Path) -> ModuleType:
    """The function's own module."""
    spec = importlib.util.spec_from_file_location("studio_hook_handler", package / "handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ON_ERROR", "FAIL")
        spec.loader.exec_module(module)
    return module


@pytest.fixture
def answer(handler: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Calls the function with an event, and a payload where the event has an address."""

    def call(event: Any, payload: Any = None) -> dict[str, Any]:
        monkeypatch.setattr(handler.HOOK, "fetch", lambda url: json.dumps(payload) if url == PAYLOAD else "")
        found: dict[str, Any] = handler.handler(event, None)
        return found

    return call


def test_a_finding_stops_a_stack_and_its_change_set(answer: Any, handler: ModuleType, monkeypatch: Any) -> None:
    template = DOMAIN.replace("ACCESS", "PublicInternetOnly")
    found = answer(asked("STACK", "my-stack"), {"template": template, "previousTemplate": "Resources: {}"})
    assert (found["hookStatus"], found["errorCode"], found["clientRequestToken"]) == ("FAILED", "NonCompliant", TOKEN)
    first, second, *_ = found["message"].splitlines()
    assert first == "1 finding of SageMaker Studio rules"
    assert second.startswith("STU603 (high) Domain, line 4: Apps of domain lab reach the internet directly")
    assert "Fix: " in second
    (annotation,) = found["annotations"]
    assert (annotation["annotationName"], annotation["status"], annotation["severityLevel"]) == (
        "STU603", "FAILED", "HIGH",
    )  # fmt: skip
    assert "AppNetworkAccessType: VpcOnly" in annotation["remediationMessage"]
    # The change set of the same template is not evaluated again; the token is its own.
    monkeypatch.setattr(Hook, "_evaluated", None)
    changes = {"template": template, "changedResources": []}
    event = {**asked("CHANGE_SET", CHANGES, changeSetId=CHANGES), "clientRequestToken": "other"}
    assert answer(event, changes) == {**found, "clientRequestToken": "other"}


def test_a_parameter_counts_with_no_default_and_unknown_only_warns(answer: Any) -> None:
    event = asked("CHANGE_SET", CHANGES)
    event["clientRequesttoken"] = event.pop("clientRequestToken")  # as the guide's syntax spells it
    found = answer(event, {"template": DOMAIN.replace("ACCESS", "!Ref Access"), "changedResources": []})
    assert (found["hookStatus"], found["clientRequestToken"]) == ("SUCCESS", TOKEN)
    assert found["message"].startswith("Warning: 1 verdict unknown\nSTU603 ")
    assert "CloudFormation doesn't send a Hook the values of parameters" in found["message"]
    assert [a["status"] for a in found["annotations"]] == ["SKIPPED"]


def _described(monkeypatch: pytest.MonkeyPatch, handler: ModuleType, mount: str | None) -> None:
    """SageMaker answers DescribeDomain, as botocore's model has it; or refuses."""
    config = botocore.config.Config(region_name="us-west-2")
    client = boto3.client("sagemaker", aws_access_key_id="a", aws_secret_access_key="b", config=config)
    stub = Stubber(client)
    if mount is None:
        stub.add_client_error("describe_domain", "AccessDeniedException")
    else:
        settings = {"ExecutionRole": "arn:aws:iam::123456789012:role/studio-role", "AutoMountHomeEFS": mount}
        domain = {"DomainId": "d-abcdefgh1234", "DomainName": "lab", "HomeEfsFileSystemId": "fs-1", "AuthMode": "IAM",
                  "Status": "InService", "SubnetIds": ["subnet-1"], "VpcId": "vpc-1",
                  "AppNetworkAccessType": "PublicInternetOnly", "DefaultUserSettings": settings}  # fmt: skip
        stub.add_response("describe_domain", domain, {"DomainId": "d-abcdefgh1234"})
    stub.activate()
    monkeypatch.setattr(boto3, "client", lambda _service: client)


PROFILE = {"DomainId": "d-abcdefgh1234", "UserProfileName": "ana"}


def test_a_resource_inherits_from_a_domain_that_is_described(
    answer: Any, handler: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The domain's own finding, which nobody is about to make, is not told."""
    _described(monkeypatch, handler, "Enabled")
    found = answer(resource("AWS::SageMaker::UserProfile", PROFILE))
    assert (found["hookStatus"], found["errorCode"]) == ("FAILED", "NonCompliant")
    assert found["message"].startswith("1 finding of SageMaker Studio rules\nSTU501 (high) Profile, line 1: ")
    assert "STU603" not in found["message"]


def test_a_domain_that_is_not_described_leaves_unknown(
    answer: Any, handler: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked by Cloud Control API: no stack, a name that no template could have, and a shorter message."""
    _described(monkeypatch, handler, None)
    event = resource("AWS::SageMaker::UserProfile", PROFILE, stackId=None)
    event["requestData"] |= {"targetType": "RESOURCE", "targetLogicalId": "d-abcdefgh1234|ana/1"}
    found = answer(event)
    assert found["hookStatus"] == "SUCCESS"
    assert found["message"].startswith("Warning: ")
    assert "Domain d-abcdefgh1234 could not be described: An error occurred (AccessDeniedException)" in found["message"]
    assert len(found["message"]) <= 1_024


@pytest.mark.parametrize("type_", [
    r'"AWS::\u0053ageMaker::Domain"', r'"AWS::Sage\x4daker::Domain"', r'"AWS::Sage\U0000004Daker::Domain"',
    '"AWS::Sage\\\n      Maker::Domain"', '"AWS::Sage\\\r\n      Maker::Domain"',
])  # fmt: skip
def test_a_type_that_is_written_with_escapes_is_found(answer: Any, type_: str) -> None:
    """JSON and YAML give the same text for it, so CloudFormation makes a domain."""
    template = DOMAIN.replace("ACCESS", "PublicInternetOnly").replace("AWS::SageMaker::Domain", type_)
    found = answer(asked("STACK", "s"), {"template": template})
    assert (found["hookStatus"], found["errorCode"]) == ("FAILED", "NonCompliant")


@pytest.mark.parametrize(
    ("event", "payload", "message"),
    [
        (asked("STACK", "my-stack", actionInvocationPoint="DELETE_PRE_PROVISION"), None, "Nothing to evaluate"),
        (asked("STACK", "s"), {"template": '{"Resources":{"B":{"Type":"AWS::S3::Bucket"}}}'}, "Nothing of SageMaker"),
        (resource("AWS::DynamoDB::Table", {"KeySchema": []}), None, "No finding"),
    ],
)
def test_what_has_nothing_of_studio_goes_on(answer: Any, event: Any, payload: Any, message: str) -> None:
    found = answer(event, payload)
    assert found["hookStatus"] == "SUCCESS"
    assert found["message"].startswith(message)


@pytest.mark.parametrize(
    ("event", "payload", "reason"),
    [
        ({}, None, "the event is not a request of a CloudFormation Hook"),
        (asked("STACK", "s", requestData={"targetName": "STACK"}), None, "has no requestData.payload"),
        (asked("STACK", "s"), {"template": ""}, "CloudFormation sent no template"),
        (asked("STACK", "s"), [], "CloudFormation sent no template"),
        (asked("STACK", "s"), {"template": "Resources: {Studio: ["}, "template"),
        (resource("AWS::SageMaker::Domain", []), None, "are not a mapping"),  # type: ignore[arg-type]
    ],
)
def test_errors_are_answered_as_the_user_chose(
    handler: ModuleType, answer: Any, monkeypatch: pytest.MonkeyPatch, event: Any, payload: Any, reason: str
) -> None:
    found = answer(event, payload)
    assert (found["hookStatus"], found["errorCode"]) == ("FAILED", "InternalFailure")
    assert reason in found["message"]
    monkeypatch.setattr(handler.HOOK, "on_error", OnError.WARN)
    found = answer(event, payload)
    assert (found["hookStatus"], "errorCode" in found) == ("SUCCESS", False)
    assert found["message"].startswith("Warning. The SageMaker Studio rules were not evaluated: ")


def test_a_defect_is_an_error_too(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Root:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("auditor.hook.hook_answer.read_source", broken)
    found = answer(asked("STACK", "s"), {"template": DOMAIN})
    assert (found["errorCode"], found["message"]) == (
        "InternalFailure", "The SageMaker Studio rules were not evaluated: ZeroDivisionError: a defect",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["a" * 10, "b" * 9], "aaaaaaaaaa\nbbbbbbbbb"),
        (["a" * 3, "b" * 3, "c" * 30], "aaa\nbbb\n… and 1 more"),
        (["a" * 3, "b" * 30, "c" * 30], "aaa\n… and 2 more"),
        (["a" * 30, "b"], "aaaaaa…\n… and 1 more"),
        (["a" * 30], "aaaaaaaaaaaaaaaaaaa…"),
    ],
)
def test_what_does_not_fit_is_counted(parts: list[str], message: str) -> None:
    assert _fitting(parts, 20) == message


@pytest.mark.parametrize("length", [10, 20_000])
def test_what_does_not_fit_of_the_annotations_is_left_out(length: int) -> None:
    """Lambda takes answers of 6 MB (Lambda quotas), an annotation texts of 16,384 characters (API_Annotation)."""
    where = ResourceRef("domain", "d", "d", "123456789012", "eu-west-1")
    finding = Finding("1a", "STU603", Verdict.FAIL, Severity.HIGH, where, "x" * length, (), "", None)
    made = list(_annotations([finding] * 50_000))
    assert {len(one["statusMessage"]) for one in made} == {min(length + 3, 16_384)}
    assert 900_000 < len(json.dumps(made)) < 1_100_000


def test_a_type_that_a_loop_makes_is_found(answer: Any) -> None:
    """ "${Identifier} in the OutputKey and the OutputValue" is replaced (user guide, Fn::ForEach)."""
    properties = {"DomainName": "lab", "AuthMode": "IAM", "AppNetworkAccessType": "PublicInternetOnly"}
    loop: list[Any] = [
        "Service", ["SageMaker"], {"D${Service}": {"Type": "AWS::${Service}::Domain", "Properties": properties}},
    ]  # fmt: skip
    template = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Services": {"Type": "CommaDelimitedList"}},
        "Resources": {"Fn::ForEach::Services": loop},
    }
    found = answer(asked("STACK", "my-stack"), {"template": json.dumps(template)})
    assert found["errorCode"] == "NonCompliant"
    loop[1] = {"Ref": "Services"}
    found = answer(asked("STACK", "my-stack"), {"template": json.dumps(template)})
    assert found["hookStatus"] == "SUCCESS"
    assert "its type is not known: AWS::${Service}::Domain" in found["message"]


def test_a_macro_may_add_what_the_template_does_not_show(answer: Any) -> None:
    """A macro gets the whole template and may return another (user guide, template macros)."""
    template = {"Transform": ["Company-Studio"], "Resources": {"Notebooks": {"Type": "AWS::S3::Bucket"}}}
    found = answer(asked("STACK", "my-stack"), {"template": json.dumps(template)})
    assert found["hookStatus"] == "SUCCESS"
    assert "macro Company-Studio rewrites the template at deployment, and may add resources" in found["message"]


def test_only_signed_addresses_are_fetched(handler: ModuleType) -> None:
    for url in ("file:///etc/passwd", "http://169.254.169.254/latest/meta-data"):
        with pytest.raises(OSError, match="not one of https"):
            handler.fetch(url)
