"""report.sarif: SARIF 2.1.0 (OASIS, errata 01), in the shape that GitHub code scanning accepts.

Two rules of GitHub's shape it beyond the schema. It closes the alert of a result that is missing from the next upload,
so unknown verdicts, errors and failures that this run did not look at are results as well (kind ``open``), never left
out. And it accepts locations inside the repository only ("unrecognized SARIF location URI scheme" otherwise), so a live
resource has a path that stands for it.

Source of the limits: GitHub docs, "SARIF support for code scanning" and "SARIF results exceed limits".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from auditor.counting import plural
from auditor.model.finding import Finding, PastFinding, State
from auditor.model.report import Report, RuleSummary
from auditor.model.resource import ResourceRef
from auditor.model.rule import Severity, Verdict
from auditor.report.json_text import array, to_json
from auditor.report.phrases import (
    TOOL,
    FileLocation,
    cut,
    evidence_words,
    fix,
    gap_groups,
    gap_words,
    name,
    origin_place,
    outstanding,
    past_words,
    place,
    points_elsewhere,
    resource_place,
    sentence,
    status,
)

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: GitHub refuses a file with more results in one run.
MAX_RESULTS = 25_000
_MAX_NOTIFICATIONS = 1_000
#: GitHub's limits: characters of a rule's name and descriptions, tags of a rule.
_NAME, _DESCRIPTION, _TAGS = 255, 1024, 20
_EVIDENCE = 6
_LEVELS = {
    Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note",
    Severity.INFO: "note",
}  # fmt: skip
#: GitHub: over 9.0 critical, from 7.0 high, from 4.0 medium, from 0.1 low; none makes a rule no security rule.
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
_BASELINE = {State.NEW: "new", State.REGRESSED: "new", State.OPEN: "unchanged"}
_ROOT = "%SRCROOT%"
_UNKNOWN_RULE = "A rule of an earlier run that this one does not have."


def render(report: Report) -> Iterator[str]:
    """The log, one result a line, the worst first; beyond GitHub's limit the rest is counted, not listed."""
    run = _Run(report)
    results = sum(1 for _ in run.items())
    yield f'{{"$schema": {to_json(SCHEMA)}, "version": "2.1.0", "runs": [{{\n'
    yield f'"tool": {to_json(run.tool())},\n'
    yield f'"automationDetails": {to_json({"id": _automation(report)})},\n'
    yield f'"invocations": {to_json([run.invocation(max(0, results - MAX_RESULTS))])},\n'
    yield f'"originalUriBaseIds": {to_json({_ROOT: {"description": {"text": "The root of the repository."}}})},\n'
    yield '"columnKind": "unicodeCodePoints",\n"results": '
    yield from array(islice(run.results(), MAX_RESULTS))
    yield "\n}]}\n"


def _automation(report: Report) -> str:
    """GitHub takes all before the last slash for the category: uploads of one category replace each other."""
    accounts = sorted({account for info in report.snapshots for account, _ in info.scopes if account})
    where = accounts[0] if len(accounts) == 1 else "accounts" if accounts else "templates"
    return f"sagemaker-studio/{report.source}/{where}/{report.as_of}"


def message(text: str) -> dict[str, str]:
    """A message; ``](`` would make a link of what a resource's name says."""
    return {"text": text.replace("](", "] (") or "-"}


