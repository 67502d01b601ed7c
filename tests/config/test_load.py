"""auditor.yaml: what it says arrives; what is wrong with it is named with its place and what to do."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.config.file_schema import FailOn, config_schema
from auditor.config.load_config import Config, load_config
from auditor.errors import ConfigError
from auditor.model.rule import Rule, Severity
from auditor.org.request import NamedAccount
from auditor.report.render import Format
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.studio.personas import DEFAULT_PERSONAS, Match
from auditor.studio.tools import FIRST_PARTY_TOOLS, MLFLOW
from tests.budgets import examples

Read = Callable[[str], Config]
Refused = Callable[[str], tuple[str, str, str]]
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = re.search(r"```yaml\n(.*?)```", (ROOT / "docs/configuration.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The guide's example, in a folder that holds what it names."""
    assert EXAMPLE is not None
    (tmp_path / "my-rules").mkdir()
    (tmp_path / "waivers.yaml").write_text("")
    (tmp_path / "release.json").write_text("{}")
    path = tmp_path / "auditor.yaml"
    path.write_text(re.sub(r"^# (\w+: )", r"\1", EXAMPLE[1], flags=re.MULTILINE), encoding="utf-8")
    return path


def test_the_guides_example_says_what_it_says(example: Path, built_in_rules: tuple[Rule, ...]) -> None:
    config = load_config(example)
    folder = example.parent
    assert (config.profile, config.regions) == ("studio-audit", ("eu-west-1", "us-east-1"))
    assert config.rules_dirs == (folder / "my-rules",)
    assert (config.only[0], config.skip) == ("people", ("STU202",))
    assert (config.waivers, config.output) == (folder / "waivers.yaml", folder / "audit-report")
    assert (config.fail_on, config.allow_incomplete, config.nested_merge) == ("medium", False, NestedMerge.UNKNOWN)
    assert (config.waiver_tag, config.baseline, config.new_only) == ("studio-waiver", folder / "release.json", False)
    assert config.store == "s3://studio-audit/nights"
    assert config.thresholds(built_in_rules) == (
        {"STU501": None, "STU402": Severity.HIGH},
        {"123456789012": Severity.LOW},
    )
    assert config.formats == (Format.HTML, Format.JSON)
    assert config.frameworks == ("nist-800-53", "aws-well-architected-ml")
    severities, params = config.for_rules(built_in_rules)
    assert severities == {"STU501": Severity.MEDIUM, "STU106": Severity.HIGH}
    assert params == {"STU101": {"min_letters": 2}, "STU701": {"approved": ["reading-group", "team-board"]}}
    platform, scientist, analyst, default = config.personas
    assert platform.matches == (
        Match({"studio-persona": "platform", "team": "ml-*"}),
        Match({}, "platform-*", "research"),
    )
    assert (platform.apps, platform.tools) == (DEFAULT_PERSONAS[0].apps, (*FIRST_PARTY_TOOLS, MLFLOW))
    assert scientist.apps == ("JupyterLab", "CodeEditor")
    assert set(scientist.tools) == {"Training", "Experiments", "Pipelines", "Models", "FeatureStore", "Comet"}
    assert (analyst.name, analyst.canvas, scientist.canvas) == ("analyst", ("Kendra",), ())
    assert (default.name, default.tools, default.matches) == ("default", (), ())


