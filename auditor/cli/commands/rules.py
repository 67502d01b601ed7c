"""auditor rules list | show | new | test | frameworks | schema"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli.options import debug_option, rule_options
from auditor.cli.terminal import say
from auditor.cli.terminal import show as render
from auditor.counting import plural
from auditor.errors import ConfigError, ExitCode
from auditor.inert_text import printable
from auditor.model.rule import Rule, Severity

if TYPE_CHECKING:
    from auditor.rules.cases import CaseResult

_rules_option = click.option(
    "--rules", "rules_dirs", multiple=True, metavar="DIR", type=click.Path(path_type=Path),
    help="Folder of your own rules, added to the built-in ones; repeatable.",
)  # fmt: skip


@click.group("rules", short_help="List, show and test rules.")
def command() -> None:
    """List, show and test rules: the built-in ones and your own."""


@command.command("list")
@rule_options
@click.option(
    "--area", "areas", multiple=True, metavar="AREA", help="Only the rules of an area, such as roles; repeatable."
)
@click.option("--format", "output", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@debug_option
def list_(
    rules_dirs: tuple[Path, ...], only: tuple[str, ...], skip: tuple[str, ...], areas: tuple[str, ...], output: str
) -> None:  # fmt: skip
    """List the rules. Your own are checked only when they are used or tested.

    Column templates_lack: what the rule reads and no template holds; it runs on templates ("auditor scan") as far as it
    can be decided without.

    \b
    auditor rules list --only 'STU4*'
    auditor rules list --area roles
    """
    from auditor.cli.rows import print_rows
    from auditor.rules.applicability import missing_kinds
    from auditor.run.selection import chosen_rules

    found = chosen_rules(rules_dirs, only, skip, bind=False)
    known = {rule.area for rule in found}
    for area in areas:
        if area not in known:
            raise ConfigError(f"--area {area}: no rule lies in such an area", hint=f"Areas: {', '.join(sorted(known))}")
    rules = [rule for rule in found if not areas or rule.area in areas]
    columns = ("id", "severity", "table", "name", "title", "templates_lack")
    rows = [(r.id, r.severity.value, r.table, r.name, r.title, ", ".join(sorted(missing_kinds(r)))) for r in rules]
    print_rows(columns, rows, output)


@command.command("show")
@click.argument("rule")
@_rules_option
@debug_option
def show(rule: str, rules_dirs: tuple[Path, ...]) -> None:
    """Show one rule, by id or name: what it requires, why, its parameters and its remediation.

    \b
    auditor rules show classic-visible
    """
    from auditor.cli.rule_page import page
    from auditor.run.selection import chosen_rules

    (found,) = chosen_rules(rules_dirs, (_one(rule, rules_dirs),), ())

    # Addresses are not cut: they are there to be copied.
    render(page(found), crop=False)


def _one(name: str, rules_dirs: tuple[Path, ...]) -> str:
    from auditor.run.selection import chosen_rules

    wanted = name.upper() if name[:3].upper() == "STU" else name
    rules = chosen_rules(rules_dirs, (), (), bind=False)
    if not any(wanted in (r.id, r.name) for r in rules):
        from auditor.rules.rule_names import near_rule

        hint = near_rule(wanted, [n for r in rules for n in (r.id, r.name)])
        raise ConfigError(f"there is no rule {name!r}", hint=hint)
    return wanted


@command.command("new")
@click.argument("rule_id", metavar="ID")
@click.option(
    "--table", required=True, metavar="TABLE", help="The table whose rows the rule evaluates (docs/tables.md)."
)
@click.option("--name", default="", help="Kebab-case name of the rule.  [default: new-rule-ID]")
@click.option("--severity", type=click.Choice([s.value for s in Severity]), default="medium", show_default=True)
@click.option("--practice", "practices", multiple=True, metavar="Pnn", help="Practice that it enforces; repeatable.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    metavar="DIR",
    help="Where to write a rule of your own.  [default: ./rules]",
)
@debug_option
def new(
    rule_id: str, table: str, name: str, severity: str, practices: tuple[str, ...], folder: Path | None
) -> None:  # fmt: skip
    """Write the file of a new rule, with cases and blanks to fill in.

    In a checkout of the product (with ./tests and ./auditor) it makes a built-in rule: also the entries in the
    catalog, the expected findings and the list of proofs that the tests read.

    \b
    auditor rules new ACME002 --table space --name big-spaces
    """
    from auditor.rules.scaffold import BLANK, NewRule, scaffold
    from auditor.store.files import write_shared

    here = Path()
    checkout = here if folder is None and all((here / p).is_dir() for p in ("auditor/rules", "tests/rules")) else None
    files = scaffold(
        NewRule(rule_id, table, name or f"new-rule-{rule_id.lower()}", severity, practices), folder or here / "rules",
        checkout,
    )  # fmt: skip
    for path, text in files.items():
        write_shared(path, text)
        say(f"wrote {path}")
    first = next(iter(files))
    click.echo(f"Replace each {BLANK}, then run: auditor rules test {first}" + (" && make docs" if checkout else ""))


@command.command("test")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@_rules_option
@click.option("-v", "--verbose", is_flag=True, help="Name every case, not only those that fail.")
@click.option("--watch", is_flag=True, help="Run again whenever a rule file changes, until you press Ctrl-C.")
@debug_option
def test(paths: tuple[Path, ...], rules_dirs: tuple[Path, ...], verbose: bool, watch: bool) -> ExitCode:
    """Run the cases that rules carry: those of PATHS (files or folders), else of the built-in rules and --rules.

    Exits 0 when every case passes, 4 when one fails, 2 when a rule file cannot be used.

    \b
    auditor rules test my-rules --verbose
    """
    from auditor.cli.watch import again_on_change
    from auditor.errors import AuditorError
    from auditor.resources import rules_dir

    places = paths or (rules_dir(), *rules_dirs)
    if not watch:
        return _run_cases(places, verbose)

    def run() -> None:
        # A file that is being written may be wrong for a while: that ends nothing.
        try:
            _run_cases(places, verbose)
        except AuditorError as error:
            say(f"Error: {error.diagnosis()}")

    again_on_change(
        lambda: (p for place in places for p in (place.rglob("*.yaml") if place.is_dir() else [place])), run
    )
    return ExitCode.OK


def _run_cases(places: Sequence[Path], verbose: bool) -> ExitCode:
    """Run the cases of the rules there and print how they went. Raises ConfigError for a file that cannot be used."""
    from auditor.rules.cases import run_cases
    from auditor.rules.frameworks import only_frameworks
    from auditor.rules.load import load_rules
    from auditor.rules.prevent_cases import run_prevent_cases

    # A folder may hold nothing but frameworks.
    with_rules = [place for place in places if not only_frameworks(place)]
    rules = load_rules(with_rules, own_types=True) if with_rules else ()
    _read_frameworks(places, rules)
    results = run_cases(rules)
    for result in results:
        name = result.case.name or ", ".join(f"{k}: {json.dumps(v, default=str)}" for k, v in result.case.given.items())
        if not result.ok:
            say(f"FAILED {result.rule.id} {printable(name)}: {_difference(result)}")
        elif verbose:
            say(f"ok     {result.rule.id} {printable(name)}: {result.got}")
    requests = run_prevent_cases(rules)
    right: list[bool] = []
    if requests:
        from auditor.collect.aws.request_members import unknown_members
    for request in requests:
        said = request.case.name or f"{request.case.call} {json.dumps(request.case.given, default=str)}"
        odd = unknown_members(request.case.call, request.case.given)
        right.append(request.ok and not odd)
        if odd:
            say(f"FAILED {request.rule.id} {printable(said)}: {request.case.call} has no {printable(', '.join(odd))}")
        elif not request.ok:
            error = f" ({request.error})" if request.error else ""
            say(f"FAILED {request.rule.id} {printable(said)}: expected {request.case.then}, got {request.got}{error}")
        elif verbose:
            say(f"ok     {request.rule.id} {printable(said)}: {request.got}")
    without = _without_cases(rules)
    for rule, missing in without:
        click.echo(f"NOTE   {rule.id} has no case for: {', '.join(missing)}")
    counts = Counter([*(result.ok for result in results), *right])
    failed = f", {counts[False]:,} failed" if counts[False] else ""
    click.echo(f"{plural(counts[True], 'test case')} of {plural(len(rules), 'rule')} passed{failed}")
    return ExitCode.FINDINGS if counts[False] else ExitCode.OK


def _read_frameworks(places: Sequence[Path], rules: Sequence[Rule]) -> None:
    """Read the frameworks in the folders as an audit with them does. Raises ConfigError for one that cannot be used."""
    from auditor.resources import rules_dir
    from auditor.rules.catalogue import all_rules, rule_folders
    from auditor.rules.frameworks import framework_files, load_frameworks

    own = [place for place in places if place.resolve() != rules_dir().resolve()]
    if not framework_files(own):
        return
    files = framework_files(rule_folders(own))
    load_frameworks(files, list(files), [*all_rules((), bind=False), *rules])


def _difference(result: CaseResult) -> str:
    """What a case expected and what it got instead."""
    case = result.case
    if result.got != case.then:
        return f"expected {case.then}, got {result.got}{f' ({result.error})' if result.error else ''}"
    if case.severity not in (None, result.severity):
        return f"expected severity {case.severity}, got {result.severity}"
    if case.withheld not in (None, result.withheld):
        return f"expected the command withheld for {case.withheld!r}, got {result.withheld!r}"
    return f"expected the message {case.message!r}, got {result.message!r}"


def _without_cases(rules: tuple[Rule, ...]) -> list[tuple[Rule, list[str]]]:
    """Rules that no case shows passing or failing: they might never do so."""
    found = []
    for rule in rules:
        missing = [verdict for verdict in ("pass", "fail") if all(c.then != verdict for c in rule.cases)]
        if missing:
            found.append((rule, missing))
    return found


@command.command("frameworks")
@_rules_option
@click.option("--format", "output", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@debug_option
def frameworks(rules_dirs: tuple[Path, ...], output: str) -> None:
    """List the compliance frameworks that --framework takes, and how much of each the rules cover."""
    from auditor.cli.rows import print_rows
    from auditor.rules.frameworks import framework_files, load_frameworks
    from auditor.run.selection import all_rules, rule_folders

    files = framework_files(rule_folders(rules_dirs))
    loaded = load_frameworks(files, list(files), all_rules(rules_dirs, bind=False))
    columns = ("name", "version", "requirements", "rules", "title")
    rows = [
        (f.name, f.version, len(f.requirements), len({rule for r in f.requirements for rule in r.rules}), f.title)
        for f in loaded
    ]
    print_rows(columns, rows, output)


@command.command("schema")
@debug_option
def schema() -> None:
    """Print the JSON Schema of a rule file, for editors."""
    from auditor.rules.schema import rule_schema

    click.echo(json.dumps(rule_schema(), indent=2))
