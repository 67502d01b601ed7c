"""auditor explain"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli.config_options import config_options
from auditor.cli.options import debug_option, merge_option, quiet_option, snapshots_option
from auditor.cli.terminal import StderrMessages, say
from auditor.config.find_config import ConfigChoice
from auditor.counting import plural
from auditor.errors import ConfigError

if TYPE_CHECKING:
    from auditor.model.inventory import Inventory
    from auditor.model.resource import ResourceRef

#: Candidates that an error names.
_FEW = 12


@click.command("explain", short_help="Explain one resource: settings, findings, use.")
@click.argument("resource")
@snapshots_option("Snapshot that holds the resource")
@click.option("--rule", "rule_name", metavar="RULE", help="Explain the verdict of this rule on the resource.")
@config_options
@merge_option
@quiet_option
@debug_option
def command(
    resource: str, files: tuple[Path, ...], rule_name: str | None, config: ConfigChoice, nested_merge: str | None,
    quiet: bool,
) -> None:  # fmt: skip
    """Explain one resource: its findings, its settings in force and where each comes from, what belongs to it, and who
    opened it.

    RESOURCE is a name, an id, or an ARN: of a domain, a user profile, a space, an app or an execution role. A profile's
    or space's name may have its domain's before it: research/ana-silva.

    \b
    auditor explain research/ana-silva --snapshot night.jsonl
    auditor explain research/ana-silva --snapshot night.jsonl --rule STU201
    """
    from dataclasses import replace

    from auditor.evaluate.audit import evaluate
    from auditor.evaluate.verdicts import verdict_of
    from auditor.report.explanation import explain, lines, rule_lines
    from auditor.rules.rule_names import ids_named
    from auditor.run.conclude import evaluate_options
    from auditor.run.plan import configuration, waivers_of
    from auditor.run.run_options import RuleOptions
    from auditor.run.selection import choose
    from auditor.store.masked_copies import without_secrets

    settings = configuration(config, StderrMessages(quiet))
    choice = choose(settings, RuleOptions(nested_merge=nested_merge))
    asked = ids_named(choice.every, [rule_name], "--rule") if rule_name else frozenset()
    if len(asked) > 1:
        raise ConfigError(f"--rule {rule_name}: {plural(len(asked), 'rule')}", hint="Name one rule, by its id or name.")
    options = replace(evaluate_options(choice), waivers=waivers_of(settings, choice), with_inventory=True)
    with without_secrets(files) as masked:
        report = evaluate(masked, [r for r in choice.every if r.id in asked] if asked else choice.rules, options)
        assert report.inventory is not None
        found = explain(report, _one(report.inventory, resource))
        if not asked:
            say("\n".join(lines(found)))
            return
        (rule,) = (r for r in choice.every if r.id in asked)
        if rule.table != found.resource.type:
            raise ConfigError(
                f"{rule.id} is about {rule.table.replace('_', ' ')}s, and {resource} is not one",
                hint=f"See: auditor rules show {rule.id}",
            )
        # What needs attention is a finding; whether the others pass or do not apply has to be asked.
        verdict = found.findings[0].status if found.findings else verdict_of(masked, rule, found.resource.key, options)
        say("\n".join(rule_lines(rule, found, verdict)))


def _one(inventory: Inventory, name: str) -> ResourceRef:
    """The resource that is meant. Raises ConfigError where none is, or several are."""
    from auditor.report.explanation import named
    from auditor.yaml_source import near

    found = named(inventory, name)
    if len(found) == 1:
        return found[0]
    if not found:
        names = sorted({r.name for table in inventory.tables for r in table.resources if r.name})
        beyond = "" if inventory.complete else " among the resources that have a finding; the others are too many"
        raise ConfigError(
            f"no resource is called {name!r}{beyond}", hint=near(name, names, "Name it by its id or ARN.")
        )
    listed = "".join(f"\n    {r.key}" for r in found[:_FEW])
    more = f"\n    and {len(found) - _FEW:,} more" if len(found) > _FEW else ""
    raise ConfigError(
        f"{name!r} is what {plural(len(found), 'resource')} are called", hint=f"Name one of:{listed}{more}"
    )
