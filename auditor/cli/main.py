"""Entry point: the command group, loaded lazily, and the one place where errors become exit codes."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from typing import NoReturn

import click
from click.exceptions import NoSuchCommand

from auditor.cli.streams import SIGNALS, OutputError, prepare_streams
from auditor.cli.terminal import say, silence_stdout
from auditor.errors import AuditorError, ExitCode
from auditor.temporary_files import remove_process_folder
from auditor.version import __version__

#: Command -> (module, one-line help). The help stands here so that ``--help`` imports no command; a test holds it to
#: each command's own.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "audit": ("audit", "Collect an AWS account, evaluate the rules, report."),
    "accounts": ("accounts", "List the accounts that an audit would visit."),
    "collect": ("collect", "Collect an AWS account into a snapshot file."),
    "check": ("check", "Evaluate saved snapshots again."),
    "scan": ("scan", "Evaluate templates before they are deployed."),
    "checkov-checks": ("checkov_checks", "Print the folder of checks for checkov."),
    "diff": ("diff", "Compare two reports, snapshots, or runs of a store."),
    "history": ("history", "List open findings by age, with the trend."),
    "status": ("status", "Tell whether the nightly audit still runs."),
    "store": ("store", "List, prune, compact and repair the runs of a store; its table definitions."),
    "report": ("report", "Write reports of a run in a store, one for each owner."),
    "notify": ("notify", "Tell the channels of auditor.yaml what changed."),
    "verify": ("verify", "Verify that a store, or a snapshot, was not changed."),
    "init": ("init", "Write the files of a nightly audit, or of a pipeline."),
    "rules": ("rules", "List, show and test rules."),
    "config": ("config", "Check auditor.yaml; its JSON Schema."),
    "waivers": ("waivers", "Check waivers.yaml; its JSON Schema."),
    "explain": ("explain", "Explain one resource: settings, findings, use."),
    "whatif": ("whatif", "Show what changes would do, before you make them."),
    "prevent": ("prevent", "Print policies, or write a Hook, that stop findings before they are made."),
    "plan": ("plan", "Write scripts that fix what an audit found, and the way back."),
    "query": ("query", "Query the tables of a snapshot with SQL."),
    "whereami": ("whereami", "Tell whether this is Studio Classic or the new Studio."),
    "permissions": ("permissions", "Print the IAM policy that an audit needs."),
    "demo": ("demo", "Audit a simulated account; needs no AWS."),
    "simulate": ("simulate", "Serve a simulated AWS account over HTTP."),
    "completion": ("completion", "Print the completion script of a shell."),
    "version": ("version", "Print the version."),
}

#: An option alone, and one with nothing behind its equals sign.
_OPTION = re.compile(r"--?[a-z][a-z-]*")
_EMPTY = re.compile(r"--[a-z][a-z-]*=")


class LazyGroup(click.Group):
    """Imports a command's module only when that command runs: ``--help`` stays within 0.3 seconds."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 — click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        from auditor.cli.option_groups import give_variables

        command: click.Command = import_module(f"auditor.cli.commands.{COMMANDS[cmd_name][0]}").command
        return give_variables(cmd_name, command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:
            # click knows only commands that are loaded already, and there are none.
            raise NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="auditor")
def cli() -> None:
    """Compliance auditor for Amazon SageMaker Studio.

    Collects domains, user profiles, spaces, and apps, resolves the settings that are in force, evaluates them against
    rules, and reports what is wrong, where it is set, and how to fix it. Read-only unless you use
    --send-to-security-hub.

    Start without AWS: auditor demo
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run, and exit as the table in docs/gate.md says. No traceback reaches a user, unless ``--debug`` asks for it."""
    prepare_streams()
    SIGNALS.prepare()
    code = run(arguments)
    try:
        sys.stdout.flush()
    except OutputError as error:
        say(f"Error: {error.diagnosis()}", err=True)
        silence_stdout()
        code = code or error.exit_code
    except OSError:
        silence_stdout()
    if code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
        # Threads may still wait for AWS to answer; nothing of theirs is needed.
        sys.stderr.flush()
        remove_process_folder()
        os._exit(code)
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run and return the exit code; errors are printed to stderr."""
    # What a run makes it keeps until its end. Python's collector of cycles would go over hundreds of thousands of
    # findings again and again, for a fifth of the time, and find next to nothing.
    gc.set_threshold(100_000, 50, 50)
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _refuse_empty(given)
        result = cli.main(given, "auditor", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message(), err=True)
        return ExitCode.USAGE
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and error.ctx is not None:
            click.echo(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help' for help.\n", err=True)
        say(f"Error: {error.format_message()}", err=True)
        return ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        return _interrupted()
    except AuditorError as error:
        if isinstance(error, OutputError):
            silence_stdout()
        if _debug():
            _traceback()
        say(f"Error: {error.diagnosis()}", err=True)
        return error.exit_code
    except SystemExit:
        # click's answer to a reader of stdout that has gone (head, a pager): no error of ours.
        silence_stdout()
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 — the last line of defence; what is lost here is a defect, and says so
        if SIGNALS.ended_by is not None:
            return _interrupted()
        if _debug():
            _traceback()
        say(
            f"Internal error: {type(error).__name__}: {error}\n"
            "  This is a defect of the auditor. Run again with --debug and report what it prints.",
            err=True,
        )
        return ExitCode.INTERNAL
    return result if isinstance(result, int) else ExitCode.OK


def _refuse_empty(given: Sequence[str]) -> None:
    """An option with an empty value is a variable of a job that nobody set (``--store "$STORE"``). Without this, a
    night would be kept nowhere, or ``store prune --account ""`` delete the runs of every account."""
    for before, value in pairwise(("", *given)):
        if value == "--":
            return
        empty = before if not value and _OPTION.fullmatch(before) else value[:-1] if _EMPTY.fullmatch(value) else ""
        if empty:
            raise click.UsageError(f"{empty}: the value is empty. Leave the option out, or give it a value.")


def _interrupted() -> ExitCode:
    SIGNALS.ignore()
    click.echo("\nInterrupted: nothing was written after this.", err=True)
    return SIGNALS.ended_by or ExitCode.INTERRUPTED


def _debug() -> bool:
    return bool(os.environ.get("AUDITOR_DEBUG"))


def _traceback() -> None:
    import traceback

    say(traceback.format_exc(), err=True)


if __name__ == "__main__":
    main()
