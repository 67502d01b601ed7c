"""Counts every call, so that a report can say what an audit asked for and what it did not get."""

from __future__ import annotations

import threading
from collections import Counter

from auditor.collect.aws import call_errors
from auditor.model.snapshot import Coverage, Gap


class Ledger:
    """Calls, failures, retries and gaps of one account. Safe to use from many threads."""

    def __init__(self, account: str) -> None:
        self.account = account
        self._lock = threading.Lock()
        self._calls: Counter[tuple[str, str]] = Counter()
        self._retries: Counter[tuple[str, str]] = Counter()
        self._dropped: Counter[tuple[str, str]] = Counter()
        self._carried: Counter[tuple[str, str]] = Counter()
        self._errors: dict[tuple[str, str], Counter[str]] = {}
        self._gaps: list[Gap] = []

    def called(self, region: str, operation: str, retries: int, error: Exception | None = None) -> None:
        """One call, finished. ``retries``: attempts beyond the first."""
        key = (region, operation)
        with self._lock:
            self._calls[key] += 1
            self._retries[key] += retries
            if error is not None:
                self._errors.setdefault(key, Counter())[call_errors.code(error)] += 1

    def dropped(self, region: str, operation: str) -> None:
        """A resource was gone when it was to be described: no failure after all."""
        key = (region, operation)
        with self._lock:
            self._dropped[key] += 1
            errors = self._errors.get(key)
            for code in ("ResourceNotFound", "ResourceNotFoundException"):
                if errors and errors[code]:
                    errors[code] -= 1
                    break

    def carried(self, region: str, operation: str) -> None:
        """A resource was carried over from an earlier snapshot instead of being asked for."""
        with self._lock:
            self._carried[region, operation] += 1

    def gap(self, region: str, kind: str, resource_id: str, operation: str, error: Exception) -> None:
        """Something was not seen: a resource, or with ``*`` the rest of a list."""
        reason, text = call_errors.reason(error), call_errors.message(error)
        with self._lock:
            self._gaps.append(Gap(self.account, region, kind, resource_id, "*", operation, reason, text))

    def replace(self, region: str, gap: Gap) -> None:
        """One gap instead of all others of its region."""
        with self._lock:
            self._gaps = [g for g in self._gaps if g.region != region] + [gap]

    def add(self, gap: Gap) -> None:
        with self._lock:
            self._gaps.append(gap)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return tuple(sorted(set(self._gaps)))

    def coverage(self) -> tuple[Coverage, ...]:
        """One line an operation and region."""
        lines = []
        for key in sorted(self._calls.keys() | self._carried.keys()):
            region, operation = key
            errors = Counter({c: n for c, n in self._errors.get(key, Counter()).items() if n > 0})
            most = min(errors, key=lambda c: (-errors[c], c)) if errors else ""
            lines.append(
                Coverage(
                    self.account,
                    region,
                    operation,
                    self._calls[key],
                    sum(errors.values()),
                    self._retries[key],
                    self._dropped[key],
                    most,
                    self._carried[key],
                )
            )
        return tuple(lines)
