"""Who opened which profile: CloudTrail's CreatePresignedDomainUrl events, of IAM domains only.

An event never changes and is never taken back. So the events of an earlier snapshot are carried over, and only newer
ones are read, with an overlap; and what was seen before a limit or an error counts, though it is not all. A
region's record says since when all events are known.

``sign_in_fields`` says what is kept of an event.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from auditor.collect.aws.answers import rfc3339, text
from auditor.collect.aws.call_errors import OddAnswerError
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.kept_answers import ODD, SIGN_IN
from auditor.collect.aws.run import Run
from auditor.collect.aws.sign_in_fields import trimmed
from auditor.counting import plural
from auditor.model.sign_ins import LoggedSignIns, LogSource
from auditor.model.snapshot import Gap, GapReason

EVENT = "CreatePresignedDomainUrl"
#: Members of a region's record: between these moments every event is known. Absent where none can be vouched for.
KNOWN_SINCE, KNOWN_UNTIL = "SignInsKnownSince", "SignInsKnownUntil"
_PAGE = 50
#: Events come a quarter of an hour late as a rule (CloudTrail user guide, "How CloudTrail works"): so much of what was
#: read before is read again.
_LATE = timedelta(hours=2)
#: What comes later still is looked for a day back, as far as so many pages reach: two seconds of LookupEvents.
OVERLAP = timedelta(days=1)
_OVERLAP_PAGES = 4
#: Log files that begin so much later than the window still cover it: they are delivered by the quarter of an hour.
_GRACE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Span:
    """From when to when."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


def collect(run: Run, request: EvidenceRequest) -> None:
    """Submit the reading of the events, where a domain may have them; where none does, they are unknown."""
    options = request.options
    signing_in = tuple(region for region in request.regions if _signs_in_with_iam(run, region))
    for region in request.regions:
        if region not in signing_in:
            run.unlisted(region, "sign_in")
        elif options.logged is None:
            run.tasks.submit(_collect_looked_up, run, region, options.days, options.max_pages)
    if options.logged is not None and signing_in:
        run.tasks.submit(_collect_logged, run, signing_in, options.days, options.logged)


def _signs_in_with_iam(run: Run, region: str) -> bool:
    """Whether a domain may have the events at all: those of Identity Center have none."""
    domains = run.found("domain", region)
    return not domains or any(d.document.get("AuthMode") != "SSO" for d in domains)


def _collect_looked_up(run: Run, region: str, days: int, max_pages: int) -> None:
    """Keep the region's events of so many days. What is not all is kept, and a gap."""
    now = run.started
    since = now - timedelta(days=days)
    carried = _carry(run, region, since)
    newest = _Span(since if carried is None else max(since, carried.end - _LATE), now)
    reached, pages = _read(run, region, newest, max_pages)
    known = _Span(reached, now)
    if carried is not None and reached <= newest.start:
        late = _Span(max(since, carried.end - OVERLAP), newest.start)
        if late.length > timedelta(0):
            _read(run, region, late, min(pages, _OVERLAP_PAGES), again=True)
        known = _Span(min(carried.start, reached), now)
        if known.start > since:
            # An earlier run did not come to the end of what there was. Within a second may lie several events.
            reached, _ = _read(run, region, _Span(since, known.start + timedelta(seconds=1)), pages)
            known = _Span(min(known.start, reached), now)
    elif carried is not None and carried.length > known.length:
        known = carried
    _vouch(run, region, max(known.start, since), known.end)


def _collect_logged(run: Run, regions: Sequence[str], days: int, source: LogSource) -> None:
    """The same from a trail's log files, of all regions at once: only of what no earlier snapshot knows."""
    now = run.started
    since = now - timedelta(days=days)
    starts = dict.fromkeys(regions, since)
    for region in regions:
        carried = _carry(run, region, since)
        if carried is not None and carried.start <= since:
            starts[region] = max(since, carried.end - OVERLAP)
    logged = source(run.ledger.account, regions, min(starts.values()))
    for region in regions:
        if _keep_logged(run, region, starts[region], logged, carried=starts[region] > since):
            _vouch(run, region, since, now)


def _vouch(run: Run, region: str, since: datetime, until: datetime) -> None:
    run.describe_region(region, {KNOWN_SINCE: rfc3339(since), KNOWN_UNTIL: rfc3339(until)})


