"""Checks of Terraform configurations and plans: checkov's resource checks, which may say why they failed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from checkov.common.models.enums import CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from auditor.checkov.evaluation import evaluations
from auditor.checkov.metadata import category, evaluated_keys, guideline, severity, types
from auditor.checkov.settings import Settings
from auditor.collect.iac.types import TYPES
from auditor.evaluate.findings import shown
from auditor.model.report import Finding
from auditor.model.rule import Rule, Verdict

#: checkov's frameworks may run in threads of one process, and all of them use the same checks.
_here = threading.local()


class TerraformCheck(BaseResourceCheck):
    """One rule, for terraform and terraform_plan."""

    def __init__(self, rule: Rule, settings: Settings) -> None:
        super().__init__(
            name=rule.title,
            id=rule.id,
            categories=[category(rule)],
            supported_resources=types(rule, "aws", "awscc"),
            guideline=guideline(rule),
        )
        self.rule = rule
        self.severity = severity(rule, settings)

    def run(self, scanned_file: str, *args: Any, **kwargs: Any) -> Any:
        """Keep the file, which the inner methods are not told."""
        _here.file = scanned_file
        return super().run(scanned_file, *args, **kwargs)

    def scan_entity_conf(self, conf: Mapping[str, Any], entity_type: str) -> CheckResult:
        """The engine's verdict on the resource."""
        self.entity_type = entity_type
        language = TYPES[entity_type].language
        current = [] if self.graph is None else [evaluations.of(self.graph)]
        # In threads the graph may be that of another framework, which has just set its own.
        for evaluation in (*current, *evaluations.all()):
            about = evaluation.entity(conf, _here.file)
            if about:
                columns = evaluation.columns.get(self.id, ())
                self.evaluated_keys = list(evaluated_keys(self.rule.table, columns, language))
                verdict, judged = evaluation.verdict(self.id, about)
                if verdict is Verdict.PASS:
                    return CheckResult.PASSED
                if verdict is Verdict.FAIL:
                    self.details = [] if judged is None or judged.finding is None else list(details(judged.finding))
                    return CheckResult.FAILED
                break
        return CheckResult.UNKNOWN

    def scan_resource_conf(self, conf: Mapping[str, Any]) -> CheckResult:
        """Not called: ``scan_entity_conf`` answers."""
        raise NotImplementedError


def details(finding: Finding) -> Iterator[str]:
    """Lines that say what is wrong, and who set it where that is not the resource itself."""
    yield finding.message
    seen = finding.evidence[0] if finding.evidence else None
    if seen is None:
        return
    origin = seen.origin
    if origin.layer == "service":
        yield f"{origin.path} is {shown(seen.value)}: AWS's default"
    elif origin.file:
        file = os.path.relpath(origin.file)
        at = f"{file}:{origin.line}" if origin.line else file
        yield f"{origin.path} is {shown(seen.value)}: {origin.layer} {origin.resource}, {at}"
