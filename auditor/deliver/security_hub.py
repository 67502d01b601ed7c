"""``--send-to-security-hub``: each finding to the Security Hub of its own account and region.

The default product of an account takes findings only from the account's own credentials. Each run

1. takes back suppressions of ours whose waiver does not hold any more (BatchUpdateFindings),
2. sends every finding, and archives the resolved ones (BatchImportFindings),
3. suppresses what is waived (BatchUpdateFindings; BatchImportFindings sets a workflow on new findings only).

Which are resolved the history says. Without one, active findings of ours that this run would have seen again and did
not are resolved (GetFindings): the rule was evaluated, the region audited, and no list there was incomplete.

Source of the limits: Security Hub user guide, "BatchImportFindings for finding providers"; partner guide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

from auditor.collect.aws import call_errors
from auditor.collect.aws.run import CALL_SECONDS, LIST_SECONDS
from auditor.collect.aws.session import Clients, explain
from auditor.counting import plural
from auditor.deadline import within
from auditor.errors import AuditorError, ConfigError
from auditor.model.finding import Finding
from auditor.model.report import Report
from auditor.model.snapshot import GLOBAL
from auditor.org.member_sessions import MemberSessions
from auditor.report.asff_format import (
    finding_id,
    findings,
    home_regions,
    hub_region,
    in_account,
    note,
    product_arn,
)
from auditor.report.json_text import to_json
from auditor.report.phrases import TOOL
from auditor.studio.incomplete_lists import ROLES, incomplete_tables
from auditor.studio.resource_types import BY_KIND

#: What sending needs beside the audit's own permissions, and what for.
PERMISSIONS: Mapping[str, str] = {
    "securityhub:BatchImportFindings": "sending findings, archiving resolved ones",
    "securityhub:BatchUpdateFindings": "suppressing waived findings, and taking that back",
    "securityhub:GetFindings": "finding what was suppressed or, without a history, sent before",
}
_BATCH = 100
_BATCH_BYTES = 6_000_000
_FINDING_BYTES = 240_000
_CONCURRENCY = 4
#: Errors that every other call of the place would repeat; a permission may be missing for one operation only.
_LASTING = ("region_not_enabled", "unreachable")
_NOT_SUBSCRIBED = "InvalidAccessException"
#: Kinds of resources that findings are about: what an incomplete list of them leaves out may still fail.
_JUDGED = (*BY_KIND, "*")
#: What an archived finding keeps; the rest Security Hub made itself.
_KEPT = (
    "SchemaVersion", "Id", "ProductArn", "ProductName", "CompanyName", "GeneratorId", "AwsAccountId", "CreatedAt",
    "FirstObservedAt", "Title", "Description", "Resources", "FindingProviderFields", "ProductFields", "Compliance",
)  # fmt: skip

Document = dict[str, Any]
AccountRegion = tuple[str, str]
T = TypeVar("T")


class Hub(Protocol):
    """The part of boto3's client for Security Hub that is used."""

    def batch_import_findings(self, *, Findings: Sequence[Document]) -> Any: ...  # noqa: N803 — boto3's names

    def batch_update_findings(self, **members: Any) -> Any: ...

    def get_paginator(self, operation_name: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Refused:
    """A finding that was not taken: its id, where, and what Security Hub said."""

    id: str
    account: str
    region: str
    code: str
    message: str


@dataclass(slots=True)
class Delivery:
    """What became of the findings. ``problems`` are whole sentences, one for what failed as a whole."""

    sent: int = 0
    archived: int = 0
    suppressed: int = 0
    reopened: int = 0
    left_active: int = 0
    """Findings of earlier runs that nobody can call resolved, since not everything could be seen."""
    templates: int = 0
    """Findings of templates: in no account, so not sent."""
    refused: list[Refused] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not self.refused and not self.problems


class _Stopped(Exception):  # noqa: N818 — a signal, not an error that anybody sees
    """Nothing more can be done for this account and region."""


def hubs(profile: str | None) -> Callable[[str, str], Hub]:
    """Security Hub by account and region, with the credentials of ``profile``. Raises ConfigError, CollectError."""
    clients = Clients(profile, _CONCURRENCY)
    known: list[str] = []

    def hub(account: str, region: str) -> Hub:
        if not known:
            try:
                sts = clients.client("sts", region)
                known.append(str(_asked("GetCallerIdentity", sts.get_caller_identity)["Account"]))
            except call_errors.CALL_FAILED as error:
                raise explain(error, region) from error
        if known[0] != account:
            raise ConfigError(f"the credentials are those of account {known[0]}, and an account takes only its own")
        client: Hub = clients.client("securityhub", region)
        return client

    return hub


def member_hubs(sessions: MemberSessions) -> Callable[[str, str], Hub]:
    """Security Hub by account and Region, each with its own account's credentials."""
    known: dict[str, Clients] = {}

    def hub(account: str, region: str) -> Hub:
        if account not in known:
            try:
                session = sessions.session(account)
            except call_errors.CALL_FAILED as error:
                raise explain(error, region) from error
            known[account] = Clients(None, _CONCURRENCY, session=session, shared=sessions.shared)
        client: Hub = known[account].client("securityhub", region)
        return client

    return hub


def send(report: Report, hub_of: Callable[[str, str], Hub]) -> Delivery:
    """Send everything; what cannot be sent is in the result. ``hub_of`` may raise an AuditorError for a place."""
    delivery = Delivery(templates=sum(not in_account(f) for f in report.findings))
    by_place: dict[AccountRegion, list[Document]] = defaultdict(list)
    for document in findings(report):
        by_place[document["AwsAccountId"], document["Resources"][0]["Region"]].append(document)
    live = {(account, region) for info in report.snapshots if info.source == "aws" for account, region in info.scopes}
    for place in sorted({*by_place, *(p for p in live if p[0].isdecimal() and p[1] != GLOBAL)}):
        _Sender(report, delivery, place, by_place[place], audited=place in live).run(hub_of)
    return delivery


class _Sender:
    """One account and region."""

    def __init__(
        self, report: Report, delivery: Delivery, place: AccountRegion, documents: list[Document], *, audited: bool
    ) -> None:
        self._report = report
        self._delivery = delivery
        self._account, self._region = place
        self._documents = documents
        self._audited = audited
        homes = home_regions(report)
        self._waived = {
            finding_id(f): f
            for f in report.findings
            if f.waiver is not None and in_account(f) and (f.resource.account, hub_region(f, homes)) == place
        }

    def run(self, hub_of: Callable[[str, str], Hub]) -> None:
        try:
            hub = hub_of(self._account, self._region)
            if self._documents:
                self._reopen(hub)
            documents = self._documents
            # A baseline is no history: what came and went since it was made, it does not know.
            history = self._report.previous is not None and bool(self._report.trend)
            if self._audited and not history:
                documents = [*documents, *self._resolved(hub)]
            self._import(hub, documents)
            self._suppress(hub)
        except AuditorError as error:
            self._problem(f"{plural(len(self._documents), 'finding')} could not be sent: {error.message}")
        except _Stopped:
            pass

    def _problem(self, text: str) -> None:
        self._delivery.problems.append(f"{self._account}/{self._region}: {text}")

    def _failed(self, what: str, error: Exception) -> None:
        """Note a call that failed as a whole; ends the place where every other call would fail as well."""
        self._problem(f"{what}: {call_errors.code(error)}: {call_errors.message(error)}")
        if _lasting(error):
            raise _Stopped from error

    def _import(self, hub: Hub, documents: Iterable[Document]) -> None:
        sizes = [(document, len(to_json(document).encode())) for document in documents]
        for document, size in sizes:
            if size > _FINDING_BYTES:
                self._refuse(document["Id"], "TooLarge", f"{size:,} bytes; Security Hub takes {_FINDING_BYTES:,}")
        left = sum(size <= _FINDING_BYTES for _, size in sizes)
        for batch in batches((d, s) for d, s in sizes if s <= _FINDING_BYTES):
            try:
                answer = _asked("BatchImportFindings", partial(hub.batch_import_findings, Findings=batch))
            except call_errors.CALL_FAILED as error:
                hopeless = _lasting(error) or call_errors.reason(error) == "access_denied"
                self._failed(f"{plural(left if hopeless else len(batch), 'finding')} could not be sent", error)
                if hopeless:
                    return
                left -= len(batch)
                continue
            left -= len(batch)
            failed = answer.get("FailedFindings", ())
            refused = {f.get("Id") for f in failed}
            for one in failed:
                self._refuse(one.get("Id", ""), one.get("ErrorCode", ""), one.get("ErrorMessage", ""))
            for document in batch:
                if document["Id"] not in refused:
                    archived = document["RecordState"] == "ARCHIVED"
                    self._delivery.archived += archived
                    self._delivery.sent += not archived

    def _refuse(self, identifier: str, code: str, message: str) -> None:
        self._delivery.refused.append(Refused(identifier, self._account, self._region, code, message))

    def _stored(self, hub: Hub, **filters: str) -> list[Document]:
        """Active findings of ours, held against the filters once more: not every implementation heeds all of them."""
        asked = {name: [{"Value": value, "Comparison": "EQUALS"}] for name, value in filters.items()}
        asked |= {
            "AwsAccountId": [{"Value": self._account, "Comparison": "EQUALS"}],
            "GeneratorId": [{"Value": f"{TOOL}/", "Comparison": "PREFIX"}],
            "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
        }

        def pages() -> list[Document]:
            paginator = hub.get_paginator("get_findings")
            read = paginator.paginate(Filters=asked, PaginationConfig={"PageSize": _BATCH})
            return [finding for page in read for finding in page["Findings"]]

        found = _asked("GetFindings", pages, LIST_SECONDS)
        return [
            f
            for f in found
            if f.get("GeneratorId", "").startswith(f"{TOOL}/")
            and f.get("RecordState") == "ACTIVE"
            and f.get("AwsAccountId") == self._account
            # With an aggregation region, findings of other regions are listed here as well.
            and f":{self._region}:" in f.get("ProductArn", "")
        ]

    def _reopen(self, hub: Hub) -> None:
        """What we suppressed for a waiver that has lapsed would stay hidden for ever."""
        try:
            stored = self._stored(hub, WorkflowStatus="SUPPRESSED", NoteUpdatedBy=TOOL)
        except call_errors.CALL_FAILED as error:
            self._failed("what was suppressed before could not be read", error)
            return
        ours = [
            f
            for f in stored
            if f.get("Workflow", {}).get("Status") == "SUPPRESSED"
            and f.get("Note", {}).get("UpdatedBy") == TOOL
            and f["Id"] not in self._waived
        ]
        text = {"Text": f"No waiver is in force on {self._report.as_of}.", "UpdatedBy": TOOL}
        self._delivery.reopened += self._update(hub, [(f["Id"], f["ProductArn"]) for f in ours], "NEW", text)

    def _suppress(self, hub: Hub) -> None:
        by_note: dict[str, list[Finding]] = defaultdict(list)
        for finding in self._waived.values():
            by_note[note(finding, self._report.as_of)["Text"]].append(finding)
        for text, waived in by_note.items():
            ids = [(finding_id(f), product_arn(f.resource, self._region)) for f in waived]
            self._delivery.suppressed += self._update(hub, ids, "SUPPRESSED", {"Text": text, "UpdatedBy": TOOL})

    def _update(self, hub: Hub, ids: Sequence[tuple[str, str]], workflow: str, text: Mapping[str, str]) -> int:
        done = 0
        for start in range(0, len(ids), _BATCH):
            chunk = ids[start : start + _BATCH]
            try:
                identifiers = [{"Id": i, "ProductArn": arn} for i, arn in chunk]
                update = partial(
                    hub.batch_update_findings, FindingIdentifiers=identifiers, Workflow={"Status": workflow}
                )
                answer = _asked("BatchUpdateFindings", partial(update, Note=text))
            except call_errors.CALL_FAILED as error:
                self._failed(f"{plural(len(chunk), 'finding')} could not be set to {workflow}", error)
                continue
            missed = answer.get("UnprocessedFindings", ())
            done += len(chunk) - len(missed)
            for one in missed:
                identifier = one.get("FindingIdentifier", {}).get("Id", "")
                self._refuse(identifier, one.get("ErrorCode", ""), one.get("ErrorMessage", ""))
        return done

    def _resolved(self, hub: Hub) -> Iterator[Document]:
        """Without a history: what Security Hub still has of ours and this run would have found again."""
        try:
            stored = self._stored(hub)
        except call_errors.CALL_FAILED as error:
            # Where Security Hub is off and nothing is to be sent, nothing of ours can be there.
            if self._documents or call_errors.code(error) != _NOT_SUBSCRIBED:
                self._failed("findings of earlier runs could not be read, so none is archived", error)
            return
        here = {document["Id"] for document in self._documents}
        tables = {f"{TOOL}/{rule.id}": rule.table for rule in self._report.rules}
        gone = [f for f in stored if f["Id"] not in here and f["GeneratorId"] in tables]
        unknown = self._open_tables()
        told = [] if self._blind() else [f for f in gone if tables[f["GeneratorId"]] not in unknown]
        self._delivery.left_active += len(gone) - len(told)
        for one in told:
            kept = {name: one[name] for name in _KEPT if name in one}
            yield kept | {"UpdatedAt": self._report.as_of, "RecordState": "ARCHIVED"}

    def _blind(self) -> bool:
        """Whether a list of this place was not read to its end: what it did not name may still be there."""
        return any(
            gap.resource_id == "*"
            and gap.resource_type in _JUDGED
            and gap.account in (self._account, "")
            and gap.region in (self._region, GLOBAL, "")
            for gap in self._report.gaps
        )

    def _open_tables(self) -> frozenset[str]:
        """Tables of which it is not known what rows they have. Roles belong to no Region: any Region's gap counts."""
        return frozenset(
            table
            for gap in self._report.gaps
            if gap.account in (self._account, "")
            for table in incomplete_tables(gap)
            if table == ROLES or gap.region in (self._region, GLOBAL, "")
        )


def _asked(operation: str, call: Callable[[], T], seconds: float = CALL_SECONDS) -> T:
    """What a call gives, in a limited time. Raises one of ``CALL_FAILED``."""
    with call_errors.understood(operation):
        return within(seconds, call, operation)


def _lasting(error: Exception) -> bool:
    return call_errors.reason(error) in _LASTING or call_errors.code(error) == _NOT_SUBSCRIBED


def batches(sized: Iterable[tuple[Document, int]]) -> Iterator[list[Document]]:
    """Documents with their sizes in bytes, by hundreds and within a call's 6 MB."""
    batch: list[Document] = []
    size = 0
    for document, length in sized:
        if batch and (len(batch) == _BATCH or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += length
    if batch:
        yield batch
