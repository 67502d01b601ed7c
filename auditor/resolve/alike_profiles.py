"""User profiles that are alike: those of one domain whose own settings are the same, but for the execution role.

A company gives a hundred thousand people the settings of some dozens of kinds. Of many profiles the settings are kept,
resolved and judged once for all that are alike: ``raw_user_profile`` then has the number of its kind (``alike``), the
execution role and the words of its own name and its user's beside a document without settings, and
``raw_user_settings`` the settings by that number. Few profiles keep their documents as they are. Two views show both
ways alike, with the settings as ``"UserSettings"``: ``profile_document`` each profile, ``profile_settings`` each kind,
or each profile where there are few.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import SnapshotError
from auditor.resolve.inheritance_sql import (
    NestedMerge,
    effective_origin,
    effective_value,
    layer_columns,
    own_value,
    unseen,
    with_origin,
)
from auditor.resolve.name_words import user_words_beside, words
from auditor.resolve.odd_members import fits, tag_looks_odd, text_looks_odd
from auditor.resolve.own_settings import own_execution_role
from auditor.resolve.raw_schema import DOCUMENTS, quoted, struct_type
from auditor.resolve.sql_files import statement
from auditor.sql_text import literal, string_list
from auditor.studio.partitions import arn_sql
from auditor.studio.settings import PROFILE_SETTINGS, USER_PROFILE_ROOT, USER_SETTINGS

if TYPE_CHECKING:
    import duckdb

#: Bytes of snapshots from which on profiles are told apart by kind: below, it gains nothing.
MANY_BYTES = 16_000_000

_MEMBERS = DOCUMENTS["user_profile"]
_ROLE = "ExecutionRole"
#: What a document has beside the settings.
OWN_MEMBERS = {path: type_ for path, type_ in _MEMBERS.items() if not path.startswith(f"{USER_PROFILE_ROOT}.")}
#: The document with its settings as they are written, and times as text: a date alone is none.
TEXT_MEMBERS = dict.fromkeys(OWN_MEMBERS, "VARCHAR") | {USER_PROFILE_ROOT: "JSON"}
TEXT_TAGS = 'STRUCT("Key" JSON, "Value" JSON)[]'
_TIME_BYTES = len("2026-01-01T00:00:00")
_SETTINGS = struct_type(
    {path.removeprefix(f"{USER_PROFILE_ROOT}."): type_ for path, type_ in _MEMBERS.items() if path not in OWN_MEMBERS}
)
_OWN = ", ".join(f'"{name}" := doc."{name}"' for name in OWN_MEMBERS)
ARN_PATH = "'user-profile/' || p.id"
#: Nothing where the ARN is the one that follows from the rest, as it always is: it would be a fifth of what is kept.
_OWN_READ = ", ".join(
    f'"{name}" := nullif(p.doc."{name}", {arn_sql("p", ARN_PATH)})' if name == "UserProfileArn"
    else f'"{name}" := p.doc."{name}"' + ("" if type_ == "VARCHAR" else f"::{type_}")
    for name, type_ in OWN_MEMBERS.items()
)  # fmt: skip
#: The settings without the role, as text. Where a member is written twice everything stays, so that whoever reads it
#: refuses it.
_TEXT = f"doc.{USER_PROFILE_ROOT}"
_ROLE_TEXT = f"{_TEXT}->>'$.{_ROLE}'"
_WITHOUT_ROLE_BY_MEMBERS = (
    f"case when len(json_keys({_TEXT})) <> len(list_distinct(json_keys({_TEXT}))) then {_TEXT}"
    f" else json_merge_patch({_TEXT}, '{{\"{_ROLE}\": null}}') end"
)
#: The same in half of the time where the role stands first, as SageMaker and the snapshots have it, and nowhere else.
_FIRST = f"""'{{"{_ROLE}":"' || ({_ROLE_TEXT}) || '"'"""
_AFTER = f"substr({_TEXT}::VARCHAR, length({_FIRST}) + 2)"
_WITHOUT_ROLE = (
    f"case when {_ROLE_TEXT} is null then {_TEXT}::VARCHAR when {_TEXT}::VARCHAR = {_FIRST} || '}}' then '{{}}'"
    f" when starts_with({_TEXT}::VARCHAR, {_FIRST} || ',') and not contains({_AFTER}, '\"{_ROLE}\":')"
    f" then '{{' || {_AFTER} else ({_WITHOUT_ROLE_BY_MEMBERS})::VARCHAR end"
)
#: Columns of ``profile_document``.
_SHOWN = ("account", "region", "id", "doc", "tags", "known_tags", "gaps", "as_of")
#: What tells the kinds apart, over a line of the snapshot.
_TELLING = {"account": "account", "region": "region", "domain_id": "doc.DomainId", "status": "doc.Status",
            "failure_reason": "doc.FailureReason", "gaps": "gaps", "as_of": "as_of",
            "settings": "settings"}  # fmt: skip

#: What the rows of a kind have beside the settings in force, for those of the profiles: its number, and what the domain
#: says that a profile may overrule with what is its own.
NUMBER = ", p.alike"
_HANDED_ON = {
    "auth_mode": "domain_auth_mode",
    "auth_mode_origin": "domain_auth_mode_origin",
    "default_execution_role_own": "default_execution_role_own",
    "default_execution_role_unseen": "default_execution_role_unseen",
}
HANDED_DOWN = ("d.default_execution_role_unseen",)
HANDED_ON = ", alike, " + ", ".join(f"{column} as {name}" for column, name in _HANDED_ON.items())
_EXECUTION_ROLE = next(s for s in USER_SETTINGS if s.path == _ROLE)
#: Columns of words that ``raw_user_profile`` has.
KEPT_WORDS = ("name_tokens", "sso_user_tokens")
#: Columns that a profile has of its own, whatever it is alike.
_OF_PROFILE = (
    *("key", "account", "region", "id", "name", "arn", "status", "failure_reason", "creation_time", "as_of"),
    *("domain_id", "tags", "persona_number", "alike", *KEPT_WORDS),
    *(f"{s.column}{end}" for s in (*PROFILE_SETTINGS, _EXECUTION_ROLE) for end in ("", "_origin")),
    *("auth_mode", "auth_mode_origin", "own_execution_role"),
)

#: Documented columns that are the same for all profiles of a kind: its settings, what its domain and its account have,
#: and what follows from these alone, as posix_shared_mounts does: the POSIX user is a setting.
_SAME = frozenset({
    *("account", "region", "status", "failure_reason", "as_of"),
    *("domain_key", "domain_id", "domain_name", "unified_studio"),
    *(f"{name}{end}" for name in ("rstudio_licensed", "execution_role_identity_config", "trusted_identity_propagation")
      for end in ("", "_origin")),
    "domain_has_efs", "experience", "subscribed_partner_tools", "mlflow_servers",
    *(f"{s.column}{end}" for s in USER_SETTINGS if s is not _EXECUTION_ROLE for end in ("", "_origin")),
    *(f"known_{s.column}" for s in USER_SETTINGS),
    *("own_settings", "known_own_settings", "unseen_own_settings"),
    *(f"{tool}_idle_supported" for tool in ("jupyterlab", "code_editor")),
    *("custom_images", "image_sources", "unusable_images", "unpinned_images", "images_known", "posix_shared_mounts"),
})  # fmt: skip
#: The same where there is one persona.
_SAME_OF_PERSONA = frozenset(
    {"persona", "persona_configured", "needed_app_types", "needed_ml_tools", "needed_canvas_features"}
)


def looks_odd(doc: str, tags: str) -> str:
    """Whether a document with ``TEXT_MEMBERS``, or its tags as ``TEXT_TAGS``, may have a member that is none of its
    type, as far as only whoever reads them sees it: ``tell_apart`` looks at the texts."""
    # A time is long, or DuckDB refuses it.
    times = [f'strlen({doc}."{name}") < {_TIME_BYTES}' for name, type_ in OWN_MEMBERS.items() if type_ == "TIMESTAMP"]
    odd_tags = f"len(list_filter({tags}, lambda tag: {tag_looks_odd('tag')})) > 0"
    return " or ".join([f"{doc} is null", *times, odd_tags])


def _any_odd(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether a profile may have a member that is none of its type, or the settings of a kind have one."""
    texts = [text_looks_odd(f'doc."{name}"') for name, type_ in OWN_MEMBERS.items() if type_ == "VARCHAR"]
    either = " or ".join(["odd", *texts, text_looks_odd(quoted(_ROLE))])
    if con.execute(f"select 1 from raw_user_profile where {either} limit 1").fetchall():
        return True
    kinds = con.execute("select distinct settings from profile_kind where settings is not null")
    while some := kinds.fetchmany(10_000):
        if not all(fits("user_profile", USER_PROFILE_ROOT, text) for (text,) in some):
            return True
    return False


