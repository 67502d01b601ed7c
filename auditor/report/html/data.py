"""The data of the HTML report's script: every finding, root cause and resource, packed.

``reports/templates/report/data.js`` reads it. All of it is also in report.json, except for the inventory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from auditor.inert_text import visible
from auditor.model.finding import WEIGHTS, Evidence, Finding, FindingRemediation, State
from auditor.model.report import Report
from auditor.model.resource import ResourceRef
from auditor.model.rule import Severity, Verdict
from auditor.model.waiver import Waiver
from auditor.report.first_screen import due
from auditor.report.html.encode import NOTHING, Columns, Dictionary, Stencil, hexes, pack
from auditor.report.html.path_picture import packed_paths
from auditor.report.html.resource_pages import Resources, Stencils
from auditor.report.phrases import made_by_words
from auditor.studio.console_links import HOSTS, PAGES
from auditor.studio.setting_names import SETTING_PATHS

#: Findings in the page at most, worst first; beyond it would not open quickly.
ROWS = 250_000
#: Characters of packed data at most; what is least missed is left out until it fits. A page stays under 20 MB with it.
SIZE = 18_500_000

STATUSES = (Verdict.FAIL, Verdict.ERROR, Verdict.UNKNOWN)
#: Places of ``state`` in the data; "" where there is nothing to compare with.
STATES = ("", *State)
#: Places of ``deadline``: no limit applies, still in time, overdue.
DEADLINES = ("", "in_time", "overdue")
#: What is left out in turn, in words; the first that fits is taken.
STEPS = (
    "",
    "settings of resources without a finding",
    "settings of resources",
    "settings of resources, and the evidence and commands of single findings",
)


#: What the page holds of a remediation, in this order.
_FIX = ("steps", "aws", "cloudformation", "terraform", "note", "aws_only_here")
_RULE_TEXTS = ("name", "title", "why", "steps", "references")


@dataclass(frozen=True, slots=True)
class PageData:
    """``packed``: what the script unpacks. ``rows`` findings are in it, ``hidden`` more only in report.json.

    ``left_out`` says what else is not in it, empty where everything is.
    """

    packed: str
    rows: int
    hidden: int
    left_out: str


def page_data(report: Report, *, rows: int = ROWS, size: int = SIZE) -> PageData:
    """The report's data, with as much detail as fits into ``size``."""
    shown = _ordered(report)[:rows]
    hidden = len(report.findings) + len(report.past) - len(shown)
    packed = ""
    for step, words in enumerate(STEPS):
        packed = _Encoder(report, step).packed(shown, hidden)
        if len(packed) <= size or step == len(STEPS) - 1:
            return PageData(packed, len(shown), hidden, words)
    raise AssertionError("the last step always returns")


@dataclass(frozen=True, slots=True)
class _Row:
    """A finding as it is listed: of this run, or of an earlier one with what became of it."""

    finding: Finding
    state: State | None
    last_seen: str = ""
    reason: str = ""


def _ordered(report: Report) -> list[_Row]:
    """Worst first, what is new before what is known; then the past."""
    # What fails the run first, as in report.findings.
    fresh = {State.NEW: 0, State.REGRESSED: 0, State.WAIVED: 2}
    present = sorted(
        (_Row(f, f.state) for f in report.findings),
        key=lambda r: (
            STATUSES.index(r.finding.status), not r.finding.gates, r.finding.severity.rank,
            fresh.get(r.state, 1) if r.state else 1,
        ),
    )  # fmt: skip
    past = sorted(
        (_Row(p.finding, p.state, p.last_seen, p.reason) for p in report.past),
        key=lambda r: (STATES.index(r.state or ""), r.finding.severity.rank, r.finding.rule_id, r.finding.fingerprint),
    )
    return present + past


