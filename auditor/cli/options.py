"""Options that several commands share, each declared once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from auditor.errors import ConfigError
from auditor.model.rule import Rule, Severity
from auditor.report.render import Format
from auditor.resolve.layers import NestedMerge

_Command = TypeVar("_Command", bound=Callable[..., Any])
DEFAULT_OUTPUT = "./audit-report"


def _several(*decorators: Callable[[Any], Any]) -> Callable[[_Command], _Command]:
    def decorate(function: _Command) -> _Command:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def _set_debug(_ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        os.environ["AUDITOR_DEBUG"] = "1"


debug_option = click.option("--debug", is_flag=True, expose_value=False, callback=_set_debug, help="Show tracebacks.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="No progress and no summary; only errors.")


@dataclass(frozen=True, slots=True)
class FormatList(click.ParamType[tuple[Format, ...]]):
    """Formats, separated by commas."""

    name = "formats"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Format, ...]:
        if isinstance(value, tuple):
            return value
        chosen = []
        for word in str(value).split(","):
            try:
                chosen.append(Format(word.strip().lower()))
            except ValueError:
                known = ", ".join(f.value for f in Format)
                self.fail(f"{word.strip()!r} is no format. Known: {known}", param, ctx)
        return tuple(dict.fromkeys(chosen))


source_options = _several(
    click.option("--profile", metavar="NAME", help="AWS profile (default: AWS_PROFILE or the default one)."),
    click.option(
        "--region", "regions", multiple=True, metavar="REGION",
        help="Region to audit; repeatable, or 'all' for those enabled. Default: the profile's region.",
    ),
    click.option(
        "--concurrency", type=click.IntRange(1, 256), default=32, show_default=True, help="AWS calls at a time."
    ),
)  # fmt: skip

rule_options = _several(
    click.option(
        "--rules", "rules_dirs", multiple=True, metavar="DIR", type=click.Path(path_type=Path),
        help="Folder of your own rules, added to the built-in ones; repeatable.",
    ),
    click.option(
        "--only", multiple=True, metavar="RULE", help="Only these rules: ids, names or areas; repeatable, or commas."
    ),
    click.option("--skip", multiple=True, metavar="RULE", help="Not these rules; repeatable, or commas."),
)  # fmt: skip

evaluation_options = _several(
    rule_options,
    click.option(
        "--param", "parameters", multiple=True, metavar="RULE.NAME=VALUE", help="Override a rule's parameter."
    ),
    click.option(
        "--nested-merge", type=click.Choice([m.value for m in NestedMerge]), default=NestedMerge.UNKNOWN.value,
        show_default=True,
        help="How a profile's nested structure meets its domain's; AWS does not document it, so by default the"
        " settings concerned are unknown where it matters.",
    ),
    click.option(
        "--fail-on", type=click.Choice([*(s.value for s in Severity), "none"]), default=Severity.HIGH.value,
        show_default=True, help="Exit 4 when a failure has at least this severity.",
    ),
    click.option(
        "--allow-incomplete", is_flag=True, help="Do not exit 5 when something could not be seen or decided."
    ),
)  # fmt: skip

report_options = _several(
    click.option(
        "--format", "formats", type=FormatList(), default="html,json", show_default=True, metavar="LIST",
        help=f"Reports to write, separated by commas: {', '.join(f.value for f in Format)}.",
    ),
    click.option(
        "--output", type=click.Path(path_type=Path), default=Path(DEFAULT_OUTPUT), show_default=DEFAULT_OUTPUT,
        metavar="DIR", help="Folder for the reports; '-' prints the one report asked for.",
    ),
)  # fmt: skip


def names(values: Sequence[str]) -> tuple[str, ...]:
    """Repeated options and comma-separated lists alike."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def chosen_rules(
    rules_dirs: Sequence[Path], only: Sequence[str], skip: Sequence[str], *, bind: bool = True
) -> tuple[Rule, ...]:
    """The built-in rules and the user's own, as ``--only`` and ``--skip`` leave them. Raises ConfigError."""
    from auditor.evaluate.load import load_rules, select
    from auditor.resources import rules_dir

    rules = select(load_rules([rules_dir(), *rules_dirs], bind=bind), names(only), names(skip))
    if not rules:
        raise ConfigError("--only and --skip leave no rule", hint="See: auditor rules list")
    return rules
