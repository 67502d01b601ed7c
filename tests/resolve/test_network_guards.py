"""Security groups, flow logs, endpoint policies and IPv6 routes around a domain."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from auditor.model.snapshot import NUMBER, TEMPLATE, Record
from auditor.resolve.endpoint_facts import is_open

from .builder import REGION, Apart, Together, domain, place, profile, record, vpc

together = Together()
NETWORK = {"VpcId": "vpc-1", "SubnetIds": ["s-1", "s-2"]}


def group(id_: str, *blocks: str, lists: Sequence[str] = (), gaps: Sequence[str] = ()) -> Record:
    rule = {
        "IpRanges": [{"CidrIp": b} for b in blocks if ":" not in b],
        "Ipv6Ranges": [{"CidrIpv6": b} for b in blocks if ":" in b],
        "PrefixListIds": [{"PrefixListId": one} for one in lists],
    }
    return record("security_group", id_, {} if gaps else {"IpPermissions": [rule]}, gaps)


OWN = {"DefaultUserSettings": {"SecurityGroups": ["sg-1"]}}
#: the domain, what else was seen, kinds that could not be listed -> its groups, those that are open
GROUPS: list[tuple[Mapping[str, Any], list[Record], list[str], list[str] | None, list[str] | None]] = [
    (OWN, [group("sg-1", "10.0.0.0/8", "fd00::/8", "203.0.113.0/24")], [], ["sg-1"], []),
    (OWN, [group("sg-1", "0.0.0.0/0")], [], ["sg-1"], ["sg-1"]),
    (OWN, [group("sg-1", "10.0.0.0/8", "::/0")], [], ["sg-1"], ["sg-1"]),
    # Two halves are the whole; all of the addresses that IANA has given out for IPv6 are.
    (OWN, [group("sg-1", "0.0.0.0/1", "128.0.0.0/1")], [], ["sg-1"], ["sg-1"]),
    (OWN, [group("sg-1", "2000::/3")], [], ["sg-1"], ["sg-1"]),
    (OWN, [group("sg-1", "fc00::/7", "fe80::/10")], [], ["sg-1"], []),
    # What is in a prefix list is not known; neither is a group that is gone, or that says nothing.
    (OWN, [group("sg-1", lists=["pl-1"])], [], ["sg-1"], None),
    (OWN, [group("sg-1", "0.0.0.0/0", lists=["pl-1"])], [], ["sg-1"], ["sg-1"]),
    (OWN, [], [], ["sg-1"], None),
    (OWN, [group("sg-1", gaps=["IpPermissions"])], [], ["sg-1"], None),
    # Those of shared spaces, of the domain's own apps and of profiles count.
    ({"DefaultSpaceSettings": {"SecurityGroups": ["sg-2"]}}, [group("sg-2", "0.0.0.0/0")], [], ["sg-2"], ["sg-2"]),
    ({"DomainSettings": {"SecurityGroupIds": ["sg-2"]}}, [group("sg-2", "0.0.0.0/0")], [], ["sg-2"], ["sg-2"]),
    (OWN, [group("sg-1"), group("sg-2", "::/0"), profile("ana", {"SecurityGroups": ["sg-2"]})], [],
     ["sg-1", "sg-2"], ["sg-2"]),
    (OWN, [group("sg-1"), group("sg-2", "::/0"), profile("ana", {"SecurityGroups": ["sg-2"]}, of="d-2")], [],
     ["sg-1"], []),
    # Of a profile that may be none, its group may be nobody's.
    (OWN, [group("sg-1"), group("sg-2", "::/0"), profile("ana", {"SecurityGroups": ["sg-2"]}, [NUMBER])], [],
     ["sg-1", "sg-2"], None),
    # A profile that was not seen may name another one.
    (OWN, [group("sg-1")], ["user_profile"], ["sg-1"], None),
    (OWN, [group("sg-1", "0.0.0.0/0")], ["user_profile"], ["sg-1"], ["sg-1"]),
    (OWN, [group("sg-1"), profile("ana", None, ["*"])], [], ["sg-1"], None),
    ({}, [], [], [], []),
    ({}, [], ["user_profile"], None, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "groups", "opened"),
    [
        (together(place(unlisted), domain(document=of), *around), groups, opened)
        for of, around, unlisted, groups, opened in GROUPS
    ],
)
def test_open_security_groups(tables: Apart, groups: list[str] | None, opened: list[str] | None) -> None:
    """Source: API_IpPermission; RFC 4193 (fc00::/7), RFC 4291 (fe80::/10), IANA's IPv6 address space (2000::/3)."""
    (row,) = tables.rows("domain")
    assert (row["security_groups"], row["open_security_groups"]) == (groups, opened)