def keep_whole(con: duckdb.DuckDBPyConnection) -> None:
    """Show the documents of ``raw_user_profile``, which are whole, with their settings as a column."""
    settings = f"doc.{USER_PROFILE_ROOT} as {quoted(USER_PROFILE_ROOT)} from raw_user_profile"
    con.execute(f"create or replace view profile_document as select {', '.join(_SHOWN)}, {settings}")
    con.execute(
        "create or replace view profile_settings as select account, region, doc.DomainId as domain_id, gaps, as_of,"
        f" {settings}"
    )


def tell_apart(con: duckdb.DuckDBPyConnection, documents: str, folder: Path) -> bool:
    """Create ``raw_user_profile`` and ``raw_user_settings`` from a query of the documents with ``TEXT_MEMBERS`` and
    whether each ``looks_odd``. Returns whether any of them does, or the settings of any kind are of another type.

    The text of each kind's settings is put into ``folder`` and read from there by its types, as every document is.
    Raises duckdb.Error where the documents are not what a snapshot holds, and SnapshotError where kinds that are not
    the same cannot be told apart by their hash.
    """
    telling = ", ".join(_TELLING.values())
    # Half of the numbers are left, for kinds that a change makes.
    name, user = 'doc."UserProfileName"', 'doc."SingleSignOnUserValue"'
    con.execute(
        f"create table raw_user_profile as select *, hash({telling}) >> 1 as alike,"
        f" {user_words_beside(name, 'name_tokens', user)} as sso_user_tokens from ("
        f"select * replace (struct_pack({_OWN_READ}) as doc), {_ROLE_TEXT} as {quoted(_ROLE)},"
        f" {_WITHOUT_ROLE} as settings, {words(f'p.{name}')} as name_tokens from ({documents}) p)"
    )
    con.execute(
        "create table profile_kind as select distinct alike, "
        + ", ".join(f"{sql} as {name}" for name, sql in _TELLING.items())
        + " from raw_user_profile"
    )
    if con.execute("select count(*) > count(distinct alike) from profile_kind").fetchall() != [(False,)]:
        raise SnapshotError("two kinds of user profiles have the same hash")
    odd = _any_odd(con)
    con.execute("alter table raw_user_profile drop column odd")
    path = folder / "settings.jsonl"
    con.execute(
        f"copy (select alike, settings::JSON as {quoted(USER_PROFILE_ROOT)} from profile_kind"
        f" where settings is not null) to {literal(path.as_posix())} (format json)"
    )
    read = (
        f"read_json({literal(path.as_posix())}, format = 'newline_delimited',"
        f" columns = {{alike: 'UBIGINT', {USER_PROFILE_ROOT}: {literal(_SETTINGS)}}})"
    )
    con.execute(
        f"create table raw_user_settings as select k.* exclude (settings), r.{quoted(USER_PROFILE_ROOT)}"
        f" from profile_kind k left join {read} r using (alike)"
    )
    con.execute("alter table raw_user_profile drop column settings")
    con.execute("drop table profile_kind")
    con.execute(
        f"create or replace view profile_document as select {', '.join(f'p.{name}' for name in _SHOWN)},"
        f" s.{quoted(USER_PROFILE_ROOT)} from raw_user_profile p join raw_user_settings s using (alike)"
    )
    con.execute(
        "create or replace view profile_settings as select account, region, domain_id, gaps, as_of,"
        f" {quoted(USER_PROFILE_ROOT)} from raw_user_settings"
    )
    return odd


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Create ``alike_column``, which is empty where profiles are not told apart or their documented table is kept."""
    con.execute("create table alike_column (name VARCHAR)")


def are_told_apart(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the profiles are told apart by kind."""
    # A list of all tables or columns takes ten times longer: DuckDB binds every view for it.
    columns = con.execute("select * exclude (doc) from raw_user_profile limit 0").description or ()
    return "alike" in {name for name, *_ in columns}


