"""The rates that runs have learnt (``auditor.collect.aws.rates``), remembered in the store from night to night."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from auditor.errors import AuditorError

if TYPE_CHECKING:
    from auditor.collect.aws.pace import Learnt
    from auditor.collect.aws.rates import Key, Rates
    from auditor.store.runs import RunStore

#: The file in the store.
RATES = "rates.json"
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


@contextmanager
def known_rates(store: RunStore | None, max_rate: float) -> Iterator[Rates]:
    """The rates of a run, which begin with what is known. What it learnt is remembered however it ends.

    Nothing of it is worth an error: a file that is missing or damaged, or cannot be written, costs a few refusals.
    """
    from auditor.collect.aws.rates import Rates

    known = _read(store) if store is not None else {}
    rates = Rates(max_rate, known)
    try:
        yield rates
    finally:
        learnt = rates.learnt()
        if store is not None and learnt != known:
            _write(store, learnt)


def _read(store: RunStore) -> dict[Key, Learnt]:
    from auditor.collect.aws.pace import Learnt

    try:
        read = msgspec.json.decode(store.place.read(RATES), type=_File)
    except (AuditorError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        _log.debug("%s: %s", RATES, error)
        return {}
    return {
        (line.account, line.region, line.operations): Learnt(line.rate, line.refused)
        for line in read.rates
        if math.isfinite(line.rate) and _RANGE[0] <= line.rate <= _RANGE[1]
    }


def _write(store: RunStore, learnt: Mapping[Key, Learnt]) -> None:
    lines = [_Line(*key, rate.rate, rate.refused) for key, rate in sorted(learnt.items(), key=lambda item: item[0])]
    try:
        store.place.put_bytes(RATES, msgspec.json.format(msgspec.json.encode(_File(lines)), indent=1) + b"\n")
    except AuditorError as error:
        _log.warning("%s could not be remembered: %s", RATES, error)
