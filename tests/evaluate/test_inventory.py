"""The inventory says of every resource what the tables say: compared row by row with plain queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor.evaluate import report_inventory
from auditor.evaluate.audit import EvaluateOptions, evaluate, load_tables
from auditor.evaluate.engine import evaluate_rules
from auditor.evaluate.report_inventory import inventory, owner_tags
from auditor.model.inventory import Inventory, InventoryTable
from auditor.model.report import Report
from auditor.model.rule import Rule
from auditor.resolve.tables import table

if TYPE_CHECKING:
    import duckdb

EstateFile = Callable[[str], Path]
OWNERS = ("studiouserid", "owner")


@pytest.fixture(scope="module")
def con(estate_file: EstateFile, built_in_rules: tuple[Rule, ...]) -> Iterator[duckdb.DuckDBPyConnection]:
    made, _ = load_tables([estate_file("acme")])
    evaluate_rules(made, built_in_rules, {})
    yield made
    made.close()


@pytest.fixture(scope="module")
def acme(con: duckdb.DuckDBPyConnection) -> Inventory:
    return inventory(con, OWNERS)


def _of(found: Inventory, kind: str) -> InventoryTable:
    return next(t for t in found.tables if t.type == kind)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("kind", ["domain", "user_profile", "space", "app", "execution_role"])
def test_every_value_and_origin_is_the_tables(con: duckdb.DuckDBPyConnection, acme: Inventory, kind: str) -> None:
    found, documented = _of(acme, kind), table(kind)
    assert documented is not None
    cursor = con.execute(f"select * from {kind} order by key")
    names = [d[0] for d in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert [r.key for r in found.resources] == [row["key"] for row in rows] != []
    for column in found.columns:
        own = documented.column(column.name)
        assert own is not None
        assert (column.doc, column.unit) == (own.doc, own.unit)
        for row, code in zip(rows, column.codes, strict=True):
            value, layer = column.values[code]
            assert _plain(value) == row[column.name], (row["key"], column.name)
            if own.has_origin:
                assert layer == (row[f"{column.name}_origin"] or "unknown")
        # Each value once: that is what keeps a large estate small.
        assert len({(repr(v), layer) for v, layer in column.values}) == len(column.values)
    listed = {c.name for c in found.columns} | set(found.resources[0].__slots__)
    missing = {c.name for c in documented.columns} - listed
    assert missing <= {"key", "as_of", "domain_key", "name_tokens", "sso_user_tokens"}


def test_what_belongs_to_what(acme: Inventory) -> None:
    place = "123456789012/eu-west-1"
    spaces, apps, profiles = (_of(acme, kind) for kind in ("space", "app", "user_profile"))
    parents = {r.id: p for t in (spaces, apps, profiles) for r, p in zip(t.resources, t.parents, strict=True)}
    assert parents["d-quicksetup01/grace-lab"] == f"{place}/user_profile/d-quicksetup01/grace-hopper"
    assert parents["d-quicksetup01/grace-hopper"] == f"{place}/domain/d-quicksetup01"
    assert (
        parents["d-quicksetup01/space/grace-lab/JupyterLab/default"] == f"{place}/space/d-quicksetup01/grace-lab"
    )  # fmt: skip
    assert (
        parents["d-legacy000001/profile/alice-meyer/JupyterServer/default"]
        == f"{place}/user_profile/d-legacy000001/alice-meyer"
    )
    keys = {r.key for t in acme.tables for r in t.resources}
    for kind in ("user_profile", "space", "app"):
        own = _of(acme, kind)
        assert set(own.domains) <= keys
        # A space of an owner who is gone hangs on its domain.
        assert set(own.parents) <= keys


def test_sign_ins_are_under_their_profile(con: duckdb.DuckDBPyConnection, acme: Inventory) -> None:
    seen = {(s.profile.rsplit("/", 1)[-1], s.principal, s.kind, s.times) for s in acme.sign_ins}
    assert ("grace-hopper", "arn:aws:iam::123456789012:user/grace", "human", 3) in seen
    assert len(acme.sign_ins) == con.execute("select count(*) from sign_in").fetchall()[0][0]
    assert all(s.first.endswith("Z") and s.first <= s.last for s in acme.sign_ins)


def test_a_large_table_is_read_column_by_column_into_the_same(
    con: duckdb.DuckDBPyConnection, acme: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_inventory, "READ_AT_ONCE", 0)
    assert inventory(con, OWNERS) == acme


def test_owners_are_those_of_the_tag(con: duckdb.DuckDBPyConnection) -> None:
    tags = dict(con.execute("select key, tags from user_profile where len(map_keys(tags)) > 0").fetchall())
    key, value = next((k, v) for tag in tags.values() for k, v in tag.items())
    found = _of(inventory(con, [key.lower().replace("-", "").replace(":", "")]), "user_profile")
    owners = {r.key: o for r, o in zip(found.resources, found.owners, strict=True)}
    assert value in owners.values()
    for resource, owner in owners.items():
        assert owner == tags.get(resource, {}).get(key, "").strip()


def test_on_a_large_estate_only_resources_with_a_finding(
    con: duckdb.DuckDBPyConnection, acme: Inventory, estate_report: Callable[[str], Report]
) -> None:
    some = inventory(con, OWNERS, limit=10)
    assert acme.complete
    assert not some.complete
    assert some.total == acme.total
    with_finding = {f.resource.key for f in estate_report("acme").findings}
    for kind in ("user_profile", "space", "app"):
        assert {r.key for r in _of(some, kind).resources} == with_finding & {r.key for r in _of(acme, kind).resources}
    assert _of(some, "domain") == _of(acme, "domain")
    assert {s.profile for s in some.sign_ins} <= with_finding


def test_without_a_rule_on_a_table_nothing_of_it_has_a_finding(
    estate_file: EstateFile, built_in_rules: tuple[Rule, ...]
) -> None:
    con, _ = load_tables([estate_file("acme")])
    evaluate_rules(con, [r for r in built_in_rules if r.table == "domain"], {})
    some = inventory(con, OWNERS, limit=1)
    assert _of(some, "user_profile").resources == ()
    assert _of(some, "domain").resources


def test_is_there_only_when_asked_for(
    estate_file: EstateFile, built_in_rules: tuple[Rule, ...], estate_report: Callable[[str], Report]
) -> None:
    files = [estate_file("clean")]
    plain = evaluate(files, built_in_rules, EvaluateOptions(with_summaries=True))
    assert plain.inventory is None
    full = estate_report("clean")
    assert full.inventory is not None
    assert replace(full, inventory=None) == plain
    assert full == evaluate(files, built_in_rules, EvaluateOptions(with_inventory=True, with_summaries=True))


def test_owner_tags_are_the_rules_parameter(built_in_rules: tuple[Rule, ...]) -> None:
    rule = next(r for r in built_in_rules if r.name == "profile-without-owner")
    default = next(p for p in rule.params if p.name == "owner_tags").default
    assert owner_tags(built_in_rules, {}) == tuple(default)
    assert owner_tags(built_in_rules, {rule.id: {"owner_tags": ["person"]}}) == ("person",)
    # The rule is not among those evaluated: what names an owner is the same.
    assert owner_tags([], {}) == tuple(default)
    assert owner_tags([], {rule.id: {"owner_tags": ["person"]}}) == ("person",)
