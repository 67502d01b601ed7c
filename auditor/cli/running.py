"""What the commands that run an audit share: from options to a plan, and from a result to stdout and the exit code."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import click

from auditor.cli.show_config import end_with_config
from auditor.cli.streams import OutputError
from auditor.cli.terminal import StderrMessages, emit, patient_stdout, say, silence_stdout
from auditor.cli.terminal import show as render
from auditor.errors import ExitCode
from auditor.masking import mask_text
from auditor.report.finding_lines import Listing, left_out
from auditor.report.finding_lines import lines as listed_lines
from auditor.report.render import Format
from auditor.run.run_options import AwsOptions, GateOptions, ReportOptions, RuleOptions, RunOptions

if TYPE_CHECKING:
    from auditor.config import ConfigChoice
    from auditor.run.conclude import RunResult
    from auditor.run.plan import RunPlan

_Options = TypeVar("_Options", AwsOptions, GateOptions, ReportOptions, RuleOptions)


def taken(kind: type[_Options], options: dict[str, Any]) -> _Options:
    """The options that ``kind`` has a member for, taken out of ``options``."""
    return kind(**{f.name: options.pop(f.name) for f in fields(kind) if f.name in options})


def planned(options: Mapping[str, Any], messages: StderrMessages, **members: Any) -> RunPlan:
    """The plan of evaluation_options, report_options and store_option; ``members`` of RunOptions beside them."""
    from auditor.run.plan import configuration, plan_run

    left = dict(options)
    asked = left.pop("formats") or ()
    left["formats"] = tuple(one for one in asked if isinstance(one, Format)) or None
    left["listing"] = next((one for one in asked if isinstance(one, Listing)), None)
    choice: ConfigChoice = left.pop("config")
    config = configuration(choice, messages, baseline=True)
    end_with_config(config)
    rules, gate, reports = taken(RuleOptions, left), taken(GateOptions, left), taken(ReportOptions, left)
    return plan_run(RunOptions(config, rules, gate, reports, untrusted=choice.untrusted, **left, **members))


def finish(plan: RunPlan, result: RunResult, messages: StderrMessages, *, security_hub: bool = False) -> ExitCode:
    """Print the report or the summary, send, and give the exit code. Lost output hides no finding: 4 wins."""
    lost = _print(plan, result, messages)
    code = result.code
    if security_hub:
        from auditor.run.delivery import deliver

        code = deliver(result, plan.profile, messages)
    if lost is None:
        return code
    messages.problem(f"Error: {lost.diagnosis()}")
    return code if code is ExitCode.FINDINGS else lost.exit_code


def _print(plan: RunPlan, result: RunResult, messages: StderrMessages) -> OutputError | None:
    """The error of a stdout that takes nothing."""
    try:
        with patient_stdout():
            if plan.printed:
                from auditor.report.render import render

                report = result.report
                emit(plan.templates[0].render(report) if plan.templates else render(report, plan.formats[0]))
            elif plan.listing is not None:
                _list(result, plan.listing)
            elif not messages.quiet:
                if result.report.of_templates:
                    _list(result)
                show(result)
    except OutputError as error:
        silence_stdout()
        return error
    return None


def _list(result: RunResult, form: Listing | None = None) -> None:
    """The failures of a run on stdout, a line each. Where a form is asked for, what is left out and the end too."""
    from auditor.cli.summary import verdict

    printed = 0
    for printed, line in enumerate(listed_lines(result.report, form or Listing.CONCISE), 1):  # noqa: B007
        # Only what the form itself makes a command is one.
        click.echo(mask_text(line))
    rest = left_out(result.report)
    if rest and (printed or form is not None):
        click.echo(f"{'and ' if printed else ''}{rest}")
    if form is not None:
        say(verdict(result.report, result.code).plain)
    elif printed:
        click.echo()


def show(result: RunResult) -> None:
    """The summary of a run on stdout: in colour and wrapped where that is a terminal, else in whole lines."""
    from auditor.cli.summary import summary

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    render(summary(result.report, result.code, result.written, result.kept, width), width, crop=False)
