"""The public functions: an audit from a program of your own. docs/api.md shows them in use.

Nothing is printed and nothing ends the process: what a run has to say goes to the logger ``auditor``, what is wrong is
raised as an AuditorError. auditor.yaml is read only where it is named. Every call stands alone, so that several may run
in one process, one after another or in threads.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import ConfigError
from auditor.model.report import Report
from auditor.run.conclude import run
from auditor.run.messages import LoggedMessages
from auditor.run.plan import RunPlan, plan_run, with_comments
from auditor.run.run_options import AwsOptions, GateOptions, ReportOptions, RuleOptions, RunOptions, TemplateOptions
from auditor.run.selection import parameters_of
from auditor.run.thresholds import parse_threshold
from auditor.store.files import access

if TYPE_CHECKING:
    from auditor.collect.interface import Progress

AnyPath = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Options:
    """What a report is made with. Everything is optional, and what is given wins over the configuration.

    ``config``: an auditor.yaml. ``rules``: folders of your own rules, added to the built-in ones. ``only`` and
    ``skip``: rules by id, name or area. ``params``: ``{"STU505.max_gib": 200}``. ``fail_on``: a severity, ``none``,
    ``RULE=SEVERITY`` or ``ACCOUNT=SEVERITY``, one or several; findings that reach it have ``gates``. ``waivers``: a
    file of waivers. ``baseline``: an earlier report.json; with ``new_only`` only what it does not hold gates.
    ``frameworks`` to group the report by. ``store``: keep the run there, and compare it with the runs before it.
    ``mode``: permissions of files that are written, in octal digits.
    """

    config: AnyPath | None = None
    rules: Sequence[AnyPath] = ()
    only: Sequence[str] = ()
    skip: Sequence[str] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    nested_merge: str | None = None
    fail_on: str | Sequence[str] = ()
    waivers: AnyPath | None = None
    baseline: AnyPath | None = None
    new_only: bool | None = None
    frameworks: Sequence[str] = ()
    store: str | None = None
    mode: str = "600"


DEFAULTS = Options()
_AWS = AwsOptions()
_TEMPLATES = TemplateOptions()


def audit(
    regions: str | Sequence[str] = (),
    *,
    profile: str | None = None,
    options: Options = DEFAULTS,
    aws: AwsOptions = _AWS,
    snapshot: AnyPath | None = None,
    progress: Progress | None = None,
) -> Report:
    """Collect an AWS account, read-only, and evaluate the rules: what ``auditor audit`` reports.

    ``regions`` (``"all"``: those enabled) and ``profile`` win over ``aws``, which holds what else can be asked of the
    collection. ``snapshot``: a file that keeps what was collected, for ``check``.

    Raises CollectError where nothing could be collected, ConfigError where an option, a file or the credentials are
    wrong; both are AuditorErrors.
    """
    from auditor.run.collect import run_account

    named = (regions,) if isinstance(regions, str) else tuple(regions)
    wanted = replace(aws, regions=named or aws.regions, profile=profile or aws.profile)
    plan = _plan(options, wanted.profile)
    result = run_account(plan, wanted, LoggedMessages(), snapshot=_path(snapshot), progress=progress)
    return result.report


def scan(
    paths: AnyPath | Iterable[AnyPath],
    *,
    options: Options = DEFAULTS,
    templates: TemplateOptions = _TEMPLATES,
    snapshot: AnyPath | None = None,
) -> Report:
    """Evaluate CloudFormation templates, cdk.out, Terraform folders and plans: what ``auditor scan`` reports.

    Raises CollectError where nothing could be assessed, ConfigError where a path or an option is wrong.
    """
    from auditor.run.collect import run_templates

    files = _paths(paths)
    plan = with_comments(_plan(options))
    return run_templates(plan, files, templates, LoggedMessages(), snapshot=_path(snapshot)).report


def check(files: AnyPath | Iterable[AnyPath], *, options: Options = DEFAULTS) -> Report:
    """Evaluate saved snapshots again, several into one report: what ``auditor check`` reports.

    The same snapshots with the same options give an equal report. Raises SnapshotError for a file that is not a whole
    snapshot, ConfigError where an option is wrong.
    """
    return run(_plan(options), _paths(files), LoggedMessages()).report


def _plan(options: Options, profile: str | None = None) -> RunPlan:
    from auditor.config.load_config import load_config

    limits = (options.fail_on,) if isinstance(options.fail_on, str) else options.fail_on
    return plan_run(
        RunOptions(
            config=load_config(_path(options.config)),
            rules=RuleOptions(
                [Path(folder) for folder in options.rules], options.only, options.skip, parameters_of(options.params),
                options.nested_merge,
            ),
            gate=GateOptions(
                [parse_threshold(text) for text in limits], options.new_only, _path(options.baseline),
                _path(options.waivers),
            ),
            reports=ReportOptions(write=False, frameworks=options.frameworks, mode=access(options.mode)),
            store=options.store,
            profile=profile,
        )
    )  # fmt: skip


def _path(path: AnyPath | None) -> Path | None:
    return None if path is None else Path(path)


def _paths(paths: AnyPath | Iterable[AnyPath]) -> list[Path]:
    """One path or several. Raises ConfigError where there is none."""
    found = [Path(paths)] if isinstance(paths, str | os.PathLike) else [Path(path) for path in paths]
    if not found:
        raise ConfigError("no file or folder is named")
    return found
