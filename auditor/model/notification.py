"""What is told to whom: channels as auditor.yaml has them, and what a message says."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from auditor.model.rule import Severity


class NewsKind(StrEnum):
    """What is worth a message. ``incomplete``: also a run that failed; ``waiver-lapses``: it lapses soon, or has."""

    NEW = "new"
    REGRESSED = "regressed"
    RESOLVED = "resolved"
    INCOMPLETE = "incomplete"
    STALE = "stale"
    WAIVER_LAPSES = "waiver-lapses"


class ChannelType(StrEnum):
    """Where a message goes. ``webhook``: JSON of ours, or a Jinja template of the user's."""

    WEBHOOK = "webhook"
    SLACK = "slack"
    TEAMS = "teams"
    SNS = "sns"
    EVENTBRIDGE = "eventbridge"
    EMAIL = "email"


class GroupBy(StrEnum):
    """What the items of a message are put together by."""

    OWNER = "owner"
    ACCOUNT = "account"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Channel:
    """An entry of ``notify:``. ``name`` names what it was told in the store, so it stays when the entry changes.

    ``url`` and ``secret`` (of webhooks) are ``env:NAME`` or the text itself. ``topic``: ARN of a topic of SNS; ``bus``:
    name or ARN of an event bus; ``sender`` and ``to`` of an e-mail; ``region`` for those of AWS. ``template``: source
    of a Jinja template for the body of a webhook. ``report_url``: where the store is served, without a slash at the
    end; empty where it is not. ``owners``: patterns of owners whose findings it is told, ``unowned`` for those of
    nobody; empty for all.
    """

    type: ChannelType
    name: str
    when: frozenset[NewsKind] = frozenset(NewsKind)
    min_severity: Severity = Severity.INFO
    group_by: GroupBy = GroupBy.ACCOUNT
    url: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    template: str = ""
    topic: str = ""
    bus: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    region: str = ""
    report_url: str = ""
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One thing that is told. ``text``: the sentence; ``fingerprint``: of a finding, else empty; ``link``: its page."""

    kind: NewsKind
    text: str
    severity: Severity | None = None
    rule_id: str = ""
    fingerprint: str = ""
    account: str = ""
    region: str = ""
    domain: str = ""
    owner: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Items of one owner, account or domain."""

    name: str
    items: tuple[NewsItem, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """One message. ``counts``: how many items of each kind there are, of which ``groups`` holds ten at most.

    ``delivery`` is the same for the same items, so that a receiver can tell a message that comes twice.
    """

    title: str
    store: str
    run_id: str
    as_of: str
    counts: dict[NewsKind, int]
    groups: tuple[Group, ...]
    more: int
    link: str
    delivery: str
