"""Resource types of the template languages that the product reads, by what they are to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from auditor.model.snapshot import Kind
from auditor.studio.resource_types import RESOURCE_TYPES

Language = Literal["cloudformation", "aws", "awscc"]

#: What is no record of its own but tells about one: a policy of a role, a route of a route table.
Part = Literal[
    "role_policy", "managed_policy", "policy_attachment", "policy_attachments", "route", "route_association",
    "internet_gateway", "security_group_rule", "endpoint_policy", "image",
]  # fmt: skip


class TypeInfo(NamedTuple):
    """``kind``: the record that a resource of the type makes, or the part of another one that it is."""

    kind: Kind | Part
    language: Language


_CLOUDFORMATION: Mapping[str, Kind | Part] = {
    **{t.cloudformation: t.kind for t in RESOURCE_TYPES},
    "AWS::IAM::Policy": "role_policy",
    "AWS::IAM::RolePolicy": "role_policy",
    "AWS::IAM::ManagedPolicy": "managed_policy",
    "AWS::EC2::VPC": "vpc",
    "AWS::EC2::Subnet": "subnet",
    "AWS::EC2::RouteTable": "route_table",
    "AWS::EC2::Route": "route",
    "AWS::EC2::SubnetRouteTableAssociation": "route_association",
    "AWS::EC2::InternetGateway": "internet_gateway",
    "AWS::EC2::VPCEndpoint": "vpc_endpoint",
    "AWS::EC2::FlowLog": "flow_log",
    "AWS::EC2::SecurityGroup": "security_group",
    "AWS::EC2::SecurityGroupIngress": "security_group_rule",
    "AWS::Logs::LogGroup": "log_group",
    "AWS::KMS::Key": "kms_key",
    "AWS::SageMaker::Image": "image",
    "AWS::SageMaker::ImageVersion": "image_version",
    "AWS::CloudTrail::Trail": "trail",
}
_AWS: Mapping[str, Kind | Part] = {
    **{t.terraform: t.kind for t in RESOURCE_TYPES if t.terraform},
    "aws_iam_role_policy": "role_policy",
    "aws_iam_policy": "managed_policy",
    "aws_iam_role_policy_attachment": "policy_attachment",
    "aws_iam_policy_attachment": "policy_attachment",
    "aws_iam_role_policy_attachments_exclusive": "policy_attachments",
    "aws_vpc": "vpc",
    "aws_default_vpc": "vpc",
    "aws_subnet": "subnet",
    "aws_default_subnet": "subnet",
    "aws_route_table": "route_table",
    "aws_default_route_table": "route_table",
    "aws_route": "route",
    "aws_route_table_association": "route_association",
    "aws_main_route_table_association": "route_association",
    "aws_internet_gateway": "internet_gateway",
    "aws_vpc_endpoint": "vpc_endpoint",
    "aws_vpc_endpoint_policy": "endpoint_policy",
    "aws_flow_log": "flow_log",
    "aws_security_group": "security_group",
    "aws_default_security_group": "security_group",
    "aws_security_group_rule": "security_group_rule",
    "aws_vpc_security_group_ingress_rule": "security_group_rule",
    "aws_cloudwatch_log_group": "log_group",
    "aws_kms_key": "kms_key",
    "aws_sagemaker_image": "image",
    "aws_sagemaker_image_version": "image_version",
    "aws_cloudtrail": "trail",
}
_AWSCC: Mapping[str, Kind | Part] = {
    **{t.terraform.replace("aws_", "awscc_", 1): t.kind for t in RESOURCE_TYPES if t.terraform},
    "awscc_sagemaker_partner_app": "partner_app",
    "awscc_iam_role_policy": "role_policy",
    "awscc_iam_managed_policy": "managed_policy",
    "awscc_ec2_vpc": "vpc",
    "awscc_ec2_subnet": "subnet",
    "awscc_ec2_route_table": "route_table",
    "awscc_ec2_route": "route",
    "awscc_ec2_subnet_route_table_association": "route_association",
    "awscc_ec2_internet_gateway": "internet_gateway",
    "awscc_ec2_vpc_endpoint": "vpc_endpoint",
    "awscc_ec2_flow_log": "flow_log",
    "awscc_ec2_security_group": "security_group",
    "awscc_ec2_security_group_ingress": "security_group_rule",
    "awscc_logs_log_group": "log_group",
    "awscc_kms_key": "kms_key",
    "awscc_sagemaker_image": "image",
    "awscc_sagemaker_image_version": "image_version",
    "awscc_cloudtrail_trail": "trail",
}

#: Every type that the builder reads. Look-alikes (AWS::DataZone::Domain, AWS::OpenSearchService::Domain) are not.
TYPES: Mapping[str, TypeInfo] = {
    **{name: TypeInfo(kind, "cloudformation") for name, kind in _CLOUDFORMATION.items()},
    **{name: TypeInfo(kind, "aws") for name, kind in _AWS.items()},
    **{name: TypeInfo(kind, "awscc") for name, kind in _AWSCC.items()},
}
