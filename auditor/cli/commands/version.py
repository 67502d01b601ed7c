"""auditor version"""

from __future__ import annotations

import click

from auditor.version import __version__


@click.command("version", short_help="Print the version.")
def command() -> None:
    """Print the version, as --version and -V do."""
    click.echo(f"auditor, version {__version__}")
