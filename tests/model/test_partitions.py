"""The table of partitions against botocore's own."""

from __future__ import annotations

import botocore.session
import duckdb

from auditor.studio.partitions import HOME_REGIONS, partition_of, partition_sql


def test_every_region_that_botocore_knows_is_in_its_partition() -> None:
    session = botocore.session.get_session()
    partitions = session.get_data("partitions")["partitions"]
    assert {p["id"]: p["outputs"]["implicitGlobalRegion"] for p in partitions} == HOME_REGIONS
    regions = {region: p["id"] for p in partitions for region in p["regions"] if not region.endswith("-global")}
    assert {region: partition_of(region) for region in regions} == regions
    con = duckdb.connect()
    for region, partition in regions.items():
        assert con.execute(f"select {partition_sql('r')} from (select ? as r)", [region]).fetchall() == [(partition,)]
