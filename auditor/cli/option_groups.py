"""Several options as one decorator of a command, under a heading of its help; and the option that every command has."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])
#: Member of an option's ``__dict__`` that holds its heading. click copies no options, so it stays with them.
_HEADING = "auditor_heading"
#: Heading of what no group holds. It comes last.
_OTHERS = "Options"
_PREFIX = "AUDITOR_"
#: Names of the option of help, as the group of all commands has them (auditor/cli/main.py).
HELP = ("-h", "--help")
#: Commands that run an audit: a job gives them their options, so each may come from a variable.
_RUNS = frozenset({"audit", "collect", "check", "scan", "demo"})
#: Options that mean the same in every command.
_EVERYWHERE = frozenset(
    {"--store", "--profile", "--rules", "--nested-merge", "--mode", "--quiet", "--verbose", "--log-file"}
)
#: What must be asked for each time: what writes to AWS, overwrites or deletes, is for one run only, or prints instead
#: of running.
_NEVER = frozenset(
    {"--send-to-security-hub", "--snapshot", "--full", "--estate", "--set", "--fix", "--keep", "--force", "--watch",
     "--show-config", "--help", "--debug"}
)  # fmt: skip


def several(*decorators: Callable[[Any], Any], heading: str = "") -> Callable[[_Command], _Command]:
    """One decorator for all of them; ``--help`` shows them in this order, under ``heading`` if they have none yet."""

    def decorate(function: _Command) -> _Command:
        before = list(_options(function))
        for decorator in reversed(decorators):
            function = decorator(function)
        for option in _options(function):
            if heading and option not in before and not option.__dict__.get(_HEADING):
                option.__dict__[_HEADING] = heading
        return function

    return decorate


def _options(function: Callable[..., Any]) -> Iterable[click.Parameter]:
    """The options that decorators have given a function so far."""
    found: Sequence[click.Parameter] = getattr(function, "__click_params__", ())
    return tuple(found)


class GroupedCommand(click.Command):
    """A command whose help has its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                groups.setdefault(parameter.__dict__.get(_HEADING, _OTHERS), []).append(record)
        others = groups.pop(_OTHERS, [])
        for heading, records in (*groups.items(), (_OTHERS, others)):
            with formatter.section(heading):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(
                f"Options can be given as environment variables, too: {_PREFIX}QUIET=1 is --quiet; see"
                " docs/configuration.md#environment-variables."
            )


class LocalPath(click.Path):
    """A path of this machine. ``--output s3://bucket/reports`` would otherwise make a folder ``s3:`` here, and nothing
    would reach the bucket."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        text = os.fspath(value)
        if isinstance(text, str) and _URL.match(text):
            self.fail(
                f"{text} is a URL, and it takes a file or folder of this machine. Copy files there or from there with"
                " a tool of the place (aws s3 cp); --store keeps whole runs in s3://bucket/prefix.",
                param, ctx,
            )  # fmt: skip
        return super().convert(value, param, ctx)


#: How an address begins, and no path: a drive of Windows has one letter.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def keep_local(command: click.Command) -> None:
    """Let options and arguments of a command that take a path refuse a URL."""
    for parameter in command.params:
        path = parameter.type
        if isinstance(path, click.Path):
            parameter.type = LocalPath(
                path.exists, path.file_okay, path.dir_okay, path.writable, path.readable, path.resolve_path,
                path.allow_dash, path.type, path.executable,
            )  # fmt: skip


def long_name(option: click.Parameter) -> str:
    """``--fail-on``: the first long name of an option."""
    return next((name for name in option.opts if name.startswith("--")), "")


def give_variables(name: str, command: click.Command) -> click.Command:
    """Let a command's options be set by variables: ``AUDITOR_`` and the option's name in capitals.

    Where an option means something else in each command, the variable names the command: ``AUDITOR_DIFF_FORMAT``.
    An option that has a variable already keeps it. Several values are separated by spaces, paths by the system's
    separator of paths. Also gives each the names of the option of help: click keeps those of the first context that
    asks, which need not know the group's. A path is one of this machine (``keep_local``).
    """
    command.context_settings.setdefault("help_option_names", list(HELP))
    if isinstance(command, click.Group):
        for sub_name, sub in command.commands.items():
            give_variables(f"{name} {sub_name}", sub)
        return command
    keep_local(command)
    for parameter in command.params:
        option = long_name(parameter)
        if not option or parameter.envvar or option in _NEVER:
            continue
        own = "" if name in _RUNS or option in _EVERYWHERE else f"{name} "
        parameter.envvar = _PREFIX + re.sub(r"\W+", "_", f"{own}{option.removeprefix('--')}").upper()
    return command


def variables(command: click.Command) -> Mapping[str, str]:
    """Variable → option, of a command that was given its variables."""
    return {str(p.envvar): long_name(p) for p in command.params if p.envvar and long_name(p)}


def _set_debug(_ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        os.environ["AUDITOR_DEBUG"] = "1"


debug_option = click.option("--debug", is_flag=True, expose_value=False, callback=_set_debug, help="Show tracebacks.")
