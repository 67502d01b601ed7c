"""Several options as one decorator of a command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_Command = TypeVar("_Command", bound=Callable[..., Any])


def several(*decorators: Callable[[Any], Any]) -> Callable[[_Command], _Command]:
    """One decorator for all of them; ``--help`` shows them in this order."""

    def decorate(function: _Command) -> _Command:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate
