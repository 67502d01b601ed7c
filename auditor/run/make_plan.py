"""A plan of fixes, from snapshots to files: ``auditor plan``."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from auditor.config import Config
from auditor.errors import ConfigError
from auditor.fixplan.plan_automation import runbook_files
from auditor.fixplan.plan_page import as_json, page
from auditor.fixplan.plan_script import apply_script, back_script
from auditor.fixplan.plan_steps import Step, ValueInForce, in_order, steps_of
from auditor.fixplan.running_apps import RunningOnes
from auditor.masking import MASK
from auditor.model.finding import RootCause
from auditor.model.owner import NOBODY, UNKNOWN
from auditor.model.report import Report
from auditor.run.run_options import RuleOptions
from auditor.run.selection import choose
from auditor.run.what_if import evaluate_settings
from auditor.store.files import PRIVATE, Access, atomic
from auditor.store.masked_copies import without_secrets
from auditor.store.snapshot_reader import Key
from auditor.studio.structures import ROOTS
from auditor.temporary_files import workspace
from auditor.whatif import fixes
from auditor.whatif.changes import Change, Line, combine
from auditor.whatif.consequences import NotTried
from auditor.whatif.gather import gather
from auditor.whatif.moved_settings import InForce
from auditor.whatif.overlay import read_lines
from auditor.yaml_source import near

#: Names of files that a plan is run with.
_OWN = re.compile(r"(apply|back)(-[0-9]+)*(-look)?\.(sh|json)")
_APPS = frozenset({"app", "space"})
#: Owners that an error names.
_FEW = 12


@dataclass(frozen=True, slots=True)
class Planned:
    """What was planned for an account, and where it was written."""

    account: str
    steps: tuple[Step, ...]
    left: tuple[NotTried, ...]
    folder: Path


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """Which root causes are planned: those of the rules; of them what ``fix`` names as for a what-if, all where it is
    empty; of them those on resources of the ``owners``, all where there are none."""

    rules: RuleOptions = field(default_factory=RuleOptions)
    fix: Sequence[str] = ()
    owners: Sequence[str] = ()


def make_plan(
    config: Config, files: Sequence[Path], options: PlanOptions, output: Path, mode: Access = PRIVATE
) -> list[Planned]:
    """Plan the fixes of the snapshots' root causes and write a folder for each account.

    Raises ConfigError where nothing can be planned or the folder cannot be written, SnapshotError.
    """
    rules, fix = options.rules, options.fix
    choice = choose(config, rules)
    with without_secrets(files) as masked, workspace("plan") as folder:
        report = evaluate_settings(config, choice, masked, folder, with_inventory=bool(options.owners))
        open_ = [c for c in report.root_causes if c.affects]
        causes = fixes.chosen(report.root_causes, choice.every, fix) if fix else open_
        if options.owners:
            causes = _owned(report, causes, options.owners)
        calls, left = fixes.calls_of(causes)
        found, changes, missing = gather(masked, (), calls)
        lines = {key: line for held in found for key, line in held.items()}
        steps, left_out = _steps(lines, changes, InForce(folder).at, RunningOnes(_apps_of(masked, lines)))
        told = {f"{c.rule_id} {c.id}": c for c in causes}
        accounts = {c.id: c.resource.account for c in causes}
        left = [*left, *missing, *(_left_out(told[origin], why) for origin, why in left_out)]
    made: list[Planned] = []
    # What a template makes is fixed where it is written.
    for account in sorted({account for account in accounts.values() if account.isdecimal()}):
        own = tuple(step for step in steps if step.key[0] == account)
        not_planned = tuple(n for n in left if accounts.get(n.cause) == account)
        planned = Planned(account, own, not_planned, output / account)
        _write(planned, report.as_of, told, mode)
        made.append(planned)
    if not made:
        chosen = any(c.resource.account.isdecimal() for c in open_) and (fix or options.owners)
        why = "nothing of what --fix and --owner choose fails" if chosen else "no failure of a live account"
        raise ConfigError(f"there is nothing to plan: {why}", hint="auditor check shows what fails.")
    return made


def _owned(report: Report, causes: Sequence[RootCause], wanted: Sequence[str]) -> list[RootCause]:
    """The causes whose change is made on a resource of one of the owners. Raises ConfigError for a name that owns
    nothing."""
    tables = report.inventory.tables if report.inventory is not None else ()
    owners = {r.key: owner or NOBODY for t in tables for r, owner in zip(t.resources, t.owners, strict=True)}
    for name in wanted:
        if name != NOBODY and name not in owners.values():
            known = sorted({*owners.values()} - {NOBODY, UNKNOWN})
            hint = near(name, known, f"Owners: {', '.join(known[:_FEW]) or 'none; write owners: in auditor.yaml'}")
            raise ConfigError(f"--owner {name}: owns no resource of the snapshot", hint=hint)
    return [cause for cause in causes if owners.get(cause.resource.key, NOBODY) in wanted]


def _apps_of(files: Sequence[Path], changed: Iterable[Key]) -> dict[Key, Line]:
    """The lines of apps, and of the spaces that they may belong to, in the domains that change."""
    domains = {key for key in changed if key[2] == "domain"}

    def inside(key: Key) -> bool:
        return key[2] in _APPS and (*key[:2], "domain", key[3].partition("/")[0]) in domains

    found = [read_lines(file, inside, _APPS) for file in files] if domains else []
    return {key: line for lines in found for key, line in lines.items()}


def _steps(
    lines: dict[Key, Line], changes: Sequence[Change], in_force: ValueInForce, running: RunningOnes
) -> tuple[list[Step], list[tuple[str, str]]]:
    """The steps, in order; and the causes whose change is left out, each with the reason."""
    by_key: dict[Key, list[Change]] = defaultdict(list)
    for change in changes:
        by_key[change.key].append(change)
    steps: list[Step] = []
    left_out: list[tuple[str, str]] = []
    for key, those in by_key.items():
        refused = [running.against(key, lines[key], change.edit(lines[key])) for change in those]
        left_out += [(change.origin, why) for change, why in zip(those, refused, strict=True) if why]
        kept = [change for change, why in zip(those, refused, strict=True) if not why]
        while clashes := combine(lines[key], kept)[1]:
            # The report's order is the order of what to fix first: the earlier one counts.
            first = clashes[0]
            left_out.append((first.later, f"{first.earlier} wants another value for {first.path}"))
            kept = [change for change in kept if change.origin != first.later]
        made, _ = combine(lines[key], kept) if kept else (lines[key], [])
        for step in steps_of(key, lines[key], made, [c.origin for c in kept], in_force):
            why = _unfit(step, lines[key])
            if why:
                left_out += [(origin, why) for origin in step.origins]
            else:
                steps.append(step)
    return in_order(steps), left_out


def _unfit(step: Step, line: Line) -> str:
    """Why a script can't make the change: it could not tell whether the resource is still as it was audited."""
    held = json.dumps([step.look.before, step.request.input, [one.input for one in step.back]])
    if MASK.search(held):
        return "a secret in its settings is masked in the snapshot, so that a script can't compare or send them"
    if any(gap.partition(".")[0] in (*ROOTS, "*", "Tags") for gap in line.get("gaps", ())):
        return "not every setting of it could be seen, so that a script can't compare them"
    return ""


