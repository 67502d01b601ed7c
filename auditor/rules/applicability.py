"""Which rules a template can answer: what its tables' columns hang on, held against what a template can hold.

Worked out from the documented tables (``Column.kinds``, ``Table.kinds``) and the mapping table, never from a list of
rules, so that it holds for users' own rules as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from auditor.model.rule import Rule, Verdict
from auditor.resolve.parsed_statements import run
from auditor.resolve.table_model import Column, Table
from auditor.resolve.tables import LIVE, table
from auditor.sql_text import literal
from auditor.studio.resource_types import BY_LAYER
from auditor.studio.template_names import never_expressible

if TYPE_CHECKING:
    import duckdb

#: Kinds of which a template never says all: some it cannot hold, of others (a trail, a partner app) an account may have
#: more. What they would decide is not applicable on a template where it is all that is missing.
NOT_IN_TEMPLATES = frozenset(
    {
        LIVE,
        "sign_in",
        "identity_user",
        "assignment",
        "image_version",
        "kms_key",
        "trail",
        "log_group",
        "event_rule",
        "metric_filter",
        "cost_tag",
        "quota",
        "partner_app",
        "mlflow_server",
        "mlflow_app",
    }
)
#: Those of them of which one that a template makes decides a rule, whatever more there is in the account.
_DECIDING = frozenset({"image_version", "kms_key", "log_group", "partner_app", "mlflow_server", "mlflow_app"})
#: Stands among them for a setting that no template language can express.
SETTING = "setting"
#: How a report names them.
NAMES = {
    LIVE: "the state of running resources",
    "sign_in": "who opened which profile",
    "identity_user": "the people of Identity Center",
    "assignment": "who is assigned to a domain",
    "image_version": "what the account's images are made of",
    "kms_key": "who manages a KMS key",
    "trail": "the account's trails",
    "log_group": "the account's log groups",
    "event_rule": "the account's EventBridge rules",
    "metric_filter": "the account's metric filters",
    "cost_tag": "the bill's cost allocation tags",
    "quota": "the account's service quotas",
    "partner_app": "the account's partner apps",
    "mlflow_server": "the account's MLflow servers",
    "mlflow_app": "the account's MLflow servers",
}
_DEPTH = 4


def missing_kinds(rule: Rule) -> frozenset[str]:
    """Kinds that the rule reads and a template does not hold, and SETTING for a setting that no language can express.

    A rule that was not checked (``Rule.columns`` is empty) is judged by the names in its expressions.
    """
    documented = table(rule.table)
    assert documented is not None, rule.table
    columns, reads = (rule.columns, rule.reads) if rule.columns else _names(rule, documented)
    found = {kind for name in columns for kind in _column(documented, name)}
    found |= set(documented.kinds) & NOT_IN_TEMPLATES
    for read in reads:
        name, _, column = read.partition(".")
        other = table(name)
        if other is not None:
            found |= set(other.kinds) & NOT_IN_TEMPLATES
            found |= _column(other, column.removesuffix("_origin") if other.column(column) is None else column)
    return frozenset(found)


def _names(rule: Rule, documented: Table) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns of the table, and tables with their columns, that the expressions name outside of texts and comments."""
    return _named(f"{rule.when} {rule.require}", documented)


#: What a lambda calls its parameters, which may be called as a column is (``lambda key: …``).
_PARAMETERS = re.compile(r"\blambda\s*\(?\s*([A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*)\s*\)?\s*:", re.IGNORECASE)


