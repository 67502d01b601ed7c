"""Waivers in templates: each form, on its own resource only, and never by who isn't trusted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Auditor = Callable[..., Any]
TERRAFORM = """\
# auditor:ignore STU603 until=2099-01-31 outside of every block
resource "aws_sagemaker_domain" "a" {{
  domain_name             = "a"
  auth_mode               = "SSO"
  vpc_id                  = "vpc-1"
  subnet_ids              = ["subnet-1"]
  app_network_access_type = "PublicInternetOnly" {a}
  default_user_settings {{
    execution_role = "arn:aws:iam::123456789012:role/x"
  }}
}}

resource "aws_sagemaker_domain" "b" {{
  domain_name             = "b"
  auth_mode               = "SSO"
  vpc_id                  = "vpc-1"
  subnet_ids              = ["subnet-1"]
  app_network_access_type = "PublicInternetOnly"
  default_user_settings {{
    {b}
    execution_role = "arn:aws:iam::123456789012:role/x"
  }}
}}
"""
PROPERTIES = """\
    Type: AWS::SageMaker::Domain
    Properties:
      DomainName: {name}
      AuthMode: SSO
      AppNetworkAccessType: PublicInternetOnly
      VpcId: vpc-1
      SubnetIds: [subnet-1]
      DefaultUserSettings: {{ExecutionRole: "arn:aws:iam::123456789012:role/x"}}
"""
YAML = (
    "Resources:\n  A:\n    # auditor:ignore STU603 until=2099-01-31 a reason\n"
    + PROPERTIES.format(name="a")
    + "  # checkov:skip=STU603:above the next resource\n  B:\n"
    + PROPERTIES.format(name="b")
)


@pytest.fixture
def scanned(auditor: Auditor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Mapping[str, Any]]:
    monkeypatch.delenv("CI", raising=False)

    def scan(name: str, text: str, *options: str) -> Mapping[str, Any]:
        (tmp_path / name).write_text(text, encoding="utf-8")
        outcome = auditor("scan", name, "--only", "STU603", "--format", "json", "--output", "-", *options)
        found: Mapping[str, Any] = json.loads(outcome.out)
        return found

    return scan


def waived(report: Mapping[str, Any]) -> dict[str, Any]:
    return {f["resource"]["name"]: f["waiver"] for f in report["findings"]}


def test_comments_in_terraform(scanned: Callable[..., Mapping[str, Any]]) -> None:
    text = TERRAFORM.format(
        a="# auditor:ignore STU603,domain-on-public-internet until=2099-01-31 owner=jane The proxy: moves",
        b="// checkov:skip=STU603:Not ours",
    )
    report = scanned("main.tf", text)
    found = waived(report)
    assert (found["a"]["reason"], found["a"]["owner"], found["a"]["expires"]) == (
        "The proxy: moves",
        "jane",
        "2099-01-31",
    )
    assert (found["a"]["file"], found["a"]["line"]) == ("main.tf", 7)
    assert (found["b"]["reason"], found["b"]["expires"]) == ("Not ours", "9999-12-31")
    assert {f["status"] for f in report["findings"]} == {"fail"}
    assert report["gate"]["failed"] == 0
    assert [(p["resource"], p["problem"]) for p in report["waiver_problems"]] == [
        ("main.tf:1", "it stands in no resource that is evaluated")
    ]


#: What a comment says, and what is wrong with it; None: it is nobody's business here.
NO_WAIVERS = {
    "auditor:ignore STU603 no end": "until= is missing",
    "auditor:ignore STU603 until=soon reason": "until=soon is not a date (YYYY-MM-DD)",
    "auditor:ignore STU999 until=2099-01-31 reason": "there is no rule or area 'STU999'",
    "auditor:ignore STU603 until=2099-01-31": "it gives no reason",
    "auditor:ignore": "names no rule",
    "checkov:skip=STU603": "it gives no reason",
    "checkov:skip=CKV_AWS_1:theirs": None,
}


def test_what_is_no_waiver(scanned: Callable[..., Mapping[str, Any]]) -> None:
    block = TERRAFORM.split("\n\n")[1].replace("{b}", "# {comment}")
    blocks = (
        block.format(comment=said).replace('"b"', f'"b{number}"').splitlines() for number, said in enumerate(NO_WAIVERS)
    )
    lines = [line for each in blocks for line in each]
    report = scanned("main.tf", "\n".join(lines) + "\n")
    assert set(waived(report).values()) == {None}
    assert len(waived(report)) == len(NO_WAIVERS)
    at = {said: next(n for n, line in enumerate(lines, 1) if line.endswith(f"# {said}")) for said in NO_WAIVERS}
    expected = [(f"main.tf:{at[said]}", problem) for said, problem in NO_WAIVERS.items() if problem]
    assert sorted((p["resource"], p["problem"]) for p in report["waiver_problems"]) == sorted(expected)


def test_comments_in_cloudformation(scanned: Callable[..., Mapping[str, Any]]) -> None:
    """One between two resources, as far left as their names, belongs to neither."""
    report = scanned("t.yaml", YAML)
    found = waived(report)
    assert found["a"]["reason"] == "a reason"
    assert found["b"] is None


def test_metadata(scanned: Callable[..., Mapping[str, Any]]) -> None:
    def domain(name: str, metadata: object) -> dict[str, Any]:
        return {"Type": "AWS::SageMaker::Domain", "Metadata": metadata, "Properties": {
            "DomainName": name, "AuthMode": "SSO", "AppNetworkAccessType": "PublicInternetOnly", "VpcId": "vpc-1",
            "SubnetIds": ["subnet-1"], "DefaultUserSettings": {"ExecutionRole": "arn:aws:iam::123456789012:role/x"},
        }}  # fmt: skip

    resources = {
        "A": domain("a", {"auditor": {"ignore": ["STU603 until=2099-01-31 ours"]}}),
        "B": domain("b", {"checkov": {"skip": [{"id": "STU603", "comment": "theirs"}, {"id": "CKV_AWS_1"}]}}),
        "C": domain("c", {"checkov": {"skip": [{"id": "STU605", "comment": "another rule"}]}}),
    }
    report = scanned("t.json", json.dumps({"Resources": resources}, indent=2))
    assert {n: w and w["reason"] for n, w in waived(report).items()} == {"a": "ours", "b": "theirs", "c": None}
    # In one line nobody can tell whose it is.
    assert set(waived(scanned("t.json", json.dumps({"Resources": resources}))).values()) == {None}


def test_who_is_not_trusted_waives_nothing(scanned: Callable[..., Mapping[str, Any]], tmp_path: Path) -> None:
    report = scanned("t.yaml", YAML, "--untrusted-tree")
    assert set(waived(report).values()) == {None}
    assert report["gate"]["failed"] == 2
    (problem,) = report["waiver_problems"]
    assert problem["problem"].startswith("not counted: ")
    for said, expected in (("true", 1), ("false", 0)):
        (tmp_path / "trusted.yaml").write_text(f"inline_waivers: {said}\n", encoding="utf-8")
        trusted = scanned("t.yaml", YAML, "--untrusted-tree", "--trusted-config", "trusted.yaml")
        assert sum(w is not None for w in waived(trusted).values()) == expected
