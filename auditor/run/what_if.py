"""A what-if: the audit of snapshots as they are, and as they would be after changes, beside each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from auditor.config import Config
from auditor.errors import ConfigError
from auditor.evaluate.audit import evaluate
from auditor.model.finding import RootCause
from auditor.model.report import Report
from auditor.run.conclude import evaluate_options
from auditor.run.plan import waivers_of
from auditor.run.run_options import RuleOptions, TemplateOptions
from auditor.run.selection import RuleChoice, choose
from auditor.run.template_changes import TemplateChanges, template_changes
from auditor.run.what_if_sides import causes_of, compare, first_side
from auditor.store.masked_copies import without_secrets
from auditor.store.snapshot_reader import Key
from auditor.temporary_files import workspace
from auditor.whatif import asked, fixes
from auditor.whatif.changes import Change, Clash, Line, combine
from auditor.whatif.consequences import WhatIf
from auditor.whatif.gather import gather
from auditor.whatif.moved_settings import export_settings
from auditor.whatif.replay import read_policies, recorded_calls, replay
from auditor.whatif.second_side import Changed


@dataclass(frozen=True, slots=True)
class WhatIfOptions:
    """What is to be tried. ``settings``: ``RESOURCE:PATH=VALUE``; ``fix``: causes, rules or ``top:N``; ``rules``: other
    rules and parameters. Rules that are chosen (``only``, ``skip``) are chosen on both sides. ``policies``: files of
    policies of which it is asked what they would deny; ``templates``: files and folders that would be deployed, which
    ``reading`` says how to read."""

    settings: Sequence[str] = ()
    fix: Sequence[str] = ()
    rules: RuleOptions = field(default_factory=RuleOptions)
    policies: Sequence[Path] = ()
    templates: Sequence[Path] = ()
    reading: TemplateOptions = field(default_factory=TemplateOptions)


def what_if(config: Config, files: Sequence[Path], options: WhatIfOptions, most: int | None = None) -> WhatIf:
    """Evaluate the snapshots twice and compare. ``most``: findings of a rule, and names of a setting, that are listed
    at most; None: all. Raises ConfigError where there is nothing to try or a name means nothing, SnapshotError for a
    snapshot that cannot be used."""
    with trial(config, files, options, most) as found:
        return found


@contextmanager
def trial(config: Config, files: Sequence[Path], options: WhatIfOptions, most: int | None = None) -> Iterator[WhatIf]:
    """The same, while what makes all of a long list is there."""
    wanted = [asked.read_asked(text) for text in options.settings]
    other_rules = bool(options.rules.rules_dirs or options.rules.parameters)
    if not (wanted or options.fix or other_rules or options.policies or options.templates):
        raise ConfigError(
            "nothing to try",
            hint="Give --set RESOURCE:PATH=VALUE, --fix CAUSE, RULE or top:N, --rules, --param, --template or"
            " --policy.",
        )
    policies = read_policies(options.policies)
    before = choose(config, replace(options.rules, rules_dirs=(), parameters=()))
    after = choose(config, options.rules) if other_rules else before
    with without_secrets(files) as masked, workspace("whatif") as folder:
        deployed = _deployed(options, masked)
        first = first_side(config, before, masked, folder)
        causes: Sequence[RootCause] = ()
        if options.fix:
            causes = causes_of(first, fixes.named(before.every, options.fix))
        calls, left = fixes.calls_of(fixes.chosen(causes, before.every, options.fix))
        lines, changes, missing = gather(masked, wanted, calls, deployed.changes)
        changed, clashes = combined(lines, deployed.made, changes)
        tried = Changed(changes, clashes, [*deployed.left, *left, *missing], lines, changed)
        found = compare(first, after if other_rules else None, tried, most)
        if policies:
            # Only now: it brings what asks AWS.
            from auditor.run.policy_replay import calls_of, groups_with_commands, regions_of

            groups = groups_with_commands(first)
            found = replace(
                found, replay=replay(policies, calls_of(groups, policies, regions_of(masked)), recorded_calls(masked))
            )
            groups.forget()
        yield found


def _deployed(options: WhatIfOptions, files: Sequence[Path]) -> TemplateChanges:
    """What deploying the templates would change; nothing where there are none."""
    if not options.templates:
        return TemplateChanges((), tuple({} for _ in files), ())
    return template_changes(options.templates, options.reading, files)


def evaluate_settings(
    config: Config, choice: RuleChoice, files: Sequence[Path], folder: Path, *, with_inventory: bool = False
) -> Report:
    """The report; the settings in force are written into the folder. Raises SnapshotError."""
    options = replace(
        evaluate_options(choice), waivers=waivers_of(config, choice), export=export_settings(folder),
        with_inventory=with_inventory,
    )  # fmt: skip
    return evaluate(files, choice.rules, options)


def combined(
    found: Sequence[Mapping[Key, Line]], made: Sequence[Mapping[Key, Line]], changes: Sequence[Change]
) -> tuple[list[dict[Key, Line | None]], list[Clash]]:
    """By file what becomes of each line that changes; ``made``: lines of resources that are new."""
    by_key: dict[Key, list[Change]] = defaultdict(list)
    for change in changes:
        by_key[change.key].append(change)
    sides: list[dict[Key, Line | None]] = []
    clashes: list[Clash] = []
    for lines, new in zip(found, made, strict=True):
        changed: dict[Key, Line | None] = {}
        for key, line in {**new, **lines}.items():
            changed[key], between = combine(line, by_key[key])
            clashes += between
        sides.append(changed)
    return sides, clashes
