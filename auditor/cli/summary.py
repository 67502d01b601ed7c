"""One screen: what was audited, what is wrong, what to do first, what could not be seen, and how it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from auditor.cli.text import STYLES, plural, printable
from auditor.errors import ExitCode
from auditor.model.report import FrameworkSummary, Report, RequirementStatus, RootCause
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import INNATE_GAPS

_NOUNS = {"domain": "domain", "user_profile": "profile", "space": "space", "app": "app"}
_CAUSES = 8


def summary(report: Report, code: ExitCode, written: Sequence[Path]) -> RenderableType:
    """Everything that came from the account is printed as plain text, control characters replaced."""
    parts: list[RenderableType] = [_title(report), _severities(report)]
    if not sum(report.resources.values()):
        parts.append(Text("No Studio resource was found in what was audited."))
    if report.root_causes:
        parts += [Text(), _causes(report)]
    unseen = _unseen(report)
    if unseen:
        parts += [Text(), unseen]
    not_run = _not_run(report)
    if not_run:
        parts += [Text(), not_run]
    if report.frameworks:
        parts += [Text(), *map(_framework, report.frameworks)]
    parts += [
        Text(),
        *(Text(f"Report: {path}", no_wrap=True, overflow="ignore") for path in written),
        _verdict(report, code),
    ]
    return Group(*parts)


def _title(report: Report) -> Text:
    counts = ", ".join(plural(report.resources.get(kind, 0), noun) for kind, noun in _NOUNS.items())
    places = sorted({place for info in report.snapshots for place in info.scopes})
    accounts = Counter(account for account, _ in places)
    where = "; ".join(
        f"{account} ({', '.join(region for a, region in places if a == account)})" for account in list(accounts)[:4]
    )
    more = f" and {plural(len(accounts) - 4, 'more account')}" if len(accounts) > 4 else ""
    return Text.assemble(
        ("SageMaker Studio audit", "bold"), f"  {printable(where)}{more}  {report.as_of}\n", f"{counts}; ",
        f"{plural(len(report.rules), 'rule')}",
    )  # fmt: skip


def _severities(report: Report) -> Text:
    line = Text()
    for severity in Severity:
        number = report.by_severity.get(severity, 0)
        line.append(f"{severity} {number:,}", STYLES[severity] if number else "dim")
        line.append("   ")
    line.append(f"passed {report.by_status[Verdict.PASS]:,}", "green")
    for verdict, label in ((Verdict.UNKNOWN, "unknown"), (Verdict.ERROR, "error")):
        number = report.by_status[verdict]
        line.append(f"   {label} {number:,}", "magenta" if number else "dim")
    return line


def _place(cause: RootCause) -> str:
    resource = cause.resource
    inside = (
        f"{resource.domain_name or resource.domain_id}/" if resource.type != "domain" and resource.domain_id else ""
    )
    return f"{resource.type.replace('_', ' ')} {inside}{resource.name}"


def _causes(report: Report) -> Table:
    table = Table(title="What to do first", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("severity")
    table.add_column("rule", no_wrap=True)
    table.add_column("change", overflow="fold")
    table.add_column("mends", justify="right")
    names = {r.id: r.name for r in report.rules}
    for cause in report.root_causes[:_CAUSES]:
        table.add_row(
            Text(cause.severity, STYLES[cause.severity]),
            f"{cause.rule_id} {names[cause.rule_id]}",
            Text(printable(f"{cause.setting} on {_place(cause)}")),
            f"{cause.affects:,}",
        )
    rest = len(report.root_causes) - _CAUSES
    if rest > 0:
        table.add_row("", "", Text(f"and {plural(rest, 'more cause')} in the report", "dim"), "")
    return table


def _framework(framework: FrameworkSummary) -> Text:
    counts = framework.by_status
    styles = {RequirementStatus.FAIL: "red", RequirementStatus.UNKNOWN: "magenta", RequirementStatus.PASS: "green"}
    line = Text(f"{printable(framework.title)} {printable(framework.version)}:")
    for status in (
        RequirementStatus.FAIL,
        RequirementStatus.UNKNOWN,
        RequirementStatus.PASS,
        RequirementStatus.NOT_ASSESSED,
    ):
        number = counts[status]
        line.append(f"  {status.replace('_', ' ')} {number:,}", styles.get(status, "dim") if number else "dim")
    return line


def _unseen(report: Report) -> Text | None:
    lost = [g for g in report.gaps if g.reason not in INNATE_GAPS]
    if not lost and not report.by_status[Verdict.UNKNOWN]:
        return None
    text = Text("Could not be seen", "bold")
    kinds = Counter((g.reason, g.operation, g.region if g.resource_id == "*" else "") for g in lost)
    for (reason, operation, region), number in kinds.most_common(5):
        place = f" in {region}" if region else f" on {plural(number, 'resource')}"
        text.append(f"\n  {operation}: {reason.replace('_', ' ')}{printable(place)}", "default not bold")
    if len(kinds) > 5:
        text.append(f"\n  and {len(kinds) - 5} more in the report", "dim not bold")
    if not lost:
        text.append(f"\n  {plural(report.by_status[Verdict.UNKNOWN], 'verdict')} unknown", "default not bold")
    return text


def _not_run(report: Report) -> Text | None:
    """Rules that templates cannot answer, by what they need."""
    reasons: dict[str, list[str]] = {}
    for rule in report.rules:
        if rule.not_run:
            reasons.setdefault(rule.not_run, []).append(rule.id)
    if not reasons:
        return None
    text = Text("Did not run", "bold")
    for reason, rules in sorted(reasons.items(), key=lambda item: item[1]):
        text.append(f"\n  {', '.join(rules)}: {reason}", "default not bold")
    return text


def _verdict(report: Report, code: ExitCode) -> Text:
    if code is ExitCode.FINDINGS and report.fail_on is not None:
        number = sum(1 for f in report.findings if f.status is Verdict.FAIL and f.severity.rank <= report.fail_on.rank)
        return Text(
            f"Failed: {plural(number, 'finding')} at or above {report.fail_on}. Exit code {int(code)}.", "bold red"
        )
    if code is ExitCode.INCOMPLETE:
        return Text(
            f"Incomplete: something could not be seen or decided. Exit code {int(code)};"
            " --allow-incomplete accepts it.",
            "bold magenta",
        )
    limit = f" at or above {report.fail_on}" if report.fail_on is not None else ""
    worse = "No finding" + limit if report.fail_on is not None else "Not gated (--fail-on none)"
    return Text(f"{worse}. Exit code {int(code)}.", "bold green")
