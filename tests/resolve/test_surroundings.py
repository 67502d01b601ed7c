"""Networks, trails, logs and people around a domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from auditor.model.snapshot import GLOBAL, Record
from auditor.studio.trails import records_management

from .builder import ACCOUNT, REGION, Apart, Tables, Together, domain, place, profile, record, space

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
    ([zoned("s-1", "eu-west-1a"), zoned("s-2", None)], None, 0),
    ([zoned("s-1", "eu-west-1a")], None, 0),
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


def _classic(read_write: str = "All", management: bool = True) -> dict[str, Any]:
    return {"EventSelectors": [{"ReadWriteType": read_write, "IncludeManagementEvents": management}]}


def _advanced(*fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"AdvancedEventSelectors": [{"FieldSelectors": list(fields)}]}


#: The two sources that a trail can leave out of its management events (CloudTrail API, EventSelector).
NOISY = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}


def _trail(logging: bool | None, selectors: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"Status": {} if logging is None else {"IsLogging": logging}}
    return document if selectors is None else {**document, "Selectors": selectors}


#: whether it is logging, its selectors -> whether it records that somebody opens a profile
TRAILS: list[tuple[bool | None, Any, bool | None]] = [
    (True, _classic(), True),
    (True, _classic("WriteOnly"), True),
    # Opening a profile writes.
    (True, _classic("ReadOnly"), False),
    (True, _classic(management=False), False),
    (False, _classic(), False),
    (False, None, False),
    (None, _classic(), None),
    (True, None, None),
    (True, _advanced(MANAGEMENT), True),
    (True, _advanced(MANAGEMENT, {"Field": "readOnly", "Equals": ["false"]}), True),
    (True, _advanced(MANAGEMENT, {"Field": "readOnly", "Equals": ["true"]}), False),
    (True, _advanced({"Field": "eventCategory", "Equals": ["Data"]}), False),
    # The console's "Exclude AWS KMS events" and "Exclude Amazon RDS Data API events" leave SageMaker's in.
    (True, _advanced(MANAGEMENT, {"Field": "eventSource", "NotEquals": list(NOISY)}), True),
    (
        True,
        {"EventSelectors": [{"IncludeManagementEvents": True, "ExcludeManagementEventSources": list(NOISY)}]},
        True,
    ),
    (True, _advanced(MANAGEMENT, {"Field": "eventSource", "NotEquals": ["sagemaker.amazonaws.com"]}), False),
    (True, _advanced(MANAGEMENT, {"Field": "eventSource", "Equals": ["s3.amazonaws.com"]}), False),
    (True, _advanced(MANAGEMENT, {"Field": "eventSource", "StartsWith": ["sagemaker"]}), True),
    # Users and names leave some events out, or may.
    (True, _advanced(MANAGEMENT, {"Field": "userIdentity.arn", "NotStartsWith": ["arn:aws:iam::1"]}), None),
    (True, _advanced(MANAGEMENT, {"Field": "eventName", "Equals": ["CreateApp"]}), None),
    (True, _advanced({"Field": "readOnly", "Equals": ["false"]}), None),
    (True, {"EventSelectors": [{"ReadWriteType": "All"}]}, None),
    (True, {"AdvancedEventSelectors": [{}]}, None),
    (
        True,
        {
            "EventSelectors": [{"IncludeManagementEvents": False}],
            "AdvancedEventSelectors": _advanced(MANAGEMENT)["AdvancedEventSelectors"],
        },
        True,
    ),
]


@pytest.mark.parametrize(
    ("document", "tables", "records"),
    [
        (document, together(record("trail", "arn", document)), records)
        for document, records in ((_trail(logging, selectors), records) for logging, selectors, records in TRAILS)
    ],
)
def test_what_a_trail_records(document: Mapping[str, Any], tables: Apart, records: bool | None) -> None:
    assert records_management(document) is records
    (row,) = tables.rows("account_region")
    assert row["management_events_recorded"] is records


GOOD = record("trail", "arn-1", _trail(True, _classic()))
UNCLEAR = record("trail", "arn-2", _trail(True, None))
OFF = record("trail", "arn-3", _trail(False, None))
SEVERAL_TRAILS = [
    (together(GOOD, UNCLEAR, OFF), True),
    (together(UNCLEAR, OFF), None),
    (together(OFF), False),
    (together(), False),
    (together(place(["trail"]), OFF), None),
    (together(place(["trail"]), GOOD), True),
]


def test_one_trail_that_records_is_enough() -> None:
    for tables, recorded in SEVERAL_TRAILS:
        assert tables.rows("account_region")[0]["management_events_recorded"] is recorded


def _log_group(name: str, kept: int | None) -> Record:
    return record("log_group", name, {"logGroupName": name, **({"retentionInDays": kept} if kept else {})})


@pytest.mark.parametrize(
    ("tables", "exists", "days"),
    [
        (together(place(), _log_group("/aws/sagemaker/studio", 30)), True, 30),
        (together(place(), _log_group("/aws/sagemaker/studio", None)), True, 0),
        # The prefix finds others as well.
        (together(place(), _log_group("/aws/sagemaker/studio-archive", 30)), False, 0),
        (together(place()), False, 0),
        (together(place(["log_group"])), None, None),
    ],
)
def test_studios_log_group(tables: Apart, exists: bool | None, days: int | None) -> None:
    (row,) = tables.rows("account_region")
    assert (row["studio_log_group"], row["studio_log_retention_days"]) == (exists, days)


SERVER = record("mlflow_server", "a", {})
MLFLOW = [
    (together(domain(), profile("ana"), place()), 0),
    (together(domain(), profile("ana"), place(), SERVER, record("mlflow_app", "b", {})), 2),
    # One that was seen is there, whatever else could not be listed.
    (together(domain(), profile("ana"), place(["mlflow_app"]), SERVER), 1),
    (together(domain(), profile("ana"), place(["mlflow_app"])), None),
]


def test_mlflow_servers_and_apps_are_counted_together() -> None:
    for tables, number in MLFLOW:
        assert tables.rows("account_region")[0]["mlflow_servers"] == number
        assert tables.rows("user_profile")[0]["mlflow_servers"] == number


def _user(name: str) -> Record:
    return record("identity_user", f"id-{name}", {"UserId": f"id-{name}", "UserName": name}, region=GLOBAL)


PEOPLE = (
    domain(document={"AuthMode": "SSO"}), profile("ana", also={"SingleSignOnUserValue": "Ana@acme.example"}),
    profile("ben", also={"SingleSignOnUserValue": "ben@acme.example"}), profile("cleo"),
)  # fmt: skip
LISTED = together(*PEOPLE, _user("ana@ACME.example"))
NOT_LISTED = together(place(["identity_user"]), *PEOPLE)


def test_people_of_identity_center() -> None:
    rows = LISTED.by_name("user_profile")
    # User names are case-insensitive.
    assert {name: row["sso_user_exists"] for name, row in rows.items()} == {"ana": True, "ben": False, "cleo": False}
    assert {row["sso_user_exists"] for row in NOT_LISTED.rows("user_profile")} == {None}


def _grace(instance: str, read: list[str], of: str | None = None, gaps: tuple[str, ...] = ()) -> Apart:
    """Grace's profile in a domain of that instance, where those were read; ``of`` is the one that has her, if any."""
    # Accounts may share an instance; these do not.
    own = {name: name and f"{name}-{ACCOUNT}" for name in (instance, *read, of or "")}
    named = {} if not instance else {"SingleSignOnApplicationArn": f"arn:aws:sso::1:application/{own[instance]}/apl-1"}
    user = {"UserId": "grace", "UserName": "grace", "Instance": own[of or ""]}
    return together(
        record("account_region", REGION, {"IdentityCenterInstances": [own[name] for name in read]}, gaps),
        domain(document={"AuthMode": "SSO", **named}), profile("grace", also={"SingleSignOnUserValue": "Grace"}),
        *([] if of is None else [record("identity_user", "grace", user, region=GLOBAL)]),
    )  # fmt: skip


