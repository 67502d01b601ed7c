"""auditor plan"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from auditor.cli.config_options import config_options
from auditor.cli.options import debug_option, merge_option, param_option, quiet_option, rule_options, snapshots_option
from auditor.cli.terminal import StderrMessages, say
from auditor.config.find_config import ConfigChoice


@click.command("plan", short_help="Write scripts that fix what an audit found, and the way back.")
@snapshots_option("Snapshot to fix")
@click.option(
    "--fix", multiple=True, metavar="CAUSE|RULE|top:N",
    help="Plan these root causes only: by id, by rule or area, or the first N that have a command. Repeatable.",
)  # fmt: skip
@click.option(
    "--owner", "owners", multiple=True, metavar="NAME",
    help="Plan only what changes resources of this owner (owners: in auditor.yaml, else owner tags); unowned: what"
    " nobody owns. Repeatable.",
)  # fmt: skip
@click.option(
    "--output", type=click.Path(path_type=Path), default="./audit-plan", show_default=True, metavar="DIR",
    help="Folder to write to; one folder an account in it.",
)  # fmt: skip
@config_options
@rule_options
@param_option
@merge_option
@quiet_option
@debug_option
def command(
    files: tuple[Path, ...], fix: tuple[str, ...], owners: tuple[str, ...], output: Path, config: ConfigChoice,
    quiet: bool, **rules: Any,
) -> None:  # fmt: skip
    """Write a plan of fixes: one call for each resource, in order, with the way back. Nothing is changed by it.

    For each account a folder: plan.md to review, apply.sh that makes the changes, back.sh that undoes what can be
    undone, and the input of the calls. The scripts look at each resource before they change it, and stop at one that is
    not as the audit saw it.

    \b
    auditor plan --snapshot night.jsonl --only STU501,STU502
    auditor plan --snapshot night.jsonl --fix top:5 --output fixes
    """
    from auditor.counting import plural
    from auditor.run.make_plan import PlanOptions, make_plan
    from auditor.run.plan import configuration
    from auditor.run.run_options import RuleOptions

    loaded = configuration(config, StderrMessages(quiet))
    for made in make_plan(loaded, files, PlanOptions(RuleOptions(**rules), fix, owners), output):
        if not quiet:
            left = f", {plural(len(made.left), 'root cause')} left to people" if made.left else ""
            say(f"{made.folder / 'plan.md'}: {plural(len(made.steps), 'step')}{left}")
