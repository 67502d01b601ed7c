"""The failing rows of a rule, those that are alike but for their resource together.

Of a domain's default that fails a hundred thousand user profiles, each has the same blame and the same command. Where
profiles are told apart by kind, those of one kind with the same columns have documents with the same settings as well;
of few profiles the documents themselves are compared.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from auditor.evaluate.alike_findings import PLAIN_NAME
from auditor.evaluate.findings import FindingMaker
from auditor.model.rule import Rule, Verdict
from auditor.remediation.raw_documents import Documents
from auditor.resolve.alike_profiles import alike_columns, are_told_apart
from auditor.resolve.filled_tables import insert
from auditor.resolve.table_model import Table
from auditor.resolve.tables import table
from auditor.sql_text import literal
from auditor.store.snapshot_reader import Key
from auditor.studio.placeholders import ANY_PLACEHOLDER

if TYPE_CHECKING:
    import duckdb

#: What names a resource: rows that differ in nothing else are alike.
NAMES = ("key", "id", "name", "arn")
#: The same in a user profile's document, and what no command sends or hangs on beside the settings. The role is a
#: column where it counts.
_OF_PROFILE = frozenset({
    "UserProfileName", "UserProfileArn", "DomainId", "CreationTime", "LastModifiedTime", "HomeEfsFileSystemUid",
    "SingleSignOnUserValue", "SingleSignOnUserIdentifier",
})  # fmt: skip
_ROLE = "ExecutionRole"
#: SQL over a row ``r``: whether its name stands in a command and in its ARN as it is.
_PLAIN = (
    f"coalesce(ends_with(r.arn, r.id) and regexp_full_match(r.name, {literal(PLAIN_NAME.pattern)})"
    f" and not regexp_matches(r.name, {literal(ANY_PLACEHOLDER)}), false)"
)
#: Accounts and domains that are written out at most.
_FEW = 500
#: Account, Region and domain.
Place = tuple[str, str, str]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Alike:
    """Failures that are alike: how many, and the first and the last row by key."""

    text: str
    number: int
    first: Row
    last: Row


class NameClass(NamedTuple):
    """Resources whose ARNs pass the same tests: how many, and the least ARN. ``start``: what stands before the id in
    all their ARNs, '' where that is not one text or where one has a name that can't stand in a command as it is."""

    passed: tuple[bool, ...]
    number: int
    arn: str
    start: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What causes of a rule's failures and what fixes these are made of: select-list items over a row ``t`` of its
    table. ``every`` has what may fail on a row as well, ``careful`` does not; ``path``: as in a fingerprint."""

    rule: Rule
    documented: Table
    careful: tuple[str, ...]
    every: tuple[str, ...]
    path: str

    @classmethod
    def of(cls, rule: Rule, maker: FindingMaker) -> Wanted:
        """The same, as the maker of findings knows it."""
        documented = table(rule.table)
        assert documented is not None, rule.table
        items, further = maker.wanted(rule, documented, shown=False)
        return cls(rule, documented, tuple(items), (*items, *further), maker.path(rule, documented))

    @property
    def blames_itself(self) -> tuple[str, ...]:
        """The setting of a rule that nothing but the failing user profile itself is to blame for, whatever its value
        and its document are; nothing where that is not sure."""
        rule, column = self.rule, self.documented.column(self.rule.setting)
        if column is None or column.via or rule.cause or rule.remediation.at or "domain" in (column.paths or ()):
            return ()
        named = any(f"{{{rule.setting}" in text for text in rule.remediation.aws.values())
        return () if rule.remediation.changes or named else (rule.setting,)


def profile_kinds(con: duckdb.DuckDBPyConnection, documents: Documents, rules: Sequence[Rule]) -> str:
    """A table that has ``alike`` for each user profile that fails one of the rules: the same number where their
    documents are the same but for names and the role. Empty where none fails. Raises SnapshotError."""
    ids = [rule.id for rule in rules if rule.table == "user_profile"]
    if not ids:
        return ""
    if are_told_apart(con):
        return "raw_user_profile"
    fails = " or ".join(f"v.\"{id_}\" = '{Verdict.FAIL}'" for id_ in ids)
    places = con.execute(
        f"select t.account, t.region, t.id from user_profile t join verdict_user_profile v on v.key = t.key"
        f" where {fails}"
    ).fetchall()
    documents.announce((account, region, "user_profile", id_) for account, region, id_ in places)
    numbers: dict[bytes, int] = {}
    rows = []
    for account, region, id_ in places:
        text = _told(documents, (account, region, "user_profile", id_))
        rows.append((account, region, id_, numbers.setdefault(text, len(numbers))))
    con.execute(
        "create or replace temp table profile_kind (account VARCHAR, region VARCHAR, id VARCHAR, alike UBIGINT)"
    ).fetchall()
    insert(con, "profile_kind", ("VARCHAR", "VARCHAR", "VARCHAR", "UBIGINT"), rows)
    return "profile_kind"


def _told(documents: Documents, key: Key) -> bytes:
    """What a user profile's document holds beside its names."""
    document = documents.get(key)
    if document is None:
        return b""
    members = {name: value for name, value in document.members.items() if name not in _OF_PROFILE}
    settings = members.get("UserSettings")
    if isinstance(settings, Mapping):
        members["UserSettings"] = {name: value for name, value in settings.items() if name != _ROLE}
    return msgspec.json.encode((members, document.gaps))


