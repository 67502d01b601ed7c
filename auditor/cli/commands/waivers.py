"""auditor waivers check | schema"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from auditor.cli.config_options import config_options
from auditor.cli.options import debug_option
from auditor.cli.terminal import StderrMessages, say
from auditor.config.find_config import ConfigChoice
from auditor.counting import plural
from auditor.errors import ConfigError

FILE_NAME = "waivers.yaml"


@click.group("waivers", short_help="Check waivers.yaml; its JSON Schema.")
def command() -> None:
    """Check a file of waivers, or print its JSON Schema. docs/waivers.md explains the file."""


@command.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@config_options
@debug_option
def check(file: Path | None, config: ConfigChoice) -> None:
    """Check a file of waivers, rule names included, without auditing anything.

    FILE is by default the one that the configuration names, else waivers.yaml in the working folder. Exits 0 when it
    can be used, 2 when it cannot. A report lists the waivers that match nothing.

    \b
    auditor waivers check waivers.yaml
    """
    from auditor.run.plan import configuration
    from auditor.run.selection import all_rules
    from auditor.waivers.file import load_waivers

    settings = configuration(config, StderrMessages(quiet=file is not None))
    path = file or settings.waivers or Path(FILE_NAME)
    if file is None and not path.exists():
        raise ConfigError(f"there is no {FILE_NAME} in the working folder", hint="Name the file to check.")
    waivers = load_waivers(path, all_rules(settings.rules_dirs, bind=False))
    today = datetime.now(UTC).date()
    lapsed = [w for w in waivers if w.expires < today]
    say(f"{path}: can be used: {plural(len(waivers), 'waiver')}, {len(lapsed):,} lapsed")
    for waiver in lapsed:
        say(f"{path}:{waiver.line}: lapsed on {waiver.expires}: {', '.join(waiver.rules)}")
    for waiver in waivers:
        if waiver.is_long(today):
            say(f"{path}:{waiver.line}: runs for over a year, until {waiver.expires}: {', '.join(waiver.rules)}")


@command.command("schema")
@debug_option
def schema() -> None:
    """Print the JSON Schema of waivers.yaml, for editors."""
    from auditor.waivers.file import waivers_schema

    click.echo(json.dumps(waivers_schema(), indent=2))
