"""What a rule's expression may not be, and what it may."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.errors import ConfigError, RuleError
from auditor.model.rule import Rule
from auditor.rules.cases import run_cases
from auditor.rules.expressions import ExpressionChecker
from auditor.rules.validate import checked
from tests.evaluate.helpers import changed, rules_of

#: On table ``user_profile``; each is refused when the rule is loaded.
HOSTILE = [
    # Files, by table functions, by name, by glob.
    "(select count(*) from read_csv('/etc/passwd')) > 0",
    "(select content from read_text('/etc/passwd')) = name",
    "(select count(*) from read_blob('/etc/shadow')) > 0",
    "(select count(*) from read_parquet('s3://bucket/x.parquet')) > 0",
    "(select count(*) from read_json('x.json')) > 0",
    "(select count(*) from glob('/home/*')) > 0",
    "(select count(*) from 'x.csv') > 0",
    '(select count(*) from "x.csv") > 0',
    "(select count(*) from '/etc/*.json') > 0",
    "(select count(*) from 'https://example.com/x.parquet') > 0",
    "name = (select max(x.name) from user_profile x, read_csv('x.csv'))",
    "exists (select 1 from user_profile where name in (select column0 from 'x.csv'))",
    # Other statements.
    "true; attach 'x.db'",
    "true); attach 'x.db' as x; select (true",
    "true); copy (select 1) to 'x.csv'; select (true",
    "true); set enable_external_access = true; select (true",
    "true); pragma database_list; select (true",
    "true); install httpfs; select (true",
    "true); load httpfs; select (true",
    "true); create table x as select 1; select (true",
    "true); drop table user_profile; select (true",
    "name = 'a'; select 1",
    "name = 'a';",
    # More than one expression, or another select around it.
    "true) , (true",
    "true, true",
    "true) from user_profile where (true",
    "true) union all select (true",
    "true) union all (select true",
    "name = 'a' order by 1",
    "name = 'a') limit (1",
    "true) as x, (select true",
    "* ",
    "columns('.*')",
    "user_profile.*",
    # The machine, its settings, its state.
    "getenv('HOME') = 'x'",
    "current_setting('home_directory') = name",
    "current_database() = name",
    "version() = name",
    "current_user = name",
    "current_schema() = name",
    "pg_catalog.current_user() = name",
    "(select value from duckdb_settings() where name = 'memory_limit') = name",
    "(select count(*) from duckdb_tables) > 0",
    "(select count(*) from information_schema.tables) > 0",
    "(select count(*) from sqlite_master) > 0",
    "(select count(*) from pragma_database_list()) > 0",
    "(select count(*) from raw_user_profile) > 0",
    "(select count(*) from domain_layer) > 0",
    "(select count(*) from main.domain) > 0",
    "(select count(*) from memory.main.domain) > 0",
    "nextval('s') > 0",
    "query('select 1') is not null",
    "(select count(*) from query('select 1')) > 0",
    "(select count(*) from query_table('domain')) > 0",
    "json_execute_serialized_sql('x') is null",
    # The clock, chance: the same input must give the same verdict.
    "creation_time < now()",
    "creation_time < current_timestamp",
    "creation_time < localtimestamp",
    "creation_time::date < current_date",
    "creation_time::date < today()",
    "creation_time < get_current_timestamp()",
    "creation_time < transaction_timestamp()",
    "age(creation_time) > to_days(90)",
    "random() > 0.5",
    "uuid() = name",
    "gen_random_uuid()::varchar = name",
    "setseed(0.5) is null",
    "hash(name) > 0",
    # An operator that is also an arrow: its left side must not slip by.
    "((now()::varchar) -> '$') is null",
    "((select content from read_text('/etc/passwd')) -> '$') is null",
    "(getenv('HOME') -> '$') is null",
    "(name -> 'x') is null",
    "(name ->> 'x') = 'a'",
    "list_filter(name_tokens, word -> word = 'a') = []",
    "list_filter(name_tokens, now -> now = 'a') = []",
    # Rows of other resources mixed into one verdict.
    "count(*) > 0",
    "max(name) = name",
    "row_number() over () = 1",
    "sum(1) over (partition by account) > 1",
    "lag(name) over (order by name) = name",
    "string_agg(name, ',') = 'a'",
    "grouping(name) = 0",
    "unnest(name_tokens) = 'a'",
    "list(name) = []",
    # Subqueries that are more than one table and a condition.
    "(with x as (select 1 as a) select a from x) = 1",
    "(with x as (delete from domain returning 1) select count(*) from x) > 0",
    "(with recursive x as (select 1 union all select 1 from x) select count(*) from x) > 0",
    "(select count(*) from domain union select 1) > 0",
    "(select count(*) from domain a join domain b on true) > 0",
    "(select count(*) from domain, space) > 0",
    "(select count(*) from (select * from domain)) > 0",
    "(select name from domain order by random() limit 1) = name",
    "(select distinct name from domain) = name",
    "(select count(*) from domain group by name) > 0",
    "(select count(*) from domain group by all) > 0",
    "(select count(*) from domain having true) > 0",
    "(select name from domain qualify true) = name",
    "(select name from domain qualify row_number() over () = 1) = name",
    "(select name from domain using sample 1) = name",
    "(select name from domain tablesample 10%) = name",
    "(select count(*) from domain as d(a, b)) > 0",
    "(select max(columns('name')) from domain) = name",
    "(values (1)) = 1",
    "(select 1) = 1",
    "(from range(10)) = 1",
    "(pivot domain on name) is null",
    "(show tables) = name",
    "(describe domain) is null",
    # Functions that are nobody's business, or that pass over what is unknown.
    "concat(name, 'x') = 'x'",
    "list_concat(hidden_app_types, ['a']) = ['a']",
    "list_append(hidden_app_types, 'a') = ['a']",
    "list_prepend('a', hidden_app_types) = ['a']",
    "list_intersect(['Canvas'], hidden_app_types) = []",
    "greatest(name, 'a') = 'a'",
    "least(ebs_default_gb, 5) = 5",
    "write_log(name) is null",
    "error(name)",
    "sleep_ms(1000) is null",
    "md5(name) = 'x'",
    "range(1000000000) = []",
    # Parameters and quoting.
    "name = ?",
    "name = $1",
    "name = #1",
    "name = $undeclared",
    "name = $$a$$",
    "name = $x$ a $x$",
    "name = E'a\\'b'",
    "name = x'6162'",
    "name = U&'a'",
    "name = 'a' /* and more */",
    "name = 'a' /* ",
    # Not an expression at all.
    "",
    "   ",
    "-- nothing",
    "name = 'a",
    'name = "a',
    "(name = 'a'",
    "name = 'a')",
    "name = 'a') --",
    "name = = 'a'",
    "select true",
    "default",
    # Names.
    "no_such_column = 'a'",
    "domain.name = 'a'",
    "name_origin = 'profile'",
    "rowid = 1",
    "no_such_function(name) = 'a'",
    "main.lower(name) = 'a'",
    "name collate nocase = 'a'",
    # Depth.
    "not " * 3000 + "true",
    "1" + "+1" * 3000 + " > 0",
    "(" * 3000 + "true" + ")" * 3000,
    "case when " * 500 + "true" + " then true end" * 500,
    # Less than Python's own limit.
    "case when " * 110 + "unified_studio" + " then true end" * 110,
    "(select count(*) from domain where " * 200 + "true" + ") > 0" * 200,
    "lower(" * 2000 + "name" + ")" * 2000 + " = 'a'",
]

LEGITIMATE = [
    "name = 'a'",
    "not unified_studio",
    "experience = 'studio' and not unified_studio or auth_mode <> 'SSO'",
    "name in ('a', 'b') and auth_mode not in ('IAM')",
    "name like 'a%' or name ilike '%b' or name not like '_'",
    "name between 'a' and 'b'",
    "name ~ '^[a-z]+$'",
    "execution_role_origin = 'profile'",
    "ebs_default_gb * 2 + 1 <= ebs_maximum_gb // 1",
    "-ebs_default_gb < 0",
    "len(hidden_app_types) = 0",
    "hidden_app_types[1] = 'Canvas'",
    "hidden_app_types = ['Canvas', 'JupyterLab']",
    "list_contains(hidden_app_types, 'Canvas')",
    "list_has_all(hidden_ml_tools || subscribed_partner_tools, ['Comet'])",
    "len(list_filter(name_tokens, lambda w: length(w) >= 3 and not list_contains(['a'], w))) > 0",
    "list_filter(name_tokens, lambda w, i: i > 1) = []",
    "map_contains(tags, 'owner') and tags['owner'] = 'a'",
    "date_diff('day', creation_time, as_of) < 90",
    "creation_time < as_of - interval 3 day",
    "creation_time >= timestamp '2023-12-01'",
    "date_trunc('day', creation_time) = date '2023-11-30'",
    "cast(name as integer) > 0",
    "name::varchar = 'a'",
    "regexp_matches(name, '^[a-z]+$')",
    "user_profile.name = 'a'",
    '"name" = \'a\'',
    "NAME = 'a'",
    "name = 'it''s; -- no comment'",
    "name = '$$ /* E''x'' $undeclared'",
    "name = 'a' -- why",
    "-- why\nname = 'a'",
    "(select count(*) from domain) > 0",
    "name not in (select owner from space)",
    "name in (" + ", ".join(f"'{n}'" for n in range(5000)) + ")",
    " and ".join(["name <> 'a'"] * 500),
]  # fmt: skip

#: Allowed where no verdict hangs on it (a message's values, the cause), and refused where one does.
ASKING = [
    "name is null or name is not null",
    "name is distinct from 'a'",
    "case when auth_mode = 'SSO' then sso_user <> '' else true end",
    "case auth_mode when 'SSO' then true else false end",
    "coalesce(sso_user, '') = ''",
    "ifnull(ebs_default_gb, 5) <= 100",
    "list_transform(name_tokens, lambda w: w || name) = []",
    "try_cast(name as integer) is null",
    "(select count(*) from space s where s.owner = user_profile.name and s.domain_id = user_profile.domain_id) < 10",
    "exists (select 1 from app where app.user_profile_name = user_profile.name)",
    "ebs_default_gb > all(select ebs_volume_gb from space where ebs_volume_gb > 0)",
    "(select count(*) filter (where status = 'InService') from app) = 0",
    "(select count(*) from user_profile o where o.execution_role = user_profile.execution_role) = 1",
    "(select max(ebs_volume_gb) from space where owner in (select name from user_profile p where auth_mode = '')) < 5",
    "list_filter(name_tokens, lambda w: w = name) = []",
    "list_filter(name_tokens, lambda w: list_contains(hidden_app_types, w)) = []",
    "list_transform(list_filter(name_tokens, lambda w: w = sso_user), lambda w: w) = []",
]  # fmt: skip


@pytest.fixture(scope="module")
def guard() -> ExpressionChecker:
    return ExpressionChecker()


@pytest.fixture(scope="module")
def rule(tmp_path_factory: pytest.TempPathFactory) -> Rule:
    text = changed(table="user_profile", cases=[{"given": {}, "then": "fail"}])
    return rules_of(tmp_path_factory.mktemp("rules"), text)[0]


def _complain(message: str, *keys: str, hint: str = "") -> RuleError:
    return RuleError(message, hint=hint)


def test_there_is_enough_to_refuse() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) > 100
    assert len(set(LEGITIMATE)) == len(LEGITIMATE) > 30


@pytest.mark.parametrize("expression", HOSTILE, ids=lambda e: e[:60].replace("\n", " "))
def test_hostile(expression: str, guard: ExpressionChecker, rule: Rule) -> None:
    """As ``require``, as ``when`` and as ``cause``: with a reason, and never with anything but a RuleError."""
    for key in ("require", "when"):
        with pytest.raises(RuleError) as error:
            checked(replace(rule, **{key: expression}), _complain, guard)
        assert error.value.message.startswith(f"{key}: ") or "is not declared" in error.value.message
    if expression.strip():
        with pytest.raises(RuleError):
            checked(replace(rule, cause=f"case when {expression} then 'name' end"), _complain, guard)


@pytest.mark.parametrize("expression", LEGITIMATE, ids=lambda e: e[:60].replace("\n", " "))
def test_legitimate(expression: str, guard: ExpressionChecker, rule: Rule) -> None:
    accepted = checked(replace(rule, require=expression), _complain, guard)
    assert "unified_studio" in accepted.columns


@pytest.mark.parametrize("expression", ASKING)
def test_what_asks_for_null_decides_nothing(expression: str, guard: ExpressionChecker, rule: Rule) -> None:
    checked(replace(rule, cause=f"case when {expression} then 'name' end"), _complain, guard)
    for key in ("require", "when"):
        with pytest.raises(RuleError, match=r"unknown"):
            checked(replace(rule, **{key: expression}), _complain, guard)


def test_columns_are_those_that_are_read(guard: ExpressionChecker, rule: Rule) -> None:
    """In order, once, without those of other tables, of lambdas, of strings."""
    expression = (
        "lower(name) = 'auth_mode' and execution_role_origin = 'profile' and name <> ''"
        " and list_filter(hidden_ml_tools, lambda account: account = 'x') = []"
        " and (select count(*) from space s where s.owner = user_profile.sso_user and display_name = '') = 0"
    )
    accepted = checked(replace(rule, require=expression, when="true", tests_null="a test"), _complain, guard)
    assert accepted.columns == ("name", "execution_role", "hidden_ml_tools", "sso_user")
    assert accepted.setting == rule.setting


@pytest.mark.parametrize(
    "text",
    [
        "auth_mode = $$ $p $$ or auth_mode = $p",
        "auth_mode = E'\\'' or auth_mode = $p or name = '\\'",
        "auth_mode = 'x' /* ' */ or auth_mode = $p /* ' */",
    ],
)
def test_a_parameter_cannot_break_out_of_a_string(text: str, tmp_path: Path) -> None:
    """What was checked is what is run: no quoting may hide a parameter from one of the two."""
    default = "$$ or now() > creation_time or auth_mode = $$"
    params = {"p": {"type": "string", "default": default, "doc": "d"}}
    with pytest.raises(RuleError, match="not allowed in a rule"):
        rules_of(tmp_path, changed(require=text, params=params))


@pytest.mark.parametrize("value", ["it's", "'; drop table domain; --", "$p", "a\nb", "\\", "''", 'ü"', "{name}"])
def test_a_parameter_is_only_a_value(value: str, tmp_path: Path) -> None:
    """Whatever it holds, it is compared as text."""
    cases = [{"given": {"name": value}, "then": "pass"}, {"given": {"name": value + "x"}, "then": "fail"}]
    params = {
        "p": {"type": "string", "default": value, "doc": "d"},
        "q": {"type": "list", "default": [value], "doc": "d"},
    }
    require = "name = $p and list_contains($q, name) and '$p' <> name || '''$p' -- $p"
    results = run_cases(rules_of(tmp_path, changed(require=require, params=params, cases=cases)))
    assert [r.ok for r in results] == [True, True], [r.error for r in results]


def test_reasons_are_for_people(tmp_path: Path) -> None:
    """A refusal says what is not allowed, in words of the rule's author."""
    for expression, words in {
        "auth_mode = concat('S', 'SO')": r"function concat\(\) is not allowed",
        "count(*) > 0 and auth_mode = ''": r"aggregate count_star\(\) is allowed in a subquery only",
        "(select count(*) from spaces) = 0 and auth_mode = ''": "'spaces' is not a documented table.*space",
        "rank() over () = 1 and auth_mode = ''": "window is not allowed",
    }.items():
        with pytest.raises(ConfigError, match=words):
            rules_of(tmp_path, changed(require=expression))
