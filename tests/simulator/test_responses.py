"""Every answer that the simulator gives fits botocore's output shape of the operation."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import pytest
from botocore.model import OperationModel

from auditor.collect.aws import CollectOptions, collect
from auditor.collect.aws.specs import SPECS
from auditor.simulator import Simulator, others
from auditor.simulator.operations import OPERATIONS
from auditor.simulator.wire import service_model

from .clients import ACCOUNT, REGION, ROLE, client
from .shapes import problems

#: By estate, what it has none of to describe, or nobody who does it.
NOT_CALLED = {
    "acme": set(),
    "clean": {
        ("sagemaker", "DescribeMlflowApp"), ("sagemaker", "DescribeImageVersion"), ("cloudtrail", "LookupEvents"),
    },
}  # fmt: skip
TAG = [{"Key": "team", "Value": "research"}]


@pytest.mark.parametrize(("estate", "regions"), [("acme", ("eu-west-1", "us-east-1")), ("clean", ("eu-west-1",))])
@pytest.mark.parametrize("short_pages", [0, 7])
def test_answers_of_a_whole_audit_fit(
    simulated: Callable[..., Simulator], estate: str, regions: tuple[str, ...], short_pages: int
) -> None:
    seen: list[tuple[str, str, Mapping[str, Any]]] = []
    simulated(
        estate,
        short_pages=short_pages,
        observer=lambda service, name, answer: seen.append((service, name, deepcopy(dict(answer)))),
    )
    collect(CollectOptions(regions=regions))
    wrong = [
        f"{name} {problem}"
        for service, name, answer in seen
        for problem in problems(service_model(service).operation_model(name).output_shape, answer)
    ]
    assert wrong == []
    expected = {(s.service, o) for s in SPECS for o in (s.list_operation, s.describe_operation) if o}
    expected |= {("sagemaker", "DescribeImageVersion")}
    assert {(service, name) for service, name, _ in seen} == (expected | others.OPERATIONS) - NOT_CALLED[estate]


class _Wire:
    """Every raw answer that the clients got, with the operation's model."""

    def __init__(self) -> None:
        self.answers: list[tuple[OperationModel, Any]] = []

    def tap(self, made: Any) -> Any:
        made.meta.events.register("before-parse", self._keep)
        return made

    def _keep(self, operation_model: OperationModel, response_dict: Mapping[str, Any], **_: object) -> None:
        assert response_dict["status_code"] == 200, response_dict["body"]
        self.answers.append((operation_model, json.loads(response_dict["body"])))

    def problems(self) -> list[str]:
        return [f"{model.name} {p}" for model, body in self.answers for p in problems(model.output_shape, body)]


