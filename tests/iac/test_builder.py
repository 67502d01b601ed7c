"""The builder on resources as a reader gives them: what Terraform spreads over several resources, odd values, doubt."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.collect.iac.build import build
from auditor.collect.iac.interface import NotAssessed, OpenMap, Reference, Resource, Root, Unknown
from auditor.collect.iac.scope import Scope
from auditor.model.snapshot import Record, Snapshot
from auditor.studio.template_names import not_expressible

AS_OF = "2026-11-23T02:00:00Z"
TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                   "Principal": {"Service": "sagemaker.amazonaws.com"}}]})  # fmt: skip
ALL = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
UNKNOWN = Unknown("${var.x}", "variable x has no default")


def aws(address: str, **properties: Any) -> Resource:
    return Resource(address, address.partition(".")[0], properties, "main.tf", 3)


def snapshot(*resources: Resource, missed: tuple[NotAssessed, ...] = ()) -> Snapshot:
    return build([Root("infra", "Terraform", resources, ("infra/main.tf",), missed)], AS_OF)


def record(found: Snapshot, kind: str, id_: str) -> Record:
    (one,) = (r for r in found.records if (r.kind, r.id) == (kind, id_))
    return one


def test_a_role_of_terraform_with_all_kinds_of_policies() -> None:
    role = Reference("aws_iam_role.r", "name")
    found = snapshot(
        aws("aws_iam_role.r", name="studio", assume_role_policy=TRUST, inline_policy=[{"name": "in", "policy": ALL}]),
        aws("aws_iam_role_policy.p", name="own", role=Reference("aws_iam_role.r", "id"), policy=ALL),
        aws("aws_iam_policy.m", name="managed", policy=ALL),
        aws("aws_iam_role_policy_attachment.a", role=role, policy_arn=Reference("aws_iam_policy.m", "arn")),
        aws("aws_iam_role_policy_attachment.b", role="studio", policy_arn="arn:aws:iam::aws:policy/AmazonS3FullAccess"),
        aws("aws_iam_role_policy_attachment.c", role="another", policy_arn="arn:aws:iam::aws:policy/IAMFullAccess"),
    )
    one = record(found, "role", "arn:aws:iam::template:role/studio")
    assert [p["PolicyName"] for p in one.document["RolePolicyList"]] == ["in", "own"]
    names = [p["PolicyName"] for p in one.document["AttachedManagedPolicies"]]
    assert sorted(names) == ["AmazonS3FullAccess", "aws_iam_policy.m"]
    (document,) = one.document["LocalPolicyDocuments"].values()
    assert document == json.loads(ALL)
    assert one.document["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert one.gaps == ()
    assert one.region == "aws-global"


@pytest.mark.parametrize(
    ("arns", "attached", "gap"),
    [
        (["arn:aws:iam::aws:policy/AmazonS3FullAccess", Reference("aws_iam_policy.m", "arn")], 2, False),
        (["arn:aws:iam::aws:policy/AmazonS3FullAccess", UNKNOWN], 1, True),
        (UNKNOWN, 0, True),
        ([], 0, False),
    ],
)
def test_policies_that_are_attached_all_at_once(arns: Any, attached: int, gap: bool) -> None:
    exclusive = {"role_name": Reference("aws_iam_role.r", "name"), "policy_arns": arns}
    found = snapshot(
        aws("aws_iam_role.r", name="studio", assume_role_policy=TRUST),
        aws("aws_iam_policy.m", name="managed", policy=ALL),
        aws("aws_iam_role_policy_attachments_exclusive.a", **exclusive),
    )
    one = record(found, "role", "arn:aws:iam::template:role/studio")
    assert len(one.document["AttachedManagedPolicies"]) == attached
    assert one.gaps == (("AttachedManagedPolicies",) if gap else ())


def test_a_default_vpc_and_routes_inside_a_table() -> None:
    vpc = Reference("aws_vpc.v", "id")
    found = snapshot(
        aws("aws_default_vpc.d"),
        aws("aws_vpc.v"),
        aws("aws_internet_gateway.i", vpc_id=vpc),
        aws("aws_default_route_table.t", default_route_table_id=Reference("aws_vpc.v", "default_route_table_id"),
            route=[{"cidr_block": "0.0.0.0/0", "gateway_id": Reference("aws_internet_gateway.i", "id")}]),
        aws("aws_route_table.open", vpc_id=vpc, route=[{"cidr_block": "0.0.0.0/0", "gateway_id": UNKNOWN}]),
    )  # fmt: skip
    assert record(found, "vpc", "aws_default_vpc.d").document["IsDefault"] is True
    assert record(found, "vpc", "aws_vpc.v").document["IsDefault"] is False
    table = record(found, "route_table", "aws_default_route_table.t").document
    assert table["VpcId"] == "aws_vpc.v"
    assert table["Associations"] == [{"Main": True, "SubnetId": ""}]
    assert table["Routes"][0]["GatewayId"] == "igw-aws_internet_gateway.i"
    open_ = record(found, "route_table", "aws_route_table.open")
    assert open_.gaps == ("Routes",)
    assert "Routes" not in open_.document


@pytest.mark.parametrize(
    ("properties", "members", "gap"),
    [
        ({"kms_key_id": ""}, {"KmsKeyId": ""}, None),
        ({"kms_key_id": None}, {}, None),
        ({"kms_key_id": UNKNOWN}, {}, "KmsKeyId"),
        ({"subnet_ids": ["a", UNKNOWN]}, {"KnownSubnetIds": ["a"]}, "SubnetIds"),
        ({"subnet_ids": [UNKNOWN]}, {"KnownSubnetNumber": 1}, "SubnetIds"),
        ({"subnet_ids": [UNKNOWN, UNKNOWN]}, {}, "SubnetIds"),
        ({"subnet_ids": "a"}, {}, "SubnetIds"),
        ({"default_user_settings": UNKNOWN}, {}, "DefaultUserSettings"),
        ({"default_user_settings": []}, {}, None),
        ({"default_user_settings": [{"security_groups": [Reference("aws_security_group.s", "id")]}]},
         {"DefaultUserSettings": {"SecurityGroups": ["${aws_security_group.s}"]}}, None),
        ({"default_user_settings": "x"}, {}, "DefaultUserSettings"),
        ({"default_user_settings": [{"kernel_gateway_app_settings": [{"lifecycle_config_arns": ["x"]}]}]},
         {"DefaultUserSettings": {"KernelGatewayAppSettings": {"lifecycle_config_arns": ["x"]}}}, None),
        ({"default_user_settings": [{"kernel_gateway_app_settings": []}]}, {"DefaultUserSettings": {}}, None),
        ({"default_user_settings": [{"kernel_gateway_app_settings": [UNKNOWN]}]},
         {"DefaultUserSettings": {}}, "DefaultUserSettings.KernelGatewayAppSettings"),
        ({"domain_settings": {"docker_settings": {"enable_docker_access": True}}},
         {"DomainSettings": {"DockerSettings": {"EnableDockerAccess": "true"}}}, None),
        ({"default_user_settings": {"jupyter_lab_app_settings": {"code_repository": [{"repository_url": UNKNOWN}]}}},
         {"DefaultUserSettings": {"JupyterLabAppSettings": {}}},
         "DefaultUserSettings.JupyterLabAppSettings.CodeRepositories"),
        ({"domain_settings": {"r_studio_server_pro_domain_settings": {"domain_execution_role_arn": UNKNOWN}}},
         {"DomainSettings": {"RStudioServerProDomainSettings": {}}},
         "DomainSettings.RStudioServerProDomainSettings.DomainExecutionRoleArn"),
    ],
)  # fmt: skip
def test_a_value_is_known_absent_or_a_gap(properties: dict[str, Any], members: dict[str, Any], gap: str | None) -> None:
    one = record(snapshot(aws("aws_sagemaker_domain.d", **properties)), "domain", "aws_sagemaker_domain.d")
    own = {"DomainId", "DomainArn", "Status", "HomeEfsFileSystemId"}
    assert {k: v for k, v in one.document.items() if k not in own} == members
    # What the language cannot say is a gap of every domain.
    assert set(one.gaps) - set(not_expressible("domain", "aws")) == ({gap} if gap else set())


def test_what_is_certain_beside_what_is_not() -> None:
    found = snapshot(
        aws("aws_sagemaker_domain.d", tags=OpenMap({"Owner": "ada", "stage": UNKNOWN}, {}, UNKNOWN)),
        aws("awscc_sagemaker_domain.e", app_network_access_type="VpcOnly",
            default_user_settings=OpenMap({"security_groups": ["sg-1"]}, {}, UNKNOWN),
            tags=[{"key": "Owner", "value": "ada"}, UNKNOWN]),
    )  # fmt: skip
    own, other = (
        record(found, "domain", f"{one}_sagemaker_domain.{name}") for one, name in (("aws", "d"), ("awscc", "e"))
    )
    assert own.tags == (("Owner", "ada"), ("stage", "${var.x}"))
    assert other.tags == (("Owner", "ada"),)
    assert "Tags" in own.gaps
    assert "Tags" in other.gaps
    assert other.document["DefaultUserSettings"] == {"SecurityGroups": ["sg-1"]}
    assert "DefaultUserSettings" in other.gaps


@pytest.mark.parametrize(
    ("value", "arn"),
    [
        ("arn:aws:iam::${AWS::AccountId}:role/x/studio", "arn:aws:iam::template:role/x/studio"),
        (
            Unknown("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/x/studio", ""),
            "arn:aws:iam::template:role/x/studio",
        ),
        (Unknown("arn:aws:iam::${AWS::AccountId}:role/${Role}", ""), "arn:aws:iam::template:role/x/studio"),
        ("arn:aws:iam::${AWS::AccountId}:role/studio", None),
        ("arn:aws:iam::111122223333:role/x/studio", None),
        (Unknown("${RoleArn}", ""), None),
        ("studio", None),
    ],
)
def test_which_role_of_the_root_an_arn_means(value: str | Unknown, arn: str | None) -> None:
    role = Resource("Role", "AWS::IAM::Role", {"RoleName": "studio", "Path": "/x/"}, "t.yaml")
    assert Scope(Root("t.yaml", "CloudFormation", (role,))).role_of(value) == arn


def test_what_was_not_understood_leaves_the_lists_open() -> None:
    found = snapshot(aws("aws_sagemaker_domain.d"), missed=(NotAssessed("module.x", "its source is not here", 7),))
    place = record(found, "account_region", "template")
    assert place.gaps == ("app", "domain", "space", "user_profile")
    (gap,) = (g for g in found.gaps if g.reason == "not_assessed")
    assert (gap.resource_id, gap.detail) == ("module.x", "module.x:7: its source is not here")
    assert {c.operation: c.failed for c in found.coverage} == {"infra/main.tf": 0, "module.x": 1}


def test_a_doubtful_resource_is_a_name_and_nothing_else() -> None:
    doubt = Unknown("count = var.n", "variable n has no default")
    profile = Resource("aws_sagemaker_user_profile.p", "aws_sagemaker_user_profile",
                       {"domain_id": "d-1", "user_profile_name": "ana", "user_settings": {"execution_role": "x"}},
                       "main.tf", 3, {}, "", doubt)  # fmt: skip
    found = snapshot(profile)
    one = record(found, "user_profile", profile.address)
    assert one.gaps == ("*", "exists", "Tags")
    assert one.document == {"DomainId": "d-1", "UserProfileName": "ana", "UserProfileArn": ""}
    assert record(found, "account_region", "template").gaps == ("user_profile",)


def test_a_policy_that_two_resources_attach_is_attached_once() -> None:
    arn, role = "arn:aws:iam::aws:policy/AmazonS3FullAccess", Reference("aws_iam_role.r", "name")
    found = snapshot(
        aws("aws_iam_role.r", name="studio", assume_role_policy=TRUST),
        aws("aws_iam_role_policy_attachment.a", role=role, policy_arn=arn),
        aws("aws_iam_role_policy_attachments_exclusive.a", role_name=role, policy_arns=[arn]),
    )
    document = record(found, "role", "arn:aws:iam::template:role/studio").document
    assert document["AttachedManagedPolicies"] == [{"PolicyName": "AmazonS3FullAccess", "PolicyArn": arn}]
