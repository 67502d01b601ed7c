"""Snippets for resources of Terraform's provider awscc: its types, its arguments, and values where aws has blocks.

Applied as they read, the finding is gone and none is new. Source: the provider's schema, in tests/iac/schemas.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hcl2
import pytest

from auditor.collect.iac.scan import ScanOptions, scan
from auditor.evaluate.audit import evaluate
from auditor.model.finding import Finding
from auditor.model.rule import Rule, Verdict
from auditor.store.snapshot_file import write_snapshot

from .simulated_account import ROOT, filled_in

SCHEMA = json.loads((ROOT / "tests" / "iac" / "schemas" / "awscc.json").read_text(encoding="utf-8"))["types"]
ROLE = "arn:aws:iam::111122223333:role/studio"
RESOURCES: dict[str, dict[str, Any]] = {
    "awscc_sagemaker_domain": {
        "domain_name": "research", "auth_mode": "IAM", "vpc_id": "vpc-1", "subnet_ids": ["subnet-1", "subnet-2"],
        "default_user_settings": {
            "execution_role": ROLE, "security_groups": ["sg-1"],
            "studio_web_portal_settings": {"hidden_ml_tools": ["Comet"]},
        },
        "domain_settings": {"docker_settings": {"enable_docker_access": "ENABLED"}},
    },
    "awscc_sagemaker_user_profile": {
        "domain_id": "${awscc_sagemaker_domain.this.domain_id}", "user_profile_name": "ada-lovelace",
        "user_settings": {
            "execution_role": ROLE,
            "jupyter_lab_app_settings": {
                "app_lifecycle_management": {
                    "idle_settings": {"lifecycle_management": "ENABLED", "idle_timeout_in_minutes": 600}
                }
            },
        },
        "tags": [{"key": "team", "value": "research"}],
    },
    "awscc_sagemaker_space": {
        "domain_id": "${awscc_sagemaker_domain.this.domain_id}", "space_name": "board",
        "ownership_settings": {"owner_user_profile_name": "ada-lovelace"},
        "space_sharing_settings": {"sharing_type": "Shared"},
        "space_settings": {"app_type": "JupyterLab", "remote_access": "ENABLED"},
    },
}  # fmt: skip
PROVEN = (
    "STU108", "STU402", "STU403", "STU501", "STU502", "STU603", "STU606", "STU607", "STU704", "STU705", "STU706",
    "STU709", "STU710", "STU711",
)  # fmt: skip


def findings_of(folder: Path, resources: dict[str, Any], rules: tuple[Rule, ...]) -> list[Finding]:
    """Of a configuration in JSON, failures alone."""
    folder.mkdir()
    written = {"resource": {type_: {"this": body} for type_, body in resources.items()}}
    (folder / "main.tf.json").write_text(json.dumps(written))
    write_snapshot(folder / "s.jsonl", scan([folder], ScanOptions()))
    return [f for f in evaluate([folder / "s.jsonl"], rules).findings if f.status is Verdict.FAIL]


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory, built_in_rules: tuple[Rule, ...]) -> list[Finding]:
    return findings_of(tmp_path_factory.mktemp("awscc") / "before", RESOURCES, built_in_rules)


def merged(base: Any, above: Any) -> Any:
    """A person's edit: members into structures, tags beside tags."""
    if isinstance(base, dict) and isinstance(above, dict):
        return {**base, **{name: merged(base.get(name), value) for name, value in above.items()}}
    if isinstance(base, list) and base and isinstance(base[0], dict):
        return [*base, *above]
    return above


def plain(value: Any) -> Any:
    """What the parser gives, without its own members and quotes."""
    if isinstance(value, dict):
        return {name.strip('"'): plain(inner) for name, inner in value.items() if not name.startswith("__")}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.strip('"') if isinstance(value, str) else value


def checked(value: Any, schema: Any, where: str) -> None:
    for name, inner in value.items():
        known = schema.get(name, schema.get(f"{name}[]"))
        assert known is not None, f"{where} has no {name}"
        if isinstance(known, dict):
            repeated = f"{name}[]" in schema
            assert isinstance(inner, list if repeated else dict), f"{where}.{name} is a value, and no block"
            for one in inner if repeated else [inner]:
                checked(one, known, f"{where}.{name}")


@pytest.mark.parametrize("rule", PROVEN)
def test_a_snippet_applied_resolves_its_finding(
    rule: str, failures: list[Finding], tmp_path: Path, built_in_rules: tuple[Rule, ...]
) -> None:
    found = next(f for f in failures if f.rule_id == rule)
    assert found.remediation is not None
    snippet = found.remediation.terraform
    type_ = snippet.split()[1].rstrip(":")
    parsed = hcl2.loads(f'resource "{type_}" "this" {{\n{filled_in(snippet)}\n}}\n')
    ((of_type,),) = ([*resource.items()] for resource in parsed["resource"])
    ((_, body),) = of_type[1].items()
    written = plain(body)
    checked(written, SCHEMA[type_], f"{rule}: {type_}")
    after = findings_of(tmp_path / "after", {**RESOURCES, type_: merged(RESOURCES[type_], written)}, built_in_rules)
    left, before = ({(f.rule_id, f.resource.id) for f in some} for some in (after, failures))
    assert (found.rule_id, found.resource.id) not in left
    # What nobody mounts any more is kept without need: that rule speaks about what is left.
    assert left <= before | {("STU503", "awscc_sagemaker_domain.this")}
