"""Reports for tests: of the embedded estates, and made by hand to be hostile or huge."""

from __future__ import annotations

from dataclasses import replace

from auditor.model.report import Finding, Report, ResourceRef, RootCause
from auditor.model.rule import Severity

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>\"'&{{7*7}}\u202e\x1b[31m"


def hostile(report: Report) -> Report:
    """The report with markup wherever text of the account can stand."""

    def resource(r: ResourceRef) -> ResourceRef:
        return replace(r, name=HOSTILE, domain_name=HOSTILE, arn=HOSTILE)

    def finding(f: Finding) -> Finding:
        evidence = tuple(
            replace(e, value=HOSTILE, origin=replace(e.origin, resource=HOSTILE, path=HOSTILE)) for e in f.evidence
        )
        return replace(f, message=HOSTILE, resource=resource(f.resource), evidence=evidence)

    def cause(c: RootCause) -> RootCause:
        remediation = replace(c.remediation, aws=HOSTILE, terraform=HOSTILE) if c.remediation else None
        return replace(c, resource=resource(c.resource), value=HOSTILE, setting=HOSTILE, remediation=remediation)

    return replace(
        report,
        findings=tuple(map(finding, report.findings)),
        root_causes=tuple(map(cause, report.root_causes)),
        domains=tuple(replace(d, resource=resource(d.resource), auth_mode=HOSTILE) for d in report.domains),
        gaps=tuple(replace(g, resource_id=HOSTILE, detail=HOSTILE, setting=HOSTILE) for g in report.gaps),
        snapshots=tuple(replace(s, file=HOSTILE, caller=HOSTILE) for s in report.snapshots),
        params={HOSTILE: HOSTILE},
    )


def multiplied(report: Report, times: int) -> Report:
    """The report with each profile's failures ``times`` over, as many profiles under the same causes."""
    findings = [
        replace(
            f,
            fingerprint=f"{n:04x}{f.fingerprint[4:]}",
            resource=replace(f.resource, id=f"{f.resource.id}-{n}", name=f"{f.resource.name}-{n}"),
        )
        for f in report.findings
        if f.resource.type == "user_profile"
        for n in range(times)
    ]
    causes = tuple(replace(c, affects=c.affects * times) for c in report.root_causes)
    totals = {str(s): sum(1 for f in findings if f.severity == s) for s in Severity}
    return replace(report, findings=tuple(findings), root_causes=causes, by_severity=totals)
