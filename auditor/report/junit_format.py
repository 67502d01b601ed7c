"""report.junit.xml: one suite a rule, one test case a finding, as Jenkins, GitLab and other CI servers read it.

- fail → ``failure`` (its type is the severity); waived → ``skipped`` with the waiver's reason.
- unknown and error → ``error``: JUnit's word for a test that came to no result. ``skipped`` would turn the build yellow
  at most, and a verdict that nobody could reach must not look harmless.
- What passes is one case a rule, its number in the suite's properties: 100,000 passing cases help nobody. A rule that
  had nothing to judge is a skipped case.
- A first suite, ``coverage``, has an error for each group of gaps, so that an audit that saw nothing is not green.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from auditor.inert_text import in_xml
from auditor.model.finding import Finding, PastFinding, State
from auditor.model.report import Report, RuleSummary
from auditor.model.rule import Verdict
from auditor.report.phrases import (
    PRODUCT,
    evidence_words,
    fix,
    gap_groups,
    gap_words,
    joined,
    outstanding,
    past_words,
    place,
    sentence,
    waiver_words,
)

#: Characters that XML 1.0 cannot hold, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COUNTS = ("pass", "fail", "waived", "unknown", "error", "not_applicable")


_OUTCOMES = {"failure": "failures", "error": "errors", "skipped": "skipped"}


@dataclass(frozen=True, slots=True)
class _Case:
    """A test case. ``outcome``: failure, error, skipped; empty where it passed."""

    name: str
    classname: str
    outcome: str = ""
    type: str = ""
    message: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Suite:
    """A suite before its cases are written: ``sizes`` counts them by outcome."""

    name: str
    package: str
    properties: Mapping[str, object]
    cases: Iterable[_Case]
    sizes: Mapping[str, int]


def render(report: Report) -> Iterator[str]:
    """The document, suite by suite."""
    suites = [_coverage(report), *_rules(report)]
    totals = sum((Counter(suite.sizes) for suite in suites), Counter[str]())
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    # The schema knows no sum of what was skipped.
    numbers = {k: v for k, v in _numbers(totals).items() if k != "skipped"}
    yield f"<testsuites{_attributes(name=PRODUCT, **numbers)}>\n"
    for number, suite in enumerate(suites):
        yield from _written(suite, number, report.as_of)
    yield "</testsuites>\n"


def _written(suite: _Suite, number: int, as_of: str) -> Iterator[str]:
    sizes = _numbers(suite.sizes)
    yield f" <testsuite{_attributes(name=suite.name, **sizes, id=number, package=suite.package, timestamp=as_of)}>\n"
    yield "  <properties>\n"
    for key, value in suite.properties.items():
        yield f"   <property{_attributes(name=key, value=value)}/>\n"
    yield "  </properties>\n"
    for case in suite.cases:
        opening = f"  <testcase{_attributes(name=case.name, classname=case.classname)}"
        if not case.outcome:
            yield f"{opening}/>\n"
            continue
        inner = f"<{case.outcome}{_attributes(type=case.type, message=case.message)}"
        text = f">{_text(case.text)}</{case.outcome}>" if case.text else "/>"
        yield f"{opening}>{inner}{text}</testcase>\n"
    yield " </testsuite>\n"


def _coverage(report: Report) -> _Suite:
    """What could not be seen; where all was seen, one case that passes and says how many calls were answered."""
    calls = sum(c.calls for c in report.coverage)
    cases = [
        _Case(
            f"{g.operation or g.resource_type}: {g.reason}: {g.example}", f"coverage.{g.account}.{g.region}", "error",
            g.reason, gap_words(g),
        )
        for g in gap_groups(report)
    ]  # fmt: skip
    if not cases and not calls and not any(report.resources.values()):
        cases = [_Case("nothing was audited", "coverage", "error", "nothing", "No call was made and no resource seen.")]
    sizes = Counter({"error": len(cases)}) if cases else Counter({"": 1})
    properties = {"calls": calls, "gaps": len(report.gaps)} | {f"audited.{k}": v for k, v in report.resources.items()}
    return _Suite("coverage", "coverage", properties, cases or [_Case("everything was seen", "coverage")], sizes)


def _rules(report: Report) -> Iterator[_Suite]:
    items: dict[str, list[Finding | PastFinding]] = {rule.id: [] for rule in report.rules}
    for finding in report.findings:
        items.setdefault(finding.rule_id, []).append(finding)
    for past in outstanding(report):
        items.setdefault(past.finding.rule_id, []).append(past)
    known = {rule.id: rule for rule in report.rules}
    for rule_id, found in items.items():
        yield _suite(rule_id, known.get(rule_id), found)


def _suite(rule_id: str, rule: RuleSummary | None, items: Sequence[Finding | PastFinding]) -> _Suite:
    sizes = Counter(_outcome(item) for item in items)
    counts = rule.counts if rule is not None else {}
    last = []
    if counts.get("pass"):
        last = [_Case("resources that pass", rule_id)]
    elif not items:
        last = [_Case("resources", rule_id, "skipped", "not_applicable", "The rule applies to no resource.")]
    sizes += Counter(case.outcome for case in last)
    properties: dict[str, object] = {key: counts.get(key, 0) for key in _COUNTS}
    title = ""
    if rule is not None:
        properties |= {"title": rule.title, "severity": rule.severity, "practices": ", ".join(rule.practices)}
        title = f" {rule.name}"
    cases = (case for group in (map(_case, items), last) for case in group)
    return _Suite(f"{rule_id}{title}", rule.area if rule is not None else "", properties, cases, sizes)


def _outcome(item: Finding | PastFinding) -> str:
    if isinstance(item, PastFinding):
        return "skipped" if item.state is State.CARRIED_OVER else "error"
    if item.status is not Verdict.FAIL:
        return "error"
    return "failure" if item.waiver is None else "skipped"


def _case(item: Finding | PastFinding) -> _Case:
    finding = item.finding if isinstance(item, PastFinding) else item
    resource = finding.resource
    # CI servers know a case by class and name: nothing that a rewording or another line would change.
    name = f"{resource.type} {resource.id}"
    classname = ".".join(part for part in (finding.rule_id, resource.account, resource.region) if part)
    outcome = _outcome(item)
    if isinstance(item, PastFinding):
        return _Case(name, classname, outcome, str(item.state), past_words(item))
    if item.waiver is not None:
        return _Case(name, classname, outcome, "waived", waiver_words(item.waiver), sentence(item))
    kind = str(item.severity) if item.status is Verdict.FAIL else str(item.status)
    return _Case(name, classname, outcome, kind, sentence(item), _details(item))


def _details(finding: Finding) -> str:
    where = place(finding)
    remedy = fix(finding)
    return joined([
        "" if where.live else f"{where.path}:{where.line}",
        *(evidence_words(evidence) for evidence in finding.evidence),
        f"Remediation:\n{remedy}" if remedy else "",
        f"State: {finding.state}" if finding.state else "",
        f"Fingerprint: {finding.fingerprint}",
    ])  # fmt: skip


def _numbers(sizes: Mapping[str, int]) -> dict[str, int]:
    return {"tests": sum(sizes.values())} | {name: sizes.get(key, 0) for key, name in _OUTCOMES.items()}


def _text(value: object) -> str:
    return in_xml(escape(_ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", str(value)).replace("\r", "\n"), quote=False))


def _attributes(**values: object) -> str:
    # A reader turns a raw line break in an attribute into a space.
    return "".join(f' {name}="{_quoted(value)}"' for name, value in values.items())


def _quoted(value: object) -> str:
    return _text(value).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
