"""report.oscal.json: NIST OSCAL 1.2, assessment-results, one result with what this run saw.

=======================================  ==================================================================
here                                     in OSCAL
=======================================  ==================================================================
rule that was evaluated                  reviewed control, and a finding with its target
rule: something passes, nothing else     ``satisfied``, reason ``pass``
rule: a failure that counts              ``not-satisfied``, reason ``fail``
rule: waived, unknown or error           ``not-satisfied``, reason ``other``: a doubt never satisfies
fail, waived, unknown, error             an observation each, by fingerprint
failed before, not assessed now          an observation, and its rule is not satisfied
root cause                               a risk: ``open``, or ``deviation-approved`` where all of it is waived
resolved since the last run              a risk that is ``closed``
=======================================  ==================================================================

Whatever comes from the account is escaped: titles and descriptions are markup in OSCAL. UUIDs are made of what they
name, so that equal reports give equal bytes and an observation keeps its UUID from run to run.

Source: NIST, OSCAL 1.2.0 assessment-results JSON format reference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha1
from itertools import chain
from typing import Any
from uuid import UUID, uuid5

from auditor.inert_text import one_line
from auditor.model.finding import Finding, PastFinding, RootCause
from auditor.model.report import Report, RuleSummary
from auditor.model.resource import ResourceRef
from auditor.model.rule import Verdict
from auditor.report.first_screen import due, wrong
from auditor.report.json_text import array, to_json
from auditor.report.markdown.markdown_text import text
from auditor.report.phrases import (
    PRODUCT,
    TOOL,
    evidence_words,
    fix,
    frameworks_of,
    name,
    outstanding,
    past_words,
    resolved,
    sentence,
    status,
    waiver_words,
)

VERSION = "1.2.0"
#: Names of properties that are ours.
NAMESPACE = f"urn:{TOOL}"
_UUIDS = uuid5(UUID(int=0), NAMESPACE)
_SPACE = sha1(_UUIDS.bytes, usedforsecurity=False)
#: The digit that says by which standard a UUID is made: its upper bits are 10.
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_LINE, _LONG = 240, 2_000

Document = dict[str, Any]


def render(report: Report) -> Iterator[str]:
    """The document, one observation, risk or finding a line."""
    made = _Results(report)
    yield f'{{"assessment-results":{{"uuid":{to_json(made.uuid)},"metadata":{to_json(made.metadata())},'
    yield f'"import-ap":{to_json({"href": f"#{made.plan}"})},"results":[{to_json(made.head())[:-1]}'
    yield f',"local-definitions":{{"assessment-assets":{to_json(made.assets())}'
    yield from _listed("inventory-items", made.items())
    yield "}"
    for member, items in (
        ("observations", made.observations()), ("risks", made.risks()), ("findings", made.findings())
    ):  # fmt: skip
        yield from _listed(member, items)
    yield f'}}],"back-matter":{to_json(made.back_matter())}}}}}\n'


def _listed(member: str, items: Iterator[Document]) -> Iterator[str]:
    """A member with a list, left out where that is empty: OSCAL has no empty lists."""
    first = next(items, None)
    if first is None:
        return
    yield f',"{member}":'
    yield from array(chain((first,), items))


class _Results:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._rules = {rule.id: rule for rule in report.rules}
        self._requirements = frameworks_of(report)
        self._outstanding = tuple(outstanding(report))
        self._run = "/".join((report.as_of, *(info.sha256 for info in report.snapshots)))
        self.uuid, self.plan = _uuid("results", self._run), _uuid("plan", self._run)
        self._tool, self._platform = _uuid("tool", report.tool_version), _uuid("platform", report.tool_version)
        self._origins = [{"actors": [{"type": "tool", "actor-uuid": self._tool}]}]
        self._of_cause: dict[str, list[str]] = defaultdict(list)
        self._of_rule: dict[str, list[str]] = defaultdict(list)
        self._waived: dict[str, int] = defaultdict(int)
        for finding in report.findings:
            observed = _uuid("observation", finding.fingerprint)
            self._of_rule[finding.rule_id].append(observed)
            if finding.root_cause:
                self._of_cause[finding.root_cause].append(observed)
            self._waived[finding.rule_id] += finding.waiver is not None
        for past in self._outstanding:
            self._of_rule[past.finding.rule_id].append(_uuid("observation", past.finding.fingerprint))

    def metadata(self) -> Document:
        """Of the document: when, by what, in which version."""
        return {
            "title": f"{PRODUCT}: assessment results",
            "last-modified": self._report.as_of,
            "version": self._report.as_of,
            "oscal-version": VERSION,
        }

    def head(self) -> Document:
        """The result but for its long lists."""
        report = self._report
        evaluated = list(self._evaluated()) or list(self._rules.values())
        selected: Document = {"description": "Rules that were evaluated."}
        controls = [{"control-id": rule.id} for rule in evaluated]
        selected["include-controls" if controls else "include-all"] = controls or {}
        counted = {**report.by_status, "gaps": len(report.gaps), "outcome": report.gate.outcome}
        return {
            "uuid": _uuid("result", self._run),
            "title": f"Audit of SageMaker Studio, {report.as_of}",
            "description": _counts(report),
            "start": report.as_of,
            "props": [_prop(key.replace("_", "-"), value) for key, value in counted.items()],
            "reviewed-controls": {"control-selections": [selected]},
        }

    def items(self) -> Iterator[Document]:
        """The resources that observations are about."""
        subjects = {finding.resource.key: finding.resource for finding in self._report.findings}
        subjects |= {past.finding.resource.key: past.finding.resource for past in self._outstanding}
        return (_item(subjects[key]) for key in sorted(subjects))

    def observations(self) -> Iterator[Document]:
        """One for each finding of this run, and for each of earlier runs that nobody can call resolved."""
        for finding in self._report.findings:
            made = self._observation(finding, sentence(finding), status(finding))
            if finding.evidence:
                made["relevant-evidence"] = [
                    {"description": text(evidence_words(one), _LONG)} for one in finding.evidence
                ]
            if finding.waiver is not None:
                made["remarks"] = text(waiver_words(finding.waiver), _LONG)
            yield made
        for past in self._outstanding:
            yield self._observation(past.finding, past_words(past), str(past.state))

    def _observation(self, finding: Finding, said: str, stands: str) -> Document:
        rule = self._rules.get(finding.rule_id)
        props = {
            "fingerprint": finding.fingerprint, "rule": finding.rule_id, "status": stands,
            "severity": finding.severity, "state": finding.state, "first-seen": finding.first_seen,
        }  # fmt: skip
        return {
            "uuid": _uuid("observation", finding.fingerprint),
            "title": text(f"{finding.rule_id} {rule.title if rule else ''}".strip()),
            "description": text(said, _LONG),
            "props": [_prop(key, value) for key, value in props.items() if value],
            "methods": ["TEST"],
            "types": ["finding"],
            "origins": self._origins,
            "subjects": [
                {
                    "subject-uuid": _uuid("resource", finding.resource.key),
                    "type": "inventory-item",
                    "title": text(name(finding.resource)),
                }
            ],
            "collected": self._report.as_of,
        }

    def risks(self) -> Iterator[Document]:
        """One for each root cause, and for each failure that was resolved since the last run."""
        of_cause: dict[str, list[Finding]] = defaultdict(list)
        for finding in self._report.findings:
            of_cause[finding.root_cause].append(finding)
        for cause in self._report.root_causes:
            yield self._cause(cause, of_cause[cause.id])
        for past in resolved(self._report):
            yield self._closed(past)

    def _cause(self, cause: RootCause, findings: Sequence[Finding]) -> Document:
        rule = self._rules.get(cause.rule_id)
        example = next((f for f in findings if f.stands), next(iter(findings), None))
        made: Document = {
            "uuid": _uuid("risk", cause.id),
            "title": text(f"{cause.rule_id} {rule.title if rule else ''}".strip()),
            "description": text(wrong(cause, example), _LONG),
            "statement": text(rule.why if rule and rule.why else cause.rule_id, _LONG),
            "props": [_prop("severity", cause.severity), _prop("affects", cause.affects)],
            "status": "open" if cause.affects else "deviation-approved",
            "origins": self._origins,
        }
        days = [day for finding in findings if (day := due(self._report, finding)) is not None]
        if days:
            made["deadline"] = f"{min(days).isoformat()}T23:59:59Z"
        steps = rule.steps if rule else ""
        command = fix(example) if example is not None else ""
        if steps or command:
            made["remediations"] = [
                {
                    "uuid": _uuid("remediation", cause.id),
                    "lifecycle": "recommendation",
                    "title": "Fix",
                    "description": text(" ".join(part for part in (steps, command) if part), _LONG),
                }
            ]
        if self._of_cause[cause.id]:
            made["related-observations"] = [{"observation-uuid": one} for one in self._of_cause[cause.id]]
        return made

    def _closed(self, past: PastFinding) -> Document:
        return {
            "uuid": _uuid("risk", past.finding.fingerprint),
            "title": text(f"{past.finding.rule_id} resolved"),
            "description": text(past.finding.message, _LONG) or past.finding.rule_id,
            "statement": text(past.reason or "It no longer fails, or its resource is gone.", _LONG),
            "props": [_prop("fingerprint", past.finding.fingerprint), _prop("severity", past.finding.severity)],
            "status": "closed",
            "origins": self._origins,
        }

    def findings(self) -> Iterator[Document]:
        """One for each rule that was evaluated: whether what it requires is satisfied."""
        causes: dict[str, list[str]] = defaultdict(list)
        for cause in self._report.root_causes:
            causes[cause.rule_id].append(_uuid("risk", cause.id))
        for rule in self._evaluated():
            made: Document = {
                "uuid": _uuid("finding", rule.id),
                "title": text(f"{rule.id} {rule.title}"),
                "description": text(rule.why or rule.title, _LONG),
                "props": [
                    *(_prop(key.replace("_", "-"), number) for key, number in rule.counts.items()),
                    *(_prop("requirement", requirement) for requirement in self._requirements.get(rule.id, ())),
                ],
                "origins": self._origins,
                "target": {"type": "objective-id", "target-id": rule.id, "status": self._satisfied(rule)},
            }
            if self._of_rule[rule.id]:
                made["related-observations"] = [{"observation-uuid": one} for one in self._of_rule[rule.id]]
            if causes[rule.id]:
                made["related-risks"] = [{"risk-uuid": one} for one in causes[rule.id]]
            yield made

    def _evaluated(self) -> Iterator[RuleSummary]:
        """Rules that said something in this run, or of which an earlier run left a failure."""
        for rule in self._report.rules:
            said = any(n for key, n in rule.counts.items() if key != Verdict.NOT_APPLICABLE)
            if said or self._of_rule[rule.id]:
                yield rule

    def _satisfied(self, rule: RuleSummary) -> Document:
        counts: Mapping[str, int] = rule.counts
        if counts.get(Verdict.FAIL):
            return {"state": "not-satisfied", "reason": "fail"}
        observed = self._of_rule[rule.id]
        if observed or not counts.get(Verdict.PASS):
            waived = self._waived[rule.id] == len(observed) > 0
            why = "Every failure is waived." if waived else "Not every resource could be evaluated."
            return {"state": "not-satisfied", "reason": "other", "remarks": why}
        return {"state": "satisfied", "reason": "pass"}

    def back_matter(self) -> Document:
        """What stands for the assessment plan: the rules, their parameters, and the snapshots."""
        report = self._report
        props = [
            *(_prop("snapshot-sha256", info.sha256) for info in report.snapshots),
            *(_prop("parameter", f"{key}={value}") for key, value in report.params.items()),
        ]
        plan: Document = {
            "uuid": self.plan,
            "title": "Assessment plan",
            "description": f"The rules of {PRODUCT} {report.tool_version}, evaluated on the snapshots that are named"
            " here. There is no assessment plan in OSCAL.",
        }
        return {"resources": [plan | ({"props": props} if props else {})]}

    def assets(self) -> Document:
        """What audited: the auditor."""
        tool = {
            "uuid": self._tool, "type": "software", "title": PRODUCT, "status": {"state": "operational"},
            "description": "Policy-as-code auditor for Amazon SageMaker Studio.",
            "props": [_prop("version", self._report.tool_version, ns="")],
        }  # fmt: skip
        platform = {"uuid": self._platform, "title": PRODUCT, "uses-components": [{"component-uuid": self._tool}]}
        return {"components": [tool], "assessment-platforms": [platform]}


def _item(resource: ResourceRef) -> Document:
    known = {
        "resource-type": resource.type, "resource-id": resource.id, "arn": resource.arn, "account": resource.account,
        "region": resource.region, "domain-id": resource.domain_id, "file": resource.file,
    }  # fmt: skip
    return {
        "uuid": _uuid("resource", resource.key),
        "description": text(name(resource)),
        "props": [_prop(key, value) for key, value in known.items() if value],
    }


def _counts(report: Report) -> str:
    return ", ".join(f"{number:,} {key.replace('_', ' ')}" for key, number in report.by_status.items())


def _prop(name: str, value: object, ns: str = NAMESPACE) -> Document:
    """A property. Its value is one line without white space at its ends, and never empty."""
    plain = " ".join(one_line(str(value)).split()) or "-"
    return {"name": name, "value": plain, **({"ns": ns} if ns else {})}


def _uuid(*parts: str) -> str:
    """As ``uuid5`` of the standard library writes it, in a third of the time: each finding has several."""
    made = _SPACE.copy()
    made.update("/".join(parts).encode())
    digits = made.hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:32]}"
