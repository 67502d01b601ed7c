"""Tables that ``auditor query`` has beside those that rules read: findings, rules, and settings a row each; AWS's own
names for columns; and an example for each table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from auditor.evaluate.deviations import DEVIATION, statement
from auditor.model.rule import Rule
from auditor.resolve.filled_tables import insert
from auditor.resolve.table_model import Column, Table
from auditor.resolve.tables import TABLES

if TYPE_CHECKING:
    import duckdb

    from auditor.model.finding import Finding
    from auditor.model.report import Report

FINDING = Table(
    "finding", "One row a finding: a check that failed, or that could not be evaluated. Nothing that passed, and"
    " nothing of earlier runs. The rules, parameters, severities and waivers of auditor.yaml count.",
    (
        Column("fingerprint", "VARCHAR", "Identifies the finding from run to run"),
        Column("rule_id", "VARCHAR", "The rule"),
        Column("rule_name", "VARCHAR", "Its name"),
        Column("severity", "VARCHAR", "critical, high, medium, low or info"),
        Column("status", "VARCHAR", "fail, waived, unknown or error"),
        Column("key", "VARCHAR", "Key of the resource, as in its table"),
        Column("resource_type", "VARCHAR", "The resource's table"),
        Column("account", "VARCHAR", "Account id"),
        Column("region", "VARCHAR", "Region; aws-global for execution roles"),
        Column("domain_id", "VARCHAR", "Id of its domain, '' for what belongs to none"),
        Column("domain_name", "VARCHAR", "Name of its domain, '' for what belongs to none"),
        Column("id", "VARCHAR", "Id of the resource"),
        Column("name", "VARCHAR", "Name of the resource"),
        Column("message", "VARCHAR", "What is wrong with it"),
        Column("setting", "VARCHAR", "Column that the finding is about; '' for a rule that could not be evaluated"),
        Column("value", "VARCHAR", "Its value, as JSON; NULL where it is unknown"),
        Column("origin", "VARCHAR", "Layer that set it"),
        Column("root_cause", "VARCHAR", "Id of the change that fixes it and others with it; '' for no failure"),
        Column("waiver_reason", "VARCHAR", "Why it is accepted, '' where it is not"),
    ),
)  # fmt: skip
RULE = Table(
    "rule", "One row a rule that auditor.yaml selects, the built-in ones by default.",
    (
        Column("id", "VARCHAR", "Its id"),
        Column("name", "VARCHAR", "Its name"),
        Column("title", "VARCHAR", "What it demands"),
        Column("severity", "VARCHAR", "critical, high, medium, low or info"),
        Column("area", "VARCHAR", "Its area"),
        Column("table_name", "VARCHAR", "Table whose rows it judges"),
        Column("practices", "VARCHAR[]", "Practices that it checks"),
        Column("why", "VARCHAR", "Why it matters"),
        Column("remediation", "VARCHAR", "How to fix what it finds"),
    ),
)  # fmt: skip
SETTING = Table(
    "setting", "One row a setting in force of a domain, user profile, space or app: every column that has an origin,"
    " beside each other. Values that are derived from several settings are in the tables above only.",
    (
        Column("key", "VARCHAR", "Key of the resource, as in its table"),
        Column("resource_type", "VARCHAR", "The resource's table"),
        Column("account", "VARCHAR", "Account id"),
        Column("region", "VARCHAR", "Region"),
        Column("domain_id", "VARCHAR", "Id of its domain"),
        Column("id", "VARCHAR", "Id of the resource"),
        Column("name", "VARCHAR", "Name of the resource"),
        Column("setting", "VARCHAR", "The column of the resource's table"),
        Column("path", "VARCHAR", "AWS's name of it: the path in the API"),
        Column("value", "VARCHAR", "Its value: text as it is, everything else as JSON; NULL where it is unknown"),
        Column("origin", "VARCHAR", "Layer that set it: profile, domain, space, app, service (AWS's default)"),
    ),
)  # fmt: skip
#: What rules cannot read, in the order of the docs.
ASKED_TABLES = (FINDING, RULE, SETTING, DEVIATION)

#: Table → AWS's name for a column → our column. ``account_id`` is there wherever ``account`` is.
ALIASES: Mapping[str, Mapping[str, str]] = {
    "domain": {"domain_name": "name"},
    "user_profile": {"user_profile_name": "name", "execution_role_arn": "execution_role"},
    "space": {"space_name": "name"},
    "app": {"app_name": "name"},
    "execution_role": {"role_name": "name"},
}
#: Table → what a column was called → what it is called, for a version more.
FORMER_NAMES: Mapping[str, Mapping[str, str]] = {
    "domain": {
        "default_default_landing_uri": "default_landing_uri",
        "default_default_landing_uri_origin": "default_landing_uri_origin",
    },
}

#: Table → a question, and the statement that answers it.
EXAMPLES: Mapping[str, tuple[str, str]] = {
    "domain": (
        "Domains that reach the internet directly",
        "select account_id, region, domain_name from domain where app_network_access_type = 'PublicInternetOnly'",
    ),
    "user_profile": (
        "User profiles by domain and by where they land",
        "select domain_name, experience, count(*) as profiles from user_profile group by all order by all",
    ),
    "space": ("Spaces by owner", "select domain_name, owner, count(*) as spaces from space group by all order by all"),
    "app": (
        "Apps that run, by type and instance",
        "select app_type, instance_type, count(*) as apps from app where status = 'InService' group by all",
    ),
    "execution_role": (
        "Roles that several user profiles share",
        "select role_name, profiles from execution_role where profiles > 1 order by profiles desc",
    ),
    "access_path": (
        "Who can become an administrator, and how",
        "select p.name as user_profile, a.steps from access_path a join user_profile p on p.account = a.account"
        " and p.execution_role = a.id where a.goal = 'administrator' order by a.length, user_profile",
    ),
    "lifecycle_config": (
        "Scripts with unsafe lines",
        "select name, unsafe_lines, attached_to from lifecycle_config where len(unsafe_lines) > 0 order by all",
    ),
    "mlflow_server": (
        "MLflow servers by version",
        "select kind, mlflow_version, count(*) as servers from mlflow_server group by all order by all",
    ),
    "partner_app": (
        "Partner AI apps whose version AWS ends soon",
        "select name, app_type, version, end_of_life_days from partner_app where end_of_life_days < 90 order by all",
    ),
    "sign_in": (
        "Who opened several profiles",
        "select person, count(distinct user_profile_name) as profiles from sign_in where kind = 'human'"
        " group by 1 having profiles > 1",
    ),
    "account_region": ("Regions with domains", "select account_id, region, domains from account_region order by all"),
    "gap": (
        "Calls that failed, and how often",
        "select operation, reason, count(*) as n from gap group by all order by n",
    ),
    "place": ("Where templates define resources", "select file, line, resource_type, id from place order by all"),
    "finding": (
        "Which user profiles fail STU201, by domain",
        "select domain_name, count(*) as profiles from finding where rule_id = 'STU201' and status = 'fail' group by 1",
    ),
    "rule": (
        "Rules by area and severity",
        "select area, severity, count(*) as rules from rule group by all order by all",
    ),
    "setting": (
        "What one user profile has, and who set it",
        "select path, value, origin from setting where name = 'ana-silva' and origin <> 'service' order by path",
    ),
    "deviation": (
        "Which user profiles deviate from their domain, and in what",
        "select domain_name, path, value, domain_value, profiles, user_profiles from deviation order by profiles desc",
    ),
}


def columns_of(table: Table) -> str:
    """The columns of a view over one of the documented tables: its own, then AWS's names and former ones."""
    names = {"account_id": "account"} if table.column("account") else {}
    names |= {**ALIASES.get(table.name, {}), **FORMER_NAMES.get(table.name, {})}
    return ", ".join(("*", *(f"{column} as {alias}" for alias, column in names.items())))


