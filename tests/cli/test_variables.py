"""AUDITOR_… variables stand for options, and --show-config says where each value comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from auditor.cli.main import COMMANDS, cli
from auditor.cli.option_groups import long_name, variables
from auditor.cli.show_config import rows
from auditor.config.file_schema import config_schema
from auditor.config.load_config import Config, load_config

Auditor = Callable[..., Any]
#: What no variable may switch on: it writes to AWS.
WRITES = "--send-to-security-hub"


def _commands(command: click.Command = cli, name: str = "") -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    for sub in COMMANDS if command is cli else command.commands:
        inner = command.get_command(click.Context(command), sub)
        assert inner is not None
        yield from _commands(inner, f"{name} {sub}".strip())


def _parsed(name: str, *arguments: str) -> dict[str, Any]:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command.make_context(name, list(arguments)).params


@pytest.fixture
def set_variables(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    def set_them(values: dict[str, str]) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_them


def test_variables_stand_for_options_of_every_kind(set_variables: Callable[[dict[str, str]], None]) -> None:
    set_variables({
        "AUDITOR_REGION": "eu-west-1 us-east-1", "AUDITOR_FAIL_ON": "high STU501=none", "AUDITOR_NEW_ONLY": "1",
        "AUDITOR_ALLOW_INCOMPLETE": "0", "AUDITOR_FORMAT": "json,sarif", "AUDITOR_CONCURRENCY": "7",
        "AUDITOR_RULES": "a:b", "AUDITOR_WAIVERS": "w.yaml", "AUDITOR_MODE": "640",
    })  # fmt: skip
    got = _parsed("audit")
    assert got["regions"] == ("eu-west-1", "us-east-1")
    assert got["fail_on"] == (("", "high"), ("STU501", "none"))
    assert (got["new_only"], got["allow_incomplete"], got["concurrency"]) == (True, False, 7)
    assert [f.value for f in got["formats"]] == ["json", "sarif"]
    assert (got["rules_dirs"], got["waivers"], got["mode"].file) == ((Path("a"), Path("b")), Path("w.yaml"), 0o640)


def test_an_option_wins_over_its_variable(set_variables: Callable[[dict[str, str]], None]) -> None:
    set_variables({"AUDITOR_FAIL_ON": "low", "AUDITOR_NEW_ONLY": "1"})
    got = _parsed("check", "s.jsonl", "--fail-on", "none", "--no-new-only")
    assert (got["fail_on"], got["new_only"]) == ((("", "none"),), False)


def test_what_a_variable_means_does_not_depend_on_the_command() -> None:
    """--format of a run is no --format of rows, and nothing that writes to AWS has one."""
    meant: dict[str, set[str]] = {}
    for name, command in _commands():
        for variable, option in variables(command).items():
            meant.setdefault(variable, set()).add(option)
            assert option not in {WRITES, "--snapshot", "--full", "--keep", "--force"}, name
    assert {variable: found for variable, found in meant.items() if len(found) > 1} == {}
    runs = {name for name, command in _commands() if "AUDITOR_FORMAT" in variables(command)}
    assert runs == {"audit", "check", "scan", "demo"}
    assert {name for name, command in _commands() if "AUDITOR_STORE" in variables(command)} >= {
        "audit",
        "history",
        "store list",
    }


def test_every_option_has_a_variable(set_variables: Callable[[dict[str, str]], None]) -> None:
    """But for what has to be asked for each time."""
    without = {long_name(p) for _, c in _commands() for p in c.params if long_name(p) and not p.envvar}
    assert without == {
        WRITES, "--snapshot", "--full", "--estate", "--set", "--fix", "--keep", "--force", "--watch", "--show-config",
        "--debug",
    }  # fmt: skip
    names = {variable for name, c in _commands() if name == "store list" for variable in variables(c)}
    assert {"AUDITOR_STORE", "AUDITOR_STORE_LIST_ACCOUNT", "AUDITOR_STORE_LIST_FORMAT"} <= names
    set_variables({"AUDITOR_DIFF_FORMAT": "markdown", "AUDITOR_FORMAT": "sarif"})
    assert _parsed("diff")["output"] == "markdown"


def test_a_wrong_variable_is_named_as_a_wrong_option(auditor: Auditor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_FAIL_ON", "hihg")
    outcome = auditor("check", "s.jsonl")
    assert outcome.code == 2
    assert "--fail-on" in outcome.err


def test_help_has_headings_examples_and_every_option() -> None:
    for name in ("audit", "check", "scan", "collect", "demo"):
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        shown = click.Context(command, info_name=name, terminal_width=100, **command.context_settings)
        text = command.get_help(shown)
        assert "-h, --help" in text
        assert all(long_name(p) in text for p in command.params if long_name(p))
        headings = re.findall(r"^(\w.*):$", text, re.MULTILINE)
        assert (headings[-1], len(headings) == len(set(headings))) == ("Options", True)
        if name != "collect":
            assert {"Rules", "What fails the run", "Configuration", "Reports"} <= set(headings)
        assert "AUDITOR_" in text


def _shown(config: Config, *arguments: str) -> dict[str, list[tuple[str, str]]]:
    command = cli.get_command(click.Context(cli), "audit")
    assert command is not None
    context = command.make_context("audit", list(arguments))
    found: dict[str, list[tuple[str, str]]] = {}
    for setting, value, origin in rows(context, config):
        found.setdefault(setting, []).append((value, origin))
    return found


def test_where_each_value_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "auditor.yaml").write_text(
        "fail_on: medium\nfail_on_rules: {STU501: none}\nskip_regions: [ap-south-1]\nskip: [STU202]\n"
        "waiver_tag: studio-waiver\nstore: nights\n",
        encoding="utf-8",
    )
    config = load_config(tmp_path / "auditor.yaml")
    monkeypatch.setenv("AUDITOR_OUTPUT", "out")
    shown = _shown(config, "--skip-region", "eu-west-2")
    assert shown["--fail-on"] == [("medium", "auditor.yaml:1")]
    assert shown["fail_on_rules"] == [('{"STU501": "none"}', "auditor.yaml:2")]
    assert shown["--skip-region"] == [("ap-south-1", "auditor.yaml:3"), ("eu-west-2", "option")]
    assert shown["--skip"] == [("STU202", "auditor.yaml:4")]
    assert shown["waiver_tag"] == [("studio-waiver", "auditor.yaml:5")]
    assert shown["--store"] == [("nights", "auditor.yaml:6")]
    assert shown["--output"] == [("out", "variable AUDITOR_OUTPUT")]
    assert shown["--format"] == [("html,json", "default")]
    assert shown["--mode"] == [("600", "default")]
    assert (shown["--new-only"], shown["--waivers"]) == ([("no", "default")], [("not set", "default")])
    # What the command line says sets aside what it replaces.
    shown = _shown(config, "--fail-on", "STU601=low", "--fail-on", "none", "--only", "people")
    assert shown["--fail-on"] == [("STU601=low, none", "option")]
    assert "fail_on_rules" not in shown
    assert shown["--skip"] == [("not set", "default")]


def test_what_is_in_force_for_collecting(auditor: Auditor, tmp_path: Path) -> None:
    """Nothing of the file that is about evaluating; and nothing is collected."""
    (tmp_path / "auditor.yaml").write_text("regions: [eu-west-1]\nfail_on: low\nseverities: {STU501: low}\n")
    outcome = auditor("collect", "--snapshot", "night.jsonl", "--concurrency", "3", "--show-config")
    assert (outcome.code, sorted(path.name for path in tmp_path.iterdir())) == (0, ["auditor.yaml"])
    shown = [line.split() for line in outcome.out.splitlines()]
    assert ["--region", "eu-west-1", "auditor.yaml:1"] in shown
    assert ["--concurrency", "3", "option"] in shown
    assert not {"severities", "fail_on", "--fail-on"} & {words[0] for words in shown if words}


def test_every_key_of_the_file_is_shown(tmp_path: Path) -> None:
    values = {"fail_on": "low", "nested_merge": "replace", "severities": "{STU501: low}", "inline_waivers": "false"}
    (tmp_path / "auditor.yaml").write_text("".join(f"{k}: {v}\n" for k, v in values.items()), encoding="utf-8")
    shown = _shown(load_config(tmp_path / "auditor.yaml"))
    # Of inline_waivers only a scan makes use.
    assert {"--fail-on", "--nested-merge", "severities"} <= shown.keys()
    assert "inline_waivers" not in shown
    assert set(values) <= set(config_schema()["$defs"]["ConfigFile"]["properties"])


def test_show_config_runs_nothing_and_tells_no_secret(auditor: Auditor, tmp_path: Path) -> None:
    secret = "https://ana:pa55w0rd-of-ana@example.com/nights"
    outcome = auditor("check", "missing.jsonl", "--show-config", "--store", secret, "--fail-on", "medium")
    assert (outcome.code, "pa55w0rd-of-ana" in outcome.out + outcome.err) == (0, False)
    assert "example.com/nights" in outcome.out
    assert list(tmp_path.iterdir()) == []
    # Nor does the refusal of a URL where a path belongs.
    refused = auditor("check", "missing.jsonl", "--baseline", secret)
    assert (refused.code, "pa55w0rd-of-ana" in refused.err, "is a URL" in refused.err) == (2, False, True)
