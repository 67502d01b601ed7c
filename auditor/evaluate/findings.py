"""From verdicts to findings and root causes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from auditor.evaluate.alike_findings import Alike, AlikeRows
from auditor.evaluate.causes import Causes
from auditor.evaluate.engine import Verdicts
from auditor.evaluate.fingerprints import fingerprint
from auditor.evaluate.gap_reasons import Gaps
from auditor.evaluate.source_locations import SourceLocations
from auditor.evaluate.unknown_words import unknown_message
from auditor.model.finding import Evidence, Finding, RootCause
from auditor.model.resource import Culprit, ResourceRef
from auditor.model.rule import Rule, Severity, Verdict
from auditor.remediation import remediate, role_snippets
from auditor.remediation.blame import Blame
from auditor.remediation.failures import Failures
from auditor.remediation.masked_values import where_masked
from auditor.remediation.raw_documents import Documents
from auditor.remediation.remediate import Remediation, Remediator
from auditor.resolve.origin import deciding, needed, origin, select_list
from auditor.resolve.parsed_statements import run
from auditor.resolve.table_model import Table
from auditor.resolve.tables import table
from auditor.rules.message import message
from auditor.rules.value_columns import expressions
from auditor.rules.verdict_sql import Overrides, parameter_values, severity_sql, substitute
from auditor.studio.resource_types import BY_TABLE, UPDATABLE_KINDS

if TYPE_CHECKING:
    import duckdb

REPORTED_VERDICTS = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR)
#: Rows of a table up to which it is read once for all rules.
_HANDFUL = 50


class FindingMaker:
    """Makes the findings of rules over one connection's tables."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        verdicts: Verdicts,
        overrides: Overrides,
        gaps: Gaps,
        documents: Documents,
        rules: Sequence[Rule] = (),
        *,
        commands_only: bool = False,
    ) -> None:
        """``rules``: those whose findings will be made; the documents that their commands need are read at once.
        ``commands_only``: as for ``Remediator``."""
        self._con = con
        self._verdicts = verdicts
        self._overrides = overrides
        self._gaps = gaps
        self._documents = documents
        self._failures = Failures(documents, overrides)
        self._remediator = Remediator(con, documents, commands_only=commands_only)
        self._places = SourceLocations(con)
        self._causes = Causes()
        self._resources: dict[tuple[str, str], ResourceRef] = {}
        self._rules = rules
        #: Of small tables, the rows of each rule.
        self._small: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for table_name in sorted({r.table for r in rules}):
            documents.announce(self._to_change(table_name, [r for r in rules if r.table == table_name]))

    def _to_change(self, table_name: str, rules: Sequence[Rule]) -> list[tuple[str, str, str, str]]:
        """Keys of the resources that a command of the rules may be for."""
        ids = [r.id for r in rules if r.remediation.changes and self._verdicts.counts[r.id].get(Verdict.FAIL)]
        if not ids or table_name not in UPDATABLE_KINDS or not BY_TABLE[table_name].in_domain:
            return []
        condition = " or ".join(f"v.\"{rule_id}\" = 'fail'" for rule_id in ids)
        return self._con.execute(
            f"select t.account, t.region, '{table_name}', t.id from {table_name} t"
            f" join verdict_{table_name} v on v.key = t.key where {condition}"
        ).fetchall()

    @property
    def causes(self) -> tuple[RootCause, ...]:
        """Root causes of all failures made so far."""
        return self._causes.made

    def of(self, rule: Rule) -> list[Finding]:
        """Findings of one rule: every fail, unknown and error."""
        if not self._says_something(rule):
            return []
        documented = table(rule.table)
        assert documented is not None, rule.table  # the loader refuses other tables
        rows = self._rows(rule, documented)
        alike = None
        # A few rows are not worth it, and what templates write has places of its own.
        if len(rows) > _HANDFUL and not self._places:
            alike = AlikeRows(rule, documented, list(rows[0]), self._documents)
        made = [self._finding(rule, documented, row, alike=alike) for row in rows]
        moved = self._causes.close()
        return [replace(f, root_cause=moved[f.fingerprint]) if f.fingerprint in moved else f for f in made]

    def some(self, rule: Rule, keys: str, source: str = "") -> list[Finding]:
        """Findings of the rows whose keys a query gives, by key, without what would fix them. ``source``: a table with
        the rows and columns of the rule's own that holds these at least; empty: that itself."""
        import duckdb

        documented = table(rule.table)
        assert documented is not None, rule.table
        items, further = self.wanted(rule, documented)
        among = f" semi join ({keys}) as c on c.key = t.key"
        try:
            rows = self._read(rule, documented, [*items, *further], source, among)
        except duckdb.Error:
            rows = self._read(rule, documented, items, source, among)
        return [self._finding(rule, documented, row, fixed=False) for row in rows]

    def _says_something(self, rule: Rule) -> bool:
        return any(self._verdicts.counts[rule.id].get(v) for v in REPORTED_VERDICTS)

    def _rows(self, rule: Rule, documented: Table) -> list[dict[str, Any]]:
        """The rows that findings of the rule are made of, by key."""
        import duckdb

        if rule.table not in self._small and sum(self._verdicts.counts[rule.id].values()) <= _HANDFUL:
            self._small[rule.table] = self._read_small(documented)
        if rule.id in self._small.get(rule.table, {}):
            return self._small[rule.table][rule.id]
        items, further = self.wanted(rule, documented)
        try:
            return self._read(rule, documented, [*items, *further])
        except duckdb.Error:
            if not further:
                raise
            # What cannot be worked out costs the finding its finer blame and its command, not the report its finding.
            return self._read(rule, documented, items)

    def _read_small(self, documented: Table) -> dict[str, list[dict[str, Any]]]:
        """Rule id → its rows, of all rules of a small table: to plan a query for each takes longer than to run it.
        Empty where one can't be worked out; then each is read by itself."""
        import duckdb

        # SQL → its place in a row; rule id → name → the same.
        places: dict[str, int] = {}
        wanted: dict[str, dict[str, int]] = {}
        for rule in self._rules:
            if rule.table == documented.name and self._says_something(rule):
                items, further = self.wanted(rule, documented)
                named = (item.rpartition(" as ") for item in (_verdict(rule), *items, *further))
                wanted[rule.id] = {name.strip('"'): places.setdefault(sql, len(places)) for sql, _, name in named}
        try:
            rows = run(
                self._con,
                f"select {', '.join(places)} from {documented.name} as t"
                f" join verdict_{documented.name} v on v.key = t.key order by t.key",
            ).fetchall()
        except duckdb.Error:
            return {}
        return {
            rule_id: [
                {name: row[place] for name, place in names.items()}
                for row in rows
                if row[names["__verdict"]] in REPORTED_VERDICTS
            ]
            for rule_id, names in wanted.items()
        }

    def wanted(self, rule: Rule, documented: Table, *, shown: bool = True) -> tuple[list[str], list[str]]:
        """Select-list items of a finding: columns, and what the rule works out of them, which may fail. Without what is
        only ``shown``: of its cause and what fixes that."""
        identity = [c for c in ("key", "account", "region", "id", "name", "arn", "domain_id", "domain_name",
                              "owner_key")
                    if documented.column(c) is not None]  # fmt: skip
        names = needed(
            documented,
            (
                *identity,
                rule.setting,
                *rule.columns,
                *_named_as_cause(rule, documented),
                *(c.why for name in rule.columns if (c := documented.column(name)) is not None and c.why),
                *_in_message(rule, documented),
                *remediate.columns(rule, documented),
            ),
        )
        if not shown:
            names = self._deciding(rule, documented, identity, names)
        items = select_list(documented, names)
        overrides = self._overrides.get(rule.id)
        further = expressions(rule, overrides, shown=shown)
        if rule.severity_when:
            further.append(f'{severity_sql(rule, overrides)} as "__severity"')
        if rule.cause:
            further.append(f'try(\n{substitute(rule.cause, parameter_values(rule, overrides))}\n) as "__cause"')
        return items, further

    def _deciding(
        self, rule: Rule, documented: Table, identity: Sequence[str], names: Sequence[str]
    ) -> tuple[str, ...]:
        """Of the columns of a finding those that its cause and what fixes that are made of."""
        blamed = [name for name in names if f"'{name}'" in rule.cause]
        if "||" in rule.cause:
            # What is put together may name any of them.
            cause = substitute(rule.cause, parameter_values(rule, self._overrides.get(rule.id)))
            rows = self._con.execute(
                f"select distinct try(\n{cause}\n)::VARCHAR from {rule.table} as t join verdict_{rule.table} v"
                f" on v.key = t.key where v.\"{rule.id}\" = '{Verdict.FAIL}'"
            ).fetchall()
            blamed = [name for (name,) in rows if name in names]
        wanted = (*identity, rule.setting, *blamed, *remediate.columns(rule, documented))
        return needed(documented, tuple(name for name in wanted if name in names), shown=False)

    def _read(
        self, rule: Rule, documented: Table, items: Sequence[str], source: str = "", among: str = ""
    ) -> list[dict[str, Any]]:
        cursor = self._con.execute(
            f"select {_verdict(rule)}, {', '.join(items)}"
            f" from {source or documented.name} as t"
            f' join verdict_{documented.name} v on v.key = t.key{among} where v."{rule.id}" in'
            f" ({', '.join(repr(str(v)) for v in REPORTED_VERDICTS)}) order by t.key"
        )
        header = [d[0] for d in cursor.description or ()]
        return [dict(zip(header, row, strict=True)) for row in cursor.fetchall()]

    def _like(self, known: Alike, rule: Rule, documented: Table, row: dict[str, Any], resource: ResourceRef) -> Finding:
        name = fingerprint(rule.id, resource, self.path(rule, documented))
        cause = known.cause_of(row, resource)
        remediation, fix = known.fix_of(resource)
        self._causes.add(name, cause, fix)
        return Finding(
            name, rule.id, Verdict.FAIL, known.severity, resource, known.message_of(row),
            known.evidence_of(row, resource), cause.id, remediation,
        )  # fmt: skip

    def _finding(
        self, rule: Rule, documented: Table, row: dict[str, Any], *, fixed: bool = True, alike: AlikeRows | None = None
    ) -> Finding:
        resource = self._resource(documented, row) if fixed else self.resource(documented, row)
        verdict = Verdict(row["__verdict"])
        key = None
        if alike is not None and verdict is Verdict.FAIL:
            key, known = alike.find(row, resource)
            if known is not None:
                return self._like(known, rule, documented, row, resource)
        blamed = _blamed_column(rule, documented, row)
        evidence = tuple(
            Evidence(name, row[name], self._places.origin(origin(documented, name, row, resource), resource))
            for name in dict.fromkeys((blamed, rule.setting, *rule.columns, *_set_behind(documented, blamed, row)))
        )
        behind: list[Culprit] = []
        failed = message(rule, row) if verdict is Verdict.FAIL else None
        if failed is not None:
            evidence, behind = self._blamed(documented, evidence, row, resource, failed)
        name = fingerprint(rule.id, resource, self.path(rule, documented))
        cause, remediation, severity = "", None, rule.severity
        if verdict is Verdict.FAIL:
            severity = Severity(row.get("__severity") or rule.severity)
        if fixed and verdict is Verdict.FAIL:
            alone, fix = self.alone(rule, documented, row, resource)
            self._causes.add(name, alone, fix)
            cause = alone.id
            remediation = role_snippets.fitted(where_masked(fix.remediation, resource), behind)
        made = Finding(
            fingerprint=name,
            rule_id=rule.id,
            status=verdict,
            severity=severity,
            resource=resource,
            message=self._message(rule, verdict, row, resource, evidence) if failed is None else failed,
            evidence=evidence,
            root_cause=cause,
            remediation=remediation,
        )
        if alike is not None and key is not None:
            alike.learn(key, row, made, blamed, alone, fix)
        return made

    def _resource(self, documented: Table, row: Mapping[str, Any]) -> ResourceRef:
        """The resource of a row, one for all findings of all rules on it."""
        key = (documented.name, row["key"])
        if key not in self._resources:
            self._resources[key] = self.resource(documented, row)
        return self._resources[key]

    def resource(self, documented: Table, row: Mapping[str, Any]) -> ResourceRef:
        """The resource of a row, with its place in a template."""
        return self._places.resource(resource_ref(documented, row))

    @staticmethod
    def path(rule: Rule, documented: Table) -> str:
        """What a fingerprint names of the setting that a rule is about."""
        setting = documented.column(rule.setting)
        return (setting.paths or {}).get("service", rule.setting) if setting else rule.setting

    def alone(
        self, rule: Rule, documented: Table, row: Mapping[str, Any], resource: ResourceRef
    ) -> tuple[RootCause, Remediation]:
        """What causes the failure of one row, taken alone, and what fixes it."""
        failure = self._failures.of(rule, documented, _blamed_column(rule, documented, row), row, resource)
        severity = Severity(row.get("__severity") or rule.severity)
        return self._cause(rule, severity, failure.blame), self._remediator.remediate(failure)

    def _blamed(
        self,
        documented: Table,
        evidence: tuple[Evidence, ...],
        row: Mapping[str, Any],
        resource: ResourceRef,
        told: str,
    ) -> tuple[tuple[Evidence, ...], list[Culprit]]:
        """The evidence, each derived value pointing at the policy or route behind it, and what the first one points
        at, with what else the message names: all of it has to change."""
        found: list[Evidence] = []
        first: list[Culprit] = []
        for item in evidence:
            column = documented.column(item.setting)
            names = row.get(column.culprits) if column is not None and column.culprits else None
            behind = self._places.culprits(resource, names or (), told)
            found.append(self._places.blame(item, behind))
            first = [*first, *(c for c in behind if c not in first and c.name and c.name in told)] if first else behind
        return tuple(found), first

    def _message(
        self,
        rule: Rule,
        verdict: Verdict,
        row: Mapping[str, Any],
        resource: ResourceRef,
        evidence: tuple[Evidence, ...],
    ) -> str:
        if verdict is Verdict.ERROR:
            return (
                f"the rule could not be evaluated: {self._verdicts.errors.get(rule.id, 'it failed on this resource')}"
            )
        return unknown_message(rule, row, resource, evidence, self._gaps)

    def _cause(self, rule: Rule, severity: Severity, blame: Blame) -> RootCause:
        """What causes one failure, taken alone."""
        owner = self._places.resource(blame.owner)
        cause_id = fingerprint(rule.id, owner, f"{blame.layer}\x1f{blame.setting}")[:16]
        return RootCause(cause_id, rule.id, severity, owner, blame.setting, blame.value, blame.layer, 1, None)


