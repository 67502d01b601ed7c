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
from auditor.whatif.consequences import WhatIf, compare, export_settings
from auditor.whatif.gather import gather
from auditor.whatif.overlay import overlay


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
        report = evaluate_settings(config, before, masked, sides[0])
        calls, left = fixes.calls_of(fixes.chosen(report.root_causes, before.every, options.fix))
        lines, changes, missing = gather(masked, wanted, calls)
        copies, clashes = _copies(masked, lines, changes, folder)
        then = evaluate_settings(config, after, copies, sides[1])
        return compare((report, then), sides, changes, clashes, [*left, *missing])


def evaluate_settings(
    config: Config, choice: RuleChoice, files: Sequence[Path], folder: Path, *, with_inventory: bool = False
) -> Report:
    """The report; the settings in force are written into the folder. Raises SnapshotError."""
    options = replace(
        evaluate_options(choice), waivers=waivers_of(config, choice), export=export_settings(folder),
        with_inventory=with_inventory,
    )  # fmt: skip
    return evaluate(files, choice.rules, options)


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
