"""Options of the commands that read a store."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from auditor.cli.config_options import config_options
from auditor.cli.option_groups import several
from auditor.cli.terminal import StderrMessages
from auditor.config.find_config import ConfigChoice
from auditor.errors import ConfigError
from auditor.store.files import PRIVATE, Access

if TYPE_CHECKING:
    from auditor.config import Config
    from auditor.store.runs import RunStore

_DURATION = re.compile(r"([0-9]{1,6})([dwy])")
_DAYS = {"d": 1, "w": 7, "y": 365}


class Duration(click.ParamType[timedelta]):
    """A number of days, weeks or years: ``90d``, ``12w``, ``2y``."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = _DURATION.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is not a duration. Write days, weeks or years: 90d, 12w, 2y", param, ctx)
        return timedelta(days=int(found[1]) * _DAYS[found[2]])


def check_accounts(option: str, named: Iterable[str], known: Collection[str]) -> None:
    """Refuse what is neither an account of the store (of templates, a path) nor an account's id, which it may
    get yet. Raises ConfigError."""
    from auditor.org.request import ACCOUNT_ID

    for account in named:
        if account and account not in known and not ACCOUNT_ID.fullmatch(account):
            raise ConfigError(f"{option} {account}: the store holds no such account, and it is not an id of 12 digits")


@dataclass(frozen=True, slots=True)
class Reading:
    """Which store a command reads: as the options say, else as the configuration does."""

    store: str | None
    profile: str | None
    config: ConfigChoice


def reading_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--store, --profile and --config of a command that reads a store; the command gets them as ``reading``."""

    @wraps(function)
    def command(*, store: str | None, profile: str | None, config: ConfigChoice, **options: Any) -> Any:
        return function(reading=Reading(store, profile, config), **options)

    return _STORE(config_options(command))


#: Seconds of a unit of ``Age``.
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AGE = re.compile(r"([0-9]{1,9})([smhd])")


class Age(click.ParamType[timedelta]):
    """A number of seconds, minutes, hours or days: ``90m``, ``26h``, ``2d``."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = _AGE.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is not an age. Write seconds, minutes, hours or days: 90m, 26h, 2d", param, ctx)
        return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


_STORE = several(
    click.option("--store", metavar="DIR|s3://…", help="The store. Default: the configuration's."),
    click.option("--profile", metavar="NAME", help="AWS profile for a store in S3."),
)  # fmt: skip


def named_store(reading: Reading, missing: str = "no store") -> RunStore:
    """The place that the options or the configuration name, whatever lies there. The configuration is read only where
    it can matter. Raises ConfigError."""
    from auditor.store.backends import open_backend
    from auditor.store.runs import RunStore

    place, profile = reading.store, reading.profile
    if place is None or (profile is None and place.startswith("s3://")):
        from auditor.run.plan import configuration

        settings = configuration(reading.config, StderrMessages(quiet=True))
        place, profile = place or settings.store, profile or settings.profile
    if place is None:
        raise ConfigError(missing, hint="Name a store with --store, or with store: in auditor.yaml.")
    return RunStore(open_backend(place, profile))


def store_of(
    reading: Reading, mode: Access = PRIVATE, *, report: bool = True, missing: str = "no store"
) -> tuple[RunStore, Config]:
    """The store that the options or the configuration name; it must be one. Raises ConfigError.

    ``mode``: permissions of what is written; ``report``: runs that are set aside are named on stderr; ``missing``: what
    is said where none is named.
    """
    from auditor.run.plan import configuration
    from auditor.store.backends import open_backend
    from auditor.store.runs import RunStore

    messages = StderrMessages(quiet=True)
    settings = configuration(reading.config, messages)
    place = reading.store or settings.store
    if place is None:
        raise ConfigError(missing, hint="Name a store with --store, or with store: in auditor.yaml.")
    found = RunStore(open_backend(place, reading.profile or settings.profile, mode))
    found.check()
    for aside in found.survey().set_aside if report else ():
        messages.problem(f"{aside.reason}. The run is left out; auditor store repair moves it out of the way.")
    return found, settings
