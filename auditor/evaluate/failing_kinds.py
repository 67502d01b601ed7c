"""Failures of user profiles that are told apart by kind, counted by kind.

What causes a rule's failures, and what fixes these, mostly follows from settings. It is then the same for all failing
profiles of a kind, and is read from one row of each kind, and never from a million rows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from auditor.evaluate.alike_findings import PLAIN_NAME
from auditor.evaluate.failing_rows import NAMES, Alike, Place, RuleRows, Wanted, put_places
from auditor.model.rule import Verdict
from auditor.remediation.inheritance import replaces
from auditor.remediation.steps import Step, column_at
from auditor.resolve.alike_profiles import alike_columns
from auditor.resolve.tables import USER_PROFILE
from auditor.rules.value_columns import AT
from auditor.store.snapshot_reader import Key

if TYPE_CHECKING:
    import duckdb

_WORD = re.compile(r"\w+")
_EVERY = frozenset(c.name for c in USER_PROFILE.columns) | {
    f"{c.name}_origin" for c in USER_PROFILE.columns if c.has_origin
}


def _follows(wanted: Wanted, same: Collection[str]) -> bool:
    """Whether all that is wanted beside names follows from columns that are the same for all of a kind. Of a profile
    that is to blame itself whatever its kind is, more is alike than that."""
    if wanted.blames_itself:
        return False
    for item in wanted.every:
        sql, _, name = item.rpartition(" as ")
        words = set(_WORD.findall(sql.lower()))
        if name.strip('"') not in NAMES and ("select" in words or not words & _EVERY <= set(same)):
            return False
    return True


class FailingKinds:
    """How many profiles of each kind fail which rules, of those rules for which one row of a kind says all."""

    def __init__(self, con: duckdb.DuckDBPyConnection, wanted: Mapping[str, Wanted]) -> None:
        """``wanted``: of each rule on user profiles that fails some, by its id."""
        self._con = con
        same = alike_columns(con)
        #: Whether verdicts name kinds: not where profiles are not told apart, or a rule failed on one of them.
        self.told_apart = bool(wanted and same) and "alike" in _columns(con, "verdict_user_profile")
        #: Their ids.
        self.rules: tuple[str, ...] = ()
        if not self.told_apart:
            return
        self.rules = tuple(id_ for id_, one in wanted.items() if _follows(one, same))
        if not self.rules:
            return
        self._at_home = {id_: at_home(wanted[id_], same) for id_ in self.rules}
        verdicts = ", ".join(f'"{id_}" = \'{Verdict.FAIL}\' as "{id_}"' for id_ in self.rules)
        some = " or ".join(f"\"{id_}\" = '{Verdict.FAIL}'" for id_ in self.rules)
        con.execute(
            f"create or replace temp table failing_kind as select alike, {verdicts}, count(*) as number,"
            f" min(key) as first, max(key) as last from verdict_user_profile where {some} group by all"
        ).fetchall()
        # The resources at both ends, once for all rules.
        names = ", ".join(f'r."{name}"' for name in NAMES)
        con.execute(
            f"create or replace temp table failing_end as select {names} from user_profile_resolved r"
            " where r.key in (select first from failing_kind union all select last from failing_kind)"
        ).fetchall()

    def counted(self) -> Iterator[tuple[str, Place, int]]:
        """Rules, domains in which a profile fails them, and how many of those that do may be fixed at the domain."""
        if not self.rules:
            return
        counts = ", ".join(
            f'bool_or(f."{id_}"),'
            f' (sum(f.number) filter (f."{id_}" and not coalesce({self._at_home[id_]}, false)))::BIGINT'
            for id_ in self.rules
        )
        rows = self._con.execute(
            f"select t.account, t.region, coalesce(t.domain_id, ''), {counts} from failing_kind f"
            " join user_profile_alike t using (alike) group by all"
        ).fetchall()
        for account, region, domain, *numbers in rows:
            for id_, fails, shared in zip(self.rules, numbers[::2], numbers[1::2], strict=True):
                if fails:
                    yield id_, (account, region, domain), shared or 0


def at_home(wanted: Wanted, same: Collection[str]) -> str:
    """SQL over a profile's row ``t`` that is true where a command that fixes it, if there is one, changes the profile
    itself: it holds each setting that may be changed, or the structure that this lies in. ``same``: columns that may
    be read."""
    parts = []
    for change in wanted.rule.remediation.changes:
        columns = {column_at(wanted.documented, change.path), *_beside(Step(change.path, change.action, None))}
        held = [f"t.\"{column}_origin\" = 'profile'" for column in sorted(columns) if f"{column}_origin" in same]
        parts.append(f"({' or '.join(held) or 'false'})")
    every = " and ".join(parts) or "false"
    for item in wanted.every:
        sql, _, name = item.rpartition(" as ")
        if name.strip('"') == AT:
            return f"(coalesce({sql}, '') = 'profile' or (coalesce({sql}, '') <> 'domain' and {every}))"
    return f"({every})"


def _beside(step: Step) -> Iterator[str]:
    """Columns of what lies in the same structure of a profile's document and makes it one that was set on purpose."""
    for column in USER_PROFILE.columns if step.nested else ():
        path = (column.paths or {}).get("profile", "")
        if path.startswith(f"{step.top}.") and replaces(Step(path, "set", None)):
            yield column.name