def create(con: duckdb.DuckDBPyConnection, into: str, source: str) -> None:
    """Make the views over the database ``source``, and the further tables, empty, in the database ``into``."""
    for table in TABLES:
        con.execute(
            f"create view {into}.main.{table.name} as select {columns_of(table)} from {source}.main.{table.name}"
        )
    con.execute(f"create view {into}.main.{SETTING.name} as {_settings(source)}")
    deviant = statement(f"{source}.main.")
    con.execute(f"create view {into}.main.{DEVIATION.name} as select *, account as account_id from ({deviant})")
    for table in (FINDING, RULE):
        typed = ", ".join(f"{column.name} {column.type}" for column in table.columns)
        con.execute(f"create table {into}.main.{table.name} ({typed})")


def _settings(source: str) -> str:
    """Every setting of every resource, a row each."""
    parts = []
    for table in TABLES:
        found = [column for column in table.columns if column.has_origin]
        if not found or not table.column("domain_id"):
            continue
        items = ", ".join(
            f"{{'setting': '{c.name}', 'path': '{_path(c)}', 'value': {_text(c)},"
            f" 'origin': t.{c.name}_origin::varchar}}"
            for c in found
        )
        parts.append(
            f"select t.key, '{table.name}' as resource_type, t.account, t.region, t.domain_id, t.id, t.name,"
            f" s.setting, s.path, s.value, s.origin, t.account as account_id"
            f" from {source}.main.{table.name} t, unnest([{items}]) as u(s)"
        )
    return " union all ".join(parts)


def _path(column: Column) -> str:
    """AWS's path of a setting: that of the service's default, which has no layer's structure in front."""
    paths = column.paths or {}
    return paths.get("service") or next(iter(paths.values()), "")


def _text(column: Column) -> str:
    return f"t.{column.name}" if column.type == "VARCHAR" else f"to_json(t.{column.name})::varchar"


def fill_rules(con: duckdb.DuckDBPyConnection, rules: Iterable[Rule]) -> None:
    """Fill the table ``rule``."""
    _insert(con, RULE, [
        (r.id, r.name, r.title, r.severity.value, r.area, r.table, list(r.practices), r.why, r.remediation.steps)
        for r in rules
    ])  # fmt: skip


def fill_findings(con: duckdb.DuckDBPyConnection, report: Report) -> None:
    """Fill the table ``finding``."""
    names = {rule.id: rule.name for rule in report.rules}
    _insert(con, FINDING, [_row(finding, names) for finding in report.findings])


def _row(finding: Finding, names: Mapping[str, str]) -> tuple[Any, ...]:
    place = finding.resource
    about = finding.evidence[0] if finding.evidence else None
    value = None if about is None or about.value is None else json.dumps(about.value, ensure_ascii=False, default=str)
    return (
        finding.fingerprint, finding.rule_id, names.get(finding.rule_id, ""), finding.severity.value,
        "waived" if finding.waiver else finding.status.value, place.key, place.type, place.account, place.region,
        place.domain_id, place.domain_name, place.id, place.name, finding.message,
        about.setting if about else "", value, about.origin.layer if about else "", finding.root_cause,
        finding.waiver.reason if finding.waiver else "",
    )  # fmt: skip


def _insert(con: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    con.execute(f"delete from {table.name}")
    insert(con, table.name, [column.type for column in table.columns], rows)


#: The rules that are selected, and the report of them, made when a statement asks for either.
RulesAsked = Callable[[], Sequence[Rule]]
ReportAsked = Callable[[], "Report"]
