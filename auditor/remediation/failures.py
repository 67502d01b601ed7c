"""A rule's failing rows, each with what would fix it and where: all that a command is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.model.resource import ResourceRef
from auditor.model.rule import Rule
from auditor.remediation.blame import Blame, blame
from auditor.remediation.raw_documents import Documents
from auditor.remediation.steps import Step, steps_of
from auditor.resolve.table_model import Table
from auditor.rules.verdict_sql import Overrides, parameter_values
from auditor.rules.withheld import withheld


@dataclass(frozen=True, slots=True)
class Failure:
    """A failing row with its blame.

    ``row`` holds the columns of the rule's table and the expressions that ``remediate.columns`` asks for. ``steps`` are
    the changes that fix it, as for the resource itself. ``withheld`` says why there is no command yet: then there are
    no steps.
    """

    rule: Rule
    documented: Table
    row: Mapping[str, Any]
    resource: ResourceRef
    steps: tuple[Step, ...]
    blame: Blame
    withheld: str


class Failures:
    """Reads failing rows, with the documents behind them."""

    def __init__(self, documents: Documents, overrides: Overrides) -> None:
        self._documents = documents
        self._overrides = overrides
        self._parameters: dict[str, Mapping[str, Any]] = {}

    def of(self, rule: Rule, documented: Table, blamed: str, row: Mapping[str, Any], resource: ResourceRef) -> Failure:
        """The failure of one row. ``blamed`` is the column that it is put down to."""
        reason = withheld(rule, row)
        steps = () if reason else steps_of(rule, row, self._parameters_of(rule))
        own = self._documents.get((resource.account, resource.region, resource.type, resource.id)) if steps else None
        decided = blame(documented, blamed, row, resource, steps, own)
        return Failure(rule, documented, row, resource, steps, decided, reason)

    def _parameters_of(self, rule: Rule) -> Mapping[str, Any]:
        if rule.id not in self._parameters:
            self._parameters[rule.id] = parameter_values(rule, self._overrides.get(rule.id))
        return self._parameters[rule.id]