def leave_out_empty_kinds(con: duckdb.DuckDBPyConnection) -> None:
    """Forget the kinds that no profile is of any more."""
    if are_told_apart(con):
        con.execute("delete from raw_user_settings where alike not in (select alike from raw_user_profile)")


def resolve_kinds(
    con: duckdb.DuckDBPyConnection, resolved: str, identity: str, persona: str, merge: NestedMerge, signed_in: str
) -> str:
    """Create ``user_profile_kind``, the settings in force of each kind, by ``resolved``, a query of ``raw_user_kind``:
    one profile of each. Returns the query of all profiles. ``identity``, ``persona`` and ``signed_in`` are SQL as for
    the query of profiles that are not told apart."""
    role = quoted(_ROLE)
    con.execute(
        f"create table raw_user_kind as select p.* replace (struct_pack({_OWN.replace('doc.', 'p.doc.')},"
        f" {quoted(USER_PROFILE_ROOT)} := s.{quoted(USER_PROFILE_ROOT)}) as doc)"
        " from raw_user_profile p join (select alike, min(rowid) as first from raw_user_profile group by alike) f"
        " on f.first = p.rowid join raw_user_settings s on s.alike = p.alike"
    )
    con.execute(f"create table user_profile_kind as {resolved}")
    path = f"{USER_PROFILE_ROOT}.{_ROLE}"
    layer = [c for s in PROFILE_SETTINGS for c in layer_columns(s, "p.doc", "p.gaps")]
    layer += [
        f"p.{role} as {_EXECUTION_ROLE.column}_own",
        f"{unseen('p.gaps', path)} as {_EXECUTION_ROLE.column}_unseen",
    ]
    own = ((s.column, own_value(s, "profile")) for s in PROFILE_SETTINGS)
    layers = [f"{s.column}_{end}" for s in (*PROFILE_SETTINGS, _EXECUTION_ROLE) for end in ("own", "unseen")]
    return statement(
        "user_profile_by_kind",
        identity=identity,
        layer_columns=", ".join(layer),
        persona_number=persona,
        own_columns=", ".join(_OF_PROFILE),
        origin=f"({effective_origin(_EXECUTION_ROLE, merge)})::origin",
        own_settings=with_origin(own),
        execution_role=effective_value(_EXECUTION_ROLE),
        own_execution_role=own_execution_role(),
        layers=", ".join([*layers, *_HANDED_ON.values()]),
        signed_in=signed_in,
    )


