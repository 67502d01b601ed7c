"""auditor scan --against: templates of each language beside an account, as a user sees it.

The account is written here by hand as AWS's API answers; what must be found follows from AWS's semantics.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from auditor.cli.main import run
from auditor.collect.iac.scan import ScanOptions, scan
from auditor.errors import ExitCode
from auditor.evaluate.drift.drift import drift, load_live
from auditor.model.snapshot import KINDS, SCHEMA_VERSION, Gap, Header, Record, Scope, Snapshot
from auditor.report import json_format
from auditor.report.encode import to_json
from auditor.store.snapshot_file import write_snapshot

ACCOUNT, REGION = "111122223333", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
pytestmark = pytest.mark.checkov


def domain(id_: str = "d-research01", name: str = "research", region: str = REGION, **members: Any) -> Record:
    """A domain as DescribeDomain gives it; ``members`` are added."""
    document = {
        "DomainId": id_, "DomainName": name, "DomainArn": f"arn:aws:sagemaker:{region}:{ACCOUNT}:domain/{id_}",
        "Status": "InService", "CreationTime": "2025-02-03T10:00:00Z", "AuthMode": "SSO", "VpcId": "vpc-1",
        "SubnetIds": ["subnet-2", "subnet-1"], "AppNetworkAccessType": "VpcOnly", "TagPropagation": "DISABLED",
        "HomeEfsFileSystemId": "fs-1", "HomeEfsFileSystemCreation": "Enabled", "Url": "https://x",
        "DefaultUserSettings": {"ExecutionRole": ROLE + "default", "AutoMountHomeEFS": "Disabled"},
    }  # fmt: skip
    return Record(ACCOUNT, region, "domain", id_, document | members, ())


def profile(name: str, settings: Mapping[str, Any] | None = None, *, in_: str = "d-research01", tags: Any = (),
            region: str = REGION) -> Record:  # fmt: skip
    arn = f"arn:aws:sagemaker:{region}:{ACCOUNT}:user-profile/{in_}/{name}"
    document = {"DomainId": in_, "UserProfileName": name, "UserProfileArn": arn, "Status": "InService",
                "CreationTime": "2025-03-04T10:00:00Z", "HomeEfsFileSystemUid": "200005"}  # fmt: skip
    if settings is not None:
        document["UserSettings"] = dict(settings)
    return Record(ACCOUNT, region, "user_profile", f"{in_}/{name}", document, tags)


def space(name: str, settings: Mapping[str, Any], owner: str = "ana") -> Record:
    document = {"DomainId": "d-research01", "SpaceName": name, "Status": "InService", "SpaceSettings": dict(settings),
                "OwnershipSettings": {"OwnerUserProfileName": owner}, "CreationTime": "2025-03-05T10:00:00Z",
                "SpaceSharingSettings": {"SharingType": "Private"}}  # fmt: skip
    return Record(ACCOUNT, REGION, "space", f"d-research01/{name}", document, ())


def app(owner: str, name: str, type_: str, status: str = "InService") -> Record:
    member = "UserProfileName" if owner == "profile" else "SpaceName"
    document = {"DomainId": "d-research01", member: name, "AppType": type_, "AppName": "default", "Status": status,
                "ResourceSpec": {"InstanceType": "ml.t3.medium"}}  # fmt: skip
    return Record(ACCOUNT, REGION, "app", f"d-research01/{owner}/{name}/{type_}/default", document, ())


def account(*records: Record, gaps: tuple[Gap, ...] = (), lists: tuple[str, ...] = (), source: Any = "aws") -> Snapshot:
    """A snapshot. ``lists``: kinds that could not be listed completely."""
    regions = sorted({REGION, *(r.region for r in records)})
    places = [Record(ACCOUNT, region, "account_region", region, {}, None, lists) for region in regions]
    scopes = tuple(Scope(ACCOUNT, region) for region in regions)
    header = Header(SCHEMA_VERSION, source, "2026-11-24T02:00:00Z", "0", "1", "", scopes, kinds=KINDS)
    return Snapshot(header, (*places, *records), gaps)


CFN = """\
Parameters:
  Key: {Type: String}
Resources:
  Research:
    Type: AWS::SageMaker::Domain
    Properties:
      DomainName: research
      AuthMode: SSO
      VpcId: vpc-1
      SubnetIds: [subnet-1, subnet-2]
      AppNetworkAccessType: VpcOnly
      DefaultUserSettings:
        ExecutionRole: arn:aws:iam::111122223333:role/default
        AutoMountHomeEFS: Disabled
  Ana:
    Type: AWS::SageMaker::UserProfile
    Properties:
      DomainId: !Ref Research
      UserProfileName: ana
