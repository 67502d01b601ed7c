"""What causes the failures of rows that are alike, and what fixes these, where that is their domain: made once."""

from __future__ import annotations

from typing import Any

from auditor.evaluate.alike_findings import PLAIN_NAME, document_paths
from auditor.evaluate.failing_rows import NAMES, Row
from auditor.evaluate.findings import FindingMaker
from auditor.model.finding import RootCause
from auditor.model.resource import ResourceRef
from auditor.model.rule import Rule
from auditor.remediation.raw_documents import Documents
from auditor.remediation.remediate import Remediation
from auditor.resolve.table_model import Table


class AlikeCauses:
    """Causes of the failing rows of one rule, and what is known of those like them: rows are alike where names are all
    that tells them apart, and their documents hold the same where the rule changes them."""

    def __init__(self, rule: Rule, documented: Table, maker: FindingMaker, documents: Documents) -> None:
        self._rule, self._documented, self._maker, self._documents = rule, documented, maker, documents
        self._paths = document_paths(rule, documented)
        self._known: dict[Any, tuple[RootCause, Remediation]] = {}

    def alone(self, row: Row) -> tuple[ResourceRef, RootCause, Remediation]:
        """The resource of a row, what causes its failure, taken alone, and what fixes that."""
        resource = self._maker.resource(self._documented, row)
        key = self._key(row, resource)
        known = self._known.get(key) if key is not None else None
        if known is None:
            known = self._maker.alone(self._rule, self._documented, row, resource)
            # A cause at the resource itself bears its name.
            if key is not None and known[0].resource.key != resource.key:
                self._known[key] = known
        return resource, *known

    def _key(self, row: Row, resource: ResourceRef) -> Any:
        """The same for rows that are alike; None for one that is to be looked at by itself."""
        if not PLAIN_NAME.fullmatch(resource.name):
            return None
        told = b""
        if self._paths is not None:
            told = self._documents.told((resource.account, resource.region, resource.type, resource.id), self._paths)
        values = [repr(v) if isinstance(v, (list, dict)) else v for name, v in row.items() if name not in NAMES]
        # The beginning of an ARN holds the partition, which a domain's ARN is made with.
        return (told, resource.arn[:12], *values)
