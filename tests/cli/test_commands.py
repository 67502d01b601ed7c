"""What each command does beyond its exit code."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from auditor.cli.main import COMMANDS, LazyGroup, cli
from auditor.collect.aws import permissions
from auditor.errors import ConfigError
from auditor.model.rule import Severity
from auditor.report.render import Format
from auditor.simulator import Simulator
from auditor.version import __version__

Auditor = Callable[..., object]
DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_the_group_is_each_commands_own(name: str) -> None:
    assert isinstance(cli, LazyGroup)
    command = cli.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.name == name
    assert command.short_help == COMMANDS[name][1]


@pytest.mark.parametrize(
    ("typed", "meant"), [(["audti"], "'audit'"), (["rules", "lst"], "'list'"), (["stores"], "'store'")]
)
def test_a_misspelt_command_is_suggested(auditor: Auditor, typed: list[str], meant: str) -> None:
    outcome = auditor(*typed)
    assert (outcome.code, outcome.out) == (2, "")
    last = outcome.err.splitlines()[-1]
    assert last.startswith(f"Error: No such command '{typed[-1]}'. ")
    assert meant in last


@pytest.mark.parametrize(
    ("typed", "option"),
    [
        (["check", "night.jsonl", "--store", ""], "--store"), (["check", "--store=", "night.jsonl"], "--store"),
        (["store", "prune", "--store", "s", "--account", "", "--keep", "1d"], "--account"),
        (["verify", "--store", "s", "--expect", ""], "--expect"),
        (["audit", "--organization", "--external-id", ""], "--external-id"),
        (["scan", ".", "--only", "", "--skip", "STU101"], "--only"),
    ],
)  # fmt: skip
def test_an_option_without_its_value_is_refused(auditor: Auditor, typed: list[str], option: str) -> None:
    outcome = auditor(*typed)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"Error: {option}: the value is empty. Leave the option out, or give it a value." in outcome.err


@pytest.mark.parametrize(
    "typed",
    [
        ["check", "night.jsonl", "--output", "s3://bucket/reports"], ["check", "s3://bucket/night.jsonl"],
        ["scan", ".", "--snapshot", "s3://bucket/night.jsonl"], ["scan", "https://example.com/main.tf"],
        ["explain", "x", "--snapshot", "s3://bucket/night.jsonl"], ["diff", "old.jsonl", "s3://bucket/new.jsonl"],
        ["check", "night.jsonl", "--baseline", "file:///tmp/report.json"],
    ],
)  # fmt: skip
def test_a_url_is_no_path(auditor: Auditor, typed: list[str], tmp_path: Path) -> None:
    """Nothing is written to a folder ``s3:``, and a job doesn't end as if its report had reached the bucket."""
    outcome = auditor(*typed)
    url = next(word for word in typed if "://" in word)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{url} is a URL, and it takes a file or folder of this machine." in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_what_may_be_empty_is_taken(auditor: Auditor) -> None:
    """A parameter's value, and whatever stands behind ``--``."""
    for typed in (["check", "--param", "STU101.words=", "no.jsonl"], ["check", "--", "--store", ""]):
        assert "the value is empty" not in auditor(*typed).err


