"""Collect one account's regions: every list over a whole region, describes in parallel while listing goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import botocore

from auditor import __version__
from auditor.collect.aws import faults
from auditor.collect.aws.documents import plain, rfc3339, unseen
from auditor.collect.aws.ledger import Ledger
from auditor.collect.aws.session import MAX_ATTEMPTS, Clients, explain
from auditor.collect.aws.specs import SPECS, Spec, app_tag_path
from auditor.collect.aws.tasks import Tasks
from auditor.collect.interface import Progress
from auditor.errors import CollectError, ConfigError
from auditor.model.snapshot import SCHEMA_VERSION, Gap, Header, Record, Scope, Snapshot

#: Pages of one list after which something is wrong: 100 a page, this many are ten million resources.
_MAX_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """``regions`` empty: the profile's own; ``("all",)``: those enabled for the account that have SageMaker."""

    profile: str | None = None
    regions: tuple[str, ...] = ()
    concurrency: int = 32
    max_attempts: int = MAX_ATTEMPTS


def collect(options: CollectOptions, progress: Progress | None = None) -> Snapshot:
    """Everything that the credentials may see. What they may not is a gap.

    Raises ConfigError and CollectError as ``auditor.collect.aws.session`` lists them, and CollectError where not one
    list of resources could be read.
    """
    started = datetime.now(UTC).replace(microsecond=0)
    if "all" in options.regions and options.regions != ("all",):
        raise ConfigError("--region all stands alone", hint="Leave the other regions out.")
    clients = Clients(options.profile, options.concurrency, options.max_attempts)
    home = clients.default_region or (options.regions[0] if options.regions and options.regions != ("all",) else "")
    if not home and not options.regions:
        raise ConfigError("no AWS region", hint="Pass --region (repeatable, or all), or set AWS_DEFAULT_REGION.")
    home = home or "us-east-1"
    for region in (home, *(r for r in options.regions if r != "all")):
        clients.refuse_unknown(region)
    account, caller = _identity(clients, home)
    ledger = Ledger(account)
    ledger.called(home, "GetCallerIdentity", 0)
    regions = _regions(clients, options.regions, home, ledger)
    run = _Run(clients, ledger, options.concurrency, progress)
    records = run.all(regions)
    _refuse_nothing(ledger, regions)
    not_known = unseen(clients.client("sagemaker", regions[0]))
    for region in regions:
        for member in not_known:
            operation = {"domain": "DescribeDomain", "user_profile": "DescribeUserProfile"}.get(
                member.kind, "DescribeSpace"
            )
            detail = f"not visible with botocore {botocore.__version__}: upgrade boto3"
            ledger.add(Gap(account, region, member.kind, "*", member.path, operation, "not_in_sdk", detail))
    header = Header(
        schema_version=SCHEMA_VERSION,
        source="aws",
        as_of=rfc3339(started),
        tool_version=__version__,
        botocore_version=botocore.__version__,
        caller=caller,
        scopes=tuple(Scope(account, region) for region in sorted(regions)),
        unseen=not_known,
    )
    return Snapshot(header, records, ledger.gaps, ledger.coverage())


def _identity(clients: Clients, region: str) -> tuple[str, str]:
    try:
        answer = clients.client("sts", region).get_caller_identity()
    except faults.CALL_ERRORS as error:
        raise explain(error, region) from error
    return str(answer["Account"]), str(answer["Arn"])


def _regions(clients: Clients, wanted: tuple[str, ...], home: str, ledger: Ledger) -> tuple[str, ...]:
    if not wanted:
        return (home,)
    if wanted != ("all",):
        return tuple(dict.fromkeys(wanted))
    try:
        answer = clients.client("ec2", home).describe_regions(AllRegions=False)
    except faults.CALL_ERRORS as error:
        ledger.called(home, "DescribeRegions", 0, error)
        raise CollectError(
            f"--region all: the account's regions cannot be listed: {faults.message(error)}",
            hint="Allow ec2:DescribeRegions, or name the regions.",
        ) from error
    ledger.called(home, "DescribeRegions", 0)
    known = clients.available_regions()
    enabled = (r["RegionName"] for r in answer["Regions"] if r.get("OptInStatus") != "not-opted-in")
    return tuple(sorted(region for region in enabled if region in known))


