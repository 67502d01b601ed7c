"""Changes laid over a snapshot's lines: what each makes of them, and what several make together."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ConfigError
from auditor.remediation.command_text import UnreadableError, read_call
from auditor.remediation.update_call import options, sent_by, tag_options, tags_by
from auditor.whatif.asked import Names, changes_of, read_asked
from auditor.whatif.changes import Change, Line, combine, gone, of_call, put, tag, unknown

ACCOUNT, REGION = "111122223333", "eu-west-1"
PORTAL = "UserSettings.StudioWebPortalSettings"
HIDE = (
    "aws sagemaker update-user-profile --region eu-west-1 --domain-id d-1 --user-profile-name ana --user-settings"
    """ '{"StudioWebPortalSettings": %s}'"""
)


def _line(kind: str, id_: str, document: dict[str, Any], **more: Any) -> Line:
    return {"account": ACCOUNT, "region": REGION, "kind": kind, "id": id_, kind: document, **more}


def _key(line: Line) -> tuple[str, str, str, str]:
    return (line["account"], line["region"], line["kind"], line["id"])


ANA = _line("user_profile", "d-1/ana", {
    "UserProfileName": "ana", "UserProfileArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:user-profile/d-1/ana",
    "UserSettings": {"StudioWebPortalSettings": {"HiddenMlTools": ["Comet"]}},
})  # fmt: skip


def _change(text: str, origin: str = "test", lines: dict[Any, Line] | None = None) -> Change:
    (change, *_) = of_call(read_call(text), ACCOUNT, REGION, lines or {}, origin)
    return change


def test_two_commands_that_send_one_structure_undo_nothing_of_each_other() -> None:
    # Each sends HiddenMlTools as the audit saw it, beside what it changes.
    apps = _change(HIDE % '{"HiddenMlTools": ["Comet"], "HiddenAppTypes": ["JupyterServer"]}', "apps")
    tools = _change(HIDE % '{"HiddenMlTools": ["Comet", "Fiddler"]}', "tools")
    for order in ((apps, tools), (tools, apps)):
        line, clashes = combine(ANA, order)
        assert line is not None
        assert line["user_profile"]["UserSettings"]["StudioWebPortalSettings"] == {
            "HiddenMlTools": ["Comet", "Fiddler"], "HiddenAppTypes": ["JupyterServer"],
        }  # fmt: skip
        assert clashes == []


def test_one_item_goes_and_another_comes() -> None:
    fewer = _change(HIDE % '{"HiddenMlTools": []}')
    more = _change(HIDE % '{"HiddenMlTools": ["Comet", "Fiddler"]}')
    line, _ = combine(ANA, (fewer, more))
    assert line is not None
    assert line["user_profile"]["UserSettings"]["StudioWebPortalSettings"]["HiddenMlTools"] == ["Fiddler"]


def test_different_values_for_one_member_are_named_and_the_later_one_counts() -> None:
    key = _key(ANA)
    path = "UserSettings.AutoMountHomeEFS"
    ways = [Change(key, "first", "", put(path, "Enabled")), Change(key, "second", "", put(path, "Disabled"))]
    line, (clash,) = combine(ANA, ways)
    assert line is not None
    assert line["user_profile"]["UserSettings"]["AutoMountHomeEFS"] == "Disabled"
    assert (clash.path, clash.earlier, clash.later) == (path, "first", "second")
    assert combine(ANA, [ways[0], ways[0]])[1] == []


def test_what_is_removed_is_gone_whatever_else_is_changed() -> None:
    key = _key(ANA)
    ways = [Change(key, "a", "", put("UserSettings.AutoMountHomeEFS", "x")), Change(key, "b", "", gone)]
    assert combine(ANA, ways) == (None, [])


def test_what_is_set_is_known_then_and_what_lies_beside_is_not() -> None:
    line = {**ANA, "gaps": [f"{PORTAL}.HiddenAppTypes", f"{PORTAL}.HiddenMlTools", "UserSettings.AutoMountHomeEFS"]}
    made = put(f"{PORTAL}.HiddenAppTypes", ["RStudioServerPro"])(line)
    assert made is not None
    assert made["gaps"] == [f"{PORTAL}.HiddenMlTools", "UserSettings.AutoMountHomeEFS"]
    made = put(PORTAL, {})(line)
    assert made is not None
    assert (made["gaps"], made["user_profile"]["UserSettings"]) == (
        ["UserSettings.AutoMountHomeEFS"], {"StudioWebPortalSettings": {}},
    )  # fmt: skip


def test_null_takes_a_member_away() -> None:
    made = put(f"{PORTAL}.HiddenMlTools", None)(ANA)
    assert made is not None
    assert made["user_profile"]["UserSettings"]["StudioWebPortalSettings"] == {}


def test_tags() -> None:
    line = {**ANA, "tags": [{"Key": "owner", "Value": "a"}, {"Key": "team", "Value": "t"}]}
    assert tag({"owner": "b", "new": "n", "team": None})(line) == {
        **ANA, "tags": [{"Key": "new", "Value": "n"}, {"Key": "owner", "Value": "b"}],
    }  # fmt: skip


ROLE = _line("role", "arn:aws:iam::111122223333:role/service-role/studio", {
    "RoleName": "studio", "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/A", "PolicyName": "A"},
                                                      {"PolicyArn": "arn:aws:iam::aws:policy/B", "PolicyName": "B"}],
    "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": {"Statement": []}}],
})  # fmt: skip


def test_what_iam_answered_about_a_role_is_not_known_once_its_policies_are_others() -> None:
    detach = "aws iam detach-role-policy --role-name studio --policy-arn arn:aws:iam::aws:policy/A"
    role, permission = of_call(read_call(detach), ACCOUNT, REGION, {_key(ROLE): ROLE}, "")
    line, _ = combine(ROLE, [role])
    assert line is not None
    assert [p["PolicyName"] for p in line["role"]["AttachedManagedPolicies"]] == ["B"]
    answered = _line("permission", ROLE["id"], {"RoleArn": ROLE["id"], "Results": [{"EvalDecision": "allowed"}]})
    assert permission.key == _key(answered)
    assert combine(answered, [permission])[0] == _line("permission", ROLE["id"], {"RoleArn": ROLE["id"]})


def test_an_inline_policy_takes_the_place_of_the_one_of_its_name() -> None:
    for name, kept in (("own", []), ("another", ["own"])):
        call = f"aws iam put-role-policy --role-name studio --policy-name {name} --policy-document"
        call += """ '{"Statement": [1]}'"""
        line, _ = combine(ROLE, [_change(call, lines={_key(ROLE): ROLE})])
        assert line is not None
        assert sorted(p["PolicyName"] for p in line["role"]["RolePolicyList"]) == sorted([name, *kept])
        assert {"PolicyName": name, "PolicyDocument": {"Statement": [1]}} in line["role"]["RolePolicyList"]


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "no command fixes it"),
        ("aws sagemaker update-user-profile --user-settings ExecutionRole=ROLE_ARN", "needs a value for ROLE_ARN"),
        ("aws sagemaker delete-app --domain-id d-1 && rm -rf /", "not one call"),
        ("rm -rf /", "not one call"),
        ("aws sagemaker create-domain --domain-name x", "aws sagemaker create-domain on a snapshot is not known"),
        ("aws ec2 delete-subnet --subnet-id s", "aws ec2 delete-subnet on a snapshot is not known"),
        ("aws iam detach-role-policy --role-name nobody --policy-arn a", "does not hold the role nobody"),
        ("aws iam delete-role --role-name studio", "aws iam delete-role on a snapshot is not known"),
        ("aws sagemaker add-tags --resource-arn arn:aws:s3:::b --tags Key=a,Value=b", "not one of Studio's resources"),
    ],
)
def test_what_cannot_be_foreseen_says_why(text: str, because: str) -> None:
    with pytest.raises(UnreadableError, match=because):
        list(of_call(read_call(text), ACCOUNT, REGION, {_key(ROLE): ROLE}, ""))


def test_a_gap_that_one_change_closes_takes_none_that_another_opens() -> None:
    role, hidden = "UserSettings.ExecutionRole", f"{PORTAL}.HiddenMlTools"
    seen = Change(_key(ANA), "set", "", put(role, "arn:aws:iam::111122223333:role/a"))
    open_ = Change(_key(ANA), "template", "", unknown(hidden))
    for order in ((seen, open_), (open_, seen)):
        line, clashes = combine({**ANA, "gaps": [role]}, order)
        assert line is not None
        assert (line["gaps"], clashes) == ([hidden], [])
        assert line["user_profile"]["UserSettings"]["StudioWebPortalSettings"] == {}


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,8}", fullmatch=True)
VALUES = st.recursive(
    NAMES | st.integers(0, 99), lambda v: st.lists(v, max_size=3) | st.dictionaries(NAMES, v, max_size=3), max_leaves=6
)


@given(
    st.dictionaries(NAMES, NAMES | st.dictionaries(NAMES, VALUES, max_size=3), min_size=1, max_size=4),
    st.lists(NAMES, min_size=1, max_size=3),
)
def test_a_printed_command_is_read_as_it_was_meant(user: dict[str, Any], subnets: list[str]) -> None:
    sent = {"UserSettings": user, "DomainSettings": user, "SubnetIds": subnets, "TagPropagation": "ENABLED"}
    words = " ".join(("aws sagemaker update-domain --domain-id d-1", *options(sent)))
    assert sent_by(read_call(words).options) == sent


@given(
    st.dictionaries(
        st.text("abc =,:é'\"", min_size=1, max_size=4), st.text("abc =,:é'\"", max_size=4), min_size=1, max_size=3
    )
)
def test_printed_tags_are_read_as_they_were_meant(pairs: dict[str, str]) -> None:
    words = " ".join(("aws sagemaker add-tags --resource-arn arn", *tag_options(pairs)))
    assert tags_by(read_call(words).options["tags"]) == pairs


@given(st.dictionaries(NAMES, VALUES, max_size=4), st.dictionaries(NAMES, VALUES, max_size=4))
def test_one_change_alone_is_carried_over_whole(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Whatever a change makes of a line, it alone makes the same of it; the line itself stays."""
    line = _line("user_profile", "d-1/ana", before)
    kept = deepcopy(line)
    made, clashes = combine(line, [Change(_key(line), "", "", lambda _: _line("user_profile", "d-1/ana", after))])
    assert made is not None
    assert _sets(made) == _sets(_line("user_profile", "d-1/ana", after))
    assert (clashes, line) == ([], kept)


