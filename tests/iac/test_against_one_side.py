"""Which resource is which beside an account, what is on one side only, and what nobody can tell."""

from __future__ import annotations

import json

import yaml

from .accounts import (
    ACCOUNT,
    CFN,
    REGION,
    Beside,
    account,
    domain,
    names,
    profile,
    settings_of,
    space,
)


class TestWhatIsOnOneSide:
    def test_live_only(self, beside: Beside) -> None:
        """With all that the snapshot knows of who made it."""
        beside.write("t.yaml", CFN)
        tags = (("StudioUserId", "jdoe"), ("aws:cloudformation:stack-name", "by-another-team"))
        found = beside.drift(account(domain(), profile("ana"), profile("bob", tags=tags), space("own", {}, "bob"),
                                   domain("d-other00001", "other"), profile("eve", in_="d-other00001")))  # fmt: skip
        assert names(found["live_only"]) == [
            ("domain", "other"), ("user_profile", "eve"), ("user_profile", "bob"), ("space", "own"),
        ]  # fmt: skip
        bob, own = found["live_only"][2:]
        assert bob["certain"]
        assert (bob["owner"], bob["stack"], bob["created"]) == ("jdoe", "by-another-team", "2025-03-04T10:00:00Z")
        assert own["profile"] == "bob"

    def test_not_deployed(self, beside: Beside) -> None:
        beside.write("t.yaml", CFN)
        found = beside.drift(account(domain()))
        assert names(found["not_deployed"]) == [("user_profile", "ana")]
        assert found["not_deployed"][0]["resource"]["line"] == 15
        # A domain that is not there, with what lies in it.
        assert names(beside.drift(account())["not_deployed"]) == [("domain", "research"), ("user_profile", "ana")]

    def test_a_name_that_is_not_known_may_be_any(self, beside: Beside) -> None:
        """Of the domain that it lies in: what another domain holds is certain."""
        beside.write("t.yaml", CFN.replace("UserProfileName: ana", "UserProfileName: !Ref Key"))
        other = domain("d-other00001", "other")
        found = beside.drift(account(domain(), profile("ana"), other, profile("eve", in_="d-other00001")))
        assert names(found["unmatched"]) == [("user_profile", "Ana")]
        assert "Key" in found["unmatched"][0]["reason"]
        assert found["not_deployed"] == []
        certain = {(e["resource"]["name"]): e["certain"] for e in found["live_only"]}
        assert certain == {"other": True, "eve": True, "ana": False}
        assert found["summary"]["maybe_defined"] == 1

    def test_a_domain_of_unknown_name(self, beside: Beside) -> None:
        """Neither missing nor undefined; nor is what lies in it."""
        beside.write("t.yaml", CFN.replace("DomainName: research", "DomainName: !Ref Key"))
        found = beside.drift(account(domain(), profile("ana"), profile("bob")))
        assert names(found["unmatched"]) == [("domain", "Research"), ("user_profile", "ana")]
        assert found["not_deployed"] == []
        assert {e["resource"]["name"]: e["certain"] for e in found["live_only"]} == {
            "research": False, "ana": False, "bob": True,
        }  # fmt: skip

    def test_a_file_that_cannot_be_read_may_define_anything(self, beside: Beside) -> None:
        beside.write("t.yaml", CFN)
        beside.write("broken.yaml", "AWSTemplateFormatVersion: x\nResources: {")
        found = beside.drift(account(domain(), profile("ana"), profile("bob")))
        (bob,) = found["live_only"]
        assert not bob["certain"]
        assert "broken.yaml" in bob["reason"]

    def test_a_resource_under_an_unknown_condition(self, beside: Beside) -> None:
        text = CFN.replace("Parameters:", "Conditions: {Wanted: !Equals [!Ref Key, x]}\nParameters:")
        beside.write("t.yaml", text.replace("  Ana:\n", "  Ana:\n    Condition: Wanted\n"))
        found = beside.drift(account(domain(), profile("ana")))
        assert found["live_only"] == found["unmatched"] == []
        assert found["not_compared"][0]["settings"] == ["*"]
        found = beside.drift(account(domain()))
        assert found["not_deployed"] == []
        assert names(found["unmatched"]) == [("user_profile", "ana")]

    def test_two_domains_of_the_same_name(self, beside: Beside) -> None:
        """Said, not guessed, unless it is known where the template is deployed."""
        beside.write("t.yaml", CFN)
        twin = domain("d-twin000001", region="us-east-1")
        live = account(domain(), profile("ana"), twin, profile("ana", in_="d-twin000001", region="us-east-1"))
        found = beside.drift(live)
        assert "ambiguous: 2 domains" in found["unmatched"][0]["reason"]
        assert not any(e["certain"] for e in found["live_only"])
        assert found["not_deployed"] == []
        found = beside.drift(live, parameters=("AWS::Region=eu-west-1",))
        assert found["summary"]["matched"] == {"domain": 1, "user_profile": 1, "space": 0, "app": 0}
        assert [e["resource"]["region"] for e in found["live_only"]] == ["us-east-1", "us-east-1"]
        found = beside.drift(live, parameters=("AWS::Region=ap-south-1",))
        assert "does not hold" in found["unmatched"][0]["reason"]

    def test_where_a_stack_of_the_cdk_is_deployed(self, beside: Beside) -> None:
        """An app with a stack for each region: its assembly says which is which."""
        stacks = {}
        for region in (REGION, "us-east-1"):
            beside.write(
                f"cdk.out/{region}.template.json", json.dumps(yaml.safe_load(CFN.replace("!Ref Research", "d-x")))
            )
            stacks[region] = {"type": "aws:cloudformation:stack", "environment": f"aws://{ACCOUNT}/{region}",
                              "properties": {"templateFile": f"{region}.template.json"}}  # fmt: skip
        beside.write("cdk.out/manifest.json", json.dumps({"version": "36.0.0", "artifacts": stacks}))
        found = beside.drift(
            account(domain(), domain("d-east000001", region="us-east-1", AuthMode="IAM")), path="cdk.out"
        )
        assert found["summary"]["matched"]["domain"] == 2
        (only,) = found["disagreements"]
        assert (only["setting"], only["file"]) == ("AuthMode", "cdk.out/us-east-1.template.json")

    def test_two_templates_that_name_one_domain(self, beside: Beside) -> None:
        beside.write("a.yaml", CFN)
        beside.write("b.yaml", CFN)
        found = beside.drift(account(domain(), profile("ana")))
        assert {u["resource"]["file"] for u in found["unmatched"]} == {"a.yaml", "b.yaml"}
        assert not any(e["certain"] for e in found["live_only"])

    def test_a_domain_that_lies_elsewhere(self, beside: Beside) -> None:
        """By its id, where that is known."""
        text = CFN[CFN.index("  Ana:") :].replace("!Ref Research", "DOMAIN")
        text = "Parameters: {Domain: {Type: String}}\nResources:\n" + text
        beside.write("t.yaml", text.replace("DOMAIN", "d-research01"))
        live = account(domain(), profile("ana", {"AutoMountHomeEFS": "Enabled"}))
        found = beside.drift(live)
        assert settings_of(found) == {"UserSettings.AutoMountHomeEFS": (None, "Enabled")}
        assert names(found["live_only"]) == [("domain", "research")]
        beside.write("t.yaml", text.replace("DOMAIN", "!Ref Domain"))
        found = beside.drift(live)
        assert names(found["unmatched"]) == [("user_profile", "ana")]
        assert {e["resource"]["name"]: e["certain"] for e in found["live_only"]} == {"research": True, "ana": False}
        assert beside.drift(live, parameters=("Domain=d-research01",))["summary"]["matched"]["user_profile"] == 1
        found = beside.drift(live, parameters=("Domain=d-elsewhere1",))
        assert "not in the snapshot" in found["unmatched"][0]["reason"]
        assert all(e["certain"] for e in found["live_only"])
