"""How templates and an account differ, for report.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from auditor.counting import plural
from auditor.model.drift import Drift
from auditor.report.drift_view import DriftView, drift_view, label, place, who
from auditor.report.markdown.markdown_text import code, text
from auditor.report.phrases import name

#: Title, header, rows, how many there are, and what they are called.
Section = tuple[str, Sequence[str], Iterable[Sequence[str]], int, str]


def head(drift: Drift) -> str:
    """The paragraph that says what was found beside the account."""
    view = drift_view(drift)
    files = ", ".join(code(info.file) for info in drift.against)
    lines = [f"\n**Compared with the account** ({files}): {', '.join(view.phrases)}. {view.base}.\n"]
    lines += [f"\nThe snapshot is incomplete: {text(said)}.\n" for said in drift.incomplete[:5]]
    if len(drift.incomplete) > 5:
        lines.append(f"\n…and {plural(len(drift.incomplete) - 5, 'more thing')} that it does not hold.\n")
    return "".join(lines)


def sections(drift: Drift | None) -> dict[str, Section]:
    """The tables, by the name of their share of the page; none without a drift."""
    if drift is None:
        return {}
    view = drift_view(drift)
    return {"disagreements": _disagreements(view), "live_only": _live_only(view), "undeployed": _others(view)}


def _disagreements(view: DriftView) -> Section:
    rows = (
        [code(g.setting), code(g.template), code(g.account),
         code(name(g.examples[0].account)) if g.count == 1 else f"{g.count:,} of type {text(g.type.replace('_', ' '))}",
         code(place(g.examples[0].file, g.examples[0].line))]
        for g in view.disagreements
    )  # fmt: skip
    header = ("setting", "template", "account", "resource", "written at")
    total = len(view.disagreements)
    return "Settings in which template and account disagree", header, rows, total, "groups of settings that disagree"


def _live_only(view: DriftView) -> Section:
    rows = (
        [f"{g.count:,}", text(g.type.replace("_", " ")), code(g.domain or f"{g.account}/{g.region}"),
         ", ".join(code(label(item.resource)) for item in g.examples) + ("…" if g.count > len(g.examples) else ""),
         text(who(g.examples[0])) if g.count == 1 else "", code(g.stack),
         "no template defines it" if g.certain else text(f"may be defined: {g.reason}")]
        for g in view.only
    )  # fmt: skip
    header = ("number", "type", "in", "which", "who", "stack", "why")
    return "Live resources that no template defines", header, rows, len(view.only), "groups of live resources"


def _others(view: DriftView) -> Section:
    def rows() -> Iterator[Sequence[str]]:
        for ref in view.not_deployed:
            yield "not deployed", code(name(ref)), code(place(ref.file, ref.line)), ""
        for item in view.unmatched:
            ref = item.resource
            yield "could not be matched", code(name(ref)), code(place(ref.file, ref.line)), text(item.reason)
        for group in view.open_:
            which = f"{code(group.setting)} of {group.count:,} {text(group.type.replace('_', ' '))}"
            yield "could not be compared", which, text(group.side), text(group.reason)

    total = len(view.not_deployed) + len(view.unmatched) + len(view.open_)
    header = ("what", "which", "where", "why")
    return (
        "Not deployed, or not known",
        header,
        rows(),
        total,
        "resources and settings that could not be compared with the account",
    )
