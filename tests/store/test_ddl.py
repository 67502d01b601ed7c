"""The table definitions for Athena are valid, and speak of the columns that the files have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from auditor.errors import ExitCode
from auditor.evaluate.audit import EvaluateOptions, evaluate
from auditor.evaluate.gate import apply_gate
from auditor.model.report import Gate
from auditor.model.rule import Rule
from auditor.run.run_store import open_store, recording
from auditor.store.ddl import ATHENA_TYPES, athena
from auditor.store.runs import RunStore
from auditor.store.store_tables import PARTITIONS, STORE_TABLES

LOCATION = "s3://audit/studio"
#: Parquet's types as DuckDB names them → what Athena reads them as (Athena user guide, "Data types in Amazon Athena").
READ_AS = {
    "VARCHAR": "string", "BOOLEAN": "boolean", "INTEGER": "int", "BIGINT": "bigint", "TIMESTAMP": "timestamp",
    "MAP(VARCHAR, VARCHAR)": "map<string,string>",
}  # fmt: skip


@pytest.fixture(scope="module")
def store(
    tmp_path_factory: pytest.TempPathFactory, estate_file: Callable[[str], Path], built_in_rules: tuple[Rule, ...]
) -> RunStore:
    """A store with one run of the acme estate: every table has rows."""
    made = open_store(str(tmp_path_factory.mktemp("ddl") / "nights"))
    with recording(made) as recorder:
        report = evaluate([estate_file("acme")], built_in_rules, EvaluateOptions(export=recorder.export))
        report = apply_gate(report, Gate(), recorder.compare(report))
        recorder.keep(report, ExitCode.FINDINGS, ())
    return made


def _statements(store: RunStore, **options: Any) -> list[exp.Expression]:
    text = ";\n".join(athena(LOCATION, "studio", store.runs(), **options))
    parsed = sqlglot.parse(text, dialect="athena")
    assert not any(isinstance(statement, exp.Command) for statement in parsed), "not understood, only passed through"
    return [statement for statement in parsed if statement is not None]


def _columns(create: exp.Create) -> dict[str, str]:
    return {
        column.name: column.args["kind"].sql(dialect="hive").lower().replace(" ", "")
        for column in create.this.expressions
        if isinstance(column, exp.ColumnDef)
    }


def _create(statements: list[exp.Expression], name: str) -> exp.Create:
    (found,) = (s for s in statements if isinstance(s, exp.Create) and s.find(exp.Table).name == name)  # type: ignore[union-attr]
    return found


def test_every_file_has_exactly_the_columns_of_its_definition(store: RunStore) -> None:
    statements = _statements(store)
    (run,) = store.runs()
    root = Path(store.place.label)
    for table in STORE_TABLES:
        files = [str(root / f.key) for f in run.tables[table.name]]
        assert files, table.name
        for file in files:
            described = duckdb.sql(
                f"describe select * from read_parquet('{file}', hive_partitioning = false)"
            ).fetchall()
            real = {name: READ_AS[type_] for name, type_, *_ in described}
            assert _columns(_create(statements, f"{table.name}_files")) == real
            names = [part.split("=")[0] for part in Path(file).relative_to(root / table.name).parts[:-1]]
            assert tuple(names) == PARTITIONS


def test_partitions_are_projected_over_the_accounts_and_regions_of_the_store(store: RunStore) -> None:
    create = _create(_statements(store), "findings_files")
    properties = {p.this.name: p.args["value"].name for p in create.find_all(exp.Property) if type(p) is exp.Property}
    (run,) = store.runs()
    assert properties["projection.enabled"] == "true"
    assert properties["projection.date.range"] == f"{run.as_of[:10]},NOW"
    assert properties["projection.account.values"] == "123456789012"
    assert properties["projection.region.values"] == "aws-global,eu-west-1,us-east-1"
    template = properties["storage.location.template"]
    assert template == f"{LOCATION}/findings/date=${{date}}/account=${{account}}/region=${{region}}/"
    # Each file lies where the template leads.
    for file in run.tables["findings"]:
        parts = dict(part.split("=") for part in file.key.split("/")[1:-1])
        folder = template
        for name, value in parts.items():
            assert name == "date" or value in properties[f"projection.{name}.values"].split(",")
            folder = folder.replace(f"${{{name}}}", value)
        assert f"{LOCATION}/{file.key}".startswith(folder)
    by = create.find(exp.PartitionedByProperty)
    assert by is not None
    assert [c.name for c in by.find_all(exp.ColumnDef)] == list(PARTITIONS)


def test_views_hold_whole_runs_only(store: RunStore) -> None:
    statements = _statements(store)
    for table in STORE_TABLES:
        view = _create(statements, table.name)
        assert view.kind == "VIEW"
        select = view.expression
        assert [c.name for c in select.expressions] == [*(c.name for c in table.columns), *PARTITIONS]
        assert {t.name for t in select.find_all(exp.Table)} == {f"{table.name}_files", "runs"}
        (inside,) = select.find_all(exp.In)
        assert inside.this.name == "run_id"


def test_the_table_of_runs_has_members_of_the_manifest(store: RunStore) -> None:
    import json

    (run,) = store.runs()
    manifest = json.loads(store.place.read(run.key))
    kinds = {"string": str, "int": int, "array<string>": list, "array<array<string>>": list}
    for name, type_ in _columns(_create(_statements(store), "runs")).items():
        assert isinstance(manifest[name], kinds[type_]), name


def test_repair_registers_partitions_instead(store: RunStore) -> None:
    text = list(athena(LOCATION, "studio", store.runs(), repair=True))
    assert sum(t.startswith("MSCK REPAIR TABLE `studio`.`") for t in text) == len(STORE_TABLES)
    assert not any("projection" in t for t in text)


def test_an_empty_store_can_be_defined_as_well() -> None:
    text = ";\n".join(athena(LOCATION, "studio", ()))
    assert "'projection.account.type' = 'injected'" in text
    assert "projection.account.values" not in text


def test_texts_need_no_quoting_that_differs_between_engines() -> None:
    for table in STORE_TABLES:
        for text in (table.doc, *(c.doc for c in table.columns)):
            assert "'" not in text
            assert text.isascii()
            assert len(text) < 255
        assert {c.type for c in table.columns} <= set(ATHENA_TYPES)
