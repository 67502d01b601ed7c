"""Collect one account's regions: every list over a whole region, describes in parallel while listing goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore

from auditor.collect.aws import evidence
from auditor.collect.aws.account import audited_regions, identify
from auditor.collect.aws.answers import rfc3339, text, unseen
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.collect.aws.incremental import NOTHING, EarlierSnapshots, Previous
from auditor.collect.aws.ledger import Ledger
from auditor.collect.aws.listing import list_kind
from auditor.collect.aws.rates import Rates
from auditor.collect.aws.run import Run
from auditor.collect.aws.session import MAX_ATTEMPTS, REGION_HINT, Clients
from auditor.collect.aws.shared_clients import SharedClients
from auditor.collect.aws.specs import SPECS
from auditor.collect.aws.spool import Spool
from auditor.collect.interface import Progress
from auditor.errors import CollectError, ConfigError
from auditor.model.snapshot import SCHEMA_VERSION, Coverage, Gap, Header, Record, Scope, Snapshot
from auditor.studio.applications import APPLICATION_MEMBERS
from auditor.studio.evidence_sources import Stage
from auditor.studio.resource_types import BY_KIND
from auditor.studio.settings import known_paths
from auditor.temporary_files import workspace
from auditor.version import __version__

#: A collection that was broken off goes on within this time. Later, what it saw is no picture of one night any more.
GOES_ON = timedelta(hours=24)


class NoRegionLeftError(ConfigError):
    """All Regions of an account are among those to leave out."""


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """``regions`` empty: the profile's own; ``("all",)``: those enabled for the account that have SageMaker. Of them
    ``skip_regions`` are left out.

    ``previous`` gives earlier snapshots of an account and its regions, from which what did not change is carried over;
    None describes everything. ``session``: a boto3 session whose account is collected, instead of the profile's.
    ``shared``: what a run over several accounts shares, clients and rates; ``connections``: how many a host it keeps
    for all of them, 0 for as many as ``concurrency``; ``rates``: others than theirs. ``work``: a folder where a
    collection that is broken off lies until it goes on, a file for each account; else it is temporary.
    """

    profile: str | None = None
    regions: tuple[str, ...] = ()
    skip_regions: tuple[str, ...] = ()
    concurrency: int = 32
    max_attempts: int = MAX_ATTEMPTS
    evidence: EvidenceOptions = field(default_factory=EvidenceOptions)
    previous: Previous | None = None
    session: Any = None
    shared: SharedClients | None = None
    connections: int = 0
    rates: Rates | None = None
    work: Path | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """What was collected. The records lie on disk, and only as long as the collection is open."""

    header: Header
    gaps: tuple[Gap, ...]
    coverage: tuple[Coverage, ...]
    _run: Run

    def records(self) -> Iterator[Record]:
        """The records, sorted, without secrets, their documents encoded (``EncodedDocument``)."""
        return self._run.records()


def collect(options: CollectOptions, progress: Progress | None = None) -> Snapshot:
    """What ``collecting`` gives, in memory. Raises as that does."""
    with collecting(options, progress) as found:
        records = tuple(replace(r, document=dict(r.document)) for r in found.records())
        return Snapshot(found.header, records, found.gaps, found.coverage)


@contextmanager
def collecting(options: CollectOptions, progress: Progress | None = None) -> Iterator[Collection]:
    """Collect everything that the credentials may see. What they may not is a gap.

    Raises ConfigError and CollectError as ``auditor.collect.aws.session`` lists them, NoRegionLeftError, and
    CollectError where not one list of resources could be read.
    """
    started = datetime.now(UTC).replace(microsecond=0)
    if "all" in options.regions and options.regions != ("all",):
        raise ConfigError("--region all stands alone", hint="Leave the other regions out.")
    connections = options.connections or options.concurrency
    clients = Clients(options.profile, connections, options.max_attempts, options.session, options.shared)
    clients.rates = options.rates or clients.rates
    if not clients.default_region and not options.regions:
        raise ConfigError("no AWS region", hint=REGION_HINT)
    caller, home, ledger = identify(clients, options.regions, Ledger)
    account = ledger.account
    named = audited_regions(clients, options.regions, clients.default_region, home, ledger)
    for region in options.skip_regions:
        clients.refuse_unknown(region)
    regions = _left(named, options.skip_regions)
    with ExitStack() as stack:
        spool = stack.enter_context(_spool(account, options.work))
        started = _begun(spool, started, regions)
        earlier = stack.enter_context(_earlier(options.previous, account, regions, started))
        run = Run(clients, ledger, options.concurrency, progress, earlier, spool)
        run.started = started
        _collect(run, regions, options.evidence)
        _refuse_nothing(ledger, regions)
        run.close(regions)
        yield _collection(run, caller, regions, options.evidence.kinds)


def _collection(run: Run, caller: str, regions: tuple[str, ...], kinds: Iterable[str]) -> Collection:
    ledger = run.ledger
    denied = _shut_off(run, regions)
    not_known = unseen(run.clients.client("sagemaker", regions[0]))
    read, asked = {**known_paths(), **APPLICATION_MEMBERS}, set(kinds)
    for region in (r for r in regions if r not in denied):
        # What only commands send back is no gap in what the rules see.
        for member in (m for m in not_known if m.kind in asked and m.path in read.get(m.kind, ())):
            operation = BY_KIND[member.kind].describe
            detail = f"not visible with botocore {botocore.__version__}: upgrade boto3"
            ledger.add(Gap(ledger.account, region, member.kind, "*", member.path, operation, "not_in_sdk", detail))
    header = Header(
        schema_version=SCHEMA_VERSION,
        source="aws",
        as_of=rfc3339(run.started),
        tool_version=__version__,
        botocore_version=botocore.__version__,
        caller=caller,
        scopes=tuple(Scope(ledger.account, region) for region in sorted(regions)),
        unseen=not_known,
        kinds=tuple(sorted(asked)),
        previous=max(run.spool.described(), key=datetime.fromisoformat, default=""),
    )
    return Collection(header, ledger.gaps, ledger.coverage(), run)


@contextmanager
def _spool(account: str, work: Path | None) -> Iterator[Spool]:
    with ExitStack() as stack:
        folder = work or stack.enter_context(workspace("collect"))
        spool = Spool(folder / f"{account}.sqlite", lasting=work is not None)
        stack.callback(spool.close)
        yield spool


@contextmanager
def _earlier(
    previous: Previous | None, account: str, regions: tuple[str, ...], now: datetime
) -> Iterator[EarlierSnapshots]:
    """What earlier snapshots hold of the regions, on disk as well."""
    if previous is None:
        yield NOTHING
        return
    with workspace("earlier") as folder:
        spool = Spool(folder / "earlier.sqlite")
        try:
            earlier = EarlierSnapshots(account, rfc3339(now), botocore.__version__, spool)
            earlier.read(previous(account, regions))
            yield earlier
        finally:
            spool.close()


def _begun(spool: Spool, now: datetime, regions: Sequence[str]) -> datetime:
    """When the collection began: now, or the one that goes on. What lies there longer than ``GOES_ON`` is not used."""
    facts = {"regions": " ".join(regions), "tool": __version__, "botocore": botocore.__version__}
    if spool.begin(facts):
        began = datetime.fromisoformat(spool.fact("began") or "1970-01-01T00:00:00Z")
        if timedelta(0) <= now - began <= GOES_ON:
            return began
        spool.empty(facts)
    spool.note("began", rfc3339(now))
    return now


def _left(regions: tuple[str, ...], skipped: tuple[str, ...]) -> tuple[str, ...]:
    left = tuple(region for region in regions if region not in skipped)
    if not left:
        raise NoRegionLeftError("--skip-region leaves no region", hint="Leave one of the regions in.")
    return left


def _shut_off(run: Run, regions: tuple[str, ...]) -> frozenset[str]:
    """Regions that answered nothing but denial, as one that an SCP shuts off does: one gap says it all."""
    ledger = run.ledger
    seen = {region for region, kind in run.spool.places() if kind != "account_region"}
    denied: set[str] = set()
    for region in regions:
        gaps = [gap for gap in ledger.gaps if gap.region == region]
        first = next((g for g in gaps if (g.resource_type, g.resource_id) == ("domain", "*")), None)
        if first is not None and region not in seen and all(gap.reason == first.reason for gap in gaps):
            ledger.replace(region, first)
            denied.add(region)
    return frozenset(denied)


def _refuse_nothing(ledger: Ledger, regions: tuple[str, ...]) -> None:
    """An audit that saw no list of domains at all is none."""
    lost = {g.region: g for g in ledger.gaps if g.resource_type == "domain" and g.resource_id == "*"}
    if len(lost) < len(regions):
        return
    gap = next(iter(lost.values()))
    if any(g.reason == "credentials_expired" for g in lost.values()):
        raise CollectError(
            "the AWS credentials have expired", hint="Sign in again, then repeat the command.", reason=gap.reason
        )
    if all(g.reason == "region_not_enabled" for g in lost.values()):
        raise CollectError(
            f"the account has not enabled {', '.join(sorted(lost))}",
            hint="Enable the region in the account's settings, or name others with --region.",
            reason="region_not_enabled",
        )
    raise CollectError(
        f"nothing could be collected: {gap.operation} failed in every region"
        f" ({gap.reason.replace('_', ' ')}: {gap.detail})",
        hint="auditor permissions prints the policy that an audit needs.",
        reason=gap.reason,
    )


def _collect(run: Run, regions: tuple[str, ...], options: EvidenceOptions) -> None:
    """Keep the records of all regions. An interrupt stops what was not begun and goes up."""
    try:
        # Everything lies in a domain: a region without one costs one call.
        domains = next(spec for spec in SPECS if spec.kind == "domain")
        others = [spec for spec in SPECS if spec.kind != "domain" and not spec.optional]
        for region in regions:
            run.tasks.submit(list_kind, run, domains, region)
        run.tasks.drain()
        in_use = [region for region in regions if run.holds("domain", region)]
        unclear = [region for region in regions if region not in in_use and run.is_unlisted(region, "domain")]
        for region in (*in_use, *unclear):
            for spec in others:
                run.tasks.submit(list_kind, run, spec, region)
        evidence.submit(run, Stage.DOMAINS, in_use, options)
        run.tasks.drain()
        # Domains were not listed, and something of theirs was.
        late = [region for region in unclear if any(run.holds(spec.kind, region) for spec in others)]
        evidence.submit(run, Stage.DOMAINS, late, options)
        in_use += late
        evidence.leave_out(run, [region for region in regions if region not in in_use], options)
        # What hangs on the resources that were found: tags, networks, roles. A few calls each.
        for region in in_use:
            run.tasks.submit(_tags, run, region)
        evidence.submit(run, Stage.RESOURCES, regions, options)
        run.tasks.drain()
        evidence.submit(run, Stage.ROLES, regions, options)
        run.tasks.drain()
    except BaseException:
        run.tasks.stop()
        raise
    run.tasks.close()


def _tags(run: Run, region: str) -> None:
    """Tags in bulk. A resource that the tagging API does not name has none."""
    taggable = {spec.kind: spec.taggable for spec in SPECS if spec.taggable}
    if not any(run.holds(kind, region) for kind in taggable):
        return
    request = {"ResourceTypeFilters": sorted(set(taggable.values())), "ResourcesPerPage": 100}
    result = "ResourceTagMappingList"
    with run.reading([region], "tags", "GetResources"):
        for page in run.pages("resourcegroupstaggingapi", region, "GetResources", request, result, "PaginationToken"):
            for entry in page[result]:
                with run.reading([region], "tags", "GetResources"):
                    path = text(entry["ResourceARN"]).split(":", 5)[5].lower()
                    run.keep_tags(region, path, ((text(t["Key"]), text(t["Value"], empty=True)) for t in entry["Tags"]))
    run.tags_read(region, whole=not run.is_unlisted(region, "tags"))
