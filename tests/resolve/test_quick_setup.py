"""Quick setup's signature: its name decides, else at least four of the six signs; and the region's default VPC."""

from __future__ import annotations

from itertools import product
from typing import Any

from auditor.model.snapshot import Record

from .builder import Together, domain, place, vpc

together = Together()
ROLE = "arn:aws:iam::111122223333:role/service-role/AmazonSageMaker-ExecutionRole-20250513T204284"
#: Sign → (path, value that shows it, value that does not).
SIGNS: dict[str, tuple[str, Any, Any]] = {
    "IAM": ("AuthMode", "IAM", "SSO"),
    "PublicInternetOnly": ("AppNetworkAccessType", None, "VpcOnly"),  # the API's default
    "default VPC": ("VpcId", "vpc-default", "vpc-own"),
    "role name": ("ExecutionRole", ROLE, "arn:aws:iam::111122223333:role/studio"),
    "no KMS key": ("KmsKeyId", None, "arn:aws:kms:eu-west-1:111122223333:key/a"),
    "sharing path": ("S3OutputPath", "s3://sagemaker-studio-111122223333-abc/sharing", "s3://own-bucket/sharing"),
}
VPCS = (vpc("vpc-default", True), vpc("vpc-own", False))
NAMES = {
    "QuickSetupDomain-20250513T204284": True,  # 84 seconds, as real ones have
    "QuickSetupDomain-20250513T204200": True,
    "QuickSetupDomain-99999999T999999": True,
    "QuickSetupDomain-20250513T20428": False,
    "QuickSetupDomain-20250513T2042840": False,
    "QuickSetupDomain-20250513-204284": False,
    "QuickSetupDomain-20250513t204284": False,
    "QuickSetupDomain-2025O513T204284": False,
    "quicksetupdomain-20250513T204284": False,
    "QuickSetupDomain": False,
    "My-QuickSetupDomain-20250513T204284": False,
    "QuickSetupDomain-20250513T204284-copy": False,
    "QuickSetupDomain-20250513T204284\n": False,
    "default-20250513T204284": False,
}


def _domain(id_: str, shows: dict[str, bool], name: str = "analytics", gaps: tuple[str, ...] = ()) -> Record:
    document: dict[str, Any] = {"DomainName": name}
    for sign, (member, yes, no) in SIGNS.items():
        value = yes if shows[sign] else no
        if value is None:
            continue
        if member == "ExecutionRole":
            document.setdefault("DefaultUserSettings", {})[member] = value
        elif member == "S3OutputPath":
            document.setdefault("DefaultUserSettings", {})["SharingSettings"] = {member: value}
        else:
            document[member] = value
    return domain(id_, document, gaps)


NONE, ALL = dict.fromkeys(SIGNS, False), dict.fromkeys(SIGNS, True)


COMBINATIONS = [dict(zip(SIGNS, shows, strict=True)) for shows in product((True, False), repeat=len(SIGNS))]
COMBINED = together(*VPCS, *(_domain(f"d-{n}", shows) for n, shows in enumerate(COMBINATIONS)))


def test_every_combination_of_signs() -> None:
    """Four of six make quick setup where one is quick setup's own (role name, sharing path): who sets a domain up by
    hand may choose the other four. Three never do. The signs that hold are listed."""
    rows = COMBINED.by_id("domain")
    for number, shows in enumerate(COMBINATIONS):
        row = rows[f"d-{number}"]
        own = shows["role name"] or shows["sharing path"]
        assert row["quick_setup"] is (sum(shows.values()) >= 4 and own), shows
        assert set(row["quick_setup_signs"]) == {sign for sign, holds in shows.items() if holds}


NAMED = together(*VPCS, *(_domain(f"d-{n}", NONE, name) for n, name in enumerate(NAMES)))


def test_the_name_decides() -> None:
    """Digits are matched, never read as a time; a name that only looks like it decides nothing."""
    rows = NAMED.by_id("domain")
    assert {name: rows[f"d-{n}"]["quick_setup"] for n, name in enumerate(NAMES)} == NAMES


