"""What working out one root may cost: steps, bytes of values, and seconds.

A few lines of a template can ask for more than any machine has. What is counted is the same on every machine, but for
the time: processor time of this thread, so that a busy machine refuses nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.errors import ConfigError

SECONDS = 20.0
MEGABYTES = 200
#: Expressions, iterations and instances; the largest real roots need a hundredth of it.
STEPS = 1_000_000
#: Values of one resource: more than any API takes, and less than a line of a snapshot holds.
RESOURCE_BYTES = 16_000_000
#: Characters of a text; values of thousands of people have a tenth of it.
LONG_TEXT = 2_000_000
TOO_LONG = f"a text has more than {LONG_TEXT:,} characters"
#: What something costs beside its text, in bytes: a part of a value, a resource or a module.
PART, INSTANCE = 64, 4_096
_PATTERN = re.compile(r"(?P<seconds>[0-9]{1,5}(?:\.[0-9]+)?)s?(?:,(?P<megabytes>[0-9]{1,5})(?:MB)?)?", re.IGNORECASE)
#: Between two looks at the clock.
_OFTEN = 64


class OverBudgetError(Exception):
    """A root that costs more than it may. ``reason`` says which part of the budget is spent, and where."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooLargeError(OverBudgetError):
    """One value that is larger than any real one. Whoever has the budget says where."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The budget of each root. ``steps`` are not the user's to choose: they follow the seconds."""

    seconds: float = SECONDS
    megabytes: int = MEGABYTES

    @property
    def steps(self) -> int:
        """As many as the default has, in proportion to the seconds."""
        return max(1, int(STEPS * self.seconds / SECONDS))


DEFAULT = Limits()


def parse_limits(text: str) -> Limits:
    """``30``, ``30s``, ``30s,500MB``. Raises ConfigError."""
    match = _PATTERN.fullmatch(text.replace(" ", ""))
    if match is None or not float(match["seconds"]) or match["megabytes"] in ("0", "00", "000", "0000", "00000"):
        raise ConfigError(
            f"--budget {text}: expected seconds, or seconds and megabytes", hint="Example: --budget 60s,500MB"
        )
    return Limits(float(match["seconds"]), int(match["megabytes"] or MEGABYTES))


class Budget:
    """What is left for one root. ``spend`` is called wherever something is made or repeated."""

    __slots__ = ("_bytes", "_checks", "_limits", "_started", "_steps", "place")

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self._limits = limits
        self._steps, self._bytes, self._checks = limits.steps, limits.megabytes * 1_000_000, 0
        self._started = time.thread_time()
        #: Where the work is: what is being worked out, for whoever has to find the line.
        self.place = ""

    def spend(self, steps: int = 1, size: int = 0) -> None:
        """Count steps and bytes. Raises OverBudgetError."""
        self._steps -= steps
        self._bytes -= size
        self._checks += 1 + steps
        if self._steps < 0:
            raise self._over(f"{self._limits.steps:,} steps")
        if self._bytes < 0:
            raise self._over(f"{self._limits.megabytes:,} MB of values")
        if self._checks >= _OFTEN:
            self.look()

    def fits(self, length: int) -> None:
        """Raises OverBudgetError where a text would be longer than any real one."""
        if length > LONG_TEXT:
            raise OverBudgetError(f"{TOO_LONG}{self.at}")

    def look(self) -> None:
        """Look at the clock. Raises OverBudgetError."""
        self._checks = 0
        if time.thread_time() - self._started > self._limits.seconds:
            raise self._over(f"{self._limits.seconds:g} seconds")

    def check(self, resource: Any) -> None:
        """Raises OverBudgetError where the values of one resource are more than any resource has."""
        if size_of(resource, RESOURCE_BYTES) > RESOURCE_BYTES:
            raise OverBudgetError(f"one resource has more than {RESOURCE_BYTES // 1_000_000} MB of values{self.at}")

    def _over(self, what: str) -> OverBudgetError:
        return OverBudgetError(f"its budget of {what} is spent{self.at}; --budget gives it more")

    @property
    def at(self) -> str:
        """Where the work is, as the end of a sentence."""
        return f" at {self.place}" if self.place else ""


def size_of(value: Any, most: int) -> int:
    """About how many bytes a value has when it is written out; the count ends behind ``most``."""
    stack, size = [value], 0
    while stack and size <= most:
        part = stack.pop()
        size += PART
        if isinstance(part, str):
            size += len(part)
        elif isinstance(part, Mapping):
            size += sum(map(len, map(str, part)))
            stack += part.values()
        elif isinstance(part, list | tuple):
            stack += part
        elif hasattr(part, "expression"):
            size += len(part.expression) + len(part.reason)
    return size
