"""A message: ten items at most, grouped, as a value, as plain text and as JSON values."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from auditor.counting import plural
from auditor.inert_text import one_line
from auditor.masking import mask_text
from auditor.model.notification import Channel, Digest, Group, GroupBy, NewsItem, NewsKind

MOST = 10
#: Characters of a sentence in a message.
_TEXT = 300
_WORDS = {
    NewsKind.NEW: "new", NewsKind.REGRESSED: "back", NewsKind.RESOLVED: "resolved", NewsKind.INCOMPLETE: "incomplete",
    NewsKind.STALE: "stale",
}  # fmt: skip
#: What a message calls the items that belong to no group of theirs.
_NOBODY = {GroupBy.OWNER: "without an owner", GroupBy.ACCOUNT: "the store", GroupBy.DOMAIN: "outside of domains"}


def digest(channel: Channel, items: Sequence[NewsItem], *, store: str, run_id: str, as_of: str, link: str) -> Digest:
    """The message of these items, at least one, for a channel."""
    counts = Counter(item.kind for item in items)
    told = ", ".join(_counted(kind, counts[kind]) for kind in NewsKind if counts[kind])
    groups: dict[str, list[NewsItem]] = {}
    for item in map(_inert, items[:MOST]):
        name = {GroupBy.OWNER: item.owner, GroupBy.ACCOUNT: item.account, GroupBy.DOMAIN: item.domain}[channel.group_by]
        groups.setdefault(name or _NOBODY[channel.group_by], []).append(item)
    ids = "\n".join(f"{item.kind} {item.fingerprint} {item.text if not item.fingerprint else ''}" for item in items)
    return Digest(
        f"SageMaker Studio audit: {told}",
        store,
        run_id,
        as_of,
        {kind: counts[kind] for kind in NewsKind},
        tuple(Group(name, tuple(of)) for name, of in groups.items()),
        max(0, len(items) - MOST),
        link,
        hashlib.sha256(f"{channel.name}\n{run_id}\n{ids}".encode()).hexdigest(),
    )


def _inert(item: NewsItem) -> NewsItem:
    """The item with texts in one line, without secrets and without what steers a display or commands a CI server."""
    text = one_line(mask_text(item.text))
    return replace(
        item,
        text=text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…",
        account=one_line(item.account),
        domain=one_line(item.domain),
        owner=one_line(item.owner),
    )


def item_head(item: NewsItem) -> str:
    """What stands before the sentence: ``NEW HIGH STU603``."""
    severity = item.severity.value if item.severity is not None else ""
    return " ".join(part for part in (_WORDS[item.kind].upper(), severity.upper(), item.rule_id) if part)


def place_of(item: NewsItem) -> str:
    """Account, Region and domain of an item."""
    return " ".join(part for part in (item.account, item.region, item.domain) if part)


def lines(message: Digest) -> Iterator[str]:
    """The message as plain text."""
    yield message.title
    yield f"{one_line(message.store)}, run {message.run_id}, {message.as_of}"
    for group in message.groups:
        yield ""
        yield f"{group.name}:"
        for item in group.items:
            yield f"- {item_head(item)}: {item.text}"
            where = place_of(item)
            if where:
                yield f"  {where}"
            if item.fingerprint:
                yield f"  fingerprint {item.fingerprint}"
            if item.link:
                yield f"  {item.link}"
    if message.more:
        yield ""
        yield f"and {plural(message.more, 'more item')}"
    if message.link:
        yield ""
        yield message.link


def values(message: Digest) -> dict[str, Any]:
    """The message as JSON values: the body of a webhook, and the detail of an event."""
    return {
        "schema_version": "1",
        "title": message.title,
        "store": message.store,
        "run_id": message.run_id,
        "as_of": message.as_of,
        "counts": {kind.value: number for kind, number in message.counts.items()},
        "groups": [
            {
                "name": group.name,
                "items": [
                    {
                        "kind": item.kind.value,
                        "severity": item.severity.value if item.severity is not None else None,
                        "rule": item.rule_id, "fingerprint": item.fingerprint, "text": item.text,
                        "account": item.account, "region": item.region, "domain": item.domain, "owner": item.owner,
                        "link": item.link,
                    }
                    for item in group.items
                ],
            }
            for group in message.groups
        ],
        "more": message.more,
        "link": message.link,
        "delivery": message.delivery,
    }  # fmt: skip


def _counted(kind: NewsKind, number: int) -> str:
    return plural(number, "lapsing waiver") if kind is NewsKind.WAIVER_LAPSES else f"{number:,} {_WORDS[kind]}"
