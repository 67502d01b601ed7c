"""Collecting from a simulated account in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pytest

from auditor.collect.aws import CollectOptions, collect
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.collect.aws.sign_in_events import KNOWN_SINCE, KNOWN_UNTIL
from auditor.model.snapshot import Coverage, Gap, Record, Snapshot
from auditor.simulator import Fault, Simulator
from auditor.simulator.estate import Estate
from auditor.studio.evidence_sources import EVIDENCE

ACCOUNT, HOME, AWAY = "123456789012", "eu-west-1", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/studio"


def _domain(name: str, region: str) -> dict[str, object]:
    return {
        "DomainName": name,
        "id": f"d-{name}",
        "region": region,
        "AuthMode": "IAM",
        "vpc": name,
        "DefaultUserSettings": {"ExecutionRole": ROLE},
        "Tags": [{"Key": "team", "Value": name}],
        "profiles": [
            {"UserProfileName": "ana", "UserSettings": {"AutoMountHomeEFS": "Disabled"}},
            {"UserProfileName": "ben"},
            {"UserProfileName": "cleo"},
        ],
        "spaces": [{"SpaceName": "lab", "owner": "ana", "app_type": "JupyterLab"}],
        "apps": [{"space": "lab", "type": "JupyterLab"}],
    }


#: One domain in each of two regions: three profiles, a space, an app, a partner app, tags on the domain only.
SMALL = Estate(
    "small",
    ACCOUNT,
    HOME,
    {
        "region": HOME,
        "vpcs": {"home": {}, "away": {"region": AWAY}},
        "roles": ["studio"],
        "domains": [_domain("home", HOME), _domain("away", AWAY)],
        "partner_apps": [{"Name": "comet", "Type": "comet"}, {"Name": "fiddler", "Type": "fiddler", "region": AWAY}],
    },
)


@dataclass(frozen=True)
class Collected:
    """A snapshot, with what the tests ask it for."""

    snapshot: Snapshot
    simulator: Simulator

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return self.snapshot.gaps

    def ids(self, kind: str, region: str = HOME) -> set[str]:
        return {r.id for r in self.snapshot.records if (r.kind, r.region) == (kind, region)}

    def record(self, kind: str, record_id: str, region: str = HOME) -> Record:
        (found,) = (r for r in self.snapshot.records if (r.kind, r.id, r.region) == (kind, record_id, region))
        return found

    def coverage(self, operation: str, region: str = HOME) -> Coverage:
        (found,) = (c for c in self.snapshot.coverage if (c.operation, c.region) == (operation, region))
        return found


def by_key(snapshot: Snapshot) -> Mapping[tuple[str, str, str], Record]:
    """The records, in no order, without the times of the audit itself."""
    made = {
        (r.region, r.kind, r.id): r
        if r.kind != "account_region"
        else replace(r, document={k: v for k, v in r.document.items() if k not in (KNOWN_SINCE, KNOWN_UNTIL)})
        for r in snapshot.records
    }
    assert len(made) == len(snapshot.records), "two records with one key"
    return made


Collect = Callable[..., Collected]


@pytest.fixture
def collected(simulated: Callable[..., Simulator]) -> Collect:
    """``collected(estate, faults=[…], regions=(…))``: two attempts a call, so that what fails fails soon."""

    def run(
        estate: str | Estate = SMALL,
        *,
        faults: Sequence[Fault] = (),
        regions: tuple[str, ...] = (HOME,),
        max_attempts: int = 2,
        evidence: tuple[str, ...] = tuple(EVIDENCE),
        **options: object,
    ) -> Collected:
        simulator = simulated(estate, faults=faults, **options)
        wanted = EvidenceOptions(names=evidence)
        return Collected(
            collect(CollectOptions(regions=regions, max_attempts=max_attempts, evidence=wanted)), simulator
        )

    return run
