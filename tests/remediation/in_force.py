"""What is in force for anybody after each proven command: nothing else than before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from auditor.evaluate.audit import load_tables
from auditor.model.rule import Rule
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.resolve.table_model import Column
from auditor.resolve.tables import table

from .proof import paths
from .proofs import Proofs, as_accounts
from .simulated_account import ACCOUNT, PERSONAS, Seen

#: Columns that hang on evidence which is only collected for the rules that need it.
_OF_ROLES = {
    "role_allowed_tools", "role_undecided_tools", "role_permits_mlflow", "hidden_but_permitted",
    "hidden_partner_tools_permitted", "jupyterlab_usable",
    "code_editor_usable", "mlflow_servers", "space_role_policies", "space_role_allows_everything",
    "space_role_administrator", "roles_without_source_identity", "hidden_undecided", "space_role_unknown",
}  # fmt: skip
_TABLES = ("domain", "user_profile", "space", "app")


#: Rows of the resolved tables by key.
Rows = dict[str, dict[str, Any]]


def rows(audits: Sequence[Seen], merge: NestedMerge, folder: Path) -> list[Rows]:
    """What is in force after each audit, under a reading of nested inheritance. All are resolved at once, each as an
    account of its own."""
    names, paths = as_accounts(audits, folder)
    con, _ = load_tables(paths, merge, PERSONAS)
    found: dict[str, Rows] = {name: {} for name in names}
    for name in _TABLES:
        documented = table(name)
        assert documented is not None
        # When a snapshot was taken, and how long ago things were then, moves by itself.
        columns = [c.name for c in documented.columns if c.name not in ("as_of", "age_hours")]
        for values in con.execute(f"select {', '.join(columns)} from {name}").fetchall():
            account = values[0].partition("/")[0]
            row = dict(zip(columns, _as_before(values, account), strict=True))
            found[account][row["key"]] = row
    con.close()
    return list(found.values())


def _as_before(value: Any, account: str) -> Any:
    if isinstance(value, str):
        return value.replace(account, ACCOUNT)
    if isinstance(value, list | tuple):
        return [_as_before(v, account) for v in value]
    if isinstance(value, dict):
        return {_as_before(k, account): _as_before(v, account) for k, v in value.items()}
    return value


def nothing_else_in_force(proofs: Proofs, folder: Path) -> None:
    """Of what is in force for any resource, none of the proven commands changed anything but what its rule is about,
    under either reading of nested inheritance."""
    assert proofs.proven
    for merge in (NestedMerge.REPLACE, NestedMerge.MEMBERS):
        old, *new = rows([proofs.before, *(tried.after for tried in proofs.proven)], merge, folder)
        for tried, found in zip(proofs.proven, new, strict=True):
            _in_force(tried.rule, tried.after, old, found)


def _in_force(rule: Rule, after: Seen, before: Rows, now: Rows) -> None:
    names = {path for kind in ("user_profile", "domain", "space") for path in paths(rule, kind)}
    for key, row in now.items():
        documented = table(key.split("/")[2])
        assert documented is not None
        for name, value in row.items():
            column = documented.column(name)
            assert column is not None
            if name in _OF_ROLES and "role" not in after.snapshot.header.kinds:
                continue
            old = before[key][name]
            told = f"{rule.id}: {key} {name}: {old} became {value}"
            assert value == old or _about(documented.column, column, names), told


def _about(find: Any, column: Column, names: set[str]) -> bool:
    if any(path in names for path in (*(column.paths or {}).values(), *column.reads)):
        return True
    # Roles stand behind what a space's role, or a profile's, may do.
    of_roles = ("execution_role", "space_role", "has_shared_role", "roles_without", "person_in_role_sessions")
    if column.name.startswith(of_roles) and any("ExecutionRole" in n for n in names):
        return True
    if column.name in (
        "ebs_limit_gb",
        "idle_shutdown",
        "efs_needed",
        "public_subnets",
        "tags",
        "known_tags",
        "quick_setup_signs",
    ):
        return True
    if column.name.startswith("known_") and (whole := find(column.name.removeprefix("known_"))) is not None:
        return _about(find, whole, names)
    return any(_about(find, inner, names) for name in column.inputs if (inner := find(name)) is not None)