"""
DOMAIN_HCL = """\
resource "aws_sagemaker_domain" "research" {
  domain_name             = "research"
  auth_mode               = "SSO"
  vpc_id                  = "vpc-1"
  subnet_ids              = ["subnet-1", "subnet-2"]
  app_network_access_type = "VpcOnly"
  default_user_settings {
    execution_role      = "arn:aws:iam::111122223333:role/default"
    auto_mount_home_efs = "Disabled"
  }
}
"""


class Here:
    """A working folder: write files, scan them beside an account, read the drift of report.json."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def drift(
        self, *live: Snapshot, path: str = ".", parameters: tuple[str, ...] = (), variables: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """As report.json has it, without evaluating a rule."""
        files = [self.folder / f"live-{number}.jsonl" for number, _ in enumerate(live)]
        for file, snapshot in zip(files, live, strict=True):
            write_snapshot(file, snapshot)
        found = drift(scan([Path(path)], ScanOptions(parameters, (), variables)), load_live(files))
        lists = {k: list(v) if k != "summary" else v for k, v in json_format.drift_parts(found).items()}
        plain: dict[str, Any] = json.loads(to_json({**lists, "incomplete": found.incomplete, "against": found.against}))
        return plain

    def report(self, *options: str) -> dict[str, Any]:
        """report.json of the command, which must exit 0, held against its schema."""
        code = run(["scan", ".", "--only", "STU106", "--format", "json", "--output", "out", "--quiet", *options])
        assert code == ExitCode.OK
        report: dict[str, Any] = json.loads((self.folder / "out/report.json").read_text())
        jsonschema.validate(report, json_format.schema())
        return report


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    monkeypatch.chdir(tmp_path)
    return Here(tmp_path)


