"""Networks, trails, logs and people around a domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from auditor.model.snapshot import GLOBAL, Record
from auditor.studio.trails import records_management

from .builder import REGION, Tables, domain, place, profile, record

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


@pytest.mark.parametrize(
    ("around", "public"),
    [
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
    ],
)
def test_public_subnets(around: Sequence[Record], public: list[str] | None) -> None:
    (row,) = Tables(domain(document=NETWORK), *around).rows("domain")
    assert row["public_subnets"] == public


def test_a_domain_without_subnets_has_no_public_ones() -> None:
    assert Tables(domain()).rows("domain")[0]["public_subnets"] == []
    assert Tables(domain(gaps=["*"])).rows("domain")[0]["public_subnets"] is None


@pytest.mark.parametrize("subnets", [{}, {"SubnetIds": []}])
def test_a_domain_in_a_vpc_has_subnets(subnets: dict[str, Any]) -> None:
    """CreateDomain takes a VPC with its subnets. An answer that names none does not say that none is public."""
    row = Tables(domain(document={"VpcId": "vpc-1", **subnets})).rows("domain")[0]
    assert row["public_subnets"] is None


def _classic(read_write: str = "All", management: bool = True) -> dict[str, Any]:
    return {"EventSelectors": [{"ReadWriteType": read_write, "IncludeManagementEvents": management}]}


def _advanced(*fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"AdvancedEventSelectors": [{"FieldSelectors": list(fields)}]}


#: The two sources that a trail can leave out of its management events (CloudTrail API, EventSelector).
NOISY = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}


@pytest.mark.parametrize(
    ("logging", "selectors", "records"),
    [
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
    ],
)
def test_what_a_trail_records(logging: bool | None, selectors: Any, records: bool | None) -> None:
    document: dict[str, Any] = {"Status": {} if logging is None else {"IsLogging": logging}}
    if selectors is not None:
        document["Selectors"] = selectors
    assert records_management(document) is records
    (row,) = Tables(record("trail", "arn", document)).rows("account_region")
    assert row["management_events_recorded"] is records


def test_one_trail_that_records_is_enough() -> None:
    good = record("trail", "arn-1", {"Status": {"IsLogging": True}, "Selectors": _classic()})
    unclear = record("trail", "arn-2", {"Status": {"IsLogging": True}})
    off = record("trail", "arn-3", {"Status": {"IsLogging": False}})

    def recorded(*records: Record) -> object:
        return Tables(*records).rows("account_region")[0]["management_events_recorded"]

    assert recorded(good, unclear, off) is True
    assert recorded(unclear, off) is None
    assert recorded(off) is False
    assert recorded() is False
    assert recorded(place(["trail"]), off) is None
    assert recorded(place(["trail"]), good) is True


@pytest.mark.parametrize(
    ("groups", "gaps", "exists", "days"),
    [
        ([("/aws/sagemaker/studio", 30)], (), True, 30),
        ([("/aws/sagemaker/studio", None)], (), True, 0),
        # The prefix finds others as well.
        ([("/aws/sagemaker/studio-archive", 30)], (), False, 0),
        ([], (), False, 0),
        ([], ("log_group",), None, None),
    ],
)
def test_studios_log_group(
    groups: Sequence[tuple[str, int | None]], gaps: Sequence[str], exists: bool | None, days: int | None
) -> None:
    records = [
        record("log_group", name, {"logGroupName": name, **({"retentionInDays": kept} if kept else {})})
        for name, kept in groups
    ]
    (row,) = Tables(place(gaps), *records).rows("account_region")
    assert (row["studio_log_group"], row["studio_log_retention_days"]) == (exists, days)


def test_mlflow_servers_and_apps_are_counted_together() -> None:
    server, app = record("mlflow_server", "a", {}), record("mlflow_app", "b", {})

    def counted(*records: Record) -> tuple[object, object]:
        tables = Tables(domain(), profile("ana"), *records)
        return tables.rows("account_region")[0]["mlflow_servers"], tables.rows("user_profile")[0]["mlflow_servers"]

    assert counted(place()) == (0, 0)
    assert counted(place(), server, app) == (2, 2)
    # One that was seen is there, whatever else could not be listed.
    assert counted(place(["mlflow_app"]), server) == (1, 1)
    assert counted(place(["mlflow_app"])) == (None, None)


def _user(name: str) -> Record:
    return record("identity_user", f"id-{name}", {"UserId": f"id-{name}", "UserName": name}, region=GLOBAL)


def test_people_of_identity_center() -> None:
    people = [profile(name, also={"SingleSignOnUserValue": user} if user else None)
              for name, user in (("ana", "Ana@acme.example"), ("ben", "ben@acme.example"), ("cleo", ""))]  # fmt: skip
    rows = Tables(domain(document={"AuthMode": "SSO"}), *people, _user("ana@ACME.example")).by_name("user_profile")
    # User names are case-insensitive.
    assert {name: row["sso_user_exists"] for name, row in rows.items()} == {"ana": True, "ben": False, "cleo": False}
    hidden = Tables(place(["identity_user"]), domain(document={"AuthMode": "SSO"}), *people).rows("user_profile")
    assert {row["sso_user_exists"] for row in hidden} == {None}


def test_people_of_the_domains_own_instance_count() -> None:
    """Whoever is not in that one may well be in another, and is not gone."""

    def sso(instance: str) -> Record:
        named = {} if not instance else {"SingleSignOnApplicationArn": f"arn:aws:sso::1:application/{instance}/apl-1"}
        return domain(document={"AuthMode": "SSO", **named})

    def user(name: str, instance: str, **also: str) -> Record:
        document = {"UserId": name, "UserName": name, "Instance": instance, **also}
        return record("identity_user", name, document, region=GLOBAL)

    def answers(instance: str, read: list[str], *users: Record, gaps: tuple[str, ...] = ()) -> tuple[object, object]:
        region = record("account_region", REGION, {"IdentityCenterInstances": read}, gaps)
        grace = profile("grace", also={"SingleSignOnUserValue": "Grace"})
        (row,) = Tables(region, sso(instance), grace, *users).rows("user_profile")
        return row["sso_user_exists"], row["sso_user_active"]

    assert answers("ssoins-b", ["ssoins-b"], user("grace", "ssoins-b")) == (True, True)
    assert answers("ssoins-b", ["ssoins-a", "ssoins-b"], user("grace", "ssoins-a")) == (False, False)
    # The domain's instance was not found, or not read to its end.
    assert answers("ssoins-b", ["ssoins-a"], user("grace", "ssoins-a")) == (None, None)
    assert answers("ssoins-b", []) == (None, None)
    # A store that the user named, and the only instance for a domain that names none.
    assert answers("ssoins-b", [""], user("grace", "")) == (True, True)
    assert answers("", [""], user("grace", "")) == (True, True)
    assert answers("", ["ssoins-a"], user("grace", "ssoins-a")) == (None, None)
    assert answers("ssoins-b", ["ssoins-b"], user("grace", "ssoins-b"), gaps=("identity_user",)) == (None, None)


@pytest.mark.parametrize(
    ("also", "gaps", "active"),
    [({"UserStatus": "ENABLED"}, (), True), ({"UserStatus": "DISABLED"}, (), False), ({}, (), True),
     ({}, ("UserStatus",), None)],
)  # fmt: skip
def test_a_disabled_user_is_known_and_not_active(
    also: Mapping[str, str], gaps: tuple[str, ...], active: bool | None
) -> None:
    ana = record("identity_user", "ana", {"UserId": "ana", "UserName": "ana", **also}, gaps, region=GLOBAL)
    (row,) = Tables(
        domain(document={"AuthMode": "SSO"}), profile("ana", also={"SingleSignOnUserValue": "ana"}), ana
    ).rows("user_profile")
    assert (row["sso_user_exists"], row["sso_user_active"]) == (True, active)


def test_awss_own_profile_and_app_are_nobodys() -> None:
    """Developer guide: the RStudioServerPro app is launched by a special user profile named domain-shared."""
    app = {"DomainId": "d-1", "UserProfileName": "domain-shared", "AppType": "RStudioServerPro", "AppName": "default"}
    tables = Tables(
        domain(document={"DomainSettings": {"RStudioServerProDomainSettings": {"DomainExecutionRoleArn": "arn:r"}}}),
        profile("domain-shared"), profile("ana"),
        record("app", "d-1/profile/domain-shared/RStudioServerPro/default", app),
        record("app", "d-1/profile/ana/RSessionGateway/x",
               {"DomainId": "d-1", "UserProfileName": "ana", "AppType": "RSessionGateway", "AppName": "x"}),
    )  # fmt: skip
    assert [row["name"] for row in tables.rows("user_profile")] == ["ana"]
    assert [row["app_type"] for row in tables.rows("app")] == ["RSessionGateway"]


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


@pytest.mark.parametrize(
    ("around", "unlisted", "missing"),
    [
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
    ],
)
def test_endpoints_that_studio_needs(around: Sequence[Record], unlisted: list[str], missing: list[str] | None) -> None:
    """Source: developer guide, "Connect Amazon SageMaker Studio in a VPC to External Resources", VPC only, step 5."""
    (row,) = Tables(place(unlisted), domain(document=NETWORK), *around).rows("domain")
    assert row["missing_endpoints"] == missing


KEY = f"arn:aws:kms:{REGION}:111122223333:key/1f3c8a52-7f0e-4f0e-9d52-0c1f7f5f1a11"
FOREIGN = KEY.replace("111122223333", "444455556666")


@pytest.mark.parametrize(
    ("key", "answers", "manager"),
    [
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
    ],
)
def test_who_manages_the_key_of_a_domain(key: str | None, answers: dict[str, str], manager: str | None) -> None:
    """Source: API_KeyMetadata (KeyManager is AWS or CUSTOMER), API_CreateAlias, KMS developer guide, Aliases."""
    keys = [record("kms_key", name, {"KeyManager": told}) for name, told in answers.items()]
    document = {} if key is None else {"KmsKeyId": key}
    (row,) = Tables(domain(document=document), *keys).rows("domain")
    assert row["kms_key_manager"] == manager