def log(of: str, **also: str) -> Record:
    return record("flow_log", f"fl-{of}", {"ResourceId": of, "FlowLogStatus": "ACTIVE", **also})


#: what is in the VPC, kinds that could not be listed -> the subnets that nobody records
LOGS: list[tuple[list[Record], list[str], list[str] | None]] = [
    ([log("vpc-1")], [], []),
    ([log("vpc-1", DeliverLogsStatus="SUCCESS")], [], []),
    ([log("s-1"), log("s-2")], [], []),
    ([log("s-1")], [], ["s-2"]),
    ([], [], ["s-1", "s-2"]),
    ([log("vpc-2")], [], ["s-1", "s-2"]),
    # One that cannot be delivered records nothing.
    ([log("vpc-1", DeliverLogsStatus="FAILED")], [], ["s-1", "s-2"]),
    ([log("vpc-1", FlowLogStatus="DELETING")], [], ["s-1", "s-2"]),
    ([], ["flow_log"], None),
    ([log("vpc-1")], ["flow_log"], []),
    # Of a VPC that a template makes it tells everything.
    ([record("vpc", "vpc-1", {"VpcId": "vpc-1", "KnownKinds": ["flow_log"]})], ["flow_log"], ["s-1", "s-2"]),
    ([vpc("vpc-1", False)], ["flow_log"], None),
]


@pytest.mark.parametrize(
    ("tables", "unlogged"),
    [(together(place(unlisted), domain(document=NETWORK), *around), unlogged) for around, unlisted, unlogged in LOGS],
)
def test_subnets_without_flow_logs(tables: Apart, unlogged: list[str] | None) -> None:
    """Source: API_FlowLog: ACTIVE is the status of a flow log that is; delivery is SUCCESS or FAILED."""
    (row,) = tables.rows("domain")
    assert row["unlogged_subnets"] == unlogged


def routes(id_: str, *listed: Mapping[str, str], subnets: Sequence[str] = (), gaps: Sequence[str] = ()) -> Record:
    associations = [{"Main": False, "SubnetId": s} for s in subnets] or [{"Main": True}]
    document = {"VpcId": "vpc-1", "Associations": associations, **({} if gaps else {"Routes": list(listed)})}
    return record("route_table", id_, document, gaps)


