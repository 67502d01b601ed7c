"""``side_role``: roles that Studio uses for RStudio, Canvas, Amazon EMR, MLflow and partner AI apps, by domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.empty_tables import create_without_rows, holds
from auditor.resolve.parsed_statements import run
from auditor.resolve.raw_schema import DOCUMENTS, quoted
from auditor.studio.side_roles import SIDE_ROLES

if TYPE_CHECKING:
    import duckdb


#: SQL of the domain's id. MLflow and partner AI apps belong to no domain.
_DOMAIN = {"domain": "d.id", "user_profile": "d.domain_id"}
#: Where a kind's documents are, and SQL of them. Roles are the same of all profiles that are alike.
_DOCUMENTS = {"user_profile": ("profile_settings", "d")}


def _members(kind: str) -> str:
    """SQL of one row a member of a document that names roles, with what they are used for. One scan for all members:
    one for each takes three times as long to plan."""
    relation, document = _DOCUMENTS.get(kind, (f"raw_{kind}", "d.doc"))
    members = []
    for path, use in SIDE_ROLES[kind].items():
        outer = next((p for p, type_ in DOCUMENTS[kind].items() if type_ == "JSON" and path.startswith(f"{p}.")), "")
        inner = path.removeprefix(f"{outer}.")
        member = (
            f"json_extract({document}.{quoted(outer)}, '$.{inner}')" if outer else f"to_json({document}.{quoted(path)})"
        )
        members.append(f"struct_pack(use := '{use}', roles := {member})")
    domain = _DOMAIN.get(kind, "''")
    return (
        f"select account, region, {domain} as domain_id, d.as_of, unnest([{', '.join(members)}])"
        f" as member from {relation} d"
    )


#: SQL of the ARNs of a member, which is a text or a list.
_ROLES = (
    "case json_type(member.roles) when 'ARRAY' then json_extract_string(member.roles, '$[*]')"
    " when 'VARCHAR' then [json_extract_string(member.roles, '$')] else []::VARCHAR[] end"
)
_SIDE_ROLE = {
    **dict.fromkeys(("account", "region", "domain_id"), "VARCHAR"),
    "as_of": "TIMESTAMP",
    **dict.fromkeys(("use", "id"), "VARCHAR"),
    "own": "BOOLEAN",
}


def create(con: duckdb.DuckDBPyConnection) -> None:
    """``own``: of the same account. What a role of another account can do is its own account's audit."""
    held = [kind for kind in SIDE_ROLES if holds(con, kind)]
    if not held:
        create_without_rows(con, "side_role", _SIDE_ROLE)
        return
    members = " union all ".join(map(_members, held))
    run(
        con,
        "create table side_role as select distinct *, split_part(id, ':', 5) = account"
        " or account in (select account from template_account) as own from"
        f" (select account, region, domain_id, as_of, member.use as use, unnest({_ROLES}) as id from ({members}))"
        " where id <> ''",
    )
