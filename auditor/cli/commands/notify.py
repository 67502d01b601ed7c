"""auditor notify"""

from __future__ import annotations

import click

from auditor.cli.option_groups import debug_option
from auditor.cli.store_options import Reading, reading_options, store_of
from auditor.cli.terminal import StderrMessages, say
from auditor.errors import ConfigError, ExitCode


@click.command("notify", short_help="Tell the channels of auditor.yaml what changed.")
@reading_options
@click.option("--run", "run_name", default="latest", show_default=True, metavar="ID", help="Tell what was known then.")
@click.option("--dry-run", is_flag=True, help="Print the messages; send nothing and remember nothing.")
@debug_option
def command(reading: Reading, run_name: str, dry_run: bool) -> ExitCode:
    """Send what is news to each channel under notify: in auditor.yaml, and remember it in the store.

    auditor audit does the same after each run. Exit codes: 0 everything was told, or nothing is news; 2 usage, or a
    channel did not take its message, which the next run sends again.
    """
    from auditor.notify.digest import lines
    from auditor.notify.notifier import notify
    from auditor.store.runs import choose

    store, settings = store_of(reading)
    if not settings.notify:
        raise ConfigError(
            "there is nobody to tell", hint="Write notify: in auditor.yaml, and name the file with --config."
        )
    run = None if run_name == "latest" else choose(store.runs(), run_name)
    messages = StderrMessages()
    failed = False
    profile = reading.profile or settings.profile
    told = notify(store, settings.notify, run=run, profile=profile, dry_run=dry_run, owners=settings.owners)
    for one in told:
        if one.message is None:
            say(f"{one.channel.name}: nothing new")
        elif dry_run:
            say(f"{one.channel.name} ({one.channel.type.value}) would be told:")
            for line in lines(one.message):
                say(f"  {line}".rstrip())
        elif one.problem:
            failed = True
            messages.problem(f"{one.channel.name}: not told: {one.problem}")
        else:
            say(f"{one.channel.name}: told: {one.message.title}")
    return ExitCode.USAGE if failed else ExitCode.OK