EGRESS = {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}
#: route tables -> gateways by which IPv6 leaves
WAYS: list[tuple[list[Record], list[str] | None]] = [
    ([routes("main")], []),
    ([routes("main", EGRESS)], ["eigw-1"]),
    ([routes("main", {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1"})], ["igw-1"]),
    ([routes("main", {"DestinationIpv6CidrBlock": "2000::/3", "EgressOnlyInternetGatewayId": "eigw-1"})], ["eigw-1"]),
    # A firewall's endpoint, a route for IPv4, one for a single network, one of another table.
    ([routes("main", {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "vpce-1"})], []),
    ([routes("main", {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"})], []),
    ([routes("main", {**EGRESS, "DestinationIpv6CidrBlock": "2001:db8::/32"})], []),
    ([routes("main", EGRESS), routes("own", subnets=["s-1", "s-2"])], []),
    ([routes("main"), routes("own", EGRESS, subnets=["s-2"])], ["eigw-1"]),
    # A prefix list may hold anything; a table that was not seen may lead anywhere.
    ([routes("main", {"DestinationPrefixListId": "pl-1", "EgressOnlyInternetGatewayId": "eigw-1"})], None),
    ([routes("main", {**EGRESS, "DestinationIpv6CidrBlock": "${Block}"})], None),
    ([routes("main", gaps=["Routes"])], None),
    ([], None),
]


@pytest.mark.parametrize(
    ("tables", "ways"), [(together(domain(document=NETWORK), *around), ways) for around, ways in WAYS]
)
def test_where_ipv6_leaves(tables: Apart, ways: list[str] | None) -> None:
    """Source: API_Route; VPC user guide, "Enable outbound IPv6 traffic using an egress-only internet gateway"."""
    (row,) = tables.rows("domain")
    assert row["ipv6_ways_out"] == ways


def endpoint(id_: str, service: str, policy: object, state: str = "available") -> Record:
    document = {"VpcId": "vpc-1", "ServiceName": f"com.amazonaws.{REGION}.{service}", "State": state}
    return record("vpc_endpoint", id_, document if policy is None else {**document, "PolicyDocument": policy})


def allowing(action: str = "*", resource: str = "*", principal: object = "*", **also: object) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **also}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


HERE = {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}
#: endpoints, kinds that could not be listed -> those that are open
OPEN: list[tuple[list[Record], list[str], list[str] | None]] = [
    ([endpoint("vpce-1", "s3", allowing())], [], ["vpce-1 (s3)"]),
    ([endpoint("vpce-1", "sagemaker.api", allowing())], [], ["vpce-1 (sagemaker.api)"]),
    # However it is written: the actions of the service are all that goes through its endpoint.
    ([endpoint("vpce-1", "s3", allowing("s3:*"))], [], ["vpce-1 (s3)"]),
    ([endpoint("vpce-1", "s3", allowing(NotAction="s3:DeleteBucket").replace('"Action": "*", ', ""))], [],
     ["vpce-1 (s3)"]),
    # A resource that only names its Region is anybody's there.
    ([endpoint("vpce-1", "sagemaker.api", allowing(resource=f"arn:aws:sagemaker:{REGION}:*:*"))], [],
     ["vpce-1 (sagemaker.api)"]),
    ([endpoint("vpce-1", "sagemaker.api", allowing(resource="arn:aws:sagemaker:ap-south-1:*:*"))], [], []),
    # Principals, resources or an organization that are named.
    ([endpoint("vpce-1", "s3", allowing(Condition=HERE))], [], []),
    ([endpoint("vpce-1", "s3", allowing(principal={"AWS": "111122223333"}))], [], []),
    ([endpoint("vpce-1", "s3", allowing("s3:*", "arn:aws:s3:::acme-*"))], [], []),
    ([endpoint("vpce-1", "s3", allowing(Condition={"StringEquals": {"aws:ResourceOrgID": "o-acme000000"}}))], [], []),
    ([endpoint("vpce-1", "sagemaker.runtime", allowing(resource="arn:aws:sagemaker:*:111122223333:*"))], [], []),
    # What hangs on where a call comes from is not known; a policy that was not seen may say anything.
    ([endpoint("vpce-1", "s3", allowing(Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}}))], [], None),
    ([endpoint("vpce-1", "s3", None)], [], None),
    ([endpoint("vpce-1", "s3", "{")], [], None),
    ([endpoint("vpce-1", "s3", None), endpoint("vpce-2", "s3", allowing())], [], ["vpce-2 (s3)"]),
    # Those of other services, and those that are gone, are not asked about.
    ([endpoint("vpce-1", "ssm", allowing())], [], []),
    ([endpoint("vpce-1", "s3", allowing(), "deleted")], [], []),
    ([], ["vpc_endpoint"], None),
    ([endpoint("vpce-1", "s3", allowing())], ["vpc_endpoint"], ["vpce-1 (s3)"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "opened"),
    [(together(place(unlisted), domain(document=NETWORK), *around), opened) for around, unlisted, opened in OPEN],
)
def test_open_endpoints(tables: Apart, opened: list[str] | None) -> None:
    """Source: VPC user guide, "Control access to VPC endpoints using endpoint policies"; IAM's evaluation logic."""
    (row,) = tables.rows("domain")
    assert row["open_endpoints"] == opened


@pytest.mark.parametrize(
    ("region", "resource", "opened"),
    [("cn-north-1", "arn:aws-cn:s3:::*", True), ("us-gov-west-1", "arn:aws-us-gov:s3:::*", True),
     ("cn-north-1", "arn:aws-cn:s3:::acme-*", False), (TEMPLATE, "arn:aws-cn:s3:::*", True),
     (TEMPLATE, "arn:aws:s3:::*", True), (TEMPLATE, "arn:aws:s3:::acme-*", False)],
)  # fmt: skip
def test_an_open_endpoint_of_another_partition(region: str, resource: str, opened: bool) -> None:
    """Source: IAM User Guide, "Amazon Resource Names": the partitions of the China and GovCloud Regions."""
    assert is_open(f"com.amazonaws.{region}.s3", allowing("s3:*", resource), region) is opened