@contextmanager
def put_places(con: duckdb.DuckDBPyConnection, name: str, places: Collection[Place] | None) -> Iterator[str]:
    """SQL that a row ``t`` lies in one of the places, as a further condition; nothing where ``places`` is None."""
    if places is None:
        yield ""
        return
    types = dict.fromkeys(("account", "region", "domain_id"), "VARCHAR")
    columns = ", ".join(f"{column} {type_}" for column, type_ in types.items())
    con.execute(f"create temp table place_{name} ({columns})").fetchall()
    insert(con, f"place_{name}", types.values(), sorted(places))
    # Written out, they are looked for where a row begins, before anything is joined to it.
    few = ""
    for column, number in (("account", 0), ("domain_id", 2)):
        values = sorted({place[number] for place in places})
        if len(values) <= _FEW and "" not in values:
            few += f" and t.{column} in ({', '.join(map(literal, values)) or 'null'})"
    yield f"{few} and (t.account, t.region, coalesce(t.domain_id, '')) in (select * from place_{name})"
    con.execute(f"drop table place_{name}").fetchall()


class RuleRows(ABC):
    """The failing rows of one rule, as far as their causes and what fixes these are made of them: ``<name>`` holds them
    and ``alike_<name>`` which are alike."""

    _columns: Sequence[str]

    def __init__(self, con: duckdb.DuckDBPyConnection, wanted: Wanted, name: str, *, grouped: bool) -> None:
        self.rule, self.documented, self._con, self._table = wanted.rule, wanted.documented, con, name
        #: Whether rows may be alike: only of user profiles is it known what their documents hold beside the columns.
        self.grouped = grouped
        # A resource's key is what a fingerprint and the name of a cause call it.
        self._fingerprint = f"{literal(self.rule.id)} || chr(31) || key || {literal(chr(31) + wanted.path)}"
        self._named = f"{literal(self.rule.id)} || chr(31) || key || chr(31) || g.told"

    @abstractmethod
    def groups(self) -> list[Alike]:
        """All of them; none where rows are looked at one by one."""

    def read_groups(self, ends: str) -> list[Alike]:
        """The groups of which a query gives text, number, and then the row at each end, one after the other."""
        found: dict[str, Alike] = {}
        for text, number, *values in self._con.execute(f"select * from ({ends}) order by alike, key").fetchall():
            row = dict(zip(self._columns, values, strict=True))
            held = found.get(text)
            found[text] = Alike(text, number, row, row) if held is None else replace(held, last=row)
        return list(found.values())

    def least(self, texts: Sequence[str]) -> dict[str, str]:
        """The least fingerprint of the findings of each group."""
        rows = self._con.execute(
            f"select alike, min(sha256({self._fingerprint})[:32]) from alike_{self._table}"
            " where alike in (select unnest(?::VARCHAR[])) group by alike",
            [list(texts)],
        ).fetchall()
        return dict(rows)

    def keys(self, texts: Sequence[str]) -> list[str]:
        """Of the rows of the groups with these texts, in their order."""
        rows = self._con.execute(
            f"select key from alike_{self._table} where alike in (select unnest(?::VARCHAR[])) order by key",
            [list(texts)],
        )
        return [key for (key,) in rows.fetchall()]

    def documents(self, texts: Sequence[str]) -> list[Key]:
        """Keys of the documents behind the rows of the groups with these texts."""
        rows = self._con.execute(
            f"select f.account, f.region, f.id from {self._table} f join alike_{self._table} a using (key)"
            " where a.alike in (select unnest(?::VARCHAR[]))",
            [list(texts)],
        )
        return [(account, region, self.documented.name, id_) for account, region, id_ in rows.fetchall()]

    def named(self, told: Mapping[str, str], beginning: str) -> list[str]:
        """Of the rows of groups, keys of those of which the name of the cause begins so. ``told``: by the groups'
        texts, what a cause is named after beside its rule and resource."""
        return self._where(told, "where starts_with(name, $3)", beginning)

    def called(self, told: Mapping[str, str], names: Collection[str]) -> list[str]:
        """The same of those of which the cause has one of the names."""
        return self._where(told, "semi join (select unnest($3::VARCHAR[]) as name) using (name)", list(names))

    def _where(self, told: Mapping[str, str], condition: str, value: Any) -> list[str]:
        rows = self._con.execute(
            f"select key from (select key, sha256({self._named})[:16] as name from alike_{self._table} a"
            " join (select unnest($1::VARCHAR[]) as alike, unnest($2::VARCHAR[]) as told) g on g.alike = a.alike)"
            f" {condition} order by key",
            [list(told), list(told.values()), value],
        )
        return [key for (key,) in rows.fetchall()]

    def rows(self, keys: Sequence[str] | None = None) -> list[Row]:
        """The rows with these keys, in their order; None: all."""
        among = "" if keys is None else " semi join (select unnest(?::VARCHAR[]) as key) a on a.key = r.key"
        rows = self._con.execute(
            f"select r.* from {self._table} r{among} order by r.key", [] if keys is None else [list(keys)]
        ).fetchall()
        return [dict(zip(self._columns, row, strict=True)) for row in rows]

    def by_group(self, texts: Sequence[str]) -> dict[str, list[Row]]:
        """The rows of the groups with these texts, by these, each group in the order of its keys."""
        rows = self._con.execute(
            f"select a.alike, r.* from {self._table} r join alike_{self._table} a on a.key = r.key"
            " where a.alike in (select unnest(?::VARCHAR[])) order by r.key",
            [list(texts)],
        ).fetchall()
        found: dict[str, list[Row]] = {}
        for text, *values in rows:
            found.setdefault(text, []).append(dict(zip(self._columns, values, strict=True)))
        return found

    def name_classes(self, texts: Sequence[str], tests: Sequence[str]) -> dict[str, list[NameClass]]:
        """The resources of the groups with these texts, by these, those together of which the ARNs pass the same tests:
        conditions on a row ``r``."""
        rows = self._con.execute(
            f"select alike, tested, count(*), min(arn), bool_and(plain), min(start), max(start) from"
            f" (select a.alike, [{', '.join(tests)}]::BOOLEAN[] as tested, r.arn, {_PLAIN} as plain,"
            f" left(r.arn, length(r.arn) - length(r.id)) as start from {self._table} r join alike_{self._table} a"
            " on a.key = r.key where a.alike in (select unnest(?::VARCHAR[]))) group by all order by alike, tested",
            [list(texts)],
        ).fetchall()
        found: dict[str, list[NameClass]] = {}
        for text, tested, number, arn, plain, least, greatest in rows:
            start = least if plain and least == greatest else ""
            found.setdefault(text, []).append(NameClass(tuple(tested), number, arn or "", start))
        return found

    def named_alike(
        self, told: Mapping[str, str], tests: Sequence[str], passed: Sequence[bool]
    ) -> dict[str, list[tuple[str, str]]]:
        """Of the resources of groups those that pass some of the tests and not the others: ARNs, each with the id of
        its cause, by group. ``told``: by the groups' texts, what a cause is named after beside its rule and
        resource."""
        rows = self._con.execute(
            f"select g.alike, r.arn, sha256({self._named.replace('key', 'r.key')})[:16] from {self._table} r"
            f" join alike_{self._table} a on a.key = r.key"
            " join (select unnest($1::VARCHAR[]) as alike, unnest($2::VARCHAR[]) as told) g on g.alike = a.alike"
            f" where [{', '.join(tests)}]::BOOLEAN[] = $3::BOOLEAN[] order by r.key",
            [list(told), list(told.values()), list(passed)],
        ).fetchall()
        found: dict[str, list[tuple[str, str]]] = {}
        for text, arn, id_ in rows:
            found.setdefault(text, []).append((arn, id_))
        return found

    def names_only(self, group: Alike) -> bool:
        """Whether the failures of a group, if their domain is to blame, can differ in nothing but names, none of which
        tells how they are fixed."""
        return group.number == 1

    @abstractmethod
    def drop(self) -> None:
        """Forget them."""

    def key(self, row: Row) -> Key:
        """Of the document behind a row."""
        return (row["account"], row["region"], self.documented.name, row["id"])


