"""From the options of a run to what is asked of the collection of one account."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import ConfigError
from auditor.regular_files import open_regular
from auditor.run.messages import Messages
from auditor.run.previous_snapshots import earlier_snapshots
from auditor.run.run_options import AwsOptions

if TYPE_CHECKING:
    from datetime import datetime

    from auditor.collect.aws import CollectOptions
    from auditor.model.sign_ins import LoggedSignIns, LogSource
    from auditor.store.runs import RunStore


def collect_options(options: AwsOptions, messages: Messages, store: RunStore | None = None) -> CollectOptions:
    """What is asked of the collection of one account. Raises ConfigError."""
    from auditor.collect.aws import CollectOptions
    from auditor.collect.aws.evidence_request import EvidenceOptions

    place = options.cloudtrail_logs
    logged = None if place is None else _log_source(place, options.profile)
    wanted = EvidenceOptions(
        options.evidence, options.sign_in_days, options.sign_in_pages, logged, options.identity_store
    )
    return CollectOptions(
        options.profile, options.regions, options.skip_regions, options.concurrency, evidence=wanted,
        previous=earlier_snapshots(options.previous, options.full, store, options.profile, messages),
    )  # fmt: skip


def _log_source(place: str, profile: str | None) -> LogSource:
    """A trail's files, read once it is known of which account and regions. That there is nothing at all is said now."""
    from auditor.store.cloudtrail_logs import read_events

    if not place.startswith("s3://") and not Path(place).exists():
        raise ConfigError(f"--cloudtrail-logs {place}: no such file or folder")
    if not place.startswith("s3://") and not Path(place).is_dir():
        try:
            open_regular(Path(place)).close()
        except OSError as error:
            raise ConfigError(f"--cloudtrail-logs {place}: {error.strerror or error}") from error

    def read(account: str, regions: Sequence[str], since: datetime) -> LoggedSignIns:
        return read_events(place, since=since, profile=profile, account=account, regions=regions)

    return read
