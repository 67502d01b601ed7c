"""A page about changes that nobody has made yet: what they would do to an audit. It has no script and loads nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from auditor.counting import plural
from auditor.masking import mask_text
from auditor.model.report import Report
from auditor.model.rule import Severity
from auditor.report.html.page_parts import html_environment, policy
from auditor.report.phrases import account_label, scope
from auditor.resolve.tables import table
from auditor.resources import templates_dir
from auditor.studio.setting_names import cause_words
from auditor.whatif.consequences import Findings, NotTried, SettingMove, WhatIf
from auditor.whatif.replay import Replay, Stopped
from auditor.whatif.replay_words import HEADINGS, called, evaluated_against, headed, outcomes, why

#: The report's own style, but for what only its lists need.
STYLES = ("base.css", "parts.css", "print.css", "whatif.css")
#: Rows of one list that stand on the page; ``--format json`` has all of them, and the page says how many are left out.
ROWS = 300


@dataclass(frozen=True, slots=True)
class Listed:
    """A row that unfolds: ``head`` in one line, ``more`` about it in small print, how many ``lines`` there are, and the
    first of them, each with what says where."""

    head: str
    more: str
    number: int
    lines: tuple[tuple[str, str], ...]
    severity: Severity | None = None

    @property
    def left_out(self) -> int:
        """Lines that are not on the page."""
        return self.number - len(self.lines)


@dataclass(frozen=True, slots=True)
class Moved:
    """A setting in force that is another one for some: ``before`` and ``after`` are None where it is unknown."""

    setting: str
    before: str | None
    after: str | None
    who: Listed


@dataclass(frozen=True, slots=True)
class WhatIfView:
    """The template's whole context, under the name ``view``. ``findings``: title, id and rules of what is resolved, new
    and no longer evaluated; ``tiles``: what the page counts. ``of_policy``: only a policy was tried; ``calls``: what
    it was evaluated against; ``stopped``: title, id and callers of the calls that it denies or may deny."""

    report: Report
    headline: str
    where: str
    tiles: tuple[tuple[str, int, str], ...]
    changes: Listed
    clashes: tuple[tuple[str, str], ...]
    not_tried: tuple[Listed, ...]
    settings: tuple[Moved, ...]
    findings: tuple[tuple[str, str, tuple[Listed, ...]], ...]
    apps: Listed
    of_policy: bool = False
    calls: tuple[str, ...] = ()
    stopped: tuple[tuple[str, str, tuple[Listed, ...]], ...] = ()


def page(found: WhatIf) -> Iterator[str]:
    """The page, piece by piece."""
    style = "".join((templates_dir() / "report" / name).read_text(encoding="utf-8") for name in STYLES)
    return (
        html_environment()
        .get_template("whatif.html.j2")
        .generate(
            view=whatif_view(found),
            policy=policy(style),
            style=Markup(style),  # noqa: S704 — our own files, not data
        )
    )


def whatif_view(found: WhatIf) -> WhatIfView:
    """What the page shows. Equal differences give equal views."""
    report, titles = found.report, found.titles
    said = [(mask_text(c.said), c.origin) for c in found.changes if c.said]
    return WhatIfView(
        report=report,
        headline=found.headline,
        where=_where(report),
        tiles=tuple(_tiles(found)),
        changes=_listed(plural(len(said), "change"), "", said),
        clashes=tuple(
            (f"{c.path} of {c.key[2].replace('_', ' ')} {c.key[3]}", f"{c.earlier}, then {c.later}")
            for c in found.clashes
        ),
        not_tried=tuple(_not_tried(found.not_tried)),
        settings=tuple(map(_moved, found.settings.moves)),
        findings=(
            ("Failures that are resolved", "gone", tuple(_by_rule(found.gone, titles, report))),
            ("New failures", "came", tuple(_by_rule(found.came, titles, report))),
            ("No longer evaluated", "unknown", tuple(_by_rule(found.unknown, titles, report))),
        ),
        apps=_listed(plural(len(found.apps), "running app"), "", [(key.split("/", 3)[-1], "") for key in found.apps]),
        of_policy=found.of_policy,
        calls=tuple(evaluated_against(found.replay)) if found.replay is not None else (),
        stopped=tuple(_stopped(found.replay)) if found.replay is not None else (),
    )


def _tiles(found: WhatIf) -> Iterator[tuple[str, int, str]]:
    if not found.of_policy:
        yield "resolved", len(found.gone), "good"
        yield "new", len(found.came), "high" if found.came else "none"
        yield "no longer evaluated", len(found.unknown), "none"
        yield "settings in force that change", len(found.settings), "none"
        yield "running apps that keep their settings", len(found.apps), "none"
    if found.replay is not None:
        for outcome, number in outcomes(found.replay).items():
            yield f"calls {outcome}", number, "high" if outcome == "denied" and number else "none"


def _stopped(found: Replay) -> Iterator[tuple[str, str, tuple[Listed, ...]]]:
    """Under each heading the callers, those with most calls first."""
    for (outcome, group), those in headed(found):
        by_caller: dict[str, list[Stopped]] = defaultdict(list)
        for one in those:
            by_caller[one.who].append(one)
        ordered = sorted(by_caller.items(), key=lambda item: (-sum(s.times for s in item[1]), item[0]))
        callers = (
            _listed(mask_text(who), "", [(mask_text(called(s)), mask_text(why(s))) for s in calls])
            for who, calls in ordered
        )
        yield HEADINGS[outcome, group], f"{outcome}-{group}", tuple(callers)


def _where(report: Report) -> str:
    places = [place for info in report.snapshots for place in info.scopes]
    accounts = [account_label(report, account) for account in sorted({account for account, _ in places})]
    regions = sorted({region for _, region in places})
    named = ", ".join(accounts) if len(accounts) <= 3 else plural(len(accounts), "account")
    return named if report.of_templates else f"{named} · {', '.join(regions)}"


def _listed(head: str, more: str, lines: Sequence[tuple[str, str]], severity: Severity | None = None) -> Listed:
    return Listed(head, more, len(lines), tuple(lines[:ROWS]), severity)


def _not_tried(those: Sequence[NotTried]) -> Iterator[Listed]:
    groups: dict[tuple[str, str], list[NotTried]] = defaultdict(list)
    for one in those:
        groups[one.rule_id, one.reason].append(one)
    for (rule_id, reason), members in groups.items():
        yield _listed(mask_text(reason), rule_id, [(m.resource, m.cause) for m in members])


def _moved(move: SettingMove) -> Moved:
    now, then = (None if value is None else mask_text(value) for value in (move.before, move.after))
    who = Listed(
        plural(move.number, move.table.replace("_", " ")), "", move.number,
        tuple((name, "") for name in move.names[:ROWS]),
    )  # fmt: skip
    return Moved(_called(move.table, move.setting), now, then, who)


def _called(name: str, setting: str) -> str:
    """AWS's path of a setting in force; of a derived one, the words of our column."""
    documented = table(name)
    column = documented.column(setting) if documented is not None else None
    paths = (column.paths if column is not None else None) or {}
    path = paths.get("profile" if name == "user_profile" else name, "")
    # Beside what is in force, the domain's table has a value as it was set.
    return (f"{path} as it is set" if setting.endswith("_set") else path) or cause_words(setting)


def _by_rule(findings: Findings, titles: Mapping[str, str], report: Report) -> Iterator[Listed]:
    """The findings of each rule, the worst rules first."""
    for rule_id, those in findings.by_rule().items():
        lines = tuple((mask_text(f.message), scope(f.resource, report)) for f in those[:ROWS])
        yield Listed(titles.get(rule_id, rule_id), rule_id, findings.numbers[rule_id], lines, those[0].severity)
