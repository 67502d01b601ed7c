"""A what-if: the audit of snapshots as they are, and as they would be after changes, beside each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from auditor.config import Config
from auditor.errors import ConfigError
from auditor.evaluate.audit import evaluate
from auditor.model.report import Report
from auditor.run.conclude import evaluate_options
from auditor.run.plan import waivers_of
from auditor.run.run_options import RuleOptions
from auditor.run.selection import RuleChoice, choose
from auditor.store.masked_copies import without_secrets
from auditor.store.snapshot_reader import Key
from auditor.temporary_files import workspace
from auditor.whatif import asked, fixes
from auditor.whatif.changes import Change, Clash, Line, combine
from auditor.whatif.consequences import NotTried, WhatIf, compare, export_settings
from auditor.whatif.overlay import overlay, read_lines


@dataclass(frozen=True, slots=True)
class WhatIfOptions:
    """What is to be tried. ``settings``: ``RESOURCE:PATH=VALUE``; ``fix``: causes, rules or ``top:N``; ``rules``: other
    rules and parameters. Rules that are chosen (``only``, ``skip``) are chosen on both sides."""

    settings: Sequence[str] = ()
    fix: Sequence[str] = ()
    rules: RuleOptions = field(default_factory=RuleOptions)


def what_if(config: Config, files: Sequence[Path], options: WhatIfOptions) -> WhatIf:
    """Evaluate the snapshots twice and compare. Raises ConfigError where there is nothing to try or a name means
    nothing, SnapshotError for a snapshot that cannot be used."""
    wanted = [asked.read_asked(text) for text in options.settings]
    other_rules = bool(options.rules.rules_dirs or options.rules.parameters)
    if not wanted and not options.fix and not other_rules:
        raise ConfigError(
            "nothing to try", hint="Give --set RESOURCE:PATH=VALUE, --fix CAUSE, RULE or top:N, --rules or --param."
        )
    before = choose(config, replace(options.rules, rules_dirs=(), parameters=()))
    after = choose(config, options.rules) if other_rules else before
    with without_secrets(files) as masked, workspace("whatif") as folder:
        sides = (folder / "before", folder / "after")
        for side in sides:
            side.mkdir()
        report = _evaluated(config, before, masked, sides[0])
        calls, left = fixes.calls_of(fixes.chosen(report.root_causes, before.every, options.fix))
        lines, changes, missing = _changes(masked, wanted, calls)
        copies, clashes = _copies(masked, lines, changes, folder)
        then = _evaluated(config, after, copies, sides[1])
        return compare((report, then), sides, changes, clashes, [*left, *missing])


def _evaluated(config: Config, choice: RuleChoice, files: Sequence[Path], folder: Path) -> Report:
    options = replace(evaluate_options(choice), waivers=waivers_of(config, choice), export=export_settings(folder))
    return evaluate(files, choice.rules, options)


def _changes(
    files: Sequence[Path], wanted: Sequence[asked.Asked], calls: Sequence[fixes.CauseCall]
) -> tuple[list[dict[Key, Line]], list[Change], list[NotTried]]:
    """Per file the lines that change; the changes; and what could not be tried."""
    names, kinds = asked.Names({one.resource: one.kinds for one in wanted}), fixes.needed(calls)
    held = [read_lines(file, lambda key: names.may_mean(key) or key[2] in kinds) for file in files]
    roles: dict[Key, Line] = {}
    for lines in held:
        for key, line in lines.items():
            names.see(key, line)
            roles |= {key: line} if key[2] == "role" else {}
    changes = list(asked.changes_of(wanted, names))
    by_call, left = fixes.changes_of(calls, roles)
    keys = {change.key for change in (*changes, *by_call)}
    found = [read_lines(file, keys.__contains__) for file in files]
    there = {key for lines in found for key in lines}
    # What IAM was asked about a role changes with it, where it was asked.
    kept = [c for c in by_call if c.key in there]
    for change in by_call:
        if change.key not in there and change.said:
            left.append(NotTried(change.origin.partition(" ")[0], change.origin.partition(" ")[2], change.said,
                                 "the snapshot does not hold the resource"))  # fmt: skip
    return found, [*changes, *kept], left


def _copies(
    files: Sequence[Path], found: Sequence[dict[Key, Line]], changes: Sequence[Change], folder: Path
) -> tuple[list[Path], list[Clash]]:
    """Copies of the files with the changes in them; a file in which nothing changes is its own."""
    by_key: dict[Key, list[Change]] = defaultdict(list)
    for change in changes:
        by_key[change.key].append(change)
    copies: list[Path] = []
    clashes: list[Clash] = []
    for number, (file, lines) in enumerate(zip(files, found, strict=True)):
        if not lines:
            copies.append(file)
            continue
        changed: dict[Key, Line | None] = {}
        for key, line in lines.items():
            changed[key], between = combine(line, by_key[key])
            clashes += between
        target = folder / f"{number}" / file.name
        target.parent.mkdir()
        overlay(file, changed, target)
        copies.append(target)
    return copies, clashes
