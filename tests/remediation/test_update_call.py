"""One call that changes settings: the same result however deep AWS's update reaches, and nothing lost."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.remediation.shell import UnusableError
from auditor.remediation.steps import Step
from auditor.remediation.update_call import options, settings, tag_options
from auditor.simulator.updates import updated
from auditor.studio.structures import ROOTS, member, members, settings_paths

ROOT = "UserSettings"
LEAVES = [p for p in settings_paths()["user_profile"] if not (m := member(p)) or not m.shape]
TEXTS = st.text(min_size=1, max_size=8)


def _structure(shape: str, depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Any document of that shape."""
    optional = {}
    for one in members(shape).values():
        value: st.SearchStrategy[Any] = _structure(one.shape, depth + 1) if one.shape else TEXTS
        optional[one.name] = st.lists(value, max_size=2) if one.many else value
    return st.fixed_dictionaries({}, optional=optional)


@st.composite
def steps(draw: st.DrawFn) -> tuple[Step, ...]:
    made = []
    for path in draw(st.lists(st.sampled_from(LEAVES), min_size=1, max_size=4, unique=True)):
        found = member(path)
        assert found is not None
        if found.many:
            made.append(Step(path, draw(st.sampled_from(["add", "remove"])), draw(st.lists(TEXTS, max_size=2))))
        else:
            made.append(Step(path, "set", draw(TEXTS)))
    return tuple(made)


