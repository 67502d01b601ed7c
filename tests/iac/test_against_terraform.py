"""Terraform of both providers, and plans, beside an account."""

from __future__ import annotations

import json
from typing import Any

from .accounts import (
    DOMAIN_HCL,
    ROLE,
    Beside,
    account,
    domain,
    names,
    profile,
    settings_of,
)


class TestTerraform:
    def test_aws(self, beside: Beside) -> None:
        beside.write("main.tf", DOMAIN_HCL + """
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
        found = beside.drift(account(domain(), ana, bob, profile("eve")))
        (only,) = found["disagreements"]
        assert only["setting"] == "UserSettings.SecurityGroups"
        assert only["template"]["id"] == 'aws_sagemaker_user_profile.people["bob"]'
        assert (only["file"], only["line"]) == ("main.tf", 19)
        assert names(found["live_only"]) == [("user_profile", "eve")]

    def test_the_region_of_a_provider_and_of_a_resource(self, beside: Beside) -> None:
        """Two domains of one name: the configuration says which is meant where."""
        west = 'provider "aws" {\n  alias  = "west"\n  region = "us-west-2"\n}\n'
        plain = 'variable "home" { default = "eu-west-1" }\nprovider "aws" {\n  region = var.home\n}\n'
        other = DOMAIN_HCL.replace('"research" {', '"other" {\n  provider = aws.west', 1)
        beside.write("main.tf", west + plain + DOMAIN_HCL + other)
        live = account(domain(), domain("d-west000001", region="us-west-2", AppNetworkAccessType="PublicInternetOnly"))
        found = beside.drift(live)
        assert found["unmatched"] == found["live_only"] == []
        assert [d["template"]["id"] for d in found["disagreements"]] == ["aws_sagemaker_domain.other"]
        # Version 6 of the provider has the region on each resource.
        own = DOMAIN_HCL.replace('"research" {', '"other" {\n  region = "us-west-2"', 1)
        beside.write("main.tf", plain + DOMAIN_HCL + own)
        assert beside.drift(live)["summary"]["matched"]["domain"] == 2

    def test_a_member_that_the_provider_lacks_and_that_is_known_all_the_same(self, beside: Beside) -> None:
        """The aws provider always makes a file system (CreateDomain's default): one without was made otherwise."""
        beside.write("main.tf", DOMAIN_HCL)
        found = beside.drift(account(domain(HomeEfsFileSystemCreation="Disabled")))
        assert settings_of(found) == {"HomeEfsFileSystemCreation": (None, "Disabled")}

    def test_count_that_is_not_known(self, beside: Beside) -> None:
        beside.write("main.tf", DOMAIN_HCL + """
variable "size" { type = number }
resource "aws_sagemaker_user_profile" "team" {
  count             = var.size
  domain_id         = aws_sagemaker_domain.research.id
  user_profile_name = "team-${count.index}"
  user_settings { execution_role = "arn:aws:iam::111122223333:role/team" }
}
""")  # fmt: skip
        live = account(domain(), profile("team-0", {"ExecutionRole": ROLE + "team"}), profile("eve"))
        found = beside.drift(live)
        assert found["not_deployed"] == []
        assert len(found["unmatched"]) == 1
        assert [e["certain"] for e in found["live_only"]] == [False, False]
        found = beside.drift(live, variables=("size=2",))
        assert names(found["not_deployed"]) == [("user_profile", "team-1")]
        assert [(e["resource"]["name"], e["certain"]) for e in found["live_only"]] == [("eve", True)]

    def test_awscc(self, beside: Beside) -> None:
        beside.write("main.tf", """
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
        found = beside.drift(account(domain()))
        assert settings_of(found) == {
            "DefaultUserSettings.JupyterLabAppSettings.CodeRepositories": ([{"RepositoryUrl": "https://git.example/a"}],
                                                                           None),
            "Tags.team": ("ml", None),
        }  # fmt: skip

    def test_a_plan(self, beside: Beside) -> None:
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
        beside.write("plan.json", json.dumps(plan))
        found = beside.drift(account(domain(), profile("ana")), path="plan.json")
        assert settings_of(found) == {"AuthMode": ("IAM", "SSO")}
        assert [n["settings"] for n in found["not_compared"]] == [["DefaultUserSettings.ExecutionRole"]]
        assert found["summary"]["matched"]["user_profile"] == 1
        configuration: Any = plan["configuration"]
        configuration["provider_config"] = {"aws": {"expressions": {"region": {"constant_value": "us-west-2"}}}}
        for resource in configuration["root_module"]["resources"]:
            resource["provider_config_key"] = "aws"
        beside.write("plan.json", json.dumps(plan))
        found = beside.drift(account(domain(), profile("ana")), path="plan.json")
        assert "does not hold the account and region" in found["unmatched"][0]["reason"]
