"""Checks of Terraform configurations and plans: checkov's resource checks, which may say why they failed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checkov.common.models.enums import CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from auditor.checkov.check_settings import Settings
from auditor.checkov.details import details
from auditor.checkov.entities import Entity
from auditor.checkov.graph_evaluation import Evaluation, evaluations
from auditor.checkov.metadata import category, evaluated_keys, guideline, severity, types
from auditor.checkov.runner import graphs
from auditor.model.rule import Rule, Verdict
from auditor.studio.template_types import TYPES

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
        self.bc_category = category(rule).name

    def run(self, scanned_file: str, *args: Any, **kwargs: Any) -> Any:
        """Keep the file, which the inner methods are not told."""
        _here.file = scanned_file
        return super().run(scanned_file, *args, **kwargs)

    def scan_entity_conf(self, conf: Mapping[str, Any], entity_type: str) -> CheckResult:
        """The engine's verdict on the resource."""
        self.entity_type = entity_type
        for graph in self._graphs():
            evaluation = evaluations.of(graph)
            about = evaluation.about(conf, _here.file)
            if about:
                return self._result(evaluation, about)
        return CheckResult.UNKNOWN

    def _graphs(self) -> Iterator[Any]:
        # In threads it may be that of another framework, which has just set its own.
        if self.graph is not None:
            yield self.graph
        yield from graphs()

    def _result(self, evaluation: Evaluation, about: Sequence[Entity]) -> CheckResult:
        columns = evaluation.columns.get(self.id, ())
        self.evaluated_keys = evaluated_keys(self.rule.table, columns, TYPES[self.entity_type].language)
        verdict, judged = evaluation.verdict(self.id, about)
        if verdict is Verdict.FAIL:
            self.details = details(judged)
            return CheckResult.FAILED
        return CheckResult.PASSED if verdict is Verdict.PASS else CheckResult.UNKNOWN

    def scan_resource_conf(self, conf: Mapping[str, Any]) -> CheckResult:
        """Not called: ``scan_entity_conf`` answers."""
        raise NotImplementedError
