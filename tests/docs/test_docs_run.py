"""What README and the guides tell people to type works: each command and each SQL statement is run, in their order, on
a simulated account; each file that they show is read by what reads it.

``expected.yaml`` holds the essentials: the exit code of each command, and words of what it prints or writes.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

import auditor
from auditor.cli.main import run
from auditor.config.file_schema import config_schema
from auditor.config.load_config import load_config
from auditor.evaluate import audit
from auditor.evaluate.ask_tables import Asked, query
from auditor.evaluate.asked_tables import ASKED_TABLES, EXAMPLES, FORMER_NAMES
from auditor.model.rule import OwnWords, Rule, UnlikeNames
from auditor.resolve.tables import TABLES
from auditor.rules.cases import run_cases
from auditor.rules.load import load_rules
from auditor.rules.prevent_cases import run_prevent_cases
from auditor.waivers.file import load_waivers

from .pages import HELP, ROOT, Command, Fence, commands, examples, fences, pages

EXPECTED: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    Path(__file__).with_name("expected.yaml").read_text(encoding="utf-8")
)
FENCES = [*(fence for page in pages() for fence in fences(page)), *examples()]
RUN = [fence for fence in FENCES if not fence.reason]
ASKED = sorted({fence.page for fence in RUN if fence.language in ("sh", "sql")})
FolderFor = Callable[[Path], Path]
#: Exit codes of a command that did what it was asked to, whatever it found.
RUNS = [0, 4, 5]
#: The rule that a page writes.
RULE = "my-rules/storage/ACME001-small-volumes.yaml"
#: A rule on words about user profiles, the lists that its page leaves to the reader, and what it says of some names.
OF_WORDS = {"table": "user_profile", "when": "true", "setting": "name", "message": "User profile {name} is no animal"}
LISTS = {
    name: {"type": "list", "default": words, "doc": f"Names of {name}"}
    for name, words in {"colors": ["red", "deep"], "animals": ["fox", "cat"]}.items()
}
WORDS = [(["red", "cat"], "pass"), (["deep", "red", "fox"], "pass"), (["cat", "red"], "fail"), (["red", "owl"], "fail"),
         ([], "fail"), (None, "unknown")]  # fmt: skip
Captured = pytest.CaptureFixture[str]


def _asked(page: str) -> list[tuple[Fence, Command | None]]:
    """What a page asks to run, in its order: commands, and statements (None)."""
    found: list[tuple[Fence, Command | None]] = []
    for fence in RUN:
        if fence.page == page and fence.language == "sh":
            found += [(fence, command) for command in commands(fence)]
        elif fence.page == page and fence.language == "sql":
            found.append((fence, None))
    return found


@pytest.mark.parametrize("page", ASKED)
def test_what_a_page_says_to_run_runs(page: str, folder_for: FolderFor, capfd: Captured) -> None:
    folder = folder_for(ROOT / page)
    asked = _asked(page)
    expected = EXPECTED[page]
    if ROOT / page == HELP:  # whoever adds an example to a command's help need not say more than that it runs
        said_of = {e["run"]: e for e in expected}
        elsewhere = {e["run"] for of, told in EXPECTED.items() if of != page for e in told if "run" in e}
        asked = [(fence, command) for fence, command in asked if command and command.text not in elsewhere]
        assert said_of.keys() <= {command.text for _, command in asked if command}
        expected = [said_of.get(c.text, {"run": c.text, "code": RUNS, "says": []}) for _, c in asked if c]
    assert [e.get("run", "sql") for e in expected] == [c.text if c else "sql" for _, c in asked]
    for (fence, command), wanted in zip(asked, expected, strict=True):
        if command is None:
            said = _statement(fence, folder)
        else:
            assert command.words[0] == "auditor", f"{fence}: {command.text}"
            capfd.readouterr()
            code = run(command.words[1:])
            out, err = capfd.readouterr()
            if command.into:
                (folder / command.into).write_text(out, encoding="utf-8")
            said = out + err
            assert code in _codes(wanted), f"{command.page}:{command.line}: {command.text}\n{said}"
        missing = [words for words in wanted["says"] if words not in said]
        assert not missing, f"{fence}: {command and command.text} does not say {missing}:\n{said}"


def _codes(wanted: dict[str, Any]) -> list[int]:
    code = wanted.get("code", 0)
    return code if isinstance(code, list) else [code]


def _statement(fence: Fence, folder: Path) -> str:
    """The rows of a statement: of a store where the page has made views of one, else of a snapshot."""
    if (folder / "views.sql").exists():
        with duckdb.connect() as connection:
            connection.execute((folder / "views.sql").read_text(encoding="utf-8"))
            return repr(connection.execute(fence.text).fetchall())
    columns, rows = query(Asked([folder / "night.jsonl"]), fence.text)
    return repr((columns, rows))


def test_little_is_not_run() -> None:
    """Each says why, and they are few."""
    left = {str(fence): fence.reason for fence in FENCES if fence.reason}
    assert len(left) <= 10, left
    assert all(len(reason) > 10 for reason in left.values())


def test_no_command_stands_outside_of_what_is_run() -> None:
    """Not as indented text, and not in a block of another kind."""
    known = {"sh", "sql", "yaml", "json", "python", "jinja", "hcl", "text"}
    assert [(str(f), f.language) for f in RUN if f.language not in known] == []
    assert [
        str(f) for f in RUN if f.language == "text" and re.search(r"^(auditor|pip|checkov) ", f.text, re.MULTILINE)
    ] == []
    for page in pages():
        assert (
            re.findall(r"^ {4,}(?:auditor|pip|git|make|checkov) .*$", page.read_text(encoding="utf-8"), re.MULTILINE)
            == []
        )


def test_files_that_a_page_shows_are_read(folder_for: FolderFor, built_in_rules: tuple[Rule, ...]) -> None:
    """Configuration, waivers, rules and parts of them by what reads them; what others read, as YAML."""
    folder = folder_for(ROOT / "docs" / "writing-rules.md")
    read: Counter[str] = Counter()
    for number, fence in enumerate(f for f in RUN if f.language == "yaml"):
        path = folder / f"shown-{number}.yaml"
        path.write_text(fence.text, encoding="utf-8")
        data = yaml.safe_load(fence.text)
        keys = set(data) if isinstance(data, dict) else set()
        if keys == {"waivers"} and isinstance(data["waivers"], list):
            load_waivers(path, built_in_rules)
            kind = "waivers"
        elif keys and keys <= set(config_schema()["$defs"]["ConfigFile"]["properties"]):
            config = load_config(path)
            config.for_rules(built_in_rules)
            config.thresholds(built_in_rules)
            kind = "configuration"
        elif "id" in keys:
            (rule,) = load_rules([folder / fence.name])
            assert all(result.ok for result in run_cases([rule]))
            kind = "rule"
        elif keys == {"remediation"}:
            whole = yaml.safe_load((folder / RULE).read_text(encoding="utf-8"))
            case = {"given": {"ebs_maximum_gb": 51}, "then": "fail"}
            path.write_text(yaml.safe_dump(whole | data | {"when": "true", "cases": [case]}), encoding="utf-8")
            assert load_rules([path])[0].remediation.by_command
            kind = "part of a rule"
        elif keys == {"prevent"}:
            whole = yaml.safe_load((folder / RULE).read_text(encoding="utf-8"))
            path.write_text(yaml.safe_dump(whole | data), encoding="utf-8")
            assert all(result.ok for result in run_prevent_cases(load_rules([path])))
            kind = "part of a rule"
        elif keys == {"word_kind", "require"}:
            whole = yaml.safe_load((folder / RULE).read_text(encoding="utf-8"))
            cases = [{"given": {"name_tokens": words}, "then": verdict} for words, verdict in WORDS]
            own = {"params": LISTS, "remediation": {"steps": "Rename the user profile."}, "cases": cases}
            path.write_text(yaml.safe_dump(whole | OF_WORDS | own | data), encoding="utf-8")
            assert all(result.ok for result in run_cases(load_rules([path])))
            kind = "part of a rule"
        elif keys in ({"own_words"}, {"unlike_names"}):
            whole = yaml.safe_load((folder / RULE).read_text(encoding="utf-8"))
            kinds = {"word_kind": "left(word, 1)", "require": "word_kinds(name_tokens) <> 'g'"}
            case = {"given": {"name_tokens": ["red"]}, "then": "pass"}
            own = {"params": {}, "remediation": {"steps": "Rename the user profile."}, "cases": [case]}
            path.write_text(yaml.safe_dump(whole | OF_WORDS | own | kinds | data), encoding="utf-8")
            (rule,) = load_rules([path])
            assert rule.own_words == (OwnWords(**data["own_words"]) if "own_words" in keys else None)
            assert rule.unlike_names == (UnlikeNames(**data["unlike_names"]) if "unlike_names" in keys else None)
            kind = "part of a rule"
        elif keys == {"Metadata"}:
            continue  # read as a part of a template, below
        else:
            kind = "of others"
        read[kind] += 1
    assert read == {"configuration": 7, "waivers": 1, "rule": 1, "part of a rule": 5, "of others": 5}


def test_comments_that_a_page_shows_waive(folder_for: FolderFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of templates, put into one: in Terraform and in CloudFormation."""
    folder = folder_for(ROOT / "docs" / "waivers.md") / "shown"
    folder.mkdir()
    monkeypatch.chdir(folder)
    shown = [f.text for f in RUN if f.language == "hcl"]
    (folder / "main.tf").write_text("\n".join(shown), encoding="utf-8")
    (part,) = (yaml.safe_load(f.text) for f in RUN if f.text.startswith("Metadata:"))
    resource = {"Type": "AWS::SageMaker::Domain", **part, "Properties": {"DomainName": "research"}}
    (folder / "t.yaml").write_text(yaml.safe_dump({"Resources": {"Domain": resource}}), encoding="utf-8")
    report = auditor.scan(["."])
    assert report.waiver_problems == ()
    given = {(Path(w.waiver.file).name, rule) for w in report.waivers for rule in w.waiver.rules}
    assert given == {
        ("main.tf", "STU603"), ("main.tf", "STU605"), ("main.tf", "STU501"), ("t.yaml", "STU603"), ("t.yaml", "STU605")
    }  # fmt: skip