def settings_of(drift: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Setting → template's and account's value; None where a side does not set it."""
    return {
        d["setting"]: tuple(v["value"] if v["set"] else None for v in (d["template_value"], d["account_value"]))
        for d in drift["disagreements"]
    }


def names(entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(e["resource"]["type"], e["resource"]["name"]) for e in entries]


class TestCloudFormation:
    def test_deployed_as_written(self, here: Here) -> None:
        """Lists without order, read-only members and defaults that AWS spells out are no disagreement."""
        here.write("t.yaml", CFN)
        found = here.drift(account(domain(), profile("ana")))
        assert found["disagreements"] == found["live_only"] == found["not_deployed"] == found["unmatched"] == []
        assert found["summary"]["matched"] == {"domain": 1, "user_profile": 1, "space": 0, "app": 0}
        assert found["incomplete"] == []

    def test_a_setting_that_was_changed_by_hand(self, here: Here) -> None:
        here.write("t.yaml", CFN)
        live = domain(DefaultUserSettings={"ExecutionRole": ROLE + "default", "AutoMountHomeEFS": "Enabled"})
        (found,) = here.drift(account(live, profile("ana")))["disagreements"]
        assert found["setting"] == "DefaultUserSettings.AutoMountHomeEFS"
        assert found["template_value"] == {"value": "Disabled", "set": True}
        assert found["account_value"] == {"value": "Enabled", "set": True}
        assert (found["file"], found["line"]) == ("t.yaml", 14)
        assert found["resource"]["arn"] == f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:domain/d-research01"
        assert found["template"]["id"] == "Research"

    def test_what_the_account_does_not_set_has_its_default(self, here: Here) -> None:
        """AutoMountHomeEFS is Enabled where no layer sets it (API_UserSettings)."""
        here.write("t.yaml", CFN)
        live = domain(DefaultUserSettings={"ExecutionRole": ROLE + "default"})
        (found,) = here.drift(account(live, profile("ana")))["disagreements"]
        assert found["account_value"] == {"value": "Enabled", "set": False}

    def test_a_default_that_the_template_spells_out_is_none(self, here: Here) -> None:
        here.write("t.yaml", CFN.replace("AutoMountHomeEFS: Disabled", "AutoMountHomeEFS: Enabled"))
        live = domain(DefaultUserSettings={"ExecutionRole": ROLE + "default"})
        assert here.drift(account(live, profile("ana")))["disagreements"] == []

    def test_what_the_template_leaves_out_and_somebody_set(self, here: Here) -> None:
        here.write("t.yaml", CFN)
        live = domain(
            DomainSettings={"DockerSettings": {"EnableDockerAccess": "ENABLED"}},
            DefaultSpaceSettings={"ExecutionRole": ROLE + "powerful"},
        )
        found = here.drift(account(live, profile("ana", {"StudioWebPortalSettings": {"HiddenMlTools": ["Comet"]}})))
        assert settings_of(found) == {
            "DomainSettings.DockerSettings.EnableDockerAccess": (None, "ENABLED"),
            "DefaultSpaceSettings.ExecutionRole": (None, ROLE + "powerful"),
            "UserSettings.StudioWebPortalSettings.HiddenMlTools": (None, ["Comet"]),
        }

    def test_a_default_that_the_account_spells_out_is_none(self, here: Here) -> None:
        """The landing page of a domain that was made in 2025 is the new Studio, and the portal is enabled."""
        here.write("t.yaml", CFN)
        live = domain(DefaultUserSettings={
            "ExecutionRole": ROLE + "default", "AutoMountHomeEFS": "Disabled", "DefaultLandingUri": "studio::",
            "StudioWebPortal": "ENABLED", "StudioWebPortalSettings": {},
        })  # fmt: skip
        assert here.drift(account(live, profile("ana")))["disagreements"] == []
        # For one of 2022 it is Classic: somebody has moved it.
        old = replace(live, document={**live.document, "CreationTime": "2022-06-01T00:00:00Z"})
        assert settings_of(here.drift(account(old, profile("ana")))) == {
            "DefaultUserSettings.DefaultLandingUri": (None, "studio::")
        }

    def test_what_a_profile_sets_as_its_domain_does(self, here: Here) -> None:
        """The profile's own Disabled changes nothing, its own role does."""
        here.write("t.yaml", CFN)
        live = profile("ana", {"AutoMountHomeEFS": "Disabled", "ExecutionRole": ROLE + "admin"})
        assert settings_of(here.drift(account(domain(), live))) == {
            "UserSettings.ExecutionRole": (None, ROLE + "admin")
        }

    def test_names_of_profiles_do_not_depend_on_case(self, here: Here) -> None:
        here.write("t.yaml", CFN.replace("UserProfileName: ana", "UserProfileName: ANA"))
        assert here.drift(account(domain(), profile("ana")))["summary"]["matched"]["user_profile"] == 1

    def test_unknown_values_are_neither_equal_nor_different(self, here: Here) -> None:
        here.write("t.yaml", CFN.replace("VpcOnly", "VpcOnly\n      KmsKeyId: !Ref Key"))
        found = here.drift(account(domain(KmsKeyId="arn:aws:kms:eu-west-1:111122223333:key/1"), profile("ana")))
        assert found["disagreements"] == []
        (open_,) = found["not_compared"]
        assert (open_["settings"], open_["side"]) == (["KmsKeyId"], "template")
        assert "Key" in open_["reason"]
        assert settings_of(here.drift(account(domain(KmsKeyId="k"), profile("ana")), parameters=("Key=x",))) == {
            "KmsKeyId": ("x", "k")
        }

    @pytest.mark.parametrize(
        ("template", "live", "same"),
        [
            ("1a2b", "arn:aws:kms:eu-west-1:111122223333:key/1a2b", True),
            ("alias/studio", "arn:aws:kms:eu-west-1:111122223333:alias/studio", True),
            ("1a2b", "arn:aws:kms:eu-west-1:111122223333:key/9f9f", False),
            ("alias/studio", "arn:aws:kms:eu-west-1:111122223333:key/1a2b", None),
            ("arn:aws:kms:eu-west-1:111122223333:key/1a2b", "arn:aws:kms:eu-west-1:444455556666:key/1a2b", False),
        ],
    )
    def test_forms_of_a_key(self, here: Here, template: str, live: str, same: bool | None) -> None:
        here.write("t.yaml", CFN.replace("VpcOnly", f"VpcOnly\n      KmsKeyId: {template}"))
        found = here.drift(account(domain(KmsKeyId=live), profile("ana")))
        assert bool(found["disagreements"]) is (same is False)
        assert bool(found["not_compared"]) is (same is None)

    def test_a_role_of_the_template(self, here: Here) -> None:
        """With a name it is that role of the account; without one CloudFormation makes the name up."""
        role = "\n  Role:\n    Type: AWS::IAM::Role\n    Properties: {AssumeRolePolicyDocument: {Statement: []}NAME}\n"
        text = CFN + "      UserSettings: {ExecutionRole: !GetAtt Role.Arn}" + role
        here.write("t.yaml", text.replace("NAME", ", RoleName: studio-ana, Path: /studio/"))
        live = profile("ana", {"ExecutionRole": ROLE + "studio/studio-ana"})
        assert here.drift(account(domain(), live))["summary"]["disagreements"] == 0
        other = profile("ana", {"ExecutionRole": ROLE + "studio-ana"})
        assert here.drift(account(domain(), other))["summary"]["disagreements"] == 1
        elsewhere = profile("ana", {"ExecutionRole": "arn:aws:iam::444455556666:role/studio/studio-ana"})
        assert here.drift(account(domain(), elsewhere))["summary"]["disagreements"] == 1
        here.write("t.yaml", text.replace("NAME", ""))
        found = here.drift(account(domain(), live))
        assert found["disagreements"] == []
        assert found["not_compared"][0]["settings"] == ["UserSettings.ExecutionRole"]

    def test_ids_that_are_made_up_at_deployment(self, here: Here) -> None:
        text = CFN.replace("VpcId: vpc-1", "VpcId: !Ref Vpc").replace("subnet-1, subnet-2", "!Ref Subnet")
        text += "  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}\n"
        text += "  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}\n"
        here.write("t.yaml", text)
        found = here.drift(account(domain(), profile("ana")))
        assert found["disagreements"] == []
        assert {s for n in found["not_compared"] for s in n["settings"]} == {"VpcId", "SubnetIds"}

    def test_tags(self, here: Here) -> None:
        """Those of the stack are not in the template; those that CloudFormation writes are nobody's."""
        here.write("t.yaml", CFN + "      Tags: [{Key: owner, Value: ana}, {Key: team, Value: ml}]\n")
        live = profile("ana", tags=(("owner", "bob"), ("extra", "x")))
        assert settings_of(here.drift(account(domain(), live))) == {
            "Tags.owner": ("ana", "bob"), "Tags.team": ("ml", None), "Tags.extra": (None, "x"),
        }  # fmt: skip
        stack = (("aws:cloudformation:stack-name", "studio"), ("extra", "x"), ("owner", "ana"), ("team", "ml"))
        found = here.drift(account(domain(), profile("ana", tags=stack)))
        assert found["disagreements"] == []
        assert found["not_compared"][0]["settings"] == ["Tags.extra"]
        found = here.drift(account(domain(), replace(profile("ana", tags=None), gaps=("Tags",))))
        assert found["disagreements"] == []
        assert (found["not_compared"][0]["settings"], found["not_compared"][0]["side"]) == (["Tags"], "account")

    def test_tags_that_the_domain_hands_on(self, here: Here) -> None:
        here.write("t.yaml", CFN.replace("VpcOnly", "VpcOnly\n      TagPropagation: ENABLED\n"
                                         "      Tags: [{Key: team, Value: ml}]"))  # fmt: skip
        live = replace(domain(TagPropagation="ENABLED"), tags=(("team", "ml"),))
        assert here.drift(account(live, profile("ana", tags=(("team", "ml"),))))["disagreements"] == []

    def test_what_the_language_cannot_express(self, here: Here) -> None:
        """No template sets ExecutionRoleSessionNameMode: that somebody did is no disagreement, but not equal either."""
        here.write("t.yaml", CFN)
        portal = {"StudioWebPortalSettings": {"ExecutionRoleSessionNameMode": "USER_IDENTITY"}}
        found = here.drift(account(domain(), profile("ana", portal)))
        assert found["disagreements"] == []
        (open_,) = found["not_compared"]
        assert open_["settings"] == ["UserSettings.StudioWebPortalSettings.ExecutionRoleSessionNameMode"]
        static = {"StudioWebPortalSettings": {"ExecutionRoleSessionNameMode": "STATIC"}}
        assert here.drift(account(domain(), profile("ana", static)))["not_compared"] == []

    def test_the_merge_that_aws_does_not_document(self, here: Here) -> None:
        """The account's profile sets one hidden list; whether the domain's other one still holds there is open."""
        text = CFN.replace(
            "Disabled\n  Ana", "Disabled\n        StudioWebPortalSettings: {HiddenMlTools: [Comet]}\n  Ana"
        )
        own = "{HiddenAppTypes: [Canvas], HiddenMlTools: [Comet]}"
        here.write("t.yaml", f"{text}      UserSettings: {{StudioWebPortalSettings: {own}}}\n")
        users = {"ExecutionRole": ROLE + "default", "AutoMountHomeEFS": "Disabled",
                 "StudioWebPortalSettings": {"HiddenMlTools": ["Comet"]}}  # fmt: skip
        live = profile("ana", {"StudioWebPortalSettings": {"HiddenAppTypes": ["Canvas"]}})
        found = here.drift(account(domain(DefaultUserSettings=users), live))
        assert found["disagreements"] == []
        assert found["not_compared"][0]["settings"] == ["UserSettings.StudioWebPortalSettings.HiddenMlTools"]

    def test_spaces_and_apps(self, here: Here) -> None:
        """AWS may have chosen a space's volume; an app that was deleted is still listed for a day."""
        text = (
            CFN
            + """\
  Lab:
    Type: AWS::SageMaker::Space
    Properties:
      DomainId: !Ref Research
      SpaceName: lab
      OwnershipSettings: {OwnerUserProfileName: ana}
      SpaceSharingSettings: {SharingType: Private}
      SpaceSettings: {AppType: JupyterLab, JupyterLabAppSettings: {DefaultResourceSpec: {InstanceType: ml.t3.medium}}}
  Old:
    Type: AWS::SageMaker::App
    Properties: {DomainId: !Ref Research, UserProfileName: !Ref Ana, AppType: JupyterServer, AppName: default}
"""
        )
        here.write("t.yaml", text)
        settings = {"AppType": "JupyterLab", "SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": 5}},
                    "JupyterLabAppSettings": {"DefaultResourceSpec": {"InstanceType": "ml.g5.48xlarge"}}}  # fmt: skip
        apps = (
            app("profile", "ana", "JupyterServer"), app("space", "lab", "JupyterLab"),
            app("profile", "ana", "Canvas", "Deleted"),
        )  # fmt: skip
        found = here.drift(account(domain(), profile("ana"), space("lab", settings), *apps))
        assert settings_of(found) == {
            "SpaceSettings.JupyterLabAppSettings.DefaultResourceSpec.InstanceType": ("ml.t3.medium", "ml.g5.48xlarge")
        }
        assert found["summary"]["matched"] == {"domain": 1, "user_profile": 1, "space": 1, "app": 1}
        assert {s for n in found["not_compared"] for s in n["settings"]} == {
            "SpaceSettings.SpaceStorageSettings.EbsStorageSettings.EbsVolumeSizeInGb", "ResourceSpec.InstanceType",
        }  # fmt: skip
        assert [e["resource"]["id"] for e in found["live_only"]] == ["d-research01/space/lab/JupyterLab/default"]


