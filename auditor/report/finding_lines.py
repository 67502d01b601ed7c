"""Failures as lines for a terminal, an editor or a CI server: where, how bad, which rule, what is wrong.

``github``: workflow commands of GitHub Actions, which become annotations of the changed lines. Their data escapes
``%``, carriage return and line feed; their properties ``:`` and ``,`` as well (toolkit, packages/core/src/command.ts).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from auditor.inert_text import printable
from auditor.model.finding import Finding
from auditor.model.report import Report
from auditor.model.rule import Severity, Verdict
from auditor.report.phrases import place

_WARNED = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)


class Listing(StrEnum):
    """Forms in which failures are printed, beside the formats that are written into files."""

    CONCISE = "concise"
    GITHUB = "github"


def listed(report: Report) -> tuple[Finding, ...]:
    """The failures to list, by place: without waived ones, and where the run is compared only what is new."""
    found = [f for f in report.findings if f.stands and (report.previous is None or f.is_news)]
    return tuple(sorted(found, key=_by_place))


def lines(report: Report, form: Listing) -> Iterator[str]:
    """A line a failure. GitHub shows ten errors of a step only, so that what fails the run comes first there."""
    found = listed(report)
    if form is Listing.GITHUB:
        names = {rule.id: rule.name for rule in report.rules}
        found = tuple(sorted(found, key=lambda f: (not f.gates, f.severity.rank)))
        yield from (_command(finding, names.get(finding.rule_id, "")) for finding in found)
    else:
        yield from map(_line, found)


def left_out(report: Report) -> str:
    """What the lines leave out, in words; empty where they hold everything."""
    failed = report.by_status[Verdict.FAIL]
    counts = (
        (failed - len(listed(report)), "not new"),
        (report.by_status["waived"], "waived"),
        (report.by_status[Verdict.UNKNOWN] + report.by_status[Verdict.ERROR], "not evaluated"),
    )
    return ", ".join(f"{number:,} {words}" for number, words in counts if number)


def _by_place(finding: Finding) -> tuple[bool, str, int, int, str, str]:
    where = place(finding)
    return where.live, where.path, where.line, finding.severity.rank, finding.rule_id, finding.resource.key


def _line(finding: Finding) -> str:
    where = place(finding)
    at = where.path if where.live else f"{where.path}:{where.line}"
    return printable(f"{at}: {finding.severity} {finding.rule_id} {finding.message}")


def _command(finding: Finding, name: str) -> str:
    where = place(finding)
    properties = {} if where.live else {"file": where.path, "line": str(where.line)}
    properties["title"] = f"{finding.rule_id} {name} ({finding.severity})"
    level = "error" if finding.gates else "warning" if finding.severity in _WARNED else "notice"
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    # What comes from others is made inert before the command is put around it.
    return f"::{level} {given}::{_data(printable(finding.message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
