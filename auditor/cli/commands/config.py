"""auditor config check | schema"""

from __future__ import annotations

import json
from pathlib import Path

import click

from auditor.cli.options import debug_option
from auditor.cli.terminal import say
from auditor.errors import ConfigError


@click.group("config", short_help="Check auditor.yaml; its JSON Schema.")
def command() -> None:
    """Check auditor.yaml, or print its JSON Schema. docs/configuration.md explains the file."""


@command.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@debug_option
def check(file: Path | None) -> None:
    """Check a configuration, rule names, parameters and its file of waivers included, without auditing anything.

    FILE is by default the auditor.yaml that a run would find, from the working folder upward. Exits 0 when it can be
    used, 2 when it cannot.

    \b
    auditor config check auditor.yaml
    """
    from auditor.config.find_config import ConfigChoice, find_config
    from auditor.config.load_config import load_config
    from auditor.rules.frameworks import framework_files
    from auditor.run.selection import all_rules, rule_folders
    from auditor.waivers.file import load_waivers

    path = find_config(ConfigChoice(file)).path
    if path is None:
        raise ConfigError("there is no auditor.yaml in the working folder or above it", hint="Name the file to check.")
    config = load_config(path)
    rules = all_rules(config.rules_dirs, bind=False)
    config.for_rules(rules)
    config.thresholds(rules)
    if config.waivers is not None:
        load_waivers(config.waivers, rules)
    config.check_frameworks(framework_files(rule_folders(config.rules_dirs)))
    say(f"{path}: can be used")


@command.command("schema")
@debug_option
def schema() -> None:
    """Print the JSON Schema of auditor.yaml, for editors."""
    from auditor.config.file_schema import config_schema

    click.echo(json.dumps(config_schema(), indent=2))