INSTANCES = [
    (_grace("ssoins-b", ["ssoins-b"], "ssoins-b"), True),
    (_grace("ssoins-b", ["ssoins-a", "ssoins-b"], "ssoins-a"), False),
    # The domain's instance was not found, or not read to its end.
    (_grace("ssoins-b", ["ssoins-a"], "ssoins-a"), None),
    (_grace("ssoins-b", []), None),
    # A store that the user named, and the only instance for a domain that names none.
    (_grace("ssoins-b", [""], ""), True),
    (_grace("", [""], ""), True),
    (_grace("", ["ssoins-a"], "ssoins-a"), None),
    (_grace("ssoins-b", ["ssoins-b"], "ssoins-b", gaps=("identity_user",)), None),
]


def test_people_of_the_domains_own_instance_count() -> None:
    """Whoever is not in that one may well be in another, and is not gone."""
    for tables, there in INSTANCES:
        (row,) = tables.rows("user_profile")
        assert (row["sso_user_exists"], row["sso_user_active"]) == (there, there)


def test_the_organizations_instance_stands_for_the_domains_of_all_accounts() -> None:
    """A member account may not list the users of its organization's identity store; another one may."""
    hub = "222222222222"

    def in_domain(of: str, name: str) -> Record:
        return profile(name, of=of, also={"SingleSignOnUserValue": name.title()})

    def signed_in(of: str, instance: str) -> Record:
        application = f"arn:aws:sso::1:application/{instance}/apl-1"
        return domain(of, {"AuthMode": "SSO", "SingleSignOnApplicationArn": application})

    users = [
        record(
            "identity_user", name, {"UserId": name, "UserName": name, "Instance": "ssoins-org", "UserStatus": status},
            region=GLOBAL, account=hub,
        )
        for name, status in (("grace", "ENABLED"), ("ben", "DISABLED"))
    ]  # fmt: skip
    own = record(
        "identity_user", "grace", {"UserId": "g", "UserName": "grace", "Instance": "ssoins-own"}, region=GLOBAL
    )
    tables = Tables(
        record("account_region", REGION, {"IdentityCenterInstances": ["ssoins-org"]}, account=hub), *users,
        record("account_region", REGION, {"IdentityCenterInstances": []}, ["identity_user"]), own,
        signed_in("d-1", "ssoins-org"), in_domain("d-1", "grace"), in_domain("d-1", "ben"), in_domain("d-1", "cleo"),
        signed_in("d-2", "ssoins-own"), in_domain("d-2", "grace"),
    )  # fmt: skip
    told = {r["id"]: (r["sso_user_exists"], r["sso_user_active"]) for r in tables.rows("user_profile")}
    assert told == {
        "d-1/grace": (True, True), "d-1/ben": (True, False), "d-1/cleo": (False, False), "d-2/grace": (None, None),
    }  # fmt: skip


