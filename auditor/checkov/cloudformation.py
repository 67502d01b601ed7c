"""Checks of CloudFormation templates: checkov's graph checks, which see all templates at once."""

from __future__ import annotations

from typing import Any

from checkov.common.graph.checks_infra.base_check import BaseGraphCheck
from checkov.common.graph.graph_builder.graph_components.attribute_names import CustomAttributes

from auditor.checkov.check_settings import Settings
from auditor.checkov.details import details
from auditor.checkov.graph_evaluation import evaluations
from auditor.checkov.metadata import category, evaluated_keys, guideline, severity, types
from auditor.checkov.runner import fail
from auditor.model.rule import Rule, Verdict

_Vertices = list[dict[str, Any]]
#: What checkov's CloudFormation runner reads of a result's vertex. It copies each one deeply, so that the properties in
#: it would take longer than all the rest.
_READ = (
    CustomAttributes.FILE_PATH, CustomAttributes.BLOCK_TYPE, CustomAttributes.BLOCK_NAME, CustomAttributes.ID,
    CustomAttributes.RESOURCE_TYPE, "Tags",
)  # fmt: skip


class CloudFormationCheck(BaseGraphCheck):
    """One rule, for cloudformation."""

    def __init__(self, rule: Rule, settings: Settings) -> None:
        super().__init__()
        self.rule = rule
        self.id = rule.id
        self.name = rule.title
        self.category = category(rule).name
        self.bc_category = category(rule).name
        self.resource_types = types(rule, "cloudformation")
        self.guideline = guideline(rule)
        self.severity = severity(rule, settings)
        self.frameworks = ["CloudFormation"]
        self.columns: tuple[str, ...] = ()

    def run(self, graph_connector: Any) -> tuple[_Vertices, _Vertices, _Vertices]:
        """The resources that pass, that fail, and the others."""
        try:
            return self._results(graph_connector)
        except Exception as error:
            # Only a defect of the auditor or another checkov than it was made for comes here, so it may be of any kind:
            # what rules and templates can cause was made a message by ``evaluations``. checkov drops what a check
            # raises and would end with 0, so ``fail`` makes that 2; the check has no results, of which none is a pass.
            fail(f"{self.id} has no results, by a fault of the auditor: {type(error).__name__}: {error}")
            raise

    def _results(self, graph_connector: Any) -> tuple[_Vertices, _Vertices, _Vertices]:
        passed: _Vertices = []
        failed: _Vertices = []
        unknown: _Vertices = []
        evaluation = evaluations.of(graph_connector)
        self.columns = evaluation.columns.get(self.id, ())
        for entity in evaluation.entities:
            if entity.type in self.resource_types:
                verdict, judged = evaluation.verdict(self.id, [entity])
                about = {name: entity.vertex[name] for name in _READ if name in entity.vertex}
                if verdict is Verdict.FAIL:
                    about["details"] = details(judged)
                {Verdict.PASS: passed, Verdict.FAIL: failed}.get(verdict, unknown).append(about)
        return passed, failed, unknown

    def get_evaluated_keys(self) -> list[str]:
        """Properties that the rule reads."""
        return evaluated_keys(self.rule.table, self.columns, "cloudformation")
