"""VPCs, subnets and route tables of a root, as EC2 would describe them.

In templates a table's routes and associations are resources of their own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from auditor.collect.iac.interface import Reference, Resource, Unknown, unknowns
from auditor.collect.iac.scope import Scope, plain, split
from auditor.model.snapshot import Kind, Record

#: Attributes of a VPC that are its main route table, in Terraform.
_MAIN = ("main_route_table_id", "default_route_table_id")
#: An Availability Zone that only the deployment knows by name, but tells from others of the same list, or of the same
#: Region: ``!Select [0, !GetAZs ""]``, ``data.aws_availability_zones.all.names[0]``, ``!Sub "${AWS::Region}a"``.
_ZONES = (
    re.compile(r"^\$\{Fn::Select:(?P<number>\d+):\$\{(?P<list>Fn::GetAZs)\}\}$"),
    re.compile(r"^\$\{(?P<list>data\.aws_availability_zones\.[\w.]+)\[(?P<number>\d+)\]\}$"),
    re.compile(r"^\$\{element\((?P<list>data\.aws_availability_zones\.[\w.]+), (?P<number>\d+)\)\}$"),
    re.compile(r"^(?P<list>\$\{(?:AWS::Region|data\.aws_region\.[\w.]+)\})(?P<letter>[a-z])$"),
)


def records(scope: Scope, told: Sequence[Kind] = ()) -> list[Record]:
    """VPCs, subnets, route tables. ``told``: other kinds of which the root says all that a VPC of its own has."""
    found: list[Record] = []
    for vpc in scope.certain("vpc"):
        members: dict[str, Any] = {"VpcId": vpc.address, "IsDefault": vpc.type == "aws_default_vpc"}
        if not _exists_already(vpc):
            members["KnownKinds"] = list(told)
        found.append(scope.record("vpc", vpc, vpc.address, members))
    zones = _zones(scope)
    for subnet in scope.certain("subnet"):
        doc = scope.read(subnet)
        members, gaps = split(doc.members)
        members["SubnetId"] = subnet.address
        if subnet.address in zones:
            members["AvailabilityZone"] = zones[subnet.address]
            gaps.pop("AvailabilityZone", None)
        if "MapPublicIpOnLaunch" not in doc.members:
            # A subnet gives out no public addresses unless told to; those of a default VPC do (EC2 user guide).
            members["MapPublicIpOnLaunch"] = subnet.type == "aws_default_subnet"
        found.append(scope.record("subnet", subnet, subnet.address, members, gaps, doc.lines))
    return found + _route_tables(scope)


def _zones(scope: Scope) -> dict[str, str]:
    """Availability Zones by subnet, where the template does not name them but tells them apart: all of one list, or all
    of one Region. Zones of two lists may be the same."""
    found: dict[str, str] = {}
    lists = set()
    for subnet in scope.certain("subnet"):
        value = scope.raw(subnet, "AvailabilityZone") or scope.raw(subnet, "AvailabilityZoneId")
        if isinstance(value, str):
            lists.add("")
        if not isinstance(value, Unknown):
            continue
        for text in (value.symbol, value.expression):
            match = next((m for pattern in _ZONES if (m := pattern.match(text))), None)
            if match is not None:
                lists.add(match["list"])
                number = match.groupdict().get("number")
                found[subnet.address] = f"zone {int(number) + 1}" if number else f"zone {match['letter']}"
                break
    return found if len(lists) == 1 else {}


def _route_tables(scope: Scope) -> list[Record]:
    subnets, main, unsure = _associations(scope)
    for table in scope.certain("route_table"):
        vpc = _vpc(scope, table)
        if vpc is not None and table.type == "aws_default_route_table":
            main[vpc] = table.address
    routes, loose = _routes(scope)
    found = []
    for table in scope.certain("route_table"):
        doc = scope.read(table)
        vpc = _vpc(scope, table)
        inline = doc.members.get("Routes") or []
        listed = [*(inline if isinstance(inline, list) else [inline]), *routes[table.address]]
        associations = [{"Main": False, "SubnetId": subnet} for subnet in subnets[table.address]]
        if vpc is not None and main.get(vpc) == table.address:
            associations.append({"Main": True, "SubnetId": ""})
            listed += routes[vpc]
        members = {"RouteTableId": table.address, "VpcId": vpc or "", "Associations": associations}
        found.append(_table(scope, table, table.address, members, listed, loose, doc.lines))
    # A VPC's main table is made with it and leads nowhere but into the VPC, unless the template replaces it.
    for resource in scope.certain("vpc"):
        if resource.address not in main and not _exists_already(resource):
            id_ = f"{resource.address} (main)"
            members = {"RouteTableId": id_, "VpcId": resource.address,
                       "Associations": [{"Main": True, "SubnetId": ""}]}  # fmt: skip
            found.append(_table(scope, resource, id_, members, routes[resource.address], loose, {}))
    # A subnet whose table cannot be told: a table without routes says "unknown".
    unknown = Unknown("${RouteTableId}", "the subnet's route table cannot be told")
    for subnet in sorted(unsure):
        members = {"RouteTableId": "", "VpcId": "", "Associations": [{"Main": False, "SubnetId": subnet}]}
        record = scope.record(
            "route_table", scope.by_address[subnet], f"{subnet} (table)", members, {"Routes": unknown}
        )
        found.append(record)
    return found


def _table(
    scope: Scope, resource: Resource, id_: str, members: dict[str, Any], listed: list[Any], loose: Unknown | None,
    lines: Mapping[str, int],
) -> Record:  # fmt: skip
    """A route table with its routes, or with a gap where one that may lead to the internet is not known."""
    gateways = [r.get("GatewayId") if isinstance(r, Mapping) else r for r in listed]
    unknown = next(unknowns(gateways), None) or loose
    if unknown is None or any(str(g).startswith("igw-") for g in gateways):
        members["Routes"] = [plain(r) for r in listed if isinstance(r, Mapping)]
        return scope.record("route_table", resource, id_, members, {}, lines)
    return scope.record("route_table", resource, id_, members, {"Routes": unknown}, lines)


def _routes(scope: Scope) -> tuple[dict[str, list[Any]], Unknown | None]:
    """Routes by the address of their table, or of the VPC whose main table it is; and why any table may have one more
    that leads to the internet."""
    routes: dict[str, list[Any]] = defaultdict(list)
    loose: Unknown | None = None
    for route in scope.of("route"):
        raw = scope.raw(route, "RouteTableId")
        members = route.unsure or {**scope.read(route).members, **_source(route)}
        to = scope.address_of(raw, "route_table")
        if to is None and isinstance(raw, Reference) and raw.attribute in _MAIN:
            to = scope.address_of(raw, "vpc")
        if to is not None:
            routes[to].append(members)
        elif isinstance(raw, Unknown):
            gateway = members.get("GatewayId") if isinstance(members, Mapping) else members
            egress = members.get("EgressOnlyInternetGatewayId") if isinstance(members, Mapping) else None
            if isinstance(gateway, Unknown) or egress or str(gateway).startswith("igw-"):
                loose = Unknown(raw.expression, f"the table of a route to the internet cannot be told: {raw.reason}")
    return routes, loose


def _source(route: Resource) -> dict[str, Any]:
    """Where a route is written, for whoever has to change it."""
    return {"SourceResource": route.address, "SourceFile": route.file, "SourceLine": route.line}


def _associations(scope: Scope) -> tuple[dict[str, list[str]], dict[str, str], set[str]]:
    """Subnets by route table, the main table by VPC ("" where it cannot be told), subnets whose table is not known."""
    subnets: dict[str, list[str]] = defaultdict(list)
    main: dict[str, str] = {}
    unsure: set[str] = set()
    any_subnet = False
    for link in scope.of("route_association"):
        table = scope.address_of(scope.raw(link, "RouteTableId"), "route_table")
        raw = scope.raw(link, "SubnetId")
        subnet = scope.address_of(raw, "subnet")
        vpc = scope.address_of(scope.raw(link, "VpcId"), "vpc")
        if link.unsure is not None:
            table = None
        if subnet is not None and table is not None:
            subnets[table].append(subnet)
        elif subnet is not None:
            unsure.add(subnet)
        elif vpc is not None:
            main[vpc] = table or ""
        any_subnet = any_subnet or isinstance(raw, Unknown)
    if any_subnet:
        # It may be any of those that have no table of their own.
        linked = {subnet for listed in subnets.values() for subnet in listed}
        unsure |= {subnet.address for subnet in scope.certain("subnet")} - linked
    return subnets, main, unsure


def _exists_already(vpc: Resource) -> bool:
    """Whether the template only finds the VPC, so that its main table may lead anywhere."""
    return vpc.type == "aws_default_vpc" or "data.aws_vpc." in vpc.address


def _vpc(scope: Scope, table: Resource) -> str | None:
    """The VPC of a route table; Terraform names a default table by an attribute of its VPC."""
    value = scope.raw(table, "VpcId")
    return scope.address_of(value or table.properties.get("default_route_table_id"), "vpc")
