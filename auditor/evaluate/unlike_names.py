"""Words that are formed as no person's name is.

``portainer-backup`` reads as ``alice-dev`` does: a word that no list has, beside a listed one. No list holds the
products of all companies; but such a word can be told from a name by its letters. A word is a person's

- not where it is an English word that nobody is called (``snooker``);
- else where it is a known name, or an initial before one;
- else by the weights of its runs of one to five letters, its beginning and end among them: people's names and accounts
  that are made of them against the words that software is called by.

``name_forms.txt.gz`` holds the names, the weights and the words, which are SCOWL's (SCOWL-LICENSE);
``tools/name_forms.py`` says what they were made from. Only words that are in question are weighed, in small letters of
ASCII: those beside a listed word, those that end as a generic word does (``radiologylab``), and the company's own. What
is shorter than four letters may be anyone's initials, and is doubtful at most.
"""

from __future__ import annotations

import gzip
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.model.rule import UnlikeNames
from auditor.rules.word_kinds import WORD
from auditor.sql_text import literal

if TYPE_CHECKING:
    import duckdb

#: The names that the weights alone would doubt, one a line; an empty line; runs of letters and their weights; an empty
#: line; the English words that the weights alone would not tell from a name.
FORMS = Path(__file__).with_name("name_forms.txt.gz")
#: Letters of a run, at most. ``^`` stands before a word and ``$`` behind it.
LONGEST_RUN = 5
#: Letters from which a word is weighed, and from which it can be more than doubtful.
SHORTEST, LONG = 3, 4
#: Sums of weights, in tenths of the logarithm of the odds, below which a word is doubtful, and below which it is formed
#: as no name is; and below which a word is so that stands alone.
DOUBTFUL, UNLIKE, FAR = 10, -10, -20
#: Letters from which a name may have an initial before it.
_WITH_INITIAL = 5
#: Words up to which only what of the file is about them is read: all of it takes longer than a small account's words.
_FEW = 500


def runs(word: str) -> set[str]:
    """The runs of letters of a word, as they are weighed: each once."""
    text = f"^{word}$"
    return {
        text[start : start + length] for length in range(1, LONGEST_RUN + 1) for start in range(len(text) - length + 1)
    }


def mark_unlike_names(
    con: duckdb.DuckDBPyConnection, kinds: str, spec: UnlikeNames, rows: Mapping[str, Sequence[str]]
) -> None:
    """Give the words in the table ``kinds`` (``word``, ``kind``: each distinct word of the names) that are formed as no
    name is their letter.

    ``rows``: table → columns of words in the table ``kind_rows_<table>``.
    """
    asked = " union ".join(
        f'select unnest(words) as {WORD} from (select "{column}" as words, unnest("{column}") as other'
        f" from kind_rows_{table}) semi join beside_names on other = beside_names.{WORD}"
        for table, columns in rows.items()
        for column in columns
    )
    con.execute(f"""
        create temp table beside_names as
        select {WORD} from {kinds} where contains({literal(spec.beside)}, kind)
    """).fetchall()
    try:
        con.execute(f"""
            create temp table names_asked as
            select {WORD}, kind, beside
            from {kinds} left join (select distinct {WORD}, true as beside from ({asked})) using ({WORD})
            where (beside and kind in ({literal(spec.unlisted)}, {literal(spec.joined)})
                or kind = {literal(spec.joined)} or contains({literal(spec.own)}, kind))
              and regexp_full_match({WORD}, '[a-z]{{{SHORTEST},}}')
        """).fetchall()
        few = con.execute(f"select {WORD} from names_asked limit {_FEW + 1}").fetchall()
        if few:
            forms = _forms() if len(few) > _FEW else _forms_of([word for (word,) in few])
            _weigh(con, kinds, spec, forms)
    finally:
        for table in ("names_asked", "beside_names"):
            con.execute(f"drop table if exists temp.main.{table}").fetchall()


def _weigh(con: duckdb.DuckDBPyConnection, kinds: str, spec: UnlikeNames, forms: tuple[str, str, str]) -> None:
    names, weights, common = forms
    text = f"'^' || {WORD} || '$'"
    every = " union all ".join(
        f"select {WORD}, text, start, substr(text, start, {length}) as run"
        f" from (select {WORD}, text, unnest(generate_series(1, length(text) - {length - 1})) as start from words)"
        for length in range(1, LONGEST_RUN + 1)
    )
    unlike = f"sum < {UNLIKE} and length({WORD}) >= {LONG}"
    con.execute(
        f"""
        with lines as (select unnest(string_split(?, chr(10))) as line),
        weights as (
            select split_part(line, ' ', 1) as run, split_part(line, ' ', 2)::INTEGER as weight from lines),
        names as (select unnest(string_split(?, chr(10))) as name),
        common as (select {WORD} from names_asked where {WORD} in (select unnest(string_split(?, chr(10))))),
        words as (
            select {WORD}, {text} as text from names_asked anti join common using ({WORD})
            where {WORD} not in (select name from names)
              and not (length({WORD}) >= {_WITH_INITIAL} and substr({WORD}, 2) in (select name from names))),
        sums as (
            select {WORD}, (select weight from weights where run = '')
                -- Each run counts once. Few have a weight: so only of these is it asked whether it came before.
                + sum(weight) filter (where instr(text, run) = start) as sum
            from ({every}) join weights using (run) group by {WORD}
            union all select {WORD}, {FAR - 1} from common),
        told as (
            select {WORD}, case
                when kind = {literal(spec.joined)} and sum < {FAR} then {literal(spec.generic[:1])}
                when contains({literal(spec.own)}, kind) then
                    case when {unlike} then translate(kind, {literal(spec.own)}, {literal(spec.generic)}) end
                when beside then case when {unlike} then {literal(spec.unlike)}
                                      when sum < {DOUBTFUL} then {literal(spec.doubtful)} end end as told
            from names_asked join sums using ({WORD}))
        update {kinds} set kind = told from told where {kinds}.{WORD} = told.{WORD} and told is not null
        """,
        [weights, names, common],
    ).fetchall()


@cache
def _forms() -> tuple[str, str, str]:
    """The names, the weights and the words, as they are in the file."""
    names, weights, common = gzip.decompress(FORMS.read_bytes()).decode().split("\n\n")
    return names, weights, common


@cache
def _lines() -> tuple[list[str], list[str], list[str]]:
    """The same line by line, each in order: a space, before a weight, comes before any letter of a run."""
    names, weights, common = (part.split("\n") for part in _forms())
    return names, weights, common


def _forms_of(asked: Sequence[str]) -> tuple[str, str, str]:
    """What ``_forms`` has about the words; the weight of no run of letters is every word's."""
    names, weights, common = _lines()
    held = {"", *(run for word in asked for run in runs(word))}
    known = {name for word in asked for name in (word, word[1:]) if _begun(names, name) == name}
    of_runs = (_begun(weights, f"{run} ") for run in sorted(held))
    plain = {word for word in asked if _begun(common, word) == word}
    return "\n".join(sorted(known)), "\n".join(filter(None, of_runs)), "\n".join(sorted(plain))


def _begun(lines: Sequence[str], beginning: str) -> str:
    """The first of the lines, which are in order, that begins so; '' where none does."""
    place = bisect_left(lines, beginning)
    return lines[place] if place < len(lines) and lines[place].startswith(beginning) else ""