class FailingRows(RuleRows):
    """The failing rows of a rule, each read from the rule's table."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        wanted: Wanted,
        name: str,
        kinds: str,
        places: Collection[Place] | None = None,
    ) -> None:
        """``name``: of the table that they are put into; ``kinds``: as from ``profile_kinds``; ``places``: the only
        domains whose rows are wanted, None: all."""
        super().__init__(con, wanted, name, grouped=wanted.documented.name == "user_profile" and bool(kinds))
        with put_places(con, name, places) as among:
            self._read(wanted, among)
        self._columns = [d[0] for d in con.execute(f"select * from {name} limit 0").description or ()]
        if not self.grouped:
            return
        own = wanted.blames_itself
        # What is the same for all of a kind tells none of them apart.
        left_out = {*NAMES, *own, *(() if own else alike_columns(con))}
        others = ", ".join(f'f."{column}"' for column in self._columns if column not in left_out)
        told = f"md5(to_json(row({others}))::VARCHAR)" if others else "''"
        # What the documents hold counts where a change may act on the domain instead, or sends it.
        documents = "" if own else f" join {kinds} p using (account, region, id)"
        con.execute(
            f"create or replace temp table alike_{name} as select f.key, {told}{'' if own else ' || p.alike'} as alike"
            f" from {name} f{documents}"
        ).fetchall()

    def _read(self, wanted: Wanted, among: str) -> None:
        import duckdb

        rule = self.rule
        made = (
            f"create or replace temp table {self._table} as select {{}} from {rule.table} as t"
            f" join verdict_{rule.table} v on v.key = t.key where v.\"{rule.id}\" = '{Verdict.FAIL}'{among}"
        )
        try:
            self._con.execute(made.format(", ".join(wanted.every))).fetchall()
        except duckdb.Error:
            self._con.execute(made.format(", ".join(wanted.careful))).fetchall()

    def groups(self) -> list[Alike]:
        """All of them; none where rows are looked at one by one."""
        if not self.grouped:
            return []
        self._con.execute(
            f"create temp table group_{self._table} as select alike, count(*) as number, min(key) as first,"
            f" max(key) as last from alike_{self._table} group by alike"
        ).fetchall()
        found = self.read_groups(
            " union all ".join(
                f"select g.alike, g.number, r.* from group_{self._table} g join {self._table} r on r.key = g.{end}"
                + ("" if end == "first" else " where g.number > 1")
                for end in ("first", "last")
            )
        )
        self._con.execute(f"drop table group_{self._table}").fetchall()
        return found

    def drop(self) -> None:
        """Forget them."""
        self._con.execute(f"drop table {self._table}").fetchall()
        if self.grouped:
            self._con.execute(f"drop table alike_{self._table}").fetchall()
