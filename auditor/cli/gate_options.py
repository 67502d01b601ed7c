"""Options that say which findings fail a run: thresholds, waivers, a baseline."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from auditor.errors import ConfigError
from auditor.model.report import Gate
from auditor.model.rule import Rule, Severity

if TYPE_CHECKING:
    from auditor.config import Config

_Command = TypeVar("_Command", bound=Callable[..., Any])
DEFAULT_FAIL_ON = Severity.HIGH
NEVER = "none"
_ACCOUNT = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class Threshold(click.ParamType[tuple[str, str]]):
    """``SEVERITY``, or ``NAME=SEVERITY`` for one rule or one account. The name is empty where there is none."""

    name = "threshold"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        of, _, word = str(value).rpartition("=")
        known = (*(s.value for s in Severity), NEVER)
        if word not in known or ("=" in str(value) and not of):
            self.fail(f"{word!r} is no severity. Known: {', '.join(known)}", param, ctx)
        return of, word


def gate_options(function: _Command) -> _Command:
    """--fail-on, --new-only, --baseline, --waivers."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--fail-on", multiple=True, type=Threshold(), metavar="[NAME=]SEVERITY",
        help="Exit 4 when a failure has at least this severity (critical, high, medium, low, info, or none);"
        " RULE=SEVERITY or ACCOUNT=SEVERITY for one rule or account; repeatable."
        f"  [default: {DEFAULT_FAIL_ON.value}]",
    ),
    click.option(
        "--new-only/--no-new-only", default=None,
        help="Only failures that are not in the baseline, or in the store's last run, exit 4.",
    ),
    click.option(
        "--baseline", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Compare with this earlier report.json.",
    ),
    click.option(
        "--waivers", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Failures that are accepted until a day (docs/waivers.md).",
    ),
)  # fmt: skip


def limits(
    fail_on: Sequence[tuple[str, str]],
    new_only: bool | None,
    baseline: Path | None,
    config: Config,
    rules: Sequence[Rule],
) -> Gate:
    """What the options and the configuration say; an option wins over what the file says of the same.

    Raises ConfigError for a name that is no rule and no account.
    """
    gate = _thresholds(fail_on, config, rules)
    compared = baseline or config.baseline
    return replace(
        gate,
        new_only=bool(config.new_only if new_only is None else new_only),
        baseline=compared.name if compared is not None else "",
    )


def _thresholds(options: Sequence[tuple[str, str]], config: Config, rules: Sequence[Rule]) -> Gate:
    by_rule, by_account = config.thresholds(rules)
    names = {name: rule.id for rule in rules for name in (rule.id, rule.name)}
    general = config.fail_on or DEFAULT_FAIL_ON.value
    for of, word in options:
        if not of:
            general = word
        elif _ACCOUNT.fullmatch(of):
            by_account[of] = severity(word)
        elif of in names:
            by_rule[names[of]] = severity(word)
        else:
            from auditor.yaml_source import near

            raise ConfigError(
                f"--fail-on {of}={word}: {of!r} is no rule, and no account id of 12 digits",
                hint=near(of, names, "See: auditor rules list"),
            )
    return Gate(severity(general), by_rule, by_account)


def severity(word: str) -> Severity | None:
    return None if word == NEVER else Severity(word)


def describe(gate: Gate) -> str:
    """The thresholds in a few words."""
    parts = [f"at or above {gate.fail_on}" if gate.fail_on is not None else "not gated (--fail-on none)"]
    special: Mapping[str, Severity | None] = {**gate.by_rule, **gate.by_account}
    parts += [f"{name}: {limit or 'never'}" for name, limit in list(special.items())[:3]]
    if len(special) > 3:
        parts.append(f"{len(special) - 3} more")
    return "; ".join(parts)
