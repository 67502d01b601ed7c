"""What a what-if of a template foresees is what an audit says after it was deployed in the simulator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import boto3

from auditor.collect.aws import CollectOptions, collect
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.config import Config
from auditor.evaluate.audit import evaluate
from auditor.model.finding import Finding
from auditor.model.rule import Rule, Verdict
from auditor.model.snapshot import Snapshot
from auditor.rules.rule_names import select
from auditor.run.run_options import RuleOptions, TemplateOptions
from auditor.run.template_changes import template_changes
from auditor.run.what_if import WhatIfOptions, what_if
from auditor.simulator import Simulator
from auditor.simulator.estate import Estate
from auditor.store.snapshot_file import write_snapshot

from .deployed import Deployed
from .full_way import Rules, long_way, quick

AREAS = ("experience", "operations", "storage")
ESTATE: dict[str, Any] = {
    "region": "eu-west-1", "vpcs": {"main": {}}, "roles": [{"name": "studio"}],
    "domains": [{
        "DomainName": "lab", "id": "d-lab000000001", "AuthMode": "IAM", "vpc": "main", "TagPropagation": "DISABLED",
        "DefaultUserSettings": {"ExecutionRole": "role:studio", "DefaultLandingUri": "app:JupyterServer:"},
        "profiles": [
            {"UserProfileName": "ana", "UserSettings": {
                "AutoMountHomeEFS": "Enabled",
                "JupyterLabAppSettings": {"CodeRepositories": [{"RepositoryUrl": "https://git.example/a"}]}}},
            "eve",
        ],
    }],
}  # fmt: skip
IDLE = {"IdleSettings": {"LifecycleManagement": "ENABLED", "IdleTimeoutInMinutes": 60}}
LAB = {"AppLifecycleManagement": IDLE}
TEMPLATE = """\
Resources:
  Lab:
    Type: AWS::SageMaker::Domain
    Properties:
      DomainName: lab
      TagPropagation: ENABLED
      DefaultUserSettings:
        DefaultLandingUri: "studio::"
        JupyterLabAppSettings: &idle
          AppLifecycleManagement:
            IdleSettings: {LifecycleManagement: ENABLED, IdleTimeoutInMinutes: 60}
      Tags: [{Key: owner, Value: ana}]
  Ana:
    Type: AWS::SageMaker::UserProfile
    Properties:
      DomainId: !Ref Lab
      UserProfileName: ana
      UserSettings:
        AutoMountHomeEFS: Disabled
        JupyterLabAppSettings: *idle
  Ben:
    Type: AWS::SageMaker::UserProfile
    Properties:
      DomainId: !Ref Lab
      UserProfileName: ben
      UserSettings: {AutoMountHomeEFS: Enabled}
"""


def test_an_audit_after_deployment_says_what_was_foreseen(
    deployed: Deployed, simulated: Callable[..., Simulator], built_in_rules: Sequence[Rule]
) -> None:
    simulated(Estate("lab", "123456789012", "eu-west-1", ESTATE))
    before, template = deployed.folder / "before.jsonl", deployed.folder / "t.yaml"
    template.write_text(TEMPLATE)
    write_snapshot(before, _look())
    options = WhatIfOptions(templates=[template], rules=RuleOptions(only=AREAS))
    foreseen = what_if(Config(), [before], options)
    assert foreseen.not_tried == ()
    _deploy()
    after = deployed.folder / "after.jsonl"
    write_snapshot(after, _look())
    deploying = template_changes([template], TemplateOptions(), [before])
    rules = Rules(select(built_in_rules, AREAS))
    expected, report = long_way([before], foreseen.changes, rules, made=deploying.made)
    assert quick(foreseen) == expected
    told = {f.fingerprint: f for f in report.findings}
    then = {f.fingerprint: f for f in evaluate([after], select(built_in_rules, AREAS)).findings}
    decided = {p for p, f in told.items() if f.status is Verdict.FAIL}
    open_ = told.keys() - decided
    assert decided <= {p for p, f in then.items() if f.status is Verdict.FAIL}
    assert then.keys() - decided <= open_, [_said(f) for p, f in then.items() if p not in told]
    assert foreseen.gone
    assert foreseen.came
    assert {f.rule_id for f in foreseen.gone.listed} >= {"STU710"}
    assert any(f.resource.name == "ben" for f in foreseen.came.listed)


def _look() -> Snapshot:
    return collect(CollectOptions(regions=("eu-west-1",), evidence=EvidenceOptions(())))


def _deploy() -> None:
    """The calls that CloudFormation makes for the template."""
    sagemaker = boto3.client("sagemaker", region_name="eu-west-1")
    id_ = ESTATE["domains"][0]["id"]
    user = {"DefaultLandingUri": "studio::", "JupyterLabAppSettings": LAB}
    sagemaker.update_domain(DomainId=id_, TagPropagation="ENABLED", DefaultUserSettings=user)
    arn = sagemaker.describe_domain(DomainId=id_)["DomainArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "owner", "Value": "ana"}])
    sagemaker.update_user_profile(
        DomainId=id_, UserProfileName="ana", UserSettings={"AutoMountHomeEFS": "Disabled", "JupyterLabAppSettings": LAB}
    )
    sagemaker.create_user_profile(
        DomainId=id_, UserProfileName="ben", UserSettings={"AutoMountHomeEFS": "Enabled"}
    )  # fmt: skip


def _said(finding: Finding) -> str:
    return f"{finding.rule_id} {finding.status} {finding.message}"
