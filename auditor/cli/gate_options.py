"""Options that say which findings fail a run: thresholds, waivers, a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from auditor.cli.option_groups import several
from auditor.errors import ConfigError
from auditor.model.report import DEFAULT_FAIL_ON
from auditor.run.thresholds import parse_threshold


@dataclass(frozen=True, slots=True)
class Threshold(click.ParamType[tuple[str, str]]):
    """``SEVERITY``, or ``NAME=SEVERITY`` for one rule or one account. The name is empty where there is none."""

    name = "threshold"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        try:
            return parse_threshold(str(value))
        except ConfigError as error:
            self.fail(error.message, param, ctx)


#: --fail-on, --new-only, --baseline, --waivers.
gate_options = several(
    click.option(
        "--fail-on", multiple=True, type=Threshold(), metavar="[NAME=]SEVERITY",
        help="Exit 4 when a finding has at least this severity (critical, high, medium, low, info, or none);"
        " RULE=SEVERITY or ACCOUNT=SEVERITY for one rule or account; repeatable."
        f"  [default: {DEFAULT_FAIL_ON.value}]",
    ),
    click.option(
        "--new-only/--no-new-only", default=None,
        help="Exit 4 only for findings that are not in the baseline or in the store's last run.",
    ),
    click.option(
        "--baseline", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Compare with this earlier report.json.",
    ),
    click.option(
        "--waivers", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="File of accepted findings, each with an owner and an expiry date (docs/waivers.md).",
    ),
)  # fmt: skip
