"""Time of holding templates against an account: so many profiles in both, and as many in the account only.

.venv/bin/python benchmarks/drift.py [PROFILES]
"""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from auditor.drift.detect import drift, load_live
from auditor.model.snapshot import KINDS, SCHEMA_VERSION, TEMPLATE, Header, Place, Record, Scope, Snapshot
from auditor.report.drift_view import drift_view
from auditor.store.snapshot_file import write_snapshot

ACCOUNT, REGION, AS_OF = "111122223333", "eu-west-1", "2026-11-25T00:00:00Z"
DOMAIN = {"DomainName": "research", "AuthMode": "SSO", "VpcId": "vpc-1", "SubnetIds": ["subnet-1"]}


def profile(number: int, hidden: list[str]) -> dict[str, object]:
    """A profile's document: its own role, two hidden lists, the person in Identity Center."""
    settings = {"ExecutionRole": f"arn:aws:iam::{ACCOUNT}:role/person-{number}",
                "StudioWebPortalSettings": {"HiddenAppTypes": hidden, "HiddenMlTools": ["Comet"]}}  # fmt: skip
    name = f"person-{number}"
    return {"UserProfileName": name, "SingleSignOnUserValue": f"{name}@example.org", "UserSettings": settings}


def live(number: int) -> Snapshot:
    """The account."""
    created = {"CreationTime": "2025-02-03T00:00:00Z", "Status": "InService"}
    records = [
        Record(ACCOUNT, REGION, "account_region", REGION, {}),
        Record(ACCOUNT, REGION, "domain", "d-1", {**DOMAIN, **created, "DomainId": "d-1"}, ()),
    ]
    for n in range(number):
        document = {**profile(n, ["JupyterServer"]), **created, "DomainId": "d-1"}
        records.append(
            Record(ACCOUNT, REGION, "user_profile", f"d-1/person-{n}", document, (("owner", f"person-{n}"),))
        )
    header = Header(SCHEMA_VERSION, "aws", AS_OF, "0", "1", "", (Scope(ACCOUNT, REGION),), kinds=KINDS)
    return Snapshot(header, tuple(records))


def templates(number: int) -> Snapshot:
    """A template of which each profile differs in one setting."""
    records = [
        Record("t.yaml", TEMPLATE, "domain", "Domain", {**DOMAIN, "DomainId": "Domain"}, (), (), Place("t.yaml"))
    ]
    for n in range(number):
        document = {**profile(n, ["Canvas"]), "DomainId": "Domain"}
        tags = (("owner", f"person-{n}"),)
        records.append(Record("t.yaml", TEMPLATE, "user_profile", f"P{n}", document, tags, (), Place("t.yaml", n + 1)))
    header = Header(SCHEMA_VERSION, "cloudformation", AS_OF, "0", "", "", (Scope("t.yaml", TEMPLATE),))
    return Snapshot(header, tuple(records))


def main(number: int) -> None:
    """Print what each step takes."""
    ours = templates(number)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "live.jsonl"
        write_snapshot(path, live(2 * number))
        moments = [time.perf_counter()]
        files = load_live([path])
        moments.append(time.perf_counter())
        found = drift(ours, files)
        moments.append(time.perf_counter())
        rows = drift_view(found)
        moments.append(time.perf_counter())
    read, compared, grouped = (b - a for a, b in pairwise(moments))
    print(f"{2 * number:,} live profiles, {number:,} in the template: {found.counts}, {found.compared:,} settings")
    print(f"read {read:.2f} s, match and compare {compared:.2f} s, group {grouped:.2f} s ({len(rows.only)} rows)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
