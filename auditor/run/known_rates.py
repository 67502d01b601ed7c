"""The rates that runs have learnt (``auditor.collect.aws.rates``), remembered from night to night: in the store, and
beside a snapshot that is kept, for the run that names it as an earlier one."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from auditor.errors import AuditorError
from auditor.regular_files import NotReadError, read_regular
from auditor.store.files import PRIVATE, Access, atomic

if TYPE_CHECKING:
    from auditor.collect.aws.pace import Learnt
    from auditor.collect.aws.rates import Key, Rates
    from auditor.store.runs import RunStore

#: The file in the store, and how the name of one beside a snapshot ends.
RATES = "rates.json"
#: Bytes of a file that is read: a line for each account, Region and class of operations.
_LARGEST = 64 * 1024 * 1024
#: Calls a second. What lies outside was not learnt by any run.
_RANGE = (0.05, 10_000.0)
_log = logging.getLogger(__name__)


class _Line(msgspec.Struct):
    account: str
    region: str
    operations: str
    rate: float
    refused: bool = False


class _File(msgspec.Struct):
    rates: list[_Line]
    schema_version: str = "1"


@dataclass(frozen=True, slots=True)
class Remembered:
    """Where a run finds what earlier ones learnt, and keeps what it learns.

    ``previous``: an earlier snapshot, a folder of them, or a store; ``snapshot``: the file that is kept of this run,
    with its ``mode``. What ``store`` knows counts before what ``previous`` does.
    """

    store: RunStore | None = None
    previous: str | None = None
    profile: str | None = None
    snapshot: Path | None = None
    mode: Access = PRIVATE


@contextmanager
def known_rates(place: Remembered, max_rate: float) -> Iterator[Rates]:
    """The rates of a run, which begin with what is known. What it learnt is remembered: in the store however it ends,
    beside its snapshot where it ends well.

    Nothing of it is worth an error: a file that is missing or damaged, or cannot be written, costs a few refusals.
    """
    from auditor.collect.aws.rates import Rates

    stored = _stored(place.store) if place.store is not None else {}
    known = {**_of_earlier(place), **stored}
    rates = Rates(max_rate, known)
    ended = False
    try:
        yield rates
        ended = True
    finally:
        learnt = rates.learnt()
        if place.store is not None and learnt != stored:
            _write(place.store, learnt)
        # A run that was broken off leaves no snapshot, and nothing beside one.
        if ended and place.snapshot is not None and learnt:
            _write_beside(place.snapshot, learnt, place.mode)


def beside(snapshot: Path) -> Path:
    """The file of rates that belongs to a snapshot file: ``night.rates.json`` to ``night.jsonl``."""
    return snapshot.with_name(f"{snapshot.stem}.{RATES}")


def _of_earlier(place: Remembered) -> dict[Key, Learnt]:
    """What the runs have learnt whose snapshots ``--previous`` names; later files win."""
    from auditor.store.backends import open_backend
    from auditor.store.runs import STORE_FILE, RunStore

    if place.previous is None:
        return {}
    named = Path(place.previous)
    try:
        if place.previous.startswith("s3://") or (named / STORE_FILE).exists():
            return _stored(RunStore(open_backend(place.previous, place.profile)))
        files = sorted(named.glob(f"*.{RATES}"), key=_age) if named.is_dir() else [beside(named)]
    except (AuditorError, OSError) as error:
        _log.debug("rates of %s: %s", place.previous, error)
        return {}
    found: dict[Key, Learnt] = {}
    for file in files:
        try:
            found |= _decoded(read_regular(file, _LARGEST))
        except (NotReadError, OSError) as error:
            _log.debug("%s: %s", file, error)
    return found


def _age(file: Path) -> tuple[float, str]:
    return file.stat().st_mtime, file.name


def _stored(store: RunStore) -> dict[Key, Learnt]:
    try:
        return _decoded(store.place.read(RATES))
    except AuditorError as error:
        _log.debug("%s: %s", RATES, error)
        return {}


def _decoded(content: bytes) -> dict[Key, Learnt]:
    """What a file holds, without what no run has learnt; nothing of one that is damaged."""
    from auditor.collect.aws.pace import Learnt

    try:
        read = msgspec.json.decode(content, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        _log.debug("%s: %s", RATES, error)
        return {}
    return {
        (line.account, line.region, line.operations): Learnt(line.rate, line.refused)
        for line in read.rates
        if math.isfinite(line.rate) and _RANGE[0] <= line.rate <= _RANGE[1]
    }


def _encoded(learnt: Mapping[Key, Learnt]) -> bytes:
    lines = [_Line(*key, rate.rate, rate.refused) for key, rate in sorted(learnt.items(), key=lambda item: item[0])]
    return msgspec.json.format(msgspec.json.encode(_File(lines)), indent=1) + b"\n"


def _write(store: RunStore, learnt: Mapping[Key, Learnt]) -> None:
    try:
        store.place.put_bytes(RATES, _encoded(learnt))
    except AuditorError as error:
        _log.warning("%s could not be remembered: %s", RATES, error)


def _write_beside(snapshot: Path, learnt: Mapping[Key, Learnt], mode: Access) -> None:
    try:
        with atomic(beside(snapshot), mode) as out:
            out.write(_encoded(learnt))
    except AuditorError as error:
        _log.warning("%s could not be remembered: %s", beside(snapshot), error)