THREE = {**NONE, "IAM": True, "PublicInternetOnly": True, "role name": True}
UNSEEN = "DefaultUserSettings.SharingSettings"
BARE = _domain("x", THREE).document
NOT_SEEN = together(
    *VPCS,
    # Three hold, the fourth was not seen.
    domain("three-and-unseen", {**BARE, "DefaultUserSettings": {"ExecutionRole": ROLE}}, [UNSEEN]),
    # Three hold, none was hidden.
    _domain("three", THREE),
    # Four hold for certain, whatever was not seen.
    domain(
        "four-and-unseen",
        {"AuthMode": "IAM", "VpcId": "vpc-default", "DefaultUserSettings": {"ExecutionRole": ROLE}},
        ["AppNetworkAccessType", UNSEEN],
    ),
    # Two hold at most, whatever was not seen.
    domain("two", {"AuthMode": "SSO", "VpcId": "vpc-own", "AppNetworkAccessType": "VpcOnly", "KmsKeyId": "k",
                   "DefaultUserSettings": {"ExecutionRole": "r"}}, [UNSEEN]),
    # The VPC is one that was not listed.
    domain("vpc-unknown", {**BARE, "VpcId": "vpc-unlisted"}),
    # Four hold, none of quick setup's own; then one of these was not seen.
    _domain("no-own-sign", {**ALL, "role name": False, "sharing path": False}),
    domain("own-sign-unseen", {"AuthMode": "IAM", "VpcId": "vpc-default"}, [UNSEEN]),
    domain("nothing", {"DomainName": "analytics", "AuthMode": None}, ["*"]),
    domain("name-and-nothing", {"DomainName": "QuickSetupDomain-20250513T204284", "AuthMode": None}, ["*"]),
)  # fmt: skip


def test_what_was_not_seen() -> None:
    """Unknown exactly where the signs that were not seen could make up the number."""
    rows = NOT_SEEN.by_id("domain")
    assert {id_: row["quick_setup"] for id_, row in rows.items()} == {
        "three-and-unseen": None, "three": False, "four-and-unseen": True, "two": False, "vpc-unknown": None,
        "nothing": None, "name-and-nothing": True, "no-own-sign": False, "own-sign-unseen": None,
    }  # fmt: skip


#: What a template tells of a name, with % for the rest -> whether it may be one that quick setup gives.
PARTS: dict[str, tuple[list[str] | None, bool]] = {
    "nothing": (None, True),
    "another end": (["%-studio"], False),
    "another start": (["studio-%"], False),
    "its start": (["QuickSetupDomain-%"], True),
    "its end": (["%T204284"], True),
    "its start and end": (["QuickSetupDomain-2025%4284"], True),
    "its middle": (["%-20250513T%"], True),
    "in another order": (["%T2042%Domain%"], False),
    "too long": (["QuickSetupDomain-20250513T2042840%"], False),
    "another case": (["quicksetup%"], False),
    "a letter for a digit": (["%2025O513%"], False),
    "one of two others": (["lab", "%-dev"], False),
    "one of two": (["lab", "QuickSetupDomain-%"], True),
}
PARTLY_NAMED = together(
    *VPCS,
    *(
        domain(f"d-{n}", {**_domain("x", NONE).document, "DomainName": None, "KnownDomainName": known}, ["DomainName"])
        for n, (known, _) in enumerate(PARTS.values())
    ),
)


def test_what_is_known_of_a_name_may_rule_it_out() -> None:
    rows = PARTLY_NAMED.by_id("domain")
    found = {what: rows[f"d-{n}"]["quick_setup"] for n, what in enumerate(PARTS)}
    assert found == {what: None if may_be else False for what, (_, may_be) in PARTS.items()}


THERE: dict[str, Any] = {"region": "us-east-1"}
FAR = Record("111122223333", "us-east-1", "vpc", "vpc-own", {"VpcId": "vpc-own", "IsDefault": True})
DEFAULT_VPCS = together(
    *VPCS, vpc("vpc-silent", None), FAR, place(), place(**THERE), place(["vpc"], region="eu-north-1"),
    domain("default", {"VpcId": "vpc-default"}), domain("own", {"VpcId": "vpc-own"}),
    domain("silent", {"VpcId": "vpc-silent"}), domain("elsewhere", {"VpcId": "vpc-of-another-account"}),
    domain("unseen", gaps=["VpcId"]), domain("far", {"VpcId": "vpc-own"}, **THERE),
    domain("unlisted", {"VpcId": "vpc-default"}, region="eu-north-1"),
)  # fmt: skip


def test_default_vpc() -> None:
    """Known where the VPC was listed and said so in this region; unknown elsewhere, and where lists are incomplete."""
    rows = DEFAULT_VPCS.by_id("domain")
    assert {id_: row["vpc_is_default"] for id_, row in rows.items()} == {
        "default": True, "own": False, "silent": None, "elsewhere": None, "unseen": None, "far": True,
        "unlisted": None,
    }  # fmt: skip