def test_the_version_in_three_ways(auditor: Auditor) -> None:
    assert (
        auditor("version").out == auditor("-V").out == auditor("--version").out == f"auditor, version {__version__}\n"
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_the_shells_script(auditor: Auditor, shell: str) -> None:
    outcome = auditor("completion", shell)
    assert outcome.code == 0
    assert f"_AUDITOR_COMPLETE={shell}_complete" in outcome.out


def test_diff_without_arguments_says_what_it_needs(auditor: Auditor) -> None:
    outcome = auditor("diff")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("Error: diff needs OLD and NEW, two files, or a store\n  Name a store with --store")


def test_every_format_can_be_asked_for(auditor: Auditor, estate_file: Callable[[str], Path], tmp_path: Path) -> None:
    auditor("check", estate_file("clean"), "--format", ",".join(Format), "--output", "r", "-q")
    assert {p.name for p in (tmp_path / "r").iterdir()} == {f.file_name for f in Format}


def test_check_gives_what_audit_gave(auditor: Auditor, simulated: Callable[..., Simulator], tmp_path: Path) -> None:
    simulated("acme")
    regions = ["--region", "eu-west-1", "--region", "us-east-1"]
    auditor("audit", *regions, "--snapshot", "s.jsonl", "--output", "one", "--format", "json", "-q")
    for folder in ("two", "three"):
        auditor("check", "s.jsonl", "--output", folder, "--format", "json", "-q")
    one, two, three = ((tmp_path / f / "report.json").read_bytes() for f in ("one", "two", "three"))
    assert one == two == three


def test_collect_writes_a_snapshot_and_says_what_it_holds(
    auditor: Auditor, simulated: Callable[..., Simulator], tmp_path: Path
) -> None:
    simulated("acme")
    outcome = auditor("collect", "--region", "eu-west-1", "--snapshot", "deep/er/s.jsonl")
    assert outcome.code == 0
    assert re.fullmatch(r"deep/er/s\.jsonl: \d+ resources\n", outcome.out)
    assert (tmp_path / "deep/er/s.jsonl").stat().st_size > 10_000


def test_quiet_prints_nothing(auditor: Auditor, estate_file: Callable[[str], Path]) -> None:
    outcome = auditor("check", estate_file("acme"), "--quiet")
    assert (outcome.code, outcome.out, outcome.err) == (4, "", "")


def test_the_summary_names_causes_gaps_and_reports(
    auditor: Auditor, estate_file: Callable[[str], Path], acme_failures: Callable[[Severity | None], int]
) -> None:
    out = auditor("check", estate_file("acme")).out
    assert "5 domains, 66 user profiles" in out
    critical = acme_failures(Severity.CRITICAL)
    # And STU206, medium by itself, is high for the role of shared spaces.
    assert f"critical {critical}   high {acme_failures(Severity.HIGH) - critical + 1}" in out
    assert "STU203 Execution role studio-legacy has administrator access" in out
    assert "ambiguous inheritance" in out
    assert "Report: audit-report/report.html" in out


def test_only_skip_and_param(auditor: Auditor, estate_file: Callable[[str], Path], tmp_path: Path) -> None:
    acme = estate_file("acme")
    auditor("check", acme, "--only", "experience,STU501", "--skip", "classic-is-default", "--format", "json", "-q")
    document = json.loads((tmp_path / "audit-report/report.json").read_text())
    assert [r["id"] for r in document["rules"]] == [*(f"STU30{n}" for n in range(2, 8)), "STU501"]
    shared = [
        "classic-board", "old-notebooks", "project-space", "reading-group", "scratchpad", "sprint-board", "team-board",
        "team-forecast",
    ]  # fmt: skip
    approved = f"STU701.approved={shared}"
    auditor("check", acme, "--only", "STU701", "--param", approved, "--format", "json")
    document = json.loads((tmp_path / "audit-report/report.json").read_text())
    assert document["summary"]["by_status"]["fail"] == 0
    assert document["params"] == {"STU701.approved": shared}


def test_own_rules_join_the_built_in_ones(auditor: Auditor, estate_file: Callable[[str], Path], tmp_path: Path) -> None:
    text = (DOCS / "writing-rules.md").read_text(encoding="utf-8")
    rule = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert rule is not None
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "rule.yaml").write_text(rule.group(1))
    tested = auditor("rules", "test", "mine")
    assert tested.code == 0
    assert tested.out == "5 test cases of 1 rule passed\n"
    listed = auditor("rules", "list", "--rules", "mine", "--format", "json")
    assert {"ACME001", "STU101"} <= {r["id"] for r in json.loads(listed.out)}
    auditor("check", estate_file("acme"), "--rules", "mine", "--only", "ACME001", "--format", "json", "-q")
    document = json.loads((tmp_path / "audit-report/report.json").read_text())
    # AWS's default maximum is 100 GiB, so every profile that is on the new Studio may create too large a volume.
    assert document["summary"]["by_status"]["fail"] > 0


