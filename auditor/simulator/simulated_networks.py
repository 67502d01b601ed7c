"""What guards the VPCs of an estate, and what leads out of them, in moto's EC2.

``vpcs`` of an estate file: NAME → ``{endpoints, public, flow_logs, security_groups, ipv6}``:

- ``endpoints``: those that Studio needs, for principals of the account only; ``open`` with the policy that AWS gives
  where none is written; ``false``: none
- ``public``: the first subnet leads to an internet gateway
- ``flow_logs``: of the VPC; ``subnets``: of each subnet; ``false``: none
- ``security_groups``: NAME → the blocks that it lets in; ``$VPC.NAME`` stands for its id
- ``ipv6``: the VPC's main route table leads to an egress-only internet gateway
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from auditor.simulator.surroundings import service_backend
from auditor.studio.partitions import partition_of

#: The account is the same whenever it is started.
_LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)


def name_regions(account: str, partition: str) -> None:
    """Let DescribeRegions name those of the partition: moto names those of ``aws`` in every one."""
    if partition == "aws":
        return
    import boto3
    from moto.ec2.models.availability_zones_and_regions import Region

    names = boto3.Session().get_available_regions("ec2", partition)
    for name in names:
        service_backend("ec2", account, name).regions = [
            Region(one, f"ec2.{one}.amazonaws.com", "opt-in-not-required") for one in names
        ]


def make_endpoints(account: str, region: str, vpc_id: str, *, opened: bool) -> None:
    """What Studio needs in a VPC without a way out."""
    ec2 = service_backend("ec2", account, region)
    services = [f"com.amazonaws.{region}.{name}" for name in ("sagemaker.api", "sagemaker.runtime", "s3")]
    own = {"StringEquals": {"aws:PrincipalAccount": account}}
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": own}
    policy = None if opened else json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for service in (*services, f"aws.sagemaker.{region}.studio"):
        made = ec2.create_vpc_endpoint(vpc_id, service, "Interface", policy, [], [])
        made.creation_timestamp = _LONG_AGO


def make_public(account: str, region: str, vpc_id: str, subnet_ids: Sequence[str]) -> None:
    """An internet gateway, and a route to it for the VPC's first subnet."""
    ec2 = service_backend("ec2", account, region)
    gateway = ec2.create_internet_gateway()
    ec2.attach_internet_gateway(gateway.id, vpc_id)
    table = ec2.create_route_table(vpc_id)
    ec2.create_route(table.id, "0.0.0.0/0", None, gateway_id=gateway.id)
    ec2.associate_route_table(table.id, gateway_id=None, subnet_id=subnet_ids[0])


def make_guards(
    account: str, region: str, vpc_id: str, subnet_ids: Sequence[str], entry: Mapping[str, Any]
) -> Mapping[str, str]:
    """Flow logs, security groups and the way out for IPv6; gives the groups' ids by name."""
    ec2 = service_backend("ec2", account, region)
    logged = entry.get("flow_logs", True)
    if logged:
        ids = list(subnet_ids) if logged == "subnets" else [vpc_id]
        kind = "Subnet" if logged == "subnets" else "VPC"
        bucket = f"flow-logs-{account}"
        s3 = service_backend("s3", account, partition_of(region))
        if bucket not in s3.buckets:
            s3.create_bucket(bucket, region)
        to = f"arn:{partition_of(region)}:s3:::{bucket}"
        for log in ec2.create_flow_logs(kind, ids, "ALL", None, "s3", to, None, None, None)[0]:
            log.creation_time = _LONG_AGO
    if entry.get("ipv6"):
        gateway = ec2.create_egress_only_internet_gateway(vpc_id)
        main = next(t for t in ec2.route_tables.values() if t.vpc_id == vpc_id and t.main_association_id)
        ec2.create_route(main.id, None, "::/0", egress_only_igw_id=gateway.id)
    groups = {}
    for name, blocks in (entry.get("security_groups") or {}).items():
        groups[name] = ec2.create_security_group(name, name, vpc_id).id
        ranges = [{"CidrIpv6" if ":" in block else "CidrIp": block} for block in blocks]
        ec2.authorize_security_group_ingress(groups[name], "tcp", "443", "443", ranges, vpc_id=vpc_id)
    return groups
