"""How fast may be asked: a rate for each account, Region and class of operations, learnt from what AWS throttles.

AWS throttles by account, Region and operation and publishes few of its limits. So a rate begins low and doubles every
half second of use until AWS refuses; then it falls to a little below the rate that was refused and comes back slowly.
All workers share it: one of them waits for the next moment, the others stand behind it, and nothing stampedes.

botocore's adaptive retry mode does not do: each client has a limit of its own that nothing public lets others share,
one for all operations, without an upper bound, which begins unbounded again every night.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

#: Calls a second that AWS states (CloudTrail quotas, LookupEvents), by service and operation.
KNOWN_LIMITS: Mapping[str, float] = {"cloudtrail:LookupEvents": 2.0}
#: A rate that nobody knows begins here, and never falls below the least, in calls a second.
FIRST, LEAST = 10.0, 0.1
#: Until the first refusal each answer adds so much, which doubles the rate every half second.
_DOUBLING = math.log(2) / 0.5
#: The part that is left after a refusal: of a rate that was doubling, and of one that was near its limit.
_FIRST_CUT, _CUT = 0.5, 0.9
#: The least that is left of a rate after one refusal, however little was answered.
_DEEPEST_CUT = 0.4
#: Seconds over which answers are counted, and after which a rate that nobody waits for is not used.
_LATELY, _IDLE = 2.0, 0.25
#: Seconds, or calls if those take longer, in which a rate comes back to what was refused.
_BACK_SECONDS, _BACK_CALLS = 10.0, 60.0
#: Beyond it a rate grows by this part of it a second; more slowly where it is below so many calls a second.
_PROBE, _SLOW = 0.02, 5.0
#: Seconds that a worker may be late without loss to the rate: sleeping is not exact.
_LATE = 0.05
#: Seconds after which a worker that waits looks whether the run goes on.
_GLANCE = 0.2
#: Rates are only remembered where so many answers stand behind them.
_TOLD = 20
_VERB = re.compile("[A-Z][a-z]+")

Key = tuple[str, str, str]


class Bucket:
    """One rate. Safe to use from many threads. ``limit``: what it never exceeds; ``exact``: not for a moment either."""

    def __init__(self, rate: float, limit: float = math.inf, *, refused: bool = False, exact: bool = False) -> None:
        self._turn, self._lock = threading.Lock(), threading.Lock()
        self._limit = limit
        self._rate = min(max(rate, LEAST), limit)
        self._refused = self._rate if refused else 0.0
        self._late = 0.0 if exact else _LATE
        self._next = 0.0
        self._cut = 0.0
        self._answers, self._first, self._busiest = 0, 0.0, 0.0
        self._used_since = 0.0
        self._lately = deque[float]()

    def wait(self, check: Callable[[], None]) -> float:
        """Wait for the next moment; it, on the monotonic clock. ``check`` is called meanwhile, and may raise."""
        with self._turn:
            while True:
                check()
                with self._lock:
                    now = time.monotonic()
                    left = self._next - now
                    if left <= 0:
                        if left < -_IDLE:
                            self._used_since = now
                        self._next = max(self._next, now - self._late) + 1 / self._rate
                        return now
                time.sleep(min(left, _GLANCE))

    def answered(self) -> None:
        """A call was answered, and so the rate may grow."""
        with self._lock:
            now = time.monotonic()
            self._answers += 1
            self._count(now)
            if not self._refused:
                lately = self._answered_lately(now)
                # What is not used says nothing of what is allowed.
                if lately is None or self._rate < 4 * lately:
                    self._rate += _DOUBLING
            elif self._rate < self._refused:
                seconds = max(_BACK_SECONDS, _BACK_CALLS / self._refused)
                self._rate += self._refused * (1 - _CUT) / seconds / self._rate
            else:
                # The longer nothing is refused, the faster.
                step = _PROBE * max(1.0, (now - (self._cut or self._first)) / _BACK_SECONDS - 1)
                self._rate += self._refused * step * min(1.0, self._rate / _SLOW) / self._rate
            self._rate = min(self._rate, self._limit)

    def throttled(self, sent: float) -> None:
        """A call that was sent at that moment was refused. Those under way together are refused once."""
        with self._lock:
            if sent <= self._cut:
                return
            self._cut = time.monotonic()
            known = bool(self._refused)
            aim, refused = self._rate * (_CUT if known else _FIRST_CUT), self._rate
            if (answered := self._answered_lately(self._cut)) is not None and answered < aim:
                # Far too fast: what was answered meanwhile is what is allowed.
                aim = refused = max(answered, self._rate * _DEEPEST_CUT)
            self._rate = min(max(aim, LEAST), self._limit)
            self._refused = max(refused, LEAST) if known else self._rate
            self._next = max(self._next, self._cut + 1 / self._rate)

    def learnt(self) -> Learnt | None:
        """What another night may begin with; None where little was asked."""
        with self._lock:
            if self._refused:
                # Just after a refusal a rate is lower than what can be had.
                return Learnt(round(max(self._rate, self._refused * (1 + _CUT) / 2), 3), refused=True)
            return Learnt(round(max(self._busiest, FIRST), 3)) if self._answers >= _TOLD else None

    def _count(self, now: float) -> None:
        """How many answers there were lately, and in the busiest second so far."""
        self._first = self._first or now
        self._lately.append(now)
        while self._lately[0] < now - _LATELY:
            self._lately.popleft()
        if now - self._first >= _LATELY:
            self._busiest = max(self._busiest, len(self._lately) / _LATELY)

    def _answered_lately(self, now: float) -> float | None:
        """Answers a second in the last seconds, None where the rate was not used all the time."""
        seconds = min(now - max(self._first, self._used_since), _LATELY) if self._first else 0.0
        return sum(at >= now - seconds for at in self._lately) / seconds if seconds >= _LATELY / 2 else None


@dataclass(frozen=True, slots=True)
class Learnt:
    """A rate in calls a second. ``refused``: AWS refused more; else nothing was refused at this rate."""

    rate: float
    refused: bool = False


@dataclass
class Rates:
    """The rates of a run. Safe to use from many threads.

    ``max_rate``: calls a second that no account and Region gets more of, all operations together; 0: no such bound.
    ``known``: rates that earlier runs learnt.
    """

    max_rate: float = 0.0
    known: Mapping[Key, Learnt] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _buckets: dict[Key, Bucket] = field(default_factory=dict)
    _bounds: dict[tuple[str, str], Bucket] = field(default_factory=dict)

    def wait(self, account: str, region: str, name: str, check: Callable[[], None] = lambda: None) -> Turn:
        """Wait until an operation (``service:Operation``) may be asked. ``check`` is called meanwhile and may raise."""
        key = (account, region, operation_class(name))
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is None:
                bucket = self._buckets[key] = self._begin(key)
            bound = self._bounds.get((account, region))
            if bound is None and self.max_rate:
                bound = self._bounds[account, region] = Bucket(self.max_rate, self.max_rate, exact=True)
        sent = bucket.wait(check)
        return Turn(bucket, sent if bound is None else bound.wait(check))

    def _begin(self, key: Key) -> Bucket:
        limit = min(KNOWN_LIMITS.get(key[2], math.inf), self.max_rate or math.inf)
        known = self.known.get(key)
        return Bucket(known.rate, limit, refused=known.refused) if known else Bucket(FIRST, limit)

    def learnt(self) -> dict[Key, Learnt]:
        """What is known now: what this run learnt, beside what was known before."""
        with self._lock:
            found = {key: bucket.learnt() for key, bucket in self._buckets.items()}
        return {**self.known, **{key: rate for key, rate in found.items() if rate is not None}}

    def learn(self, told: Mapping[Key, Learnt]) -> None:
        """What another process of the same run learnt."""
        with self._lock:
            self.known = {**self.known, **told}


@dataclass(frozen=True, slots=True)
class Turn:
    """A call that may be sent now; what becomes of it is told here."""

    _bucket: Bucket
    _sent: float

    def answered(self) -> None:
        """AWS answered, be it with an error of another kind."""
        self._bucket.answered()

    def throttled(self) -> None:
        """AWS refused, because it was asked too fast."""
        self._bucket.throttled(self._sent)


def operation_class(name: str) -> str:
    """Operations that share a rate: those of a service whose names begin with the same verb, such as
    ``sagemaker:Describe``. What has a limit of its own stands alone."""
    if name in KNOWN_LIMITS:
        return name
    service, _, operation = name.partition(":")
    verb = _VERB.match(operation)
    return f"{service}:{verb[0] if verb else operation}"
