"""What is not Studio is moto's: EC2, IAM, STS, Organizations and IAM Identity Center's store."""

from __future__ import annotations

from typing import Any

from auditor.simulator import Simulator

from .clients import ACCOUNT, REGION, ROLE, client, refusal


def test_ec2_knows_the_vpc_of_a_domain(account: Simulator, studio: Any) -> None:
    domain = studio.describe_domain(DomainId="d-iam")
    ec2 = client(account, "ec2")
    (vpc,) = ec2.describe_vpcs(VpcIds=[domain["VpcId"]])["Vpcs"]
    assert vpc["IsDefault"] is False
    subnets = ec2.describe_subnets(SubnetIds=domain["SubnetIds"])["Subnets"]
    assert [s["VpcId"] for s in subnets] == [domain["VpcId"]] * 2
    regions = {r["RegionName"] for r in ec2.describe_regions()["Regions"]}
    assert {REGION, "us-east-1"} <= regions


def test_a_default_vpc_is_a_default_vpc(simulated: Any) -> None:
    simulator = simulated("acme")
    domain = client(simulator).describe_domain(DomainId="d-quicksetup01")  # "vpc: default" in acme.yaml
    (vpc,) = client(simulator, "ec2").describe_vpcs(VpcIds=[domain["VpcId"]])["Vpcs"]
    assert vpc["IsDefault"] is True


def test_iam_knows_the_roles_of_an_estate(account: Simulator) -> None:
    role = client(account, "iam").get_role(RoleName="studio")["Role"]
    assert role["Arn"] == ROLE
    statement = role["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert refusal(client(account, "iam").get_role, RoleName="nobody") == ("NoSuchEntity", 404)


def test_sts_says_who_asks_and_gives_roles(account: Simulator) -> None:
    sts = client(account, "sts")
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    assumed = sts.assume_role(RoleArn=ROLE, RoleSessionName="audit")
    assert assumed["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/studio/audit"


def test_organizations_holds_accounts(account: Simulator) -> None:
    organizations = client(account, "organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(AccountName="lab", Email="lab@example.com")["CreateAccountStatus"]
    found = {a["Id"] for a in organizations.list_accounts()["Accounts"]}
    assert found == {ACCOUNT, made["AccountId"]}


def test_identity_store_holds_users(account: Simulator) -> None:
    store = client(account, "identitystore")
    made = store.create_user(
        IdentityStoreId="d-1234567890",
        UserName="ana@example.com",
        DisplayName="Ana",
        Name={"GivenName": "Ana", "FamilyName": "Silva"},
    )
    (user,) = store.list_users(IdentityStoreId="d-1234567890")["Users"]
    assert (user["UserId"], user["UserName"]) == (made["UserId"], "ana@example.com")


def test_sagemaker_beside_studio_is_moto_s_with_its_tags(account: Simulator, studio: Any) -> None:
    studio.create_model(ModelName="m", ExecutionRoleArn=ROLE, Tags=[{"Key": "a", "Value": "b"}])
    arn = studio.describe_model(ModelName="m")["ModelArn"]
    assert studio.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]


def test_what_nobody_simulates_says_so(studio: Any) -> None:
    assert refusal(studio.list_contexts) == ("UnknownOperationException", 400)


def test_calls_are_counted_by_service_and_operation(account: Simulator, studio: Any) -> None:
    before = account.calls.copy()
    studio.list_domains()
    studio.list_domains()
    client(account, "sts").get_caller_identity()
    assert account.calls - before == {"sagemaker:ListDomains": 2, "sts:GetCallerIdentity": 1}
