"""auditor whatif"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from auditor.cli.config_options import config_options
from auditor.cli.options import (
    debug_option,
    merge_option,
    param_option,
    quiet_option,
    rule_options,
    snapshots_option,
    template_options,
)
from auditor.cli.terminal import StderrMessages, emit, say
from auditor.config.find_config import ConfigChoice
from auditor.errors import ConfigError


@click.command("whatif", short_help="Show what changes would do, before you make them.")
@snapshots_option("Snapshot to lay the changes over")
@click.option(
    "--set", "settings", multiple=True, metavar="RESOURCE:PATH=VALUE",
    help="Set a member of a domain, user profile or space, or a tag (Tags.KEY). RESOURCE is a name, an id, an ARN, or"
    " DOMAIN/NAME; null takes the member away. Repeatable.",
)  # fmt: skip
@click.option(
    "--fix", multiple=True, metavar="CAUSE|RULE|top:N",
    help="Run the command of a root cause (its id in report.json), of every cause of a rule or area, or of the first N"
    " causes that have one. Repeatable.",
)  # fmt: skip
@click.option(
    "--template", "templates", multiple=True, type=click.Path(path_type=Path), metavar="PATH",
    help="Deploy a CloudFormation template, a Terraform configuration or plan, or a folder of them; what it does not"
    " tell is unknown. Repeatable.",
)  # fmt: skip
@click.option(
    "--policy", "policies", multiple=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Service control policy, permissions boundary or role policy (JSON): which calls would it have denied?"
    " Repeatable; what one of them denies is denied.",
)  # fmt: skip
@click.option(
    "--curve", is_flag=True,
    help="Show how far the commands of the report lead, the most effective first: how many changes resolve how many"
    " failures, and what they bring. Can't be combined with other changes.",
)  # fmt: skip
@template_options
@config_options
@rule_options
@param_option
@merge_option
@click.option(
    "--format", "output", type=click.Choice(["text", "markdown", "html", "json"]), default="text", show_default=True,
    help="How to print it; html is a page of its own.",
)  # fmt: skip
@quiet_option
@debug_option
def command(
    files: tuple[Path, ...], templates: tuple[Path, ...], policies: tuple[Path, ...], curve: bool, config: ConfigChoice,
    output: str, **options: Any,
) -> None:  # fmt: skip
    """Show what changes would do: findings that go and come, settings in force that change, running apps that they
    touch. Nothing is changed, and AWS is not asked.

    The changes are laid over the snapshot, and both are evaluated. --rules and --param count for the second evaluation
    only; --only and --skip for both.

    With --policy, the changes of Studio that CloudTrail recorded (auditor collect --evidence all,changes), the
    commands of the report, and what an audit calls are evaluated against the policy.

    \b
    auditor whatif --snapshot night.jsonl --fix STU501
    auditor whatif --snapshot night.jsonl --fix top:5
    auditor whatif --snapshot night.jsonl --set research:DefaultUserSettings.AutoMountHomeEFS=Disabled
    auditor whatif --snapshot night.jsonl --template research.yaml
    auditor whatif --snapshot night.jsonl --param STU505.max_gib=50
    auditor whatif --snapshot night.jsonl --fix STU501 --format html > whatif.html
    auditor whatif --snapshot night.jsonl --policy scp.json
    auditor whatif --snapshot night.jsonl --curve
    """
    from auditor.cli.whatif_view import LISTED, ROWS, render
    from auditor.run.plan import configuration
    from auditor.run.run_options import RuleOptions, TemplateOptions
    from auditor.run.what_if import WhatIfOptions, trial

    loaded = configuration(config, StderrMessages(options.pop("quiet")))
    reading = TemplateOptions(
        options.pop("template_parameters"), options.pop("parameter_files"), options.pop("template_variables"),
        options.pop("variable_files"),
    )  # fmt: skip
    settings, fix = options.pop("settings"), options.pop("fix")
    if curve:
        if settings or fix or templates or policies or output == "html":
            raise ConfigError(
                "--curve chooses the changes itself, and prints text, markdown or json",
                hint="Leave out --set, --fix, --template, --policy and --format html.",
            )
        from auditor.cli.curve_view import render_curve
        from auditor.run.change_curve import change_curve

        say("\n".join(render_curve(change_curve(loaded, files, RuleOptions(**options)), output)))
        return
    tried = WhatIfOptions(settings, fix, RuleOptions(**options), policies, templates, reading)
    # JSON has all findings, which are made while they are printed.
    with trial(loaded, files, tried, {"html": ROWS, "json": 1}.get(output, LISTED)) as found:
        if output == "html":
            emit(render(found, output))
        elif output == "json":
            emit(f"{line}\n" for line in render(found, output))
        else:
            say("\n".join(render(found, output)))
