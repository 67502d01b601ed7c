"""How fast one class of operations may be asked, learnt from what AWS refuses.

AWS counts with a bucket of tokens: each call takes one, and they come back at a rate that few pages tell. A refusal
says that the bucket was empty. So what was answered between two refusals is what AWS allows, and the longer the time
between them, the more exact that is. A rate goes through three states:

1. Nothing was refused: it doubles every half second of use.
2. Something was refused, and what is allowed is not known: it begins with what was answered, and climbs until the next
   refusal.
3. What is allowed is known: the rate swings about it. The first half of a swing asks for less than is allowed, which
   AWS keeps; the second half asks for as much more, until the bucket is empty. Nothing is lost, and one call in a swing
   is refused.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

#: A rate that nobody knows begins here, and none falls below the least, in calls a second.
FIRST, LEAST = 10.0, 0.1
#: Rates are only remembered where so many answers stand behind them.
_TOLD = 20
#: Until the first refusal each answer adds so much, which doubles the rate every half second.
_DOUBLING = math.log(2) / 0.5
#: Seconds over which answers are counted then.
_LATELY = 2.0
#: Seconds after which a rate that nobody waits for is not used: AWS's bucket fills meanwhile.
_IDLE = 0.25
#: Seconds' worth of calls that a full bucket is taken to hold.
_BURST = 1.0
#: What is left of a rate that was refused: nothing was answered; too little was; and of what was answered at first.
_CUT_BLIND, _CUT_EARLY, _BELOW = 0.5, 0.7, 0.8
#: Answers between two refusals that say something, answers that the estimate from a full bucket is worth at most, and
#: the last ones that are counted at all.
_FEW, _ROUGH, _MANY = 5, 8, 150
#: A climb doubles the rate in so many calls, but neither sooner nor later than in so many seconds.
_CLIMB_CALLS, _CLIMB_SOONEST, _CLIMB_LATEST = 8.0, 1.5, 12.0
#: A swing takes so many seconds, or so many calls if those take longer. While fewer answers than ``_SURE`` stand behind
#: the rate, it takes a part of that, and no less than the least.
_SWING_SECONDS, _SWING_CALLS, _SHORTEST, _SURE = 10.0, 60.0, 0.4, 40.0
#: How far it swings, as a part of the rate: as much as so many calls of those that stand behind it, within bounds.
_DOUBT, _LEAST_SWING, _MOST_SWING = 2.0, 0.05, 0.3
#: Two measures within this ratio are of the same rate.
_ALIKE = 1.25
#: The least that a first refusal leaves of a rate.
_DEEPEST = 0.1
#: A swing goes on for so many times its time before the rate grows faster.
_OVERDUE = 1.5
#: A refusal at a rate so many times the measured one: AWS keeps less than was not asked, and allows more than it seems.
_CLIPPED = 1.2
#: Seconds that a worker may be late without loss to the rate: sleeping is not exact.
_LATE = 0.05
#: Seconds after which a worker that waits looks whether the run goes on.
_GLANCE = 0.2


@dataclass(frozen=True, slots=True)
class Learnt:
    """A rate in calls a second. ``refused``: AWS refused more; else nothing was refused at this rate."""

    rate: float
    refused: bool = False


class Pace:
    """One rate. Safe to use from many threads. ``limit``: what it never exceeds; ``exact``: not for a moment either."""

    def __init__(self, begin: Learnt, limit: float = math.inf, *, exact: bool = False) -> None:
        self._turn, self._lock = threading.Lock(), threading.Lock()
        self._limit = limit
        self._rate = min(max(begin.rate, LEAST), limit)
        #: What AWS allows, 0 while it is not known; how many answers stand behind it; how far the rate swings about it.
        self._allowed = self._rate if begin.refused else 0.0
        self._known_by, self._swing = _SURE, _LEAST_SWING
        self._late = 0.0 if exact else _LATE
        self._next = 0.0
        #: The last refusal, and what was answered in all.
        self._cut, self._answers, self._busiest = 0.0, 0, 0.0
        self._first = 0.0
        #: Since when answers are counted, 0 before the first; how many there were; whether the bucket was empty then.
        self._since, self._counted, self._emptied = 0.0, 0, False
        self._lately, self._last = deque[float](), deque[float](maxlen=_MANY)

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
                            self._since = 0.0
                        self._next = max(self._next, now - self._late) + 1 / self._rate
                        return now
                time.sleep(min(left, _GLANCE))

    def answered(self) -> None:
        """A call was answered, and so the rate may grow."""
        with self._lock:
            now = time.monotonic()
            self._count(now)
            if self._allowed:
                self._rate += self._swing_by(now)
            elif self._cut:
                seconds = min(max(_CLIMB_CALLS / self._rate, _CLIMB_SOONEST), _CLIMB_LATEST)
                self._rate += math.log(2) / seconds
            elif now - self._since < _LATELY / 2 or self._rate < 4 * self._lately_answered(now):
                # What is not used says nothing of what is allowed.
                self._rate += _DOUBLING
            self._rate = min(self._rate, self._limit)

    def _swing_by(self, now: float) -> float:
        """What one answer adds to a rate that is known."""
        part = min(max(self._known_by / _SURE, _SHORTEST), 1.0)
        seconds = part * max(_SWING_SECONDS, _SWING_CALLS / self._allowed)
        if now - max(self._cut, self._since) <= _OVERDUE * seconds:
            return 2 * self._swing * self._allowed / seconds / self._rate
        # AWS allows more than it did: the rate doubles in the time of a swing.
        return math.log(2) / seconds

    def throttled(self, sent: float) -> None:
        """A call that was sent at that moment was refused. Those under way together are refused once."""
        with self._lock:
            if sent <= self._cut:
                return
            now = time.monotonic()
            found, calls = self._measured(now)
            alike = bool(self._allowed) and 1 / _ALIKE < found / self._allowed < _ALIKE
            if self._allowed and self._emptied and self._counted < _FEW and not alike:
                # Too early to say: what is known stands.
                self._rate = max(self._rate * 0.9, LEAST)
            elif calls >= _FEW or alike:
                if self._known_by >= _SURE and self._emptied and self._rate > _CLIPPED * found:
                    found, calls = (found + self._rate) / 2, min(calls, _SURE)
                elif alike:
                    weight = calls + self._known_by
                    found = (found * calls + self._allowed * self._known_by) / weight
                    calls = min(weight, _MANY)
                # After a pause a measure may agree by chance, with no answer behind it.
                calls = max(calls, 1.0)
                self._allowed, self._known_by = found, calls
                self._swing = min(max(_DOUBT / calls, _LEAST_SWING), _MOST_SWING)
                self._rate = max(found * (1 - self._swing), LEAST)
            else:
                self._allowed = 0.0
                # A first refusal says little: other operations may have emptied the bucket.
                self._rate = max(found * _BELOW, LEAST if self._emptied else self._rate * _DEEPEST)
            self._cut = now
            self._next = max(self._next, now + 1 / self._rate)
            if self._counted >= _FEW or not self._emptied:
                self._restart(now, emptied=True)

    def _measured(self, now: float) -> tuple[float, float]:
        """What AWS seems to allow, calls a second, and how many answers stand behind that."""
        if not self._since:
            return max(self._rate * _CUT_BLIND, LEAST), 0.0
        seconds = max(now - self._since, 0.001)
        # A bucket that was full some time ago is empty now.
        found = max(((n / (now - at + _BURST)) for n, at in enumerate(reversed(self._last), 1)), default=0.0)
        calls = min(self._counted / 4, _ROUGH)
        if self._emptied:
            whole = (self._counted + 0.5) / seconds
            calls = self._counted if whole >= found / _ALIKE else min(self._counted, _ROUGH)
            found = max(whole, found)
            if self._counted < _FEW:
                found = min(found, self._rate * _CUT_EARLY)
        elif found < self._allowed < self._counted / max(seconds - _BURST, 0.001):
            found, calls = self._allowed, self._known_by
        return min(max(found, LEAST), self._rate), calls

    def learnt(self) -> Learnt | None:
        """What another night may begin with; None where little was asked."""
        with self._lock:
            if self._answers < _TOLD:
                return None
            if self._allowed or self._cut:
                return Learnt(round(self._allowed or self._rate, 3), refused=True)
            return Learnt(round(max(self._busiest, FIRST), 3))

    def _count(self, now: float) -> None:
        """How many answers there were, lately and in the busiest second so far."""
        if not self._since:
            self._restart(now, emptied=False)
        self._first = self._first or now
        self._answers += 1
        self._counted += 1
        self._last.append(now)
        self._lately.append(now)
        while self._lately[0] < now - _LATELY:
            self._lately.popleft()
        if now - self._first >= _LATELY:
            self._busiest = max(self._busiest, len(self._lately) / _LATELY)

    def _restart(self, now: float, *, emptied: bool) -> None:
        """Answers are counted from here."""
        self._since, self._counted, self._emptied = now, 0, emptied
        self._last.clear()
        self._lately.clear()

    def _lately_answered(self, now: float) -> float:
        """Answers a second in the last seconds of use."""
        return len(self._lately) / min(now - self._since, _LATELY)
