"""The one exception tree. Each error carries a diagnosis for people and the exit code that it deserves.

Only ``auditor.cli`` exits; everything below it raises one of these.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells its caller. The table in docs/gate.md is held to this enumeration by a test."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    NOTHING_COLLECTED = 3
    FINDINGS = 4
    INCOMPLETE = 5
    INTERRUPTED = 130
    TERMINATED = 143


class AuditorError(Exception):
    """Base of every error that a user may see.

    ``message`` is one sentence that says what is wrong; ``hint`` what to do about it.
    """

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def diagnosis(self) -> str:
        """The text shown to a person: the message, then the hint on a line of its own."""
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class ConfigError(AuditorError):
    """Wrong usage or a broken input: option, rule file, configuration, estate, snapshot."""

    exit_code = ExitCode.USAGE

    @classmethod
    def at(
        cls, file: object, line: int | None, message: str, *, column: int | None = None, hint: str = ""
    ) -> ConfigError:
        """The same, naming the place in a file as ``file:line`` or ``file:line:column``."""
        place = ":".join(str(part) for part in (file, line, column) if part is not None)
        return cls(f"{place}: {message}", hint=hint)


class RuleError(ConfigError):
    """A rule file that cannot be used; names file, line and reason."""


class SnapshotError(ConfigError):
    """A snapshot file that is damaged, truncated, or written by a newer version."""


class DamagedError(ConfigError):
    """A file of a run store that is missing, or not what its run says. The run is set aside; the store goes on."""

    def __init__(self, message: str, *, hint: str = "Move the run out of the way: auditor store repair") -> None:
        super().__init__(message, hint=hint)


class NewerVersionError(ConfigError):
    """A file that a newer version of the auditor wrote: nothing in it is wrong."""


class CollectError(AuditorError):
    """Nothing could be collected: no usable credentials, no reachable endpoint, every call refused.

    ``reason``: why, as a gap says it (``auditor.model.snapshot.GapReason``); empty where it is of none of these kinds.
    """

    exit_code = ExitCode.NOTHING_COLLECTED

    def __init__(self, message: str, *, hint: str = "", reason: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
