"""Links in plans, to what is made with them and to what exists already. The format is as HashiCorp documents it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from auditor.collect.iac.interface import Reference, Root, Unknown
from auditor.collect.iac.terraform.plan.plan_references import leaves

from .plans import DOMAIN, PROFILE, ROLE, Json, change, config, found, plan, refs, resource

Read = Callable[..., Root]


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


def test_leaves_of_references() -> None:
    assert leaves(["a.b.c", "a.b", "a.bc", 'a.d["x"].e', 'a.d["x"]', "a.d"]) == ["a.b.c", "a.bc", 'a.d["x"].e']