class _Run:
    def __init__(self, report: Report) -> None:
        self._report = report
        known = {rule.id: rule for rule in report.rules}
        self._past = tuple(outstanding(report))
        # An earlier failure may be one of a rule that this run does not have.
        others = sorted({p.finding.rule_id for p in self._past} - set(known))
        self._rules: tuple[RuleSummary | str, ...] = (*report.rules, *others)
        self._index = {r if isinstance(r, str) else r.id: number for number, r in enumerate(self._rules)}
        self._waived = any(f.waiver is not None for f in report.findings)
        compared = report.previous is not None or any(f.state is not None for f in report.findings)
        self._compared = compared
        self._doubted = {p.finding.fingerprint for p in report.past if p.state is State.NOT_ASSESSED}

    def items(self) -> Iterator[Finding | PastFinding]:
        """What becomes a result, failures first, so that the limit leaves out doubts before it leaves out failures."""
        yield from self._report.findings
        yield from self._past

    def results(self) -> Iterator[dict[str, Any]]:
        for item in self.items():
            yield self._past_result(item) if isinstance(item, PastFinding) else self._result(item)

    def tool(self) -> dict[str, Any]:
        version = self._report.tool_version
        reasons = sorted({gap.reason for gap in self._report.gaps})
        notes = [_described(_gap_id(reason), f"Not seen: {_words(reason)}.") for reason in reasons]
        notes += [
            _described("rule-error", "A rule could not be evaluated."),
            _described("results-left-out", "More results than GitHub accepts."),
        ]
        rules = [_described(r, _UNKNOWN_RULE) if isinstance(r, str) else _descriptor(r) for r in self._rules]
        return {"driver": {"name": TOOL, "version": version, "semanticVersion": _semantic(version), "rules": rules,
                           "notifications": notes}}  # fmt: skip

    def invocation(self, left_out: int) -> dict[str, Any]:
        notes = list(islice(self._notifications(), _MAX_NOTIFICATIONS))
        if left_out:
            text = f"Left out: {plural(left_out, 'result')}. GitHub accepts {MAX_RESULTS:,}; report.json has them all."
            notes.append(_note("results-left-out", "warning", text))
        errors = any(f.status is Verdict.ERROR for f in self._report.findings)
        return {"executionSuccessful": not errors, "startTimeUtc": self._report.as_of,
                "toolExecutionNotifications": notes}  # fmt: skip

    def _notifications(self) -> Iterator[dict[str, Any]]:
        broken: dict[str, Finding] = {}
        for finding in self._report.findings:
            if finding.status is Verdict.ERROR:
                broken.setdefault(finding.rule_id, finding)
        for rule_id, finding in broken.items():
            note = _note("rule-error", "error", f"{rule_id}: {finding.message}")
            yield note | {"associatedRule": {"id": rule_id, "index": self._index[rule_id]}}
        for group in gap_groups(self._report):
            yield _note(_gap_id(group.reason), "warning", gap_words(group))

    def _common(self, finding: Finding) -> dict[str, Any]:
        made: dict[str, Any] = {
            "ruleId": finding.rule_id,
            "ruleIndex": self._index[finding.rule_id],
            "locations": [_location(finding.resource, place(finding))],
            # GitHub reads primaryLocationLineHash and nothing else; no line goes into it, so that an alert outlives
            # the edits around it.
            "partialFingerprints": {
                "primaryLocationLineHash": f"{finding.fingerprint}:1",
                "auditorFingerprint/v1": finding.fingerprint,
            },
            "properties": {
                "severity": finding.severity,
                "state": finding.state,
                "firstSeen": finding.first_seen,
                "regressed": finding.regressed,
                "resource": _resource(finding.resource),
            },
        }
        if self._waived:
            # All results or none have the member (SARIF 3.27.23).
            made["suppressions"] = []
        return made

    def _result(self, finding: Finding) -> dict[str, Any]:
        made = self._common(finding)
        failed = finding.status is Verdict.FAIL
        lines = [sentence(finding), *(evidence_words(e) for e in finding.evidence[:_EVIDENCE])]
        # A result of another kind than fail has no level (SARIF 3.27.10).
        made |= {
            "kind": "fail" if failed else "open",
            "level": _LEVELS[finding.severity] if failed else "none",
            "message": message("\n".join(lines)),
        }
        made["properties"] |= {"status": status(finding), "gates": finding.gates, "rootCause": finding.root_cause,
                               "fix": fix(finding)}  # fmt: skip
        related = related_locations(finding, place(finding))
        if related:
            made["relatedLocations"] = related
        if finding.waiver is not None:
            waiver = finding.waiver
            made["suppressions"] = [
                {"kind": "external", "status": "accepted", "justification": waiver.reason or "-",
                 "properties": {"owner": waiver.owner, "expires": waiver.expires, "ticket": waiver.ticket}}
            ]  # fmt: skip
        baseline = self._baseline(finding)
        if baseline:
            made["baselineState"] = baseline
        return made

    def _past_result(self, past: PastFinding) -> dict[str, Any]:
        finding = past.finding
        carried = past.state is State.CARRIED_OVER
        made = self._common(finding) | {
            "kind": "fail" if carried else "open",
            "level": _LEVELS[finding.severity] if carried else "none",
            "message": message(past_words(past)),
            "baselineState": "unchanged",
        }
        made["properties"] |= {"status": "unknown", "state": past.state, "lastSeen": past.last_seen}
        return made

    def _baseline(self, finding: Finding) -> str:
        if not self._compared:
            return ""
        if finding.state in _BASELINE:
            return _BASELINE[finding.state]
        if finding.state is State.WAIVED:
            seen = finding.first_seen
            return "new" if seen is None or seen == self._report.as_of else "unchanged"
        # Unknown and error: that it failed before is known where the history says so, and nothing else is known.
        return "updated" if finding.fingerprint in self._doubted else ""