class _Encoder:
    """Encodes one report at one step of detail."""

    def __init__(self, report: Report, step: int) -> None:
        self._report = report
        self._step = step
        self._columns = Columns()
        self._rules = Dictionary()
        self._messages = Dictionary()
        self._items = Dictionary()
        self._sets = Dictionary()
        self._settings = Dictionary()
        self._values = Dictionary()
        self._layers = Dictionary()
        self._paths = Dictionary()
        self._places = Dictionary()
        self._remediations = Dictionary()
        self._moments = Dictionary()
        self._reasons = Dictionary()
        self._waivers = Dictionary()
        self._sets.code(())
        self._remediations.code(("",) * len(_FIX))
        for texts in (self._moments, self._reasons, self._places):
            texts.code("")
        self._resources = Resources()
        self._stencils = Stencils()
        #: Evidence as it is told apart → its place among the items.
        self._known_items: dict[tuple[Any, ...], int] = {}
        for rule in report.rules:
            self._rules.code(rule.id)

    def packed(self, rows: Sequence[_Row], hidden: int) -> str:
        report, columns = self._report, self._columns
        found = {row.finding.resource.key for row in rows}
        if report.inventory is not None and self._step < STEPS.index(STEPS[2]):
            self._resources.add_inventory(report.inventory, only=found if self._step else None)
        causes = self._causes()
        findings = self._rows(rows)
        header: dict[str, Any] = {
            "as_of": report.as_of,
            "previous": report.previous,
            "templates": report.of_templates,
            "account_names": {number: visible(name) for number, name in report.account_names.items()},
            "consoles": {} if report.of_templates else dict(HOSTS),
            "console_pages": dict(PAGES),
            "hidden": hidden,
            "left_out": STEPS[self._step],
            "severities": list(Severity),
            "weights": [WEIGHTS[severity] for severity in Severity],
            "statuses": STATUSES,
            "deadlines": DEADLINES,
            "states": STATES,
            "rules": [_rule(report, id_) for id_ in self._rules.values],
            "frameworks": [
                {"name": f.name, "title": f.title,
                 "requirements": [{"id": r.id, "title": r.title, "rules": list(r.rules)} for r in f.requirements]}
                for f in report.frameworks
            ],
            "access_paths": packed_paths(report.access_paths),
            "waivers": [_waiver(w) for w in self._waivers.values],
            "causes": causes,
            "findings": findings,
            "messages": self._messages.values,
            "items": self._items.values,
            "sets": self._sets.values,
            "settings": self._settings.values,
            "own_words": [n for n, name in enumerate(self._settings.values) if name not in SETTING_PATHS],
            "values": self._values.values,
            "layers": self._layers.values,
            "paths": self._paths.values,
            "places": self._places.values,
            "remediations": self._remediations.values,
            "moments": self._moments.values,
            "reasons": self._reasons.values,
        }  # fmt: skip
        header |= self._resources.encode(columns, report)
        return pack(header, columns)

    def _causes(self) -> dict[str, Any]:
        causes = self._report.root_causes
        numbers: dict[str, list[int]] = {name: [] for name in ("rule", "severity", "resource", "setting", "value",
                                                              "layer", "affects", "remediation")}  # fmt: skip
        for cause in causes:
            cut = self._stencils.of(cause.resource)
            for name, number in (
                ("rule", self._rules.code(cause.rule_id)),
                ("severity", cause.severity.rank),
                ("resource", self._resources.code(cause.resource)),
                ("setting", self._settings.code(cut.cut(cause.setting))),
                ("value", self._plain(cut.cut_value(cause.value))),
                ("layer", self._layers.code(cause.layer)),
                ("affects", cause.affects),
                ("remediation", self._remediation(cause.remediation, cut)),
            ):
                numbers[name].append(number)
        for name, column in numbers.items():
            self._columns.numbers(f"cause.{name}", column)
        return {"number": len(causes), "ids": hexes("cause.id", [c.id for c in causes], self._columns)}

    def _rows(self, rows: Sequence[_Row]) -> dict[str, Any]:
        places = {cause.id: number + 1 for number, cause in enumerate(self._report.root_causes)}
        statuses, states = {s: n for n, s in enumerate(STATUSES)}, {s: n for n, s in enumerate(STATES)}
        # One row's numbers, in this order; 0 in cause and waiver is "none".
        names = ("rule", "status", "severity", "state", "resource", "cause", "message", "evidence", "remediation",
                 "waiver", "first_seen", "last_seen", "reason", "regressed", "gates",
                 "deadline", "made_by")  # fmt: skip
        numbers: list[tuple[int, ...]] = []
        full = self._step < len(STEPS) - 1
        limited = self._report.sla or self._report.sla_owners
        for row in rows:
            f = row.finding
            cut = self._stencils.of(f.resource)
            numbers.append((
                self._rules.code(f.rule_id), statuses[f.status], f.severity.rank, states[row.state or ""],
                self._resources.code(f.resource), places.get(f.root_cause, 0),
                self._messages.code(cut.cut(f.message)),
                self._evidence(f.evidence, f.resource, cut) if full else 0,
                self._remediation(f.remediation, cut) if full else 0,
                self._waivers.code(f.waiver, id(f.waiver)) + 1 if f.waiver else 0,
                self._moments.code(f.first_seen or ""), self._moments.code(row.last_seen),
                self._reasons.code(visible(row.reason)) if row.reason else 0, min(f.regressed, 0xFFFF), int(f.gates),
                self._deadline(row) if limited else 0,
                self._reasons.code(visible(made_by_words(f.made_by))) if f.made_by else 0,
            ))  # fmt: skip
        for name, column in zip(names, zip(*numbers, strict=True) if numbers else [()] * len(names), strict=True):
            self._columns.numbers(f"row.{name}", column)
        ids = hexes("row.id", [row.finding.fingerprint for row in rows], self._columns)
        return {"number": len(rows), "ids": ids}

    def _deadline(self, row: _Row) -> int:
        day = None if row.last_seen else due(self._report, row.finding)
        if day is None:
            return DEADLINES.index("")
        return DEADLINES.index("overdue" if day.isoformat() < self._report.as_of[:10] else "in_time")

    def _plain(self, plain: Any) -> int:
        """The place of a value whose texts are cut."""
        return self._values.code(plain, (type(plain), str(plain)))

    def _evidence(self, evidence: Sequence[Evidence], resource: ResourceRef, cut: Stencil) -> int:
        items = []
        for e in evidence:
            o, value = e.origin, e.value
            kind: type = type(value)
            plain = value if value is None or kind is bool else cut.cut(value) if kind is str else cut.cut_value(value)
            # 0: no resource, 1: this very one, 2: its domain; else its name.
            at: int | str = 0 if not o.resource else 1 if o.resource == resource.id else o.resource
            at = 2 if at == resource.domain_id else at
            told = plain if kind is str else str(plain)
            named = (kind, told, e.setting, o.layer, at, o.path, o.file, o.line)
            found = self._known_items.get(named)
            if found is None:
                found = self._known_items[named] = self._item(e, plain, at)
            items.append(found)
        return self._sets.code(tuple(items))

    def _item(self, e: Evidence, plain: Any, at: int | str) -> int:
        """A piece of evidence whose value is cut. ``at``: as the data have it, or the name of another resource."""
        o = e.origin
        # The places of names are counted from 3.
        where = at if isinstance(at, int) else 3 + self._places.code(visible(at))
        return self._items.code((
            self._settings.code(visible(e.setting)), self._plain(plain), self._layers.code(o.layer), where,
            self._paths.code(visible(o.path)),
            self._places.code(visible(f"{o.file}:{o.line}" if o.line else o.file)),
        ))  # fmt: skip

    def _remediation(self, fix: FindingRemediation | None, cut: Stencil) -> int:
        if fix is None:
            return 0
        text = cut.cut
        # In the order of _FIX.
        return self._remediations.code((
            text(fix.steps), text(fix.aws), text(fix.cloudformation), text(fix.terraform), text(fix.note),
            text(fix.aws_only_here),
        ))  # fmt: skip


def _rule(report: Report, rule_id: str) -> dict[str, Any]:
    rule = next((r for r in report.rules if r.id == rule_id), None)
    if rule is None:
        # A finding of an earlier run may be one of a rule that this run does not have.
        return {"id": rule_id, "name": rule_id, "title": rule_id, "severity": "", "practices": [], "references": [],
                "why": "", "steps": "", "area": "", "table": "", "counts": {}}  # fmt: skip
    return {**asdict(rule), **{name: NOTHING.cut_value(getattr(rule, name)) for name in _RULE_TEXTS}}


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "reason": visible(waiver.reason), "owner": visible(waiver.owner), "ticket": visible(waiver.ticket),
        "expires": waiver.expires.isoformat(), "file": visible(waiver.file), "line": waiver.line,
        "value": NOTHING.cut_value(waiver.value) if waiver.for_value else None, "for_value": waiver.for_value,
    }  # fmt: skip
