"""How a small snapshot's queries are planned changes how long they take, and nothing of what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.evaluate import engine
from auditor.evaluate.audit import EvaluateOptions, evaluate, load_tables
from auditor.model.rule import Rule
from auditor.model.snapshot import KINDS, SCHEMA_VERSION, Header, Scope, Snapshot
from auditor.resolve import build_tables, load_documents
from auditor.resolve.few_rows import WORTH_IT, plan_for_few_rows
from auditor.store.connection import connect
from auditor.store.snapshot_file import write_snapshot

from .builder import ACCOUNT, REGION, domain, place, profile

OPTIONS = EvaluateOptions(with_inventory=True, with_summaries=True)


@pytest.mark.parametrize("estate", ["acme", "clean", "generated:2x6"])
def test_a_report_hangs_on_no_plan(
    estate: str, estate_file: Callable[[str], Path], built_in_rules: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = estate_file(estate)
    few = [evaluate([file], built_in_rules, OPTIONS) for _ in range(3)]
    monkeypatch.setattr(build_tables, "SMALL", 0)
    monkeypatch.setattr(load_documents, "SMALL", 0)
    monkeypatch.setattr(engine, "_FEW", 0)
    many = evaluate([file], built_in_rules, OPTIONS)
    assert bool(many.findings) == (estate != "clean")
    assert few == [many] * 3


def test_a_rule_that_raises_is_an_error_however_it_is_planned(
    estate_file: Callable[[str], Path], built_in_rules: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule: Rule = next(r for r in built_in_rules if r.table == "user_profile")
    broken = replace(rule, when="true", require="1 / len(name_tokens[:0]) = 1 or name = 'x'")
    few = evaluate([estate_file("acme")], [broken, *(r for r in built_in_rules if r.id == "STU603")])
    monkeypatch.setattr(build_tables, "SMALL", 0)
    many = evaluate([estate_file("acme")], [broken, *(r for r in built_in_rules if r.id == "STU603")])
    assert few == many
    assert few.by_status["error"] > 0


def test_what_is_left_out_of_planning_are_optimizers_that_there_are() -> None:
    with connect() as con:
        plan_for_few_rows(con)
        ((left_out,),) = con.execute("select current_setting('disabled_optimizers')").fetchall()
        every = {name for (name,) in con.execute("select name from duckdb_optimizers()").fetchall()}
    assert set(left_out.split(",")) == every - set(WORTH_IT)
    assert set(WORTH_IT) <= every


def test_files_are_loaded_once(estate_file: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[Sequence[load_documents.SourceFile]] = []
    once = load_documents._load
    monkeypatch.setattr(load_documents, "_load", lambda con, files: (loaded.append(files), once(con, files)))
    con, _ = load_tables([estate_file("acme")])
    assert con.execute("select count(*) from raw_domain").fetchall() > [(0,)]
    assert len(loaded) == 1


@pytest.mark.parametrize("escaped", [False, True])
def test_a_kind_is_read_however_its_name_is_written(tmp_path: Path, escaped: bool) -> None:
    path = tmp_path / "snapshot.jsonl"
    header = Header(
        SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0.1.0", "1.44.5", "", (Scope(ACCOUNT, REGION),), (), KINDS
    )
    write_snapshot(path, Snapshot(header, (place(), domain(), profile("ana")), ()))
    if escaped:
        text = path.read_text(encoding="utf-8").replace('"domain"', '"\\u0064omain"')
        path.write_text(text, encoding="utf-8")
    with connect() as con:
        load_documents.load(con, [load_documents.SourceFile(path, header)])
        assert con.execute("select id, doc.DomainName from raw_domain").fetchall() == [("d-1", "name of d-1")]
        assert con.execute("select doc.UserProfileName from raw_user_profile").fetchall() == [("ana",)]
        assert con.execute("select count(*) from raw_space").fetchall() == [(0,)]
