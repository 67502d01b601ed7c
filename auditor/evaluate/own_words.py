"""A company's own words: what its domains and accounts are called, as far as the names of its profiles show that nobody
is.

``zentrix-analyst`` reads as ``smith-admin`` does: one word on no list beside a listed one. Where a domain is called
``zentrix-ml``, the word may be the company's, a product's or a team's; but a domain may be called after a person as
well. So a word of such a name is the company's own only where all of this holds:

- no list of the rule has it, and at least three names begin with it, with different words behind it;
- no name ends with it (``maria``, ``lab-maria``) or holds it beside initials or a word that identifies a person, and no
  other word on no list begins or ends with it (``jsmith``, ``mariaokafor``);
- in the domains that are called so, or lie in the account that is, at least five profiles are people's by other words;
- none of these people has the same words beside theirs (``alice-dev``, where the word is in ``maria-dev``), nor has
  anybody in another domain where a profile's name holds the word.

A person whose domain it is has a profile by the plain name, or profiles that are named as those of the others are; so
such a domain's word stays a person's. What is left out stays as it was without this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from auditor.model.rule import OwnWords
from auditor.resolve.name_words import words
from auditor.rules.word_kinds import WORD
from auditor.sql_text import literal

if TYPE_CHECKING:
    import duckdb

#: Names that hold a word, and people beside it in its domains, from which it is the company's own.
NAMES, PEOPLE = 3, 5
#: The table whose names tell, and where the people of a domain are.
_PROFILES = "user_profile"
#: Words of domains' names that are looked for, by the alphabet; a company has few that its profiles have as well.
_MOST = 200
#: Domains of a word, by account, Region and id, in which people are counted.
_DOMAINS = 20


def own_words(
    con: duckdb.DuckDBPyConnection,
    kinds: str,
    spec: OwnWords,
    rows: Mapping[str, Sequence[str]],
    account_names: Sequence[tuple[str, str]],
    beneath: str,
    profiles: tuple[str, str],
) -> list[str]:
    """The company's own words among those of the table ``kinds`` (``word``, ``kind``: each distinct word of the names).

    ``rows``: table → columns of words in the table ``kind_rows_<table>``, which says as well which row it is;
    ``account_names``: account → name, where an organization says; ``beneath``: the catalog and schema of the documented
    tables; ``profiles``: where user profiles are, and the column by which ``kind_rows_user_profile`` tells them apart.
    """
    if _PROFILES not in rows:
        return []
    places = _places(account_names, beneath)
    con.execute(f"""
        create temp table own_places as
        select distinct {WORD}, account, region, domain_id from ({places}) join {kinds} using ({WORD})
        where contains({literal(spec.unlisted)}, kind)
    """).fetchall()
    try:
        return _proven(con, kinds, spec, rows, profiles)
    finally:
        for table in ("own_held", "own_places"):
            con.execute(f"drop table if exists temp.main.{table}").fetchall()


def _places(account_names: Sequence[tuple[str, str]], beneath: str) -> str:
    """SQL of the words of each domain's name and of its account's, and of two and three in a row written together."""
    named = f"select account, region, domain_id, name from {beneath}.domain"
    if account_names:
        values = ", ".join(f"({literal(account)}, {literal(name)})" for account, name in account_names)
        named += (
            f" union all select d.account, d.region, d.domain_id, a.name from {beneath}.domain d"
            f" join (values {values}) a (account, name) using (account)"
        )
    two, three = (
        f"list_transform(range(1, len(w){less}), lambda n: array_to_string(w[n:n + {more}], ''))"
        for less, more in (("", 1), (" - 1", 2))
    )
    return f"""
        select unnest(list_distinct(w || {two} || {three})) as {WORD}, account, region, domain_id
        from (select {words("name")} as w, account, region, domain_id from ({named}) where name is not null)"""


def _proven(
    con: duckdb.DuckDBPyConnection,
    kinds: str,
    spec: OwnWords,
    rows: Mapping[str, Sequence[str]],
    profiles: tuple[str, str],
) -> list[str]:
    asked = _column(con, f"select distinct {WORD} from own_places order by all limit {_MOST}")
    if not asked:
        return []
    some = _listed(asked)
    held = " union all ".join(
        f'select "{column}" as words from kind_rows_{table} where list_has_any("{column}", {some})'
        for table, columns in rows.items()
        for column in columns
    )
    con.execute(f"""
        create temp table own_held as
        select own, list_sort(list_filter(words, lambda {WORD}: {WORD} <> own)) as beside, words[1] = own as begins,
               words[-1] = own as ends
        from (select distinct words, unnest(list_distinct(list_intersect(words, {some}))) as own from ({held}))
    """).fetchall()
    left = _column(
        con,
        f"""
        select own from own_held group by own
        having count(distinct beside) filter (begins) >= {NAMES} and not bool_or(ends)
        except select own from (select own, unnest(beside) as {WORD} from own_held) join {kinds} using ({WORD})
        where contains({literal(spec.person)}, kind)
        except select own from (select distinct own from own_held) join {kinds} on {WORD} <> own
        and (starts_with({WORD}, own) or ends_with({WORD}, own)) and contains({literal(spec.unlisted)}, kind)
        """,
    )
    return _among_people(con, kinds, spec, rows[_PROFILES], left, some, profiles) if left else []


def _among_people(
    con: duckdb.DuckDBPyConnection,
    kinds: str,
    spec: OwnWords,
    columns: Sequence[str],
    left: Sequence[str],
    some: str,
    profiles: tuple[str, str],
) -> list[str]:
    """Of the words that are left, those whose domains have people by other words, none of them named alike; nor is
    anybody where a profile's name holds the word, whatever that domain is called. Most names
    of a large account are not looked at: people are counted in a few domains, and named alike is who has a word of
    those that stand beside one of these."""
    source, row = profiles
    beside = _column(con, f"select distinct unnest(beside) from own_held where own in {_listed(left)}")

    def named(places: str, alike: str) -> str:
        """SQL of the people of places: each word of theirs that is on no list, and the others beside it."""
        lists = " union all ".join(
            f'select {row} as who, "{column}" as words from kind_rows_{_PROFILES}'
            f' where not list_has_any("{column}", {some}){alike.format(column=column)}'
            for column in columns
        )
        return f"""
            select own, who, list_sort(list_filter(words, lambda other: other <> {WORD})) as beside
            from (select own, who, words, unnest(words) as {WORD} from (
                select distinct p.{WORD} as own, who, words from ({places}) p
                join {source} u using (account, region, domain_id) join ({lists}) on who = u.{row}
            )) join {kinds} using ({WORD}) where contains({literal(spec.unlisted)}, kind)"""

    asked = _listed(left)
    places = f"select {WORD}, account, region, domain_id from own_places where {WORD} in {asked}"
    holders = " union all ".join(
        f'select {row} as who, unnest(list_intersect("{column}", {asked})) as {WORD} from kind_rows_{_PROFILES}'
        f' where list_has_any("{column}", {asked})'
        for column in columns
    )
    everywhere = (
        f"{places} union select {WORD}, account, region, domain_id from ({holders}) join {source} u on who = u.{row}"
    )
    first = f"row_number() over (partition by {WORD} order by account, region, domain_id) <= {_DOMAINS}"
    alike = f' and list_has_any("{{column}}", {_listed(beside)})'
    return _column(
        con,
        f"""
        select own from ({named(f"{places} qualify {first}", "")}) group by own having count(distinct who) >= {PEOPLE}
        except select own from ({named(everywhere, alike)}) join own_held using (own, beside)
        order by all
        """,
    )


def _listed(texts: Sequence[str]) -> str:
    return "[" + ", ".join(map(literal, texts)) + "]::VARCHAR[]"


def _column(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    return [text for (text,) in con.execute(sql).fetchall()]
