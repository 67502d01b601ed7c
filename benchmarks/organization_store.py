"""A year of an organization's nights in a bucket: what fails since when, in seconds and in requests.

python benchmarks/organization_store.py [--accounts 300] [--regions 4] [--nights 365] [--failing 60000]

The manifests are those of real size: every account and Region with its counts. Tables hold what that question reads:
the history of the last night. The bucket is a simulated one (moto) on 127.0.0.1. ``--spark`` runs the questions of the
store's definitions on Spark as well, on a copy in a folder, and compares the rows (needs pyspark and Java).
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from measure import machine

from auditor.history.query import Filter, failures, nights
from auditor.simulator import Simulator
from auditor.store.backends import open_backend
from auditor.store.chain import seal
from auditor.store.ddl import duckdb as views
from auditor.store.manifest import BY_DATE_VERSION, Link, Manifest, ScopeCounts, StoredFile, run_id
from auditor.store.runs import RunStore
from auditor.store.store_tables import HISTORY, write_parquet, written

LAST = datetime(2026, 11, 23, 2, tzinfo=UTC)
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-south-1", "eu-north-1")
QUESTIONS = (
    "select rule_id, severity, count(*) as n, min(first_seen) as since from history where status = 'failing'"
    " group by rule_id, severity",
    "select account, region, count(*) as n from history where first_seen < timestamp '2026-06-01 00:00:00'"
    " group by account, region",
)


def manifest(moment: datetime, scopes: tuple[tuple[str, str], ...], day: int) -> Manifest:
    as_of = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    counts = tuple(
        ScopeCounts(account, region, high=day % 7, medium=n % 50, low=n % 90, unknown=n % 3, new=n % 2)
        for n, (account, region) in enumerate(scopes)
    )
    rules = tuple(f"STU{number}" for number in range(101, 181))
    return Manifest(
        BY_DATE_VERSION, run_id(as_of, [str(day)]), as_of, "0.1.0", "aws", scopes, (), rules, 4, 24_000, 0, counts,
        (), (), {}, incomplete=(),
    )  # fmt: skip


def history(folder: Path, run: Manifest, accounts: int, regions: int, failing: int) -> Path:
    """The last night's history: so many failures, the oldest a year old."""
    query = f"""
        select md5(i::varchar) as fingerprint, 'STU' || (101 + i % 80) as rule_id,
               ['critical', 'high', 'medium', 'low'][1 + i % 4] as severity, 'failing' as status, false as waived,
               true as assessed, timestamp '2026-11-23 02:00:00' - interval (i % 364) day as first_seen,
               timestamp '2026-11-23 02:00:00' as last_seen, null::timestamp as resolved_at, 0 as regressed,
               'user_profile' as type, 'd-1/p-' || i as id, 'p-' || i as name, '' as arn, 'd-1' as domain_id,
               'research' as domain_name, '' as file, 0 as line, '' as construct, 'p-' || i || ' fails' as message,
               lpad((100000000000 + i % {accounts})::varchar, 12, '0') as account,
               ({list(REGIONS[:regions])!r})[1 + (i // {accounts}) % {regions}] as region
        from range({failing}) t(i)"""
    write_parquet(duckdb.connect(), HISTORY, query, folder, (run.run_id, run.as_of), by_date=True)
    (path,) = written(folder, HISTORY, run.run_id)
    return path


def fill(store: RunStore, folder: Path, accounts: int, regions: int, number: int, failing: int) -> None:
    scopes = tuple((str(100_000_000_000 + a), region) for a in range(accounts) for region in sorted(REGIONS[:regions]))
    before: tuple[Link, ...] = ()
    for day in reversed(range(1, number)):
        run, data = seal(replace(manifest(LAST - timedelta(days=day), scopes, day), previous=before))
        store.place.put_bytes(run.key, data)
        before = (Link(run.run_id, run.root),)
    run = manifest(LAST, scopes, 0)
    path = history(folder, run, accounts, regions, failing)
    key = path.relative_to(folder).as_posix()
    store.add(replace(run, tables={HISTORY.name: (StoredFile(key, 0),)}), {key: path})
    store.compact(LAST - timedelta(days=3))


def asked(store: RunStore) -> Counter[str]:
    """The requests that the store's client makes from now on, by operation."""
    found: Counter[str] = Counter()
    client: Any = store.place._client  # type: ignore[attr-defined]
    client.meta.events.register("before-call.s3", lambda model, **_: found.update([model.name]))
    return found


def spark_rows(root: Path) -> list[list[tuple[Any, ...]]]:
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]").appName("store").config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false").getOrCreate()
    )  # fmt: skip
    session.sparkContext.setLogLevel("ERROR")
    session.read.json(str(root / "runs" / "*.json")).select("run_id").createOrReplaceTempView("runs")
    session.read.parquet(str(root / "history_by_date")).createOrReplaceTempView("history_files")
    session.sql(
        "select * from history_files where run_id in (select run_id from runs)"
    ).createOrReplaceTempView("history")  # fmt: skip
    found = [sorted(map(tuple, session.sql(question).collect())) for question in QUESTIONS]
    session.stop()
    return found


def duckdb_rows(root: Path, runs: tuple[Manifest, ...]) -> list[list[tuple[Any, ...]]]:
    con = duckdb.connect()
    for statement in views(str(root), runs):
        con.execute(statement)
    return [sorted(con.execute(question).fetchall()) for question in QUESTIONS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=300)
    parser.add_argument("--regions", type=int, default=4)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--failing", type=int, default=60_000)
    parser.add_argument("--spark", action="store_true")
    given = parser.parse_args()
    print(f"{machine()}; {given.accounts} accounts × {given.regions} Regions × {given.nights} nights,"
          f" {given.failing:,} failures")  # fmt: skip
    with tempfile.TemporaryDirectory() as name, Simulator("clean") as simulator:
        folder = Path(name)
        os.environ.update(simulator.environment)
        import boto3

        boto3.client("s3").create_bucket(
            Bucket="studio", CreateBucketConfiguration={"LocationConstraint": os.environ["AWS_DEFAULT_REGION"]}
        )  # fmt: skip
        writer = RunStore(open_backend("s3://studio/nights"))
        writer.prepare()
        fill(writer, folder, given.accounts, given.regions, given.nights, given.failing)
        for what in ("first", "again"):
            store = RunStore(open_backend("s3://studio/nights"))
            requests = asked(store)
            begun = time.perf_counter()
            runs = store.runs()
            read = time.perf_counter()
            found = failures(store, runs, Filter())
            ended = time.perf_counter()
            points = nights(store, runs, Filter())
            print(f"failing since when ({what}): {ended - begun:.2f} s (manifests {read - begun:.2f} s), {len(found):,}"
                  f" failures, trend of {len(points)} nights; {dict(requests)}")  # fmt: skip
        if given.spark:
            copy = folder / "copy"
            for entry in store.place.entries():
                path = copy / entry.key
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(store.place.read(entry.key))
            same = duckdb_rows(copy, runs) == spark_rows(copy)
            print(f"Spark gives {'the same rows' if same else 'OTHER ROWS'} as DuckDB on {len(QUESTIONS)} questions")


if __name__ == "__main__":
    main()
