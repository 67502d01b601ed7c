"""A profile's persona and what it needs, in SQL generated from the personas. Nothing here loops over profiles.

Where there is more than one persona, each profile's is worked out once and kept as a number beside its document;
``user_profile`` turns the number into a name and into what that persona needs. NULL means that the persona hangs on
something that could not be read: a condition on a tag is NULL where it is not known, and an earlier persona that may
fit keeps a later one from being certain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from auditor.resolve.parsed_statements import run
from auditor.resolve.sql_files import statement
from auditor.sql_text import literal, string_list
from auditor.studio.personas import Match, Persona
from auditor.studio.tools import PARTNER_TOOLS, RSTUDIO

if TYPE_CHECKING:
    import duckdb


def _like(text: str, pattern: str, *, case: bool) -> str:
    """Whether the whole text fits the pattern (``*`` any characters, ``?`` one)."""
    if "*" not in pattern and "?" not in pattern:
        return f"{text} = {literal(pattern)}" if case else f"lower({text}) = lower({literal(pattern)})"
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    wild = escaped.replace("*", "%").replace("?", "_")
    return f"{text} {'like' if case else 'ilike'} {literal(wild)} escape '\\'"


def _fits(match: Match, tags: Mapping[str, str]) -> str:
    # A tag that is not there is known not to fit; where tags are not known, one that is certain may still be. No tag of
    # AWS has ${ in it: a template does not say what stands there.
    parts = [
        f"case when contains({tags[key]}, '${{') then null"
        f" when tagged then coalesce({_like(tags[key], pattern, case=True)}, false)"
        f" else {_like(tags[key], pattern, case=True)} end"
        for key, pattern in match.tags.items()
    ]
    if match.name:
        parts.append(_like("name", match.name, case=False))
    if match.domain:
        names = (_like(text, match.domain, case=False) for text in ("domain_id", "domain_name"))
        parts.append(f"({' or '.join(names)})")
    return f"({' and '.join(parts)})"


def assign_personas(con: duckdb.DuckDBPyConnection, personas: Sequence[Persona]) -> None:
    """Give ``raw_user_profile`` the column ``persona``: the number, from 1, of the first persona that fits."""
    named = personas[:-1]
    if not named:
        return
    keys = sorted({key for one in named for match in one.matches for key in match.tags})
    tags = {key: f"tag_{number}" for number, key in enumerate(keys)}
    steps = []
    for number, one in enumerate(named, start=1):
        fits = " or ".join(_fits(match, tags) for match in one.matches)
        steps.append(f"when coalesce({fits}, true) then case when {fits} then {number} end")
    read = "".join(f", coalesce(p.tags, p.known_tags)[{literal(key)}] as {column}" for key, column in tags.items())
    con.execute("alter table raw_user_profile add column persona USMALLINT")
    persona = f"case {' '.join(steps)} else {len(personas)} end"
    run(con, statement("assign_personas", persona=persona, tag_columns=read))


def persona_number(personas: Sequence[Persona]) -> str:
    """SQL over the raw profile ``p`` of its persona's number."""
    return "1" if len(personas) == 1 else "p.persona"


def _by_persona(personas: Sequence[Persona], of: Callable[[Persona], str]) -> str:
    """SQL that depends on the profile's persona, in as few branches as there are different answers."""
    answers: dict[str, list[str]] = {}
    for number, one in enumerate(personas, start=1):
        answers.setdefault(of(one), []).append(str(number))
    if len(personas) == 1:
        return next(iter(answers))
    branches = (f"when u.persona_number in ({', '.join(numbers)}) then {sql}" for sql, numbers in answers.items())
    return f"case {' '.join(branches)} end"


def _apps(one: Persona) -> str:
    everywhere = string_list(tuple(app for app in one.apps if app != RSTUDIO)) + "::VARCHAR[]"
    if RSTUDIO not in one.apps:
        return everywhere
    return f"case when u.rstudio_licensed then {string_list(one.apps)} else {everywhere} end"


def _tools(one: Persona) -> str:
    partners = tuple(tool for tool in one.tools if tool in PARTNER_TOOLS.values())
    own = string_list(tuple(tool for tool in one.tools if tool not in partners)) + "::VARCHAR[]"
    if not partners:
        return own
    in_service = f"list_filter({string_list(partners)}, lambda t: list_contains(a.subscribed_partner_tools, t))"
    return f"case when a.subscribed_partner_tools is not null then {own} || {in_service} end"


def persona_name(personas: Sequence[Persona]) -> str:
    """SQL of the persona's name over the profile's row ``u``."""
    return _by_persona(personas, lambda one: literal(one.name))


def persona_columns(personas: Sequence[Persona]) -> str:
    """Select-list items ``persona``, ``persona_configured``, ``needed_app_types``, ``needed_ml_tools`` and
    ``needed_canvas_features`` over the profile's row ``u`` and its account and region's ``a``.

    RStudio is needed where the domain is known to have it, a partner's tool where an app of it is in service.
    """
    return (
        f"{persona_name(personas)} as persona,"
        f" {_by_persona(personas, lambda one: 'false' if one.built_in else 'true')} as persona_configured,"
        f" {_by_persona(personas, _apps)} as needed_app_types, {_by_persona(personas, _tools)} as needed_ml_tools,"
        f" {_by_persona(personas, lambda one: string_list(one.canvas) + '::VARCHAR[]')} as needed_canvas_features"
    )