class TestWhatIsOnOneSide:
    def test_live_only(self, here: Here) -> None:
        """With all that the snapshot knows of who made it."""
        here.write("t.yaml", CFN)
        tags = (("StudioUserId", "jdoe"), ("aws:cloudformation:stack-name", "by-another-team"))
        found = here.drift(account(domain(), profile("ana"), profile("bob", tags=tags), space("own", {}, "bob"),
                                   domain("d-other00001", "other"), profile("eve", in_="d-other00001")))  # fmt: skip
        assert names(found["live_only"]) == [
            ("domain", "other"), ("user_profile", "eve"), ("user_profile", "bob"), ("space", "own"),
        ]  # fmt: skip
        bob, own = found["live_only"][2:]
        assert bob["certain"]
        assert (bob["owner"], bob["stack"], bob["created"]) == ("jdoe", "by-another-team", "2025-03-04T10:00:00Z")
        assert own["profile"] == "bob"

    def test_not_deployed(self, here: Here) -> None:
        here.write("t.yaml", CFN)
        found = here.drift(account(domain()))
        assert names(found["not_deployed"]) == [("user_profile", "ana")]
        assert found["not_deployed"][0]["resource"]["line"] == 15
        # A domain that is not there, with what lies in it.
        assert names(here.drift(account())["not_deployed"]) == [("domain", "research"), ("user_profile", "ana")]

    def test_a_name_that_is_not_known_may_be_any(self, here: Here) -> None:
        """Of the domain that it lies in: what another domain holds is certain."""
        here.write("t.yaml", CFN.replace("UserProfileName: ana", "UserProfileName: !Ref Key"))
        other = domain("d-other00001", "other")
        found = here.drift(account(domain(), profile("ana"), other, profile("eve", in_="d-other00001")))
        assert names(found["unmatched"]) == [("user_profile", "Ana")]
        assert "Key" in found["unmatched"][0]["reason"]
        assert found["not_deployed"] == []
        certain = {(e["resource"]["name"]): e["certain"] for e in found["live_only"]}
        assert certain == {"other": True, "eve": True, "ana": False}
        assert found["summary"]["maybe_defined"] == 1

    def test_a_domain_of_unknown_name(self, here: Here) -> None:
        """Neither missing nor undefined; nor is what lies in it."""
        here.write("t.yaml", CFN.replace("DomainName: research", "DomainName: !Ref Key"))
        found = here.drift(account(domain(), profile("ana"), profile("bob")))
        assert names(found["unmatched"]) == [("domain", "Research"), ("user_profile", "ana")]
        assert found["not_deployed"] == []
        assert {e["resource"]["name"]: e["certain"] for e in found["live_only"]} == {
            "research": False, "ana": False, "bob": True,
        }  # fmt: skip

    def test_a_file_that_cannot_be_read_may_define_anything(self, here: Here) -> None:
        here.write("t.yaml", CFN)
        here.write("broken.yaml", "AWSTemplateFormatVersion: x\nResources: {")
        found = here.drift(account(domain(), profile("ana"), profile("bob")))
        (bob,) = found["live_only"]
        assert not bob["certain"]
        assert "broken.yaml" in bob["reason"]

    def test_a_resource_under_an_unknown_condition(self, here: Here) -> None:
        text = CFN.replace("Parameters:", "Conditions: {Wanted: !Equals [!Ref Key, x]}\nParameters:")
        here.write("t.yaml", text.replace("  Ana:\n", "  Ana:\n    Condition: Wanted\n"))
        found = here.drift(account(domain(), profile("ana")))
        assert found["live_only"] == found["unmatched"] == []
        assert found["not_compared"][0]["settings"] == ["*"]
        found = here.drift(account(domain()))
        assert found["not_deployed"] == []
        assert names(found["unmatched"]) == [("user_profile", "ana")]

    def test_two_domains_of_the_same_name(self, here: Here) -> None:
        """Said, not guessed, unless it is known where the template is deployed."""
        here.write("t.yaml", CFN)
        twin = domain("d-twin000001", region="us-east-1")
        live = account(domain(), profile("ana"), twin, profile("ana", in_="d-twin000001", region="us-east-1"))
        found = here.drift(live)
        assert "ambiguous: 2 domains" in found["unmatched"][0]["reason"]
        assert not any(e["certain"] for e in found["live_only"])
        assert found["not_deployed"] == []
        found = here.drift(live, parameters=("AWS::Region=eu-west-1",))
        assert found["summary"]["matched"] == {"domain": 1, "user_profile": 1, "space": 0, "app": 0}
        assert [e["resource"]["region"] for e in found["live_only"]] == ["us-east-1", "us-east-1"]
        found = here.drift(live, parameters=("AWS::Region=ap-south-1",))
        assert "does not hold" in found["unmatched"][0]["reason"]

    def test_where_a_stack_of_the_cdk_is_deployed(self, here: Here) -> None:
        """An app with a stack for each region: its assembly says which is which."""
        stacks = {}
        for region in (REGION, "us-east-1"):
            here.write(
                f"cdk.out/{region}.template.json", json.dumps(yaml.safe_load(CFN.replace("!Ref Research", "d-x")))
            )
            stacks[region] = {"type": "aws:cloudformation:stack", "environment": f"aws://{ACCOUNT}/{region}",
                              "properties": {"templateFile": f"{region}.template.json"}}  # fmt: skip
        here.write("cdk.out/manifest.json", json.dumps({"version": "36.0.0", "artifacts": stacks}))
        found = here.drift(
            account(domain(), domain("d-east000001", region="us-east-1", AuthMode="IAM")), path="cdk.out"
        )
        assert found["summary"]["matched"]["domain"] == 2
        (only,) = found["disagreements"]
        assert (only["setting"], only["file"]) == ("AuthMode", "cdk.out/us-east-1.template.json")

    def test_two_templates_that_name_one_domain(self, here: Here) -> None:
        here.write("a.yaml", CFN)
        here.write("b.yaml", CFN)
        found = here.drift(account(domain(), profile("ana")))
        assert {u["resource"]["file"] for u in found["unmatched"]} == {"a.yaml", "b.yaml"}
        assert not any(e["certain"] for e in found["live_only"])

    def test_a_domain_that_lies_elsewhere(self, here: Here) -> None:
        """By its id, where that is known."""
        text = CFN[CFN.index("  Ana:") :].replace("!Ref Research", "DOMAIN")
        text = "Parameters: {Domain: {Type: String}}\nResources:\n" + text
        here.write("t.yaml", text.replace("DOMAIN", "d-research01"))
        live = account(domain(), profile("ana", {"AutoMountHomeEFS": "Enabled"}))
        found = here.drift(live)
        assert settings_of(found) == {"UserSettings.AutoMountHomeEFS": (None, "Enabled")}
        assert names(found["live_only"]) == [("domain", "research")]
        here.write("t.yaml", text.replace("DOMAIN", "!Ref Domain"))
        found = here.drift(live)
        assert names(found["unmatched"]) == [("user_profile", "ana")]
        assert {e["resource"]["name"]: e["certain"] for e in found["live_only"]} == {"research": True, "ana": False}
        assert here.drift(live, parameters=("Domain=d-research01",))["summary"]["matched"]["user_profile"] == 1
        found = here.drift(live, parameters=("Domain=d-elsewhere1",))
        assert "not in the snapshot" in found["unmatched"][0]["reason"]
        assert all(e["certain"] for e in found["live_only"])