def _ana(also: Mapping[str, str], gaps: tuple[str, ...] = ()) -> Apart:
    ana = record("identity_user", "ana", {"UserId": "ana", "UserName": "ana", **also}, gaps, region=GLOBAL)
    return together(
        domain(document={"AuthMode": "SSO"}), profile("ana", also={"SingleSignOnUserValue": "ana"}), ana
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "active"),
    [(_ana({"UserStatus": "ENABLED"}), True), (_ana({"UserStatus": "DISABLED"}), False), (_ana({}), True),
     (_ana({}, ("UserStatus",)), None)],
)  # fmt: skip
def test_a_disabled_user_is_known_and_not_active(tables: Apart, active: bool | None) -> None:
    (row,) = tables.rows("user_profile")
    assert (row["sso_user_exists"], row["sso_user_active"]) == (True, active)


AWS_APP = {"DomainId": "d-1", "UserProfileName": "domain-shared", "AppType": "RStudioServerPro", "AppName": "default"}
RSTUDIO = together(
    domain(document={"DomainSettings": {"RStudioServerProDomainSettings": {"DomainExecutionRoleArn": "arn:r"}}}),
    profile("domain-shared"), profile("ana"),
    record("app", "d-1/profile/domain-shared/RStudioServerPro/default", AWS_APP),
    record("app", "d-1/profile/ana/RSessionGateway/x",
           {"DomainId": "d-1", "UserProfileName": "ana", "AppType": "RSessionGateway", "AppName": "x"}),
)  # fmt: skip


def test_awss_own_profile_and_app_are_nobodys() -> None:
    """Developer guide: the RStudioServerPro app is launched by a special user profile named domain-shared."""
    assert [row["name"] for row in RSTUDIO.rows("user_profile")] == ["ana"]
    assert [row["app_type"] for row in RSTUDIO.rows("app")] == ["RSessionGateway"]


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
