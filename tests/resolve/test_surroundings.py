"""Networks and keys around a domain, and what failed in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from auditor.model.snapshot import Record

from .builder import REGION, Apart, Together, domain, place, profile, record, space

together = Together()
NETWORK = {"VpcId": "vpc-1", "SubnetIds": ["s-1", "s-2"]}


def subnet(id_: str, public_addresses: bool = False) -> Record:
    return record("subnet", id_, {"SubnetId": id_, "VpcId": "vpc-1", "MapPublicIpOnLaunch": public_addresses})


def routes(id_: str, *gateways: str, subnets: Sequence[str] = (), main: bool = False) -> Record:
    associations: list[dict[str, Any]] = [{"Main": False, "SubnetId": s} for s in subnets]
    if main:
        associations.append({"Main": True})
    document = {
        "VpcId": "vpc-1",
        "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway} for gateway in ("local", *gateways)],
        "Associations": associations,
    }
    return record("route_table", id_, document)


#: what is in the VPC -> the subnets of the domain that are public
SUBNETS: list[tuple[list[Record], list[str] | None]] = [
    ([subnet("s-1"), subnet("s-2"), routes("main", main=True)], []),
    ([subnet("s-1"), subnet("s-2", public_addresses=True), routes("main", main=True)], ["s-2"]),
    ([subnet("s-1"), subnet("s-2"), routes("main", "igw-1", main=True)], ["s-1", "s-2"]),
    # A table of its own stands instead of the main one.
    ([subnet("s-1"), subnet("s-2"), routes("main", "igw-1", main=True), routes("own", subnets=["s-1"])], ["s-2"]),
    ([subnet("s-1"), subnet("s-2"), routes("main", main=True), routes("own", "igw-1", subnets=["s-2"])], ["s-2"]),
    # A NAT gateway or a virtual private gateway lets nobody in.
    ([subnet("s-1"), subnet("s-2"), routes("main", "nat-1", "vgw-1", main=True)], []),
    # A subnet that was not seen may be public; one that is public is so all the same.
    ([subnet("s-1"), routes("main", main=True)], None),
    ([subnet("s-1", public_addresses=True), routes("main", main=True)], ["s-1"]),
    ([subnet("s-1"), subnet("s-2")], None),
]


@pytest.mark.parametrize(
    ("tables", "public"), [(together(domain(document=NETWORK), *around), public) for around, public in SUBNETS]
)
def test_public_subnets(tables: Apart, public: list[str] | None) -> None:
    (row,) = tables.rows("domain")
    assert row["public_subnets"] == public


def zoned(id_: str, zone: str | None, free: int | None = 250) -> Record:
    of = {"AvailabilityZone": zone, "AvailableIpAddressCount": free}
    return record("subnet", id_, {"SubnetId": id_, "VpcId": "vpc-1", **{k: v for k, v in of.items() if v is not None}})


#: subnets in the VPC -> the domain's zones, and what the second of them has room for
ZONES: list[tuple[list[Record], list[str] | None, int | None]] = [
    ([zoned("s-1", "eu-west-1a"), zoned("s-2", "eu-west-1b", 3)], ["eu-west-1a", "eu-west-1b"], 3),
    ([zoned("s-1", "eu-west-1a"), zoned("s-2", "eu-west-1a")], ["eu-west-1a"], 0),
    # Two zones are two, whatever room they have; a zone that nobody saw may be the same or another one.
    ([zoned("s-1", "eu-west-1a", None), zoned("s-2", "eu-west-1b")], ["eu-west-1a", "eu-west-1b"], None),
    ([zoned("s-1", "eu-west-1a"), zoned("s-2", None)], None, None),
    ([zoned("s-1", "eu-west-1a")], None, None),
    ([], None, None),
]


@pytest.mark.parametrize(
    ("tables", "zones", "room"),
    [(together(domain(document=NETWORK), *around), zones, room) for around, zones, room in ZONES],
)
def test_availability_zones(tables: Apart, zones: list[str] | None, room: int | None) -> None:
    (row,) = tables.rows("domain")
    assert (row["subnet_zones"], row["second_zone_free_addresses"]) == (zones, room)


def _stated(status: str | None, *around: Record, unseen: tuple[str, ...] = ()) -> Apart:
    return together(place(unseen), domain(document={} if status is None else {"Status": status}), *around)


#: what stands in the account -> what of the domain failed
FAILED: list[tuple[Apart, list[str] | None]] = [
    (_stated("InService", profile("ana", also={"Status": "InService"})), []),
    (_stated("Delete_Failed"), ["the domain (Delete_Failed)"]),
    (_stated("InService", profile("ana", also={"Status": "Failed"})), ["user profile ana (Failed)"]),
    (_stated("InService", space("lab", {"Status": "Delete_Failed"})), ["space lab (Delete_Failed)"]),
    # It still works as it did before.
    (_stated("Update_Failed", space("lab", {"Status": "Update_Failed"})), []),
    # One that failed is certain, whatever else was not listed.
    (_stated("InService", unseen=("space",)), None),
    (_stated("InService", space("lab", {"Status": "Failed"}), unseen=("user_profile",)), ["space lab (Failed)"]),
    (_stated(None), None),
    (_stated("InService", space("lab")), None),
]


@pytest.mark.parametrize(("tables", "failed"), FAILED)
def test_what_failed(tables: Apart, failed: list[str] | None) -> None:
    (row,) = tables.rows("domain")
    assert row["failed_resources"] == failed


BARE = together(domain())
UNSEEN = together(domain(gaps=["*"]))
PUBLIC_OF_SOME, NONE_PUBLIC_OF_SOME = (
    together(
        domain(document={"VpcId": "vpc-1", "KnownSubnetIds": ["s-2"]}, gaps=["SubnetIds"]),
        subnet("s-2", public_addresses=public),
        routes("main", main=True),
    )
    for public in (True, False)
)


def test_a_public_subnet_beside_one_that_a_template_does_not_name() -> None:
    (row,) = PUBLIC_OF_SOME.rows("domain")
    assert (row["subnet_ids"], row["public_subnets"]) == (None, ["s-2"])
    (row,) = NONE_PUBLIC_OF_SOME.rows("domain")
    assert (row["subnet_ids"], row["public_subnets"]) == (None, None)


def test_a_domain_without_subnets_has_no_public_ones() -> None:
    assert BARE.rows("domain")[0]["public_subnets"] == []
    assert UNSEEN.rows("domain")[0]["public_subnets"] is None


@pytest.mark.parametrize(
    "tables", [together(domain(document={"VpcId": "vpc-1", **subnets})) for subnets in ({}, {"SubnetIds": []})]
)
def test_a_domain_in_a_vpc_has_subnets(tables: Apart) -> None:
    """CreateDomain takes a VPC with its subnets. An answer that names none does not say that none is public."""
    assert tables.rows("domain")[0]["public_subnets"] is None


def endpoint(service: str, state: str = "available") -> Record:
    name = f"aws.sagemaker.{REGION}.studio" if service == "studio" else f"com.amazonaws.{REGION}.{service}"
    document = {"VpcId": "vpc-1", "ServiceName": name, "State": state}
    return record("vpc_endpoint", f"vpce-{service}-{state}", document)


def leading(*gateways: str, main: bool = True) -> Record:
    """A route table whose default route leads to each of these: a NAT gateway is none of the GatewayIds."""
    defaults = [{"DestinationCidrBlock": "0.0.0.0/0", **({"GatewayId": g} if g else {})} for g in gateways]
    document = {
        "VpcId": "vpc-1",
        "Associations": [{"Main": main}],
        "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, *defaults],
    }
    return record("route_table", "rtb-main", document)


NEEDED = ["sagemaker.api", "sagemaker.runtime", "s3", "studio"]
ALL = [endpoint(service) for service in NEEDED]


#: what is in the VPC, kinds that could not be listed -> the endpoints that the domain lacks
ENDPOINTS: list[tuple[list[Record], list[str], list[str] | None]] = [
    ([leading(), *ALL], [], []),
    ([leading(), *ALL[:2]], [], ["s3", "studio"]),
    ([leading(), *ALL[1:], endpoint("sagemaker.api", "deleted")], [], ["sagemaker.api"]),
    ([leading()], [], NEEDED),
    # The service's name is aws.sagemaker.REGION.studio; what ends alike is another service.
    ([leading(), *ALL[:3]], [], ["studio"]),
    ([leading(), *ALL[:3], endpoint("my-studio")], [], ["studio"]),
    # A NAT gateway leads out, an internet gateway does not: Studio has private addresses only.
    ([leading("")], [], []),
    ([leading("igw-1")], [], NEEDED),
    # What was not seen is open, unless it does not matter.
    (ALL, [], []),
    ([leading("")], ["vpc_endpoint"], []),
    ([leading()], ["vpc_endpoint"], None),
    (ALL[:1], [], None),
]


SIX = {"Routes": [{"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}]}
BY_IPV6 = record("route_table", "rtb-main", {"VpcId": "vpc-1", "Associations": [{"Main": True}], **SIX})


@pytest.mark.parametrize(
    ("tables", "missing"),
    [
        (together(domain(document={**NETWORK, "DomainSettings": {"IpAddressType": addresses}}), BY_IPV6), missing)
        for addresses, missing in (("ipv4", NEEDED), ("dualstack", []))
    ],
)
def test_a_route_for_ipv6_leads_only_those_out_who_have_such_addresses(tables: Apart, missing: list[str]) -> None:
    (row,) = tables.rows("domain")
    assert row["missing_endpoints"] == missing


@pytest.mark.parametrize(
    ("tables", "missing"),
    [
        (together(place(unlisted), domain(document=NETWORK), *around), missing)
        for around, unlisted, missing in ENDPOINTS
    ],
)
def test_endpoints_that_studio_needs(tables: Apart, missing: list[str] | None) -> None:
    """Source: developer guide, "Connect Amazon SageMaker Studio in a VPC to External Resources", VPC only, step 5."""
    (row,) = tables.rows("domain")
    assert row["missing_endpoints"] == missing


KEY = f"arn:aws:kms:{REGION}:111122223333:key/1f3c8a52-7f0e-4f0e-9d52-0c1f7f5f1a11"
FOREIGN = KEY.replace("111122223333", "444455556666")


#: the domain's key, what AWS KMS answers about which -> who manages it
KEYS: list[tuple[str | None, dict[str, str], str | None]] = [
    (None, {}, "AWS"),
    # By name, whatever AWS KMS says: alias/aws/ is reserved, and CreateAlias takes customer managed keys only.
    ("alias/aws/elasticfilesystem", {}, "AWS"),
    (f"arn:aws:kms:{REGION}:111122223333:alias/aws/sagemaker", {}, "AWS"),
    ("alias/studio", {}, "CUSTOMER"),
    (f"arn:aws-cn:kms:{REGION}:111122223333:alias/studio", {}, "CUSTOMER"),
    ("alias/awsome", {}, "CUSTOMER"),
    # An id or an ARN, by what DescribeKey answers.
    (KEY, {KEY: "AWS"}, "AWS"),
    (KEY, {KEY: "CUSTOMER"}, "CUSTOMER"),
    ("1f3c8a52-7f0e-4f0e-9d52-0c1f7f5f1a11", {"1f3c8a52-7f0e-4f0e-9d52-0c1f7f5f1a11": "AWS"}, "AWS"),
    (FOREIGN, {FOREIGN: "CUSTOMER"}, "CUSTOMER"),
    # Refused, or an answer that nobody knows: never a pass.
    (KEY, {}, None),
    (FOREIGN, {KEY: "CUSTOMER"}, None),
    (KEY, {KEY: "PARTNER"}, None),
]


#: what AWS KMS answers about the domain's key -> its state, and whether it is rotated
STATES: list[tuple[dict[str, Any] | None, str | None, bool | None]] = [
    ({"KeyManager": "CUSTOMER", "KeyState": "Enabled", "KeyRotationEnabled": True}, "Enabled", True),
    ({"KeyManager": "CUSTOMER", "KeyState": "PendingDeletion", "KeyRotationEnabled": False}, "PendingDeletion", False),
    ({"KeyManager": "CUSTOMER", "KeyState": "Enabled"}, "Enabled", None),
    (None, None, None),
]


@pytest.mark.parametrize(
    ("tables", "state", "rotated"),
    [
        (together(domain(document={"KmsKeyId": KEY}), *([] if told is None else [record("kms_key", KEY, told)])), *want)
        for told, *want in STATES
    ],
)
def test_the_state_of_a_domains_key(tables: Apart, state: str | None, rotated: bool | None) -> None:
    """Source: API_KeyMetadata, API_GetKeyRotationStatus."""
    (row,) = tables.rows("domain")
    assert (row["kms_key_state"], row["kms_key_rotated"]) == (state, rotated)


def _with_key(key: str | None, answers: Mapping[str, str]) -> Apart:
    keys = [record("kms_key", name, {"KeyManager": told}) for name, told in answers.items()]
    return together(domain(document={} if key is None else {"KmsKeyId": key}), *keys)


@pytest.mark.parametrize(
    ("key", "tables", "manager"), [(key, _with_key(key, answers), manager) for key, answers, manager in KEYS]
)
def test_who_manages_the_key_of_a_domain(key: str | None, tables: Apart, manager: str | None) -> None:
    """Source: API_KeyMetadata (KeyManager is AWS or CUSTOMER), API_CreateAlias, KMS developer guide, Aliases."""
    (row,) = tables.rows("domain")
    assert row["kms_key_manager"] == manager