class TestTerraform:
    def test_aws(self, here: Here) -> None:
        here.write("main.tf", DOMAIN_HCL + """
resource "aws_sagemaker_user_profile" "people" {
  for_each          = toset(["ana", "bob"])
  domain_id         = aws_sagemaker_domain.research.id
  user_profile_name = each.key
  user_settings {
    execution_role  = "arn:aws:iam::111122223333:role/${each.key}"
    security_groups = ["sg-2", "sg-1"]
  }
}
""")  # fmt: skip
        ana = profile("ana", {"ExecutionRole": ROLE + "ana", "SecurityGroups": ["sg-1", "sg-2"]})
        bob = profile("bob", {"ExecutionRole": ROLE + "bob", "SecurityGroups": ["sg-1"]})
        found = here.drift(account(domain(), ana, bob, profile("eve")))
        (only,) = found["disagreements"]
        assert only["setting"] == "UserSettings.SecurityGroups"
        assert only["template"]["id"] == 'aws_sagemaker_user_profile.people["bob"]'
        assert (only["file"], only["line"]) == ("main.tf", 19)
        assert names(found["live_only"]) == [("user_profile", "eve")]

    def test_the_region_of_a_provider_and_of_a_resource(self, here: Here) -> None:
        """Two domains of one name: the configuration says which is meant where."""
        west = 'provider "aws" {\n  alias  = "west"\n  region = "us-west-2"\n}\n'
        plain = 'variable "home" { default = "eu-west-1" }\nprovider "aws" {\n  region = var.home\n}\n'
        other = DOMAIN_HCL.replace('"research" {', '"other" {\n  provider = aws.west', 1)
        here.write("main.tf", west + plain + DOMAIN_HCL + other)
        live = account(domain(), domain("d-west000001", region="us-west-2", AppNetworkAccessType="PublicInternetOnly"))
        found = here.drift(live)
        assert found["unmatched"] == found["live_only"] == []
        assert [d["template"]["id"] for d in found["disagreements"]] == ["aws_sagemaker_domain.other"]
        # Version 6 of the provider has the region on each resource.
        own = DOMAIN_HCL.replace('"research" {', '"other" {\n  region = "us-west-2"', 1)
        here.write("main.tf", plain + DOMAIN_HCL + own)
        assert here.drift(live)["summary"]["matched"]["domain"] == 2

    def test_a_member_that_the_provider_lacks_and_that_is_known_all_the_same(self, here: Here) -> None:
        """The aws provider always makes a file system (CreateDomain's default): one without was made otherwise."""
        here.write("main.tf", DOMAIN_HCL)
        found = here.drift(account(domain(HomeEfsFileSystemCreation="Disabled")))
        assert settings_of(found) == {"HomeEfsFileSystemCreation": (None, "Disabled")}

    def test_count_that_is_not_known(self, here: Here) -> None:
        here.write("main.tf", DOMAIN_HCL + """
variable "size" { type = number }
resource "aws_sagemaker_user_profile" "team" {
  count             = var.size
  domain_id         = aws_sagemaker_domain.research.id
  user_profile_name = "team-${count.index}"
  user_settings { execution_role = "arn:aws:iam::111122223333:role/team" }
}
""")  # fmt: skip
        live = account(domain(), profile("team-0", {"ExecutionRole": ROLE + "team"}), profile("eve"))
        found = here.drift(live)
        assert found["not_deployed"] == []
        assert len(found["unmatched"]) == 1
        assert [e["certain"] for e in found["live_only"]] == [False, False]
        found = here.drift(live, variables=("size=2",))
        assert names(found["not_deployed"]) == [("user_profile", "team-1")]
        assert [(e["resource"]["name"], e["certain"]) for e in found["live_only"]] == [("eve", True)]

    def test_awscc(self, here: Here) -> None:
        here.write("main.tf", """
resource "awscc_sagemaker_domain" "research" {
  domain_name             = "research"
  auth_mode               = "SSO"
  vpc_id                  = "vpc-1"
  subnet_ids              = ["subnet-1", "subnet-2"]
  app_network_access_type = "VpcOnly"
  default_user_settings = {
    execution_role      = "arn:aws:iam::111122223333:role/default"
    auto_mount_home_efs = "Disabled"
    jupyter_lab_app_settings = { code_repositories = [{ repository_url = "https://git.example/a" }] }
  }
  tags = [{ key = "team", value = "ml" }]
}
""")  # fmt: skip
        found = here.drift(account(domain()))
        assert settings_of(found) == {
            "DefaultUserSettings.JupyterLabAppSettings.CodeRepositories": ([{"RepositoryUrl": "https://git.example/a"}],
                                                                           None),
            "Tags.team": ("ml", None),
        }  # fmt: skip

    def test_a_plan(self, here: Here) -> None:
        """What is known after apply is not compared; the link between profile and domain is in the configuration."""
        values = {"domain_name": "research", "auth_mode": "IAM", "vpc_id": "vpc-1",
                  "subnet_ids": ["subnet-1", "subnet-2"], "app_network_access_type": "VpcOnly",
                  "default_user_settings": [{"auto_mount_home_efs": "Disabled"}]}  # fmt: skip
        role = "aws_iam_role.r"
        unknown = {"id": True, "default_user_settings": [{"execution_role": True}]}
        people = {"user_profile_name": "ana"}
        resources = [
            {"address": "aws_sagemaker_domain.d", "type": "aws_sagemaker_domain", "name": "d", "values": values},
            {"address": "aws_sagemaker_user_profile.p", "type": "aws_sagemaker_user_profile", "name": "p",
             "values": people},
            {"address": role, "type": "aws_iam_role", "name": "r", "values": {}},
        ]  # fmt: skip
        unknowns = [unknown, {"domain_id": True, "id": True}, {"arn": True, "name": True}]
        references = [
            {"default_user_settings": [{"execution_role": {"references": [f"{role}.arn", role]}}]},
            {"domain_id": {"references": ["aws_sagemaker_domain.d.id", "aws_sagemaker_domain.d"]}},
            {},
        ]
        head = [{k: r[k] for k in ("address", "type", "name")} | {"mode": "managed"} for r in resources]
        plan = {
            "format_version": "1.2", "terraform_version": "1.9.8",
            "planned_values": {"root_module": {"resources": [{**h, "values": r["values"]}
                                                             for h, r in zip(head, resources, strict=True)]}},
            "resource_changes": [{**h, "change": {"actions": ["create"], "before": None, "after_unknown": u}}
                                 for h, u in zip(head, unknowns, strict=True)],
            "configuration": {"root_module": {"resources": [{**h, "expressions": e}
                                                            for h, e in zip(head, references, strict=True)]}},
        }  # fmt: skip
        here.write("plan.json", json.dumps(plan))
        found = here.drift(account(domain(), profile("ana")), path="plan.json")
        assert settings_of(found) == {"AuthMode": ("IAM", "SSO")}
        assert [n["settings"] for n in found["not_compared"]] == [["DefaultUserSettings.ExecutionRole"]]
        assert found["summary"]["matched"]["user_profile"] == 1
        configuration: Any = plan["configuration"]
        configuration["provider_config"] = {"aws": {"expressions": {"region": {"constant_value": "us-west-2"}}}}
        for resource in configuration["root_module"]["resources"]:
            resource["provider_config_key"] = "aws"
        here.write("plan.json", json.dumps(plan))
        found = here.drift(account(domain(), profile("ana")), path="plan.json")
        assert "does not hold the account and region" in found["unmatched"][0]["reason"]


