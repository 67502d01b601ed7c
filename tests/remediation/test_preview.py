"""What a rule's page shows of its command, before there is a finding."""

from __future__ import annotations

import pytest

from auditor.model.rule import Rule
from auditor.remediation.preview import preview
from auditor.studio.placeholders import PLACEHOLDERS, placeholders


def _rule(rules: tuple[Rule, ...], id_: str) -> Rule:
    return next(r for r in rules if r.id == id_)


def test_user_settings_on_either_place(built_in_rules: tuple[Rule, ...]) -> None:
    shown = preview(_rule(built_in_rules, "STU402"))
    assert shown.commands == {
        "on the profile": "aws sagemaker update-user-profile --region {region} --domain-id {domain_id}"
        " --user-profile-name {name} --user-settings {settings}",
        "on the domain": "aws sagemaker update-domain --region {region} --domain-id {domain_id}"
        " --default-user-settings {settings}",
    }
    assert shown.changes == (("UserSettings.StudioWebPortalSettings.HiddenAppTypes", "with JupyterServer"),)
    assert shown.cloudformation["on the domain"].splitlines() == [
        "# AWS::SageMaker::Domain", "DefaultUserSettings:", "  StudioWebPortalSettings:", "    HiddenAppTypes:",
        "    - JupyterServer",
    ]  # fmt: skip
    assert "default_user_settings {" in shown.terraform["on the domain"]


def test_what_is_worked_out_is_named(built_in_rules: tuple[Rule, ...]) -> None:
    shown = preview(_rule(built_in_rules, "STU406"))
    assert list(shown.commands) == ["on the profile"]
    assert shown.changes == (
        ("UserSettings.StudioWebPortalSettings.HiddenAppTypes", "without needed_app_types, but not kept_hidden"),
        ("UserSettings.StudioWebPortalSettings.HiddenMlTools", "without needed_ml_tools"),
    )
    assert "<without needed_ml_tools>" in shown.cloudformation["on the profile"]


def test_plain_members_tags_and_written_commands(built_in_rules: tuple[Rule, ...]) -> None:
    of = {rule.id: preview(rule) for rule in built_in_rules}
    assert of["STU710"].commands[""].endswith("--domain-id {domain_id} --tag-propagation ENABLED")
    assert of["STU108"].commands[""].endswith("--resource-arn {arn} --tags Key=studiouserid,Value=USER_NAME")
    assert of["STU803"].commands[""].startswith("aws logs {operation} --region {region}")
    assert of["STU106"].commands == {}


@pytest.mark.parametrize("language", ["cloudformation", "terraform"])
def test_the_language_that_cannot_say_it_has_no_snippet(language: str, built_in_rules: tuple[Rule, ...]) -> None:
    assert getattr(preview(_rule(built_in_rules, "STU207")), language) == {}


def test_placeholders_are_documented() -> None:
    assert all(PLACEHOLDERS.values())
    assert list(placeholders("x ROLE_ARN y ENABLED ROLE_ARN BUCKET_X BUCKET")) == ["ROLE_ARN", "BUCKET"]
