"""What is news to a channel: the store's findings and freshness beside what the channel was told before.

Nothing here counts messages or runs. A finding is news while it fails and the channel was not told, so that a run that
was killed before it told, or a message that nobody took, is made up for by the next one, and a night without a change
has nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from auditor.history.query import KnownFailure
from auditor.model.notification import Channel, NewsItem, NewsKind
from auditor.model.owner import NOBODY, matches
from auditor.store.attempts import Attempt
from auditor.store.store_status import StoreStatus


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel knows. ``failing``: fingerprint → how often the finding had come back when that was told.

    ``spells``: what is incomplete or stale, how runs failed since the last that is kept, and waivers that lapse, each
    by a text of its own.
    """

    schema_version: str = "1"
    failing: Mapping[str, int] = field(default_factory=dict)
    spells: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LapsingWaiver:
    """A waiver that has lapsed, or lapses soon; ``key`` is the same for the same waiver and status."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows now. ``latest``: ``as_of`` of the last run of each account and region.

    ``link`` gives a finding's page, ``owner`` who owns its resource.
    """

    failures: Sequence[KnownFailure]
    latest: Collection[datetime]
    status: StoreStatus
    waivers: Sequence[LapsingWaiver] = ()
    link: Callable[[KnownFailure], str] = lambda _: ""
    owner: Callable[[KnownFailure], str] = lambda _: ""


def news(channel: Channel, known: Known, told: Told | None) -> tuple[tuple[NewsItem, ...], Told]:
    """The items for the channel, the most pressing first, and what it knows once it was told them.

    ``told`` None: it was never told anything. Then only what the last runs brought is news, not all that ever failed.
    """
    found = [*_findings(channel, known, told), *_spells(known, told)]
    failing = {f.fingerprint: f.regressed for f in known.failures if f.state == "open" and _counts(channel, known, f)}
    if told is not None:
        # Waived, or nobody can say: it is told again only when it came back.
        aside = {f.fingerprint for f in known.failures if f.state in ("waived", "not_assessed")}
        failing |= {one: n for one, n in told.failing.items() if one in aside}
    spells = frozenset(key for key, _ in _lasting(known))
    items = sorted((item for item in found if item.kind in channel.when), key=_order)
    return tuple(items), Told(failing=failing, spells=spells)


def untold(items: Sequence[NewsItem], after: Told) -> Told:
    """What a channel knows that did not take its first message: all but these items, which are news again."""
    failing = {one: n for one, n in after.failing.items() if one not in {item.fingerprint for item in items}}
    failing |= {item.fingerprint: 0 for item in items if item.kind is NewsKind.RESOLVED}
    return Told(failing=failing)


def _counts(channel: Channel, known: Known, failure: KnownFailure) -> bool:
    return failure.severity.rank <= channel.min_severity.rank and _of_owner(channel, known, failure)


def _of_owner(channel: Channel, known: Known, failure: KnownFailure) -> bool:
    if not channel.owners:
        return True
    owner = known.owner(failure) or NOBODY
    return any(matches(pattern, owner) for pattern in channel.owners)


def _order(item: NewsItem) -> tuple[object, ...]:
    rank = item.severity.rank if item.severity is not None else -1
    return (item.kind is NewsKind.RESOLVED, rank, item.rule_id, item.account, item.region, item.text, item.fingerprint)


def _findings(channel: Channel, known: Known, told: Told | None) -> Iterator[NewsItem]:
    for failure in known.failures:
        kind = _kind(failure, known, told)
        resolved = kind is NewsKind.RESOLVED and (told is not None or _of_owner(channel, known, failure))
        if kind is not None and (_counts(channel, known, failure) or resolved):
            yield NewsItem(
                kind, failure.message, failure.severity, failure.rule_id, failure.fingerprint, failure.account,
                failure.region, failure.domain, known.owner(failure), known.link(failure),
            )  # fmt: skip


def _kind(failure: KnownFailure, known: Known, told: Told | None) -> NewsKind | None:
    if told is None:
        if failure.state == "open" and failure.first_seen == failure.last_seen and _latest(failure.last_seen, known):
            return NewsKind.NEW
        gone = failure.state == "resolved" and _latest(failure.resolved_at, known)
        return NewsKind.RESOLVED if gone else None
    before = told.failing.get(failure.fingerprint)
    if failure.state == "open":
        if before is None:
            return NewsKind.REGRESSED if failure.regressed else NewsKind.NEW
        return NewsKind.REGRESSED if before < failure.regressed else None
    return NewsKind.RESOLVED if failure.state == "resolved" and before is not None else None


def _latest(moment: str | None, known: Known) -> bool:
    return moment is not None and datetime.fromisoformat(moment) in known.latest


def _spells(known: Known, told: Told | None) -> Iterator[NewsItem]:
    before = told.spells if told is not None else frozenset[str]()
    yield from (item for key, item in _lasting(known) if key not in before)


def _lasting(known: Known) -> Iterator[tuple[str, NewsItem]]:
    """What lasts for a while and is told once for that while."""
    for one in known.status.scopes:
        account, region = one.scope.account, one.scope.region
        if one.stale:
            text = f"{account} {region} was last audited {one.scope.last.as_of}"
            yield f"stale {account} {region}", NewsItem(NewsKind.STALE, text, account=account, region=region)
        if one.incomplete:
            whole = one.scope.complete
            when = f"the last complete run is of {whole.as_of}" if whole else "no run was complete yet"
            text = f"The last run of {account} {region} is incomplete; {when}"
            yield f"incomplete {account} {region}", NewsItem(NewsKind.INCOMPLETE, text, account=account, region=region)
    for missed in known.status.missed:
        if not missed.run.accepted:
            text = f"The run of {missed.run.as_of} saw nothing of {missed.account}: {missed.status}"
            item = NewsItem(NewsKind.INCOMPLETE, text, account=missed.account)
            yield f"missed {missed.account} {missed.status}", item
    alike: dict[tuple[int | None, str], list[Attempt]] = {}
    for attempt in known.status.failed:
        alike.setdefault((attempt.exit_code, attempt.error), []).append(attempt)
    for (exit_code, error), attempts in alike.items():
        since = min(attempt.started for attempt in attempts)
        runs = f"The run of {since}" if len(attempts) == 1 else f"{len(attempts)} runs since {since}"
        code = f" with exit code {exit_code}" if exit_code is not None else ""
        yield f"failed {exit_code} {error}", NewsItem(NewsKind.INCOMPLETE, f"{runs} failed{code}: {error}")
    for waiver in known.waivers:
        yield f"waiver {waiver.key}", NewsItem(NewsKind.WAIVER_LAPSES, waiver.text)