class TestTheAccount:
    def test_what_was_denied_is_not_compared(self, here: Here) -> None:
        here.write("t.yaml", CFN)
        bare = replace(profile("ana"), gaps=("*",), document={"DomainId": "d-research01", "UserProfileName": "ana"})
        gap = Gap(ACCOUNT, REGION, "user_profile", "d-research01/ana", "*", "DescribeUserProfile", "access_denied")
        found = here.drift(account(domain(), bare, gaps=(gap,)))
        assert found["disagreements"] == []
        (open_,) = found["not_compared"]
        assert (open_["settings"], open_["side"]) == (["*"], "account")
        assert "DescribeUserProfile: access denied" in open_["reason"]
        assert found["incomplete"] == [f"{ACCOUNT}/{REGION}: 1 of the user profiles could not be read whole"]

    def test_a_list_that_is_not_complete(self, here: Here) -> None:
        here.write("t.yaml", CFN)
        found = here.drift(account(domain(), lists=("user_profile",)))
        assert found["not_deployed"] == []
        assert "incomplete" in found["unmatched"][0]["reason"]
        assert found["incomplete"] == [f"{ACCOUNT}/{REGION}: the list of user profiles is not complete"]

    def test_domains_of_unified_studio(self, here: Here) -> None:
        """A machine makes what lies in them: nobody expects a template for it."""
        here.write("t.yaml", CFN)
        unified = domain("d-unified001", "project", DomainSettings={"UnifiedStudioSettings": {"ProjectId": "x"}})
        found = here.drift(account(domain(), profile("ana"), unified, profile("m", in_="d-unified001")))
        assert found["live_only"] == []
        assert found["summary"]["out_of_scope"] == 2