def _carry(run: Run, region: str, since: datetime) -> _Span | None:
    """Keep what the earlier snapshot knew of the window; from when to when it knew all, None where it does not say."""
    earlier = run.earlier.region(region)
    if earlier is None or KNOWN_SINCE not in earlier.document:
        return None
    for record in run.earlier.records(region, "sign_in"):
        if datetime.fromisoformat(record.document["eventTime"]) >= since:
            run.carry(replace(record, described=""))
    return _Span(*(datetime.fromisoformat(str(earlier.document[name])) for name in (KNOWN_SINCE, KNOWN_UNTIL)))


def _read(run: Run, region: str, span: _Span, pages: int, *, again: bool = False) -> tuple[datetime, int]:
    """Keep the span's events, the latest first, as LookupEvents gives them: how far back all are known now, and how
    many pages are left. What is not known back to the span's start is a gap, unless it was read before (``again``)."""
    request: dict[str, Any] = {
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": EVENT}],
        "StartTime": span.start,
        "EndTime": span.end,
        "MaxResults": _PAGE,
    }
    # ``reached`` stops at the first event that could not be read; those before it count all the same.
    reached, odd, whole = span.end, False, False
    with run.reading([region], "sign_in", "LookupEvents"):
        for page in run.pages("cloudtrail", region, "LookupEvents", request, "Events"):
            pages -= 1
            for event in page["Events"]:
                kept = False
                with run.reading([region], "sign_in", "LookupEvents"):
                    run.keep(region, "sign_in", text(event["EventId"]), _told(event))
                    kept = True
                odd = odd or not kept
                reached = reached if odd else min(reached, _at(event["EventTime"]))
            if not page.get("NextToken"):
                whole = not odd
                break
            if pages <= 0 and again:
                break
            if pages <= 0:
                detail = (
                    f"--sign-in-pages ends the list at {reached:%Y-%m-%d %H:%M}, and there are earlier events:"
                    " raise it, or read the trail's files (--cloudtrail-logs)"
                )
                _lose(run, region, "LookupEvents", "limit_reached", detail)
                break
    return (span.start if whole else reached), pages


def _told(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a listed event says, be the page as AWS gave it or what was kept of it."""
    if ODD in event:
        raise OddAnswerError(text(event[ODD]))
    found: Mapping[str, Any] = event[SIGN_IN] if SIGN_IN in event else trimmed(json.loads(event["CloudTrailEvent"]))
    return found


def _at(moment: Any) -> datetime:
    return datetime.fromisoformat(moment) if isinstance(moment, str) else moment


def _lose(run: Run, region: str, operation: str, reason: GapReason, detail: str) -> None:
    run.unlisted(region, "sign_in")
    run.ledger.add(Gap(run.ledger.account, region, "sign_in", "*", "*", operation, reason, detail))


def _keep_logged(run: Run, region: str, since: datetime, logged: LoggedSignIns, *, carried: bool) -> bool:
    """The log files' events of this account and region; whether they are all since that moment, else a gap.

    A trail for all regions writes no file where nothing happens. So files of other regions that reach back speak for
    this one as well; and where an earlier snapshot knew all, files of any region show that the trail goes on.
    """
    account, whole = run.ledger.account, True
    for event in logged.events:
        if event.get("awsRegion") == region and event.get("recipientAccountId") == account:
            kept = False
            with run.reading([region], "sign_in", "--cloudtrail-logs"):
                run.keep(region, "sign_in", text(event["eventID"]), trimmed(event))
                kept = True
            whole = whole and kept
    if logged.unread:
        detail = f"{plural(len(logged.unread), 'log file')} could not be read: {logged.unread[0]}"
        _lose(run, region, "--cloudtrail-logs", "unexpected_response", detail)
        whole = False
    begins = [b for b in (logged.begins.get((account, region)), logged.reach.get(account)) if b is not None]
    begin = min(begins, default=None)
    if carried and (begin is not None or any(owner == account for owner, _ in logged.begins)):
        return whole
    if begin is None:
        detail = "the log files hold nothing of this account and Region, and files of other Regions don't cover it"
        _lose(run, region, "--cloudtrail-logs", "not_found", detail)
        return False
    if begin - since > _GRACE:
        covered = (run.started - begin).days
        detail = f"the log files begin on {begin:%Y-%m-%d}: --sign-in-days {max(covered, 1)} takes what they cover"
        _lose(run, region, "--cloudtrail-logs", "limit_reached", detail)
        return False
    return whole