def test_a_case_that_does_not_hold_is_named(auditor: Auditor, tmp_path: Path) -> None:
    text = (DOCS / "writing-rules.md").read_text(encoding="utf-8")
    rule = yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, re.DOTALL).group(1))  # type: ignore[union-attr]
    rule["cases"][0]["then"] = "fail"
    (tmp_path / "rule.yaml").write_text(yaml.safe_dump(rule))
    outcome = auditor("rules", "test", "rule.yaml")
    assert outcome.code == 4
    assert "FAILED ACME001" in outcome.out
    assert "expected fail, got pass" in outcome.out


def test_rules_show_reads_well(auditor: Auditor) -> None:
    by_id, by_name = auditor("rules", "show", "stu402"), auditor("rules", "show", "classic-visible")
    assert by_id.code == 0
    assert by_id.out == by_name.out
    for part in (
        "STU402 classic-visible",
        "medium",
        "Why",
        "Requires",
        "Remediation",
        "https://docs.aws.amazon.com",
    ):
        assert part in by_id.out


def test_rules_schema_is_a_schema(auditor: Auditor) -> None:
    import jsonschema

    schema = json.loads(auditor("rules", "schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    rules = Path(__file__).resolve().parents[2] / "rules"
    for path in rules.rglob("STU*.yaml"):
        jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"id": "STU101"}, schema)


def test_query_formats(auditor: Auditor, estate_file: Callable[[str], Path]) -> None:
    sql = "select name, auth_mode, tags from domain where name = 'research'"
    as_json = json.loads(auditor("query", sql, "--snapshot", estate_file("acme"), "--format", "json").out)
    assert as_json == [{"name": "research", "auth_mode": "SSO", "tags": {"cost-center": "4711", "team": "research"}}]
    rows = list(
        csv.reader(io.StringIO(auditor("query", sql, "--snapshot", estate_file("acme"), "--format", "csv").out))
    )
    assert rows[0] == ["name", "auth_mode", "tags"]
    assert rows[1][:2] == ["research", "SSO"]
    table = auditor("query", "select null as n, 1 as one", "--snapshot", estate_file("acme"))
    assert table.out == "n     one\n----  ---\nNULL  1\n"
    assert table.err == "1 row\n"
    markdown = auditor(
        "query", "select 'a|b' as n, 1 as one", "--snapshot", estate_file("clean"), "--format", "markdown"
    )
    assert markdown.out == "| n | one |\n| --- | --- |\n| a\\|b | 1 |\n"


def test_query_writes_parquet(estate_file: Callable[[str], Path], tmp_path: Path) -> None:
    """The rows with their types, a map among them."""
    import duckdb

    from auditor.evaluate.ask_tables import Asked, query, query_to_parquet

    asked, sql = (
        Asked([estate_file("clean")]),
        "create temp table t as from domain; select name, tags, as_of from t -- .",
    )
    (tmp_path / "out").mkdir()
    number = query_to_parquet(asked, sql, tmp_path / "out/rows.parquet")
    columns, rows = query(asked, sql)
    assert number == len(rows) > 0
    read = duckdb.connect().execute(f"select * from read_parquet('{tmp_path / 'out/rows.parquet'}')")
    assert tuple(d[0] for d in read.description) == columns
    assert sorted(map(str, read.fetchall())) == sorted(map(str, rows))
    for outside in (f"copy (select 1) to '{tmp_path}/else.csv'", "select * from read_text('/etc/passwd')"):
        with pytest.raises(ConfigError):
            query_to_parquet(asked, outside, tmp_path / "out/more.parquet")
    assert not (tmp_path / "else.csv").exists()


def test_query_reads_sql_from_a_file_and_stdin(
    auditor: Auditor, estate_file: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "q.sql").write_text("select 1 as one", encoding="utf-8")
    snapshot = ("--snapshot", estate_file("clean"), "--format", "csv", "-q")
    assert auditor("query", "--file", "q.sql", *snapshot).out == "one\n1\n"
    monkeypatch.setattr("sys.stdin", io.StringIO("select 2 as two"))
    outcome = auditor("query", "-", *snapshot)
    assert (outcome.out, outcome.err) == ("two\n2\n", "")
    for wrong in ((), ("select 1", "--file", "q.sql")):
        refused = auditor("query", *wrong, *snapshot)
        assert refused.code == 2
        assert refused.err.endswith('Error: Give SQL, "-" to read it from stdin, or --file.\n')


