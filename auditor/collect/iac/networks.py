"""VPCs, subnets and route tables of a root, as EC2 would describe them.

In templates a table's routes and associations are resources of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from auditor.collect.iac.interface import Resource, Unknown, unknowns
from auditor.collect.iac.scope import Scope, plain, split
from auditor.model.snapshot import Record


def records(scope: Scope) -> list[Record]:
    """VPCs, subnets, route tables."""
    found: list[Record] = []
    for vpc in scope.certain("vpc"):
        members: dict[str, Any] = {"VpcId": vpc.address, "IsDefault": vpc.type == "aws_default_vpc"}
        found.append(scope.record("vpc", vpc, vpc.address, members))
    for subnet in scope.certain("subnet"):
        doc = scope.read(subnet)
        members, gaps = split(doc.members)
        members["SubnetId"] = subnet.address
        if "MapPublicIpOnLaunch" not in doc.members:
            # A subnet gives out no public addresses unless told to; those of a default VPC do (EC2 user guide).
            members["MapPublicIpOnLaunch"] = subnet.type == "aws_default_subnet"
        found.append(scope.record("subnet", subnet, subnet.address, members, gaps, doc.lines))
    return found + _route_tables(scope)


def _route_tables(scope: Scope) -> list[Record]:
    subnets, main, unsure = _associations(scope)
    routes: dict[str, list[Any]] = defaultdict(list)
    for route in scope.of("route"):
        to = scope.address_of(scope.raw(route, "RouteTableId"), "route_table")
        if to is not None:
            routes[to].append(route.doubt or scope.read(route).members)
    found = []
    for table in scope.certain("route_table"):
        doc = scope.read(table)
        vpc = _vpc(scope, table)
        inline = doc.members.get("Routes") or []
        listed = [*(inline if isinstance(inline, list) else [inline]), *routes[table.address]]
        associations = [{"Main": False, "SubnetId": subnet} for subnet in subnets[table.address]]
        if vpc is not None and (main.get(vpc) == table.address or table.type == "aws_default_route_table"):
            associations.append({"Main": True, "SubnetId": ""})
            main[vpc] = table.address
        members: dict[str, Any] = {"RouteTableId": table.address, "VpcId": vpc or "", "Associations": associations}
        gateways = [r.get("GatewayId") if isinstance(r, Mapping) else r for r in listed]
        hole = next(unknowns(gateways), None)
        gaps: dict[str, Unknown] = {}
        if hole is None or any(str(g).startswith("igw-") for g in gateways):
            members["Routes"] = [plain(r) for r in listed if isinstance(r, Mapping)]
        else:
            gaps["Routes"] = hole
        found.append(scope.record("route_table", table, table.address, members, gaps, doc.lines))
    # A VPC's main table is made with it and leads nowhere but into the VPC, unless the template replaces it.
    for resource in scope.certain("vpc"):
        if resource.address not in main and resource.type != "aws_default_vpc":
            id_ = f"{resource.address} (main)"
            members = {"RouteTableId": id_, "VpcId": resource.address, "Routes": [],
                       "Associations": [{"Main": True, "SubnetId": ""}]}  # fmt: skip
            found.append(scope.record("route_table", resource, id_, members))
    # A subnet whose table cannot be told: a table without routes says "unknown".
    hole = Unknown("${RouteTableId}", "the subnet's route table cannot be told")
    for subnet in sorted(unsure):
        members = {"RouteTableId": "", "VpcId": "", "Associations": [{"Main": False, "SubnetId": subnet}]}
        record = scope.record("route_table", scope.by_address[subnet], f"{subnet} (table)", members, {"Routes": hole})
        found.append(record)
    return found


def _associations(scope: Scope) -> tuple[dict[str, list[str]], dict[str, str], set[str]]:
    """Subnets by route table, the main table by VPC ("" where it cannot be told), subnets whose table is not known."""
    subnets: dict[str, list[str]] = defaultdict(list)
    main: dict[str, str] = {}
    unsure: set[str] = set()
    for link in scope.of("route_association"):
        table = scope.address_of(scope.raw(link, "RouteTableId"), "route_table")
        subnet = scope.address_of(scope.raw(link, "SubnetId"), "subnet")
        vpc = scope.address_of(scope.raw(link, "VpcId"), "vpc")
        if link.doubt is not None:
            table = None
        if subnet is not None and table is not None:
            subnets[table].append(subnet)
        elif subnet is not None:
            unsure.add(subnet)
        elif vpc is not None:
            main[vpc] = table or ""
    return subnets, main, unsure


def _vpc(scope: Scope, table: Resource) -> str | None:
    """The VPC of a route table; Terraform names a default table by an attribute of its VPC."""
    value = scope.raw(table, "VpcId")
    return scope.address_of(value or table.properties.get("default_route_table_id"), "vpc")