def test_the_guides_example_uses_every_key_and_fits_the_schema(example: Path) -> None:
    schema = config_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    data = yaml.safe_load(example.read_text(encoding="utf-8"))
    jsonschema.validate(data, schema)
    assert set(data) == set(schema["$defs"]["ConfigFile"]["properties"])
    persona = {"name": "default", "apps": ["JupyterServer"]}
    for wrong in ({"severites": {}}, {"fail_on": "hihg"}, {"personas": [persona]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_every_key_is_explained() -> None:
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    for key in config_schema()["$defs"]["ConfigFile"]["properties"]:
        assert re.search(rf"^\| [^|]*`{key}`", text, re.MULTILINE), key


def test_the_schema_walks_the_enumerations() -> None:
    assert set(typing.get_args(FailOn)) == {*Severity, "none"}
    assert json.dumps(config_schema())


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}"])
def test_a_file_that_says_nothing_is_as_none(config: Read, text: str) -> None:
    assert config(text) == Config(path=config(text).path)
    assert load_config(None) == Config()


def test_paths_count_from_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf" / "rules").mkdir(parents=True)
    (tmp_path / "conf" / "auditor.yaml").write_text("rules: [./rules]\noutput: out\n")
    monkeypatch.chdir(tmp_path)
    config = load_config(Path("conf/auditor.yaml"))
    assert config.rules_dirs == (Path("conf/rules"),)
    assert config.output == Path("conf/out")
    (tmp_path / "conf" / "auditor.yaml").write_text("store: nights\n")
    assert load_config(Path("conf/auditor.yaml")).store == "conf/nights"
    (tmp_path / "conf" / "auditor.yaml").write_text('output: "-"\n')
    assert load_config(Path("conf/auditor.yaml")).output == Path("-")


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("severites: {}", "1:1", "unknown field `severites`", "Did you mean 'severities'?"),
        ("fail_on: low\nFail_On: high", "2:1", "unknown field `Fail_On`", "Did you mean 'fail_on'?"),
        ("colour: red", "1:1", "unknown field `colour`", "docs/configuration.md"),
        ("fail_on: hihg", "1:10", "fail_on: invalid enum value 'hihg'", "Did you mean 'high'?"),
        ("fail_on: HIGH", "1:10", "fail_on: invalid enum value 'HIGH'", "Did you mean 'high'?"),
        ("fail_on: [high]", "1:10", "fail_on: expected text, got a list", ""),
        ("fail_on_rules: {STU5O2: low}", "1:17", "fail_on_rules: there is no rule 'STU5O2'", "'STU502'"),
        ("fail_on_rules: {STU501: lo}", "1:25", "fail_on_rules.STU501: invalid enum value 'lo'", "'low'"),
        ("fail_on_accounts: {123456789012: low}", "1:20", "fail_on_accounts: the key 123456789012 must be text",
         "quotes"),
        ("fail_on_accounts: {'12345': low}", "1:20", "fail_on_accounts: '12345' is not an account id of 12 digits", ""),
        ("baseline: no.json", "1:11", "baseline: ", "Paths in the file count from its folder"),
        ("regions:\n  eu-west-1", "2:3", "regions: expected a list, got text", ""),
        ("regions:", "1:9", "regions: expected a list, got nothing", "take the key away"),
        ("regions: [eu-west-1, 2]", "1:22", "regions[1]: expected text, got a whole number", "quotes"),
        ("allow_incomplete: maybe", "1:19", "allow_incomplete: expected true or false, got text", ""),
        ("nested_merge: member", "1:15", "nested_merge: invalid enum value 'member'", "Did you mean 'members'?"),
        ("regions: [eu_west_1]", "1:11", "regions: 'eu_west_1' is not the name of an AWS Region", "eu-west-1"),
        ("skip_regions: [EU-WEST-1]", "1:16", "skip_regions: 'EU-WEST-1' is not the name", "eu-west-1"),
        ("formats: [html, pdf]", "1:17", "formats[1]: invalid enum value 'pdf'", "Known: html, json"),
        ("formats: []", "1:1", "formats: an empty list writes no report", "Known: html, json"),
        ("waivers: no.yaml", "1:10", "waivers: ", "Paths in the file count from its folder"),
        ("rules: [., nowhere]", "1:12", "rules: ", "Paths in the file count from its folder"),
        ("only: [people, storge]", "1:16", "only: there is no rule or area 'storge'", "Did you mean 'storage'?"),
        ("skip:\n  - STU999x", "2:5", "skip: there is no rule or area 'STU999x'", ""),
        ("severities: {STU101: lo}", "1:22", "severities.STU101: invalid enum value 'lo'", "Did you mean 'low'?"),
        ("severities:\n  STU101: low\n  STU5O2: low", "3:3", "severities: there is no rule 'STU5O2'", "'STU502'"),
        ("severities: {people: low}", "1:14", "severities: there is no rule 'people'", "auditor rules list"),
        ("params: {clasic-visible: {}}", "1:10", "params: there is no rule 'clasic-visible'", "'classic-visible'"),
        ("params: {STU101: {min_leters: 3}}", "1:19", "params.STU101: STU101 has no parameter 'min_leters'",
         "'min_letters'"),
        ("params: {STU402: {x: 3}}", "1:19", "params.STU402: STU402 has no parameter 'x'", "It has none."),
        ("params: {STU101: {min_letters: '3'}}", "1:32",
         "params.STU101: parameter min_letters must be of type integer, not '3'", ""),
        ("params: {STU101: 3}", "1:18", "params.STU101: expected a mapping, got a whole number", ""),
        ("params: {STU101: {1: 3}}", "1:19", "params.STU101: the key 1 must be text", "quotes"),
        ("severities: {STU101: low, generic-profile-name: low}", "1:14",
         "severities: 'STU101' and 'generic-profile-name' are the same rule", "Keep one"),
        ("output: 2024-13-45", "1:9", "not valid YAML: month must be in 1..12", ""),
        ("only: [people\n", "2:1", "not valid YAML: ", ""),
        ("fail_on: low\nfail_on: high", "2:1", "'fail_on' is given twice", ""),
        ("only: &a [*a]", "1:7", "an alias stands for what it lies in", ""),
        ("only: " + "[" * 60 + "]" * 60, "1:56", "nested too deeply", ""),
        ("only: " + "[" * 50 + "]" * 50, "1:56", "nested too deeply", ""),
        ("only: &a []\nskip: " + "[" * 50 + "*a" + "]" * 50, "2:56", "nested too deeply", ""),
        ("- fail_on: low", "1:1", "a configuration holds one mapping", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(refused: Refused, text: str, place: str, message: str, hint: str) -> None:
    got = refused(text)
    assert got[0] == place
    assert got[1].startswith(message)
    assert hint in got[2]


PERSONA = "personas:\n  - name: analyst\n"
MATCHED = PERSONA + "    match: [{name: x}]\n"


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("personas: {analyst: {}}", "1:11", "personas: expected a list, got a mapping", ""),
        ("personas: [{apps: []}]", "1:12", "personas[0]: missing required field `name`", ""),
        ("personas: [{name: Data Scientist}]", "1:19", "personas[0].name: 'Data Scientist' is not", "kebab-case"),
        (PERSONA + "    canvas: [Kendrah]\n    match: [{name: x}]", "3:14", "canvas: 'Kendrah' is not a feature",
         "Kendra"),
        (PERSONA + "    app: []", "3:5", "personas[0]: unknown field `app`", "Did you mean 'apps'?"),
        (PERSONA, "2:5", "personas: no profile would be of 'analyst'", "match:"),
        (PERSONA + "    match: [{}]", "3:13", "match: names neither tags, name nor domain", "default"),
        (PERSONA + "    match: [{nam: x}]", "3:14", "personas[0].match[0]: unknown field `nam`", "'name'"),
        (PERSONA + "    match: [{tags: {team: 1}}]", "3:27", "personas[0].match[0].tags.team: expected text", "quotes"),
        (MATCHED + "    apps: [Jupyterlab]", "4:12", "apps: 'Jupyterlab' is not something", "'JupyterLab'"),
        (MATCHED + "    apps: [JupyterServer]", "4:12", "apps: JupyterServer is Studio Classic",
         "STU402"),
        (MATCHED + "    apps: [TensorBoard]", "4:12", "apps: 'TensorBoard' is not something", "Known: "),
        (MATCHED + "    tools: [Trainings]", "4:13", "tools: 'Trainings' is not something", "'Training'"),
        (MATCHED + "  - {name: analyst, match: [{name: y}]}", "4:12",
         "personas: 'analyst' is defined twice", ""),
        ("personas:\n  - name: default\n    match: [{name: x}]", "3:5", "personas: default is everybody",
         "another name"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_persona(refused: Refused, text: str, place: str, message: str, hint: str) -> None:
    test_what_is_wrong_is_said_with_its_place(refused, text, place, message, hint)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.yaml: cannot be read: No such file"):
        load_config(tmp_path / "nowhere.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"only:\n  - \xe9t\xe9\n")
    with pytest.raises(ConfigError, match=r"latin.yaml:2:1: not UTF-8 text"):
        load_config(tmp_path / "latin.yaml")


WORDS = st.sampled_from(
    [*config_schema()["$defs"]["ConfigFile"]["properties"], "name", "apps", "tools", "match", "tags", "domain",
     "STU101", "min_letters", "high", "default", "Canvas", "-", "", "x"]
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.floats(allow_nan=False), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(WORDS, st.integers(0, 1)), inner)),
    max_leaves=12,
)


@examples(300)
@given(data=st.dictionaries(WORDS, VALUES, max_size=4))
def test_nothing_but_a_named_place_comes_of_nonsense(
    data: dict[str, object], tmp_path: Path, built_in_rules: tuple[Rule, ...]
) -> None:
    """Whatever the file holds, it is read or refused with its place; nothing else is ever raised."""
    path = tmp_path / "auditor.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    said = ""
    try:
        load_config(path).for_rules(built_in_rules)
    except ConfigError as error:
        said = error.message
    assert not said or re.match(rf"{re.escape(str(path))}:\d+:\d+: ", said)


def test_the_section_of_accounts(tmp_path: Path) -> None:
    path = tmp_path / "auditor.yaml"
    path.write_text(
        "organization: {accounts: [{id: '100000000002', name: prod}], regions: [eu-west-1], include: ['p-*']}"
    )
    section = load_config(path).organization
    assert section is not None
    assert (section.accounts, section.regions, section.include, section.role) == (
        (NamedAccount("100000000002", "prod"),), ("eu-west-1",), ("p-*",), "StudioAuditor",
    )  # fmt: skip
    path.write_text("organization: {regions: all}")
    section = load_config(path).organization
    assert section is not None
    assert section.regions == ("all",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{role: 'arn:aws:iam::100000000002:role/A'}", ":1:22: role: 'arn:aws:iam::100000000002:role/A' is an ARN"),
        ("{include: ['12345']}", "include: '12345' is not an account id of 12 digits"),
        ("{exclude: [ou-x]}", "exclude: 'ou-x' is not the id of an organizational unit"),
        ("{accounts: [{id: '100000000002'}, {id: '100000000002'}]}", "accounts: 100000000002 stands there twice"),
        ("{accounts: [{id: 100000000002}]}", "organization.accounts"),
        ("{regions: some}", "organization.regions"),
        ("{accounts: []}", ":1:16: organization.accounts: an empty list names no account"),
        ("{regions: eu-west-1}", "Write it as a list, [eu-west-1], or one of: all"),
        ("{regions: [eu-west-1, mars-1]}", ":1:37: organization.regions: 'mars-1' is not the name of an AWS Region"),
        ("{regions: [all, eu-west-1]}", ":1:26: organization.regions: 'all' stands alone"),
        ("{skip_regions: [all]}", ":1:31: organization.skip_regions: 'all' is not the name of an AWS Region"),
        ("{external_id: 'two words'}", ":1:29: external id: not 2 to 1224 letters"),
        ("{rolle: x}", "rolle"),
    ],
)
def test_what_is_wrong_in_the_section_of_accounts(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "auditor.yaml"
    path.write_text(f"organization: {text}")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert says in caught.value.diagnosis()
    assert str(path) in caught.value.diagnosis()
