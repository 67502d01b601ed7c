"""What several formats say alike: names, places, sentences about a finding, gaps by group, what an earlier run left."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

from auditor.model.accounts import Account
from auditor.model.finding import Evidence, Finding, FindingRemediation, MadeBy, PastFinding, State
from auditor.model.report import Outcome, Report
from auditor.model.resource import ResourceRef
from auditor.model.rule import Verdict
from auditor.model.snapshot import TEMPLATE, Gap
from auditor.model.waiver import Waiver
from auditor.rules.message import format_value
from auditor.studio.partitions import partition_of
from auditor.studio.setting_names import setting_words

TOOL = "sagemaker-studio-auditor"
PRODUCT = "SageMaker Studio auditor"

_ELLIPSIS = "…"
_VALUE = 200


_Key: TypeAlias = tuple[str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class FileLocation:
    """Where a finding is shown: ``path`` with slashes, relative to the repository where it can be.

    A live resource is in no file; a path made of what names it (``aws/ACCOUNT/REGION/TYPE/ID``) stands for it, always
    the same one, and ``live`` is true.
    """

    path: str
    line: int
    live: bool

    @property
    def absolute(self) -> bool:
        return self.path.startswith("/")

    @property
    def uri(self) -> str:
        """The path as a URI reference; absolute ones with the scheme ``file``."""
        text = quote(self.path, safe="/~")
        return f"file://{text}" if self.absolute else text


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Gaps with the same reason, call, kind of resource and place. ``example`` is one resource and setting."""

    reason: str
    operation: str
    resource_type: str
    account: str
    region: str
    detail: str
    count: int
    example: str


def place(finding: Finding) -> FileLocation:
    """The line of the setting where the resource itself writes it, or of the policy or route that a derived value comes
    from, else the resource's own line."""
    resource = finding.resource
    if not resource.file:
        names = (resource.account or "-", resource.region or "-", resource.type, *resource.id.split("/"))
        return FileLocation("/".join(("aws", *names)), 1, live=True)
    line = resource.line
    for evidence in finding.evidence[:1]:
        origin = evidence.origin
        if points_elsewhere(finding):
            return FileLocation(_slashes(origin.file), origin.line or 1, live=False)
        if origin.line and origin.file == resource.file and origin.resource == resource.id:
            line = origin.line
    return FileLocation(_slashes(resource.file), line or 1, live=False)


def points_elsewhere(finding: Finding) -> bool:
    """Whether the finding is shown at a policy or route of a template, rather than at its resource."""
    for evidence in finding.evidence[:1]:
        origin = evidence.origin
        return (
            bool(origin.line and origin.file) and origin.layer == "derived" and origin.resource != finding.resource.id
        )
    return False


def resource_place(resource: ResourceRef) -> FileLocation:
    """Where a template defines the resource."""
    return FileLocation(_slashes(resource.file), resource.line or 1, live=False)


def origin_place(evidence: Evidence) -> FileLocation | None:
    """Where a template writes the value, if it does."""
    origin = evidence.origin
    return FileLocation(_slashes(origin.file), origin.line or 1, live=False) if origin.file else None


def _slashes(path: str) -> str:
    # A drive letter or a backslash is Windows's way of writing a path.
    if "\\" in path and ("/" not in path or path[1:2] == ":"):
        path = path.replace("\\", "/")
    if path[1:2] == ":" and path[2:3] == "/":
        path = f"/{path}"
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    return path


def partition(resource: ResourceRef) -> str:
    """The AWS partition that a resource is in."""
    if resource.arn.startswith("arn:"):
        return resource.arn.split(":")[1]
    return partition_of(resource.region)


def status(finding: Finding) -> str:
    """``fail``, ``waived``, ``unknown`` or ``error``."""
    return "waived" if finding.waiver is not None and finding.status is Verdict.FAIL else str(finding.status)


def kind(resource: ResourceRef) -> str:
    """A resource's type in words."""
    return resource.type.replace("_", " ")


def name(resource: ResourceRef) -> str:
    """A resource as people know it: its kind, domain and name."""
    inside = resource.domain_name or resource.domain_id
    domain = f"{inside}/" if inside and resource.type != "domain" else ""
    return f"{kind(resource)} {domain}{resource.name or resource.id}"


def scope(resource: ResourceRef, report: Report | None = None) -> str:
    """Account and region, or the file of a template. ``report`` knows the account's name."""
    if resource.file:
        return f"{resource.file}:{resource.line}" if resource.line else resource.file
    account = resource.account if report is None else account_label(report, resource.account)
    return "/".join(part for part in (account, resource.region) if part)


def account_label(report: Report, account: str) -> str:
    """An account as people know it: ``data-prod (222222222222)``, or its id alone."""
    name = report.account_names.get(account, "")
    return f"{name} ({account})" if name else account


def account_words(account: Account) -> str:
    """One sentence about an account that was not seen whole."""
    unit = f" in {account.ou}" if account.ou else ""
    named = f"{account.name} ({account.id}{unit})" if account.name else f"{account.id}{unit}"
    return f"{named}: {account.status}: {account.reason}"


