"""How fast is asked: on a clock of the test's own, against a service that refuses what is too fast."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from auditor.collect.aws import pace, rates
from auditor.collect.aws.pace import Learnt
from auditor.collect.aws.rates import Rates, operation_class

ASK = ("111122223333", "eu-west-1", "sagemaker:DescribeSpace")
KEY = ("111122223333", "eu-west-1", "sagemaker:Describe")


class _Clock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    made = _Clock()
    monkeypatch.setattr(pace, "time", made)
    monkeypatch.setattr(rates, "FIRST", 10.0)
    monkeypatch.setattr(rates, "KNOWN_LIMITS", {"cloudtrail:LookupEvents": 2.0})
    return made


def _service(clock: _Clock, rate: float | Callable[[float], float], burst: float) -> Callable[[], bool]:
    """Whether a call at this moment is answered, by a bucket of tokens as AWS documents for EC2. ``rate`` may be a
    function of the clock."""
    tokens, last = burst, clock.now

    def ask() -> bool:
        nonlocal tokens, last
        given = rate(clock.now) if callable(rate) else rate
        tokens, last = min(burst, tokens + (clock.now - last) * given), clock.now
        if tokens < 1:
            return False
        tokens -= 1
        return True

    return ask


def _work(clock: _Clock, found: Rates, service: Callable[[], bool], calls: int, others: int = 0) -> tuple[float, int]:
    """(seconds, refusals) that so many answers took, one after another. ``others``: calls of another class that come
    between them at first, and count against the same bucket."""
    begun, refused = clock.now, 0
    lists = [(*ASK[:2], "sagemaker:ListApps")] * others
    while calls or lists:
        ask = lists[-1] if lists else ASK
        turn = found.wait(*ask)
        if not service():
            refused += 1
            turn.throttled()
            continue
        turn.answered()
        if ask is not ASK:
            lists.pop()
        calls -= bool(calls)
        if calls and lists and service():
            found.wait(*ASK).answered()
            calls -= 1
    return clock.now - begun, refused


@pytest.mark.parametrize(
    ("rate", "burst", "calls", "at_most"),
    # A bucket that holds one call gives nothing back: what was not asked at its moment is lost.
    [(5, 1, 1000, 1.15), (5, 5, 200, 1.1), (5, 5, 1000, 1.1), (5, 10, 200, 1.1), (2, 2, 400, 1.1), (1, 10, 200, 1.1),
     (20, 20, 400, 1.1), (50, 100, 1000, 1.1), (100, 100, 5000, 1.1)],
)  # fmt: skip
def test_a_throttled_account_is_asked_nearly_as_fast_as_it_allows(
    clock: _Clock, rate: float, burst: float, calls: int, at_most: float
) -> None:
    seconds, refused = _work(clock, Rates(), _service(clock, rate, burst), calls)
    assert seconds <= at_most * calls / rate
    assert refused < 0.05 * (calls + refused)


def test_a_first_refusal_that_other_operations_brought_on_costs_little(clock: _Clock) -> None:
    seconds, refused = _work(clock, Rates(), _service(clock, 5, 5), 400, others=4)
    assert seconds <= 1.1 * 400 / 5
    assert refused < 0.05 * 400


@pytest.mark.parametrize(("before", "after", "at_most"), [(20, 5, 1.1), (100, 10, 1.15), (5, 20, 1.3)])
def test_a_limit_that_changes_is_found_again(clock: _Clock, before: float, after: float, at_most: float) -> None:
    moment, calls = clock.now + 20, 2000
    service = _service(clock, lambda now: before if now < moment else after, before)
    seconds, refused = _work(clock, Rates(), service, calls)
    assert seconds <= at_most * (20 + (calls - 20 * before) / after)
    assert refused < 0.05 * calls


def test_a_refusal_after_a_pause_may_come_at_any_rate(clock: _Clock) -> None:
    """Nothing was answered since the pause, and what is guessed then may be what is known already."""
    for factor in (0.9, 1.2, 1.7, 2.0, 2.3, 3.0):
        found = pace.Pace(Learnt(5, refused=True))
        for _ in range(60):
            found.wait(lambda: None)
            found.answered()
        found.throttled(found.wait(lambda: None))
        known = found.learnt()
        assert known
        gap = math.inf
        while gap > 1 / (factor * known.rate):
            before = found.wait(lambda: None)
            found.answered()
            gap = found.wait(lambda: None) - before
            found.answered()
        clock.now += 60
        found.throttled(found.wait(lambda: None))
        after = found.wait(lambda: None)
        assert 0 < found.wait(lambda: None) - after < 1
        clock.now += 60


def test_what_was_learnt_saves_the_refusals_of_the_next_night(clock: _Clock) -> None:
    first = Rates()
    _, refused = _work(clock, first, _service(clock, 5, 5), 100)
    known = first.learnt()
    assert known[KEY].refused
    assert 4 < known[KEY].rate < 5.5
    seconds, again = _work(clock, Rates(known=known), _service(clock, 5, 5), 100)
    assert again <= refused / 2
    assert seconds <= 1.1 * 100 / 5


def test_what_is_not_refused_grows_and_is_remembered_as_it_was_used(clock: _Clock) -> None:
    found = Rates()
    seconds, _ = _work(clock, found, lambda: True, 3000)
    assert seconds < 6
    assert not found.learnt()[KEY].refused
    assert found.learnt()[KEY].rate > 500
    assert _work(clock, Rates(known=found.learnt()), lambda: True, 3000)[0] < seconds


def test_the_bound_of_an_account_and_region_holds_over_all_operations(clock: _Clock) -> None:
    found, sent = Rates(max_rate=7.0, known={KEY: Learnt(100.0)}), []
    for number in range(100):
        found.wait(
            *ASK[:2], ("sagemaker:DescribeSpace", "sagemaker:ListApps", "kms:DescribeKey")[number % 3]
        ).answered()
        sent.append(clock.now)
    assert all(later - earlier >= 1 - 1e-6 for earlier, later in zip(sent, sent[7:], strict=False))
    assert sent[-1] - sent[0] == pytest.approx(99 / 7, rel=0.01)
    # Another account, and another Region, have their own.
    before = clock.now
    found.wait("444455556666", *ASK[1:])
    found.wait(ASK[0], "us-east-1", ASK[2])
    assert clock.now == before


def test_a_published_limit_holds_from_the_first_call(clock: _Clock) -> None:
    found, begun = Rates(), clock.now
    for _ in range(21):
        found.wait(*ASK[:2], "cloudtrail:LookupEvents").answered()
    assert clock.now - begun == pytest.approx(10, rel=0.01)


def test_refusals_that_were_under_way_together_count_once(clock: _Clock) -> None:
    def third_call(refusals: int) -> float:
        """Seconds until the third call after five that were sent together, of which so many were refused."""
        found = Rates()
        together = [found.wait(*ASK) for _ in range(5)]
        for turn in together[:refusals]:
            turn.throttled()
        begun = clock.now
        for _ in range(3):
            found.wait(*ASK)
        return clock.now - begun

    assert third_call(5) == pytest.approx(third_call(1))
    assert third_call(1) > third_call(0)


def test_what_hardly_was_asked_is_not_remembered(clock: _Clock) -> None:
    found = Rates()
    _work(clock, found, _service(clock, 5, 2), 10)
    assert found.learnt() == {}


def test_operations_that_share_a_rate() -> None:
    assert operation_class("sagemaker:DescribeUserProfile") == operation_class("sagemaker:DescribeApp")
    assert operation_class("sagemaker:ListApps") == "sagemaker:List"
    assert operation_class("iam:SimulatePrincipalPolicy") == "iam:Simulate"


def test_a_stopped_run_waits_for_nothing(clock: _Clock) -> None:
    found = Rates(max_rate=0.01)
    found.wait(*ASK)
    until = clock.now + 1

    def check() -> None:
        if clock.now > until:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        found.wait(*ASK, check)
    assert clock.now < until + 0.5
