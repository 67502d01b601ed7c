"""How fast may be asked: a rate for each account, Region and class of operations, learnt from what AWS throttles.

AWS throttles by account, Region and operation and publishes few of its limits. ``auditor.collect.aws.pace`` learns each
rate. All workers share it: one of them waits for the next moment, the others stand behind it, and nothing stampedes.

botocore's adaptive retry mode does not do: each client has a limit of its own that nothing public lets others share,
one for all operations, without an upper bound, which begins unbounded again every night.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from auditor.collect.aws.pace import FIRST, Learnt, Pace

#: Calls a second that AWS states (CloudTrail quotas, LookupEvents), by service and operation.
KNOWN_LIMITS: Mapping[str, float] = {"cloudtrail:LookupEvents": 2.0}
_VERB = re.compile("[A-Z][a-z]+")

Key = tuple[str, str, str]


@dataclass
class Rates:
    """The rates of a run. Safe to use from many threads.

    ``max_rate``: calls a second that no account and Region gets more of, all operations together; 0: no such bound.
    ``known``: rates that earlier runs learnt.
    """

    max_rate: float = 0.0
    known: Mapping[Key, Learnt] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _paces: dict[Key, Pace] = field(default_factory=dict)
    _bounds: dict[tuple[str, str], Pace] = field(default_factory=dict)

    def wait(self, account: str, region: str, name: str, check: Callable[[], None] = lambda: None) -> Turn:
        """Wait until an operation (``service:Operation``) may be asked. ``check`` is called meanwhile and may raise."""
        key = (account, region, operation_class(name))
        with self._lock:
            pace = self._paces.get(key)
            if pace is None:
                pace = self._paces[key] = self._begin(key)
            bound = self._bounds.get((account, region))
            if bound is None and self.max_rate:
                bound = self._bounds[account, region] = Pace(Learnt(self.max_rate), self.max_rate, exact=True)
        sent = pace.wait(check)
        return Turn(pace, sent if bound is None else bound.wait(check))

    def _begin(self, key: Key) -> Pace:
        limit = min(KNOWN_LIMITS.get(key[2], math.inf), self.max_rate or math.inf)
        return Pace(self.known.get(key) or Learnt(FIRST), limit)

    def learnt(self) -> dict[Key, Learnt]:
        """What is known now: what this run learnt, beside what was known before."""
        with self._lock:
            found = {key: pace.learnt() for key, pace in self._paces.items()}
        return {**self.known, **{key: rate for key, rate in found.items() if rate is not None}}

    def learn(self, told: Mapping[Key, Learnt]) -> None:
        """What another process of the same run learnt."""
        with self._lock:
            self.known = {**self.known, **told}


@dataclass(frozen=True, slots=True)
class Turn:
    """A call that may be sent now; what becomes of it is told here."""

    _pace: Pace
    _sent: float

    def answered(self) -> None:
        """AWS answered, be it with an error of another kind."""
        self._pace.answered()

    def throttled(self) -> None:
        """AWS refused, because it was asked too fast."""
        self._pace.throttled(self._sent)


def operation_class(name: str) -> str:
    """Operations that share a rate: those of a service whose names begin with the same verb, such as
    ``sagemaker:Describe``. What has a limit of its own stands alone."""
    if name in KNOWN_LIMITS:
        return name
    service, _, operation = name.partition(":")
    verb = _VERB.match(operation)
    return f"{service}:{verb[0] if verb else operation}"
