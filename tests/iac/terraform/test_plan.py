"""Plans in the format that HashiCorp documents ("JSON Output Format"), written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from auditor.collect.iac.interface import Root, Unknown

from .plans import DOMAIN, PROFILE, ROLE, Json, change, config, found, plan, refs, resource

Read = Callable[..., Root]


def test_not_set_unknown_and_empty(read: Read) -> None:
    values = {
        "domain_name": "x",
        "kms_key_id": "",
        "app_network_access_type": None,
        "subnet_ids": ["subnet-1"],
        "default_user_settings": [
            {
                "auto_mount_home_efs": "",
                "security_groups": [],
                "code_editor_app_settings": [],
                "studio_web_portal_settings": [{"hidden_ml_tools": [], "hidden_app_types": []}],
            }
        ],
        "tags": {"empty": "", "a": "b"},
    }
    unknown = {"home_efs_file_system_id": True, "tag_propagation": True, "domain_settings": [{"docker_settings": True}]}
    written = {
        "domain_name": {"constant_value": "x"},
        "tags": {"constant_value": {"a": "b"}},
        "default_user_settings": [{"studio_web_portal_settings": [{"hidden_ml_tools": {"constant_value": []}}]}],
    }
    root = read(
        plan([resource(DOMAIN, values)], [change(DOMAIN, unknown)], [config("aws_sagemaker_domain", "d", written)])
    )
    assert found(root)[DOMAIN].properties == {
        "domain_name": "x",
        "subnet_ids": ["subnet-1"],
        "tags": {"empty": "", "a": "b"},
        # An empty list that is written overrides; one that the provider has put there does not.
        "default_user_settings": [{"studio_web_portal_settings": [{"hidden_ml_tools": []}]}],
    }


def test_without_a_configuration_nothing_is_taken_for_not_set(read: Read) -> None:
    content = plan(
        [resource(DOMAIN, {"default_user_settings": [{"security_groups": []}]})],
        [change(DOMAIN, {"auto_mount": True})],
        [],
    )
    del content["configuration"]
    properties = found(read(content))[DOMAIN].properties
    assert isinstance(properties["auto_mount"], Unknown)
    assert isinstance(properties["default_user_settings"][0]["security_groups"], Unknown)


def test_a_dynamic_block_is_not_in_the_configuration(read: Read) -> None:
    content = plan(
        [resource(DOMAIN, {"default_user_settings": [{"execution_role": "arn:aws:iam::1:role/x"}]})],
        [change(DOMAIN, {"default_user_settings": [{"auto_mount_home_efs": True}]})],
        [config("aws_sagemaker_domain", "d", {})],
    )
    (settings,) = found(read(content))[DOMAIN].properties["default_user_settings"]
    assert settings["execution_role"] == "arn:aws:iam::1:role/x"
    assert isinstance(settings["auto_mount_home_efs"], Unknown)


def test_a_structure_of_which_nothing_is_known(read: Read) -> None:
    content = plan(
        [resource(DOMAIN, {})],
        [change(DOMAIN, {"default_user_settings": {"execution_role": True}, "domain_settings": {"x": False}})],
        [config("aws_sagemaker_domain", "d", {"default_user_settings": {"execution_role": refs("local.role")}})],
    )
    properties = found(read(content))[DOMAIN].properties
    assert isinstance(properties["default_user_settings"]["execution_role"], Unknown)
    assert "domain_settings" not in properties


@pytest.mark.parametrize(
    ("values", "unknown", "default_tags", "expected"),
    [
        ({"tags": {"a": "1"}, "tags_all": {"a": "1", "team": "ml"}}, {}, None, {"a": "1", "team": "ml"}),
        ({"tags": {"a": "1"}}, {"tags_all": True}, None, {"a": "1"}),
        (
            {"tags": {"a": "1"}},
            {"tags_all": True},
            {"constant_value": {"a": "0", "team": "ml"}},
            {"a": "1", "team": "ml"},
        ),
        ({"tags": {"a": "1"}}, {"tags_all": True}, refs("local.tags"), Unknown),
        (
            {"tags": {"a": "1"}, "tags_all": {"a": "1"}},
            {"tags": {"b": True}, "tags_all": {"b": True}},
            None,
            {"a": "1", "b": Unknown("${tags.b}", "tag b is known after apply")},
        ),
        ({}, {"tags": True, "tags_all": True}, None, Unknown),
    ],
)
def test_tags(read: Read, values: Json, unknown: Json, default_tags: Json | None, expected: Any) -> None:
    block = {} if default_tags is None else {"default_tags": [{"tags": default_tags}]}
    content = plan(
        [resource(DOMAIN, values)],
        [change(DOMAIN, unknown)],
        [config("aws_sagemaker_domain", "d", {"tags": refs("local.mine")})],
    )
    content["configuration"]["provider_config"] = {"aws": {"name": "aws", "expressions": block}}
    tags = found(read(content))[DOMAIN].properties.get("tags")
    assert isinstance(tags, Unknown) if expected is Unknown else tags == expected


def test_what_leaves_is_not_there(read: Read) -> None:
    """Terraform lists forgotten resources among the planned ones, without values (hashicorp/terraform#38641)."""
    content = plan([resource(DOMAIN, {})], [change(DOMAIN, {}, ("forget",)), change(PROFILE, {}, ("delete",))], [])
    assert read(content).resources == ()


def test_what_the_plan_does_not_tell_is_said(read: Read) -> None:
    deferred = [
        {"reason": "instance_count_unknown", "resource_change": {"address": DOMAIN, "type": "aws_sagemaker_domain"}}
    ]
    root = read(plan([], [], [], errored=True, deferred_changes=deferred))
    assert [(missed.what, missed.reason) for missed in root.not_assessed] == [
        ("plan.json", "Terraform failed while it made the plan, so it is not complete"),
        ("plan.json#aws_sagemaker_domain.d", "the plan leaves it for later: instance_count_unknown"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not valid JSON"),
        ("[]", "it is not a plan"),
        ('{"format_version": "1.0", "values": {}}', "it is a state"),
        ("[" * 100_000, "nested too deeply"),
        ('{"format_version": "1.0"}', "it is not a plan"),
        ('{"format_version": "2.0", "planned_values": {}}', "format version 2.0 is not known"),
    ],
)
def test_what_is_no_plan(read: Read, text: str, reason: str) -> None:
    root = read(text)
    assert root.files == ()
    assert reason in root.not_assessed[0].reason


@pytest.mark.parametrize("where", ["planned_values", "resource_changes", "configuration", "prior_state"])
@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        "x",
        1,
        {"root_module": None},
        {"root_module": {"resources": [None, 1, {}]}},
        [None, {"address": DOMAIN, "change": None}, {"change": {"after_unknown": []}}],
    ],
)
def test_odd_plans_do_no_harm(read: Read, where: str, value: Any) -> None:
    content = plan([resource(DOMAIN, {"default_user_settings": [None, {"x": [[1]]}]})], [], [])
    content[where] = value
    read(content)


