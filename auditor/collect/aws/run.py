"""What every part of a collection needs: calling, paging, keeping what was seen, and noting what was not."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from auditor.collect.aws import call_errors, kept_answers
from auditor.collect.aws.answers import plain
from auditor.collect.aws.call_errors import CALL_FAILED, OddAnswerError, understood
from auditor.collect.aws.incremental import NOTHING, EarlierSnapshots
from auditor.collect.aws.ledger import Ledger
from auditor.collect.aws.outages import Outages
from auditor.collect.aws.session import Clients
from auditor.collect.aws.specs import tag_path
from auditor.collect.aws.spool import Spool, Stored
from auditor.collect.aws.tasks import Tasks
from auditor.collect.interface import Progress
from auditor.deadline import DeadlineError, within
from auditor.masking import mask_document, mask_value
from auditor.model.encoded_document import EncodedDocument
from auditor.model.snapshot import GLOBAL, Kind, Record

#: Seconds that one call may take, over all of its attempts; waiting for its turn is not counted.
CALL_SECONDS = 300.0
#: Seconds between two attempts of a call, at most: a random part of 1, 2, 4 … of them, as botocore waits.
LONGEST_PAUSE = 20
#: The same where AWS throttled: such a call waits for its turn as well, at a rate that is lower now.
LONGEST_AFTER_THROTTLE = 4
#: Seconds that one list may take over all of its pages. At two pages a second, what AWS allows, 700,000 resources.
LIST_SECONDS = 3600.0
#: Pages of a list in a row that may bring nothing new. Short and empty pages are legal, but not without end.
_IDLE_PAGES = 100
#: Pages of one list after which something is wrong: 100 a page, this many are ten million resources.
_MAX_PAGES = 100_000


class Run:
    """One collection of one account. Safe to use from many threads, but for ``tasks.drain``."""

    def __init__(
        self,
        clients: Clients,
        ledger: Ledger,
        concurrency: int,
        progress: Progress | None,
        earlier: EarlierSnapshots = NOTHING,
        spool: Spool | None = None,
    ) -> None:
        self.clients = clients
        #: Where what was seen is kept.
        self.spool = spool or Spool(None)
        #: When the collection began, to the second.
        self.started = datetime.now(UTC).replace(microsecond=0)
        self.ledger = ledger
        self.earlier = earlier
        self.tasks = Tasks(concurrency, progress)
        #: Instances of Identity Center that were found, with the identity store and its Region; empty text stands for
        #: the store that the user named.
        self.identity_stores: dict[str, tuple[str, str]] = {}
        self._outages = Outages()
        self._lock = threading.Lock()
        self._unlisted: dict[str, set[str]] = {}
        self._regions: dict[str, Mapping[str, Any]] = {}
        self._expired: Exception | None = None
        self._gone: set[tuple[str, str]] = set()
        self._tags: dict[str, bool] = {}

    def call(
        self, service: str, region: str, operation: str, request: Mapping[str, Any], expected: Iterable[str] = ()
    ) -> Mapping[str, Any]:
        """The answer, of a kept operation (``kept_answers``) what is kept of it. One that is known is not asked for.

        Raises as ``ask`` does.
        """
        return self._remembered(service, region, operation, request, expected)[0]

    def ask(
        self, service: str, region: str, operation: str, request: Mapping[str, Any], expected: Iterable[str] = ()
    ) -> tuple[Mapping[str, Any], int]:
        """(the answer as it came, attempts beyond the first). botocore makes an empty one of a body that is not JSON,
        so ``expected`` members must be there.

        Raises one of ``CALL_FAILED``. Once the credentials have expired nothing is sent any more: each further call
        raises what the first one did. The same holds for an operation that has only failed for minutes.
        """
        self.tasks.check()
        if self._expired is not None:
            raise self._expired
        key = (service, region, operation)
        self._outages.check(key)
        client = self.clients.client(service, region, self.clients.once)
        retries, left = 0, CALL_SECONDS
        while True:
            turn = self.clients.rates.wait(
                self.ledger.account, _counted_in(service, region), f"{service}:{operation}", self.tasks.check
            )
            begun = time.monotonic()
            try:
                with understood(operation):
                    answer: Mapping[str, Any] = within(left, lambda: client.call(operation, request), operation)
                break
            except CALL_FAILED as error:
                left -= time.monotonic() - begun
                throttled = call_errors.throttled(error)
                told = turn.throttled if throttled else turn.answered
                told()
                if left > 0 and retries + 1 < self.clients.max_attempts and call_errors.passing(error):
                    longest = LONGEST_AFTER_THROTTLE if throttled else LONGEST_PAUSE
                    self.tasks.pause(random.random() * min(2**retries, longest))  # noqa: S311 — no secret
                    retries += 1
                    continue
                if call_errors.expired(error):
                    self._expired = error
                self._outages.ended(key, error)
                self.ledger.called(region, operation, retries, error)
                raise
        turn.answered()
        self._outages.ended(key, None)
        missing = [name for name in expected if answer.get(name) is None]
        odd = OddAnswerError(f"{operation} answered without {', '.join(missing)}") if missing else None
        self.ledger.called(region, operation, retries, odd)
        if odd is not None:
            raise odd
        return answer, retries

    def is_described(self, region: str, kind: str, record_id: str, operation: str) -> bool:
        """Whether a run that was broken off described the resource. Then it counts as called."""
        retries = self.spool.whole(region, kind, record_id) if self.spool.lasting else None
        if retries is not None:
            self.ledger.called(region, operation, retries)
        return retries is not None

    def _remembered(
        self,
        service: str,
        region: str,
        operation: str,
        request: Mapping[str, Any],
        expected: Iterable[str],
        *,
        again: bool = False,
    ) -> tuple[Mapping[str, Any], bool]:
        """(the answer, whether it was known). ``again``: ask, known or not."""
        known = None
        call = kept_answers.call_id(service, region, operation, request) if self.spool.lasting else b""
        if call and not again:
            known = self.spool.answer(call)
        if known is not None:
            self.tasks.check()
            self.ledger.called(region, operation, known[0])
            return kept_answers.decode(known[1]), True
        answer, retries = self.ask(service, region, operation, request, expected)
        kept = kept_answers.kept(operation, answer)
        if kept is None:
            return answer, False
        if call:
            self.spool.put_answer(call, retries, kept_answers.encode(kept))
        return kept, False

    def pages(
        self,
        service: str,
        region: str,
        operation: str,
        request: Mapping[str, Any],
        result: str,
        cursor: str = "NextToken",
        cursor_out: str = "",
    ) -> Iterator[Mapping[str, Any]]:
        """Every page. Short and empty ones are legal; a token that comes again would never end."""
        at, seen, known_before, again = "", set[str](), False, False
        begun, known, idle = time.monotonic(), set[int](), 0
        for _ in range(_MAX_PAGES):
            asked = {**request, **({cursor: at} if at else {})}
            try:
                page, was_known = self._remembered(service, region, operation, asked, (result,), again=again)
            except CALL_FAILED as error:
                if not known_before or call_errors.reason(error) != "unexpected_response":
                    raise
                # The token is of a run that was broken off, and holds no longer: the list is read from its beginning.
                at, seen, known_before, again = "", set[str](), False, True
                continue
            known_before = was_known
            if not isinstance(page[result], list):
                raise OddAnswerError(f"{operation} answered with {result} that is not a list")
            # A list that begins anew would not end.
            content = hash(repr(page[result]))
            idle = idle + 1 if content in known or not page[result] else 0
            known.add(content)
            yield page
            at = page.get(cursor_out or cursor) or ""
            if not isinstance(at, str):
                raise OddAnswerError(f"{operation} answered with a {cursor_out or cursor} that is not text")
            if not at:
                return
            if idle >= _IDLE_PAGES:
                raise OddAnswerError(f"{operation} gave {idle} pages with nothing new, and says that there are more")
            if time.monotonic() - begun > LIST_SECONDS:
                raise DeadlineError(f"{operation} had not come to an end after {LIST_SECONDS:g} seconds")
            if at in seen:
                raise OddAnswerError(f"{operation} gave the same {cursor} twice")
            seen.add(at)
        raise OddAnswerError(f"{operation} gave more than {_MAX_PAGES} pages")

    @contextmanager
    def reading(self, regions: Iterable[str], kind: str, operation: str, place: str = "") -> Iterator[None]:
        """Reading a list, or one item of it: what cannot be read leaves the list incomplete, and the rest goes on."""
        try:
            with understood(operation):
                yield
        except CALL_FAILED as error:
            self.record_unlisted(regions, kind, operation, error, place)

    def keep(
        self,
        region: str,
        kind: Kind,
        record_id: str,
        document: Mapping[str, Any],
        gaps: tuple[str, ...] = (),
        described: str = "",
    ) -> None:
        """Remember a resource as it was seen. ``described``: for which snapshot, if it was carried over from there."""
        self._put(Record(self.ledger.account, region, kind, record_id, document, gaps=gaps, described=described), 0)

    def keep_described(
        self, region: str, kind: Kind, record_id: str, document: Mapping[str, Any], retries: int
    ) -> None:
        """The same for one that was described, with so many attempts beyond the first."""
        self._put(Record(self.ledger.account, region, kind, record_id, document), retries)

    def carry(self, record: Record) -> None:
        """Keep a record of an earlier snapshot as it is there, encoded and without secrets."""
        self._spool(record, record.document, 0)

    def _put(self, record: Record, retries: int) -> None:
        self._spool(record, EncodedDocument.of(mask_document(plain(record.document))), retries)

    def _spool(self, record: Record, document: Mapping[str, Any], retries: int) -> None:
        domain = record.document.get("DomainId")
        path = tag_path(record.kind, record.id)
        place = domain if isinstance(domain, str) else ""
        self.spool.put(replace(record, document=document), path, place, retries)

    def record_unlisted(
        self, regions: Iterable[str], kind: str, operation: str, error: Exception, place: str = ""
    ) -> None:
        """A whole list was not seen, in the regions that need it. ``place``: where the call went, if elsewhere."""
        regions = tuple(regions)
        for region in regions:
            self.unlisted(region, kind)
        self.ledger.gap(place or regions[0], kind, "*", operation, error)

    def unlisted(self, region: str, kind: str) -> None:
        """The region's list of that kind is not complete."""
        with self._lock:
            self._unlisted.setdefault(region, set()).add(kind)

    def describe_region(self, region: str, document: Mapping[str, Any]) -> None:
        """What the region's own record says beside its gaps."""
        with self._lock:
            self._regions[region] = {**self._regions.get(region, {}), **document}

    def drop_domain(self, region: str, domain_id: str) -> None:
        """The domain was deleted meanwhile. It can only be where nothing is in it any more, so what was listed of it is
        gone as well."""
        with self._lock:
            self._gone.add((region, domain_id))

    def is_unlisted(self, region: str, kind: str) -> bool:
        """Whether the region's list of that kind is known to be incomplete."""
        with self._lock:
            return kind in self._unlisted.get(region, ())

    def each(self, kind: Kind, region: str = "") -> Iterator[Record]:
        """Records of a kind, of one region or of all, by Region and id. None of them stays in memory."""
        for at in [region] if region else [at for at, k in self.spool.places() if k == kind]:
            for stored in self.spool.stored(self.ledger.account, kind, at):
                yield stored.record

    def found(self, kind: Kind, region: str = "") -> list[Record]:
        """The same as a list, for kinds of which there are few."""
        return list(self.each(kind, region))

    def record(self, kind: Kind, region: str, record_id: str) -> Record | None:
        """The record, if there is one."""
        found = self.spool.get(self.ledger.account, kind, region, record_id)
        return found.record if found is not None else None

    def holds(self, kind: Kind, region: str) -> bool:
        """Whether there is a record of the kind in the region."""
        return self.spool.holds(kind, region)

    def keep_tags(self, region: str, path: str, tags: Iterable[tuple[str, str]]) -> None:
        """Remember a resource's tags, by the part of its ARN behind the account, in lower case."""
        self.spool.put_tags(region, path, tuple((key, mask_value(key, value)) for key, value in tags))

    def tags_read(self, region: str, *, whole: bool) -> None:
        """The region's tags were read; ``whole``: all of them, so that what was not named has none."""
        with self._lock:
            self._tags[region] = whole

    def close(self, regions: Iterable[str]) -> None:
        """Keep one record for each region that names the lists which could not be read. Nothing is kept after it."""
        for region in regions:
            unlisted = tuple(sorted(self._unlisted.get(region, ())))
            self.keep(region, "account_region", region, self._regions.get(region, {}), unlisted)
        self.spool.commit()

    def records(self) -> Iterator[Record]:
        """Everything that was kept, sorted by Region, kind and id, with its tags."""
        for region, kind in self.spool.places():
            for stored in self.spool.stored(self.ledger.account, cast("Kind", kind), region):
                if (region, stored.domain) not in self._gone:
                    yield self._tagged(stored)

    def _tagged(self, stored: Stored) -> Record:
        record, whole = stored.record, self._tags.get(stored.record.region)
        if not stored.tag_path or whole is None:
            return record
        if stored.tags is not None or whole:
            return replace(record, tags=stored.tags or ())
        return replace(record, gaps=(*record.gaps, "Tags"))


def _counted_in(service: str, region: str) -> str:
    """The Region whose limits a call counts against: IAM and Cost Explorer have one for all."""
    return GLOBAL if service in ("iam", "ce") else region
