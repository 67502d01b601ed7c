"""One screen, in the order of every report: what was audited, what fails the run, what changed, the changes that
resolve most, posture, what is overdue; then waivers, what could not be seen, and how it ends. At most LINES lines for
any estate; the rest is in the reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.text import Text

from auditor.cli.account_summary import missing_accounts
from auditor.cli.drift_lines import disagreement, live_only, resource_words
from auditor.cli.terminal import STYLES
from auditor.counting import plural
from auditor.errors import ExitCode
from auditor.inert_text import printable
from auditor.masking import mask_text
from auditor.model.finding import Finding, State
from auditor.model.report import FrameworkSummary, Outcome, Report, RequirementStatus
from auditor.model.resource import ResourceRef
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import LANGUAGE_LIMITS
from auditor.model.waiver import WaiverStatus, WaiverSummary
from auditor.report.drift_view import drift_view
from auditor.report.first_screen import Fix, RuleGroup, curve, fixes, overdue, posture, rule_groups
from auditor.report.phrases import account_label, scope, shortcoming, values_to_give
from auditor.run.thresholds import describe
from auditor.studio.resource_types import STUDIO_TYPES
from auditor.studio.setting_names import cause_words

LINES = 40
#: Lines of a section at first, and at least; long ones give way until all fit.
_MOST, _LEAST = 8, 0
#: Before the second row of a line.
_INDENT = "      "


@dataclass(slots=True)
class _Section:
    """A heading and its lines, worst first, made only when they are shown; ``noun`` is what a line is about."""

    heading: Text
    lines: Sequence[Callable[[], Text]]
    noun: str
    shown: int = 0

    def render(self, width: int | None) -> Iterator[Text]:
        """With the empty line before it."""
        yield Text()
        yield from rows(self.heading, width)
        for line in self.lines[: self.shown]:
            yield from rows(Text("  ").append_text(line()), width)
        left = len(self.lines) - self.shown
        if left:
            more = plural(left, f"more {self.noun}") if self.noun else f"{left:,} more"
            yield Text(f"  and {more} in the report", "dim")


def rows(line: Text, width: int | None) -> list[Text]:
    """A line as rows of the terminal, at most two: what is longer loses its middle, so that the resource, which stands
    at the end, stays. Without a width the line is whole."""
    if width is None or line.cell_len <= width:
        return [line]
    room = max(width - len(_INDENT), 8)
    if line.cell_len > 2 * room:
        begin, end = line.copy(), line[-room + 6 :]
        begin.truncate(room - 2)
        while end.cell_len > room - 6:
            end = end[1:]
        begin.rstrip()
        line = begin.append("… ").append_text(end)
    first, *rest = line.wrap(Console(width=width), room, no_wrap=False, overflow="fold")
    return [first, *(Text(_INDENT).append_text(row) for row in rest)]


def summary(
    report: Report, code: ExitCode, written: Sequence[Path], kept: str = "", width: int | None = None
) -> RenderableType:
    """Everything that came from the account is printed as plain text, control characters replaced.

    ``kept`` names the store that took the run; ``width``: of the terminal, whose rows are counted then.
    """
    top = [*_title(report), _severities(report)]
    if not sum(report.resources.values()):
        top.append(Text("No Studio resource was found in what was audited."))
    bottom = [Text(), *_reports(written, kept), *_acceptable(report), verdict(report, code)]
    top, bottom = ([row for line in part for row in rows(line, width)] for part in (top, bottom))
    found = (
        _failing(report, code), _news(report), _causes(report), _posture(report), _overdue(report), _drift(report),
        _exempt(report), _waivers(report), _accounts(report), _unseen(report), _not_run(report), _frameworks(report),
    )  # fmt: skip
    sections = [section for section in found if section is not None]
    for section in sections:
        section.shown = min(len(section.lines), _MOST)
    while len(top) + len(bottom) + sum(len([*s.render(width)]) for s in sections) > LINES:
        longest = max(sections, key=lambda s: s.shown)
        if longest.shown <= _LEAST:
            break
        longest.shown -= 1
    lines = [*top, *(line for section in sections for line in section.render(width)), *bottom]
    for line in lines:
        line.no_wrap = True
        line.overflow = "ignore"
    return Group(*lines)


def _title(report: Report) -> Iterator[Text]:
    places = sorted({place for info in report.snapshots for place in info.scopes})
    accounts = sorted({account for account, _ in places})
    if report.of_templates:
        where = _few(accounts, 2, "template")
    else:
        named = [account_label(report, account) for account in accounts]
        where = f"{_few(named, 2, 'account')} in {_few(sorted({region for _, region in places}), 3, 'region')}"
    yield Text.assemble(("SageMaker Studio audit", "bold"), f"  {report.as_of}  {printable(where)}")
    counts = ", ".join(plural(report.resources.get(t.table, 0), t.noun) for t in STUDIO_TYPES)
    yield Text(f"{counts}; {plural(len(report.rules), 'rule')}")


def _few(names: Sequence[str], most: int, noun: str) -> str:
    return ", ".join(names) if len(names) <= most else plural(len(names), noun)


def _severities(report: Report) -> Text:
    line = Text()
    for severity in Severity:
        number = report.by_severity.get(severity, 0)
        line.append(f"{severity} {number:,}", STYLES[severity] if number else "dim")
        line.append("   ")
    line.append(f"passed {report.by_status[Verdict.PASS]:,}", "green")
    others = ((Verdict.UNKNOWN, "magenta"), (Verdict.ERROR, "magenta"), ("waived", "default"))
    for status, style in others:
        number = report.by_status[status]
        line.append(f"   {status} {number:,}", style if number else "dim")
    return line


def _by_rule(report: Report, findings: Iterable[Finding]) -> list[Callable[[], Text]]:
    """A line a rule: what is wrong with the first resource, how many more there are, and where."""

    def line(group: RuleGroup) -> Text:
        more = f" and {group.number - 1:,} more" if group.number > 1 else ""
        told = report.previous is not None and group.number > 1 and group.new
        return Text.assemble(
            (f"{group.severity:<9}", STYLES[group.severity]), f"{group.rule_id} ",
            printable(f"{group.first.message}{more}: {group.where}"),
            f", {group.new:,} of them new" if told else "",
        )  # fmt: skip

    return [partial(line, group) for group in rule_groups(report, findings)]


def _of_several(report: Report, resource: ResourceRef) -> str:
    """Account and Region, where the run has several of them: names repeat from one to the other."""
    several = len({place for info in report.snapshots for place in info.scopes}) > 1
    return f" · {scope(resource, report)}" if several and scope(resource) else ""


def _failing(report: Report, code: ExitCode) -> _Section | None:
    if code is not ExitCode.FINDINGS:
        return None
    lines = _by_rule(report, (f for f in report.findings if f.gates))
    return _Section(Text("What fails the run", "bold red"), lines, "rule")


def _news(report: Report) -> _Section | None:
    if report.previous is None:
        return None
    states = Counter(f.state for f in report.findings) + Counter(p.state for p in report.past)
    words = {
        State.NEW: "new", State.REGRESSED: "came back", State.RESOLVED: "resolved",
        State.NOT_ASSESSED: "no longer assessed", State.CARRIED_OVER: "carried over",
    }  # fmt: skip
    counts = [f"{states[state]:,} {word}" for state, word in words.items() if states[state]]
    heading = Text.assemble(("Since ", "bold"), (report.previous, "bold"), f": {', '.join(counts) or 'no changes'}")
    lines = _by_rule(report, (f for f in report.findings if f.is_news))
    return _Section(heading, lines, "rule")


def _causes(report: Report) -> _Section | None:
    causes = report.open_root_causes
    if not causes:
        return None
    known, only = 0, None
    if report.gate.new_only:
        only = {f.root_cause for f in report.findings if f.is_news}
        known = sum(cause.id not in only for cause in causes)

    def line(fix: Fix) -> Text:
        at = fix.where
        if fix.changes == 1:
            at = f"{cause_words(fix.cause.setting)} on {resource_words(fix.cause.resource)}"
            at += _of_several(report, fix.cause.resource)
        return Text.assemble(
            (f"{fix.cause.severity:<9}", STYLES[fix.cause.severity]), f"fixes {plural(fix.resolves, 'finding'):<15} ",
            f"{fix.cause.rule_id} ", printable(f"{fix.said}: {at}"),
        )  # fmt: skip

    lines = [partial(line, fix) for fix in fixes(report, only)]
    if not report.gate.new_only and len(causes) > 1:
        lines.insert(0, partial(Text, curve(report).sentence, "dim"))
    if known:
        causes_ = f"{plural(known, 'root cause')} of findings that are not new: see the report"
        lines.append(partial(Text, causes_, "dim"))
    return _Section(Text("Top fixes", "bold"), lines, "row")


def _posture(report: Report) -> _Section | None:
    """How much passed, now and in the run before."""
    total = posture(report).total
    if total.percent is None:
        return None
    said = f": {total.percent}% of {plural(total.evaluated, 'check')} passed"
    if report.previous is not None and total.before is not None and total.before.percent is not None:
        said += f", {total.before.percent}% on {report.previous[:10]}"
    return _Section(Text.assemble(("Posture", "bold"), said), [], "")


def _overdue(report: Report) -> _Section | None:
    """What was not fixed in time, where auditor.yaml sets a time."""
    rows_ = overdue(report)
    if not rows_:
        return None
    late = [f"{o.number:,} of {plural(o.findings, f'{o.severity} finding')} after {plural(o.days, 'day')}"
            for o in rows_ if o.number]  # fmt: skip
    undated = sum(o.undated for o in rows_)
    if undated:
        late.append(f"{plural(undated, 'finding')} of unknown age (--store or --baseline remembers it)")
    return _Section(Text.assemble(("Overdue", "bold"), f": {', '.join(late) or 'none'}"), [], "")


def _drift(report: Report) -> _Section | None:
    """How the templates and the account differ."""
    if report.drift is None:
        return None
    view = drift_view(report.drift)
    names = ", ".join(info.file for info in report.drift.against)
    heading = Text.assemble(("Compared with the account", "bold"), f": {', '.join(view.phrases[:2])}")
    lines: list[Callable[[], Text]] = [partial(Text, printable(f"{names}: {view.base}"), "dim")]
    if view.phrases[2:]:
        lines.append(partial(Text, ", ".join(view.phrases[2:])))
    lines += [
        partial(Text, printable(f"the snapshot is incomplete: {said}"), "magenta") for said in report.drift.incomplete
    ]
    lines += [partial(disagreement, group) for group in view.disagreements]
    lines += [partial(live_only, group) for group in view.only if group.certain]
    return _Section(heading, lines, "")


def _exempt(report: Report) -> _Section | None:
    """Domains that rules about people skip, each with the reason."""
    exempt = [domain for domain in report.domains if domain.out_of_scope]
    if not exempt:
        return None
    places = (resource_words(d.resource) + _of_several(report, d.resource) for d in exempt)
    lines = [partial(Text, printable(f"{at}: {d.out_of_scope}")) for at, d in zip(places, exempt, strict=True)]
    return _Section(Text("Partly out of scope", "bold"), lines, "")


def _waivers(report: Report) -> _Section | None:
    problems = (f"waiver not counted at {p.resource}: {p.problem}" for p in report.waiver_problems)
    lines: list[Callable[[], Text]] = [partial(Text, printable(problem), "magenta") for problem in problems]
    lines += [partial(_waiver, w) for w in (*report.waivers_needing_attention, *report.long_waivers)]
    if not lines:
        return None
    return _Section(Text("Waivers", "bold"), lines, "")


def _waiver(summary: WaiverSummary) -> Text:
    waiver, number = summary.waiver, plural(summary.matches, "finding")
    said, style = {
        WaiverStatus.LAPSED: (f"lapsed on {waiver.expires}, {number} no longer waived", "red"),
        WaiverStatus.VOID: (f"void, {number} with another value", "red"),
        WaiverStatus.EXPIRING: (f"lapses on {waiver.expires}, {number} waived", "yellow"),
        WaiverStatus.ACTIVE: (f"runs for over a year, until {waiver.expires}, {number} waived", "yellow"),
    }.get(summary.status, ("matches nothing", "dim"))
    rules = ", ".join(waiver.rules[:3]) + (", …" if len(waiver.rules) > 3 else "")
    where = f"{waiver.file}:{waiver.line}" if waiver.line else waiver.file
    return Text.assemble((said, style), printable(f": {rules}, {waiver.owner} ({where})"))


def _frameworks(report: Report) -> _Section | None:
    if not report.frameworks:
        return None
    return _Section(Text("Frameworks", "bold"), [partial(_framework, f) for f in report.frameworks], "framework")


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


def _accounts(report: Report) -> _Section | None:
    found = missing_accounts(report)
    return _Section(*found, "account") if found is not None else None


def _unseen(report: Report) -> _Section | None:
    open_ = report.by_status[Verdict.UNKNOWN] + report.by_status[Verdict.ERROR]
    lost = [g for g in report.gaps if g.reason not in LANGUAGE_LIMITS]
    if not lost and not open_:
        return None
    kinds = Counter((g.reason, g.operation, g.region if g.resource_id == "*" else "") for g in lost)
    ordered = sorted(kinds.items(), key=lambda k: (-k[1], k[0]))

    def line(reason: str, operation: str, region: str, count: int) -> Text:
        place = f" in {region}" if region else f" on {plural(count, 'resource')}"
        return Text(printable(f"{operation}: {reason.replace('_', ' ')}{place}"))

    # What was not listed has no checks at all: their number says nothing of what was not seen.
    what = f"{plural(open_, 'check')} not evaluated" if open_ else "no check of what was seen depends on it"
    heading = Text.assemble(("Missing data", "bold"), f": {what}")
    lines = [partial(line, *kind, count) for kind, count in ordered]
    values = " ".join(values_to_give(lost))
    if values:
        lines.insert(0, partial(Text, printable(f"Give the values that the templates leave open: {values}")))
    return _Section(heading, lines, "")


def _reports(written: Sequence[Path], kept: str) -> Iterator[Text]:
    """The first few with their paths; the others lie beside them."""
    first, rest = written[:3], [path.name for path in written[3:]]
    yield from (Text(f"Report: {path}") for path in first)
    for begin in range(0, len(rest), 4):
        yield Text(f"        {'also ' if begin == 0 else '     '}{', '.join(rest[begin : begin + 4])}")
    if kept:
        yield Text(f"Kept in {printable(mask_text(kept))}")


def _not_run(report: Report) -> _Section | None:
    """Rules that templates cannot answer, by what they need."""
    reasons: dict[str, list[str]] = {}
    for rule in report.rules:
        if rule.not_run:
            reasons.setdefault(rule.not_run, []).append(rule.id)
    if not reasons:
        return None
    ordered = sorted(reasons.items(), key=lambda item: item[1])
    lines = [partial(Text, f"{', '.join(rules)}: {reason}") for reason, rules in ordered]
    return _Section(Text("Did not run", "bold"), lines, "reason")


def _acceptable(report: Report) -> Iterator[Text]:
    """How to accept that the run is incomplete."""
    if report.gate.outcome is Outcome.INCOMPLETE and report.not_accepted:
        yield Text(f"To accept what is missing: {' '.join(report.not_accepted)}", "dim")


def verdict(report: Report, code: ExitCode) -> Text:
    gate, limits = report.gate, describe(report.gate)
    end = f"Exit code {int(code)}"
    if gate.outcome is Outcome.FINDINGS:
        noun = "new finding" if gate.new_only else "finding"
        return Text(f"Failed: {plural(gate.failed, noun)} {limits}. {end}.", "bold red")
    if gate.outcome is Outcome.EMPTY:
        return Text(f"Empty: {shortcoming(report)}. {end}; --allow-empty accepts it.", "bold magenta")
    if gate.outcome is Outcome.UNDECIDED:
        return Text(f"Undecided: {shortcoming(report)}. {end}.", "bold magenta")
    if gate.outcome is Outcome.INCOMPLETE:
        accepted = "" if report.not_accepted else " (accepted)"
        return Text(f"Incomplete{accepted}: {shortcoming(report)}. {end}.", "bold magenta")
    if report.fail_on is None and not gate.by_rule and not gate.by_account:
        return Text(f"Not gated (--fail-on none). {end}.", "bold green")
    noun = "No new finding" if gate.new_only else "No finding"
    return Text(f"{noun} {limits}. {end}.", "bold green")
