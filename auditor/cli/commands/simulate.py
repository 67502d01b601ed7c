"""auditor simulate"""

from __future__ import annotations

import signal
import sys
import threading

import click

from auditor.cli.options import debug_option
from auditor.errors import ConfigError

NEEDS_EXTRA = "Install it with: pip install 'sagemaker-studio-auditor[demo]'"


@click.command("simulate", short_help="Serve a simulated AWS account over HTTP.")
@click.option(
    "--estate", default="acme", show_default=True,
    help="acme, clean, generated:DOMAINSxPROFILES, or an estate file; with --organization acme,"
    " generated:ACCOUNTSxREGIONSxPROFILES, or a file.",
)  # fmt: skip
@click.option("--organization", is_flag=True, help="Serve an organization: its accounts, and the role in each.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=5000, show_default=True, help="Port; 0 takes a free one."
)
@click.option(
    "--latency",
    type=click.FloatRange(0, 60_000),
    default=0,
    show_default=True,
    metavar="MS",
    help="Delay of each answer.",
)
@debug_option
def command(estate: str, organization: bool, port: int, latency: float) -> None:
    """Serve a simulated AWS account, or an organization, over HTTP on 127.0.0.1 until stopped.

    Prints the variables to export; boto3, the AWS CLI and any other program can then use it.
    """
    try:
        from auditor.simulator import Simulator, load_organization
    except ImportError as error:
        raise ConfigError(
            f"the simulated account needs the extra demo ({error.name} is missing)", hint=NEEDS_EXTRA
        ) from error

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    served = load_organization(estate) if organization else None
    with Simulator(served or estate, port=port, latency_ms=latency) as simulator:
        for name, value in simulator.environment.items():
            click.echo(f"export {name}={value}")
        sys.stdout.flush()
        if served is not None:
            external = f" --external-id {served.external_id}" if served.external_id else ""
            click.echo(f"Audit it with: auditor audit --organization --role {served.role}{external}", err=True)
        click.echo(f"Serving {estate} at {simulator.endpoint_url}; stop with Ctrl-C.", err=True)
        while not stop.wait(0.5):
            pass
