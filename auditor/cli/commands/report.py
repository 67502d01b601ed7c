"""auditor report"""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.options import debug_option, mode_option
from auditor.cli.rows import print_rows
from auditor.cli.store_options import Reading, reading_options, store_of
from auditor.store.files import Access


@click.command("report", short_help="Write reports of a run in a store, one for each owner.")
@reading_options
@click.option(
    "--by", type=click.Choice(["owner"]), default="owner", show_default=True, help="What the reports are divided by."
)
@click.option("--run", "run_name", default="latest", show_default=True, metavar="ID", help="Which run, as for diff.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default="./audit-report",
    show_default=True,
    metavar="DIR",
    help="Folder for the reports.",
)
@mode_option
@debug_option
def command(reading: Reading, by: str, run_name: str, output: Path, mode: Access) -> None:  # noqa: ARG001
    """Write report.html, report.csv and report.md for each owner, with that owner's findings only.

    owners: in auditor.yaml says who owns which resources. What nobody owns is in unowned/, and resources.csv lists
    every resource with its owner. The run's snapshots are evaluated again, under the rules and waivers of now.
    """
    from auditor.run.owner_reports import owner_reports
    from auditor.store.runs import choose

    store, settings = store_of(reading)
    run = choose(store.runs(), run_name)
    made = owner_reports(store, run, settings, output, mode)
    rows = [(one.owner or "(nobody)", one.resources, one.failures, one.unknown, one.folder) for one in made]
    print_rows(("owner", "resources", "findings", "not evaluated", "folder"), rows, "table")
