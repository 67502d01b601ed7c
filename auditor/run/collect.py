"""From source options to a snapshot: the first half of audit, collect and demo."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from auditor.model.snapshot import Snapshot

if TYPE_CHECKING:
    from auditor.collect.interface import Progress
    from auditor.store.runs import RunStore


def collected(
    *,
    profile: str | None,
    regions: tuple[str, ...],
    concurrency: int,
    evidence: tuple[str, ...],
    sign_in_days: int,
    sign_in_pages: int,
    cloudtrail_logs: str | None,
    identity_store: str,
    previous: str | None,
    full: bool,
    store: RunStore | None = None,
    progress: Progress | None,
) -> Snapshot:
    """Collect as the options say. ``store`` is where the run will be kept. Raises ConfigError and CollectError."""
    from auditor.collect.aws import CollectOptions, collect
    from auditor.collect.aws.evidence import EvidenceOptions
    from auditor.run.previous_snapshots import earlier_snapshots

    logged = None
    if cloudtrail_logs is not None:
        from auditor.store.cloudtrail_logs import read_events

        logged = read_events(cloudtrail_logs, since=datetime.now(UTC) - timedelta(days=sign_in_days), profile=profile)
    earlier = earlier_snapshots(previous, full, store, profile)
    wanted = EvidenceOptions(evidence, sign_in_days, sign_in_pages, logged, identity_store)
    return collect(CollectOptions(profile, regions, concurrency, evidence=wanted, previous=earlier), progress)
