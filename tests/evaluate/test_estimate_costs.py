"""What findings about money cost: each app and volume once, an interval, unknown where there is no price."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from auditor.evaluate.estimate_costs import RULES, costs
from auditor.model.cost import Costs, CostSum
from auditor.model.finding import Evidence, Finding
from auditor.model.report import Report
from auditor.model.resource import Origin, ResourceRef, SnapshotInfo
from auditor.model.rule import Rule, Severity, Verdict
from auditor.model.snapshot import Gap
from auditor.model.waiver import ResourcePattern, Waiver
from auditor.resolve.tables import APP, DOMAIN, SPACE, USER_PROFILE
from auditor.store.connection import connect
from auditor.studio.prices import CANVAS, HOURS, INSTANCES, SOURCES, VOLUME, Price, canvas, running, span, volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

    from auditor.resolve.table_model import Table

HERE = "1/us-east-1"
AT = {"account": "1", "region": "us-east-1", "domain_id": "d-1", "domain_key": f"{HERE}/domain/d-1"}
#: A private space of ann's and a shared one, with an app each; ben's Canvas and a kernel on a type without a price.
ROWS: Mapping[str, tuple[Table, list[dict[str, object]]]] = {
    "domain": (DOMAIN, [{"key": f"{HERE}/domain/d-1", "tags": {"owner": "platform"}}]),
    "user_profile": (USER_PROFILE, [
        AT | {"key": f"{HERE}/user_profile/d-1/ann", "tags": {"Owner": "ann"}},
        AT | {"key": f"{HERE}/user_profile/d-1/ben", "tags": None},
    ]),
    "space": (SPACE, [
        AT | {"key": f"{HERE}/space/d-1/lab", "owner_key": f"{HERE}/user_profile/d-1/ann", "sharing_type": "Private",
              "ebs_volume_gb": 100},
        AT | {"key": f"{HERE}/space/d-1/team", "owner_key": "", "sharing_type": "Shared", "ebs_volume_gb": None},
        AT | {"key": f"{HERE}/space/d-1/old", "owner_key": f"{HERE}/user_profile/d-1/ann", "sharing_type": "Private",
              "ebs_volume_gb": 0},
    ]),
    "app": (APP, [
        AT | {"key": f"{HERE}/app/a", "space_name": "lab", "user_profile_name": "", "app_type": "JupyterLab",
              "instance_type": "ml.g5.xlarge", "status": "InService"},
        AT | {"key": f"{HERE}/app/b", "space_name": "team", "user_profile_name": "", "app_type": "JupyterLab",
              "instance_type": "ml.t3.medium", "status": "InService"},
        AT | {"key": f"{HERE}/app/c", "space_name": "", "user_profile_name": "ben", "app_type": "Canvas",
              "instance_type": "", "status": "InService"},
        AT | {"key": f"{HERE}/app/d", "space_name": "", "user_profile_name": "ben", "app_type": "KernelGateway",
              "instance_type": "ml.new.huge", "status": "InService"},
        AT | {"key": f"{HERE}/app/e", "space_name": "lab", "user_profile_name": "", "app_type": "JupyterLab",
              "instance_type": "ml.g5.xlarge", "status": "Deleted"},
    ]),
}  # fmt: skip


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as made:
        for name, (table, rows) in ROWS.items():
            made.execute(f"create table {name} ({', '.join(f'{quoted} {type_}' for quoted, type_ in _columns(table))})")
            for row in rows:
                marks = ", ".join("?" * len(row))
                made.execute(f"insert into {name} ({', '.join(row)}) values ({marks})", list(row.values()))
        yield made


def _columns(table: Table) -> list[tuple[str, str]]:
    return [(f'"{name}"', type_) for name, type_ in table.types.items()]


def finding(rule: str, key: str, *, instance: str = "", **changes: object) -> Finding:
    account, region, type_, id_ = key.split("/", 3)
    resource = ResourceRef(type_, id_, id_, account, region, domain_id="d-1", domain_name="research")
    evidence = (Evidence("jupyterlab_instance_type", instance, Origin("profile", "", "")),) if instance else ()
    made = Finding(f"{rule}{key}", rule, Verdict.FAIL, Severity.LOW, resource, "", evidence, f"cause-{rule}", None)
    return replace(made, **changes)  # type: ignore[arg-type]


def report(*findings: Finding, source: str = "aws", gaps: tuple[Gap, ...] = ()) -> Report:
    info = SnapshotInfo("s", "0", "2026-11-25T02:00:00Z", source, "1", "me", (("1", "us-east-1"),))
    return Report("1", info.as_of, source, (info,), {}, {}, {}, (), (), (), gaps, (), findings)


def estimate(con: duckdb.DuckDBPyConnection, *findings: Finding, **of: object) -> Costs:
    made = costs(con, report(*findings, **of), ("owner",))  # type: ignore[arg-type]
    assert made is not None
    return made


G5 = (round(1.41 * 160, 2), round(1.41 * 730, 2))
T3 = (0.05 * 160, 0.05 * 730)
CANVAS_COST = (1.9 * 160, 1.9 * 730)


@pytest.mark.parametrize(
    ("rule", "key", "instance", "cost"),
    [
        ("STU707", "app/a", "", CostSum(*G5, 1, 0, 0)),
        ("STU718", "app/c", "", CostSum(*CANVAS_COST, 1, 0, 0)),
        ("STU708", "app/d", "", CostSum(0, 0, 0, 1, 0)),
        # What runs in a person's private space is theirs, and what is stopped costs nothing.
        ("STU704", "user_profile/d-1/ann", "", CostSum(*G5, 1, 0, 0)),
        ("STU716", "user_profile/d-1/ann", "ml.g5.xlarge", CostSum(*G5, 1, 0, 0)),
        ("STU712", "space/d-1/lab", "", CostSum(*G5, 1, 0, 0)),
        ("STU711", "domain/d-1", "", CostSum(*T3, 1, 0, 0)),
        # A volume costs the same at any hour.
        ("STU506", "space/d-1/lab", "", CostSum(11.2, 15.4, 1, 0, 0)),
        ("STU506", "space/d-1/team", "", CostSum(0, 0, 0, 1, 0)),
        ("STU111", "user_profile/d-1/ann", "", CostSum(11.2, 15.4, 1, 0, 0)),
        ("STU702", "space/d-1/lab", "", CostSum(round(G5[0] + 11.2, 2), round(G5[1] + 15.4, 2), 2, 0, 0)),
        # How much an EFS holds is not collected.
        ("STU503", "domain/d-1", "", CostSum(0, 0, 0, 1, 0)),
    ],
)
def test_what_a_finding_is_about(
    con: duckdb.DuckDBPyConnection, rule: str, key: str, instance: str, cost: CostSum
) -> None:
    found = estimate(con, finding(rule, f"{HERE}/{key}", instance=instance))
    assert found.total == cost
    assert [c.cost for c in found.by_cause] == [c.cost for c in found.by_domain] == [cost]
    assert (found.findings, found.idle, found.sources, found.hours) == (1, 0, SOURCES, HOURS)


@pytest.mark.parametrize(
    ("rule", "key", "instance"),
    [
        # Canvas and kernels know no idle shutdown; another type runs; nothing runs; no volume.
        ("STU704", "user_profile/d-1/ben", ""),
        ("STU716", "user_profile/d-1/ann", "ml.p5.48xlarge"),
        ("STU713", "space/d-1/old", "ml.g5.xlarge"),
        ("STU506", "space/d-1/old", ""),
    ],
)
def test_where_nothing_runs_nothing_is_priced(
    con: duckdb.DuckDBPyConnection, rule: str, key: str, instance: str
) -> None:
    found = estimate(con, finding(rule, f"{HERE}/{key}", instance=instance))
    assert (found.total, found.idle, found.by_cause) == (CostSum(0, 0, 0, 0, 0), 1, ())


def test_an_app_counts_once_in_each_sum_and_waived_findings_do_not(con: duckdb.DuckDBPyConnection) -> None:
    waiver = Waiver(("STU718",), ResourcePattern(), "known", "somebody", date(2027, 1, 1))
    found = estimate(
        con,
        finding("STU707", f"{HERE}/app/a"),
        finding("STU708", f"{HERE}/app/a"),
        finding("STU704", f"{HERE}/user_profile/d-1/ann"),
        finding("STU711", f"{HERE}/domain/d-1"),
        finding("STU718", f"{HERE}/app/c", waiver=waiver),
        finding("STU708", f"{HERE}/app/d", status=Verdict.UNKNOWN),
        finding("STU101", f"{HERE}/user_profile/d-1/ann"),
    )
    assert found.findings == 4
    assert found.total == CostSum(round(G5[0] + T3[0], 2), round(G5[1] + T3[1], 2), 2, 0, 0)
    assert [(c.rule_id, c.cost.priced) for c in found.by_cause] == [
        ("STU704", 1), ("STU707", 1), ("STU708", 1), ("STU711", 1),
    ]  # fmt: skip
    # The owner of an app in a space is whoever owns the space, by the tags that name an owner.
    assert [(o.owner, o.cost.high) for o in found.by_owner] == [("ann", G5[1]), ("platform", T3[1])]


def test_owners_of_auditor_yaml_stand_instead_of_tags(con: duckdb.DuckDBPyConnection) -> None:
    found = estimate(con, finding("STU707", f"{HERE}/app/a", owner="nlp"), finding("STU718", f"{HERE}/app/c", owner=""))
    assert {o.owner for o in found.by_owner} == {"nlp", ""}


def test_no_estimate_without_money_or_of_templates(con: duckdb.DuckDBPyConnection) -> None:
    assert costs(con, report(finding("STU101", f"{HERE}/user_profile/d-1/ann")), ()) is None
    assert costs(con, report(finding("STU707", f"{HERE}/app/a"), source="terraform"), ()) is None


def test_a_list_that_is_not_whole_is_said(con: duckdb.DuckDBPyConnection) -> None:
    gap = Gap("1", "us-east-1", "app", "*", "*", "ListApps", "denied")
    assert estimate(con, finding("STU707", f"{HERE}/app/a"), gaps=(gap,)).incomplete
    assert not estimate(con, finding("STU707", f"{HERE}/app/a")).incomplete


def test_regions_have_their_own_price_or_a_wider_interval() -> None:
    low, high = span()
    assert (round(low, 2), round(high, 2)) == (1.0, 1.45)
    assert running("ml.t3.medium", "eu-west-1") == Price(0.055 * HOURS[0], 0.055 * HOURS[1])
    assert running("ml.t3.medium", "sa-east-1") == Price(0.05 * HOURS[0] * low, 0.05 * HOURS[1] * high, widened=True)
    # Not offered there, not known at all, a price list of its own, unknown.
    assert running("ml.g6.xlarge", "eu-west-1") is None
    assert running("ml.new.huge", "us-east-1") is None
    assert running("ml.t3.medium", "cn-north-1") is None
    assert running(None, "us-east-1") is None
    assert canvas("us-east-1") == Price(CANVAS * HOURS[0], CANVAS * HOURS[1])
    assert canvas("us-gov-west-1") is None
    assert volume(None, "us-east-1") is None
    assert volume(10, "eu-west-1") == Price(10 * VOLUME[0] * low, 10 * VOLUME[1] * high, widened=True)


def test_prices_are_intervals_with_a_date_and_a_source() -> None:
    assert all(date.fromisoformat(source.date) and source.origin and source.prices for source in SOURCES)
    assert all(price > 0 for prices in INSTANCES.values() for price in prices.values())
    assert all({*prices} <= {*INSTANCES["us-east-1"]} for prices in INSTANCES.values())
    prices = [running(type_, region) for region in (*INSTANCES, "sa-east-1") for type_ in INSTANCES["us-east-1"]]
    assert all(p.low < p.high for p in (*prices, canvas("eu-west-3"), volume(5, "us-east-1")) if p is not None)


def test_rules_about_money_exist_and_judge_what_is_counted(built_in_rules: tuple[Rule, ...]) -> None:
    tables = {rule.id: rule.table for rule in built_in_rules}
    assert {tables.get(rule) for rule in RULES} == {"app", "space", "user_profile", "domain"}
    assert all(tables[rule] == "domain" for rule, money in RULES.items() if money.files)
