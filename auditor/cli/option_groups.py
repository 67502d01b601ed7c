"""Several options as one decorator of a command, and the option that every command has."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def several(*decorators: Callable[[Any], Any]) -> Callable[[_Command], _Command]:
    """One decorator for all of them; ``--help`` shows them in this order."""

    def decorate(function: _Command) -> _Command:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def _set_debug(_ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        os.environ["AUDITOR_DEBUG"] = "1"


debug_option = click.option("--debug", is_flag=True, expose_value=False, callback=_set_debug, help="Show tracebacks.")