def test_places_come_from_the_configuration_beside_the_plan(read: Read) -> None:
    at = "module.m.aws_sagemaker_domain.d"
    content = plan(
        [resource(ROLE, {})],
        [],
        [],
        modules=[{"address": "module.m", "resources": [resource(at, {})]}],
    )
    files = {
        "main.tf": '\nresource "aws_iam_role" "r" {}\nmodule "m" {\n  source = "./m"\n}\n',
        "m/main.tf": '# one\n# two\nresource "aws_sagemaker_domain" "d" {\n  default_user_settings {\n'
        "    execution_role = 1\n  }\n}\n",
    }
    places = {a: (r.file, r.line, r.lines) for a, r in found(read(content, files)).items()}
    assert places[ROLE][:2] == ("main.tf", 2)
    assert places[at] == ("m/main.tf", 3, {"default_user_settings": 4, "default_user_settings.execution_role": 5})


def test_places_without_a_configuration_lie_in_the_plan(read: Read) -> None:
    text = json.dumps(plan([resource(ROLE, {}), resource(DOMAIN, {})], [], []), indent=1)
    line = next(at for at, part in enumerate(text.split("\n"), 1) if f'"address": "{DOMAIN}"' in part)
    assert (found(read(text))[DOMAIN].file, found(read(text))[DOMAIN].line) == ("plan.json", line)
