"""Moments as snapshots and stores write them, and which of them can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

#: Nothing of SageMaker is older than the service (announced on 29 November 2017).
EARLIEST = datetime(2017, 11, 29, tzinfo=UTC)
#: A clock may be a little ahead of another one.
SKEW = timedelta(hours=1)


def is_moment(text: str) -> bool:
    """Whether the text is a moment with its offset from UTC, and not before SageMaker was there."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    # Compared without arithmetic first: what lies at the ends of the calendar cannot be moved to UTC.
    return moment.tzinfo is not None and EARLIEST.year <= moment.year < 9999 and moment >= EARLIEST


def in_future(moment: datetime, now: datetime) -> bool:
    """Whether the moment lies ahead of the clock by more than clocks differ."""
    return moment > now + SKEW


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)
