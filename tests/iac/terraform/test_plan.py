"""Plans in the format that HashiCorp documents ("JSON Output Format"), written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.iac.interface import Reference, Resource, Root, Unknown
from auditor.collect.iac.terraform.plan_links import leaves
from auditor.collect.iac.terraform.plan_reader import read_plan
from auditor.collect.iac.terraform.reader import Reader

pytestmark = pytest.mark.checkov
Json = dict[str, Any]


def resource(address: str, values: Json, mode: str = "managed", index: Any = None) -> Json:
    """An entry of planned_values."""
    bare = address.rpartition("module.")[2]
    bare = bare.partition(".")[2] if "module." in address else bare
    parts = bare.removeprefix("data.").split(".", 1)
    entry = {"address": address, "mode": mode, "type": parts[0], "name": parts[1].partition("[")[0], "values": values}
    return entry if index is None else {**entry, "index": index}


def change(address: str, unknown: Json, actions: tuple[str, ...] = ("create",)) -> Json:
    """An entry of resource_changes."""
    return {"address": address, "change": {"actions": list(actions), "before": None, "after_unknown": unknown}}


def config(type_: str, name: str, expressions: Json, mode: str = "managed", **more: Any) -> Json:
    """A resource of the configuration."""
    start = "data." if mode == "data" else ""
    return {
        "address": f"{start}{type_}.{name}",
        "mode": mode,
        "type": type_,
        "name": name,
        "provider_config_key": "aws",
        "expressions": expressions,
        **more,
    }


def refs(*references: str) -> Json:
    return {"references": list(references)}


def plan(
    resources: list[Json],
    changes: list[Json],
    configured: list[Json],
    *,
    modules: list[Json] | None = None,
    calls: Json | None = None,
    **more: Any,
) -> Json:
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.5",
        "planned_values": {"root_module": {"resources": resources, "child_modules": modules or []}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured, "module_calls": calls or {}}},
        **more,
    }


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Root]:
    def read(content: Json | str, files: dict[str, str] | None = None) -> Root:
        for name, text in (files or {}).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "plan.json").write_text(text, encoding="utf-8")
        return read_plan(tmp_path / "plan.json", Reader(lambda p: p.relative_to(tmp_path.resolve()).as_posix()))

    return read


Read = Callable[..., Root]
DOMAIN, PROFILE, ROLE = "aws_sagemaker_domain.d", "aws_sagemaker_user_profile.p", "aws_iam_role.r"


def found(root: Root) -> dict[str, Resource]:
    return {r.address: r for r in root.resources}


def test_links_that_are_known_after_apply(read: Read) -> None:
    root = read(
        plan(
            [
                resource(DOMAIN, {"domain_name": "x", "auth_mode": "IAM", "default_user_settings": [{}]}),
                resource(PROFILE, {"user_profile_name": "amy", "user_settings": [{}]}),
                resource(ROLE, {"name": "r"}),
            ],
            [
                change(
                    DOMAIN,
                    {"id": True, "arn": True, "vpc_id": True, "default_user_settings": [{"execution_role": True}]},
                ),
                change(PROFILE, {"id": True, "domain_id": True, "user_settings": [{"execution_role": True}]}),
                change(ROLE, {"id": True, "arn": True}),
            ],
            [
                config(
                    "aws_sagemaker_domain",
                    "d",
                    {
                        "vpc_id": refs("var.vpc"),
                        "default_user_settings": [{"execution_role": refs("aws_iam_role.r.arn", ROLE)}],
                    },
                ),
                config(
                    "aws_sagemaker_user_profile",
                    "p",
                    {
                        "domain_id": refs(f"{DOMAIN}.id", DOMAIN),
                        "user_settings": [{"execution_role": refs("local.role")}],
                    },
                ),
                config("aws_iam_role", "r", {"name": {"constant_value": "r"}}),
            ],
        )
    )
    domain, profile = found(root)[DOMAIN].properties, found(root)[PROFILE].properties
    assert domain["default_user_settings"] == [{"execution_role": Reference(ROLE, "arn")}]
    # A root variable is known when the plan is made: what it gives and is not known is null.
    assert "vpc_id" not in domain
    assert profile["domain_id"] == Reference(DOMAIN, "id")
    # Locals are not in a plan.
    assert profile["user_settings"] == [
        {"execution_role": Unknown("${local.role}", "execution_role is known after apply")}
    ]


def test_links_through_modules_and_for_each(read: Read) -> None:
    at = 'module.studio["ml"]'
    domain, role = f"{at}.aws_sagemaker_domain.d", 'aws_iam_role.r["amy"]'
    profile = 'module.people.aws_sagemaker_user_profile.p["amy"]'
    content = plan(
        [resource(role, {}, index="amy"), resource('aws_iam_role.r["bob"]', {}, index="bob")],
        [
            change(profile, {"domain_id": True, "user_settings": [{"execution_role": True}]}),
            change(role, {"arn": True}),
        ],
        [config("aws_iam_role", "r", {}, for_each_expression={"constant_value": ["amy", "bob"]})],
        modules=[
            {"address": at, "resources": [resource(domain, {"domain_name": "x"})]},
            {
                "address": "module.people",
                "resources": [resource(profile, {"user_profile_name": "amy", "user_settings": [{}]}, index="amy")],
            },
        ],
        calls={
            "studio": {
                "source": "./studio",
                "for_each_expression": {"constant_value": ["ml"]},
                "module": {
                    "resources": [config("aws_sagemaker_domain", "d", {})],
                    "outputs": {
                        "domain_id": {"expression": refs("aws_sagemaker_domain.d.id", "aws_sagemaker_domain.d")}
                    },
                },
            },
            "people": {
                "source": "./people",
                "expressions": {
                    "domain_id": refs('module.studio["ml"].domain_id', 'module.studio["ml"]', "module.studio"),
                    "roles": refs("aws_iam_role.r"),
                },
                "module": {
                    "resources": [
                        config(
                            "aws_sagemaker_user_profile",
                            "p",
                            {
                                "domain_id": refs("var.domain_id"),
                                "user_settings": [{"execution_role": refs("var.roles", "each.key")}],
                            },
                            for_each_expression=refs("var.people"),
                        )
                    ],
                },
            },
        },
    )
    properties = found(read(content))[profile].properties
    assert properties["domain_id"] == Reference(domain, "id")
    # The variable holds all roles, and is indexed by the instance's key.
    assert properties["user_settings"] == [{"execution_role": Reference(role, "arn")}]


def test_a_role_that_is_indexed_by_the_key_is_the_one_of_that_key(read: Read) -> None:
    address = 'aws_sagemaker_user_profile.p["amy"]'
    content = plan(
        [
            resource(address, {"user_settings": [{}]}, index="amy"),
            *(resource(f'aws_iam_role.r["{key}"]', {}, index=key) for key in ("amy", "bob")),
        ],
        [change(address, {"user_settings": [{"execution_role": True}]})],
        [
            config(
                "aws_sagemaker_user_profile",
                "p",
                {
                    "user_settings": [{"execution_role": refs("aws_iam_role.r", "each.key")}],
                },
            ),
            config("aws_iam_role", "r", {}),
        ],
    )
    (settings,) = found(read(content))[address].properties["user_settings"]
    assert settings["execution_role"] == Reference('aws_iam_role.r["amy"]', "arn")


@pytest.mark.parametrize(
    "expression",
    [
        refs("aws_iam_role.r.arn", "aws_iam_role.r", "aws_iam_role.other.arn", "aws_iam_role.other"),
        refs("local.role"),
        refs("data.aws_iam_role.later.arn", "data.aws_iam_role.later"),
        refs("module.missing.role"),
        refs("aws_iam_role.missing.arn"),
        refs("each.value"),
        refs("???"),
    ],
)
def test_what_references_do_not_tell_is_unknown(read: Read, expression: Json) -> None:
    content = plan(
        [resource(PROFILE, {"user_settings": [{}]}), resource(ROLE, {}), resource("aws_iam_role.other", {})],
        [change(PROFILE, {"user_settings": [{"execution_role": True}]})],
        [config("aws_sagemaker_user_profile", "p", {"user_settings": [{"execution_role": expression}]})],
    )
    (settings,) = found(read(content))[PROFILE].properties["user_settings"]
    assert isinstance(settings["execution_role"], Unknown)
    assert settings["execution_role"].reason == "execution_role is known after apply"


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


AWSCC = "awscc_sagemaker_domain.d"


@pytest.mark.parametrize(
    ("expression", "role", "mount"),
    [
        # The whole structure is a constant: what is not in it is not set.
        ({"constant_value": {"security_groups": ["sg-1"]}}, None, None),
        # All that comes from elsewhere are ARNs and ids: a mode is none of them.
        (refs("aws_iam_role.r.arn", ROLE), Reference(ROLE, "arn"), None),
        (refs("local.settings"), Unknown, Unknown),
    ],
)
def test_awscc_gives_a_structure_as_one_expression(read: Read, expression: Json, role: Any, mount: Any) -> None:
    content = plan(
        [resource(AWSCC, {"default_user_settings": {"security_groups": ["sg-1"]}}), resource(ROLE, {})],
        [change(AWSCC, {"default_user_settings": {"execution_role": True, "auto_mount_home_efs": True}})],
        [config("awscc_sagemaker_domain", "d", {"default_user_settings": expression}), config("aws_iam_role", "r", {})],
    )
    settings = found(read(content))[AWSCC].properties["default_user_settings"]
    assert settings["security_groups"] == ["sg-1"]
    for name, expected in (("execution_role", role), ("auto_mount_home_efs", mount)):
        if expected is Unknown:
            assert isinstance(settings[name], Unknown)
        else:
            assert settings.get(name) == expected


def test_lists_of_links(read: Read) -> None:
    subnets = ["aws_subnet.a", "aws_subnet.b"]
    content = plan(
        [resource(DOMAIN, {}), *(resource(address, {}) for address in subnets)],
        [change(DOMAIN, {"subnet_ids": True})],
        [
            config(
                "aws_sagemaker_domain",
                "d",
                {"subnet_ids": refs("aws_subnet.a.id", subnets[0], "aws_subnet.b.id", subnets[1])},
            ),
            *(config("aws_subnet", name, {}) for name in "ab"),
        ],
    )
    expected = [Reference("aws_subnet.a", "id"), Reference("aws_subnet.b", "id")]
    assert found(read(content))[DOMAIN].properties["subnet_ids"] == expected
    content["planned_values"]["root_module"]["resources"][0]["values"] = {"subnet_ids": [None, None]}
    content["resource_changes"] = [change(DOMAIN, {"subnet_ids": [True, True]})]
    assert found(read(content))[DOMAIN].properties["subnet_ids"] == expected
    # A splat names neither instance nor attribute: which subnets it takes is not told.
    content["configuration"]["root_module"]["resources"][0]["expressions"] = {"subnet_ids": refs("aws_subnet.many")}
    assert isinstance(found(read(content))[DOMAIN].properties["subnet_ids"][0], Unknown)


def test_what_exists_already_is_found_by_its_id(read: Read) -> None:
    content = plan(
        [
            resource(DOMAIN, {"id": "d-abc", "arn": "arn:aws:sagemaker:::domain/d-abc"}),
            resource(ROLE, {"id": "studio", "name": "studio", "arn": "arn:aws:iam::1:role/studio"}),
            resource(
                PROFILE, {"domain_id": "d-abc", "user_settings": [{"execution_role": "arn:aws:iam::1:role/studio"}]}
            ),
        ],
        [change(a, {}, ("no-op",)) for a in (DOMAIN, ROLE, PROFILE)],
        [
            config(
                "aws_sagemaker_user_profile",
                "p",
                {
                    "domain_id": refs(f"{DOMAIN}.id", DOMAIN),
                    "user_settings": [{"execution_role": refs("aws_iam_role.r.arn", ROLE)}],
                },
            )
        ],
    )
    properties = found(read(content))[PROFILE].properties
    assert properties["domain_id"] == Reference(DOMAIN, "id")
    assert properties["user_settings"] == [{"execution_role": Reference(ROLE, "arn")}]


def test_the_default_vpc_as_it_was_read(read: Read) -> None:
    content = plan(
        [resource(DOMAIN, {"vpc_id": "vpc-1"}), resource("aws_sagemaker_domain.e", {"vpc_id": "vpc-2"})],
        [],
        [],
        prior_state={
            "values": {
                "root_module": {
                    "resources": [
                        resource("data.aws_vpc.default", {"id": "vpc-1", "default": True}, "data"),
                        resource("data.aws_vpc.own", {"id": "vpc-2", "default": False}, "data"),
                    ]
                }
            }
        },
    )
    root = read(content)
    assert {r.address: r.type for r in root.resources if r.address.startswith("data.")} == {
        "data.aws_vpc.default": "aws_default_vpc",
        "data.aws_vpc.own": "aws_vpc",
    }
    assert found(root)[DOMAIN].properties["vpc_id"] == Reference("data.aws_vpc.default", "id")
    assert found(root)["aws_sagemaker_domain.e"].properties["vpc_id"] == Reference("data.aws_vpc.own", "id")


def test_the_default_vpc_as_it_is_written(read: Read) -> None:
    content = plan(
        [resource(DOMAIN, {"vpc_id": "vpc-1"})],
        [],
        [
            config("aws_vpc", "default", {"default": {"constant_value": True}}, mode="data"),
            config("aws_sagemaker_domain", "d", {"vpc_id": refs("data.aws_vpc.default.id", "data.aws_vpc.default")}),
        ],
    )
    root = read(content)
    assert found(root)[DOMAIN].properties["vpc_id"] == Reference("data.aws_vpc.default", "id")
    assert found(root)["data.aws_vpc.default"].type == "aws_default_vpc"


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
        ("[]", "it is no plan"),
        ('{"format_version": "1.0", "values": {}}', "it is a state"),
        ("[" * 100_000, "nested too deeply"),
        ('{"format_version": "1.0"}', "it is no plan"),
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


def test_leaves_of_references() -> None:
    assert leaves(["a.b.c", "a.b", "a.bc", 'a.d["x"].e', 'a.d["x"]', "a.d"]) == ["a.b.c", "a.bc", 'a.d["x"].e']
