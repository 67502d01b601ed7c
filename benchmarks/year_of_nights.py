"""A year of nights: what is sent to a channel, and what it takes to ask whether the store is fresh and intact.

python benchmarks/year_of_nights.py [--nights 365] [--accounts 300] [--regions 4] [--kilobytes 150]

The first part keeps a night of one account after the other, as an evaluation does, and tells a webhook on 127.0.0.1
after each: an account in which nothing changes, one in which each week something does, the same while the webhook
refuses every message until the last night, and one of which no night after the first can be collected. The second part
asks a store of an organization, of manifests of real size: every account and Region with its counts, and nine files a
night of the given size. ``auditor verify`` reads these files, ``--chain-only`` the manifests alone.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import duckdb
from measure import auditor, machine, watched

from auditor.errors import CollectError
from auditor.model.notification import Channel, ChannelType
from auditor.notify.notifier import notify
from auditor.run.recorded_attempt import recorded
from auditor.run.run_store import open_store
from auditor.store import moments
from auditor.store.manifest import BY_DATE_VERSION, Manifest, ScopeCounts, StoredFile, run_id
from auditor.store.runs import RunStore
from auditor.store.store_status import write_status
from auditor.store.store_tables import HISTORY, write_parquet, written

LAST = datetime(2026, 11, 23, 2, tzinfo=UTC)
ACCOUNT, REGION = "111122223333", "eu-west-1"
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-south-1", "eu-north-1")
TABLES = ("findings", "resources", "coverage", "gaps", "history", "posture")


class Webhook:
    """Counts what is posted and what of it was taken. ``status``: its answer."""

    def __init__(self) -> None:
        self.status, self.posted, self.taken, self.items = 200, 0, 0, 0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.posted += 1
                if hook.status == 200:
                    hook.taken += 1
                    hook.items += sum(said["counts"].values())
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()


def text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def history(folder: Path, run: Manifest, failing: Mapping[str, tuple[datetime, datetime | None]]) -> Path:
    """The night's history table: domain → since when it fails, and when it was resolved."""
    rows = []
    for name, (first, gone) in failing.items():
        fingerprint, state = hashlib.md5(name.encode()).hexdigest(), "resolved" if gone else "failing"
        since = f"timestamp '{first:%Y-%m-%d %H:%M:%S}'"
        last = f"timestamp '{(gone or run.moment):%Y-%m-%d %H:%M:%S}'"
        rows.append(
            f"('{fingerprint}', 'STU106', 'high', '{state}', false, true, {since}, {last},"
            f" {last if gone else 'null::timestamp'}, 0, 'domain', '{name}', '{name}', '', '{name}', '{name}', '', 0,"
            f" '', 'Domain {name} uses IAM', '{ACCOUNT}', '{REGION}')"
        )
    query = f"""
        select * from (values {", ".join(rows)}) t(fingerprint, rule_id, severity, status, waived, assessed,
        first_seen, last_seen, resolved_at, regressed, type, id, name, arn, domain_id, domain_name, file, line,
        construct, message, account, region)"""
    with duckdb.connect() as con:
        write_parquet(con, HISTORY, query, folder, (run.run_id, run.as_of), by_date=True)
    (path,) = written(folder, HISTORY, run.run_id)
    return path


