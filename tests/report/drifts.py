"""Drifts by hand, for the formats: one of everything, and a huge one."""

from __future__ import annotations

from dataclasses import replace

from auditor.model.drift import Disagreement, Drift, LiveOnly, NotCompared, Side, Unmatched, Value
from auditor.model.resource import ResourceRef, SnapshotInfo

ACCOUNT = "123456789012"
AGAINST = (
    SnapshotInfo("live.jsonl", "0" * 64, "2026-11-23T02:00:00Z", "aws", "1.44.5", "arn", ((ACCOUNT, "eu-west-1"),)),
)


def live(name: str, type_: str = "user_profile") -> ResourceRef:
    id_ = name if type_ == "domain" else f"d-1/{name}"
    return ResourceRef(type_, id_, name, ACCOUNT, "eu-west-1", f"arn:aws:sagemaker:::{id_}", "d-1", "research")


def template(name: str, line: int = 3) -> ResourceRef:
    return ResourceRef(
        "user_profile", name, name, "stack.yaml", "template", "", "Domain", "research", "stack.yaml", line
    )


def everything() -> Drift:
    """Each list with one entry of each kind, and two alike."""
    landing = "UserSettings.DefaultLandingUri"
    ana, bob = (template("ana"), live("ana")), (template("bob", 9), live("bob"))
    studio, classic = Value("studio::"), Value("app:JupyterServer:")
    return Drift(
        against=AGAINST,
        incomplete=(f"{ACCOUNT}/eu-west-1: the list of apps is not complete",),
        matched={"domain": 1, "user_profile": 2, "space": 0, "app": 0},
        compared=12,
        live_only=(
            LiveOnly(live("d-2", "domain"), True, created="2025-01-01T00:00:00Z", owner="Jane Roe"),
            LiveOnly(live("eve"), True, stack="other-stack"),
            LiveOnly(live("may"), False, reason="broken.yaml could not be read and may define it"),
            LiveOnly(live("lab", "space"), True, profile="ana"),
        ),
        not_deployed=(template("new"),),
        unmatched=(Unmatched(template("who"), "its UserProfileName is not known: ${Name}"),),
        disagreements=(
            Disagreement(*ana, landing, studio, classic, "stack.yaml", 5),
            Disagreement(*bob, landing, studio, classic, "stack.yaml", 11),
            Disagreement(*ana, "UserSettings.AutoMountHomeEFS", Value("Disabled"), Value("Enabled", set=False),
                         "stack.yaml", 6),
            Disagreement(*ana, "UserSettings.SecurityGroups", Value((), set=False), Value(["sg-1"]), "stack.yaml", 3),
        ),
        not_compared=(NotCompared(*ana, ("KmsKeyId", "VpcId"), Side.TEMPLATE, "${Key}: no default"),),
        out_of_scope=4,
    )  # fmt: skip


def huge(number: int) -> Drift:
    """So many profiles that no template defines, as many that differ, and as many that cannot be compared."""
    base = everything()
    only = tuple(LiveOnly(live(f"person-{n}"), True, owner=f"owner-{n}") for n in range(number))
    changed = tuple(replace(base.disagreements[0], account=live(f"other-{n}")) for n in range(number))
    different = tuple(replace(base.disagreements[0], account_value=Value(f"value {n}")) for n in range(number))
    missing = tuple(template(f"missing-{n}") for n in range(number))
    unknown = tuple(replace(base.not_compared[0], reason=f"reason {n}") for n in range(number))
    return replace(base, live_only=only, disagreements=changed + different, not_deployed=missing, not_compared=unknown)
