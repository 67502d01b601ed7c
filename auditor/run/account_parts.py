"""Snapshots of single accounts, under names that follow from the account and from what was asked of it.

A place of them (``--parts``) may have many writers: each file is written once, whole, and never changed. Whoever comes
second finds the name taken, and goes on with what the first has written. So it is all the same who collects an account,
how often, and when.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import ConfigError, DamagedError, SnapshotError
from auditor.model.accounts import Account
from auditor.run.messages import Messages
from auditor.run.write_collection import write_collection
from auditor.store.snapshot_reader import SnapshotReader

if TYPE_CHECKING:
    from auditor.collect.aws import CollectOptions
    from auditor.collect.aws.collector import Collection
    from auditor.store.place import Backend


class AccountParts:
    """A snapshot file for each account: in a folder of this run's own, and in a place that others share.

    Safe to use from many threads. As ``auditor.org.visit.Parts`` says.
    """

    def __init__(self, folder: Path, options: CollectOptions, messages: Messages, place: Backend | None = None) -> None:
        """``folder`` is there; ``place`` None: nobody shares."""
        self._folder, self._place, self._messages = folder, place, messages
        self._asked = _digest(options.regions, options.skip_regions)
        self._kinds = options.evidence.kinds
        self._said: set[str] = set()
        self._lock = threading.Lock()
        self._names: frozenset[str] | None = None

    def name(self, account: Account) -> str:
        """The account's name in the place. Other Regions make another name."""
        return f"{account.id}-{self._asked}.jsonl"

    def found(self, account: Account) -> Path | None:
        """The file of an account that was collected before, if it is whole.

        Raises ConfigError where the place can't be read, and where what lies there is of another night.
        """
        own = self._folder / f"{account.id}.jsonl"
        if _is_whole(own):
            return own
        if self._place is None or self.name(account) not in self._listed(self._place):
            return None
        return self._taken(account, self._place)

    def write(self, account: Account, found: Collection) -> Path:
        """Write an account's file; the one that counts: another's, where that was first. Raises as ``found``."""
        own = write_collection(self._folder / f"{account.id}.jsonl", found)
        if self._place is None or self._place.put_new(self.name(account), own):
            return own
        return self._taken(account, self._place) or own

    def _listed(self, place: Backend) -> frozenset[str]:
        """Names in the place, as they were when somebody first asked."""
        with self._lock:
            if self._names is None:
                self._names = frozenset(entry.key for entry in place.entries())
            return self._names

    def _taken(self, account: Account, place: Backend) -> Path | None:
        """The file of the place; None for one that cannot be used, which is said."""
        name = self.name(account)
        try:
            (path,) = place.fetch([name], self._folder)
            reader = SnapshotReader(path)
            reader.sha256  # noqa: B018 — raises where the content is not what was written
        except (DamagedError, SnapshotError) as error:
            self._left(account, error.message)
            return None
        header = reader.header
        if {scope.account for scope in header.scopes} != {account.id} or header.source != "aws":
            self._left(account, f"{place.label}/{name} is not about it")
            return None
        # What was not looked for must not be taken for what is not there.
        if lacking := sorted(self._kinds - set(header.kinds)):
            self._left(account, f"{place.label}/{name} was collected without {', '.join(lacking)}")
            return None
        _refuse_old(header.as_of, f"{place.label}/{name}")
        return path

    def _left(self, account: Account, why: str) -> None:
        """Say once why what lies in the place is of no use."""
        with self._lock:
            said = account.id in self._said
            self._said.add(account.id)
        if not said:
            self._messages.problem(f"Account {account.id} is collected here: {why}.")


def _is_whole(path: Path) -> bool:
    try:
        SnapshotReader(path).sha256  # noqa: B018 — raises where the content is not what was written
    except SnapshotError:
        return False
    return True


def _refuse_old(as_of: str, where: str) -> None:
    """What was seen another night must not be taken for tonight's for ever after."""
    from auditor.collect.aws.collector import GOES_ON

    if datetime.now(UTC) - datetime.fromisoformat(as_of) > GOES_ON:
        raise ConfigError(
            f"{where}: was collected at {as_of}, more than {GOES_ON.total_seconds() / 3600:.0f} hours ago",
            hint="Name a new folder or prefix for each night (--parts).",
        )


def _digest(*asked: Iterable[str]) -> str:
    return hashlib.sha256(repr([sorted(set(part)) for part in asked]).encode()).hexdigest()[:8]
