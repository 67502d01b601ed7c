"""A report by hand: every verdict, state, kind of waiver and place, one each; hostile, and huge."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from auditor.model.finding import Evidence, Finding, FindingRemediation, PastFinding, RootCause, State
from auditor.model.report import (
    FrameworkSummary,
    Gate,
    Report,
    RequirementStatus,
    RequirementSummary,
    RuleSummary,
    TrendPoint,
)
from auditor.model.resource import Origin, ResourceRef, SnapshotInfo
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import Coverage, Gap
from auditor.model.waiver import ResourcePattern, Waiver, WaiverStatus, WaiverSummary

from .samples import HOSTILE, hostile

AS_OF, EARLIER, LAST = "2026-11-23T20:42:00Z", "2026-11-01T02:00:00Z", "2026-11-22T20:42:00Z"
ACCOUNT, OTHER = "123456789012", "210987654321"
_COUNTS = {"pass": 0, "fail": 0, "waived": 0, "unknown": 0, "error": 0, "not_applicable": 0}


def _rule(number: str, name: str, severity: Severity, **counts: int) -> RuleSummary:
    return RuleSummary(
        number, name, f"Title of {name}", severity, "storage", "user_profile", f"Why {name} matters.", "Set it.",
        ("P21",), ("https://docs.aws.amazon.com/sagemaker/latest/dg/domain.html",), _COUNTS | counts,
    )  # fmt: skip


def _profile(name: str, **changes: object) -> ResourceRef:
    base = ResourceRef(
        "user_profile", f"d-1/{name}", name, ACCOUNT, "eu-west-1",
        f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:user-profile/d-1/{name}", "d-1", "research",
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def _made(number: int, rule: RuleSummary, resource: ResourceRef, **changes: object) -> Finding:
    origin = Origin("domain", "d-1", "DefaultUserSettings.AutoMountHomeEFS")
    fix = FindingRemediation("Set it.", "aws sagemaker update-domain --domain-id d-1", "AutoMountHomeEFS: Disabled",
                             'auto_mount_home_efs = "Disabled"')  # fmt: skip
    base = Finding(
        f"{number:032x}", rule.id, Verdict.FAIL, rule.severity, resource, f"{resource.name} mounts the EFS home",
        (Evidence("auto_mount_home_efs", "Enabled", origin), Evidence("experience", "studio", origin)), "c0ffee", fix,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def everything() -> Report:
    """Every verdict, state, kind of waiver, place and past finding, one each and by hand."""
    rules = tuple(
        _rule(f"STU9{n:02}", f"rule-{severity}", severity, **counts)
        for n, (severity, counts) in enumerate(
            (
                (Severity.CRITICAL, {"fail": 1, "pass": 7}), (Severity.HIGH, {"fail": 2, "waived": 1}),
                (Severity.MEDIUM, {"fail": 1, "unknown": 1, "pass": 3}), (Severity.LOW, {"fail": 2, "error": 1}),
                (Severity.INFO, {"fail": 1}), (Severity.LOW, {"not_applicable": 4}), (Severity.LOW, {"pass": 5}),
            )
        )
    )  # fmt: skip
    critical, high, medium, low, info, _, _ = rules
    waiver = Waiver(
        (high.id,),
        ResourcePattern(name="ada"),
        "moves with the team in spring",
        "Jane Roe",
        date(2026, 12, 31),
        "SEC-7",
    )
    in_yaml = ResourceRef(
        "user_profile", "Grace", "grace-hopper", "", "", file="stacks/my studio.yaml", line=12, domain_id="Domain",
        domain_name="research", construct="Studio/Research/Grace/Resource",
    )  # fmt: skip
    in_terraform = ResourceRef(
        "domain", "module.studio.aws_sagemaker_domain.this[\"a\"]", "research", "", "", file="infra/main.tf", line=3,
        domain_id="module.studio.aws_sagemaker_domain.this[\"a\"]",
    )  # fmt: skip
    own_line = Origin("profile", "Grace", "UserSettings.AutoMountHomeEFS", "stacks/my studio.yaml", 17)
    far_line = Origin("domain", "Domain", "DefaultUserSettings.X", "stacks/domain.yaml", 4)
    role = ResourceRef("execution_role", f"arn:aws:iam::{ACCOUNT}:role/x", "x", ACCOUNT, "aws-global",
                       f"arn:aws:iam::{ACCOUNT}:role/x")  # fmt: skip
    findings = (
        _made(1, critical, role, state=State.NEW, first_seen=AS_OF, gates=True),
        _made(2, high, _profile("alan"), state=State.REGRESSED, first_seen=EARLIER, regressed=2, gates=True),
        _made(3, high, _profile("kurt"), state=State.OPEN, first_seen=EARLIER),
        _made(4, high, _profile("ada"), state=State.WAIVED, first_seen=EARLIER, waiver=waiver),
        _made(5, medium, _profile("mary", account=OTHER, region="us-gov-west-1", arn=""), state=State.NEW),
        _made(6, low, in_yaml, state=State.NEW, evidence=(Evidence("auto_mount_home_efs", "Enabled", own_line),
                                                          Evidence("experience", "studio", far_line))),
        _made(7, low, in_terraform, state=State.OPEN),
        _made(8, info, _profile("emmy"), state=State.NEW, remediation=None, evidence=()),
        _made(9, low, _profile("sofia"), status=Verdict.ERROR, message="the rule could not be evaluated: Out of Range",
              root_cause="", remediation=None),
        _made(10, medium, _profile("rosa"), status=Verdict.UNKNOWN, message="cannot be decided: experience is unknown",
              root_cause="", remediation=None, evidence=(Evidence("experience", None, Origin("unknown", "d-1", "x")),)),
    )  # fmt: skip
    gone = _rule("STU990", "rule-of-yesterday", Severity.HIGH)
    past = (
        PastFinding(_made(20, high, _profile("mended"), first_seen=EARLIER), State.RESOLVED, LAST, "passes now"),
        PastFinding(_made(21, gone, _profile("unjudged"), first_seen=EARLIER), State.NOT_ASSESSED, LAST, "no rule"),
        PastFinding(_made(22, medium, _profile("abroad", region="us-east-1")), State.CARRIED_OVER, LAST, ""),
        # The same finding as the unknown one above: it failed before, so its doubt is one entry, not two.
        PastFinding(_made(10, medium, _profile("rosa"), first_seen=EARLIER), State.NOT_ASSESSED, LAST, "unknown now"),
    )  # fmt: skip
    lapsed = replace(waiver, expires=date(2026, 11, 1), rules=(info.id,))
    return Report(
        tool_version="1.2.0",
        as_of=AS_OF,
        source="mixed",
        snapshots=(
            SnapshotInfo("a.jsonl", "0" * 64, AS_OF, "aws", "1.44.5", "arn",
                         ((ACCOUNT, "eu-west-1"), (OTHER, "us-gov-west-1"))),
            SnapshotInfo("t.jsonl", "1" * 64, AS_OF, "cloudformation", "", "", (("", ""),)),
        ),
        resources={"domain": 2, "user_profile": 9, "space": 0, "app": 0},
        by_status=_COUNTS | {"pass": 15, "fail": 7, "waived": 1, "unknown": 1, "error": 1, "not_applicable": 4},
        by_severity={"critical": 1, "high": 2, "medium": 1, "low": 2, "info": 1},
        rules=rules,
        domains=(),
        coverage=(Coverage(ACCOUNT, "eu-west-1", "ListDomains", 3), Coverage(ACCOUNT, "eu-west-1", "ListTags", 9, 2)),
        gaps=(
            Gap(ACCOUNT, "eu-west-1", "user_profile", "d-1/rosa", "UserSettings", "DescribeUserProfile",
                "access_denied", "no"),
            Gap(ACCOUNT, "eu-west-1", "tags", "*", "Tags", "GetResources", "throttled"),
        ),
        root_causes=(
            RootCause("c0ffee", high.id, Severity.HIGH, _profile("alan"), "UserSettings.X", "Enabled", "profile", 2,
                      None),
        ),
        findings=findings,
        frameworks=(
            FrameworkSummary("nist", "NIST 800-53", "5", "https://example.org", (
                RequirementSummary("AC-2", "Accounts", {high.id: "because"}, RequirementStatus.FAIL, 2, 0),)),
        ),
        waivers=(WaiverSummary(waiver, WaiverStatus.ACTIVE, 1), WaiverSummary(lapsed, WaiverStatus.LAPSED, 1)),
        gate=Gate(Severity.HIGH, failed=2),
        previous=LAST,
        past=past,
        trend=(
            TrendPoint(LAST, {"critical": 0, "high": 3, "medium": 1, "low": 1, "info": 0}),
            TrendPoint(AS_OF, {"critical": 1, "high": 2, "medium": 1, "low": 2, "info": 1}, waived=1, unknown=1, new=4,
                       regressed=1, resolved=1, incomplete=True),
        ),
    )  # fmt: skip


def huge(findings: int) -> Report:
    """So many failures on different profiles, and nothing else by hand."""
    report = everything()
    rule = report.rules[1]
    made = tuple(
        _made(n, rule, _profile(f"profile-{n}"), state=State.OPEN if n % 3 else State.NEW, first_seen=EARLIER)
        for n in range(findings)
    )
    return replace(report, findings=made, past=(), by_severity={"high": findings})


def hostile_everything() -> Report:
    """The same with markup wherever text of the account, of a waiver or of an earlier run can stand."""
    report = hostile(everything())

    def waiver(w: Waiver) -> Waiver:
        return replace(w, reason=HOSTILE, owner=HOSTILE, ticket=HOSTILE)

    return replace(
        report,
        findings=tuple(replace(f, waiver=waiver(f.waiver) if f.waiver else None) for f in report.findings),
        past=tuple(
            replace(p, reason=HOSTILE, finding=replace(p.finding, message=HOSTILE, resource=_profile(HOSTILE)))
            for p in report.past
        ),
        waivers=tuple(replace(w, waiver=waiver(w.waiver)) for w in report.waivers),
    )
