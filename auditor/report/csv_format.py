"""report.csv: one row a finding of this run, as RFC 4180 has it (CRLF, quotes doubled), in UTF-8 without a mark.

Whoever can name a profile could otherwise put a formula into the security team's spreadsheet: a cell that a spreadsheet
would take for a formula gets an apostrophe in front (OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from functools import lru_cache

from auditor.inert_text import visible
from auditor.model.finding import Finding
from auditor.model.report import Report
from auditor.report.phrases import evidence_words, fix, joined, place, status
from auditor.rules.message import format_value

#: The columns, in this order; new ones come at the end.
COLUMNS = (
    "fingerprint", "rule", "name", "title", "status", "severity", "state", "first_seen", "regressed", "gates",
    "account", "region", "domain_id", "domain_name", "resource_type", "resource_id", "resource_name", "arn",
    "file", "line", "construct", "message", "setting", "value", "origin_layer", "origin_resource", "origin_path",
    "evidence", "root_cause", "fix", "waiver_reason", "waiver_owner", "waiver_expires", "waiver_ticket",
    "account_name", "account_ou",
)  # fmt: skip
#: What makes Excel, LibreOffice or Google Sheets take a cell for a formula, full-width signs included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: The same behind a semicolon, which is where a cell begins for a spreadsheet set to semicolons, quotes or not.
_INNER = re.compile(r"(;\s*)(?=[=+\-@＝＋－＠])")
_ROWS = 500


def render(report: Report) -> Iterator[str]:
    """The header and the rows, some hundred at a time."""
    rules, accounts = {rule.id: rule for rule in report.rules}, {a.id: (a.name, a.ou) for a in report.accounts}
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for number, finding in enumerate(report.findings, start=1):
        rule = rules.get(finding.rule_id)
        names = (rule.name, rule.title) if rule is not None else ("", "")
        account = accounts.get(finding.resource.account, ("", ""))
        writer.writerow([safe(str(value)) for value in (*_row(finding, *names), *account)])
        if number % _ROWS == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


@lru_cache(maxsize=4096)  # most cells are those of the row above
def safe(cell: str) -> str:
    """The cell as text for every spreadsheet, without characters that steer a display."""
    cell = visible(cell, keep="\n\t\r")
    if ";" in cell:
        cell = _INNER.sub(r"\1'", cell)
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell


def _row(finding: Finding, name: str, title: str) -> tuple[object, ...]:
    resource, waiver, where = finding.resource, finding.waiver, place(finding)
    first = finding.evidence[0] if finding.evidence else None
    cause = ("",) * 5
    if first:
        cause = (first.setting, format_value(first.value), first.origin.layer, first.origin.resource, first.origin.path)
    return (
        finding.fingerprint, finding.rule_id, name, title, status(finding), finding.severity, finding.state or "",
        finding.first_seen or "", finding.regressed, "yes" if finding.gates else "no",
        resource.account, resource.region, resource.domain_id, resource.domain_name, resource.type, resource.id,
        resource.name, resource.arn, *(("", "") if where.live else (where.path, where.line)), resource.construct,
        finding.message, *cause, joined(map(evidence_words, finding.evidence)), finding.root_cause, fix(finding),
        *((waiver.reason, waiver.owner, waiver.expires.isoformat(), waiver.ticket) if waiver else ("",) * 4),
    )  # fmt: skip