def _leaves(value: Any, path: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return {p: v for name, inner in value.items() for p, v in _leaves(inner, f"{path}.{name}").items()}
    return {path: value}


@given(document=_structure(ROOTS[ROOT][1]), changes=steps())
def test_the_result_is_the_same_under_either_reading_and_nothing_is_lost(
    document: dict[str, Any], changes: tuple[Step, ...]
) -> None:
    held = {step.top: document.get(step.top.partition(".")[2]) for step in changes}
    before = {ROOT: document}
    sent = settings(changes, held, {})
    if not sent:
        # Nothing to send only where nothing would change.
        after = before
    else:
        after = updated(before, sent, (), "replace")
        assert after == updated(before, sent, (), "merge")
    old, new = _leaves(document, ROOT), _leaves(after[ROOT], ROOT)
    wanted = {step.path: step for step in changes}
    for path in set(old) | set(new):
        step = wanted.get(path)
        if step is None:
            assert new[path] == old[path], path
        elif step.action == "set":
            assert new[path] == step.value
        elif step.action == "add":
            assert set(old.get(path, [])) | set(step.value) == set(new[path])
        else:
            assert set(old.get(path, [])) - set(step.value) == set(new.get(path, []))


@given(document=_structure(ROOTS[ROOT][1]), changes=steps())
def test_a_shell_reads_what_was_meant(document: dict[str, Any], changes: tuple[Step, ...]) -> None:
    held = {step.top: document.get(step.top.partition(".")[2]) for step in changes}
    sent = settings(changes, held, {})
    words = shlex.split(" ".join(options(sent)))
    if not sent:
        assert words == []
        return
    option, value = words
    assert option == "--user-settings"
    if value.startswith("{"):
        assert json.loads(value) == sent[ROOT]
    else:
        assert dict(pair.split("=", 1) for pair in value.split(",")) == sent[ROOT]


def test_lists_are_added_to_and_taken_from() -> None:
    held = {"UserSettings.StudioWebPortalSettings": {"HiddenAppTypes": ["Canvas"], "HiddenMlTools": ["Models"]}}
    add = Step("UserSettings.StudioWebPortalSettings.HiddenAppTypes", "add", ["JupyterServer", "Canvas"])
    take = Step("UserSettings.StudioWebPortalSettings.HiddenMlTools", "remove", ["Models", "Training"])
    assert settings((add, take), held, {}) == {
        "UserSettings": {
            "StudioWebPortalSettings": {"HiddenAppTypes": ["Canvas", "JupyterServer"], "HiddenMlTools": []}
        }
    }
    inherited = settings((add,), {}, {add.path: ["CodeEditor"]})
    assert inherited["UserSettings"]["StudioWebPortalSettings"]["HiddenAppTypes"] == [
        "CodeEditor", "JupyterServer", "Canvas",
    ]  # fmt: skip


def test_items_of_a_list_of_structures() -> None:
    step = Step(
        "UserSettings.JupyterLabAppSettings.CodeRepositories[].RepositoryUrl", "add", ["https://a", "https://b"]
    )
    held = {step.top: {"CodeRepositories": [{"RepositoryUrl": "https://a"}], "CustomImages": []}}
    assert settings((step,), held, {}) == {
        "UserSettings": {
            "JupyterLabAppSettings": {
                "CodeRepositories": [{"RepositoryUrl": "https://a"}, {"RepositoryUrl": "https://b"}],
                "CustomImages": [],
            }
        }
    }


def test_a_null_is_nothing() -> None:
    """AWS gives none, but a file may hold one."""
    path = "UserSettings.JupyterLabAppSettings.AppLifecycleManagement.IdleSettings.IdleTimeoutInMinutes"
    step = Step(path, "set", 60)
    expected = {"AppLifecycleManagement": {"IdleSettings": {"IdleTimeoutInMinutes": 60}}}
    for held in (None, {}, {"AppLifecycleManagement": None}):
        assert settings((step,), {step.top: held}, {}) == {"UserSettings": {"JupyterLabAppSettings": expected}}


def test_nothing_is_sent_where_nothing_changes() -> None:
    portal = "UserSettings.StudioWebPortalSettings"
    held = {portal: {"HiddenAppTypes": ["JupyterServer"]}, "UserSettings.AutoMountHomeEFS": "Disabled"}
    no_change = (
        Step(f"{portal}.HiddenAppTypes", "add", ["JupyterServer"]),
        Step("UserSettings.AutoMountHomeEFS", "set", "Disabled"),
    )
    assert settings(no_change, held, {}) == {}
    # A structure in which nothing changes is left out, plain members are sent together.
    both = (*no_change, Step("UserSettings.StudioWebPortal", "set", "ENABLED"))
    assert settings(both, held, {}) == {"UserSettings": {"AutoMountHomeEFS": "Disabled", "StudioWebPortal": "ENABLED"}}


def test_plain_members_of_a_domain_have_options_of_their_own() -> None:
    changes = (
        Step("AppNetworkAccessType", "set", "VpcOnly"),
        Step("SubnetIds", "remove", ["subnet-b"]),
        Step("DomainSettings.ExecutionRoleIdentityConfig", "set", "USER_PROFILE_NAME"),
    )
    sent = settings(changes, {"SubnetIds": ["subnet-a", "subnet-b", "subnet-c"]}, {})
    assert options(sent) == [
        "--app-network-access-type", "VpcOnly", "--subnet-ids", "subnet-a", "subnet-c",
        "--domain-settings-for-update", "ExecutionRoleIdentityConfig=USER_PROFILE_NAME",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value", ["--endpoint-url=http://evil", "file:///etc/passwd", "https://evil", "a\nb", "\u202eb", ""]
)
def test_a_list_s_items_are_values_and_nothing_else(value: str) -> None:
    with pytest.raises(UnusableError):
        options({"SubnetIds": [value]})


def test_tags_whose_characters_shorthand_would_take_for_its_own() -> None:
    assert tag_options({"owner": "ana"}) == ["--tags", "Key=owner,Value=ana"]
    assert shlex.split(" ".join(tag_options({"cost center": "it's"}))) == ["--tags", "Key=cost center,Value=it's"]
    ((_, text),) = [shlex.split(" ".join(tag_options({"a=b": "c,d"})))]
    assert json.loads(text) == [{"Key": "a=b", "Value": "c,d"}]
