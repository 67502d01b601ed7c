"""Both sides of a what-if in one connection: the snapshots as they are, and as they would be. Where only rules change,
those are evaluated that are others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from auditor.config import Config
from auditor.evaluate.audit import (
    Evaluated,
    Prepared,
    account_names,
    assembled,
    load_tables,
    rules_in_force,
    without_findings,
)
from auditor.evaluate.cause_groups import CauseGroups
from auditor.evaluate.engine import evaluate_rules
from auditor.evaluate.findings import FindingMaker
from auditor.evaluate.gap_reasons import Gaps
from auditor.model.finding import RootCause, cause_order
from auditor.model.rule import Rule, Verdict
from auditor.remediation.raw_documents import Documents
from auditor.resolve.overlaid_tables import mirror_tables, second_database
from auditor.run.conclude import evaluate_options
from auditor.run.plan import waivers_of
from auditor.run.selection import RuleChoice
from auditor.store.snapshot_reader import SnapshotReader
from auditor.whatif.consequences import Findings, Settings, WhatIf
from auditor.whatif.differences import Differences, Side
from auditor.whatif.fixes import Named, has_call
from auditor.whatif.moved_settings import MovedSettings
from auditor.whatif.second_side import (
    Changed,
    Source,
    build_changed,
    changed_accounts,
    columns_that_stay,
    judged_alike,
    without_rows,
)

#: Names of those of which a setting moves, where all findings are listed.
NAMES = 300
_NOTHING = Findings({}, ())


@dataclass(frozen=True, slots=True)
class FirstSide:
    """The snapshots as they are, evaluated. ``folder``: where what the second side is loaded from may lie."""

    side: Side
    files: tuple[SnapshotReader, ...]
    config: Config
    choice: RuleChoice
    folder: Path


def first_side(config: Config, choice: RuleChoice, files: Sequence[Path], folder: Path) -> FirstSide:
    """Evaluate the snapshots. Raises SnapshotError."""
    rules, overrides, _ = rules_in_force(choice.rules, evaluate_options(choice))
    con, readers = load_tables(files, choice.merge, choice.personas, folder=folder)
    verdicts = evaluate_rules(con, rules, overrides, account_names(readers))
    return FirstSide(Side(con, rules, overrides, verdicts), readers, config, choice, folder)


def causes_of(first: FirstSide, wanted: Named) -> Sequence[RootCause]:
    """The root causes that are named, in the order of the report, and perhaps others after them, each with its command
    and without what a template would say."""
    side = first.side
    named = tuple(rule for rule in side.rules if rule.id in wanted.rules)
    elsewhere = bool(wanted.first or wanted.beginnings)
    waivers = waivers_of(first.config, first.choice)
    if not (waivers.waivers or waivers.tag):
        found = [*groups_of(first, named, commands_only=True).every()] if named else []
        if elsewhere:
            groups = groups_of(first, commands_only=True)
            found += islice(groups.in_order(has_call), wanted.first)
            for beginning in wanted.beginnings:
                found += groups.called(beginning)
            groups.forget()
        return sorted({cause.id: cause for cause in found}.values(), key=cause_order)
    # Which failures a waiver sets aside is known of findings.
    rules = side.rules if elsewhere else named
    maker = FindingMaker(side.con, side.verdicts, side.overrides, Gaps(()), Documents(first.files), rules)
    done = Evaluated(side.con, first.files, (), side.verdicts, maker)
    options = replace(evaluate_options(first.choice), waivers=waivers, owners=())
    return assembled(Prepared(done, rules, side.overrides, {}, options)).root_causes


def groups_of(first: FirstSide, rules: Sequence[Rule] | None = None, *, commands_only: bool = False) -> CauseGroups:
    """The root causes of the rules, whatever is waived; None: of all that are evaluated. ``commands_only``: of what
    fixes one nothing but the command is wanted."""
    side = first.side
    return CauseGroups(
        side.con, first.files, side.rules if rules is None else rules, side.verdicts, side.overrides,
        commands_only=commands_only,
    )  # fmt: skip


def compare(first: FirstSide, other: RuleChoice | None, changed: Changed, most: int | None) -> WhatIf:
    """The difference that the changes make, and the ``other`` rules where those are others. ``most`` as for
    ``auditor.run.what_if.what_if``. Raises SnapshotError."""
    before = first.side
    number = sum(before.verdicts.counts[rule.id].get(Verdict.FAIL, 0) for rule in before.rules)
    found = WhatIf(
        tuple(changed.changes), tuple(changed.clashes), tuple(changed.not_tried),
        gone=_NOTHING, came=_NOTHING, unknown=_NOTHING, settings=Settings(), apps=(), before=number, after=number,
        report=without_findings(first.files), titles={rule.id: rule.title for rule in before.rules},
    )  # fmt: skip
    if other is None and not changed.keys:
        return found
    rules, overrides, _ = rules_in_force(*((other or first.choice).rules, evaluate_options(other or first.choice)))
    con = second_database(before.con)
    accounts: list[str] | None = None
    moved: MovedSettings | None = None
    if changed.keys:
        still = columns_that_stay(changed) if other is None else {}
        rules = tuple(rule for rule in rules if not judged_alike(rule, still))
        choice = first.choice
        accounts = changed_accounts(first.files, changed, (*before.rules, *rules) if other else rules)
        build_changed(con, Source(first.files, choice.merge, choice.personas, first.folder), changed, accounts)
        moved = MovedSettings(con, changed.paths)
        if other is None:
            empty = without_rows(first.side, con, rules)
            rules = tuple(rule for rule in rules if rule.table not in empty)
            before = replace(before, rules=rules)
    else:
        mirror_tables(con)
        before, rules = _that_differ(before, rules, overrides)
    after = Side(con, rules, overrides, evaluate_rules(con, rules, overrides, account_names(first.files)))
    differences = Differences(before, after, accounts)
    gone, came, unknown = (_findings(differences, kind, most) for kind in ("gone", "came", "unknown"))
    return replace(
        found,
        gone=gone, came=came, unknown=unknown,
        settings=Settings() if moved is None else Settings(moved.moves(most or NAMES), moved.every),
        apps=() if moved is None else moved.running_apps(),
        after=number - differences.no_longer + len(came),
        titles={**found.titles, **{rule.id: rule.title for rule in rules}},
    )  # fmt: skip


def _findings(differences: Differences, kind: str, most: int | None) -> Findings:
    numbers = differences.numbers(kind)
    listed = differences.every(kind) if most is None else differences.first(kind, most)
    ordered = tuple(sorted(listed, key=lambda f: (f.severity.rank, f.rule_id, f.resource.key))) if numbers else ()
    return Findings(numbers, ordered, lambda: differences.every(kind))


def _that_differ(before: Side, rules: Sequence[Rule], overrides: Mapping[str, Any]) -> tuple[Side, tuple[Rule, ...]]:
    """The rules of both sides that are not the same on the other."""

    def same(rule: Rule, other: Rule | None) -> bool:
        return rule == other and before.overrides.get(rule.id) == overrides.get(rule.id)

    after = {rule.id: rule for rule in rules}
    return (
        replace(before, rules=tuple(r for r in before.rules if not same(r, after.get(r.id)))),
        tuple(r for r in rules if not same(r, before.by_id.get(r.id))),
    )