def _left_out(cause: RootCause, why: str) -> NotTried:
    return NotTried(cause.rule_id, cause.id, f"{cause.resource.type.replace('_', ' ')} {cause.resource.name}", why)


def _of_earlier_plans(folder: Path) -> Iterator[Path]:
    """What an earlier plan wrote, scripts first: none of it may be run with the files of another plan."""
    for pattern in ("*.sh", "automation/*.json", "calls/*.json"):
        yield from (file for file in sorted(folder.glob(pattern)) if _OWN.fullmatch(file.name))


def _write(planned: Planned, as_of: str, causes: Mapping[str, RootCause], mode: Access) -> None:
    folder = planned.folder
    apply, back = apply_script(planned.account, planned.steps), back_script(planned.account, planned.steps)
    for old in _of_earlier_plans(folder):
        old.unlink()
    # A script comes after what it reads.
    texts = {
        "plan.md": page(planned.account, as_of, planned.steps, planned.left, causes),
        "plan.json": as_json(planned.account, as_of, planned.steps, planned.left),
        **apply.inputs,
        **back.inputs,
        **runbook_files(planned.account, planned.steps),
        "apply.sh": apply.text,
        "back.sh": back.text,
    }
    for name, text in texts.items():
        with atomic(folder / name, mode) as out:
            out.write(text.encode())
        if name.endswith(".sh"):
            (folder / name).chmod(0o700)
