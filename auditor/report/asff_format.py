"""report.asff.json: the AWS Security Finding Format, as ``aws securityhub batch-import-findings`` takes it.

=====================================  =================  ============  ================
finding                                Compliance.Status  RecordState   Workflow.Status
=====================================  =================  ============  ================
fail                                   FAILED             ACTIVE        not set (NEW)
waived                                 FAILED             ACTIVE        SUPPRESSED
unknown                                WARNING            ACTIVE        not set
error                                  NOT_AVAILABLE      ACTIVE        not set
failed before, not assessed now        WARNING            ACTIVE        not set
resolved since the last run            NOT_AVAILABLE      ARCHIVED      not set
=====================================  =================  ============  ================

A resolved finding passes now or its resource is gone; which of the two is not recorded, so it does not claim PASSED.
What is written in a template is in no account, and so in no Security Hub: it is left out.

Source of the limits: Security Hub API reference, AwsSecurityFinding; user guide, "Required top-level ASFF attributes".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from auditor.inert_text import visible
from auditor.model.finding import Finding, PastFinding, State
from auditor.model.report import Report, RuleSummary
from auditor.model.resource import ResourceRef
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import GLOBAL
from auditor.report.json_text import array
from auditor.report.phrases import (
    PRODUCT,
    TOOL,
    cut,
    evidence_words,
    fix,
    frameworks_of,
    name,
    outstanding,
    partition,
    past_words,
    resolved,
    sentence,
    waiver_words,
)

SCHEMA_VERSION = "2018-10-08"
#: Characters: of each text, of a key and a value of ProductFields, of a key and a value of a resource's details.
_ID, _TITLE, _DESCRIPTION, _REMEDY, _NOTE = 512, 256, 1024, 512, 512
_FIELD_KEY, _FIELD, _DETAIL = 128, 2048, 1024
_MAP, _REQUIREMENTS, _REQUIREMENT = 50, 32, 64
#: Those that the API knows.
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
_TYPES = ["Software and Configuration Checks/AWS Security Best Practices"]
_SEVERITIES = {
    Severity.CRITICAL: "CRITICAL", Severity.HIGH: "HIGH", Severity.MEDIUM: "MEDIUM", Severity.LOW: "LOW",
    Severity.INFO: "INFORMATIONAL",
}  # fmt: skip
_STATUSES = {Verdict.FAIL: "FAILED", Verdict.UNKNOWN: "WARNING", Verdict.ERROR: "NOT_AVAILABLE"}


def render(report: Report) -> Iterator[str]:
    """The array, one finding a line."""
    yield from array(findings(report))
    yield "\n"


def findings(report: Report) -> Iterator[dict[str, Any]]:
    """This run's findings, then those of earlier runs that changed: each as Security Hub takes it."""
    rules = {rule.id: rule for rule in report.rules}
    requirements = frameworks_of(report)
    homes = home_regions(report)

    def made(finding: Finding, compliance: str, text: str) -> dict[str, Any]:
        region = hub_region(finding, homes)
        return _finding(report, finding, region, rules.get(finding.rule_id), requirements, compliance, text)

    for finding in report.findings:
        if in_account(finding):
            one = made(finding, _STATUSES[finding.status], sentence(finding))
            if finding.waiver is not None:
                # Security Hub reads both only where it does not know the finding yet.
                one |= {"Workflow": {"Status": "SUPPRESSED"}, "Note": note(finding, report.as_of)}
            yield one
    for past in _changed(report):
        done = past.state is State.RESOLVED
        reason = f" ({past.reason})" if past.reason else ""
        text = f"Resolved{reason}: {past.finding.message}" if done else past_words(past)
        one = made(past.finding, "NOT_AVAILABLE" if done else "WARNING", text)
        yield one | ({"RecordState": "ARCHIVED"} if done else {})


def _changed(report: Report) -> Iterable[PastFinding]:
    for past in outstanding(report):
        # What was not part of this run stands in Security Hub as it is.
        if past.state is State.NOT_ASSESSED and in_account(past.finding):
            yield past
    for past in resolved(report):
        if in_account(past.finding):
            yield past


def in_account(finding: Finding) -> bool:
    """Whether the finding is about a live resource, so that there is a Security Hub for it."""
    resource = finding.resource
    return not resource.file and len(resource.account) == 12 and resource.account.isdecimal() and bool(resource.region)


def finding_id(finding: Finding) -> str:
    """The finding's ``Id``: the same for every run."""
    return cut(f"{TOOL}/{finding.rule_id}/{finding.fingerprint}", _ID)


def home_regions(report: Report) -> dict[str, str]:
    """By account, the region whose Security Hub takes findings about what is in no region (IAM roles).

    us-east-1 where it was audited, since IAM itself is there; else the first of those that were.
    """
    audited: dict[str, list[str]] = {}
    for info in report.snapshots:
        for account, region in info.scopes:
            if region != GLOBAL:
                audited.setdefault(account, []).append(region)
    return {account: min(regions, key=lambda r: (r != "us-east-1", r)) for account, regions in audited.items()}


