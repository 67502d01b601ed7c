"""Collect many accounts, a few at a time, each into a snapshot file of its own. What becomes of one account, or when it
is finished, changes nothing in another."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, cast

from auditor.collect.aws import CollectOptions, call_errors, collecting
from auditor.collect.aws.call_errors import CALL_FAILED
from auditor.collect.aws.collector import Collection, NoRegionLeftError
from auditor.collect.aws.ledger import Ledger
from auditor.collect.interface import Progress
from auditor.errors import CollectError
from auditor.model.accounts import Account, AccountStatus
from auditor.model.snapshot import GLOBAL, Coverage, Gap, GapReason
from auditor.org.member_sessions import OPERATION, MemberSessions

#: Accounts that are collected at a time. Their calls share ``CollectOptions.concurrency``.
ACCOUNTS_AT_A_TIME = 8
#: Calls at a time that an account has at least.
_FEWEST_CALLS = 4
#: Seconds between two looks at whether the run was interrupted.
_PATIENCE = 0.2
#: Reasons of gaps that say that an account refuses.
_REFUSALS = ("access_denied",)


@dataclass(frozen=True, slots=True)
class Visited:
    """An account after it was tried: the file of its snapshot, or the gap that it is and the calls that were made."""

    account: Account
    part: Path | None = None
    gap: Gap | None = None
    coverage: tuple[Coverage, ...] = ()


class Parts(Protocol):
    """Where accounts' snapshots are kept. Called from many threads."""

    def found(self, account: Account) -> Path | None:
        """The file of an account that a run before collected."""

    def write(self, account: Account, found: Collection) -> Path:
        """Keep what was collected of an account; the file."""


def missed(account: Account, reason: GapReason, operation: str, coverage: tuple[Coverage, ...] = ()) -> Visited:
    """An account of which nothing was seen: every list of it is open. ``coverage``: the calls that led into it."""
    gap = Gap(account.id, GLOBAL, "domain", "*", "*", operation, reason, account.reason)
    return Visited(account, gap=gap, coverage=coverage)


def visit(
    accounts: Sequence[Account],
    sessions: MemberSessions,
    options: CollectOptions,
    parts: Parts,
    progress: Progress | None = None,
) -> tuple[Visited, ...]:
    """Every account, in their order. One whose part is there already is not visited.

    Raises ConfigError for options that fit no account. A defect in one account, and an interrupt, end the run.
    """
    at_once = min(ACCOUNTS_AT_A_TIME, len(accounts)) or 1
    calls = max(options.concurrency // at_once, _FEWEST_CALLS)
    each = replace(options, concurrency=calls, connections=calls * at_once, shared=sessions.shared)
    shared = _SharedProgress(progress, len(accounts))

    def one(account: Account) -> Visited:
        part = parts.found(account)
        return Visited(account, part) if part else _visited(account, sessions, each, parts, shared.of(account.id))

    pool = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="account")
    try:
        futures = [pool.submit(one, account) for account in accounts]
        for future in _finished(futures):
            shared.finish()
            future.result()
    except BaseException:
        shared.stop()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
    return tuple(future.result() for future in futures)


def _finished(futures: Sequence[Future[Visited]]) -> Iterator[Future[Visited]]:
    """Futures as they end; the thread that waits is never blocked for long, so that Ctrl-C is prompt."""
    left = set(futures)
    while left:
        done, left = wait(left, timeout=_PATIENCE, return_when=FIRST_COMPLETED)
        yield from done


def _visited(
    account: Account, sessions: MemberSessions, options: CollectOptions, parts: Parts, progress: Progress
) -> Visited:
    # The way into an account is counted with it, whoever goes it: so it is the same however accounts are shared out.
    way = Ledger(account.id)
    try:
        session = sessions.session(account.id, way)
    except CALL_FAILED as error:
        reason = call_errors.reason(error)
        text = f"role {sessions.role_arn(account.id)} could not be assumed: {call_errors.message(error)}"
        return missed(_failed(account, reason, text), reason, OPERATION, way.coverage())
    try:
        with collecting(replace(options, session=session), progress) as found:
            whole = replace(found, coverage=(*found.coverage, *way.coverage()))
            return Visited(account, parts.write(account, whole))
    except NoRegionLeftError:
        if options.regions != ("all",):
            raise
        # Nobody can know before it is asked which Regions an account has enabled: it costs the others nothing.
        text = "the account has enabled no Region but those that --skip-region leaves out"
        return missed(
            _failed(account, "region_not_enabled", text), "region_not_enabled", "DescribeRegions", way.coverage()
        )
    except CollectError as error:
        reason = cast("GapReason", error.reason or "unexpected_response")
        return missed(_failed(account, reason, error.message), reason, "ListDomains", way.coverage())


def _failed(account: Account, reason: str, text: str) -> Account:
    status = AccountStatus.DENIED if reason in _REFUSALS else AccountStatus.ERROR
    return replace(account, status=status, reason=text)


class _SharedProgress:
    """What all accounts have done together."""

    def __init__(self, progress: Progress | None, accounts: int) -> None:
        self._progress = progress
        self._accounts = accounts
        self._finished = 0
        self._calls: dict[str, tuple[int, int]] = {}
        self._sums = (0, 0)
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def of(self, account: str) -> Progress:
        """The progress of one account."""
        return _AccountProgress(self, account)

    def advance(self, account: str, done: int, total: int) -> None:
        """Calls of an account. Raises CollectError once the run is stopped, which ends its collection."""
        if self._stopping.is_set():
            raise CollectError("interrupted", hint="Repeat the command; with --resume it goes on where it was.")
        if self._progress is None:
            return
        with self._lock:
            before = self._calls.get(account, (0, 0))
            self._calls[account] = (done, total)
            self._sums = (self._sums[0] + done - before[0], self._sums[1] + total - before[1])
            stage = f"collecting, {self._finished} of {self._accounts} accounts"
            self._progress.advance(stage, *self._sums)

    def finish(self) -> None:
        """One more account has ended."""
        with self._lock:
            self._finished += 1

    def stop(self) -> None:
        """Begin nothing more in any account."""
        self._stopping.set()


class _AccountProgress:
    """Progress of one account, told to all of them together."""

    def __init__(self, shared: _SharedProgress, account: str) -> None:
        self._shared = shared
        self._account = account

    def advance(self, stage: str, done: int, total: int) -> None:  # noqa: ARG002 — accounts are named together
        """As ``auditor.collect.interface.Progress`` says."""
        self._shared.advance(self._account, done, total)
