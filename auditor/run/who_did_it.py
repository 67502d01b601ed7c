"""Who made what is new: a finding that is new, or back, names the CloudTrail event that made it, or that is unknown.

An event counts where it could have made the finding: it created the resource, or it succeeded on the resource that a
setting of the finding comes from and names that setting. The latest of these made it. Where events that could be later
were not read, nobody is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from auditor.iam.capabilities import IAM_REGIONS
from auditor.model.change_event import ChangeEvent, ChangeEvents
from auditor.model.finding import Finding, MadeBy, RootCause
from auditor.model.report import Report
from auditor.model.rule import Verdict
from auditor.run.messages import logger
from auditor.studio.changing_calls import (
    CREATES,
    POLICY_CALLS,
    ROLE_CALLS,
    TAG_CALLS,
    UPDATE_MEMBERS,
    UPDATES,
)
from auditor.studio.partitions import HOME_REGIONS, partition_of
from auditor.studio.resource_types import BY_LAYER

#: Given account, Region, the name of a call, and since when: its events.
Lookup = Callable[[str, str, str, datetime], ChangeEvents]
#: A policy's ARN in lower case; of one whose name begins like another's, the whole name.
_ARN = re.compile(r"arn:[a-z-]+:iam::[0-9a-z]+:policy/[\w+=,.@/-]+")
#: A call whose events could have made the finding, and which of them could.
_Suspect = tuple[str, str, Callable[[ChangeEvent], bool]]


@dataclass(frozen=True, slots=True)
class _Setting:
    """Where a value that the rule read was set."""

    type: str
    id: str
    path: str


def with_makers(report: Report, lookup: Lookup) -> Report:
    """The report, its new findings with who made them. Nothing is looked up where there is no earlier run."""
    news = {f.fingerprint for f in report.findings if f.is_news and f.status is Verdict.FAIL}
    if report.previous is None or report.of_templates or not news:
        return report
    since = datetime.fromisoformat(report.previous)
    known = cache(lambda account, region, name: lookup(account, region, name, since))
    causes = {cause.id: cause for cause in report.root_causes}

    def told(finding: Finding) -> Finding:
        if finding.fingerprint not in news:
            return finding
        return replace(finding, made_by=_made_by(finding, causes.get(finding.root_cause), known, report))

    findings = tuple(map(told, report.findings))
    named = sum(f.made_by is not None and not f.made_by.unknown for f in findings)
    logger.info("who made %d of %d new findings is known", named, len(news))
    return replace(report, findings=findings)


def _made_by(
    finding: Finding,
    cause: RootCause | None,
    known: Callable[[str, str, str], ChangeEvents],
    report: Report,
) -> MadeBy:
    suspects = tuple(_suspects(finding, cause))
    if not suspects:
        return MadeBy(unknown="no single call makes it")
    fitting: list[ChangeEvent] = []
    problems: list[tuple[datetime, str]] = []
    for region, name, fits in suspects:
        read = known(finding.resource.account, region, name)
        fitting += filter(fits, read.events)
        if read.problem:
            problems.append((read.since, read.problem))
    # What happened while the account was read may have been seen or not: earlier events come first.
    as_of = datetime.fromisoformat(report.as_of)
    fitting.sort(key=lambda e: (e.moment <= as_of, e.moment), reverse=True)
    for since, problem in sorted(problems, reverse=True):
        if not fitting or fitting[0].moment < since:
            return MadeBy(unknown=problem)
    if not fitting:
        return MadeBy(unknown=f"CloudTrail has no event since {report.previous} that could have made it")
    event = fitting[0]
    moment = event.moment.isoformat().replace("+00:00", "Z")
    return MadeBy(event.name, event.person, event.principal, moment, event.id)


def _suspects(finding: Finding, cause: RootCause | None) -> Iterator[_Suspect]:
    resource = finding.resource
    if resource.type == "execution_role":
        yield from _role_suspects(finding)
        return
    if resource.type not in CREATES:
        return
    yield resource.region, CREATES[resource.type], _names(resource.type, resource.id)
    for setting in dict.fromkeys(_settings(finding, cause)):
        if (setting.type, setting.id) != (resource.type, resource.id):
            yield resource.region, CREATES[setting.type], _names(setting.type, setting.id)
        if setting.type in UPDATES:
            yield resource.region, UPDATES[setting.type], _changes(setting)
    if any(one.setting == "tags" for one in finding.evidence):
        for name in TAG_CALLS:
            yield resource.region, name, lambda e: _text(e.request, "ResourceArn") == resource.arn.lower() != ""


def _settings(finding: Finding, cause: RootCause | None) -> Iterator[_Setting]:
    """Where the values that the rule read were set, and where it is to be changed."""
    for one in finding.evidence:
        layer = BY_LAYER.get(one.origin.layer)
        if layer is not None and one.origin.path:
            yield _Setting(layer.table, one.origin.resource or finding.resource.id, one.origin.path)
    if cause is not None and cause.resource.type in CREATES and cause.setting[:1].isupper():
        yield _Setting(cause.resource.type, cause.resource.id, cause.setting)


def _role_suspects(finding: Finding) -> Iterator[_Suspect]:
    """IAM is called in its own Region. A managed policy changes every role that has it."""
    role = finding.resource
    partition = role.arn.split(":")[1] if role.arn.startswith("arn:") else partition_of(role.region)
    region = IAM_REGIONS.get(partition, HOME_REGIONS.get(partition, role.region))
    named = _names(role.type, role.id)
    for name in (CREATES["execution_role"], *ROLE_CALLS):
        yield region, name, named
    held = frozenset(_ARN.findall(str([one.value for one in finding.evidence]).lower()))
    for name in POLICY_CALLS:
        yield region, name, lambda e: _text(e.request, "PolicyArn") in held


def _names(type_: str, resource_id: str) -> Callable[[ChangeEvent], bool]:
    """Whether an event is of the resource. What a call makes is named by its answer where the request can't."""
    parts = resource_id.lower().split("/")
    if type_ == "domain":
        return lambda e: parts[0] in (
            _text(e.request, "DomainId"), _text(e.response, "DomainId"),
            _text(e.response, "DomainArn").rpartition("/")[2],
        )  # fmt: skip
    if type_ == "execution_role":
        return lambda e: parts[-1] in (_text(e.request, "RoleName"), _text(e.request, "RoleArn").rpartition("/")[2])
    members = ["DomainId", "UserProfileName" if type_ == "user_profile" else "SpaceName"]
    if type_ == "app":
        owner = "SpaceName" if parts[1] == "space" else "UserProfileName"
        members, parts = ["DomainId", owner, "AppType", "AppName"], [parts[0], *parts[2:]]
    return lambda e: [_text(e.request, member) for member in members] == parts


def _changes(setting: _Setting) -> Callable[[ChangeEvent], bool]:
    """Whether an event is an update of the resource that names the setting, or the structure that it lies in: nobody
    knows whether what an update leaves out of a structure stays."""
    named = _names(setting.type, setting.id)
    first, *rest = setting.path.split(".")
    path = [UPDATE_MEMBERS.get(first, first), *rest]
    return lambda e: named(e) and _reaches(e.request, path if len(path) == 1 else path[:-1])


def _reaches(request: Mapping[str, Any], path: Sequence[str]) -> bool:
    node: Any = request
    for name in path:
        if not isinstance(node, Mapping):
            return False
        node = _member(node, name)
        if node is None:
            return False
    return True


def _member(values: Mapping[str, Any], name: str) -> Any:
    """A member by the API's name; CloudTrail writes its first letter small."""
    wanted = name.lower()
    return next((value for key, value in values.items() if key.lower() == wanted), None)


def _text(values: Mapping[str, Any], name: str) -> str:
    """Names are compared as ARNs are: in lower case."""
    value = _member(values, name)
    return value.lower() if isinstance(value, str) else ""
