"""A CloudFormation template beside an account: settings, setting by setting."""

from __future__ import annotations

from dataclasses import replace

import pytest

from .accounts import (
    ACCOUNT,
    CFN,
    REGION,
    ROLE,
    Beside,
    account,
    app,
    domain,
    profile,
    settings_of,
    space,
)


class TestCloudFormation:
    def test_deployed_as_written(self, beside: Beside) -> None:
        """Lists without order, read-only members and defaults that AWS spells out are no disagreement."""
        beside.write("t.yaml", CFN)
        found = beside.drift(account(domain(), profile("ana")))
        assert found["disagreements"] == found["live_only"] == found["not_deployed"] == found["unmatched"] == []
        assert found["summary"]["matched"] == {"domain": 1, "user_profile": 1, "space": 0, "app": 0}
        assert found["incomplete"] == []

    def test_a_setting_that_was_changed_by_hand(self, beside: Beside) -> None:
        beside.write("t.yaml", CFN)
        live = domain(DefaultUserSettings={"ExecutionRole": ROLE + "default", "AutoMountHomeEFS": "Enabled"})
        (found,) = beside.drift(account(live, profile("ana")))["disagreements"]
        assert found["setting"] == "DefaultUserSettings.AutoMountHomeEFS"
        assert found["template_value"] == {"value": "Disabled", "set": True}
        assert found["account_value"] == {"value": "Enabled", "set": True}
        assert (found["file"], found["line"]) == ("t.yaml", 14)
        assert found["resource"]["arn"] == f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:domain/d-research01"
        assert found["template"]["id"] == "Research"

    def test_what_the_account_does_not_set_has_its_default(self, beside: Beside) -> None:
        """AutoMountHomeEFS is Enabled where no layer sets it (API_UserSettings)."""
        beside.write("t.yaml", CFN)
        live = domain(DefaultUserSettings={"ExecutionRole": ROLE + "default"})
        (found,) = beside.drift(account(live, profile("ana")))["disagreements"]
        assert found["account_value"] == {"value": "Enabled", "set": False}

    def test_a_default_that_the_template_spells_out_is_none(self, beside: Beside) -> None:
        beside.write("t.yaml", CFN.replace("AutoMountHomeEFS: Disabled", "AutoMountHomeEFS: Enabled"))
        live = domain(DefaultUserSettings={"ExecutionRole": ROLE + "default"})
        assert beside.drift(account(live, profile("ana")))["disagreements"] == []

    def test_what_the_template_leaves_out_and_somebody_set(self, beside: Beside) -> None:
        beside.write("t.yaml", CFN)
        live = domain(
            DomainSettings={"DockerSettings": {"EnableDockerAccess": "ENABLED"}},
            DefaultSpaceSettings={"ExecutionRole": ROLE + "powerful"},
        )
        found = beside.drift(account(live, profile("ana", {"StudioWebPortalSettings": {"HiddenMlTools": ["Comet"]}})))
        assert settings_of(found) == {
            "DomainSettings.DockerSettings.EnableDockerAccess": (None, "ENABLED"),
            "DefaultSpaceSettings.ExecutionRole": (None, ROLE + "powerful"),
            "UserSettings.StudioWebPortalSettings.HiddenMlTools": (None, ["Comet"]),
        }

    def test_a_default_that_the_account_spells_out_is_none(self, beside: Beside) -> None:
        """The landing page of a domain that was made in 2025 is the new Studio, and the portal is enabled."""
        beside.write("t.yaml", CFN)
        live = domain(DefaultUserSettings={
            "ExecutionRole": ROLE + "default", "AutoMountHomeEFS": "Disabled", "DefaultLandingUri": "studio::",
            "StudioWebPortal": "ENABLED", "StudioWebPortalSettings": {},
        })  # fmt: skip
        assert beside.drift(account(live, profile("ana")))["disagreements"] == []
        # For one of 2022 it is Classic: somebody has moved it.
        old = replace(live, document={**live.document, "CreationTime": "2022-06-01T00:00:00Z"})
        assert settings_of(beside.drift(account(old, profile("ana")))) == {
            "DefaultUserSettings.DefaultLandingUri": (None, "studio::")
        }

    def test_what_a_profile_sets_as_its_domain_does(self, beside: Beside) -> None:
        """The profile's own Disabled changes nothing, its own role does."""
        beside.write("t.yaml", CFN)
        live = profile("ana", {"AutoMountHomeEFS": "Disabled", "ExecutionRole": ROLE + "admin"})
        assert settings_of(beside.drift(account(domain(), live))) == {
            "UserSettings.ExecutionRole": (None, ROLE + "admin")
        }

    def test_names_of_profiles_do_not_depend_on_case(self, beside: Beside) -> None:
        beside.write("t.yaml", CFN.replace("UserProfileName: ana", "UserProfileName: ANA"))
        assert beside.drift(account(domain(), profile("ana")))["summary"]["matched"]["user_profile"] == 1

    def test_unknown_values_are_neither_equal_nor_different(self, beside: Beside) -> None:
        beside.write("t.yaml", CFN.replace("VpcOnly", "VpcOnly\n      KmsKeyId: !Ref Key"))
        found = beside.drift(account(domain(KmsKeyId="arn:aws:kms:eu-west-1:111122223333:key/1"), profile("ana")))
        assert found["disagreements"] == []
        (open_,) = found["not_compared"]
        assert (open_["settings"], open_["side"]) == (["KmsKeyId"], "template")
        assert "Key" in open_["reason"]
        assert settings_of(beside.drift(account(domain(KmsKeyId="k"), profile("ana")), parameters=("Key=x",))) == {
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
    def test_forms_of_a_key(self, beside: Beside, template: str, live: str, same: bool | None) -> None:
        beside.write("t.yaml", CFN.replace("VpcOnly", f"VpcOnly\n      KmsKeyId: {template}"))
        found = beside.drift(account(domain(KmsKeyId=live), profile("ana")))
        assert bool(found["disagreements"]) is (same is False)
        assert bool(found["not_compared"]) is (same is None)

    def test_a_role_of_the_template(self, beside: Beside) -> None:
        """With a name it is that role of the account; without one CloudFormation makes the name up."""
        role = "\n  Role:\n    Type: AWS::IAM::Role\n    Properties: {AssumeRolePolicyDocument: {Statement: []}NAME}\n"
        text = CFN + "      UserSettings: {ExecutionRole: !GetAtt Role.Arn}" + role
        beside.write("t.yaml", text.replace("NAME", ", RoleName: studio-ana, Path: /studio/"))
        live = profile("ana", {"ExecutionRole": ROLE + "studio/studio-ana"})
        assert beside.drift(account(domain(), live))["summary"]["disagreements"] == 0
        other = profile("ana", {"ExecutionRole": ROLE + "studio-ana"})
        assert beside.drift(account(domain(), other))["summary"]["disagreements"] == 1
        elsewhere = profile("ana", {"ExecutionRole": "arn:aws:iam::444455556666:role/studio/studio-ana"})
        assert beside.drift(account(domain(), elsewhere))["summary"]["disagreements"] == 1
        beside.write("t.yaml", text.replace("NAME", ""))
        found = beside.drift(account(domain(), live))
        assert found["disagreements"] == []
        assert found["not_compared"][0]["settings"] == ["UserSettings.ExecutionRole"]

    def test_ids_that_are_made_up_at_deployment(self, beside: Beside) -> None:
        text = CFN.replace("VpcId: vpc-1", "VpcId: !Ref Vpc").replace("subnet-1, subnet-2", "!Ref Subnet")
        text += "  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}\n"
        text += "  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}\n"
        beside.write("t.yaml", text)
        found = beside.drift(account(domain(), profile("ana")))
        assert found["disagreements"] == []
        assert {s for n in found["not_compared"] for s in n["settings"]} == {"VpcId", "SubnetIds"}

    def test_tags(self, beside: Beside) -> None:
        """Those of the stack are not in the template; those that CloudFormation writes are nobody's."""
        beside.write("t.yaml", CFN + "      Tags: [{Key: owner, Value: ana}, {Key: team, Value: ml}]\n")
        live = profile("ana", tags=(("owner", "bob"), ("extra", "x")))
        assert settings_of(beside.drift(account(domain(), live))) == {
            "Tags.owner": ("ana", "bob"), "Tags.team": ("ml", None), "Tags.extra": (None, "x"),
        }  # fmt: skip
        stack = (("aws:cloudformation:stack-name", "studio"), ("extra", "x"), ("owner", "ana"), ("team", "ml"))
        found = beside.drift(account(domain(), profile("ana", tags=stack)))
        assert found["disagreements"] == []
        assert found["not_compared"][0]["settings"] == ["Tags.extra"]
        found = beside.drift(account(domain(), replace(profile("ana", tags=None), gaps=("Tags",))))
        assert found["disagreements"] == []
        assert (found["not_compared"][0]["settings"], found["not_compared"][0]["side"]) == (["Tags"], "account")

    def test_tags_that_the_domain_hands_on(self, beside: Beside) -> None:
        beside.write("t.yaml", CFN.replace("VpcOnly", "VpcOnly\n      TagPropagation: ENABLED\n"
                                         "      Tags: [{Key: team, Value: ml}]"))  # fmt: skip
        live = replace(domain(TagPropagation="ENABLED"), tags=(("team", "ml"),))
        assert beside.drift(account(live, profile("ana", tags=(("team", "ml"),))))["disagreements"] == []

    def test_what_the_language_cannot_express(self, beside: Beside) -> None:
        """No template sets ExecutionRoleSessionNameMode: that somebody did is no disagreement, but not equal either."""
        beside.write("t.yaml", CFN)
        portal = {"StudioWebPortalSettings": {"ExecutionRoleSessionNameMode": "USER_IDENTITY"}}
        found = beside.drift(account(domain(), profile("ana", portal)))
        assert found["disagreements"] == []
        (open_,) = found["not_compared"]
        assert open_["settings"] == ["UserSettings.StudioWebPortalSettings.ExecutionRoleSessionNameMode"]
        static = {"StudioWebPortalSettings": {"ExecutionRoleSessionNameMode": "STATIC"}}
        assert beside.drift(account(domain(), profile("ana", static)))["not_compared"] == []

    def test_the_merge_that_aws_does_not_document(self, beside: Beside) -> None:
        """The account's profile sets one hidden list; whether the domain's other one still holds there is open."""
        text = CFN.replace(
            "Disabled\n  Ana", "Disabled\n        StudioWebPortalSettings: {HiddenMlTools: [Comet]}\n  Ana"
        )
        own = "{HiddenAppTypes: [Canvas], HiddenMlTools: [Comet]}"
        beside.write("t.yaml", f"{text}      UserSettings: {{StudioWebPortalSettings: {own}}}\n")
        users = {"ExecutionRole": ROLE + "default", "AutoMountHomeEFS": "Disabled",
                 "StudioWebPortalSettings": {"HiddenMlTools": ["Comet"]}}  # fmt: skip
        live = profile("ana", {"StudioWebPortalSettings": {"HiddenAppTypes": ["Canvas"]}})
        found = beside.drift(account(domain(DefaultUserSettings=users), live))
        assert found["disagreements"] == []
        assert found["not_compared"][0]["settings"] == ["UserSettings.StudioWebPortalSettings.HiddenMlTools"]

    def test_spaces_and_apps(self, beside: Beside) -> None:
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
        beside.write("t.yaml", text)
        settings = {"AppType": "JupyterLab", "SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": 5}},
                    "JupyterLabAppSettings": {"DefaultResourceSpec": {"InstanceType": "ml.g5.48xlarge"}}}  # fmt: skip
        apps = (
            app("profile", "ana", "JupyterServer"), app("space", "lab", "JupyterLab"),
            app("profile", "ana", "Canvas", "Deleted"),
        )  # fmt: skip
        found = beside.drift(account(domain(), profile("ana"), space("lab", settings), *apps))
        assert settings_of(found) == {
            "SpaceSettings.JupyterLabAppSettings.DefaultResourceSpec.InstanceType": ("ml.t3.medium", "ml.g5.48xlarge")
        }
        assert found["summary"]["matched"] == {"domain": 1, "user_profile": 1, "space": 1, "app": 1}
        assert {s for n in found["not_compared"] for s in n["settings"]} == {
            "SpaceSettings.SpaceStorageSettings.EbsStorageSettings.EbsVolumeSizeInGb", "ResourceSpec.InstanceType",
        }  # fmt: skip
        assert [e["resource"]["id"] for e in found["live_only"]] == ["d-research01/space/lab/JupyterLab/default"]