def sentence(finding: Finding) -> str:
    """What is wrong, or that it cannot be said. Whoever reads only this must not take a doubt for a failure."""
    if finding.status is Verdict.UNKNOWN:
        return f"Unknown: {finding.message}"
    return f"Error: {finding.message}" if finding.status is Verdict.ERROR else finding.message


#: Evidence whose words are kept, by identity, with them.
_KNOWN = 1024
_EVIDENCE_WORDS: dict[int, tuple[Evidence, str]] = {}


def evidence_words(evidence: Evidence) -> str:
    """``AutoMountHomeEFS = Enabled (domain d-1: DefaultUserSettings.AutoMountHomeEFS)``."""
    # Findings that are alike share evidence.
    known = _EVIDENCE_WORDS.get(id(evidence))
    if known is not None and known[0] is evidence:
        return known[1]
    if len(_EVIDENCE_WORDS) >= _KNOWN:
        _EVIDENCE_WORDS.clear()
    words = _evidence_words(evidence)
    _EVIDENCE_WORDS[id(evidence)] = evidence, words
    return words


def _evidence_words(evidence: Evidence) -> str:
    origin, setting = evidence.origin, setting_words(evidence)
    source = f"{origin.layer} {origin.resource}".strip() + (
        f": {origin.path}" if origin.path not in ("", setting) else ""
    )
    file = f", {origin.file}" + (f":{origin.line}" if origin.line else "") if origin.file else ""
    return f"{setting} = {cut(format_value(evidence.value), _VALUE)} ({source}{file})"


def fix(finding: Finding) -> str:
    """The command or the snippet that fixes it, of the language that the resource is written in."""
    remedy = finding.remediation
    if remedy is None:
        return ""
    return snippet(remedy, finding.resource)


def snippet(remedy: FindingRemediation, resource: ResourceRef) -> str:
    """The part of a remediation for the place that the resource is written in."""
    if not resource.file:
        return remedy.aws
    terraform = resource.file.endswith((".tf", ".tf.json")) or resource.id.startswith(("aws_", "awscc_", "module."))
    return remedy.terraform if terraform else remedy.cloudformation


def made_by_words(made: MadeBy | None) -> str:
    """``UpdateDomain by ana, 2026-11-23T20:40:00Z, event 1a2b…``; why it is unknown; empty where nobody asked."""
    if made is None:
        return ""
    if made.unknown:
        return f"unknown: {made.unknown}"
    principal = f" ({made.principal})" if made.principal not in ("", made.person) else ""
    return f"{made.event} by {made.person}{principal}, {made.time}, event {made.event_id}"


def waiver_words(waiver: Waiver) -> str:
    """``Waived until 2026-12-31 by Jane Roe (SEC-1): reason``."""
    ticket = f" ({waiver.ticket})" if waiver.ticket else ""
    return f"Waived until {waiver.expires.isoformat()} by {waiver.owner}{ticket}: {waiver.reason}"


def past_words(past: PastFinding) -> str:
    """What an earlier finding is now, and what it said."""
    what = "Not part of this run" if past.state is State.CARRIED_OVER else "Not assessed in this run"
    reason = f" ({past.reason})" if past.reason else ""
    return f"{what}{reason}; on {past.last_seen} it failed: {past.finding.message}"


def outstanding(report: Report) -> Iterator[PastFinding]:
    """Failures of earlier runs that nobody can call resolved and that are no finding of this run either."""
    here = {finding.fingerprint for finding in report.findings}
    for past in report.past:
        if past.state in (State.NOT_ASSESSED, State.CARRIED_OVER) and past.finding.fingerprint not in here:
            yield past


def resolved(report: Report) -> Iterator[PastFinding]:
    """Failures of earlier runs that are fixed, or whose resource is gone."""
    here = {finding.fingerprint for finding in report.findings}
    for past in report.past:
        if past.state is State.RESOLVED and past.finding.fingerprint not in here:
            yield past


