"""What a run will do, checked before anything is collected or written."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.config.find_config import ConfigChoice, check_stays, find_config
from auditor.config.load_config import Config, load_config
from auditor.errors import AuditorError, ConfigError
from auditor.model.framework import Framework
from auditor.model.report import Gate
from auditor.report.finding_lines import Listing
from auditor.report.render import Format
from auditor.rules.frameworks import framework_files, load_frameworks
from auditor.run.messages import Messages
from auditor.run.run_options import DEFAULT_FORMATS, DEFAULT_OUTPUT, ReportOptions, RunOptions
from auditor.run.selection import RuleChoice, choose, names, rule_folders
from auditor.run.thresholds import limits
from auditor.store.files import PRIVATE, Access, unwritable
from auditor.store.signing import Sign, signer
from auditor.temporary_files import remove_leftovers
from auditor.waivers.file import load_waivers
from auditor.waivers.match import Waivers

if TYPE_CHECKING:
    from auditor.history.facts import Facts
    from auditor.report.custom import CustomTemplate
    from auditor.store.runs import RunStore


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A run that can begin. ``config`` holds what only the configuration can say (regions, AWS profile).

    ``baseline``: what the earlier report.json holds; ``store``: where the run is kept; ``output`` None: nothing is
    written; ``mode``: permissions of what is; ``listing``: how findings are printed, where that is asked for; ``sign``:
    what signs the run in the store.
    """

    config: Config
    choice: RuleChoice
    gate: Gate
    baseline: Facts | None
    store: RunStore | None
    waivers: Waivers
    frameworks: tuple[Framework, ...]
    formats: tuple[Format, ...]
    output: Path | None
    profile: str | None
    templates: tuple[CustomTemplate, ...] = ()
    mode: Access = PRIVATE
    listing: Listing | None = None
    sign: Sign | None = None

    @property
    def printed(self) -> bool:
        """Whether the caller prints the one report, instead of having files written."""
        return self.output is not None and _prints(self.output)


def configuration(choice: ConfigChoice, messages: Messages, *, baseline: bool = False) -> Config:
    """The configuration that counts; which file it is, and which one is left aside, is said. Raises ConfigError.

    ``baseline``: whether its baseline is wanted; a missing one is an error only then.
    """
    found = find_config(choice)
    if found.problem:
        messages.problem(found.problem)
    if found.note:
        messages.note(found.note)
    return load_config(found.path, baseline=baseline)


def plan_run(options: RunOptions) -> RunPlan:
    """Everything that can be wrong with options and configuration is found here, before the first AWS call.

    Folders of rules and parameters add up, of everything else the option that is given wins. Makes the store where
    there is none yet; what is wrong is recorded in a store that is there; nothing else is written. Raises ConfigError.
    """
    place = options.store or (options.config.store if options.use_configured_store else None)
    try:
        return _planned(options, place)
    except AuditorError as error:
        if place is not None:
            from auditor.run.recorded_attempt import note_failure

            note_failure(place, options.profile or options.config.profile, error)
        raise


def _planned(options: RunOptions, place: str | None) -> RunPlan:
    config, reports, gate_options = options.config, options.reports, options.gate
    choice = choose(config, options.rules)
    output, formats, templates = _outputs(config, reports)
    if options.untrusted and output is not None and not _prints(output):
        check_stays("--output", output)
    remove_leftovers(*([output] if output is not None else []))
    known = framework_files(rule_folders(choice.folders))
    config.check_frameworks(known)
    gate = limits(gate_options, config, choice.every)
    if gate.new_only and not gate.baseline and place is None:
        raise ConfigError(
            "--new-only has nothing to compare with", hint="Give it --baseline FILE (a report.json), or --store."
        )
    profile = options.profile or config.profile
    sign = signer(config.sign, profile) if config.sign is not None and place is not None else None
    return RunPlan(
        config=config,
        choice=choice,
        gate=gate,
        baseline=_baseline(gate_options.baseline or config.baseline),
        waivers=waivers_of(config, choice, gate_options.waivers),
        frameworks=load_frameworks(known, names(reports.frameworks) or config.frameworks, choice.every),
        formats=formats,
        output=output,
        profile=profile,
        templates=templates,
        # Last: it may write, and nothing else may be wrong then.
        store=_store(place, profile, reports.mode),
        mode=reports.mode,
        listing=reports.listing,
        sign=sign,
    )


def with_comments(plan: RunPlan, *, untrusted: bool = False) -> RunPlan:
    """The plan of a scan: comments in templates waive, unless the configuration says otherwise. Of a tree that is not
    trusted they are listed only."""
    counted = plan.config.inline_waivers
    return replace(plan, waivers=replace(plan.waivers, comments=not untrusted if counted is None else counted))


def waivers_of(config: Config, choice: RuleChoice, given: Path | None = None) -> Waivers:
    """The waivers of the file that is given, else of the configuration's, and the tag that may waive. Raises
    ConfigError."""
    granted = given or config.waivers
    return Waivers(load_waivers(granted, choice.every) if granted else (), config.waiver_tag, choice.every)


def _outputs(
    config: Config, reports: ReportOptions
) -> tuple[Path | None, tuple[Format, ...], tuple[CustomTemplate, ...]]:
    """Where reports go, and which they are."""
    if not reports.write or (reports.listing and not reports.formats and not reports.templates):
        return None, (), ()
    output = reports.output or config.output or Path(DEFAULT_OUTPUT)
    if reports.listing and _prints(output):
        raise ConfigError(f"--output - prints one report, and --format {reports.listing} prints as well")
    custom = _templates(reports.templates)
    # A template that is printed is the one report asked for, unless a format is asked for as well.
    formats = reports.formats or (() if custom and _prints(output) else config.formats or DEFAULT_FORMATS)
    if _prints(output):
        if len(formats) + len(custom) != 1:
            raise ConfigError("--output - prints one report", hint="Add --format json, for example.")
    else:
        _check_names(formats, custom)
        _check_writable(output)
    return output, formats, custom


def _baseline(path: Path | None) -> Facts | None:
    if path is None:
        return None
    from auditor.history.facts import read_report

    return read_report(path)


def _store(place: str | None, profile: str | None, mode: Access) -> RunStore | None:
    if place is None:
        return None
    from auditor.run.run_store import open_store

    return open_store(place, profile, mode)


def _templates(paths: Sequence[Path]) -> tuple[CustomTemplate, ...]:
    """The user's templates, parsed now: an hour of collecting must not end at a typo."""
    if not paths:
        return ()
    from auditor.report.custom import load_template

    return tuple(map(load_template, paths))


def _check_names(formats: Sequence[Format], templates: Sequence[CustomTemplate]) -> None:
    taken = {output.file_name for output in formats}
    for template in templates:
        if template.file_name in taken:
            raise ConfigError(
                f"{template.path}: another report is written as {template.file_name} already",
                hint="Rename the template, or leave that format out.",
            )
        taken.add(template.file_name)


def _prints(output: Path) -> bool:
    return str(output) == "-"


def _check_writable(folder: Path) -> None:
    """An hour of collecting must not end at a folder that cannot be written. The folder itself is made late."""
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        raise ConfigError(f"cannot write to {folder}: {existing} is not a folder")
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise unwritable(folder, error) from error