def test_answers_of_a_life_cycle_fit(account: Simulator) -> None:
    """Create, describe, list, update and delete all that the simulator knows, and look at what is on the wire."""
    wire = _Wire()
    studio, tagging = wire.tap(client(account)), wire.tap(client(account, "resourcegroupstaggingapi"))
    vpc = client(account, "ec2").describe_vpcs()["Vpcs"][0]["VpcId"]

    domain_id = studio.create_domain(
        DomainName="lab", AuthMode="IAM", VpcId=vpc, SubnetIds=["subnet-1"], Tags=TAG,
        DefaultUserSettings={"ExecutionRole": ROLE, "StudioWebPortalSettings": {"HiddenAppTypes": ["Canvas"]}},
        DefaultSpaceSettings={"ExecutionRole": ROLE}, DomainSettings={"ExecutionRoleIdentityConfig": "DISABLED"},
    )["DomainId"]  # fmt: skip
    here = {"DomainId": domain_id}
    studio.update_domain(
        **here, DefaultUserSettings={"AutoMountHomeEFS": "Disabled"}, DomainSettingsForUpdate={"SecurityGroupIds": []}
    )
    studio.describe_domain(**here)
    profile = here | {"UserProfileName": "ana"}
    studio.create_user_profile(**profile, Tags=TAG, UserSettings={"SecurityGroups": ["sg-1"]})
    studio.update_user_profile(**profile, UserSettings={"DefaultLandingUri": "studio::"})
    studio.describe_user_profile(**profile)
    space = here | {"SpaceName": "lab"}
    studio.create_space(
        **space, SpaceDisplayName="The lab", OwnershipSettings={"OwnerUserProfileName": "ana"}, Tags=TAG,
        SpaceSharingSettings={"SharingType": "Private"},
        SpaceSettings={"SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": 9}}},
    )  # fmt: skip
    studio.update_space(**space, SpaceSettings={"RemoteAccess": "ENABLED"}, SpaceDisplayName="Lab")
    studio.describe_space(**space)
    app = space | {"AppType": "JupyterLab", "AppName": "default"}
    arn = studio.create_app(**app, ResourceSpec={"InstanceType": "ml.t3.medium"}, Tags=TAG)["AppArn"]
    studio.describe_app(**app)
    studio.create_app(**profile, AppType="Canvas", AppName="default")
    partner = studio.create_partner_app(
        Name="comet", Type="comet", ExecutionRoleArn=ROLE, Tier="small", AuthType="IAM", Tags=TAG,
        ApplicationConfig={"AdminUsers": ["ana"], "Arguments": {"size": "1"}},
    )["Arn"]  # fmt: skip
    studio.describe_partner_app(Arn=partner)
    server = studio.create_mlflow_tracking_server(
        TrackingServerName="runs", ArtifactStoreUri="s3://bucket/runs", RoleArn=ROLE, Tags=TAG
    )["TrackingServerArn"]
    studio.describe_mlflow_tracking_server(TrackingServerName="runs")
    runs = studio.create_mlflow_app(Name="runs", ArtifactStoreUri="s3://bucket/runs", RoleArn=ROLE)["Arn"]
    studio.describe_mlflow_app(Arn=runs)
    studio.create_studio_lifecycle_config(
        StudioLifecycleConfigName="tools",
        StudioLifecycleConfigAppType="JupyterLab",
        StudioLifecycleConfigContent="Og==",
    )
    studio.describe_studio_lifecycle_config(StudioLifecycleConfigName="tools")
    studio.create_image_version(ImageName="tools", BaseImage="111122223333.dkr.ecr.eu-west-1.amazonaws.com/tools:1",
                                ClientToken="x" * 36)  # fmt: skip
    studio.describe_image_version(ImageName="tools", Version=1)
    for listing, key in (
        (studio.list_domains, "Domains"), (studio.list_user_profiles, "UserProfiles"), (studio.list_spaces, "Spaces"),
        (studio.list_apps, "Apps"), (studio.list_partner_apps, "Summaries"),
        (studio.list_mlflow_tracking_servers, "TrackingServerSummaries"),
        (studio.list_mlflow_apps, "Summaries"), (studio.list_studio_lifecycle_configs, "StudioLifecycleConfigs"),
    ):  # fmt: skip
        assert len(listing(MaxResults=1)[key]) == 1
    for resource in (arn, partner, server):
        assert studio.list_tags(ResourceArn=resource)["Tags"] == TAG
    studio.add_tags(ResourceArn=arn, Tags=[{"Key": "owner", "Value": "ana"}])
    studio.delete_tags(ResourceArn=arn, TagKeys=["team"])
    assert studio.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "owner", "Value": "ana"}]
    assert len(tagging.get_resources(ResourcesPerPage=2)["ResourceTagMappingList"]) == 2
    studio.delete_app(**app)
    studio.delete_app(**profile, AppType="Canvas", AppName="default")
    studio.list_apps()
    studio.delete_space(**space)
    studio.delete_user_profile(**profile)
    studio.delete_domain(**here)

    assert wire.problems() == []
    assert {model.name for model, _ in wire.answers} == {*OPERATIONS, "GetResources"}
    left = [d["DomainId"] for d in studio.list_domains()["Domains"]]
    assert left == ["d-iam", "d-sso"]
    assert arn.startswith(f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:app/{domain_id}/")


def test_arns_have_the_form_that_aws_documents(account: Simulator, studio: Any) -> None:
    """Service authorization reference: arn:…:domain/ID, user-profile/ID/NAME, space/ID/NAME, app/ID/OWNER/TYPE/NAME."""
    studio.create_user_profile(DomainId="d-iam", UserProfileName="ana")
    studio.create_space(DomainId="d-iam", SpaceName="lab")
    studio.create_app(DomainId="d-iam", SpaceName="lab", AppType="JupyterLab", AppName="default")
    prefix = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
    assert studio.describe_domain(DomainId="d-iam")["DomainArn"] == f"{prefix}:domain/d-iam"
    profile = studio.describe_user_profile(DomainId="d-iam", UserProfileName="ana")
    assert profile["UserProfileArn"] == f"{prefix}:user-profile/d-iam/ana"
    assert studio.describe_space(DomainId="d-iam", SpaceName="lab")["SpaceArn"] == f"{prefix}:space/d-iam/lab"
    app = studio.describe_app(DomainId="d-iam", SpaceName="lab", AppType="JupyterLab", AppName="default")
    assert app["AppArn"] == f"{prefix}:app/d-iam/lab/jupyterlab/default"