def _sets(value: Any) -> Any:
    """Lists without their order and repetitions: what matters of a list of names."""
    if isinstance(value, dict):
        return {name: _sets(inner) for name, inner in value.items()}
    return sorted({repr(_sets(item)) for item in value}) if isinstance(value, list) else value


LINES = [
    _line("domain", "d-1", {"DomainName": "lab", "DomainArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:domain/d-1"}),
    _line("domain", "d-2", {"DomainName": "twin"}),
    ANA,
    _line("user_profile", "d-2/ana", {"UserProfileName": "ana"}),
    _line("user_profile", "d-2/eve", {"UserProfileName": "eve"}),
    _line("space", "d-1/eve", {"SpaceName": "eve"}),
    ROLE,
]


EBS = "SpaceStorageSettings.EbsStorageSettings.EbsVolumeSizeInGb"


def _asked_for(text: str) -> Change:
    one = read_asked(text)
    names = Names({one.resource: one.kinds})
    for line in LINES:
        if names.may_mean(_key(line)):
            names.see(_key(line), line)
    (change,) = changes_of([one], names)
    return change


def _found(text: str) -> str:
    return "/".join(_asked_for(text).key[2:])


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("SecurityGroups=sg-1", 'SecurityGroups = ["sg-1"]'),
        ("AutoMountHomeEFS=null", "AutoMountHomeEFS = (not set)"),
        ("DefaultLandingUri=studio::", "DefaultLandingUri = studio::"),
    ],
)
def test_a_change_is_told_as_the_api_has_it(asked: str, told: str) -> None:
    assert _asked_for(f"lab:DefaultUserSettings.{asked}").said == f"domain d-1: DefaultUserSettings.{told}"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("lab:DefaultUserSettings.AutoMountHomeEFS=Disabled", "domain/d-1"),
        ("d-2:AppNetworkAccessType=VpcOnly", "domain/d-2"),
        (f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:domain/d-1:TagPropagation=ENABLED", "domain/d-1"),
        ("lab/ana:UserSettings.AutoMountHomeEFS=Disabled", "user_profile/d-1/ana"),
        ("d-2/ana:UserSettings.AutoMountHomeEFS=Disabled", "user_profile/d-2/ana"),
        (
            f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:user-profile/d-1/ana:UserSettings.AutoMountHomeEFS=Disabled",
            "user_profile/d-1/ana",
        ),
        # The member says which kind is meant.
        ("eve:UserSettings.AutoMountHomeEFS=Disabled", "user_profile/d-2/eve"),
        ("eve:SpaceSettings.RemoteAccess=DISABLED", "space/d-1/eve"),
        ("twin/eve:Tags.owner:name=a=b", "user_profile/d-2/eve"),
    ],
)  # fmt: skip
def test_a_resource_by_what_it_is_called(name: str, found: str) -> None:
    assert _found(name) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lab", "this is not RESOURCE:PATH=VALUE"),
        ("lab:autoMount=x", "this is not RESOURCE:PATH=VALUE"),
        ("lab:UserSetings.AutoMountHomeEFS=x", "changes UserSetings.AutoMountHomeEFS"),
        ("ana:UserSettings.AutoMount=x", "changes UserSettings.AutoMount"),
        ("ana:UserSettings.StudioWebPortalSettings=x", "is a structure"),
        ("ana:UserSettings.AutoMountHomeEFS=[1]", "AutoMountHomeEFS takes one value"),
        ("ana:UserSettings.AutoMountHomeEFS=Off", "AutoMountHomeEFS takes Enabled, Disabled or DefaultAsDomain"),
        ("eve:SpaceSettings.RemoteAccess=true", "RemoteAccess takes ENABLED or DISABLED"),
        (f"eve:SpaceSettings.{EBS}=4", "EbsVolumeSizeInGb takes a whole number from 5 to 16,384"),
        (f"eve:SpaceSettings.{EBS}=much", "EbsVolumeSizeInGb takes a whole number from 5 to 16,384"),
        ("ana:UserSettings.SecurityGroups=[1]", "SecurityGroups is a list of texts"),
        ("ana:UserSettings.SecurityGroups=[", "the value is not JSON"),
        ("ana:UserSettings.AutoMountHomeEFS=Disabled", "'ana' is what 2 resources are called"),
        ("nobody:UserSettings.AutoMountHomeEFS=Disabled", "no user profile called 'nobody'"),
        ("other/eve:UserSettings.AutoMountHomeEFS=Disabled", "no user profile called 'other/eve'"),
        ("eve:Tags.owner=me", "'eve' is what 2 resources are called"),
    ],
)
def test_what_is_not_there_or_cannot_be_is_an_error(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace("'", ".").replace("(", ".")) as raised:
        _found(text)
    assert raised.value.hint or any(what in raised.value.message for what in ("list of", "one value", "takes"))


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        # Spelt as API_UserSettings, API_DomainSettings and API_Tag spell them.
        ("userSettings.autoMountHomeEFS", "Did you mean 'UserSettings.AutoMountHomeEFS'?"),
        ("UserSettings.AutoMountHomeEfs", "Did you mean 'UserSettings.AutoMountHomeEFS'?"),
        (
            "DefaultUserSettings.jupyterLabAppSettings.AppLifeCycleManagement.idleSettings.idleTimeoutInMinutes",
            "Did you mean 'DefaultUserSettings.JupyterLabAppSettings.AppLifecycleManagement.IdleSettings"
            ".IdleTimeoutInMinutes'?",
        ),
        ("UserSettings.JupyterLabAppSetting.EmrSettings", "Did you mean 'UserSettings.JupyterLabAppSettings'?"),
        ("usersettings.StudioWebPortalSettings.HiddenAppTypes", "Did you mean 'UserSettings.StudioWebPortalSettings"
         ".HiddenAppTypes'?"),
        ("appnetworkaccesstype", "Did you mean 'AppNetworkAccessType'?"),
        ("tags.owner", "Did you mean 'Tags.owner'?"),
        ("AppNetworkAccessType.Mode", "AppNetworkAccessType has no members."),
        ("DomainSettings.DockerSettings.Zzz", "DomainSettings.DockerSettings has: EnableDockerAccess,"
         " VpcOnlyTrustedAccounts, RootlessDocker"),
    ],
)  # fmt: skip
def test_a_member_that_is_not_there_is_told_how_it_is_written(path: str, hint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_asked(f"lab/ana:{path}=x")
    assert raised.value.hint == hint


@pytest.mark.parametrize(
    ("given_", "value"),
    [
        ("UserSettings.AutoMountHomeEFS=Disabled", "Disabled"),
        ("UserSettings.AutoMountHomeEFS=null", None),
        ("UserSettings.DefaultLandingUri=studio::", "studio::"),
        ("UserSettings.DefaultLandingUri=no", "no"),
        ("UserSettings.SecurityGroups=sg-1", ["sg-1"]),
        ('UserSettings.SecurityGroups=["sg-1", "sg-2"]', ["sg-1", "sg-2"]),
        ("UserSettings.SpaceStorageSettings.DefaultEbsStorageSettings.MaximumEbsVolumeSizeInGb=50", 50),
        ("UserSettings.SharingSettings.S3OutputPath=5", "5"),
        ("UserSettings.JupyterLabAppSettings.BuiltInLifecycleConfigArn=None", "None"),
        ('UserSettings.StudioWebPortal="DISABLED"', "DISABLED"),
        ("Tags.owner=null", None),
        ("Tags.owner=yes", "yes"),
    ],
)
def test_values(given_: str, value: Any) -> None:
    assert read_asked(f"lab/ana:{given_}").value == value
