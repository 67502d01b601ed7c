"""Events of sign-ins: read back to the window's start, carried over, or taken from a trail's log files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from auditor.collect.aws import CollectOptions, collect, sign_in_events
from auditor.collect.aws.answers import rfc3339
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.model.sign_ins import LoggedSignIns
from auditor.model.snapshot import Snapshot
from auditor.simulator import Fault, Simulator

from .conftest import ACCOUNT, AWAY, HOME, Collect, Collected
from .rich import RICH, only


class TestSignIns:
    def test_every_page_is_read(self, collected: Collect) -> None:
        found = collected(RICH)
        assert len(found.ids("sign_in")) == 61
        assert found.coverage("LookupEvents").calls == 2

    def test_what_was_read_before_the_limit_is_kept(self, simulated: Callable[..., Simulator]) -> None:
        """Two people are two people, however many events there are beside."""
        simulator = simulated(RICH)
        wanted = EvidenceOptions(("sign-ins",), max_pages=1)
        found = Collected(collect(CollectOptions(regions=(HOME,), evidence=wanted)), simulator)
        only("sign_in", found, "LookupEvents")
        (gap,) = found.gaps
        assert gap.reason == "limit_reached"
        assert "--sign-in-pages" in gap.detail
        assert len(found.ids("sign_in")) == 50
        # All that happened since the oldest of them is known.
        oldest = min(str(r.document["eventTime"]) for r in found.snapshot.records if r.kind == "sign_in")
        assert found.record("account_region", HOME).document[sign_in_events.KNOWN_SINCE] == oldest

    def _again(self, earlier: Snapshot, **options: Any) -> Snapshot:
        """A later audit that knows the earlier one."""
        wanted = EvidenceOptions(("sign-ins",), **options)
        before = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
        known = replace(earlier, header=replace(earlier.header, as_of=rfc3339(before)))
        return collect(CollectOptions(regions=(HOME,), evidence=wanted, previous=lambda *_: [known]))

    def test_events_are_carried_over_and_only_newer_ones_read(self, simulated: Callable[..., Simulator]) -> None:
        simulator = simulated(RICH)
        first = collect(CollectOptions(regions=(HOME,), evidence=EvidenceOptions(("sign-ins",))))
        before = simulator.calls["cloudtrail:LookupEvents"]
        again = self._again(first)
        assert simulator.calls["cloudtrail:LookupEvents"] - before == 2
        events = [{r.id for r in s.records if r.kind == "sign_in"} for s in (first, again)]
        assert events[0] == events[1]
        assert len(events[0]) == 61
        assert again.gaps == ()

    def test_a_thousand_people_take_less_than_20_seconds_on_the_second_night(
        self, simulated: Callable[..., Simulator]
    ) -> None:
        """CloudTrail allows two LookupEvents a second for each account and region, of 50 events each. Each person opens
        a profile once a day."""
        nights = [
            {"profile": "ana", "by": f"user/person-{number}", "days_ago": night + number / 1_000}
            for night in (0, 1) for number in range(1_000)
        ]  # fmt: skip
        (home, *_), data = RICH.data["domains"], dict(RICH.data)
        simulator = simulated(replace(RICH, data={**data, "domains": [{**home, "sign_ins": nights}]}))
        wanted = EvidenceOptions(("sign-ins",))
        first = collect(CollectOptions(regions=(HOME,), evidence=wanted))
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        # The night before knew what had happened until then.
        until = midnight - timedelta(days=1)
        known = [
            replace(r, document={**r.document, sign_in_events.KNOWN_UNTIL: rfc3339(until)})
            if r.kind == "account_region" else r
            for r in first.records if r.kind != "sign_in" or datetime.fromisoformat(r.document["eventTime"]) <= until
        ]  # fmt: skip
        earlier = replace(first, header=replace(first.header, as_of=rfc3339(until)), records=tuple(known))
        before = simulator.calls["cloudtrail:LookupEvents"]
        again = self._again(earlier)
        calls = simulator.calls["cloudtrail:LookupEvents"] - before
        assert calls <= 27
        assert (calls - 1) * 0.5 < 15
        events = [{r.id for r in s.records if r.kind == "sign_in"} for s in (first, again)]
        assert events[0] == events[1]
        assert len(events[1]) == 2_000
        assert again.gaps == ()

    def test_what_came_late_is_found(self, simulated: Callable[..., Simulator]) -> None:
        """An event that the night before did not see, though it lay in its window."""
        simulated(RICH)
        wanted = EvidenceOptions(("sign-ins",))
        first = collect(CollectOptions(regions=(HOME,), evidence=wanted))
        ids = {r.id for r in first.records if r.kind == "sign_in"}
        latest = max((r for r in first.records if r.kind == "sign_in"), key=lambda r: str(r.document["eventTime"]))
        until = datetime.fromisoformat(latest.document["eventTime"]) + timedelta(hours=20)
        known = [
            replace(r, document={**r.document, sign_in_events.KNOWN_UNTIL: rfc3339(until)})
            if r.kind == "account_region" else r
            for r in first.records if r.id != latest.id
        ]  # fmt: skip
        again = self._again(replace(first, records=tuple(known)))
        assert {r.id for r in again.records if r.kind == "sign_in"} == ids

    def test_what_is_older_than_the_window_is_not_carried_over(self, simulated: Callable[..., Simulator]) -> None:
        simulated(RICH)
        first = collect(CollectOptions(regions=(HOME,), evidence=EvidenceOptions(("sign-ins",))))
        assert [r for r in self._again(first, days=1).records if r.kind == "sign_in"] == []

    def test_what_an_earlier_audit_left_out_is_read_later(self, simulated: Callable[..., Simulator]) -> None:
        """Each audit comes further back, until the window is whole."""
        simulated(RICH)
        first = collect(CollectOptions(regions=(HOME,), evidence=EvidenceOptions(("sign-ins",), max_pages=1)))
        assert len(first.gaps) == 1
        second = self._again(first, max_pages=2)
        assert second.gaps == ()
        assert len([r for r in second.records if r.kind == "sign_in"]) == 61

    def test_an_audit_that_reads_nothing_keeps_what_was_known(self, simulated: Callable[..., Simulator]) -> None:
        simulated(RICH)
        first = collect(CollectOptions(regions=(HOME,), evidence=EvidenceOptions(("sign-ins",))))
        simulated(RICH, faults=[Fault("access_denied", "LookupEvents")])
        second = self._again(first)
        assert [g.reason for g in second.gaps] == ["access_denied"]
        assert len([r for r in second.records if r.kind == "sign_in"]) == 61
        known = [
            next(r for r in s.records if r.kind == "account_region").document[sign_in_events.KNOWN_UNTIL]
            for s in (first, second)
        ]
        assert known[0] == known[1]

    def test_the_window_is_asked_for(self, simulated: Callable[..., Simulator]) -> None:
        simulated("acme")
        counts = [
            sum(1 for r in collect(
                CollectOptions(regions=(HOME,), evidence=EvidenceOptions(("sign-ins",), days=days))
            ).records if r.kind == "sign_in")
            for days in (90, 30)
        ]  # fmt: skip
        assert counts[0] > counts[1] > 0

    def test_nothing_that_logs_in_or_locates_is_kept(self) -> None:
        kept = sign_in_events.trimmed(
            {
                "eventTime": "2026-01-01T00:00:00Z",
                "sourceIPAddress": "203.0.113.7",
                "userAgent": "Boto3/1.40 md/Botocore#1.40 exec-env/AWS_Lambda_python3.12 m/Z",
                "requestParameters": {"domainId": "d-1", "userProfileName": "ana", "landingUri": "secret"},
                "responseElements": {"authorizedUrl": "https://log-in"},
                "userIdentity": {"type": "IAMUser", "arn": "a", "accessKeyId": "ASIA", "userName": "ana",
                                 "sessionContext": {"sessionIssuer": {"arn": "r"}, "attributes": {"mfa": "x"},
                                                    "sourceIdentity": "wes"}},
            }
        )  # fmt: skip
        assert kept == {
            "eventTime": "2026-01-01T00:00:00Z",
            "errorCode": "",
            "userIdentity": {
                "type": "IAMUser",
                "arn": "a",
                "userName": "ana",
                "issuerArn": "r",
                "sourceIdentity": "wes",
                "executionEnvironment": "AWS_Lambda_python3.12",
            },
            "requestParameters": {"domainId": "d-1", "userProfileName": "ana"},
        }

    def _logged(
        self, simulated: Callable[..., Simulator], begins: dict[tuple[str, str], datetime],
        reach: dict[str, datetime] | None = None, earlier: Snapshot | None = None, unread: tuple[str, ...] = (),
    ) -> Collected:  # fmt: skip
        simulator = simulated(RICH)
        event = {
            "eventID": "e-1",
            "awsRegion": HOME,
            "recipientAccountId": ACCOUNT,
            "eventTime": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/ana"},
            "requestParameters": {"domainId": "d-home", "userProfileName": "ana"},
        }
        elsewhere = {**event, "eventID": "e-2", "awsRegion": AWAY}
        events = (event, elsewhere, {**event, "eventID": "e-3", "recipientAccountId": "1"})
        self.asked: list[tuple[str, Sequence[str], datetime]] = []

        def source(account: str, regions: Sequence[str], since: datetime) -> LoggedSignIns:
            self.asked.append((account, tuple(regions), since))
            return LoggedSignIns(events, begins, reach or {}, unread)

        wanted = EvidenceOptions(("sign-ins",), days=30, logged=source)
        previous = None if earlier is None else lambda *_: [earlier]
        return Collected(collect(CollectOptions(regions=(HOME,), evidence=wanted, previous=previous)), simulator)

    def test_log_files_stand_instead_of_the_api(self, simulated: Callable[..., Simulator]) -> None:
        found = self._logged(simulated, {(ACCOUNT, HOME): datetime.now(UTC) - timedelta(days=40)})
        assert found.ids("sign_in") == {"e-1"}
        assert found.gaps == ()
        assert found.simulator.calls["cloudtrail:LookupEvents"] == 0

    def test_a_log_file_that_could_not_be_read_is_a_gap_and_the_others_count(
        self, simulated: Callable[..., Simulator]
    ) -> None:
        long = datetime.now(UTC) - timedelta(days=40)
        found = self._logged(simulated, {(ACCOUNT, HOME): long}, unread=("b.json.gz: it is truncated",))
        assert found.ids("sign_in") == {"e-1"}
        (gap,) = found.gaps
        assert (gap.resource_type, gap.resource_id, gap.reason) == ("sign_in", "*", "unexpected_response")
        assert gap.detail == "1 log file could not be read: b.json.gz: it is truncated"
        assert sign_in_events.KNOWN_SINCE not in found.record("account_region", HOME).document

    def test_log_files_are_read_for_the_account_and_its_regions(self, simulated: Callable[..., Simulator]) -> None:
        long = datetime.now(UTC) - timedelta(days=40)
        first = self._logged(simulated, {(ACCOUNT, HOME): long})
        ((account, regions, since),) = self.asked
        assert (account, regions) == (ACCOUNT, (HOME,))
        assert abs(datetime.now(UTC) - timedelta(days=30) - since) < timedelta(minutes=1)
        # The next night only what is newer is read, and files of any region show that the trail goes on.
        minute = timedelta(minutes=1)
        before = replace(first.snapshot.header, as_of=rfc3339(datetime.now(UTC).replace(microsecond=0) - minute))
        earlier = replace(first.snapshot, header=before)
        second = self._logged(simulated, {(ACCOUNT, AWAY): datetime.now(UTC)}, earlier=earlier)
        assert self.asked[0][2] > datetime.now(UTC) - timedelta(days=1, minutes=5)
        assert second.gaps == ()
        assert second.ids("sign_in") == {"e-1"}

    def test_a_silent_region_of_a_trail_for_all_regions_is_no_gap(self, simulated: Callable[..., Simulator]) -> None:
        long, late = (datetime.now(UTC) - timedelta(days=d) for d in (40, 3))
        assert self._logged(simulated, {(ACCOUNT, AWAY): long}, {ACCOUNT: long}).gaps == ()
        assert self._logged(simulated, {(ACCOUNT, HOME): late}, {ACCOUNT: long}).gaps == ()

    def test_log_files_that_begin_too_late_are_a_gap(self, simulated: Callable[..., Simulator]) -> None:
        found = self._logged(simulated, {(ACCOUNT, HOME): datetime.now(UTC) - timedelta(days=10, hours=1)})
        only("sign_in", found, "--cloudtrail-logs")
        assert "--sign-in-days 10" in found.gaps[0].detail

    def test_log_files_of_another_region_are_a_gap(self, simulated: Callable[..., Simulator]) -> None:
        found = self._logged(simulated, {(ACCOUNT, AWAY): datetime.now(UTC) - timedelta(days=90)})
        only("sign_in", found, "--cloudtrail-logs")