def year(nights: int, failing: Callable[[int], set[str]], *, refusing: bool = False, failed: bool = False) -> Webhook:
    """The nights of one account, each told to a webhook. ``failing``: day → domains that fail. ``refusing``: the
    webhook takes nothing before the last night. ``failed``: no night after the first can be collected."""
    hook = Webhook()
    channel = Channel(ChannelType.WEBHOOK, "hook", url=hook.url)
    known: dict[str, tuple[datetime, datetime | None]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = open_store(str(folder / "nights"))
        store.prepare()
        for day in range(nights):
            moment = LAST - timedelta(days=nights - 1 - day)
            moments.utc_now = lambda now=moment + timedelta(hours=1): now  # type: ignore[misc]
            hook.status = 503 if refusing and day < nights - 1 else 200
            if failed and day:
                with contextlib.suppress(CollectError), recorded(store, "audit"):
                    raise CollectError("AWS cannot be reached")
            else:
                now = failing(day)
                known = {one: (first, gone if gone or one in now else moment) for one, (first, gone) in known.items()}
                known |= {one: (moment, None) for one in now if one not in known}
                run = Manifest(
                    BY_DATE_VERSION, run_id(text(moment), [str(day)]), text(moment), "0.1.0", "aws",
                    ((ACCOUNT, REGION),), (), ("STU106",), 4, len(known), 0,
                    (ScopeCounts(ACCOUNT, REGION, high=len(now)),), (), (), {}, incomplete=(),
                )  # fmt: skip
                path = history(folder / "made", run, known)
                key = path.relative_to(folder / "made").as_posix()
                store.add(replace(run, tables={HISTORY.name: (StoredFile(key, 0),)}), {key: path})
                write_status(store)
            list(notify(open_store(str(folder / "nights")), [channel], now=moment + timedelta(hours=1)))
    return hook


def weekly(day: int) -> set[str]:
    """Each week another domain fails, and each fails for four weeks."""
    return {f"d{week}" for week in range(max(0, day // 7 - 3), day // 7 + 1)}


def organization(folder: Path, nights: int, accounts: int, regions: int, kilobytes: int) -> None:
    """A store of an organization's nights."""
    scopes = tuple((str(100_000_000_000 + a), region) for a in range(accounts) for region in sorted(REGIONS[:regions]))
    store = RunStore(open_store(str(folder)).place)
    store.prepare()
    source = folder.parent / "content"
    for day in range(nights):
        moment = LAST - timedelta(days=nights - 1 - day)
        counts = tuple(
            ScopeCounts(account, region, high=day % 7, medium=n % 50, low=n % 90, unknown=n % 3, new=n % 2)
            for n, (account, region) in enumerate(scopes)
        )
        identity = run_id(text(moment), [str(day)])
        source.write_bytes(os.urandom(kilobytes * 1024))
        date = f"{moment:%Y-%m-%d}"
        kept = [f"files/{identity}/{one}" for one in ("report.html", "report.json.gz", "snapshot-1.jsonl.gz")]
        tables = {one: (StoredFile(f"{one}_by_date/date={date}/{identity}_0.parquet", 0),) for one in TABLES}
        run = Manifest(
            BY_DATE_VERSION, identity, text(moment), "0.1.0", "aws", scopes, (),
            tuple(f"STU{number}" for number in range(101, 208)), 4, 24_000, 0, counts,
            (StoredFile(kept[2], 0),), tuple(StoredFile(one, 0) for one in kept[:2]), tables, incomplete=(),
        )  # fmt: skip
        store.add(replace(run), {one.key: source for one in run.all_files})
    write_status(store)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--accounts", type=int, default=300)
    parser.add_argument("--regions", type=int, default=4)
    parser.add_argument("--kilobytes", type=int, default=150)
    given = parser.parse_args()
    print(f"{machine()}; {given.nights} nights")
    real = moments.utc_now
    some = {"a", "b", "c"}
    for what, ask in (
        ("nothing changes", lambda: year(given.nights, lambda _: some)),
        ("each week one domain fails and one is resolved", lambda: year(given.nights, weekly)),
        ("so, and the webhook refuses all but the last", lambda: year(given.nights, weekly, refusing=True)),
        ("no night after the first is collected", lambda: year(given.nights, lambda _: some, failed=True)),
    ):
        hook = ask()
        print(f"{what}: {hook.taken} messages with {hook.items} items taken, {hook.posted} posted", flush=True)
    moments.utc_now = real
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "nights"
        organization(folder, given.nights, given.accounts, given.regions, given.kilobytes)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"{given.accounts} accounts × {given.regions} Regions × {given.nights} nights, {size / 1e9:.2f} GB")
        place = ["--store", str(folder)]
        for words in (["status", *place, "--max-age", "3650d"], ["verify", *place, "--chain-only"], ["verify", *place]):
            spent = [watched(auditor(*words), os.environ) for _ in range(3)]
            best = min(spent, key=lambda one: one.cpu)
            shown = " ".join([words[0], *words[3:]])
            print(f"auditor {shown}: {best.cpu:.2f} s of processor time, {best.seconds:.2f} s")


if __name__ == "__main__":
    main()