class TestTheCommand:
    def refused(self, here: Here, *arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
        code = run(["scan", "t.yaml", "--snapshot", "kept.jsonl", "--output", "out", *arguments])
        assert code == ExitCode.USAGE
        assert not Path("out").exists()
        assert not Path("kept.jsonl").exists()
        return capsys.readouterr().err

    def test_what_is_no_snapshot_of_an_account(self, here: Here, capsys: pytest.CaptureFixture[str]) -> None:
        here.write("t.yaml", CFN)
        write_snapshot(Path("live.jsonl"), account(domain()))
        good = Path("live.jsonl").read_bytes()
        cases = {
            "t.yaml": "not a snapshot",
            "absent.jsonl": "cannot be read",
        }
        for name, bytes_, said in (
            ("damaged.jsonl", good.replace(b"research", b"researcX"), "damaged"),
            ("short.jsonl", good[: len(good) // 2], "truncated"),
            ("empty.jsonl", b"", "empty"),
            ("newer.jsonl", good.replace(b'"schema_version":"1"', b'"schema_version":"2"'), "newer version"),
        ):
            Path(name).write_bytes(bytes_)
            cases[name] = said
        write_snapshot(Path("template.jsonl"), account(domain(), source="terraform"))
        cases["template.jsonl"] = "a snapshot of templates"
        write_snapshot(Path("odd.jsonl"), account(replace(domain(), document=["no document"])))  # type: ignore[arg-type]
        cases["odd.jsonl"] = "not what a snapshot holds"
        for name, said in cases.items():
            error = self.refused(here, "--against", name, capsys=capsys)
            assert said in error
            assert name in error
            assert "Traceback" not in error

    def test_two_snapshots_of_one_place(self, here: Here, capsys: pytest.CaptureFixture[str]) -> None:
        here.write("t.yaml", CFN)
        write_snapshot(Path("a.jsonl"), account(domain()))
        write_snapshot(Path("b.jsonl"), account(domain()))
        error = self.refused(here, "--against", "a.jsonl", "--against", "b.jsonl", capsys=capsys)
        assert "both hold" in error

    def test_several_snapshots(self, here: Here) -> None:
        here.write("t.yaml", CFN)
        west = account(domain("d-other00001", "other", region="us-west-2"))
        only = replace(west, header=replace(west.header, scopes=(Scope(ACCOUNT, "us-west-2"),)))
        write_snapshot(Path("west.jsonl"), replace(only, records=tuple(r for r in only.records if r.region != REGION)))
        write_snapshot(Path("live.jsonl"), account(domain(), profile("ana")))
        found = here.report("--against", "live.jsonl", "--against", "west.jsonl")["drift"]
        assert [info["file"] for info in found["against"]] == ["live.jsonl", "west.jsonl"]
        assert names(found["live_only"]) == [("domain", "other")]

    def test_drift_changes_no_exit_code(
        self, here: Here, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The gate hangs on rules. The summary says what differs."""
        monkeypatch.setenv("COLUMNS", "140")
        here.write("t.yaml", CFN)
        live = domain(DefaultUserSettings={"ExecutionRole": ROLE + "default", "AutoMountHomeEFS": "Enabled"})
        write_snapshot(Path("live.jsonl"), account(live, profile("eve")))
        code = run(["scan", "t.yaml", "--only", "STU106", "--against", "live.jsonl", "--format", "html,markdown,json"])
        assert code == ExitCode.OK
        said = capsys.readouterr().out
        assert "Beside the account: 1 setting disagrees, 1 live resource is in no template" in said
        assert "1 resource is not deployed" in said
        line = "t.yaml:14 domain research: DefaultUserSettings.AutoMountHomeEFS: template Disabled, account Enabled"
        assert line in said
        page = Path("audit-report/report.md").read_text()
        assert (
            "| `DefaultUserSettings.AutoMountHomeEFS` | `Disabled` | `Enabled` | `domain research` | `t.yaml:14` |"
            in page
        )
        assert 'id="drift"' in Path("audit-report/report.html").read_text()

    def test_every_part_of_the_report_keeps_to_the_schema(self, here: Here) -> None:
        text = CFN.replace("VpcOnly", "VpcOnly\n      KmsKeyId: !Ref Key")
        here.write("t.yaml", text + "  Who:\n    Type: AWS::SageMaker::UserProfile\n    Properties: "
                   "{DomainId: !Ref Research, UserProfileName: !Ref Key}\n")  # fmt: skip
        other = domain("d-other00001", "other")
        write_snapshot(Path("live.jsonl"), account(domain(AuthMode="IAM"), other, profile("eve"), lists=("app",)))
        found = here.report("--against", "live.jsonl", "--allow-incomplete")["drift"]
        assert [part for part, entries in found.items() if not entries] == []

    def test_without_the_option_there_is_none(self, here: Here) -> None:
        here.write("t.yaml", CFN)
        assert here.report("--format", "json,html")["drift"] is None
        assert 'id="drift"' not in Path("out/report.html").read_text()
