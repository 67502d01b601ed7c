"""What a finding says before its command: what the command takes away, what has to be done first, and what AWS does not
update any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.model.finding import FindingRemediation
from auditor.model.snapshot import Record
from tests.evaluate.helpers import ACCOUNT, REGION, audit, changed, domain, profile, rules_of


def only(report_folder: Path, rule: str, *records: Record, name: str) -> FindingRemediation:
    report = audit(report_folder, rules_of(report_folder, rule), *records)
    (finding,) = [f for f in report.findings if name in f.resource.name]
    assert finding.remediation is not None
    return finding.remediation


def app(type_: str, space: str, *, of: str = "d-1", status: str = "InService") -> Record:
    document = {"DomainId": of, "SpaceName": space, "AppType": type_, "AppName": "default", "Status": status}
    return Record(ACCOUNT, REGION, "app", f"{of}/{space}/{type_}/default", document)


DELETES_APP = changed(
    table="app", when="true", require="app_type = ''", message="{name}",
    cases=[{"given": {"app_type": "x"}, "then": "fail"}],
    remediation={"steps": "s", "aws": "aws sagemaker delete-app --region {region} --domain-id {domain_id}"
                 "{space_name: --space-name}{user_profile_name: --user-profile-name}"
                 " --app-type {app_type} --app-name {name}"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "back"), [("JupyterLab", "can be started again"), ("KernelGateway", "There is no way back")]
)
def test_an_app_that_nobody_can_create_again_is_told_from_one_that_starts_again(
    type_: str, back: str, tmp_path: Path
) -> None:
    fix = only(tmp_path, DELETES_APP, domain(), app(type_, "lab"), name="default")
    assert fix.note.startswith(f"The command deletes the {type_} app default of space lab: unsaved work")
    assert back in fix.note


TO_VPC = changed(
    require="app_network_access_type = 'VpcOnly'", message="{name}", remediation={
        "steps": "s", "set": {"AppNetworkAccessType": "VpcOnly"}}, cases=[{"given": {}, "then": "fail"}],
)  # fmt: skip


def test_what_has_to_be_deleted_first_is_named(tmp_path: Path) -> None:
    seen = (app("JupyterLab", "a"), app("JupyterLab", "b", status="Deleted"))
    fix = only(tmp_path, TO_VPC, domain(), *seen, name="name-of-d-1")
    assert fix.aws
    assert "an app of the domain runs; delete first: JupyterLab of space a." in fix.note
    assert "To undo it, set PublicInternetOnly again" in fix.note


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (
            "Failed",
            "No command: domain name-of-d-1 (status Failed) could not be created and can't be updated: delete",
        ),
        ("Delete_Failed", "No command: domain name-of-d-1 (status Delete_Failed) could not be deleted"),
    ],
)
def test_what_aws_cannot_update_gets_no_update(status: str, says: str, tmp_path: Path) -> None:
    failed = domain("d-1", {"Status": status, "FailureReason": "No subnet has a free address."})
    fix = only(tmp_path, TO_VPC, failed, name="name-of-d-1")
    assert fix.aws == ""
    assert fix.note.startswith(says)
    assert fix.note.endswith("AWS says: No subnet has a free address.")


PORTAL = changed(
    table="user_profile", when="true", require="studio_web_portal = 'DISABLED'", message="{name}", remediation={
        "steps": "s", "set": {"UserSettings.StudioWebPortal": "DISABLED"}}, cases=[{"given": {}, "then": "fail"}],
)  # fmt: skip


@pytest.mark.parametrize("status", ["Failed", "Delete_Failed"])
def test_neither_does_a_profile_that_is_failed_nor_one_whose_domain_is(status: str, tmp_path: Path) -> None:
    own = {"StudioWebPortal": "ENABLED"}
    fix = only(tmp_path, PORTAL, domain(), profile("ana", own, Status=status), name="ana")
    assert fix.aws == ""
    assert fix.note.startswith(f"No command: user profile ana (status {status})")
    fix = only(tmp_path, PORTAL, domain("d-1", {"Status": status}), profile("ana", own, Status="InService"), name="ana")
    assert fix.aws == ""
    assert fix.note.startswith(f"No command: domain name-of-d-1 (status {status})")


BY_HAND = changed(
    table="domain", when="true", require="status = 'x'", message="{name}", remediation={"steps": "s"},
    cases=[{"given": {"status": "x"}, "then": "pass"}],
)  # fmt: skip


@pytest.mark.parametrize(("status", "told"), [("Failed", True), ("Update_Failed", True), ("InService", False)])
def test_why_a_resource_is_failed_is_said_where_no_command_helps(status: str, told: bool, tmp_path: Path) -> None:
    failed = domain("d-1", {"Status": status, "FailureReason": "No subnet has a free address."})
    fix = only(tmp_path, BY_HAND, failed, name="name-of-d-1")
    assert fix.aws == ""
    assert fix.note.endswith("AWS says: No subnet has a free address.") is told


def test_an_update_that_failed_can_be_tried_again(tmp_path: Path) -> None:
    failed = domain("d-1", {"Status": "Update_Failed", "FailureReason": "Apps run."})
    fix = only(tmp_path, TO_VPC, failed, name="name-of-d-1")
    assert fix.aws
    assert fix.note.startswith(
        "The last update of the domain name-of-d-1 (status Update_Failed) failed. AWS says: Apps run."
    )


@pytest.mark.parametrize(
    ("groups", "note"), [([], ""), (["sg-1"], "No command yet: Ask name-of-d-1's owner about sg-1.")]
)
def test_a_command_is_withheld_for_what_the_rule_names(groups: list[str], note: str, tmp_path: Path) -> None:
    reason = {
        "when": "len(default_security_groups) > 0",
        "because": "Ask {name}'s owner about {default_security_groups}.",
        "unknown": "Which groups it has is unknown.",
    }
    rule = changed(
        require="tag_propagation = 'ENABLED'", message="{name}", cases=[{"given": {}, "then": "fail"}],
        remediation={"steps": "s", "set": {"TagPropagation": "ENABLED"}, "withhold_when": [reason]},
    )  # fmt: skip
    settings = {"DefaultUserSettings": {"SecurityGroups": groups}}
    fix = only(tmp_path, rule, domain("d-1", settings), name="name-of-d-1")
    assert (fix.aws == "") == bool(note)
    assert fix.note == note
    unseen = domain("d-1", {}, gaps=["DefaultUserSettings"])
    fix = only(tmp_path, rule, unseen, name="name-of-d-1")
    assert (fix.aws, fix.note) == ("", "No command yet: Which groups it has is unknown.")


def test_a_command_of_iam_names_a_region_of_its_partition(tmp_path: Path) -> None:
    """The AWS CLI finds IAM's endpoint by the partition of the region (botocore's endpoints.json)."""
    rule = changed(
        table="user_profile", when="true", require="name = ''", message="{name}",
        cases=[{"given": {"name": "a"}, "then": "fail"}],
        remediation={"steps": "s", "aws": "aws iam detach-role-policy --role-name {name} --policy-arn x"},
    )  # fmt: skip
    arn = f"arn:aws-cn:sagemaker:cn-north-1:{ACCOUNT}:user-profile/d-1/ana"
    fix = only(tmp_path, rule, domain(), profile("ana", UserProfileArn=arn), name="ana")
    assert fix.aws.startswith("aws iam detach-role-policy --region cn-northwest-1 --role-name ana")
    assert "aws iam attach-role-policy --region cn-northwest-1" in fix.note
    fix = only(tmp_path, rule, domain(), profile("bob"), name="bob")
    assert fix.aws.startswith("aws iam detach-role-policy --role-name bob")
