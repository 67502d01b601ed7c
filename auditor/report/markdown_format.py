"""report.md: what a pull request comment or a step summary has room for, what fails the run first. It says what it
leaves out.

GitHub takes 65,536 characters in a comment and 1 MiB in a step summary; the file fits both. Text of the account is
inert: no markup, no HTML, no link, nobody is mentioned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from auditor.model.finding import Finding, State
from auditor.model.report import Outcome, Report
from auditor.model.rule import Severity, Verdict
from auditor.model.waiver import WaiverStatus
from auditor.report.first_screen import curve, examples, overdue, posture, rule_groups, standing, wrong
from auditor.report.markdown import drift_section
from auditor.report.markdown.markdown_text import code, text
from auditor.report.phrases import (
    PRODUCT,
    account_label,
    account_words,
    evidence_words,
    gaps_by_reason,
    gate_words,
    made_by_words,
    name,
    outstanding,
    resolved,
    scope,
    status,
    values_to_give,
)
from auditor.rules.message import format_value
from auditor.studio.setting_names import cause_words

#: Characters of the whole file: those of a GitHub comment, less room for a heading or a marker that a pipeline adds.
LIMIT = 64_000
#: Room for the last lines, which say what was left out.
_END = 1_500
#: Shares of the room, by section in the order of their importance; what one leaves goes to the next.
_SHARES = {
    "failing": 0.1, "new": 0.24, "past": 0.04, "causes": 0.16, "posture": 0.03, "overdue": 0.01,
    "disagreements": 0.12, "live_only": 0.08, "undeployed": 0.05, "rules": 0.14, "findings": 0.26, "unseen": 0.1,
    "waivers": 0.06,
}  # fmt: skip
#: Title, header, rows, their number, and what a row is.
_Table = tuple[str, Sequence[str], Iterable[Sequence[str]], int, str]
_WAIVERS = {
    WaiverStatus.LAPSED: "has lapsed: its findings count again",
    WaiverStatus.VOID: "is void: the value that it was granted for has changed",
    WaiverStatus.EXPIRING: "lapses within 14 days",
    WaiverStatus.UNUSED: "matches nothing",
    WaiverStatus.ACTIVE: "runs for over a year",
}


def render(report: Report) -> Iterator[str]:
    """The page. Sections are cut where their share of the room ends."""
    page = _Page()
    page.add(_head(report))
    if report.drift is not None:
        page.add(drift_section.head(report.drift))
    # In the order of every report's first screen.
    sections: dict[str, _Table] = {
        "failing": _failing(report), "new": _new(report), "past": _past(report), "causes": _causes(report),
        "posture": _posture(report), "overdue": _overdue(report), **drift_section.sections(report.drift),
        "rules": _rules(report), "findings": _findings(report), "unseen": _unseen(report), "waivers": _waivers(report),
    }  # fmt: skip
    if report.gate.new_only:
        # Who asks what a change brings reads only that; the rest is one line.
        for key in ("posture", "overdue", "rules", "findings"):
            del sections[key]
    room = LIMIT - _END - page.size
    allowed, whole = page.size, sum(_SHARES[key] for key in sections)
    for key, (title, header, rows, total, noun) in sections.items():
        allowed += int(room * _SHARES[key] / whole)
        page.table(title, header, rows, total, noun, allowed)
    page.add(_known(report))
    page.add(_foot(page.left_out))
    yield from page.parts


class _Page:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size = 0
        self.left_out: list[str] = []

    def add(self, part: str) -> None:
        self.parts.append(part)
        self.size += len(part)

    def table(
        self, title: str, header: Sequence[str], rows: Iterable[Sequence[str]], total: int, noun: str, allowed: int
    ) -> None:
        """A table as far as the page may grow to ``allowed`` characters; nothing where there is no row."""
        if not total:
            return
        head = f"\n## {title}\n\n{_row(header)}{_row(['---'] * len(header))}"
        parts, size, shown_rows = [head], len(head), 0
        for row in rows:
            line = _row(row)
            if self.size + size + len(line) > allowed:
                break
            parts.append(line)
            size += len(line)
            shown_rows += 1
        rest = total - shown_rows
        if rest:
            self.left_out.append(f"{rest:,} {noun}")
            parts.append(f"\n…and {rest:,} more.\n")
        if shown_rows:
            self.add("".join(parts))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _head(report: Report) -> str:
    places = sorted({place for info in report.snapshots for place in info.scopes})
    accounts = sorted({account for account, _ in places})
    if report.of_templates:
        where = ", ".join(map(code, accounts[:6])) + (f" and {len(accounts) - 6:,} more" if len(accounts) > 6 else "")
    else:
        where = ", ".join(code(f"{account_label(report, account)}/{region}") for account, region in places[:6])
        if len(places) > 6:
            where += f" and {_count(len(places) - 6, 'more place')} in {_count(len(accounts), 'account')}"
    resources = ", ".join(_count(number, kind.replace("_", " ")) for kind, number in report.resources.items() if number)
    lines = [
        f"# {PRODUCT}\n",
        f"**{_verdict(report)}**\n",
        f"{text(report.as_of)} · {where or text(report.source)} · {resources or 'no Studio resource'} ·"
        f" {_count(len(report.rules), 'rule')}\n",
    ]
    failed = standing(report)
    compared = any(f.state is not None for f in failed)
    header = ["severity", "failed", *(["new", "regressed"] if compared else [])]
    rows = []
    for severity in Severity:
        of = [f for f in failed if f.severity is severity]
        moved = [sum(f.state is state for f in of) for state in (State.NEW, State.REGRESSED)] if compared else []
        rows.append([severity.value, *(f"{n:,}" for n in (report.by_severity.get(severity, 0), *moved))])
    table = "".join(map(_row, (header, ["---", *["---:"] * (len(header) - 1)], *rows)))
    others = f"passed {report.by_status[Verdict.PASS]:,} · waived {report.by_status.get('waived', 0):,}"
    others += f" · **unknown {report.by_status[Verdict.UNKNOWN]:,}** · **error {report.by_status[Verdict.ERROR]:,}**"
    return "\n".join(lines) + f"\n{table}\n{others}\n"


def _verdict(report: Report) -> str:
    if report.gate.outcome is Outcome.PASSED and not report.gate.failed and not any(report.resources.values()):
        return "No Studio resource was found in what was audited."
    return f"{gate_words(report, report.gate.failed)}."


def _finding_row(finding: Finding, report: Report, rules: dict[str, str]) -> list[str]:
    cause = finding.evidence[0] if finding.evidence else None
    word = str(finding.severity) if finding.status is Verdict.FAIL else status(finding)
    marks = f"**{word}**" if finding.gates else word
    if finding.state is State.REGRESSED:
        marks += ", back again"
    said = text(finding.message)
    if finding.made_by is not None:
        said += f" Made by: {text(made_by_words(finding.made_by))}"
    return [
        marks, code(f"{finding.rule_id} {rules.get(finding.rule_id, '')}".strip()), said,
        code(name(finding.resource)), code(scope(finding.resource, report)),
        code(evidence_words(cause)) if cause else "",
    ]  # fmt: skip


_FINDING = ("severity", "rule", "finding", "resource", "where", "because")


def _names(report: Report) -> dict[str, str]:
    return {rule.id: rule.name for rule in report.rules}


def _new(report: Report) -> _Table:
    new = [f for f in standing(report) if f.is_news]
    rules = _names(report)
    since = f" since {report.previous}" if report.previous else ""
    return f"New{since}", _FINDING, (_finding_row(f, report, rules) for f in new), len(new), "new findings"


def _failing(report: Report) -> _Table:
    groups = rule_groups(report, (f for f in report.findings if f.gates))
    rows = (
        [g.severity.value, text(g.first.message) + (f" *and {g.number - 1:,} more*" if g.number > 1 else ""),
         code(g.rule_id), code(g.where), f"{g.number:,}"]
        for g in groups
    )  # fmt: skip
    return (
        "What fails the run",
        ("severity", "finding", "rule", "where", "findings"),
        rows,
        len(groups),
        "failing rules",
    )


def _causes(report: Report) -> _Table:
    causes, title = report.open_root_causes, "Top fixes"
    if report.gate.new_only:
        news = {f.root_cause for f in standing(report) if f.is_news}
        causes = tuple(cause for cause in causes if cause.id in news)
    elif len(causes) > 1:
        title = f"Top fixes\n\n{curve(report).sentence} {curve(report).basis}"
    first = examples(report)
    rows = (
        [c.severity.value, text(wrong(c, first.get(c.id))), code(c.rule_id),
         code(f"{cause_words(c.setting)} = {format_value(c.value)}"), code(name(c.resource)),
         code(scope(c.resource, report)), f"{c.affects:,}"]
        for c in causes
    )  # fmt: skip
    return title, ("severity", "finding", "rule", "change", "on", "where", "resolves"), rows, len(causes), "causes"


def _posture(report: Report) -> _Table:
    shares = posture(report)
    rows = [
        [area, f"{s.passed:,}", f"{s.evaluated:,}", f"{s.percent}%", "" if s.change is None else f"{s.change:+d}"]
        for area, s in (("**all**", shares.total), *((code(a), s) for a, s in shares.areas.items()))
        if s.evaluated
    ]
    return "Posture", ("area", "passed", "of", "share", "points"), rows, len(rows), "areas"


def _overdue(report: Report) -> _Table:
    rows = [
        [o.severity.value, f"{o.days:,}", f"{o.number:,}", f"{o.findings:,}", f"{o.oldest:,}" if o.oldest else ""]
        for o in overdue(report)
    ]
    return "Overdue", ("severity", "days to fix", "overdue", "of", "oldest, days late"), rows, len(rows), "severities"


def _known(report: Report) -> str:
    """With a baseline, what is not new: one line."""
    known = sum(not f.is_news for f in standing(report)) if report.gate.new_only else 0
    return (
        f"\n{_count(known, 'finding')} that {'is' if known == 1 else 'are'} not new: see the html or json report.\n"
        if known
        else ""
    )


def _rules(report: Report) -> _Table:
    shown_rules = [r for r in report.rules if any(r.counts.get(k) for k in ("fail", "unknown", "error", "waived"))]
    shown_rules.sort(key=lambda r: (r.counts.get("fail", 0) == 0, r.severity.rank, -r.counts.get("fail", 0), r.id))
    rows = (
        [code(f"{r.id} {r.name}"), r.severity.value, *(f"{r.counts.get(k, 0):,}" for k in
         ("fail", "waived", "unknown", "error", "pass"))]
        for r in shown_rules
    )  # fmt: skip
    header = ("rule", "severity", "failed", "waived", "unknown", "error", "passed")
    return "Rules", header, rows, len(shown_rules), "rules"


def _findings(report: Report) -> _Table:
    old = [f for f in standing(report) if not f.is_news]
    compared = len(old) < len(standing(report)) or any(f.state is not None for f in old)
    rules = _names(report)
    title, noun = ("Already open", "open findings") if compared else ("Findings", "findings")
    return title, _FINDING, (_finding_row(f, report, rules) for f in old), len(old), noun


def _unseen(report: Report) -> _Table:
    groups = gaps_by_reason(report)
    accounts = report.incomplete_accounts if len(report.accounts) > 1 else ()
    values = values_to_give(report.gaps)
    open_rules = [r for r in report.rules if r.counts.get("unknown") or r.counts.get("error")]

    def rows() -> Iterator[Sequence[str]]:
        if values:
            yield "give", f"The values that the templates leave open: {code(' '.join(values))}"
        for account in accounts:
            yield "account", text(account_words(account))
        for said in groups:
            yield "gap", text(said)
        for rule in open_rules:
            number = rule.counts.get("unknown", 0) + rule.counts.get("error", 0)
            yield "open", f"{code(f'{rule.id} {rule.name}')} could not be evaluated {_count(number, 'time')}"
        for past in outstanding(report):
            words = f"{past.finding.message} ({past.reason or past.state.replace('_', ' ')})"
            yield past.state.replace("_", " "), f"{code(past.finding.rule_id)} {text(words)}"

    total = bool(values) + len(accounts) + len(groups) + len(open_rules) + sum(1 for _ in outstanding(report))
    return "Missing data", ("what", "which"), rows(), total, "gaps and rules that could not be evaluated"


def _waivers(report: Report) -> _Table:
    due = (*report.waivers_needing_attention, *report.long_waivers)
    rows = (
        [code(", ".join(w.waiver.rules)), text(w.waiver.owner), w.waiver.expires.isoformat(), _WAIVERS[w.status],
         f"{w.matches:,}", text(w.waiver.reason)]
        for w in due
    )  # fmt: skip
    header = ("rules", "owner", "expires", "state", "findings", "reason")
    return "Waivers to look at", header, rows, len(due), "waivers"


def _past(report: Report) -> _Table:
    done = list(resolved(report))
    rows = (
        [
            code(p.finding.rule_id),
            text(p.finding.message),
            code(name(p.finding.resource)),
            code(scope(p.finding.resource, report)),
        ]
        for p in done
    )
    return "Resolved", ("rule", "was", "resource", "where"), rows, len(done), "resolved findings"


def _foot(left_out: Sequence[str]) -> str:
    if not left_out:
        return "\nThe HTML report has the commands that fix the findings; `--format html,json` writes it.\n"
    parts = left_out[0] if len(left_out) == 1 else f"{', '.join(left_out[:-1])} and {left_out[-1]}"
    return f"\n> Left out here, to fit a comment: {parts}. The formats html and json have them.\n"
