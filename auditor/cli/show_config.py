"""--show-config: what is in force for a run, and who says so: an option, a variable, auditor.yaml, or the default."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from auditor.cli.option_groups import long_name
from auditor.cli.rows import print_rows
from auditor.masking import mask_text
from auditor.model.report import DEFAULT_FAIL_ON
from auditor.run.run_options import DEFAULT_FORMATS, DEFAULT_OUTPUT
from auditor.store.files import Access

if TYPE_CHECKING:
    from auditor.config import Config

#: Key of auditor.yaml → the option that says the same.
_OPTIONS: Mapping[str, str] = {
    "profile": "--profile", "regions": "--region", "skip_regions": "--skip-region", "rules": "--rules",
    "only": "--only", "skip": "--skip", "params": "--param", "frameworks": "--framework", "waivers": "--waivers",
    "fail_on": "--fail-on", "baseline": "--baseline", "new_only": "--new-only",
    "allow_incomplete": "--allow-incomplete", "allow_unread": "--allow-unread", "allow_empty": "--allow-empty",
    "nested_merge": "--nested-merge", "formats": "--format", "output": "--output", "store": "--store",
}  # fmt: skip
#: Keys whose values stay beside those of the option.
_ADD_UP = frozenset({"skip_regions", "rules", "params"})
#: Key → options that set it aside, beside its own.
_ASIDE: Mapping[str, frozenset[str]] = {
    "skip": frozenset({"--only"}),
    "fail_on_rules": frozenset({"--fail-on"}),
    "fail_on_accounts": frozenset({"--fail-on"}),
}
#: Keys that one command alone takes from the file.
_OF_ONE: Mapping[str, str] = {"store": "audit", "inline_waivers": "scan"}
#: Key without an option that collecting makes use of; all others are about what is evaluated.
_OF_COLLECTING = frozenset({"organization"})
#: What holds where an option has no default of its own.
_DEFAULTS: Mapping[str, str] = {
    "--fail-on": DEFAULT_FAIL_ON.value,
    "--format": ",".join(f.value for f in DEFAULT_FORMATS),
    "--output": DEFAULT_OUTPUT,
    "--nested-merge": "unknown",
    "--region": "the profile's Region",
    "--profile": "AWS_PROFILE, else the default one",
    "--rules": "the built-in rules",
}
_NOT_SHOWN = frozenset({"--help", "--debug", "--show-config", "--config", "--trusted-config", "--no-config"})
_SECRET = frozenset({"--external-id"})

Row = tuple[str, str, str]

show_config_option = click.option(
    "--show-config", is_flag=True, expose_value=False,
    callback=lambda context, _option, value: context.meta.update({"auditor.show_config": value}),
    help="Print what is in force and where each value comes from, and run nothing.",
)  # fmt: skip


def end_with_config(config: Config) -> None:
    """Where --show-config was given: print what is in force, and end the command with exit code 0."""
    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get("auditor.show_config"):
        print_rows(("setting", "value", "from"), sorted(rows(context, config)), "table")
        raise click.exceptions.Exit(0)


def rows(context: click.Context, config: Config) -> Iterator[Row]:
    """Setting, value, and who says so, of the command that runs."""
    command = context.command.name or ""
    options = {long_name(p): p for p in context.command.params if long_name(p)}
    given = {name: source for name, p in options.items() if (source := _source(context, p)) is not None}
    file = config.said() if config.path is not None else {}
    told: set[str] = set()
    for key, (value, line) in file.items():
        option = _OPTIONS.get(key, "")
        aside = given.keys() & _ASIDE.get(key, frozenset())
        own = option in given and key not in _ADD_UP
        other = _OF_ONE.get(key, command) != command or (option and option not in options)
        unused = command == "collect" and not option and key not in _OF_COLLECTING
        if aside or own or other or unused:
            continue
        told.add(option)
        yield option or key, _shown(option, value), f"{_path(config.path)}:{line}"
    for name, parameter in options.items():
        if name in _NOT_SHOWN or (name in told and name not in given):
            continue
        value = context.params.get(parameter.name or "")
        if name in given:
            yield name, _shown(name, value), given[name]
        else:
            unset = "no" if getattr(parameter, "is_flag", False) else "not set"
            yield name, _DEFAULTS.get(name, unset) if value in (None, (), "") else _shown(name, value), "default"


def _source(context: click.Context, parameter: click.Parameter) -> str | None:
    """Who gave an option; None for its default."""
    source = context.get_parameter_source(parameter.name or "")
    if source is ParameterSource.ENVIRONMENT:
        return f"variable {parameter.envvar}"
    return "option" if source is ParameterSource.COMMANDLINE else None


def _path(path: Path | None) -> str:
    import os

    return "" if path is None else os.path.relpath(path)


def _shown(option: str, value: Any) -> str:
    """A value as people write it; of a secret only that there is one."""
    if option in _SECRET:
        return "(hidden)" if value else "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Access):
        return f"{value.file:o}"
    if isinstance(value, tuple | list):
        return mask_text(", ".join(_item(item) for item in value))
    if isinstance(value, Mapping):
        return mask_text(json.dumps(value, ensure_ascii=False, default=str))
    return mask_text(str(value))


def _item(value: Any) -> str:
    """One of several: a threshold is a pair of a name, which may be empty, and a severity."""
    if isinstance(value, tuple):
        return "=".join(str(part) for part in value if part)
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, Mapping) else str(value)
