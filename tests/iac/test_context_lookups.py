"""Placeholders of the CDK, for look-ups in the account that cdk synth has not made.

Sources: cloud-assembly-schema, MissingContext; aws-cdk-lib 2.276.0, from whose synthesis the queries are.
"""

from __future__ import annotations

import json
from pathlib import Path

from auditor.collect.iac.cloudformation.context_lookups import context_lookups
from auditor.collect.iac.scan import ScanOptions, scan

ROLE = {"provider": "cc-api-provider", "props": {
    "typeName": "AWS::IAM::Role",
    "dummyValue": [{"Arn": "arn:${Token[AWS.Partition.5]}:iam:eu-west-1:123456789012:role/DUMMY_ARN"}],
}}  # fmt: skip


def test_one_placeholder_for_two_answers_says_nothing_of_their_being_the_same() -> None:
    queries = [{**ROLE, "key": name, "props": {**ROLE["props"], "exactIdentifier": name}} for name in ("team", "ops")]
    text = ":iam:eu-west-1:123456789012:role/DUMMY_ARN"
    one = context_lookups({"missing": queries[:1]}).asked(text)
    both = context_lookups({"missing": queries}).asked(text)
    assert one is not None
    assert both is not None
    assert (one.symbol, both.symbol) == ("${cc-api-provider:team}", "")
    assert "cc-api-provider:team, cc-api-provider:ops" in both.reason


def test_a_placeholder_of_older_versions_which_the_query_does_not_hold() -> None:
    lookups = context_lookups({"missing": [
        {"key": "ssm:…", "provider": "ssm", "props": {"parameterName": "/studio/user"}},
        {"key": "vpc:…", "provider": "vpc-provider", "props": {"filter": {"isDefault": "true"}}},
    ]})  # fmt: skip
    assert lookups.asked("team-dummy-value-for-/studio/user") is not None
    assert lookups.asked("vpc-12345") is not None
    assert lookups.asked("vpc-1234567890abcdef0") is None
    assert lookups.asked("vpc-1") is None


def test_what_is_odd_or_not_missing_stands_for_nothing() -> None:
    for manifest in ({}, {"missing": None}, {"missing": [None, {}, {"props": []}, {"props": {"dummyValue": ""}}]}):
        assert context_lookups(manifest).asked("vpc-12345") is None


def test_a_template_that_is_named_by_itself(tmp_path: Path) -> None:
    profile = {"Type": "AWS::SageMaker::UserProfile", "Properties": {
        "DomainId": "d-0123456789ab", "UserProfileName": "dummy-value-for-/studio/user",
    }}  # fmt: skip
    (tmp_path / "S.template.json").write_text(json.dumps({"Resources": {"P": profile}}))
    missing = [{"key": "ssm", "provider": "ssm", "props": {"parameterName": "/studio/user"}}]
    (tmp_path / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {}, "missing": missing}))
    (gap,) = (g for g in scan([tmp_path / "S.template.json"], ScanOptions()).gaps if g.setting == "UserProfileName")
    assert gap.reason == "unresolved_expression"
    assert "has not looked it up" in gap.detail