def test_only_documented_tables_are_shown_and_nothing_is_dropped(estate_file: Callable[[str], Path]) -> None:
    from auditor.evaluate.ask_tables import Asked, query
    from auditor.evaluate.asked_tables import ASKED_TABLES
    from auditor.resolve.tables import TABLES

    asked = Asked([estate_file("clean")])
    assert {row[0] for row in query(asked, "show tables")[1]} == {table.name for table in (*TABLES, *ASKED_TABLES)}
    for sql in ("drop table domain", "select 1; drop view domain", "create table t as select 1"):
        with pytest.raises(ConfigError, match="the last statement gives no rows"):
            query(asked, sql)


@pytest.mark.parametrize(
    ("sql", "meant"),
    [("select nme from domain", '"name"'), ("from user_profil", '"user_profile"'), ("from raw_domain", "")],
)
def test_query_names_what_may_be_meant(estate_file: Callable[[str], Path], sql: str, meant: str) -> None:
    """Of what is documented."""
    from auditor.evaluate.ask_tables import Asked, query

    with pytest.raises(ConfigError) as refused:
        query(Asked([estate_file("clean")]), sql)
    assert meant in refused.value.hint
    assert "memory" not in refused.value.hint


@pytest.mark.parametrize("sql", ["selec 1", "select nothing from domain", "select * from read_text('/etc/passwd')"])
def test_query_says_what_is_wrong(auditor: Auditor, estate_file: Callable[[str], Path], sql: str) -> None:
    outcome = auditor("query", sql, "--snapshot", estate_file("clean"))
    assert outcome.code == 2
    assert outcome.err.startswith("Error: the query failed: ")
    assert outcome.out == ""


@pytest.mark.parametrize("sql", ["", "  \n", "/* nothing */", ";"])
def test_an_empty_query_is_said(auditor: Auditor, estate_file: Callable[[str], Path], sql: str) -> None:
    outcome = auditor("query", sql, "--snapshot", estate_file("clean"))
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("Error: the query is empty")


def test_who_compares_with_no_baseline_needs_none(
    auditor: Auditor, estate_file: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "auditor.yaml").write_text("baseline: missing.json\n", encoding="utf-8")
    (tmp_path / "waivers.yaml").write_text("waivers: []\n", encoding="utf-8")
    assert auditor("waivers", "check").code == 0
    for command in (("config", "check"), ("check", estate_file("clean"))):
        outcome = auditor(*command)
        assert (outcome.code, outcome.out) == (2, "")
        assert "baseline: missing.json: no such file or folder" in outcome.err


def test_permissions_prints_the_policy(auditor: Auditor) -> None:
    assert json.loads(auditor("permissions").out) == permissions()
    # A rule that reads no evidence, and one that reads what people open.
    assert json.loads(auditor("permissions", "--only", "STU101").out) == permissions(())
    assert auditor("permissions", "--hub", "--only", "STU101").code == 2
    listing = json.loads(auditor("permissions", "--organization", "--only", "STU101").out)
    assert [statement["Sid"] for statement in listing["Statement"]] == ["ListAccounts"]
    role = json.loads(auditor("permissions", "--member", "--only", "STU101").out)["Resources"]["Role"]["Properties"]
    assert role["Policies"][0]["PolicyDocument"] == permissions(())


def test_demo_leaves_the_environment_alone(auditor: Auditor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    monkeypatch.setenv("AWS_PROFILE", "mine")
    outcome = auditor("demo", "--estate", "clean")
    assert outcome.code == 0
    assert (tmp_path / "audit-report/report.html").exists()
    assert os.environ["AWS_PROFILE"] == "mine"
    assert "AWS_ENDPOINT_URL" not in os.environ


def test_control_characters_do_not_reach_the_terminal(auditor: Auditor, tmp_path: Path) -> None:
    (tmp_path / "\x1b[31mred.jsonl").write_text("")
    outcome = auditor("check", "\x1b[31mred.jsonl")
    assert outcome.code == 2
    assert "\x1b" not in outcome.err
