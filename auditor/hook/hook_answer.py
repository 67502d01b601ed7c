"""The answer to CloudFormation: go on, go on with a warning, or don't.

Source: CloudFormation Hooks User Guide, "Create Lambda functions to evaluate resources for Lambda Hooks" (response
input).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from auditor.collect.iac.build import build, scan_moment
from auditor.collect.iac.cloudformation.cloudformation_reader import may_hold_studio
from auditor.collect.iac.scope import Scope
from auditor.config.load_config import load_config
from auditor.counting import plural
from auditor.errors import AuditorError, ConfigError
from auditor.evaluate.gate import threshold
from auditor.hook.hook_request import HookRequest, read_request, token_of
from auditor.hook.hook_template import Describe, HookSource, read_source
from auditor.json_source import decode_json
from auditor.masking import mask_text
from auditor.model.finding import Finding
from auditor.model.rule import Severity, Verdict
from auditor.rules.applicability import decided_by_templates
from auditor.rules.packed_rules import RULES_FILE, use_packed
from auditor.rules.references import inherit_overrides
from auditor.run.conclude import evaluated
from auditor.run.plan import RunPlan, plan_run, with_comments
from auditor.run.run_options import ReportOptions, RunOptions
from auditor.store.snapshot_file import masked, write_snapshot
from auditor.studio.resource_types import BY_KIND, STUDIO_KINDS
from auditor.temporary_files import workspace

logger = logging.getLogger(__name__)

Answer = dict[str, Any]
#: What lies at an address that CloudFormation has signed. Raises AuditorError or OSError.
Fetch = Callable[[str], str]
_NOTHING = "Nothing of SageMaker Studio is in the template."
#: Answers that are kept, of templates and resources that are asked about again.
_KNOWN = 100
#: Characters of a fix in the message; the annotation has all of it.
_FIX = 300
#: Characters of a text in an annotation (API_Annotation), and of all annotations: Lambda takes no answer of more than
#: 6 MB, and answers are kept.
_ANNOTATION, _ROOM = 16_384, 1_000_000
_LEVELS: Mapping[Severity, str] = {
    Severity.CRITICAL: "CRITICAL", Severity.HIGH: "HIGH", Severity.MEDIUM: "MEDIUM", Severity.LOW: "LOW",
    Severity.INFO: "INFORMATIONAL",
}  # fmt: skip
#: Tables beside those of the resources that one resource alone says nothing of.
_OF_TEMPLATES = frozenset({"execution_role", "lifecycle_config", "mlflow_server", "partner_app", "account_region"})


class OnError(StrEnum):
    """What becomes of an operation that could not be evaluated."""

    FAIL = "FAIL"
    WARN = "WARN"


@dataclass(slots=True)
class Hook:
    """Answers requests. ``config``: an auditor.yaml, which is read, with the rules, for the first request only."""

    config: Path | None
    on_error: OnError
    fetch: Fetch
    describe: Describe
    _plan: RunPlan | None = field(default=None, repr=False)
    _known: dict[str, Answer] = field(default_factory=dict, repr=False)

    def answer(self, event: Any) -> Answer:
        """The response to an event. Raises nothing: what goes wrong here is answered as ``on_error`` says."""
        token = token_of(event)
        try:
            return {**self._decided(read_request(event)), "clientRequestToken": token}
        except AuditorError as error:
            logger.error("%s", error.diagnosis())
            return {**self._failed(error.message), "clientRequestToken": token}
        except Exception as error:
            # A defect of the auditor's own may be of any kind. Without an answer CloudFormation would take the Hook for
            # failed, whatever the user has chosen for this case.
            logger.exception("the request was not evaluated")
            return {**self._failed(f"{type(error).__name__}: {error}"), "clientRequestToken": token}

    def _failed(self, reason: str) -> Answer:
        said = f"The SageMaker Studio rules were not evaluated: {mask_text(reason)}"
        if self.on_error is OnError.WARN:
            return {"hookStatus": "SUCCESS", "message": _cut(f"Warning. {said}")}
        return {"hookStatus": "FAILED", "errorCode": "InternalFailure", "message": _cut(said)}

    def _decided(self, request: HookRequest) -> Answer:
        if request.deletes:
            return _passed("Nothing to evaluate: the operation deletes.")
        text = self._template(request) if request.of_template else ""
        if request.of_template and not may_hold_studio(text):
            return _passed(_NOTHING)
        with workspace("hook") as folder:
            source = read_source(request, text, self.describe, folder)
            # A change set asks about the template that its execution asks about again. Waivers end with a day.
            asked = f"{self.on_error} {request.account} {request.limit} {datetime.now(UTC).date()}\n{source.asked}"
            key = hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()
            if key not in self._known:
                if len(self._known) >= _KNOWN:
                    self._known.clear()
                self._known[key] = self._evaluated(request, source, folder)
        return self._known[key]

    def _evaluated(self, request: HookRequest, source: HookSource, folder: Path) -> Answer:
        findings = self._findings(request, source, folder)
        plan = self._planned()
        stopping = [f for f in findings if f.stands and _reaches(f, plan, request.account)]
        others = [f for f in findings if f.waiver is None and not (f.stands and _reaches(f, plan, request.account))]
        broken = [f for f in others if f.status is Verdict.ERROR]
        unread = [f"{m.what}{f':{m.line}' if m.line else ''}: {m.reason}" for m in source.unread]
        if not stopping and (broken or unread):
            return self._failed("; ".join([*unread, *(f.message for f in broken)]))
        open_ = [f for f in others if f.status is Verdict.UNKNOWN and _reaches(f, plan, request.account)]
        below = [f for f in others if f.status is Verdict.FAIL]
        return _answered(stopping, open_, below, [*source.notes, *unread], request.limit)

    def _template(self, request: HookRequest) -> str:
        """The template that a stack or a change set is to be made from."""
        try:
            payload = decode_json(self.fetch(request.url))
        except OSError as error:
            raise ConfigError(f"the template could not be fetched: {error}") from error
        except ValueError as error:
            raise ConfigError("what CloudFormation sent instead of a template is not JSON") from error
        template = payload.get("template") if isinstance(payload, Mapping) else None
        if not isinstance(template, str) or not template:
            raise ConfigError("CloudFormation sent no template")
        return template

    def _planned(self) -> RunPlan:
        """The run, planned once. Comments in a template waive nothing: whoever writes it is who is to be stopped."""
        if self._plan is None:
            if self.config is not None:
                use_packed(self.config.with_name(RULES_FILE))
            config = load_config(self.config, baseline=False)
            plan = plan_run(RunOptions(config=config, reports=ReportOptions(write=False)))
            overrides = inherit_overrides(plan.choice.every, plan.choice.overrides)
            rules = tuple(rule for rule in plan.choice.rules if decided_by_templates(rule))
            chosen = replace(plan.choice, rules=rules, overrides=overrides)
            self._plan = with_comments(replace(plan, choice=chosen), untrusted=True)
        return self._plan

    def _findings(self, request: HookRequest, source: HookSource, folder: Path) -> list[Finding]:
        """What the rules say of the template's own resources."""
        scope = Scope(source.root)
        kinds = {k for k in STUDIO_KINDS if any(r.address not in source.domains for r in scope.of(k))}
        if not kinds:
            return []
        plan = self._planned()
        tables = {BY_KIND[kind].table for kind in kinds} | (_OF_TEMPLATES if request.of_template else frozenset())
        rules = tuple(rule for rule in plan.choice.rules if rule.table in tables)
        if not rules:
            return []
        path = folder / "snapshot.jsonl"
        write_snapshot(path, masked(build([source.root], scan_moment())))
        report = evaluated(replace(plan, choice=replace(plan.choice, rules=rules)), [path])
        return [f for f in report.findings if f.resource.id not in source.domains]


