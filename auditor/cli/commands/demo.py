"""auditor demo"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import click

from auditor.cli.option_groups import GroupedCommand
from auditor.cli.options import debug_option, evaluation_options, quiet_option, report_options, store_option
from auditor.cli.terminal import StderrMessages, say
from auditor.errors import ConfigError, ExitCode
from auditor.run.run_options import AwsOptions


@click.command("demo", cls=GroupedCommand, short_help="Audit a simulated account; needs no AWS.")
@click.option("--estate", default="acme", show_default=True, help="Estate to audit, as for 'auditor simulate'.")
@click.option(
    "--organization", is_flag=True, help="Audit a simulated organization, as for 'auditor simulate --organization'."
)
@evaluation_options
@report_options
@store_option
@quiet_option
@debug_option
def command(estate: str, organization: bool, quiet: bool, **options: Any) -> ExitCode:
    """Audit a simulated account, or organization, over HTTP, with the same code that audits AWS, and write the reports.

    The AWS profile and Regions of auditor.yaml are not used. Exits 0 if the demo worked, whatever the findings; the
    summary names the exit code of a real audit.
    """
    from auditor.cli.commands.simulate import NEEDS_EXTRA

    try:
        from auditor.simulator import Simulator, load_organization
    except ImportError as error:
        raise ConfigError(
            f"the simulated account needs the extra demo ({error.name} is missing)", hint=NEEDS_EXTRA
        ) from error
    from auditor.cli.progress import progress
    from auditor.cli.running import finish, planned
    from auditor.run.collect import run_account

    messages = StderrMessages(quiet)
    plan = planned(options, messages)
    plan = replace(plan, config=replace(plan.config, profile=None, regions=(), organization=None), profile=None)
    served = load_organization(estate) if organization else None
    with Simulator(served or estate) as simulator:
        saved = {n: v for n, v in os.environ.items() if n.startswith("AWS_")}
        for name in saved:
            del os.environ[name]
        os.environ.update(simulator.environment)
        try:
            with progress(quiet) as shown:
                aws = AwsOptions(regions=simulator.estate.regions, full=True)
                if served is not None:
                    aws = AwsOptions(organization=True, role=served.role, external_id=served.external_id, full=True)
                result = run_account(plan, aws, messages, progress=shown)
            code = finish(plan, result, messages)
        finally:
            for name in simulator.environment:
                os.environ.pop(name, None)
            os.environ.update(saved)
    if code and not quiet and not plan.printed and plan.listing is None:
        say(f"The demo worked, so it exits 0; a real audit would exit {int(code)}.")
    return ExitCode.OK