def _named(expression: str, documented: Table, read: Collection[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``read``: columns that are known to be read, also where a lambda has a parameter of that name."""
    text = re.sub(r"'(?:[^']|'')*'|--[^\r\n]*", " ", expression)
    own_names = {name.strip().lower() for found in _PARAMETERS.findall(text) for name in found.split(",")}
    found = dict.fromkeys(word.lower() for word in re.findall(r"[A-Za-z_]\w*", text))
    words = [word for word in found if word not in own_names or word in read]
    own = [w for w in words if documented.column(w.removesuffix("_origin"))]
    tables = [t for word in words if (t := table(word)) is not None and t is not documented]
    return tuple(w.removesuffix("_origin") if documented.column(w) is None else w for w in own), tuple(
        name for t in tables for name in (t.name, *(f"{t.name}.{w}" for w in words if t.column(w)))
    )


def _column(documented: Table, name: str, depth: int = 0) -> set[str]:
    column = documented.column(name)
    if column is None or depth > _DEPTH:
        return set()
    found = set(column.kinds) & NOT_IN_TEMPLATES
    if _never(documented, column):
        found.add(SETTING)
    for inner in column.inputs:
        found |= _column(documented, inner, depth + 1)
    return found


def _kind(layer: str, documented: Table) -> str:
    """The kind of resource whose document a layer of settings is."""
    if layer == "service":
        return layer
    return BY_LAYER[layer].kind if layer in BY_LAYER else documented.name


def _own_path(documented: Table, name: str) -> str:
    """Path of a setting in the document of the table's own resources; '' for another column."""
    column = documented.column(name)
    layers = (column.paths or {}) if column else {}
    return next((path for layer, path in layers.items() if _kind(layer, documented) == documented.name), "")


def _never(documented: Table, column: Column) -> bool:
    paths = [(_kind(layer, documented), path) for layer, path in (column.paths or {}).items()]
    written = [place for place in paths if place[0] != "service"]
    return bool(written) and all(place in never_expressible() for place in written)


def template_limits(rule: Rule) -> str:
    """Why a template cannot answer the rule, or not all of it; empty where it can."""
    missing = missing_kinds(rule)
    held = sorted({NAMES[kind] for kind in missing if kind in NAMES})
    reasons = [f"no template holds {', '.join(held)}"] if held else []
    if SETTING in missing:
        reasons.append("no template language can express the setting that it reads")
    return "; ".join(reasons)


def decided_by_templates(rule: Rule) -> bool:
    """Whether a template can decide the rule, if not on every resource."""
    documented = table(rule.table)
    assert documented is not None, rule.table
    return not missing_kinds(rule) or not _beyond_templates(rule, documented, _DECIDING)


def apply_template_limits(con: duckdb.DuckDBPyConnection, name: str, rules: Sequence[Rule]) -> None:
    """Settle the verdicts of the table ``verdict_<name>`` on resources of templates.

    No verdict on a resource that may not exist is certain. Where all that keeps a rule from a verdict is what no
    template holds, or a setting that the template's language cannot express, or where it requires nothing else, it is
    not applicable; where something else is unknown as well, it stays unknown.
    """
    if not con.execute("select count(*) from place").fetchall()[0][0]:
        return  # nothing comes from a template
    documented = table(name)
    assert documented is not None, name
    doubtful = bool(con.execute("select 1 from doubtful limit 1").fetchall())
    beyond = {setting for (setting,) in con.execute("select distinct setting from beyond_template").fetchall()}
    settled: list[str] = []
    columns: dict[str, None] = {}
    for rule in rules:
        verdict = f'v."{rule.id}"'
        decided = f"{verdict} in ('{Verdict.PASS}', '{Verdict.FAIL}')"
        cases = f" when t.__doubtful and {decided} then '{Verdict.UNKNOWN}'::verdict" if doubtful else ""
        paths = {column: _own_path(documented, column) for column in rule.columns}
        lacking = {column: path for column, path in paths.items() if path in beyond}
        if missing_kinds(rule) or lacking:
            others = () if _beyond_templates(rule, documented) else tuple(_others(rule, documented))
            columns |= dict.fromkeys(others)
            known = "".join(
                f' and (t."{column}" is not null'
                + (f" or list_contains(t.__beyond, {literal(lacking[column])})" if column in lacking else "")
                + ")"
                for column in others
            )
            cases += (
                f" when t.__of_template and not t.__doubtful and {verdict} = '{Verdict.UNKNOWN}'{known}"
                f" then '{Verdict.NOT_APPLICABLE}'::verdict"
            )
        if cases:
            settled.append(f'"{rule.id}" = case{cases} else {verdict} end')
    if not settled:
        return
    # One statement for all rules: for a template, to plan one takes longer than to run it.
    read = "".join(f', "{column}"' for column in columns)
    run(
        con,
        f"update verdict_{name} v set {', '.join(settled)} from (select key as __key,"
        " key in (select key from doubtful) as __doubtful,"
        f" account in (select account from template_account) as __of_template{read}, __beyond from {name}"
        " left join (select account, list(setting) as __beyond from beyond_template group by account) using (account)"
        ") t"
        " where t.__key = v.key and (t.__doubtful or t.__of_template)",
    ).fetchall()


def _beyond_templates(rule: Rule, documented: Table, held: frozenset[str] = frozenset()) -> bool:
    """Whether the rule requires nothing that a template can hold, ``held`` kinds aside: then no template ever decides
    it."""
    columns, reads = _named(rule.require, documented, rule.columns)
    return bool(columns) and not reads and all(_column(documented, column) - held for column in columns)


def _others(rule: Rule, documented: Table) -> Iterator[str]:
    """The rule's columns that a template can hold."""
    return (column for column in rule.columns if not _column(documented, column))