def _reaches(finding: Finding, plan: RunPlan, account: str) -> bool:
    """Whether its severity is at or above the threshold of its rule, of the account that deploys, or of all."""
    limit = threshold(plan.gate, finding.rule_id, account)
    return limit is not None and finding.severity.rank <= limit.rank


def _passed(message: str) -> Answer:
    return {"hookStatus": "SUCCESS", "message": message}


def _answered(
    stopping: Sequence[Finding], unknown: Sequence[Finding], below: Sequence[Finding], notes: Sequence[str], limit: int
) -> Answer:
    """What stops the operation stands first, then what would if it were known, then what is below the threshold."""
    parts: list[str] = []
    if stopping:
        parts.append(f"{plural(len(stopping), 'finding')} of SageMaker Studio rules")
        parts += [_line(f) for f in stopping]
    if unknown:
        parts.append(f"Warning: {plural(len(unknown), 'verdict')} unknown")
        parts += [f"{f.rule_id} {f.message}" for f in unknown]
    parts += notes
    if below:
        parts.append(f"Below the threshold: {plural(len(below), 'finding')}")
        parts += [_line(f) for f in below]
    message = _fitting(parts, limit) if parts else "No finding of SageMaker Studio rules."
    answer: Answer = _passed(message)
    if stopping:
        answer = {"hookStatus": "FAILED", "errorCode": "NonCompliant", "message": message}
    annotations = list(_annotations([*stopping, *below, *unknown]))
    return {**answer, "annotations": annotations} if annotations else answer


def _annotations(findings: Sequence[Finding]) -> Iterator[dict[str, str]]:
    """One for each of the findings, as many as an answer can hold; the message counts all of them."""
    room = _ROOM
    for finding in findings:
        annotation = {name: _cut(text, _ANNOTATION) for name, text in _annotation(finding).items()}
        room -= len(json.dumps(annotation))
        if room < 0:
            return
        yield annotation


def _line(finding: Finding) -> str:
    """The rule, the resource in the template, what is wrong, and what fixes it."""
    line = f", line {finding.resource.line}" if finding.resource.line else ""
    steps = " ".join(finding.remediation.steps.split()) if finding.remediation is not None else ""
    fix = f". Fix: {_cut(steps, _FIX)}" if steps else ""
    return f"{finding.rule_id} ({finding.severity}) {finding.resource.id}{line}: {finding.message}{fix}"


def _annotation(finding: Finding) -> dict[str, str]:
    found = {
        "annotationName": finding.rule_id,
        "status": "FAILED" if finding.status is Verdict.FAIL else "SKIPPED",
        "statusMessage": f"{finding.resource.id}: {finding.message}",
        "severityLevel": _LEVELS[finding.severity],
    }
    if finding.remediation is not None:
        fix = "\n\n".join(filter(None, (finding.remediation.steps, finding.remediation.cloudformation)))
        found |= {"remediationMessage": fix} if fix else {}
    return found


def _fitting(parts: Sequence[str], limit: int) -> str:
    """As many of the parts as fit, one a line, and how many more there are."""
    whole = "\n".join(parts)
    if len(whole) <= limit or len(parts) == 1:
        return _cut(whole, limit)
    room = limit - len(f"\n… and {len(parts)} more")
    kept = 1
    while len("\n".join(parts[: kept + 1])) <= room:
        kept += 1
    return "\n".join((_cut("\n".join(parts[:kept]), room), f"… and {len(parts) - kept} more"))


def _cut(text: str, limit: int = 1_024) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