def _refuse_nothing(ledger: Ledger, regions: tuple[str, ...]) -> None:
    """An audit that saw no list of domains at all is none."""
    lost = {g.region: g for g in ledger.gaps if g.resource_type == "domain" and g.resource_id == "*"}
    if len(lost) == len(regions):
        gap = next(iter(lost.values()))
        raise CollectError(
            f"nothing could be collected: {gap.operation} failed in every region"
            f" ({gap.reason.replace('_', ' ')}: {gap.detail})",
            hint="auditor permissions prints the policy that an audit needs.",
        )


class _Run:
    def __init__(self, clients: Clients, ledger: Ledger, concurrency: int, progress: Progress | None) -> None:
        self._clients = clients
        self._ledger = ledger
        self._tasks = Tasks(concurrency, progress)
        self._lock = threading.Lock()
        self._records: dict[tuple[str, str, str], Record] = {}
        self._unlisted: dict[str, set[str]] = {}

    def all(self, regions: tuple[str, ...]) -> tuple[Record, ...]:
        """Records of all regions. An interrupt stops what was not begun and goes up."""
        try:
            for region in regions:
                self._unlisted[region] = set()
                for spec in SPECS:
                    self._tasks.submit(self._list, spec, region)
            self._tasks.drain()
            # VPCs and tags hang on what was found, and cost a few calls a region.
            for region in regions:
                self._tasks.submit(self._vpcs, region)
                self._tasks.submit(self._tags, region)
            self._tasks.drain()
        except BaseException:
            self._tasks.stop()
            raise
        self._tasks.close()
        for region in regions:
            record = Record(
                self._ledger.account, region, "account_region", region, {}, gaps=tuple(sorted(self._unlisted[region]))
            )
            self._records[region, "account_region", region] = record
        return tuple(self._records.values())

    def _call(
        self, service: str, region: str, operation: str, request: Mapping[str, Any], expected: Iterable[str] = ()
    ) -> Mapping[str, Any]:
        """The answer. botocore makes an empty one of a body that is no JSON, so ``expected`` members must be there."""
        self._tasks.check()
        client = self._clients.client(service, region)
        method = getattr(client, _snake(operation))
        try:
            answer: Mapping[str, Any] = method(**request)
        except faults.CALL_ERRORS as error:
            # Errors of the connection have a response as well: None.
            self._ledger.called(region, operation, _retries(getattr(error, "response", None) or {}), error)
            raise
        missing = [name for name in expected if name not in answer]
        odd = _OddAnswerError(f"{operation} answered without {', '.join(missing)}") if missing else None
        self._ledger.called(region, operation, _retries(answer), odd)
        if odd is not None:
            raise odd
        return answer

    def _pages(
        self,
        service: str,
        region: str,
        operation: str,
        request: Mapping[str, Any],
        result: str,
        cursor: str = "NextToken",
    ) -> Iterator[Mapping[str, Any]]:
        """Every page. Short and empty ones are legal; a token that comes again would never end."""
        at, seen = "", set[str]()
        for _ in range(_MAX_PAGES):
            page = self._call(service, region, operation, {**request, **({cursor: at} if at else {})}, (result,))
            yield page
            at = str(page.get(cursor) or "")
            if not at:
                return
            if at in seen:
                raise _OddAnswerError(f"{operation} gave the same {cursor} twice")
            seen.add(at)
        raise _OddAnswerError(f"{operation} gave more than {_MAX_PAGES} pages")

    def _lose(self, region: str, kind: str, operation: str, error: Exception) -> None:
        with self._lock:
            self._unlisted[region].add(kind)
        self._ledger.gap(region, kind, "*", operation, error)

    def _keep(self, spec: Spec, region: str, item: Mapping[str, Any], gaps: tuple[str, ...] = ()) -> None:
        document = plain(item)
        record_id = spec.record_id(document)
        with self._lock:
            self._records[region, spec.kind, record_id] = Record(
                self._ledger.account, region, spec.kind, record_id, document, gaps=gaps
            )

    def _list(self, spec: Spec, region: str) -> None:
        request = {"MaxResults": spec.page_size}
        try:
            for page in self._pages(spec.service, region, spec.list_operation, request, spec.result):
                for item in page[spec.result]:
                    if spec.describe_operation:
                        self._tasks.submit(self._describe, spec, region, item)
                    else:
                        self._keep(spec, region, item)
        except (*faults.CALL_ERRORS, _OddAnswerError) as error:
            self._lose(region, spec.kind, spec.list_operation, error)

    def _describe(self, spec: Spec, region: str, item: Mapping[str, Any]) -> None:
        request = {key: item[key] for key in spec.keys}
        try:
            answer = self._call(spec.service, region, spec.describe_operation, request, spec.keys)
        except (*faults.CALL_ERRORS, _OddAnswerError) as error:
            if faults.gone(error):
                self._ledger.dropped(region, spec.describe_operation)
                return
            self._keep(spec, region, item, gaps=("*",))
            self._ledger.gap(region, spec.kind, spec.record_id(item), spec.describe_operation, error)
            return
        # An answer may lack what the list knew (never the other way round), so the list's members stand behind it.
        self._keep(spec, region, {**item, **answer})

    def _found(self, region: str, kind: str) -> list[Record]:
        return [r for (place, k, _), r in self._records.items() if place == region and k == kind]

    def _vpcs(self, region: str) -> None:
        """The domains' VPCs. By filter, so that one which is gone is no error."""
        ids = sorted({str(r.document["VpcId"]) for r in self._found(region, "domain") if r.document.get("VpcId")})
        if not ids:
            return
        request = {"Filters": [{"Name": "vpc-id", "Values": ids}]}
        try:
            for page in self._pages("ec2", region, "DescribeVpcs", request, "Vpcs"):
                for vpc in page["Vpcs"]:
                    record = Record(self._ledger.account, region, "vpc", str(vpc["VpcId"]), plain(vpc))
                    with self._lock:
                        self._records[region, "vpc", record.id] = record
        except (*faults.CALL_ERRORS, _OddAnswerError) as error:
            self._lose(region, "vpc", "DescribeVpcs", error)

    def _tags(self, region: str) -> None:
        """Tags in bulk. A resource that the tagging API does not name has none."""
        taggable = {spec.kind: spec.taggable for spec in SPECS if spec.taggable}
        wanted = [key for key in self._records if key[0] == region and key[1] in taggable]
        if not wanted:
            return
        request = {"ResourceTypeFilters": sorted(set(taggable.values())), "ResourcesPerPage": 100}
        tags: dict[str, tuple[tuple[str, str], ...]] = {}
        read = True
        try:
            result = "ResourceTagMappingList"
            pages = self._pages("resourcegroupstaggingapi", region, "GetResources", request, result, "PaginationToken")
            for page in pages:
                for entry in page[result]:
                    path = str(entry["ResourceARN"]).split(":", 5)[5].lower()
                    tags[path] = tuple((t["Key"], t["Value"]) for t in entry.get("Tags", ()))
        except (*faults.CALL_ERRORS, _OddAnswerError) as error:
            read = False
            self._lose(region, "tags", "GetResources", error)
        for key in wanted:
            record = self._records[key]
            path = _arn_path(record).lower()
            if path in tags:
                self._records[key] = replace(record, tags=tags[path])
            elif read:
                self._records[key] = replace(record, tags=())
            else:
                self._records[key] = replace(record, gaps=(*record.gaps, "Tags"))


class _OddAnswerError(Exception):
    """An answer that cannot be right: a list that would not end, or one without the members it must have."""


def _retries(response: Mapping[str, Any]) -> int:
    return int(response.get("ResponseMetadata", {}).get("RetryAttempts", 0))


def _arn_path(record: Record) -> str:
    if record.kind == "app":
        return app_tag_path(record.id)
    return next(spec.arn.format(id=record.id) for spec in SPECS if spec.kind == record.kind)


def _snake(operation: str) -> str:
    from botocore import xform_name

    name: str = xform_name(operation)
    return name
