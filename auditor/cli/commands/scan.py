"""auditor scan"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from auditor.cli.config_options import trust_options
from auditor.cli.option_groups import GroupedCommand
from auditor.cli.options import (
    debug_option,
    evaluation_options,
    quiet_option,
    report_options,
    store_option,
    template_options,
)
from auditor.cli.terminal import StderrMessages
from auditor.errors import ExitCode
from auditor.run.run_options import TemplateOptions


@click.command("scan", cls=GroupedCommand, short_help="Evaluate templates before they are deployed.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@template_options
@click.option(
    "--snapshot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Keep the snapshot here."
)
@click.option(
    "--against",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="SNAPSHOT",
    help="Compare the templates with this snapshot of an account as well: what no template defines, what is not"
    " deployed, and settings in which the two disagree; repeatable. Changes no exit code.",
)
@click.option(
    "--budget",
    metavar="SECONDS[,MB]",
    default="",
    envvar="AUDITOR_BUDGET",
    help="Limit for resolving one template or root module: seconds of processor time and megabytes of values."
    " What needs more is not assessed.  [env var: AUDITOR_BUDGET; default: 20s,200MB]",
)
@trust_options
@evaluation_options
@report_options
@store_option
@quiet_option
@debug_option
def command(
    paths: tuple[Path, ...],
    snapshot: Path | None,
    against: tuple[Path, ...],
    trusted_config: Path | None,
    untrusted_tree: bool,
    quiet: bool,
    **options: Any,
) -> ExitCode:
    """Evaluate templates before they are deployed, with the same rules as a live account.

    PATH is a CloudFormation template (YAML or JSON), a folder that "cdk synth" wrote (cdk.out), a folder with Terraform
    configuration, a plan that "terraform show -json" wrote, or a folder to search for all of them. What a template does
    not define is unknown, never passed. Needs no AWS; see docs/templates.md.

    Exit codes: 0 no finding at or above --fail-on, 2 usage or configuration, 3 nothing could be assessed, 4 findings,
    5 incomplete: a file could not be read, or a value could not be resolved.

    \b
    auditor scan infra/ --format concise
    auditor scan cdk.out --fail-on high --allow-incomplete
    """
    from auditor.cli.running import finish, planned
    from auditor.config.find_config import check_stays, in_ci
    from auditor.run.collect import run_templates
    from auditor.run.plan import with_comments

    messages = StderrMessages(quiet)
    templates = TemplateOptions(
        options.pop("template_parameters"), options.pop("parameter_files"), options.pop("template_variables"),
        options.pop("variable_files"), against, options.pop("budget"),
    )  # fmt: skip
    untrusted = untrusted_tree or in_ci(os.environ)
    options["config"] = replace(options["config"], trusted=trusted_config, untrusted=untrusted)
    if untrusted and snapshot is not None:
        check_stays("--snapshot", snapshot)
    plan = with_comments(planned(options, messages), untrusted=untrusted)
    return finish(plan, run_templates(plan, paths, templates, messages, snapshot=snapshot), messages)
