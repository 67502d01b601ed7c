"""What is news to a channel, night by night, without a store: nothing changes, much changes, and nobody listens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from auditor.history.query import KnownFailure
from auditor.model.notification import Channel, ChannelType, NewsItem, NewsKind
from auditor.model.rule import Severity
from auditor.notify.digest import MOST, digest, lines
from auditor.notify.news import Known, LapsingWaiver, Told, news
from auditor.store.attempts import Attempt
from auditor.store.store_status import Freshness, MissedMark, RunMark, ScopeMark, StoreStatus

ACCOUNT, REGION = "111122223333", "eu-west-1"
CHANNEL = Channel(ChannelType.WEBHOOK, "hook")
FIRST = datetime(2026, 1, 1, 2, tzinfo=UTC)


def text(day: int) -> str:
    return f"{FIRST + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"


def failure(name: str, day: int, *, state: str = "open", first: int = 0, regressed: int = 0,
            severity: Severity = Severity.HIGH) -> KnownFailure:  # fmt: skip
    gone = text(day) if state == "resolved" else None
    return KnownFailure(
        f"{name:0>32}", "STU101", severity, state, ACCOUNT, REGION, "domain", f"d-{name}", name, name,
        f"Domain {name} is wrong", text(first), text(day), gone, day - first, regressed,
    )  # fmt: skip


def known(day: int, *failures: KnownFailure, complete: bool = True, stale: bool = False,
          failed: Sequence[Attempt] = (), waivers: Sequence[LapsingWaiver] = ()) -> Known:  # fmt: skip
    mark = RunMark(f"run-{day}", text(day), complete)
    scope = Freshness(ScopeMark(ACCOUNT, REGION, mark, mark if complete else None), timedelta(hours=1), stale)
    status = StoreStatus(FIRST + timedelta(days=day, hours=1), timedelta(hours=26), day + 1, (scope,), tuple(failed))
    return Known(failures, {FIRST + timedelta(days=day)}, status, waivers)


def kinds(items: Sequence[NewsItem]) -> list[tuple[NewsKind, str]]:
    return [(item.kind, item.fingerprint.lstrip("0")) for item in items]


def test_a_year_of_unchanged_nights_sends_nothing() -> None:
    """After the first message: what is open stays open, what is incomplete stays so, a waiver stays lapsed."""
    told: Told | None = None
    messages = 0
    for day in range(365):
        night = known(
            day, failure("a", day), failure("b", day, state="waived"), failure("c", 0, state="resolved"),
            failure("d", day, state="not_assessed"), complete=False, waivers=[LapsingWaiver("w", "The waiver lapsed")],
        )  # fmt: skip
        items, told = news(CHANNEL, night, told)
        messages += bool(items)
        if day == 0:
            assert Counter(item.kind for item in items) == {
                NewsKind.NEW: 1, NewsKind.RESOLVED: 1, NewsKind.INCOMPLETE: 1, NewsKind.WAIVER_LAPSES: 1
            }  # fmt: skip
    assert messages == 1


def test_a_year_of_changes_tells_each_once() -> None:
    """Each week one finding comes, each month the oldest is resolved."""
    told: Told | None = None
    said: list[tuple[NewsKind, str]] = []
    for day in range(365):
        failures = []
        for week in range(day // 7 + 1):
            gone = (week + 1) * 30
            state = "resolved" if day >= gone else "open"
            failures.append(failure(f"f{week}", min(day, gone), state=state, first=week * 7))
        items, told = news(CHANNEL, known(day, *failures), told)
        said += kinds(items)
    assert Counter(kind for kind, _ in said) == {NewsKind.NEW: 53, NewsKind.RESOLVED: 12}
    assert len(set(said)) == len(said)


def test_what_nobody_took_is_told_by_the_next_night() -> None:
    """A channel that fails remembers nothing, so each night tries all of it, until one is taken."""
    _, told = news(CHANNEL, known(0, failure("a", 0)), None)
    for day in range(1, 9):
        items, after = news(CHANNEL, known(day, failure("a", day), failure("b", day, first=1)), told)
        assert kinds(items) == [(NewsKind.NEW, "b")]
    assert news(CHANNEL, known(9, failure("a", 9), failure("b", 9, first=1)), after)[0] == ()


def test_back_and_forth() -> None:
    _, told = news(CHANNEL, known(0, failure("a", 0)), None)
    items, told = news(CHANNEL, known(1, failure("a", 1, state="resolved")), told)
    assert kinds(items) == [(NewsKind.RESOLVED, "a")]
    items, told = news(CHANNEL, known(2, failure("a", 2, regressed=1)), told)
    assert kinds(items) == [(NewsKind.REGRESSED, "a")]
    # It was resolved and came back between two messages.
    items, told = news(CHANNEL, known(4, failure("a", 4, regressed=2)), told)
    assert kinds(items) == [(NewsKind.REGRESSED, "a")]
    # Nobody can say, then waived, then it fails again: it was never resolved.
    for day, state in ((5, "not_assessed"), (6, "waived"), (7, "open")):
        items, told = news(CHANNEL, known(day, failure("a", day, state=state, regressed=2)), told)
        assert items == ()


def test_a_store_that_exists_already_is_not_told_as_a_whole() -> None:
    old = [failure(f"o{n}", 9) for n in range(50)]
    items, told = news(CHANNEL, known(9, *old, failure("n", 9, first=9)), None)
    assert kinds(items) == [(NewsKind.NEW, "n")]
    assert len(told.failing) == 51


def test_only_what_the_channel_asks_for() -> None:
    quiet = replace(CHANNEL, when=frozenset({NewsKind.RESOLVED}), min_severity=Severity.HIGH)
    low = failure("l", 0, severity=Severity.LOW)
    items, told = news(quiet, known(0, failure("a", 0), low), None)
    assert (items, len(told.failing)) == ((), 1)
    gone = [failure("a", 1, state="resolved"), replace(low, state="resolved", resolved_at=text(1))]
    assert kinds(news(quiet, known(1, *gone), told)[0]) == [(NewsKind.RESOLVED, "a")]


def test_a_spell_is_told_once_for_each_time() -> None:
    attempt = Attempt("20260102T020000Z-00000000", text(1), "audit", ended=text(1), exit_code=3, error="no credentials")
    _, told = news(CHANNEL, known(0), None)
    items, told = news(CHANNEL, known(1, stale=True, failed=[attempt]), told)
    assert sorted(item.kind for item in items) == [NewsKind.INCOMPLETE, NewsKind.STALE]
    assert "exit code 3: no credentials" in " ".join(item.text for item in items)
    assert news(CHANNEL, known(1, stale=True, failed=[attempt]), told)[0] == ()
    _, told = news(CHANNEL, known(2), told)
    items, _ = news(CHANNEL, known(3, stale=True), told)
    assert [item.kind for item in items] == [NewsKind.STALE]


def test_a_year_of_nights_that_fail_alike_is_told_once() -> None:
    """Nobody reads the message of the hundredth night; auditor status and the alarm go on. Another failure is news."""
    told: Told | None = news(CHANNEL, known(0), None)[1]
    failed: list[Attempt] = []
    said: list[tuple[int, NewsKind, str]] = []
    for day in range(1, 365):
        error = "no credentials" if day < 200 else "the store cannot be written"
        failed.append(Attempt(f"{day}", text(day), "audit", ended=text(day), exit_code=3, error=error))
        items, told = news(CHANNEL, known(0, stale=day > 1, failed=failed), told)
        said += [(day, item.kind, item.text) for item in items]
    assert said == [
        (1, NewsKind.INCOMPLETE, f"The run of {text(1)} failed with exit code 3: no credentials"),
        (2, NewsKind.STALE, f"{ACCOUNT} {REGION} was last audited {text(0)}"),
        (200, NewsKind.INCOMPLETE, f"The run of {text(200)} failed with exit code 3: the store cannot be written"),
    ]
    # A night that came ends the spell. Who hears of several at once hears how many.
    _, told = news(CHANNEL, known(365), told)
    ((item,), _) = news(CHANNEL, known(365, failed=failed[:3]), told)
    assert item.text == f"3 runs since {text(1)} failed with exit code 3: no credentials"


def test_an_account_that_cannot_be_entered_is_told_once() -> None:
    told: Told | None = news(CHANNEL, known(0), None)[1]
    said: list[str] = []
    for day in range(1, 9):
        night = known(day)
        mark = MissedMark("444455556666", "denied" if day < 5 else "suspended", RunMark(f"run-{day}", text(day), False))
        items, told = news(CHANNEL, replace(night, status=replace(night.status, missed=(mark,))), told)
        said += [item.text for item in items]
    assert said == [
        f"The run of {text(1)} saw nothing of 444455556666: denied",
        f"The run of {text(5)} saw nothing of 444455556666: suspended",
    ]


def test_a_message_holds_ten_items_the_worst_first_each_with_its_fingerprint() -> None:
    low = [failure(f"l{n}", 0, severity=Severity.LOW) for n in range(8)]
    high = [failure(f"h{n}", 0, severity=Severity.CRITICAL) for n in range(4)]
    items, _ = news(CHANNEL, known(0, *low, *high), None)
    message = digest(CHANNEL, items, store="s", run_id="r", as_of=text(0), link="https://a.example.com/r")
    shown = [item for group in message.groups for item in group.items]
    assert (len(shown), message.more, message.counts[NewsKind.NEW]) == (MOST, 2, 12)
    assert [item.severity for item in shown[:5]] == [Severity.CRITICAL] * 4 + [Severity.LOW]
    printed = "\n".join(lines(message))
    assert all(f"fingerprint {item.fingerprint}" in printed for item in shown)
    assert "and 2 more items" in printed
    assert printed.endswith("https://a.example.com/r")


def test_an_owners_channel_is_told_that_owners_findings_alone() -> None:
    """Each owner has a digest: two owners and nobody, and each finding goes to one of the three."""
    owners = {"a": "vision", "b": "data-platform", "c": ""}
    night = replace(known(0, *(failure(name, 0) for name in owners)), owner=lambda f: owners[f.fingerprint.lstrip("0")])
    told = {
        pattern: kinds(news(replace(CHANNEL, owners=(pattern,)), night, None)[0])
        for pattern in ("vision", "data-*", "unowned", "others")
    }
    assert told == {
        "vision": [(NewsKind.NEW, "a")], "data-*": [(NewsKind.NEW, "b")], "unowned": [(NewsKind.NEW, "c")], "others": []
    }  # fmt: skip


def test_an_owners_channel_hears_what_is_resolved_of_what_it_was_told() -> None:
    channel = replace(CHANNEL, owners=("vision",))
    owned = {"owner": lambda f: "vision" if f.fingerprint.endswith("a") else "data"}
    _, told = news(channel, replace(known(0, failure("a", 0), failure("b", 0)), **owned), None)
    gone = replace(known(1, failure("a", 1, state="resolved"), failure("b", 1, state="resolved")), **owned)
    assert kinds(news(channel, gone, told)[0]) == [(NewsKind.RESOLVED, "a")]
    assert kinds(news(channel, gone, None)[0]) == [(NewsKind.RESOLVED, "a")]
