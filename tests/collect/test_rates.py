"""How fast is asked: on a clock of the test's own, against a service that refuses what is too fast."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from auditor.collect.aws import rates
from auditor.collect.aws.rates import Learnt, Rates, operation_class

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
    monkeypatch.setattr(rates, "time", made)
    monkeypatch.setattr(rates, "FIRST", 10.0)
    monkeypatch.setattr(rates, "KNOWN_LIMITS", {"cloudtrail:LookupEvents": 2.0})
    return made


def _service(clock: _Clock, rate: float, burst: float) -> Callable[[], bool]:
    """Whether a call at this moment is answered, by a bucket of tokens as AWS documents for EC2."""
    tokens, last = burst, clock.now

    def ask() -> bool:
        nonlocal tokens, last
        tokens, last = min(burst, tokens + (clock.now - last) * rate), clock.now
        if tokens < 1:
            return False
        tokens -= 1
        return True

    return ask


def _work(clock: _Clock, found: Rates, service: Callable[[], bool], calls: int) -> tuple[float, int]:
    """(seconds, refusals) that so many answers took, one after another."""
    begun, refused = clock.now, 0
    while calls:
        turn = found.wait(*ASK)
        if service():
            calls -= 1
            turn.answered()
        else:
            refused += 1
            turn.throttled()
    return clock.now - begun, refused


@pytest.mark.parametrize(("rate", "burst"), [(5, 1), (5, 5), (5, 10), (50, 100)])
def test_a_throttled_account_is_asked_nearly_as_fast_as_it_allows(clock: _Clock, rate: float, burst: float) -> None:
    seconds, refused = _work(clock, Rates(), _service(clock, rate, burst), 1000)
    assert seconds <= 1.1 * 1000 / rate
    assert refused < 0.05 * (1000 + refused)


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
    found = Rates()
    together = [found.wait(*ASK) for _ in range(5)]
    for turn in together:
        turn.throttled()
    assert found.learnt()[KEY] == Learnt(5.0, refused=True)


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