def hub_region(finding: Finding, homes: Mapping[str, str]) -> str:
    """The region whose Security Hub takes the finding."""
    resource = finding.resource
    return homes.get(resource.account, "us-east-1") if resource.region == GLOBAL else resource.region


def product_arn(resource: ResourceRef, region: str) -> str:
    """The default product of the account: findings of a custom integration belong to it."""
    account = resource.account
    return f"arn:{partition(resource)}:securityhub:{region}:{account}:product/{account}/default"


def note(finding: Finding, as_of: str) -> dict[str, str]:
    """The waiver as a note. ``UpdatedBy`` tells our suppressions from a person's."""
    assert finding.waiver is not None, finding.fingerprint
    return {"Text": cut(_text(waiver_words(finding.waiver)), _NOTE), "UpdatedBy": TOOL, "UpdatedAt": as_of}


def _finding(
    report: Report,
    finding: Finding,
    region: str,
    rule: RuleSummary | None,
    requirements: dict[str, list[str]],
    compliance: str,
    text: str,
) -> dict[str, Any]:
    first = finding.first_seen or report.as_of
    related = [*(rule.practices if rule else ()), *requirements.get(finding.rule_id, ())]
    made: dict[str, Any] = {
        "SchemaVersion": SCHEMA_VERSION,
        "Id": finding_id(finding),
        "ProductArn": product_arn(finding.resource, region),
        "ProductName": PRODUCT,
        "CompanyName": TOOL,
        "GeneratorId": cut(f"{TOOL}/{finding.rule_id}", _ID),
        "AwsAccountId": finding.resource.account,
        # "Finding providers use FindingProviderFields": Security Hub fills in Severity and Types from them.
        "FindingProviderFields": {
            "Severity": {"Label": _SEVERITIES[finding.severity], "Original": str(finding.severity)}, "Types": _TYPES,
        },
        "FirstObservedAt": first,
        "CreatedAt": first,
        "LastObservedAt": report.as_of,
        "UpdatedAt": report.as_of,
        "Title": cut(f"{finding.rule_id} {rule.title if rule else ''}".strip(), _TITLE),
        "Description": cut(_text(text) or finding.rule_id, _DESCRIPTION),
        "ProductFields": _map(_fields(report, finding, rule), _FIELD),
        "Resources": [_resource(finding, region)],
        "Compliance": {"Status": compliance},
        "RecordState": "ACTIVE",
    }  # fmt: skip
    if related:
        made["Compliance"]["RelatedRequirements"] = [cut(r, _REQUIREMENT) for r in related[:_REQUIREMENTS]]
    if rule is not None and rule.steps.strip():
        made["Remediation"] = {"Recommendation": _recommendation(rule)}
    return made


def _recommendation(rule: RuleSummary) -> dict[str, str]:
    made = {"Text": cut(" ".join(rule.steps.split()), _REMEDY)}
    return made | ({"Url": rule.references[0]} if rule.references else {})


def _fields(report: Report, finding: Finding, rule: RuleSummary | None) -> Iterator[tuple[str, str]]:
    yield "Fingerprint", finding.fingerprint
    yield "Rule", f"{finding.rule_id} {rule.name if rule else ''}".strip()
    yield "Verdict", str(finding.status)
    yield "State", str(finding.state or "")
    yield "RootCause", finding.root_cause
    yield "Domain", finding.resource.domain_name or finding.resource.domain_id
    yield "Fix", fix(finding)
    yield "ToolVersion", report.tool_version
    for number, evidence in enumerate(finding.evidence):
        yield f"Evidence/{number:02}", evidence_words(evidence)


def _map(pairs: Iterable[tuple[str, str]], limit: int) -> dict[str, str]:
    """Pairs with a value, as many and as long as Security Hub takes them."""
    kept = [(cut(f"{TOOL}/{key}", _FIELD_KEY), cut(text, limit)) for key, value in pairs if (text := _text(value))]
    return dict(kept[:_MAP])


def _text(value: str) -> str:
    # A text of white space only is refused.
    return visible(value).strip()


def _resource(finding: Finding, region: str) -> dict[str, Any]:
    resource = finding.resource
    other = {"type": resource.type, "id": resource.id, "name": name(resource), "domainId": resource.domain_id,
             "domainName": resource.domain_name}  # fmt: skip
    where = partition(resource)
    return {
        # Security Hub has no type of its own for Studio's resources.
        "Type": "Other",
        "Id": cut(_text(resource.arn or resource.key), _ID),
        **({"Partition": where} if where in _PARTITIONS else {}),
        "Region": region,
        "Details": {"Other": {key: cut(text, _DETAIL) for key, value in other.items() if (text := _text(value))}},
    }