def _semantic(version: str) -> str:
    """PEP 440's ``1.2.0.dev3`` as Semantic Versioning writes it."""
    found = re.match(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?[.-]?([0-9A-Za-z.-]*)", version)
    if found is None:
        return "0.0.0"
    core = ".".join(str(int(part or 0)) for part in found.groups()[:3])
    return f"{core}-{found[4]}" if found[4] else core


def _words(reason: str) -> str:
    return reason.replace("_", " ")


def _gap_id(reason: str) -> str:
    return f"gap-{reason.replace('_', '-')}"


def _described(identifier: str, text: str) -> dict[str, Any]:
    words = {"text": text}
    return {"id": identifier, "shortDescription": words, "fullDescription": words, "help": words}


def _descriptor(rule: RuleSummary) -> dict[str, Any]:
    tags = ["security", "sagemaker", rule.area, *rule.practices]
    score = _SCORES.get(rule.severity)
    made: dict[str, Any] = {
        "id": rule.id,
        "name": cut(rule.name, _NAME),
        "shortDescription": {"text": cut(f"{rule.title}.", _DESCRIPTION)},
        "fullDescription": {"text": cut(_prose(rule.why) or rule.title, _DESCRIPTION)},
        "help": {"text": _help(rule), "markdown": help_markdown(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": list(dict.fromkeys(tag for tag in tags if tag))[:_TAGS],
            "severity": rule.severity,
            "counts": rule.counts,
            **({"security-severity": score} if score else {"problem.severity": "recommendation"}),
        },
    }
    if rule.references:
        made["helpUri"] = rule.references[0]
    return made


def _prose(text: str) -> str:
    return " ".join(text.split())


def _help(rule: RuleSummary) -> str:
    references = "".join(f"\n{url}" for url in rule.references)
    return f"{rule.title}.\n\n{rule.why.strip()}\n\nRemediation: {rule.steps.strip()}\n{references}".strip()


def help_markdown(rule: RuleSummary) -> str:
    """The rule's page as GitHub shows it beside an alert."""
    parts = [f"**{rule.title}.**", rule.why.strip(), "## Remediation", rule.steps.strip()]
    if rule.references:
        parts += ["## References", "\n".join(f"- <{url}>" for url in rule.references)]
    practices = f" Practices: {', '.join(rule.practices)}." if rule.practices else ""
    parts.append(f"`auditor rules show {rule.id}` says more.{practices}")
    return "\n\n".join(part for part in parts if part)


def _note(descriptor: str, level: str, text: str) -> dict[str, Any]:
    return {"descriptor": {"id": descriptor}, "level": level, "message": message(text)}


def _resource(resource: ResourceRef) -> dict[str, Any]:
    return {
        "type": resource.type, "id": resource.id, "name": resource.name, "account": resource.account,
        "region": resource.region, "arn": resource.arn, "domain": resource.domain_name or resource.domain_id,
    }  # fmt: skip


def _location(resource: ResourceRef, where: FileLocation) -> dict[str, Any]:
    logical = {"name": resource.name or resource.id, "fullyQualifiedName": resource.construct or resource.key,
               "kind": "resource"}  # fmt: skip
    return {"physicalLocation": _physical(where), "logicalLocations": [logical]}


def _physical(where: FileLocation) -> dict[str, Any]:
    artifact = {"uri": where.uri} if where.absolute else {"uri": where.uri, "uriBaseId": _ROOT}
    region = {"startLine": where.line, "startColumn": 1, "endLine": where.line, "endColumn": 1}
    return {"artifactLocation": artifact, "region": region}


def related_locations(finding: Finding, where: FileLocation) -> list[dict[str, Any]]:
    """Where a template writes the resource and the values that the rule read, other than where the finding is shown."""
    found: dict[tuple[str, int], str] = {}
    own = resource_place(finding.resource)
    if points_elsewhere(finding) and own != where:
        found[own.path, own.line] = f"{name(finding.resource)} is defined here."
    for evidence in finding.evidence:
        other = origin_place(evidence)
        if other is not None and other != where:
            found.setdefault((other.path, other.line), f"{evidence.setting} is set here.")
    return [
        {"id": number, "message": message(text), "physicalLocation": _physical(FileLocation(*key, live=False))}
        for number, (key, text) in enumerate(found.items(), start=1)
    ]