def show(con: duckdb.DuckDBPyConnection, documented: str, names: Collection[str], *, one_persona: bool) -> None:
    """Create the views ``user_profile_line`` (the documented columns of each profile, with its ``line`` and the number
    of its kind), ``user_profile_alike`` (of one profile of each kind, with its number) and ``user_profile``, and
    puts into ``alike_column`` the documented columns that are the same for all profiles of a kind.

    ``documented``: the query of them, with the slot ``{profiles}`` for where the settings in force are; ``names``:
    theirs."""
    columns = ", ".join(map(quoted, names))
    for view, profiles, more in (
        ("user_profile_line", "user_profile_resolved", "alike, line"),
        ("user_profile_alike", "user_profile_kind", "alike"),
    ):
        query = documented.replace("{profiles}", profiles)
        con.execute(f"create view {view} as select {columns}, {more} from ({query})")
    con.execute(f"create view user_profile as select {columns} from user_profile_line")
    same = sorted((_SAME | _SAME_OF_PERSONA if one_persona else _SAME) & set(names))
    con.execute(f"insert into alike_column select unnest({string_list(same)})")


def alike_columns(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The documented columns of user_profile that are the same for all profiles of a kind, lower-case; none where
    profiles are not told apart or their documented table is kept."""
    return frozenset(name for (name,) in con.execute("select name from alike_column").fetchall())


def counted_by_domain(con: duckdb.DuckDBPyConnection, condition: str, columns: Collection[str]) -> dict[str, int]:
    """How many user profiles of each domain, by its key, meet a condition on the columns; those of one kind at once."""
    counted = "select domain_key, count(*) from user_profile"
    if set(columns) <= alike_columns(con):
        counted = (
            "select domain_key, sum(number)::BIGINT from user_profile_alike join (select alike, count(*) as"
            " number from raw_user_profile group by alike) using (alike)"
        )
    return dict(con.execute(f"{counted} where {condition} group by 1").fetchall())