def _blamed_column(rule: Rule, documented: Table, row: Mapping[str, Any]) -> str:
    blamed = str(row.get("__cause") or rule.setting)
    return rule.setting if documented.column(blamed) is None or blamed not in row else blamed


def _named_as_cause(rule: Rule, documented: Table) -> tuple[str, ...]:
    """Columns that the rule's cause names and reads, themselves or where they come from; its verdict need not."""
    read = set(re.findall(r"\w+", re.sub(r"'[^']*'", " ", rule.cause)))
    named = (c.name for c in documented.columns if c.name in read or f"{c.name}_origin" in read)
    return tuple(name for name in named if f"'{name}'" in rule.cause)


def _verdict(rule: Rule) -> str:
    return f'v."{rule.id}"::VARCHAR as "__verdict"'


def _set_behind(documented: Table, blamed: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    """The setting that a derived value follows from."""
    column = deciding(documented, blamed, row)
    return (column.name,) if column is not None and column.has_origin and column.name in row else ()


def _in_message(rule: Rule, documented: Table) -> tuple[str, ...]:
    return tuple(c.name for c in documented.columns if f"{{{c.name}}}" in rule.message)


def resource_ref(documented: Table, row: Mapping[str, Any]) -> ResourceRef:
    """The resource of a table's row."""
    domain = documented.name == "domain"
    return ResourceRef(
        type=documented.resource_type or documented.name,
        id=row["id"],
        name=documented.display_name(row),
        account=row["account"],
        region=row["region"],
        arn=row.get("arn") or "",
        domain_id=(row["id"] if domain else row.get("domain_id")) or "",
        domain_name=(row["name"] if domain else row.get("domain_name")) or "",
    )