def test_python_that_a_page_shows_runs(folder_for: FolderFor, capfd: Captured) -> None:
    folder_for(ROOT / "docs" / "api.md")
    names: dict[str, Any] = {}
    ended = []
    for fence in (f for f in RUN if f.language == "python"):
        try:
            exec(compile(fence.text, str(fence), "exec"), names)
        except SystemExit as error:
            ended.append(error.code)
    assert "STU203 arn:aws:iam::123456789012:role/studio-legacy" in capfd.readouterr().out
    assert ended == [4]


def test_json_that_a_page_shows_is_json() -> None:
    shown = [json.loads(f.text) for f in RUN if f.language == "json"]
    trust, store = shown
    assert [statement["Effect"] for statement in (*trust["Statement"], *store)] == ["Allow", "Allow", "Allow"]


def test_every_table_has_an_example_that_runs(folder_for: FolderFor, built_in_rules: tuple[Rule, ...]) -> None:
    """And the page of tables shows it. What a small account has none of may have no rows."""
    file = folder_for(ROOT / "docs" / "analyst.md") / "night.jsonl"
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert list(EXAMPLES) == [table.name for table in (*TABLES, *ASKED_TABLES)]
    asked = Asked([file], rules=lambda: built_in_rules, report=lambda: audit.evaluate([file], built_in_rules))
    found = {}
    for table, (question, sql) in EXAMPLES.items():
        assert f"{question}:\n\n```sql\n{sql}\n```" in page
        columns, rows = query(asked, sql)
        found[table] = [dict(zip(columns, row, strict=True)) for row in rows]
    assert {table for table, rows in found.items() if not rows} <= {"gap", "place", "sign_in"}
    assert found["domain"] == [
        {"account_id": "123456789012", "region": "eu-west-1", "domain_name": "QuickSetupDomain-20250513T204284"}
    ]
    assert {
        "path": "ExecutionRole",
        "value": "arn:aws:iam::123456789012:role/studio-ana",
        "origin": "profile",
    } in found["setting"]
    assert sum(row["profiles"] for row in found["finding"]) == 4


