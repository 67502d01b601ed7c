"""What deploying a template would make of an account's documents, and the audit of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.errors import ConfigError
from auditor.evaluate.verdicts import judge
from auditor.model.rule import Rule
from auditor.model.snapshot import GLOBAL, Record
from auditor.run.run_options import TemplateOptions
from auditor.run.template_changes import template_changes
from auditor.store.snapshot_file import write_snapshot
from auditor.store.snapshot_reader import SnapshotReader
from auditor.whatif.overlay import overlay, read_lines
from tests.iac.accounts import ACCOUNT, CFN, DOMAIN_HCL, REGION, ROLE, account, app, domain, profile, space
from tests.iac.test_partly_known_lists import CLOUDFORMATION, EXPECTED

from .deployed import Deployed

ANA = "d-research01/ana"
SETTINGS = "UserProfileName: ana\n      UserSettings:\n        "


def test_what_is_deployed_as_it_is_changes_nothing(deployed: Deployed) -> None:
    """Subnets in another order, and members that the account sets beside, are no change."""
    made = deployed.over(CFN, domain(TagPropagation="ENABLED"), profile("ana", {"SecurityGroups": ["sg-1"]}))
    assert (made.said, made.left, made.new) == ([], {}, {})
    assert deployed.over(DOMAIN_HCL, domain(), name="main.tf").said == []


def test_a_member_is_set_and_others_stay(deployed: Deployed) -> None:
    live = domain(DefaultUserSettings={"ExecutionRole": ROLE + "default", "SecurityGroups": ["sg-9"]})
    made = deployed.over(CFN, live, profile("ana"))
    assert made.said == ["domain d-research01: DefaultUserSettings.AutoMountHomeEFS = Disabled  (--template t.yaml:14)"]
    line = made.line("domain", "d-research01")
    assert line["domain"] == {
        **live.document,
        "DefaultUserSettings": {
            "ExecutionRole": ROLE + "default", "SecurityGroups": ["sg-9"], "AutoMountHomeEFS": "Disabled",
        },
    }  # fmt: skip
    assert "gaps" not in line


def test_what_the_template_cannot_tell_is_unknown_and_not_as_it_was(deployed: Deployed) -> None:
    written = CFN.replace("AutoMountHomeEFS: Disabled", "AutoMountHomeEFS: !Ref Key")
    made = deployed.over(written, domain(), profile("ana"))
    line = made.line("domain", "d-research01")
    assert line["gaps"] == ["DefaultUserSettings.AutoMountHomeEFS"]
    assert "AutoMountHomeEFS" not in line["domain"]["DefaultUserSettings"]
    assert "parameter Key" in made.said[0]
    # With a value for the parameter it is known.
    known = deployed.over(written, domain(), profile("ana"), parameters=("Key=Enabled",))
    assert known.line("domain", "d-research01")["domain"]["DefaultUserSettings"]["AutoMountHomeEFS"] == "Enabled"


PARTLY = "StudioWebPortalSettings: {HiddenAppTypes: [JupyterServer, !Ref Key]}"
APP_TYPES = "UserSettings.StudioWebPortalSettings.HiddenAppTypes"


def test_what_is_certain_of_a_list_stays_certain(deployed: Deployed) -> None:
    """An update sends the whole list, so that what the account hides beside it is shown again."""
    live = profile("ana", {"StudioWebPortalSettings": {"HiddenAppTypes": ["CodeEditor"], "HiddenMlTools": ["Comet"]}})
    made = deployed.over(CFN.replace("UserProfileName: ana", SETTINGS + PARTLY), domain(), live)
    line = made.line("user_profile", ANA)
    assert line["gaps"] == [APP_TYPES, "UserSettings.StudioWebPortalSettings.HiddenMlTools"]
    assert line["user_profile"]["UserSettings"]["StudioWebPortalSettings"] == {"KnownHiddenAppTypes": ["JupyterServer"]}
    assert made.said[0].startswith(f"user profile {ANA}: {APP_TYPES} = JupyterServer, (unknown: ")
    # The same of a resource that is new.
    new = deployed.over(CFN.replace("UserProfileName: ana", SETTINGS + PARTLY), domain()).line("user_profile", ANA)
    assert APP_TYPES in new["gaps"]
    assert new["user_profile"]["UserSettings"]["StudioWebPortalSettings"] == {"KnownHiddenAppTypes": ["JupyterServer"]}


@pytest.mark.parametrize("other", ["!Ref Key", "!Ref Made"])
def test_subnets_of_which_one_is_not_known(deployed: Deployed, other: str) -> None:
    """Whether a parameter names it or the template makes it: one that is public is so whatever the others are."""
    subnet = "  Made: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-1, CidrBlock: 10.0.0.0/24}}\n"
    made = deployed.over(CFN.replace("subnet-2]", f"{other}]") + subnet, domain(), profile("ana"))
    line = made.line("domain", "d-research01")
    assert line["gaps"] == ["SubnetIds"]
    assert "SubnetIds" not in line["domain"]
    assert line["domain"]["KnownSubnetIds"] == ["subnet-1"]


def test_a_partly_known_list_is_judged_as_in_a_scan(deployed: Deployed, built_in_rules: tuple[Rule, ...]) -> None:
    rules = {"STU401", "STU402", "STU403", "STU801", "STU110"}
    old = {"StudioWebPortalSettings": {"HiddenAppTypes": ["CodeEditor"], "HiddenMlTools": ["Projects"]}}
    live = domain(name="lab", AuthMode="IAM", SubnetIds=["subnet-1"],
                  DefaultUserSettings={"ExecutionRole": "arn:aws:iam::123456789012:role/x", **old})  # fmt: skip
    made = deployed.over(CLOUDFORMATION, live, profile("ana"), profile("ben", old))
    after = deployed.folder / "after.jsonl"
    overlay(made.file, made.lines, after)
    found = {
        (one.rule_id, one.id.rpartition("/")[2]): str(one.verdict)
        for one in judge([after], [rule for rule in built_in_rules if rule.id in rules])
    }
    assert {rule: (found[rule, "ana"], found[rule, "ben"]) for rule in rules} == {r: EXPECTED[r] for r in rules}


def test_what_a_structure_has_beside_what_is_sent_is_unknown(deployed: Deployed) -> None:
    """AWS does not say whether an update of JupyterLabAppSettings replaces it whole (API_UpdateUserProfile)."""
    lab = {"CodeRepositories": [{"RepositoryUrl": "https://git.example/a"}], "LifecycleConfigArns": []}
    live = profile("ana", {"JupyterLabAppSettings": lab, "SecurityGroups": ["sg-9"]})
    spec = "JupyterLabAppSettings: {DefaultResourceSpec: {InstanceType: ml.t3.medium}}"
    made = deployed.over(CFN.replace("UserProfileName: ana", SETTINGS + spec), domain(), live)
    line = made.line("user_profile", ANA)
    inner = f"UserSettings.{spec.partition(':')[0]}"
    assert line["gaps"] == [f"{inner}.CodeRepositories", f"{inner}.LifecycleConfigArns"]
    assert line["user_profile"]["UserSettings"] == {
        "JupyterLabAppSettings": {"DefaultResourceSpec": {"InstanceType": "ml.t3.medium"}}, "SecurityGroups": ["sg-9"],
    }  # fmt: skip


def test_a_structure_without_a_member_may_take_the_place_of_one(deployed: Deployed) -> None:
    live = profile("ana", {"StudioWebPortalSettings": {"HiddenMlTools": ["Comet"]}, "SecurityGroups": ["sg-9"]})
    made = deployed.over(CFN.replace("UserProfileName: ana", SETTINGS + "StudioWebPortalSettings: {}"), domain(), live)
    line = made.line("user_profile", ANA)
    assert line["gaps"] == ["UserSettings.StudioWebPortalSettings.HiddenMlTools"]
    assert line["user_profile"]["UserSettings"] == {"StudioWebPortalSettings": {}, "SecurityGroups": ["sg-9"]}
    bare = CFN.replace("UserProfileName: ana", "UserProfileName: ana\n      UserSettings: {}")
    assert deployed.over(bare, domain(), live).said == []


def test_a_gap_of_the_account_closes_where_the_template_sets_the_member(deployed: Deployed) -> None:
    live = replace(domain(DefaultUserSettings={"ExecutionRole": ROLE + "default"}),
                   gaps=("DefaultUserSettings.AutoMountHomeEFS", "DomainSettings"))  # fmt: skip
    line = deployed.over(CFN, live, profile("ana")).line("domain", "d-research01")
    assert line["gaps"] == ["DomainSettings"]


def test_what_no_update_changes_is_not_tried(deployed: Deployed) -> None:
    """UpdateDomain takes neither AuthMode nor KmsKeyId, and there is no UpdateApp (botocore's models)."""
    running = "\n  App:\n    Type: AWS::SageMaker::App\n    Properties: {DomainId: !Ref Research, UserProfileName: ana,"
    running += " AppName: default, AppType: JupyterLab, ResourceSpec: {InstanceType: ml.g5.xlarge}}\n"
    made = deployed.over(CFN + running, domain(AuthMode="IAM"), profile("ana"), app("profile", "ana", "JupyterLab"))
    assert made.said == []
    assert made.left == {
        "domain research": "no update changes AuthMode: deploying it makes another resource, or fails",
        "app default": "no update changes ResourceSpec.InstanceType: deploying it makes another resource, or fails",
    }


@pytest.mark.parametrize(("alias", "gaps"), [("alias/studio", ["KmsKeyId"]), ("1a2b", [])])
def test_a_key_by_its_alias_may_be_another(deployed: Deployed, alias: str, gaps: list[str]) -> None:
    live = domain(KmsKeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1a2b")
    made = deployed.over(CFN.replace("VpcOnly", f"VpcOnly\n      KmsKeyId: {alias}"), live, profile("ana"))
    assert [line["gaps"] for line in made.lines.values()] == ([gaps] if gaps else [])


def test_what_may_not_exist_is_unknown_whole(deployed: Deployed) -> None:
    condition = "Conditions: {There: !Equals [!Ref Key, x]}\n"
    written = condition + CFN.replace(
        "AWS::SageMaker::UserProfile", "AWS::SageMaker::UserProfile\n    Condition: There"
    )
    made = deployed.over(written, domain(), profile("ana", {"ExecutionRole": ROLE + "admin"}, tags=(("owner", "ana"),)))
    line = made.line("user_profile", ANA)
    assert line["gaps"] == ["*", "Tags"]
    assert "UserSettings" not in line["user_profile"]
    assert line["user_profile"]["UserProfileName"] == "ana"
    assert "tags" not in line


@pytest.mark.parametrize(
    ("tags", "held", "gaps"),
    [
        ("[{Key: owner, Value: ana}]", {"owner": "ana", "team": "x"}, None),
        ("[{Key: owner, Value: !Ref Key}, {Key: cost-center, Value: '1'}]", {"cost-center": "1"}, ["Tags"]),
        ("!Ref Key", {}, ["Tags"]),
    ],
)
def test_tags(deployed: Deployed, tags: str, held: dict[str, str], gaps: list[str] | None) -> None:
    written = CFN.replace("UserProfileName: ana", f"UserProfileName: ana\n      Tags: {tags}")
    made = deployed.over(written, domain(), profile("ana", tags=(("owner", "eve"), ("team", "x"))))
    line = made.line("user_profile", ANA)
    assert {t["Key"]: t["Value"] for t in line["tags"]} == held
    assert line.get("gaps") == gaps


def test_a_profile_that_is_new(deployed: Deployed) -> None:
    """Its role is one that the snapshot does not hold: an audit would take it for missing."""
    written = CFN.replace(
        "UserProfileName: ana", SETTINGS + f"ExecutionRole: {ROLE}other\n        SecurityGroups: [sg-1]"
    )
    made = deployed.over(written, domain())
    assert made.said == ["new user profile ana  (--template t.yaml:15)"]
    line = made.line("user_profile", ANA)
    assert line["user_profile"]["UserSettings"] == {"SecurityGroups": ["sg-1"]}
    assert line["user_profile"]["DomainId"] == "d-research01"
    assert line["tags"] == []
    assert "UserSettings.ExecutionRole" in line["gaps"]
    assert "Tags" not in line["gaps"]
    # A domain may hand its tags on to what is made in it.
    assert "Tags" in deployed.over(written, domain(TagPropagation="ENABLED")).line("user_profile", ANA)["gaps"]


def test_a_domain_that_is_new_and_what_lies_in_it(deployed: Deployed) -> None:
    made = deployed.over(CFN, domain("d-other000001", "other"))
    assert made.said == ["new domain research  (--template t.yaml:4)", "new user profile ana  (--template t.yaml:15)"]
    line = made.line("domain", "Research")
    # Which VPC has what is not in the snapshot, and AWS makes the file system.
    assert {"VpcId", "HomeEfsFileSystemId"} <= set(line["gaps"])
    assert line["domain"]["AppNetworkAccessType"] == "VpcOnly"
    assert line["domain"]["CreationTime"] == "2026-11-24T02:00:00Z"
    assert made.line("user_profile", "Research/ana")["user_profile"]["DomainId"] == "Research"
    # In an account with two Regions nobody can tell in which it will be.
    other = deployed.over(CFN, domain("d-other000001", "other"), domain("d-far00000001", "far", "us-east-1"))
    assert other.said == []
    assert set(other.left) == {"domain research", "user profile ana"}


def test_a_role_that_is_written_in_another_way_is_unknown(deployed: Deployed) -> None:
    arn = ROLE + "studio"
    trust = {"Version": "2012-10-17", "Statement": []}
    live = {"RoleName": "studio", "Arn": arn, "AssumeRolePolicyDocument": trust, "AttachedManagedPolicies": [],
            "RolePolicyList": []}  # fmt: skip
    permission = {"RoleArn": arn, "Results": [{"EvalDecision": "allowed"}]}
    records = (domain(), profile("ana"), Record(ACCOUNT, GLOBAL, "role", arn, live),
               Record(ACCOUNT, GLOBAL, "permission", arn, permission))  # fmt: skip
    role = "  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: studio\n"
    role += "      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}\n"
    same = CFN.replace("UserProfileName: ana", SETTINGS + "ExecutionRole: !GetAtt Role.Arn") + role
    made = deployed.over(same, *records)
    assert made.said == [f"user profile {ANA}: UserSettings.ExecutionRole = {arn}  (--template t.yaml:21)"]
    other = deployed.over(same + "      ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]\n", *records)
    line = other.line("role", arn)
    assert line["role"] == {"RoleName": "studio", "Arn": arn}
    assert {"*", "AttachedManagedPolicies", "RolePolicyList", "PermissionsBoundary"} <= set(line["gaps"])
    assert "Results" not in other.line("permission", arn)["permission"]


def test_what_cannot_be_laid_over_is_named(deployed: Deployed) -> None:
    log = "  Log:\n    Type: AWS::Logs::LogGroup\n    Properties: {LogGroupName: studio}\n"
    written = (CFN + log).replace("UserProfileName: ana", "UserProfileName: !Ref Key")
    made = deployed.over(written, domain(), profile("ana"))
    assert made.said == []
    assert made.left["log group studio"] == "a what-if changes domains, user profiles, spaces and apps only"
    (reason,) = (reason for called, reason in made.left.items() if called.startswith("user profile"))
    assert reason.startswith("its UserProfileName is not known")


def test_new_lines_stand_where_a_snapshot_has_them(deployed: Deployed) -> None:
    made = deployed.over(CFN, domain(), profile("eve"), space("board", {}))
    target = deployed.folder / "after.jsonl"
    overlay(made.file, dict(made.lines), target, made.new.keys())
    keys = [key for key, _ in SnapshotReader(target).lines() if key[2]]
    assert keys == sorted(keys)
    assert (ACCOUNT, REGION, "user_profile", ANA) in keys
    assert SnapshotReader(target).sha256
    assert read_lines(target, made.lines.__contains__) == made.lines


def test_2_with_file_and_line_where_nothing_can_be_read(deployed: Deployed) -> None:
    with pytest.raises(ConfigError, match=r"t\.yaml:\d+: ") as raised:
        deployed.over("Resources:\n  A: [\n  Type: AWS::SageMaker::Domain\n", domain())
    assert raised.value.exit_code == 2
    with pytest.raises(ConfigError, match="no template declares it"):
        deployed.over(CFN, domain(), parameters=("Kay=x",))
    write_snapshot(deployed.folder / "t.jsonl", account(source="cloudformation"))
    with pytest.raises(ConfigError, match=r"t\.jsonl is a snapshot of templates"):
        template_changes([Path("t.yaml")], TemplateOptions(), [deployed.folder / "t.jsonl"])


# The law: deploying is what the what-if foresaw, or it said that it does not know.


_ROLE_OF_STACK = (
    "!Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/default",
    "!Join ['', ['arn:', !Ref AWS::Partition, ':iam::', !Ref AWS::AccountId, ':role/default']]",
)


@pytest.mark.parametrize("role", _ROLE_OF_STACK)
def test_the_account_says_where_a_template_is_deployed(deployed: Deployed, role: str) -> None:
    """CloudFormation User Guide, "Pseudo parameters reference": AWS::AccountId is that of the account in which the
    stack is created, AWS::Region that of the resource, AWS::Partition "aws" but for China and GovCloud."""
    written = CFN.replace("arn:aws:iam::111122223333:role/default", role)
    assert deployed.over(written, domain(), profile("ana")).said == []
    tagged = CFN.replace("DomainName: research", "DomainName: !Sub research-${AWS::Region}")
    assert deployed.over(tagged, domain(name=f"research-{REGION}"), profile("ana")).said == []
    # What is given is taken.
    made = deployed.over(written, domain(), profile("ana"), parameters=("AWS::Partition=aws-cn",))
    assert "arn:aws-cn:iam::111122223333:role/default" in made.said[0]


def test_where_a_template_is_deployed_is_not_known_of_two_regions(deployed: Deployed) -> None:
    written = CFN.replace("AutoMountHomeEFS: Disabled", "DefaultLandingUri: !Sub 'app:${AWS::Region}:'")
    made = deployed.over(written, domain(), profile("ana"), domain("d-2", "other", "eu-north-1"))
    # The domain lies in one of them.
    assert made.line("domain", "d-research01")["domain"]["DefaultUserSettings"]["DefaultLandingUri"] == f"app:{REGION}:"
    both = written + written.partition("Resources:\n")[2].partition("  Ana:")[0].replace("Research:", "Other:").replace(
        "DomainName: research", "DomainName: other"
    )
    made = deployed.over(both, domain(), profile("ana"), domain("d-2", "other", "eu-north-1"))
    assert "DefaultUserSettings.DefaultLandingUri" in made.line("domain", "d-research01")["gaps"]