class KindRows(RuleRows):
    """The failing rows of a rule for which one row of a kind says all: ``groups`` are read from these, and rows one by
    one are made only where they are asked for."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, wanted: Wanted, name: str, places: Collection[Place] | None = None
    ) -> None:
        """``name`` and ``places`` as for ``FailingRows``; ``failing_kind`` has been made."""
        super().__init__(con, wanted, name, grouped=True)
        with put_places(con, name, places) as among:
            self._read(wanted, among)
        parts = [self._part(item, "r") for item in self._items]
        rule = wanted.rule
        con.execute(
            f"create temp view {name} as select {', '.join(parts)} from user_profile_resolved r"
            f" join kind_{name} k on k.alike = r.alike"
        ).fetchall()
        con.execute(
            f"create temp view alike_{name} as select key, alike::VARCHAR as alike from verdict_user_profile"
            f" where \"{rule.id}\" = '{Verdict.FAIL}' and alike in (select alike from kind_{name})"
        ).fetchall()

    def _read(self, wanted: Wanted, among: str) -> None:
        import duckdb

        for items in (wanted.every, wanted.careful):
            read = [item for item in items if _name(item) not in NAMES]
            try:
                self._con.execute(
                    f"create or replace temp table kind_{self._table} as select alike, {', '.join(read)}"
                    f" from user_profile_alike as t where alike in (select alike from failing_kind where"
                    f' "{wanted.rule.id}"){among}'
                ).fetchall()
            except duckdb.Error:
                if items is wanted.careful:
                    raise
                continue
            self._items, self._columns = items, [_name(item) for item in items]
            return

    @staticmethod
    def _part(item: str, names: str) -> str:
        """A column of a row: names are the resource's own, and everything else its kind's."""
        name = _name(item)
        return f'{names if name in NAMES else "k"}."{name}" as "{name}"'

    def groups(self) -> list[Alike]:
        """All of them."""
        parts = ", ".join(self._part(item, "r") for item in self._items)
        ends = (
            f"select alike, sum(number)::BIGINT as number, min(first) as first, max(last) as last from failing_kind"
            f' where "{self.rule.id}" group by alike'
        )
        both = " union all ".join(
            f"select g.alike::VARCHAR as alike, g.number, {parts} from ({ends}) g join kind_{self._table} k"
            f" on k.alike = g.alike join failing_end r on r.key = g.{end}"
            + ("" if end == "first" else " where g.first <> g.last")
            for end in ("first", "last")
        )
        return self.read_groups(both)

    def names_only(self, group: Alike) -> bool:
        """As of all rows; everything but names is its kind's."""
        if group.number == 1:
            return True
        changes = self.rule.remediation.changes
        told = {value for change in changes for value in (change.value, change.but_not) if isinstance(value, str)}
        return (
            bool(changes)
            and told.isdisjoint(f"${name}" for name in NAMES)
            and all(PLAIN_NAME.fullmatch(row["name"] or "") for row in (group.first, group.last))
        )

    def documents(self, texts: Sequence[str]) -> list[Key]:
        """Keys of the documents behind the rows of the groups with these texts, and perhaps others of the same
        kinds."""
        rows = self._con.execute(
            "select account, region, id from raw_user_profile where alike in (select unnest(?::UBIGINT[]))",
            [list(map(int, texts))],
        )
        return [(account, region, self.documented.name, id_) for account, region, id_ in rows.fetchall()]

    def drop(self) -> None:
        """Forget them."""
        for what in (f"view alike_{self._table}", f"view {self._table}", f"table kind_{self._table}"):
            self._con.execute(f"drop {what}").fetchall()


def _name(item: str) -> str:
    return item.rpartition(" as ")[2].strip('"')


def _columns(con: duckdb.DuckDBPyConnection, name: str) -> set[str]:
    return {column for column, *_ in con.execute(f"select * from {name} limit 0").description or ()}