def gap_groups(report: Report) -> list[GapGroup]:
    """Gaps by group, the largest first."""
    counts: Counter[_Key] = Counter()
    examples: dict[_Key, str] = {}
    for gap in report.gaps:
        key = (gap.reason, gap.operation, gap.resource_type, gap.account, gap.region, gap.detail)
        counts[key] += 1
        whole = gap.resource_id == "*"
        examples.setdefault(key, f"all of {gap.resource_type}" if whole else f"{gap.resource_id} {gap.setting}")
    return [
        GapGroup(*key, count, examples[key])
        for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def gap_words(group: GapGroup) -> str:
    """One sentence about a group of gaps."""
    # What stands for the Region of a template says nothing.
    where = "/".join(part for part in (group.account, group.region) if part and part != TEMPLATE)
    more = f", {group.count:,} times" if group.count > 1 else ""
    detail = f": {group.detail}" if group.detail else ""
    subject = group.operation or group.resource_type
    return f"{subject} in {where or 'the source'}: {group.reason.replace('_', ' ')}{more} ({group.example}){detail}"


def gaps_by_reason(report: Report) -> list[str]:
    """A sentence for each reason, call and kind of resource, wherever they are, the most frequent first.

    Where ``gap_groups`` tells the places apart, this counts them: thirty templates with the same limit are one line.
    """
    grouped: dict[tuple[str, str], list[GapGroup]] = {}
    for group in gap_groups(report):
        grouped.setdefault((group.reason, group.operation or group.resource_type), []).append(group)
    said = []
    for (reason, subject), groups in sorted(grouped.items(), key=lambda g: (-sum(x.count for x in g[1]), g[0])):
        if len(groups) == 1:
            said.append(gap_words(groups[0]))
            continue
        number = sum(group.count for group in groups)
        places = {(group.account, group.region) for group in groups}
        where = "the source"
        if len(places) == 1:
            where = "/".join(part for part in next(iter(places)) if part and part != TEMPLATE) or where
        else:
            where = f"{len(places):,} {'templates' if report.of_templates else 'accounts and Regions'}"
        details = list(dict.fromkeys(group.detail for group in groups if group.detail))
        more = f" and {len(details) - 1:,} more" if len(details) > 1 else ""
        detail = f": {details[0]}{more}" if details else ""
        said.append(f"{subject} in {where}: {reason.replace('_', ' ')}, {number:,} times ({groups[0].example}){detail}")
    return said


#: What a template's gap says of a value that whoever scans can give, and the option for it.
_OPEN = (
    (re.compile(r": variable (\S+) of the root module has no value$"), "--var"),
    (re.compile(r": parameter (\S+) has no default$"), "--parameter"),
)


def values_to_give(gaps: Iterable[Gap]) -> list[str]:
    """``--var vpc_id=…`` for each value that templates leave open and whoever scans them can give."""
    found = (f"{option} {m[1]}=…" for gap in gaps for pattern, option in _OPEN if (m := pattern.search(gap.detail)))
    return list(dict.fromkeys(found))


def frameworks_of(report: Report) -> dict[str, list[str]]:
    """Requirements of the frameworks that were asked for, by rule id: ``NIST 800-53 AC-2``."""
    found: dict[str, list[str]] = {}
    for framework in report.frameworks:
        for requirement in framework.requirements:
            for rule in requirement.rules:
                found.setdefault(rule, []).append(f"{framework.title} {requirement.id}")
    return found


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters; what was cut ends in an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + _ELLIPSIS


def joined(parts: Iterable[str], separator: str = "\n") -> str:
    """The parts that are not empty."""
    return separator.join(part for part in parts if part)


def shortcoming(report: Report) -> str:
    """What a run that is empty, undecided or incomplete lacks, as the end of a sentence."""
    gate = report.gate
    if gate.outcome is Outcome.EMPTY:
        return "no Studio resource was found in the audited account and Regions"
    if gate.outcome is Outcome.UNDECIDED:
        return "no check could be evaluated"
    unknown = report.by_status[Verdict.UNKNOWN] + report.by_status[Verdict.ERROR]
    counted = (
        (unknown, "check", "could not be evaluated"),
        (gate.unread, "file", "could not be read"),
        (gate.incomplete_lists - gate.unread, *_lists(report)),
    )
    parts = [f"{number:,} {_several(number, noun)} {said}" for number, noun, said in counted if number]
    return " and ".join(parts)


def gate_words(report: Report, failed: int) -> str:
    """What the gate says of a run in which ``failed`` findings reach their threshold, without a full stop.

    It begins with Failed, Empty, Undecided, Incomplete, Passed or Not gated, as the exit code has it.
    """
    gate = report.gate
    plain = not gate.by_rule and not gate.by_account
    limit = gate.fail_on.or_above if gate.fail_on and plain else "that reach the threshold of their rule or account"
    since = ""
    if gate.new_only:
        since = f" that {gate.baseline} doesn't list" if gate.baseline else " since the last run"
    new = "new " if gate.new_only and not gate.baseline else ""
    if failed:
        return f"Failed: {failed:,} {new}{_several(failed, 'finding')} {limit}{since}"
    ungated = gate.fail_on is None and plain
    none = f"no {new}{'finding' if gate.fail_on and plain else 'findings'} {limit}{since}"
    passed = "Not gated: no finding makes the run fail" if ungated else f"Passed: {none}"
    if gate.outcome is Outcome.INCOMPLETE and not report.not_accepted:
        return f"{passed}; {shortcoming(report)} (accepted)"
    if gate.outcome in (Outcome.EMPTY, Outcome.UNDECIDED, Outcome.INCOMPLETE):
        but = f"{none}, but " if gate.outcome is Outcome.INCOMPLETE and not ungated else ""
        return f"{gate.outcome.title()}: {but}{shortcoming(report)}"
    return passed


def _lists(report: Report) -> tuple[str, str]:
    if report.of_templates:
        return "definition", "outside of the tree could not be read"
    return "list of resources", "could not be read completely"


def _several(number: int, noun: str) -> str:
    return noun if number == 1 else noun.replace("list ", "lists ") if " " in noun else f"{noun}s"
