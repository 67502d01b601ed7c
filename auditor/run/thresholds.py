"""From options and configuration to the gate: from which severity findings fail a run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from auditor.errors import ConfigError
from auditor.model.report import DEFAULT_FAIL_ON, Gate
from auditor.model.rule import Rule, Severity
from auditor.run.run_options import GateOptions

if TYPE_CHECKING:
    from auditor.config import Config

NEVER = "none"
#: What ``--fail-on`` takes.
WORDS = (*(s.value for s in Severity), NEVER)
_ACCOUNT = re.compile(r"[0-9]{12}")


def parse_threshold(text: str) -> tuple[str, str]:
    """``high`` as ``("", "high")``, ``STU603=low`` as ``("STU603", "low")``. Raises ConfigError."""
    of, _, word = text.rpartition("=")
    if word not in WORDS or ("=" in text and not of):
        raise ConfigError(f"{word!r} is not a severity. Known: {', '.join(WORDS)}")
    return of, word


def limits(options: GateOptions, config: Config, rules: Sequence[Rule]) -> Gate:
    """What the options and the configuration say; an option wins over everything in the file that could undo it.

    A severity alone stands for all rules and accounts, so that the file's thresholds of single ones go as well; one of
    an account stands before the file's thresholds of rules.

    Raises ConfigError for a name that is no rule and no account.
    """
    gate = _thresholds(options.fail_on, config, rules)
    compared = options.baseline or config.baseline
    return replace(
        gate,
        new_only=_given(options.new_only, config.new_only),
        allow_incomplete=_given(options.allow_incomplete, config.allow_incomplete),
        allow_unread=_given(options.allow_unread, config.allow_unread),
        allow_empty=_given(options.allow_empty, config.allow_empty),
        baseline=compared.name if compared is not None else "",
    )


def _given(option: bool | None, configured: bool | None) -> bool:
    return bool(configured if option is None else option)


def _thresholds(options: Sequence[tuple[str, str]], config: Config, rules: Sequence[Rule]) -> Gate:
    by_rule, by_account = config.thresholds(rules)
    if any(not of for of, _ in options):
        by_rule, by_account = {}, {}
    elif any(_ACCOUNT.fullmatch(of) for of, _ in options):
        by_rule = {}
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
            from auditor.rules.rule_names import near_rule

            raise ConfigError(
                f"--fail-on {of}={word}: {of!r} is not a rule, and not an account id of 12 digits",
                hint=near_rule(of, names),
            )
    return Gate(severity(general), by_rule, by_account)


def severity(word: str) -> Severity | None:
    """The severity of a word; None for ``none``, which never fails."""
    return None if word == NEVER else Severity(word)


def describe(gate: Gate) -> str:
    """The thresholds in a few words."""
    parts = [gate.fail_on.or_above if gate.fail_on is not None else "not gated (--fail-on none)"]
    special: Mapping[str, Severity | None] = {**gate.by_rule, **gate.by_account}
    parts += [f"{name}: {limit or 'never'}" for name, limit in list(special.items())[:3]]
    if len(special) > 3:
        parts.append(f"{len(special) - 3} more")
    return "; ".join(parts)
