"""The package of a CloudFormation Hook: its permissions, what it is asked about, its settings.

cfn-lint reads the template in tests/test_nightly_deployment.py, with the others.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.config.load_config import load_config
from auditor.model.rule import Rule, Severity
from auditor.resources import rules_dir
from auditor.rules import load, packed_rules
from auditor.run.hook_package import write_hook
from auditor.run.plan import plan_run
from auditor.run.run_options import GateOptions, ReportOptions, RuleOptions, RunOptions
from auditor.studio.resource_types import BY_KIND, STUDIO_KINDS

TEMPLATE = Path(__file__).resolve().parents[2] / "deploy" / "hook" / "template.yaml"


class _Loader(yaml.SafeLoader):
    """CloudFormation's short forms as their arguments."""


_Loader.add_multi_constructor("!", lambda loader, _suffix, node: loader.construct_scalar(node))


def _resources() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(TEMPLATE.read_text(encoding="utf-8"), _Loader)["Resources"]
    return loaded


def test_it_may_describe_domains_and_write_its_log_and_nothing_else() -> None:
    (policy,) = _resources()["FunctionRole"]["Properties"]["Policies"]
    actions = [one["Action"] for one in policy["PolicyDocument"]["Statement"]]
    assert actions == [["logs:CreateLogStream", "logs:PutLogEvents"], "sagemaker:DescribeDomain"]


def test_it_is_asked_about_every_resource_of_studio_that_is_made_or_changed() -> None:
    hooks = [r["Properties"] for r in _resources().values() if r["Type"] == "AWS::CloudFormation::LambdaHook"]
    assert sorted(t for hook in hooks for t in hook["TargetOperations"]) == [
        "CHANGE_SET", "CLOUD_CONTROL", "RESOURCE", "STACK",
    ]  # fmt: skip
    assert all(hook["TargetFilters"]["Actions"] == ["CREATE", "UPDATE"] for hook in hooks)
    (names,) = (hook["TargetFilters"]["TargetNames"] for hook in hooks if "RESOURCE" in hook["TargetOperations"])
    assert names == [BY_KIND[kind].cloudformation for kind in STUDIO_KINDS]


RULE = {
    "id": "ACME010", "name": "acme-spaces", "title": "Spaces should be small", "severity": "low", "table": "space",
    "require": "remote_access <> 'ENABLED'", "message": "Space {name} is open", "why": "It is open.",
    "remediation": {"steps": "Close it."}, "practices": ["P24"], "references": ["https://example.com"],
    "since": "1.0.0", "cases": [{"given": {"remote_access": "DISABLED"}, "then": "pass"}],
}  # fmt: skip


def test_the_settings_say_what_the_options_and_the_configuration_said(tmp_path: Path) -> None:
    """Planned again from the package, the run is the same, wherever the package lies."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "ACME010-acme-spaces.yaml").write_text(yaml.safe_dump(RULE), encoding="utf-8")
    (tmp_path / "waivers.yaml").write_text("waivers: []\n", encoding="utf-8")
    (tmp_path / "auditor.yaml").write_text(
        "rules: [own]\nskip: [STU102]\nwaivers: waivers.yaml\nfail_on: critical\n"
        "fail_on_accounts: {'123456789012': low}\nseverities: {STU501: high}\n"
        "params: {STU708: {allowed_families: [g5]}}\nnested_merge: members\n"
        "personas: [{name: analyst, match: [{name: 'a*'}]}]\nowners: [{owner: vision, tags: {team: v*}}]\n",
        encoding="utf-8",
    )
    rules = RuleOptions(parameters=("STU708.allowed_families=[t3]",))
    write = ReportOptions(write=False)
    config = load_config(tmp_path / "auditor.yaml")
    first = plan_run(RunOptions(config, rules, GateOptions([("STU603", "none")]), write))
    written = write_hook(first, tmp_path / "made")
    assert [path.name for path in written] == [
        "README.md", "auditor.yaml", "handler.py", "requirements.txt", "template.yaml", "waivers.yaml",
    ]  # fmt: skip
    again = plan_run(RunOptions(load_config(tmp_path / "made" / "auditor.yaml"), reports=write))
    assert {r.id for r in again.choice.rules} == {r.id for r in first.choice.rules}
    assert "ACME010" in {r.id for r in again.choice.rules}
    assert again.choice.overrides["STU708"] == {"allowed_families": ["t3"]}
    assert (again.choice.severities, again.choice.merge) == ({"STU501": Severity.HIGH}, first.choice.merge)
    assert (again.choice.personas, again.choice.owners) == (first.choice.personas, first.choice.owners)
    assert (again.gate.fail_on, again.gate.by_rule, again.gate.by_account) == (
        Severity.CRITICAL, {"STU603": None}, {"123456789012": Severity.LOW},
    )  # fmt: skip
    assert again.config.waivers == tmp_path / "made" / "waivers.yaml"
    # Written again from its own settings, over itself, it is the same.
    before = {path: path.read_bytes() for path in (tmp_path / "made").rglob("*") if path.is_file()}
    write_hook(again, tmp_path / "made")
    assert {path: path.read_bytes() for path in (tmp_path / "made").rglob("*") if path.is_file()} == before


def test_the_function_takes_the_built_in_rules_as_they_were_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, built_in_rules: tuple[Rule, ...]
) -> None:
    """They are the rules that reading them gives, but for their cases; a file of other rules is left alone."""
    path = tmp_path / packed_rules.RULES_FILE
    path.write_text(packed_rules.packed(), encoding="utf-8")
    monkeypatch.setattr(load, "_TAKEN", [])
    assert packed_rules.use_packed(path)
    assert load.load_rules([rules_dir()]) == tuple(replace(rule, cases=()) for rule in built_in_rules)
    for text in ("", "{}", path.read_text(encoding="utf-8").replace('"made_from":"', '"made_from":"0')):
        monkeypatch.setattr(load, "_TAKEN", [])
        path.write_text(text, encoding="utf-8")
        assert not packed_rules.use_packed(path)
        assert load._TAKEN == []
