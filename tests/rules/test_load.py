"""Whatever is wrong with a rule file is said with file, line and reason before anything runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.errors import ConfigError, ExitCode, RuleError
from auditor.model.rule import Rule, Severity, Verdict
from auditor.resources import rules_dir
from auditor.rules.cases import run_cases
from auditor.rules.load import load_rules, rule_files
from auditor.rules.rule_names import near_rule, select
from auditor.rules.schema import rule_schema
from tests.evaluate.helpers import RULE, changed, rule_file

CASE = "  - {given: {auth_mode: SSO}, then: pass}\n"


def _text(old: str, new: str) -> str:
    assert old in RULE
    return RULE.replace(old, new)


PARAM = "params: {p: {type: integer, default: 1, doc: d}}"

#: (file, line, words of the message, words of the hint)
BROKEN: dict[str, tuple[str | bytes, int, str, str]] = {
    # YAML itself
    "empty file": ("", 1, "one mapping", ""),
    "only comments": ("# nothing\n", 1, "one mapping", ""),
    "a list": ("- id: TST001\n", 1, "one mapping", ""),
    "a word": ("rule\n", 1, "one mapping", ""),
    "open bracket": (_text("practices: [P03]", "practices: [P03"), 12, "not valid YAML", ""),
    "tab": (_text("why: Because.", "\twhy: Because."), 9, "not valid YAML", ""),
    "two documents": (RULE + "---\n" + RULE, 17, "another document", ""),
    "unknown alias": (_text("why: Because.", "why: *other"), 9, "not valid YAML", ""),
    "python object": (_text("why: Because.", "why: !!python/object:os.system x"), 9, "not valid YAML", ""),
    "impossible date": (_text("since: 0.1.0", "since: 2024-13-45"), 13, "month must be in 1..12", ""),
    "not a number": (_text("since: 0.1.0", "since: !!int many"), 13, "not valid YAML", ""),
    "not UTF-8": (RULE.replace("Because", "Caf\xe9").encode("latin-1"), 9, "not UTF-8", ""),
    "control character": (RULE.encode() + b"\x00", 1, "not valid YAML", ""),
    "duplicate key": (RULE + "name: again\n", 17, "'name' is given twice", ""),
    "duplicate key inside": (_text("{steps: Make", "{steps: A, steps: Make"), 10, "'steps' is given twice", ""),
    "a list as key": (RULE + "? [a, b]\n: c\n", 17, "key", ""),
    "alias of itself": (_text("practices: [P03]", "practices: &a [*a]"), 11, "alias", ""),
    "very deep": (_text("why: Because.", "why: " + "[" * 100_000), 9, "nested too deeply", ""),
    # Fields
    "no address": (_text('"https://docs.aws.amazon.com/"', '"javascript:alert(1)"'), 12, "references[0]", ""),
    "no address either": (_text('"https://docs.aws.amazon.com/"', "ACME wiki"), 12, "references[0]", ""),
    "missing field": (_text("require: auth_mode = 'SSO'\n", ""), 1, "missing required field `require`", ""),
    "missing remediation": (_text("remediation: {steps: Make a new domain.}\n", ""), 1, "`remediation`", ""),
    "missing steps": (_text("{steps: Make a new domain.}", "{aws: x}"), 10, "`steps`", ""),
    "unknown field": (_text("why: Because.", "why: Because.\nreqiure: x"), 10, "`reqiure`", "'require'"),
    "unknown field, nothing near": (_text("why: Because.", "why: B.\nzzz: x"), 10, "`zzz`", "schema"),
    "unknown field of a case": (_text("then: pass", "then: pass, when: x"), 16, "`when`", ""),
    "wrong type": (_text("title: People sign in through Identity Center", "title: [a]"), 3, "Expected `str`", ""),
    "wrong type of a list": (_text("practices: [P03]", "practices: P03"), 11, "Expected `array`", ""),
    "empty text": (_text("why: Because.", "why: ''"), 9, "length", ""),
    "bad severity": (_text("severity: low", "severity: urgent"), 4, "urgent", ""),
    "bad id": (_text("id: TST001", "id: tst-1"), 1, "matching regex", ""),
    "id too long": (_text("id: TST001", "id: TST00001"), 1, "matching regex", ""),
    "bad name": (_text("name: signs-in-with-sso", "name: Signs_In"), 2, "matching regex", ""),
    "bad verdict": (_text("then: pass", "then: passed"), 16, "passed", ""),
    "bad layer": (_text("{steps: Make a new domain.}", "{steps: s, aws: {tenant: x}}"), 10, "tenant", ""),
    # Tables and columns
    "unknown table": (_text("table: domain", "table: domains"), 5, "no table 'domains'", "user_profile"),
    "raw table": (_text("table: domain", "table: raw_domain"), 5, "no table 'raw_domain'", ""),
    "unknown column": (_text("require: auth_mode", "require: auth_mod"), 7, "no column 'auth_mod'", "docs/tables.md"),
    "unknown column in when": (_text("when: not unified_studio", "when: not unified"), 6, "no column 'unified'", ""),
    "unknown setting": (RULE + "setting: auth_mod\n", 17, "did you mean 'auth_mode'", ""),
    "unknown origin": (_text("auth_mode = 'SSO'", "name_origin = 'domain'"), 7, "no column 'name_origin'", ""),
    "no column at all": (_text("auth_mode = 'SSO'", "1 = 1").replace("when: not unified_studio\n", ""), 6,
                         "reads no column", ""),
    # Types
    "not true or false": (_text("require: auth_mode = 'SSO'", "require: auth_mode"), 7, "its type is VARCHAR", ""),
    "not true or false in when": (_text("when: not unified_studio", "when: len(name)"), 6, "its type is BIGINT", ""),
    "cannot be compared": (_text("auth_mode = 'SSO'", "subnet_ids > 3"), 7, "require", ""),
    "cause is no name": (RULE + "cause: unified_studio\n", 17, "its type is BOOLEAN", ""),
    "cause of nothing": (RULE + "cause: auth_mod\n", 17, "no column 'auth_mod'", ""),
    "cause with a parameter of nobody": (RULE + "cause: $p\n", 17, "$p is not declared", ""),
    # Placeholders
    "unknown placeholder": (_text("{auth_mode}", "{auth_mod}"), 8, "{auth_mod} is not a column", "'auth_mode'"),
    "empty placeholder": (_text("{auth_mode}", "{}"), 8, "not a column", "{{"),
    "attribute": (_text("{auth_mode}", "{auth_mode.__class__}"), 8, "not a column", ""),
    "index": (_text("{auth_mode}", "{subnet_ids[0]}"), 8, "not a column", ""),
    "format of a number": (_text("{auth_mode}", "{auth_mode:d}"), 8, "takes no format", ""),
    "conversion": (_text("{auth_mode}", "{auth_mode!r}"), 8, "takes no format", ""),
    "open brace": (_text("{auth_mode}", "{auth_mode"), 8, "message", "{{"),
    "placeholder of a command": (_text("{steps: Make a new domain.}", "{steps: s, aws: 'aws {nam}'}"), 10,
                                 "{nam} is not a column", "'name'"),
    # Where it comes from
    "id of the product's": (_text("TST001", "STU999"), 1, "STU999: ids that begin with STU are the product's",
                            "ACME001"),
    "unknown practice": (_text("[P03]", "[P03, P99]"), 11, "there is no practice 'P99'", ""),
    "practice in small letters": (_text("[P03]", "[p03]"), 11, "there is no practice 'p03'", "P03"),
    "since no version": (_text("since: 0.1.0", "since: yesterday"), 13, "'yesterday' is not a version", "1.0.0"),
    "since a number": (_text("since: 0.1.0", "since: '3'"), 13, "'3' is not a version", "1.0.0"),
    "since a date": (_text("since: 0.1.0", "since: 2026-11-27"), 13, "Expected `str`", "quotes"),
    # Dates and numbers in expressions
    "no moment": (_text("auth_mode = 'SSO'", "creation_time > timestamp 'yesterday'"), 7,
                  "'yesterday' is not a value of type TIMESTAMP", ""),
    "no day": (_text("auth_mode = 'SSO'", "creation_time > date '2026-02-30'"), 7, "'2026-02-30' is not a value", ""),
    "no interval": (_text("auth_mode = 'SSO'", "creation_time > as_of - interval 'a while'"), 7, "'a while'", ""),
    "a time compared with words": (_text("auth_mode = 'SSO'", "creation_time between '2026-01-01' and 'now and then'"),
                                   7, "'now and then' is not a value of type TIMESTAMP", ""),
    "a number compared with words": (_text("auth_mode = 'SSO'", "running_apps in ('1', 'few')"), 7,
                                     "'few' is not a value of type BIGINT", ""),
    "a time in a subquery": (_text("auth_mode = 'SSO'", "(select true from app a where a.creation_time > 'soon')"), 7,
                             "'soon' is not a value", ""),
    "no operator": (_text("auth_mode = 'SSO'", "auth_mode <== 'SSO'"), 7, "operator <== is not allowed", ""),
    # Parameters
    "undeclared parameter": (_text("'SSO'", "$wanted"), 7, "$wanted is not declared", "type, default"),
    "unused parameter": (_text("params: {}", PARAM), 14, "p is used in neither", ""),
    "default of another type": (_text("params: {}", PARAM.replace("1", "'1'")), 14, "of type integer, not '1'", ""),
    "true is no integer": (_text("params: {}", PARAM.replace("1", "true")), 14, "of type integer, not True", ""),
    "list of numbers": (_text("params: {}", "params: {p: {type: list, default: [1], doc: d}}"), 14,
                        "a list of strings", ""),
    "no number at all": (_text("params: {}", "params: {p: {type: number, default: .nan, doc: d}}"), 14,
                         "of type number", ""),
    "unknown type": (_text("params: {}", "params: {p: {type: date, default: 1, doc: d}}"), 14, "date", ""),
    "parameter without doc": (_text("params: {}", "params: {p: {type: integer, default: 1}}"), 14, "`doc`", ""),
    "parameter that is no name": (_text("params: {}", "params: {a-b: {type: integer, default: 1, doc: d}}"), 14,
                                  "not a parameter name", ""),
    # Cases
    "no cases": (_text("cases:\n" + CASE, "cases: []\n"), 15, "at least one case", ""),
    "case of nothing": (_text("given: {auth_mode", "given: {auth_mod"), 16, "did you mean 'auth_mode'", ""),
    "case with a parameter of nobody": (_text("then: pass", "then: pass, params: {p: 1}"), 16, "no parameter 'p'", ""),
    "second case": (RULE + CASE + "  - {given: {nothing_near: 1}, then: fail}\n", 18, "'nothing_near'", ""),
    "case with no moment": (_text("auth_mode: SSO", "creation_time: soon"), 16,
                            "creation_time is a date or a time (2026-11-27, 2026-11-27T09:00:00Z), not 'soon'", ""),
    "case with a word for a number": (_text("auth_mode: SSO", "running_apps: many"), 16, "not 'many'", ""),
    "case with a truth for a number": (_text("auth_mode: SSO", "running_apps: true"), 16, "a whole number, not True",
                                       ""),
    "case with a word for a truth": (_text("auth_mode: SSO", "has_efs: maybe"), 16, "true or false, not 'maybe'", ""),
    "case with a list for a text": (_text("auth_mode: SSO", "auth_mode: [SSO]"), 16, "auth_mode is text, not", ""),
    "case with a text for a list": (_text("auth_mode: SSO", "subnet_ids: a"), 16, "subnet_ids is a list, not 'a'", ""),
    "case with a text for tags": (_text("auth_mode: SSO", "tags: a"), 16, "tags is a mapping, not 'a'", ""),
    "case with another table's time": (_text("then: pass", "then: pass, tables: {app: [{creation_time: soon}]}"), 16,
                                       "not 'soon'", ""),
    "case with another table": (_text("then: pass", "then: pass, tables: {spaces: []}"), 16, "no table 'spaces'", ""),
    "case with a column of another table": (_text("then: pass", "then: pass, tables: {space: [{ownr: a}]}"), 16,
                                            "did you mean 'owner'", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_said_where(name: str, tmp_path: Path) -> None:
    text, line, message, hint = BROKEN[name]
    path = rule_file(tmp_path, text)
    with pytest.raises(RuleError) as error:
        load_rules([tmp_path])
    assert error.value.message.startswith(f"{path}:{line}: "), error.value.message
    assert message in error.value.message
    assert hint in error.value.hint
    assert error.value.exit_code == ExitCode.USAGE


def test_what_is_written_of_versions_and_times_is_taken(tmp_path: Path) -> None:
    for since in ("1.0", "0.3.0", "2.0.0b2", "1.3.0-rc.1"):
        text = changed(
            since=since, practices=[],
            require="creation_time > timestamp '2026-01-01 09:00:00' and creation_time > '2026-01-01'"
            " and creation_time > as_of - interval '3 days' and running_apps in ('1', '2')",
            cases=[{"given": {"creation_time": value}, "then": "pass"} for value in
                   ("2026-11-27", "2026-11-27T09:00:00", "2026-11-27T09:00:00Z")],
        )  # fmt: skip
        (rule,) = load_rules([rule_file(tmp_path, text)])
        assert rule.since == since
    assert run_cases([rule])


@pytest.mark.parametrize(
    ("second", "what"),
    [(RULE, "'TST001'"), (RULE.replace("signs-in-with-sso", "other"), "'TST001'"),
     (RULE.replace("TST001", "TST002"), "'signs-in-with-sso'")],
)  # fmt: skip
def test_ids_and_names_are_unique_across_files(second: str, what: str, tmp_path: Path) -> None:
    """In one folder as well as in several."""
    one, two = rule_file(tmp_path / "a", RULE), rule_file(tmp_path / "b", second)
    for places in ([tmp_path], [one.parent, two.parent]):
        with pytest.raises(RuleError) as error:
            load_rules(places)
        assert error.value.message.startswith(f"{two}:1: {what} is already defined in {one}:1")


def test_an_own_rule_is_not_called_as_a_built_in_one(tmp_path: Path) -> None:
    """The test of a folder says so, as a run with that folder does."""
    file = rule_file(tmp_path, changed(name="generic-profile-name"))
    with pytest.raises(RuleError, match=r":2: 'generic-profile-name' is the name of the built-in rule STU101$"):
        load_rules([tmp_path], own_types=True)
    with pytest.raises(RuleError, match="already defined in"):
        load_rules([rules_dir(), file])
    assert load_rules([rules_dir() / "people"], own_types=True)


def test_one_broken_file_names_itself(tmp_path: Path) -> None:
    rule_file(tmp_path, RULE, "a.yaml")
    broken = rule_file(tmp_path, changed(id="TST002", name="other", severity="urgent"), "b.yml")
    with pytest.raises(RuleError, match=re.escape(str(broken))):
        load_rules([tmp_path])


def test_folders_without_rules(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    rule_file(tmp_path / "mapped", RULE, "frameworks/nist.yaml")
    for folder, words in ((tmp_path / "empty", "no rule files"), (tmp_path / "mapped", "no rule files"),
                          (tmp_path / "missing", "no such file or folder")):  # fmt: skip
        with pytest.raises(ConfigError, match=words) as error:
            load_rules([folder])
        assert str(folder) in error.value.message
        assert error.value.exit_code == ExitCode.USAGE


def test_an_own_folder_may_be_called_presets(tmp_path: Path) -> None:
    """The built-in presets lie in one, and are no rules."""
    (tmp_path / "presets").mkdir()
    rule_file(tmp_path / "presets", RULE + CASE)
    assert [rule.id for rule in load_rules([tmp_path])] == ["TST001"]
    assert "presets" not in {path.parent.name for path in rule_files([rules_dir()])}


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").symlink_to(tmp_path / "gone.yaml")
    with pytest.raises(ConfigError):
        load_rules([tmp_path / "rule.yaml"])


def test_an_own_rule_s_types_are_held_beside_the_built_in_ones(tmp_path: Path) -> None:
    """Those of the built-in rules are the product's tests' business (``own_types``)."""
    rule_file(tmp_path, changed(require="auth_mode"))
    with pytest.raises(RuleError, match="must be true or false, but its type is VARCHAR"):
        load_rules([rules_dir(), tmp_path])
    rule_file(tmp_path, changed(require="list_sum(auth_mode) > 1"))
    with pytest.raises(RuleError, match="No function matches"):
        load_rules([rules_dir(), tmp_path])


def test_what_a_rule_file_becomes(tmp_path: Path) -> None:
    text = changed(
        require="auth_mode in ($mode, 'BOTH') and kms_key_id_origin = 'domain'",
        params={"mode": {"type": "string", "default": "SSO", "doc": "d"}},
        remediation={"steps": " Do. ", "aws": "aws {arn}", "terraform": {"domain": "x = 1"}},
        cases=[{"given": {"auth_mode": "SSO"}, "then": "fail", "params": {"mode": "IAM"}, "name": "why"}],
    )
    path = rule_file(tmp_path / "mine", text)
    (rule,) = load_rules([path])
    assert (rule.id, rule.severity, rule.area, rule.file, rule.line) == ("TST001", Severity.LOW, "mine", str(path), 1)
    assert rule.setting == "auth_mode"
    assert rule.columns == ("auth_mode", "kms_key_id", "unified_studio")
    assert rule.remediation.aws == {"any": "aws {arn}"}
    assert (rule.remediation.terraform, rule.remediation.cloudformation) == ({"domain": "x = 1"}, {})
    assert (rule.params[0].name, rule.params[0].default) == ("mode", "SSO")
    assert (rule.cases[0].then, rule.cases[0].name, rule.cases[0].params) == (Verdict.FAIL, "why", {"mode": "IAM"})


def test_rules_come_by_id_whatever_the_folder(tmp_path: Path) -> None:
    """And yaml, yml and sub-folders alike; other files are left alone."""
    rule_file(tmp_path, changed(id="TST003", name="c"), "a.yml")
    rule_file(tmp_path, changed(id="TST001", name="b"), "z/deep/er.yaml")
    rule_file(tmp_path, changed(id="TST002", name="a"), "m.yaml")
    rule_file(tmp_path, "not a rule", "README.md")
    assert [rule.id for rule in load_rules([tmp_path])] == ["TST001", "TST002", "TST003"]
    assert len(list(rule_files([tmp_path]))) == 3


#: Ids of an area's rules, by their files' names.
STORAGE = sorted(path.name.partition("-")[0] for path in (rules_dir() / "storage").glob("*.yaml"))


@pytest.mark.parametrize(
    ("only", "skip", "expected"),
    [
        (["STU101"], [], ["STU101"]),
        (["generic-profile-name", "STU106"], [], ["STU101", "STU106"]),
        (["storage"], [], STORAGE),
        (["storage"], ["STU502"], [id_ for id_ in STORAGE if id_ != "STU502"]),
        (["STU101"], ["people"], []),
    ],
)
def test_select(only: list[str], skip: list[str], expected: list[str], built_in_rules: tuple[Rule, ...]) -> None:
    """By id, by name, by area; what is skipped is skipped, also when it was asked for."""
    assert [r.id for r in select(built_in_rules, only, skip)] == expected


def test_select_of_nothing_leaves_all(built_in_rules: tuple[Rule, ...]) -> None:
    assert select(built_in_rules) == built_in_rules


@pytest.mark.parametrize("option", ["only", "skip"])
def test_select_of_an_unknown_one_is_refused(option: str, built_in_rules: tuple[Rule, ...]) -> None:
    """Else a typing error would switch a rule on or off unseen."""
    with pytest.raises(ConfigError, match=f"--{option} generic-profile-nam") as error:
        select(built_in_rules, **{option: ["generic-profile-nam"]})
    assert "generic-profile-name" in error.value.hint


@pytest.mark.parametrize(
    ("only", "skip", "begin"), [(["STU4*"], ["*-admin*"], "STU4"), (["STU[12]0?"], [], "STU"), (["visib*"], [], "STU4")]
)
def test_select_by_pattern(only: list[str], skip: list[str], begin: str, built_in_rules: tuple[Rule, ...]) -> None:
    kept = select(built_in_rules, only, skip)
    assert 1 < len(kept) < len(built_in_rules)
    assert all(r.id.startswith(begin) for r in kept)
    with pytest.raises(ConfigError, match="--only STX"):
        select(built_in_rules, ["STX*"])


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("STU9999", "See: auditor rules list"),
        ("ZZZ*", "See: auditor rules list"),
        ("stu402", "Did you mean 'STU402'?"),
        ("storge", "Did you mean 'storage'?"),
    ],
)
def test_what_a_wrong_name_is_answered(name: str, hint: str, built_in_rules: tuple[Rule, ...]) -> None:
    """Ids differ in digits: the nearest one is not what was meant."""
    known = [n for r in built_in_rules for n in (r.id, r.name, r.area)]
    assert near_rule(name, known) == hint
    assert near_rule("STU40", known).startswith("Rules that begin so: STU401, STU402")
    assert near_rule("stu", known).endswith(", …. All of them: 'STU*'")


def test_an_editor_has_something_to_show_for_every_property() -> None:
    schema = rule_schema()
    without = {
        f"{name}.{key}"
        for name, definition in schema["$defs"].items()
        for key, value in definition.get("properties", {}).items()
        if not value.get("description") and not any(v.get("description") for v in value.get("anyOf", ()))
    }
    assert len(schema["$defs"]["RuleFile"]["properties"]) > 15
    assert without == set()


def test_threads_may_read_the_first_rules_at_once() -> None:
    """In a process of its own, since a type that was read once is read for all threads."""
    program = """
import sys, threading
from auditor.errors import RuleError
from auditor.resources import rules_dir
from auditor.rules.schema import RuleFile
from auditor.yaml_source import read_yaml
files = sorted(rules_dir().rglob("STU*.yaml"))[:4]
sources = [read_yaml(file, "a mapping", kind=RuleError, plain=False) for file in files]
start, read = threading.Barrier(len(files)), []
def convert(source):
    start.wait()
    read.append(source.convert(RuleFile, ""))
threads = [threading.Thread(target=convert, args=(source,)) for source in sources]
for thread in threads: thread.start()
for thread in threads: thread.join()
sys.exit(len(read) != len(files))
"""
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.returncode, done.stderr)
