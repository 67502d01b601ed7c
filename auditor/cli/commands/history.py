"""auditor history"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from auditor.cli.options import debug_option
from auditor.cli.rows import print_rows
from auditor.cli.store_options import Duration, Reading, check_accounts, reading_options, store_of
from auditor.cli.terminal import emit, say
from auditor.counting import plural
from auditor.errors import ConfigError
from auditor.inert_text import in_json

if TYPE_CHECKING:
    from auditor.history.query import KnownFailure
    from auditor.model.report import TrendPoint

_BARS = "▁▂▃▄▅▆▇█"
_SHOWN_NIGHTS = 14
_FAILURE = (
    "severity", "rule", "state", "account", "region", "type", "domain", "name", "first_seen", "last_seen", "age_days",
    "regressed",
)  # fmt: skip
STATES = ("open", "waived", "not_assessed", "resolved")


@click.command("history", short_help="List open findings by age, with the trend.")
@reading_options
@click.option("--rule", "rules", multiple=True, metavar="RULE", help="Only findings of these rules, as for --only.")
@click.option("--account", default="", metavar="ID", help="Only this account.")
@click.option(
    "--state", "states", multiple=True, type=click.Choice(STATES),
    help="Only failures in this state; repeatable.  [default: all but resolved]",
)  # fmt: skip
@click.option("--last", type=Duration(), default="90d", show_default=True, metavar="90d", help="Period of the trend.")
@click.option("--limit", type=click.IntRange(0), default=50, show_default=True, help="Findings to print; 0: all.")
@click.option(
    "--format", "output", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True,
    help="How to print it; csv holds the failures only.",
)  # fmt: skip
@debug_option
def command(
    reading: Reading,
    rules: tuple[str, ...],
    account: str,
    states: tuple[str, ...],
    last: timedelta,
    limit: int,
    output: str,
) -> None:
    """List open findings by age, the oldest first, and the number of findings of each run.

    Ages count the days, in UTC, from that of the first run that saw the failure to that of the last one.

    \b
    auditor history --store nights --rule roles --last 90d
    """
    from auditor.history.query import Filter, nights, oldest
    from auditor.rules.rule_names import ids_named
    from auditor.run.selection import all_rules, names

    found, settings = store_of(reading)
    runs = found.runs()
    if not runs:
        raise ConfigError(f"{found.place.label} holds no run", hint="auditor audit --store … adds one.")
    check_accounts("--account", [account], {one for run in runs for one in run.accounts})
    ids: frozenset[str] = frozenset()
    if rules:
        ids = ids_named(all_rules(settings.rules_dirs, bind=False), names(rules), "--rule")
    wanted = Filter(ids, account, states or STATES[:3])
    total, shown = oldest(found, runs, wanted, limit)
    if output == "csv":
        print_rows(_FAILURE, [_row(f) for f in shown], output)
        return
    recent = [run for run in runs if run.moment >= runs[-1].moment - last]
    points = nights(found, recent, wanted)
    if output == "json":
        _print_json(points, shown, total)
        return
    _print(found.place.label, points, shown, total)


def _row(failure: KnownFailure) -> tuple[object, ...]:
    return (
        failure.severity.value, failure.rule_id, failure.state, failure.account, failure.region, failure.type,
        failure.domain, failure.name, failure.first_seen, failure.last_seen, failure.age_days, failure.regressed,
    )  # fmt: skip


def _print_json(points: Sequence[TrendPoint], shown: Sequence[KnownFailure], total: int) -> None:
    import msgspec

    document = msgspec.json.encode({"nights": points, "total": total, "failures": shown})
    emit([in_json(msgspec.json.format(document, indent=2).decode()), "\n"])


def _print(label: str, points: Sequence[TrendPoint], shown: Sequence[KnownFailure], total: int) -> None:
    totals = [sum(p.by_severity.values()) for p in points]
    say(f"{label}: {plural(len(points), 'run')}")
    if points:
        click.echo(f"failures  {spark(totals)}  {totals[0]:,} → {totals[-1]:,}\n")
        columns = ("as_of", *points[0].by_severity, "new", "regressed", "resolved", "waived", "unknown", "")
        rows = [
            (
                p.as_of,
                *p.by_severity.values(),
                p.new,
                p.regressed,
                p.resolved,
                p.waived,
                p.unknown,
                "incomplete" if p.incomplete else "",
            )
            for p in points[-_SHOWN_NIGHTS:]
        ]
        print_rows(columns, rows, "table")
        click.echo()
    if not shown:
        click.echo("No matching finding.")
        return
    print_rows(
        ("severity", "rule", "state", "resource", "first seen", "days", "came back"),
        [
            (f.severity.value, f.rule_id, f.state.replace("_", " "), _resource(f), f.first_seen[:10], f.age_days,
             f.regressed or "")
            for f in shown
        ],
        "table",
    )  # fmt: skip
    if total > len(shown):
        click.echo(f"and {total - len(shown):,} more (--limit 0 prints all)")


def _resource(failure: KnownFailure) -> str:
    inside = f"{failure.domain}/" if failure.domain and failure.type != "domain" else ""
    return f"{failure.type.replace('_', ' ')} {inside}{failure.name} ({failure.account} {failure.region})"


def spark(values: Sequence[int], width: int = 40) -> str:
    """The values as bars, at most ``width``: of several that share a bar, the last one."""
    if len(values) > width:
        values = [values[(n + 1) * len(values) // width - 1] for n in range(width)]
    top = max(values, default=0) or 1
    return "".join(_BARS[round(v / top * (len(_BARS) - 1))] for v in values)
