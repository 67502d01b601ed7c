"""Who visits the accounts of a run: threads of this process, other processes, or workers of Dask elsewhere.

Workers write the snapshots of their accounts into a place that all share (``account_parts``). Afterwards this process
takes them from there, and collects what is missing itself: a worker that is lost costs time and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.counting import plural
from auditor.errors import CollectError, ConfigError
from auditor.model.accounts import Account
from auditor.run.account_parts import AccountParts
from auditor.run.collect_elsewhere import Answer, Task, collect_task
from auditor.run.messages import Messages, logger
from auditor.run.run_options import DASK, THREADS, AwsOptions

if TYPE_CHECKING:
    from auditor.collect.aws import CollectOptions
    from auditor.collect.interface import Progress
    from auditor.org.member_sessions import MemberSessions
    from auditor.org.visit import Visited

#: Accounts of one task at most: as many as a worker collects at a time. Fewer where there are few, so that several
#: workers have something to do.
_AT_MOST, _TASKS = 8, 4
#: Seconds in which a scheduler has to answer.
_PATIENCE = "20s"


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Visits accounts as the options say, which are completed. ``store``: whose last snapshots serve."""

    options: AwsOptions
    messages: Messages
    store: str = ""

    def __call__(
        self,
        accounts: Sequence[Account],
        sessions: MemberSessions,
        options: CollectOptions,
        folder: Path,
        progress: Progress | None = None,
    ) -> tuple[Visited, ...]:
        """Every account. Raises ConfigError, and CollectError where the executor cannot be reached."""
        from auditor.org.visit import visit
        from auditor.store.backends import open_backend

        place = self.options.parts
        known: tuple[Visited, ...] = ()
        if self.options.executor != THREADS:
            place = place or str(folder / "parts")
            known = self._elsewhere(accounts, sessions, options, place, progress)
        shared = open_backend(place, self.options.profile) if place is not None else None
        parts = AccountParts(folder, options, self.messages, shared)
        missed = {one.account.id for one in known}
        left = [account for account in accounts if account.id not in missed]
        return (*known, *visit(left, sessions, options, parts, progress))

    def _elsewhere(
        self,
        accounts: Sequence[Account],
        sessions: MemberSessions,
        options: CollectOptions,
        place: str,
        progress: Progress | None,
    ) -> tuple[Visited, ...]:
        """Have the accounts collected into the place; those that could not be, each with the reason."""
        # What is not the same everywhere is left out: where workers are, there is no terminal, and no file of ours.
        asked = replace(self.options, resume=False, parts=place)
        rates = options.rates or sessions.shared.rates
        size = min(_AT_MOST, -(-len(accounts) // _TASKS)) or 1
        tasks = [
            Task(
                asked, sessions.request, tuple(accounts[at : at + size]), place, options.max_attempts,
                rates.learnt(), self.store,
            )
            for at in range(0, len(accounts), size)
        ]  # fmt: skip
        logger.info("collecting with %s: %s", self.options.executor, plural(len(tasks), "task"))
        missed: list[Visited] = []
        lost = done = 0
        with _pool(self.options.executor) as pool:
            futures: dict[Future[Answer], Task] = {pool.submit(collect_task, task): task for task in tasks}
            try:
                for future in as_completed(futures):
                    try:
                        answer = future.result()
                    except _lost_errors(self.options.executor) as error:
                        logger.warning("a worker was lost: %s: %s", type(error).__name__, error)
                        lost += len(futures[future].accounts)
                        continue
                    missed += answer.missed
                    rates.learn(answer.learnt)
                    done += len(futures[future].accounts)
                    if progress is not None:
                        progress.advance("collecting accounts", done, len(accounts))
            except BaseException:
                for future in futures:
                    future.cancel()
                raise
        if lost:
            self.messages.problem(f"Workers were lost: {plural(lost, 'account')} of theirs may be collected again.")
        return tuple(missed)


def _lost_errors(executor: str) -> tuple[type[BaseException], ...]:
    """What a future raises whose worker ended before it was done."""
    from concurrent.futures import BrokenExecutor, CancelledError

    if not executor.startswith(DASK):
        return (BrokenExecutor, CancelledError)
    from distributed import KilledWorker

    # Connections that break are OSError.
    return (BrokenExecutor, CancelledError, KilledWorker, OSError)


@contextmanager
def _pool(executor: str) -> Iterator[Executor]:
    if not executor.startswith(DASK):
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        # A process that is forked from one with threads may never wake.
        with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
            yield pool
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise ConfigError(
            f"--executor {executor} needs the extra dask ({error.name} is missing)",
            hint="pip install 'sagemaker-studio-auditor[dask]'",
        ) from error
    address = f"tcp://{executor.removeprefix(DASK)}"
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CollectError(
            f"{executor}: no scheduler answers: {error}", hint="Start one: dask scheduler.", reason="unreachable"
        ) from error
    with client, client.get_executor(pure=False) as pool:
        yield pool