def test_further_tables_agree_with_those_of_rules(folder_for: FolderFor, built_in_rules: tuple[Rule, ...]) -> None:
    file = folder_for(ROOT / "docs" / "analyst.md") / "night.jsonl"
    report = audit.evaluate([file], built_in_rules)
    asked = Asked([file], rules=lambda: built_in_rules, report=lambda: report)

    def one(sql: str) -> Any:
        ((value,),) = query(asked, sql)[1]
        return value

    assert one("select count(*) from finding") == len(report.findings)
    assert one("select count(*) from rule") == len(built_in_rules)
    # A finding's key is its resource's, whatever the table.
    assert one(
        "select count(*) from finding f left join user_profile u using (key)"
        " where f.resource_type = 'user_profile' and u.key is null"
    ) == 0  # fmt: skip
    # A setting is what the resource's own table has, unknown where it is unknown there.
    assert one(
        "select count(*) from setting s join user_profile u using (key) where s.setting = 'ebs_maximum_gb'"
        " and s.value is not distinct from u.ebs_maximum_gb::varchar and s.origin = u.ebs_maximum_gb_origin::varchar"
    ) == one("select count(*) from user_profile")  # fmt: skip
    assert one("select count(*) from setting where path = '' or origin is null") == 0
    assert one("select count(*) from user_profile where user_profile_name = name and account_id = account") == 9
    for table, former in FORMER_NAMES.items():
        same = " and ".join(f"{old} is not distinct from {new}" for old, new in former.items())
        assert one(f"select count(*) from {table} where {same}") == one(f"select count(*) from {table}")


def test_nothing_is_evaluated_for_who_asks_for_tables_alone(folder_for: FolderFor) -> None:
    def refuse() -> Any:
        raise AssertionError("evaluated")

    file = folder_for(ROOT / "docs" / "analyst.md") / "night.jsonl"
    _, rows = query(Asked([file], rules=refuse, report=refuse), "show tables")
    assert [row[0] for row in rows] == sorted(EXAMPLES)
    assert query(Asked([file], rules=refuse, report=refuse), "select count(*) from domain")[1] == [(3,)]
