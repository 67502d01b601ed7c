"""Bounded concurrency: tasks that may submit further tasks, until none is left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any

from auditor.collect.interface import Progress
from auditor.errors import CollectError

#: Tasks that wait for each worker before whoever submits does them.
_AHEAD = 8


class Tasks:
    """A pool of threads. ``submit`` from anywhere, ``drain`` from the main thread only."""

    def __init__(self, workers: int, progress: Progress | None) -> None:
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="collect", initializer=self._mark)
        self._finished: SimpleQueue[Future[Any]] = SimpleQueue()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._progress = progress
        self._done = self._total = 0
        self._most = workers * _AHEAD

    def submit(self, function: Callable[..., object], *arguments: object) -> None:
        """Have it called. Where much is waiting already, whoever submits does it: a list is not read far ahead of what
        it leads to."""
        with self._lock:
            busy = self._total - self._done >= self._most
            self._total += 1
        if busy and getattr(self._own, "worker", False):
            done: Future[Any] = Future()
            try:
                done.set_result(function(*arguments))
            except BaseException as error:  # noqa: BLE001 — handed over to the thread that drains
                done.set_exception(error)
            self._finished.put(done)
            return
        self._pool.submit(function, *arguments).add_done_callback(self._finished.put)

    def _mark(self) -> None:
        self._own.worker = True

    def drain(self) -> None:
        """Wait until every task has ended, those included that tasks submit. The first defect goes up."""
        while self._done < self._total:
            try:
                # A short wait keeps Ctrl-C prompt: the main thread is never blocked for long.
                finished = self._finished.get(timeout=0.2)
            except Empty:
                continue
            self._done += 1
            finished.result()
            if self._progress is not None:
                self._progress.advance("collecting", self._done, self._total)

    def check(self) -> None:
        """Called before each call: ends a task once the run is stopped."""
        if self._stopping.is_set():
            raise CollectError("interrupted", hint="Repeat the command; with --resume it goes on where it was.")

    def pause(self, seconds: float) -> None:
        """Wait, unless the run is stopped meanwhile."""
        self._stopping.wait(seconds)
        self.check()

    def stop(self) -> None:
        """Begin nothing more; calls under way are not waited for."""
        self._stopping.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        self._pool.shutdown()
