"""Presets: what they choose, what their parameters are, and what stands beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.cli.main import run
from auditor.config import Config
from auditor.errors import ConfigError
from auditor.model.rule import Rule, Severity
from auditor.rules.presets import load_preset, preset_files, rules_of, values_of
from auditor.run.run_options import RuleOptions
from auditor.run.selection import choose

NAMES = ("baseline", "classic-migration", "cost", "regulated")
ROOT = Path(__file__).parents[2]


def test_there_are_these() -> None:
    assert tuple(preset_files()) == NAMES
    guide = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \| (?=what|people)", guide, re.MULTILINE)) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_preset_names_exists(name: str, built_in_rules: tuple[Rule, ...]) -> None:
    """Each name means rules, each parameter is one of them, of its type, and not what it is by default."""
    preset = load_preset(name)
    chosen = {rule.id for rule in rules_of(preset, built_in_rules)}
    values = values_of(preset, built_in_rules)
    assert preset.name == name
    assert set(values) <= chosen
    defaults = {(rule.id, p.name): p.default for rule in built_in_rules for p in rule.params}
    assert all(defaults[rule, p] != value for rule, of in values.items() for p, value in of.items())


def test_what_presets_are_for(built_in_rules: tuple[Rule, ...]) -> None:
    by_name = {name: rules_of(load_preset(name), built_in_rules) for name in NAMES}
    # First things first: every rule of severity critical, and nothing that is merely tidy.
    critical = {rule.id for rule in built_in_rules if rule.severity is Severity.CRITICAL}
    assert critical <= {rule.id for rule in by_name["baseline"]}
    assert not {Severity.INFO} & {rule.severity for rule in by_name["baseline"]}
    assert {rule.area for rule in by_name["regulated"]} >= {"people", "roles", "domains", "account"}
    assert {rule.area for rule in by_name["classic-migration"]} == {"experience", "visibility", "storage"}


def _ids(**options: object) -> set[str]:
    return {rule.id for rule in choose(Config(), RuleOptions(**options), bind=False).rules}  # type: ignore[arg-type]


def test_only_and_skip_choose_among_the_rules_of_a_preset() -> None:
    whole = _ids(preset="classic-migration")
    assert _ids(preset="classic-migration", skip=("STU303",)) == whole - {"STU303"}
    assert _ids(preset="classic-migration", only=("storage",)) == {"STU501", "STU502", "STU503", "STU504"}
    with pytest.raises(ConfigError, match="unknown rule or area"):
        _ids(preset="classic-migration", only=("STU101",))


def test_a_preset_stands_instead_of_the_files_selection_and_below_its_values() -> None:
    file = Config(only=("people",), skip=("STU301",), params={"STU705": {"max_minutes": 240}})
    chosen = choose(file, RuleOptions(preset="cost"), bind=False)
    assert {"STU705", "STU712"} <= {rule.id for rule in chosen.rules}
    assert "STU101" not in {rule.id for rule in chosen.rules}
    assert chosen.overrides["STU705"] == {"max_minutes": 240}
    assert chosen.overrides["STU712"] == {"max_minutes": 120}
    given = choose(file, RuleOptions(preset="cost", parameters=("STU705.max_minutes=60",)), bind=False)
    assert given.overrides["STU705"] == {"max_minutes": 60}


def test_an_unknown_preset_or_area_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="unknown preset") as raised:
        load_preset("base-line")
    assert "baseline" in raised.value.diagnosis()
    assert run(["rules", "list", "--area", "rols"]) == 2
    assert "roles" in capsys.readouterr().err
    assert run(["rules", "list", "--area", "account", "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines
    assert all(line.startswith("STU8") for line in lines)
