"""Telling every channel what is news to it, and remembering in the store what it was told.

What a channel knows is written at once after its message was taken, so that a run that is killed in between tells again
at most that one message; ``delivery`` is the same then, for the receiver to drop it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec

from auditor.errors import AuditorError, ConfigError, DamagedError
from auditor.history.query import Filter, KnownFailure, failures
from auditor.history.store_owners import store_owners
from auditor.model.notification import Channel, Digest, GroupBy, NewsItem
from auditor.model.owner import OwnerRule
from auditor.model.waiver import WaiverStatus
from auditor.notify import aws_channels, webhook
from auditor.notify.bodies import body
from auditor.notify.digest import digest
from auditor.notify.news import Known, LapsingWaiver, Told, news, untold
from auditor.store.manifest import Manifest, every_scope
from auditor.store.runs import RunStore, latest
from auditor.store.store_status import read_status
from auditor.store.unpack import REPORT_LIMIT, blocks
from auditor.studio.console_links import HOSTS, PAGES
from auditor.studio.partitions import partition_of
from auditor.temporary_files import workspace

NOTIFIED = "notified"
#: Age from which an account and Region is stale, as for ``auditor status``.
STALE = timedelta(hours=26)
_LAPSING = {WaiverStatus.LAPSED.value: "has lapsed", WaiverStatus.EXPIRING.value: "lapses soon"}


@dataclass(frozen=True, slots=True)
class Notified:
    """What came of one channel. ``message`` None: there was no news. ``problem`` is empty where it was taken."""

    channel: Channel
    message: Digest | None
    problem: str = ""


def notify(
    store: RunStore,
    channels: Sequence[Channel],
    *,
    run: Manifest | None = None,
    profile: str | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
    owners: Sequence[OwnerRule] = (),
) -> Iterator[Notified]:
    """Tell each channel what is news; one that fails does not keep the others from being told.

    ``run``: as the store was after it, instead of now. ``dry_run``: nothing is sent and nothing remembered. ``owners``:
    who owns what, for channels grouped by that. Raises ConfigError where the store cannot be read or written.
    """
    runs = [one for one in store.runs() if run is None or (one.moment, one.run_id) <= (run.moment, run.run_id)]
    by_owner = any(channel.group_by is GroupBy.OWNER or channel.owners for channel in channels)
    known = _known(store, runs, now if run is None else run.moment, owners if by_owner else ())
    for channel in channels:
        told = _read_told(store, channel)
        items, after = news(channel, known, told)
        message = _message(store, channel, runs, items) if items else None
        problem = ""
        if message is not None and not dry_run:
            problem = _sent(channel, message, profile)
        if problem and told is None:
            # Else the next night would take for old what is new tonight, and nobody would hear of it.
            after = untold(items, after)
        if not dry_run and after != told and (not problem or told is None):
            store.place.put_bytes(_key(channel), msgspec.json.encode(after, order="deterministic") + b"\n")
        yield Notified(channel, message, problem)


def _message(store: RunStore, channel: Channel, runs: Sequence[Manifest], items: Sequence[NewsItem]) -> Digest:
    last = runs[-1] if runs else None
    link = ""
    if channel.report_url:
        opened = last.report("report.html") if last is not None else None
        link = f"{channel.report_url}/{opened.key if opened is not None else 'index.html'}"
    run_id, as_of = (last.run_id, last.as_of) if last is not None else ("none", "no run yet")
    return digest(channel, items, store=store.place.label, run_id=run_id, as_of=as_of, link=link)


def _sent(channel: Channel, message: Digest, profile: str | None) -> str:
    """Why a channel did not take the message; empty where it did."""
    try:
        if channel.type in aws_channels.PERMISSIONS:
            aws_channels.send(channel, message, profile)
            return ""
        url = webhook.secret_value(channel.url, f"notify: {channel.name}: url")
        secret = webhook.secret_value(channel.secret, f"notify: {channel.name}: secret") if channel.secret else ""
        data = body(channel, message)
        webhook.post(url, data, webhook.signed_headers(data, secret, message.delivery))
    except AuditorError as error:
        return error.diagnosis()
    return ""


def _known(store: RunStore, runs: Sequence[Manifest], now: datetime | None, owners: Sequence[OwnerRule] = ()) -> Known:
    last = latest(runs, every_scope(runs))
    found = failures(store, runs, Filter(states=("open", "waived", "not_assessed", "resolved")))
    ordered = sorted({run.run_id: run for run in last.values()}.values(), key=lambda run: (run.moment, run.run_id))
    owned = store_owners(store, ordered, owners) if owners else {}
    return Known(
        found,
        frozenset(run.moment for run in last.values()),
        read_status(store, STALE, now),
        _waivers(store, runs[-1]) if runs else (),
        _console_link,
        lambda failure: owned.get(f"{failure.account}/{failure.region}/{failure.type}/{failure.id}", ""),
    )


def _console_link(failure: KnownFailure) -> str:
    """The page of a finding's domain or role in the AWS console; empty for what has none."""
    page, host = PAGES.get(failure.type), HOSTS.get(partition_of(failure.region))
    if page is None or host is None or not failure.account.isdecimal():
        return ""
    domain = failure.id.partition("/")[0]
    path = page.format(
        region=quote(failure.region), domain=quote(domain), name=quote(failure.name.rpartition("/")[2], safe="")
    )
    return f"https://{host}{path}"


class _Waiver(msgspec.Struct):
    rules: tuple[str, ...] = ()
    owner: str = ""
    reason: str = ""
    expires: str = ""


class _Granted(msgspec.Struct):
    waiver: _Waiver
    status: str


class _Report(msgspec.Struct):
    waivers: tuple[_Granted, ...] = ()


def _waivers(store: RunStore, run: Manifest) -> list[LapsingWaiver]:
    """Waivers of the run's report that have lapsed or lapse soon; none where the report cannot be read."""
    kept = run.report("report.json.gz") or run.report("report.json")
    if kept is None:
        return []
    with workspace("notify") as folder:
        try:
            (path,) = store.fetch([kept], folder)
            read = msgspec.json.decode(b"".join(blocks(path, REPORT_LIMIT)), type=_Report)
        except (ConfigError, DamagedError, msgspec.DecodeError, UnicodeDecodeError):
            return []
    found = []
    for granted in read.waivers:
        one, status = granted.waiver, granted.status
        if status in _LAPSING:
            rules = ", ".join(one.rules[:3]) + (" …" if len(one.rules) > 3 else "")
            text = f"The waiver of {rules} by {one.owner} {_LAPSING[status]} ({one.expires}): {one.reason}"
            found.append(LapsingWaiver(f"{status} {one.expires} {one.owner} {','.join(one.rules)}", text))
    return found


def _key(channel: Channel) -> str:
    return f"{NOTIFIED}/{channel.name}.json"


def _read_told(store: RunStore, channel: Channel) -> Told | None:
    key = _key(channel)
    if not any(e.key == key for e in store.place.entries(key)):
        return None
    try:
        return msgspec.json.decode(store.place.read(key), type=Told)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{store.place.label}/{key}: is damaged: {error}", hint="Delete the file: the channel begins anew."
        ) from error
