"""When an operation is not asked any more: nothing but failures for minutes.

A call that a service fails is tried again for half a minute. Ten thousand of them in an outage would take all night,
and tell no more than the first hundred did.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from auditor.collect.aws import call_errors

#: Failures in a row, and seconds since the first of them, after which an operation is given up.
FAILURES, SECONDS = 20, 300.0

Key = tuple[str, str, str]


@dataclass(slots=True)
class _Row:
    failures: int
    since: float
    last: Exception


class Outages:
    """Failures in a row of each operation (service, Region, name). Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[Key, _Row] = {}

    def check(self, key: Key) -> None:
        """Raises NotAskedError where the operation was given up."""
        with self._lock:
            row = self._rows.get(key)
            if row is not None and row.failures >= FAILURES and time.monotonic() - row.since >= SECONDS:
                raise call_errors.NotAskedError(key[2], row.failures, row.last)

    def ended(self, key: Key, error: Exception | None) -> None:
        """A call ended. Only what the service or the network did counts: a refusal is an answer."""
        with self._lock:
            if error is None or call_errors.reason(error) not in ("server_error", "unreachable"):
                self._rows.pop(key, None)
                return
            row = self._rows.setdefault(key, _Row(0, time.monotonic(), error))
            row.failures += 1
            row.last = error
