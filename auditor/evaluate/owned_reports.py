"""One report an owner: the rules are evaluated once on everything, and a report is made of what each one owns.

Facts that reach over resources (a role that others use as well) stay those of the whole, so that an owner's finding is
the very one that the night has. Findings, counts, causes, posture and the inventory are the owner's; coverage and
missing data are the night's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from auditor.evaluate.audit import EvaluateOptions, Prepared, assembled, prepare
from auditor.evaluate.engine import recount
from auditor.evaluate.findings import FindingMaker
from auditor.evaluate.gap_reasons import Gaps
from auditor.evaluate.listed_paths import owned
from auditor.model.inventory import Inventory, InventoryTable
from auditor.model.report import Report
from auditor.model.rule import Rule
from auditor.remediation.raw_documents import Documents
from auditor.sql_text import literal


def owned_reports(
    files: Sequence[Path], rules: Sequence[Rule], options: EvaluateOptions, owners: Mapping[str, str]
) -> Iterator[tuple[str, Report]]:
    """Owner and report, by name. ``owners``: owner by key of the resource; a key that it lacks has the owner "".

    Raises SnapshotError.
    """
    prepared = prepare(files, rules, options)
    con = prepared.done.con
    tables = sorted({rule.table for rule in prepared.rules})
    con.execute("create temp table owned_by (key VARCHAR, owner VARCHAR)").fetchall()
    pairs = sorted(owners.items())
    con.execute(
        "insert into owned_by select unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
        [[key for key, _ in pairs], [owner for _, owner in pairs]],
    ).fetchall()
    for table in tables:
        con.execute(
            f"insert into owned_by select key, '' from verdict_{table} where key not in (select key from owned_by)"
        ).fetchall()
    every = [name for (name,) in con.execute("select distinct owner from owned_by order by owner").fetchall()]
    for owner in every:
        con.execute("begin transaction").fetchall()
        try:
            for table in tables:
                con.execute(
                    f"delete from verdict_{table} where key not in (select key from owned_by where owner = ?)", [owner]
                ).fetchall()
            keys = {k for (k,) in con.execute("select key from owned_by where owner = ?", [owner]).fetchall()}
            profiles = (
                "(select p.* from user_profile p where p.key in"
                f" (select o.key from owned_by o where o.owner = {literal(owner)}))"
            )
            yield owner, _report(prepared, keys, profiles)
        finally:
            con.execute("rollback").fetchall()


def _report(prepared: Prepared, keys: Collection[str], profiles: str) -> Report:
    done, rules = prepared.done, prepared.rules
    verdicts = recount(done.con, rules, done.verdicts)
    maker = FindingMaker(done.con, verdicts, prepared.overrides, Gaps(done.gaps), Documents(done.files), rules)
    report = assembled(replace(prepared, done=replace(done, verdicts=verdicts, maker=maker)), profiles)
    domains = {f"{f.resource.account}/{f.resource.region}/domain/{f.resource.domain_id}" for f in report.findings}
    resources = Counter(key.split("/")[2] for key in keys if key.count("/") >= 3)
    accounts = {key.partition("/")[0] for key in keys}
    return replace(
        report,
        accounts=tuple(account for account in report.accounts if account.id in accounts),
        resources={type_: resources[type_] for type_ in report.resources},
        domains=tuple(d for d in report.domains if d.resource.key in keys or d.resource.key in domains),
        access_paths=owned(report.access_paths, keys),
        waivers=tuple(summary for summary in report.waivers if summary.matches),
        inventory=None if report.inventory is None else _inventory(report.inventory, keys),
    )


def _inventory(inventory: Inventory, keys: Collection[str]) -> Inventory:
    """What is owned, and the domains that it lies in."""
    domains = {
        domain
        for table in inventory.tables
        for resource, domain in zip(table.resources, table.domains, strict=True)
        if resource.key in keys
    }
    kept = {*keys, *domains}
    tables = tuple(_table(table, kept) for table in inventory.tables)
    return Inventory(tables, tuple(s for s in inventory.sign_ins if s.profile in kept), False, inventory.total)


def _table(table: InventoryTable, kept: Collection[str]) -> InventoryTable:
    at = [number for number, resource in enumerate(table.resources) if resource.key in kept]
    return replace(
        table,
        resources=tuple(table.resources[n] for n in at),
        owners=tuple(table.owners[n] for n in at),
        domains=tuple(table.domains[n] for n in at),
        parents=tuple(table.parents[n] if table.parents[n] in kept else "" for n in at),
        columns=tuple(replace(c, codes=tuple(c.codes[n] for n in at)) for c in table.columns),
    )
