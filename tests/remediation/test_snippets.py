"""Snippets: cfn-lint finds nothing in them, HCL parses, and every argument is one that the provider has."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from auditor.model.finding import FindingRemediation
from auditor.model.rule import Verdict
from auditor.studio.resource_types import BY_KIND
from auditor.studio.structures import settings_paths
from auditor.studio.template_names import (
    NOT_IN_CLOUDFORMATION,
    NOT_IN_TERRAFORM,
    NOT_YET_IN_CLOUDFORMATION,
    lacks,
    terraform_name,
)
from auditor.studio.tools import HIDEABLE_APP_TYPES, ML_TOOLS

from .simulated_account import REGION, ROOT, RULES, Audit, filled_in

SCHEMAS = ROOT / "tests" / "iac" / "schemas"
PROVIDER, RESOURCES = (
    json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))["types"] for name in ("aws", "cloudformation")
)
CFN_LINT = str(Path(sys.executable).parent / "cfn-lint")
#: What CloudFormation demands beside a snippet.
REQUIRED: Mapping[str, Any] = {
    "AWS::SageMaker::Domain": {
        "AuthMode": "IAM",
        "DomainName": "team",
        "DefaultUserSettings": {"ExecutionRole": "arn:aws:iam::123456789012:role/studio"},
    },
    "AWS::SageMaker::UserProfile": {"DomainId": "d-0123456789ab", "UserProfileName": "ana-lima"},
    "AWS::SageMaker::Space": {"DomainId": "d-0123456789ab", "SpaceName": "ana-space"},
    "AWS::IAM::Role": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    },
    "AWS::Logs::LogGroup": {},
}
_DELETES = "a template says what is there, not what is to be deleted: take the resource out"
#: Rules whose command has no snippet, by language, and why.
NONE: Mapping[tuple[str, str], str] = {
    **{(rule, lang): _DELETES for rule in ("STU304", "STU305", "STU702", "STU707", "STU708", "STU718")
       for lang in ("cloudformation", "terraform")},
    ("STU207", "cloudformation"): "the resources lack ExecutionRoleSessionNameMode",
    ("STU207", "terraform"): "the provider lacks ExecutionRoleSessionNameMode",
    ("STU615", "cloudformation"): "the resource lacks RootlessDocker",
    ("STU615", "terraform"): "the provider lacks RootlessDocker",
    ("STU709", "terraform"): "the provider lacks RemoteAccess",
}  # fmt: skip
#: CloudFormation's template reference has AppLifecycleManagement in both (aws-properties-sagemaker-userprofile-
#: jupyterlabappsettings, …-space-spacejupyterlabappsettings); cfn-lint's copy of the schemas lost the reference to it.
#: Values of the estate that are awkward on purpose, and no role, repository or configuration that AWS would accept.
AWKWARD = ("line\\nbreak", "電子", "$(id)")
_LOST = {
    "AWS::SageMaker::UserProfile": {
        "JupyterLabAppSettings": "AppLifecycleManagement",
        "CodeEditorAppSettings": "AppLifecycleManagement",
    },
    "AWS::SageMaker::Space": {
        "SpaceJupyterLabAppSettings": "SpaceAppLifecycleManagement",
        "SpaceCodeEditorAppSettings": "SpaceAppLifecycleManagement",
    },
}


def _schema(type_: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(json.dumps(PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_).schema))
    for shape, definition in _LOST.get(type_, {}).items():
        found = schema["definitions"][shape]["properties"]
        found.setdefault("AppLifecycleManagement", {"$ref": f"#/definitions/{definition}"})
    return schema


def _fixes(before: Audit) -> Iterator[tuple[str, FindingRemediation]]:
    """Every remediation with a command, by rule, each once."""
    seen = set()
    for finding in before.report.findings:
        fix = finding.remediation
        if finding.status is Verdict.FAIL and fix is not None and fix.aws and (finding.rule_id, fix) not in seen:
            seen.add((finding.rule_id, fix))
            yield finding.rule_id, fix


def _merged(base: Any, above: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(above, Mapping):
        return {**base, **{name: _merged(base.get(name), value) for name, value in above.items()}}
    return above


def _names_sessions_only(rule: str, fix: FindingRemediation) -> bool:
    """STU201 replaces the role where teams share it, and elsewhere sets what the languages lack (see STU207)."""
    return rule == "STU201" and "ROLE_ARN" not in fix.aws


def _type(snippet: str) -> str:
    """A snippet says in its first line what it is for."""
    match = re.match(r"# (AWS::\w+::\w+|aws_\w+)\b", snippet)
    assert match is not None, snippet
    return match[1]


def test_cfn_lint_finds_nothing_in_any_snippet(before: Audit, tmp_path: Path) -> None:
    resources: dict[str, Any] = {}
    for rule, fix in _fixes(before):
        if (rule, "cloudformation") in NONE or _names_sessions_only(rule, fix):
            assert fix.cloudformation == ""
            continue
        type_ = _type(fix.cloudformation)
        properties = _merged(REQUIRED[type_], yaml.safe_load(filled_in(fix.cloudformation)))
        name = f"{rule}{len(resources)}"
        for unique in ("UserProfileName", "SpaceName", "DomainName"):
            if unique in properties:
                properties[unique] = name
        resources[name] = {"Type": type_, "Properties": properties}
    expected = {r.id for r in RULES.values() if r.remediation.by_command and (r.id, "cloudformation") not in NONE}
    assert {name[:6] for name in resources} == expected

    schemas = tmp_path / "schemas"
    schemas.mkdir()
    for type_ in _LOST:
        (schemas / f"{type_.replace('::', '-')}.json").write_text(json.dumps(_schema(type_)), encoding="utf-8")
    template = tmp_path / "template.json"
    template.write_text(
        json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}, indent=1), encoding="utf-8"
    )
    lint = [CFN_LINT, "--format", "json", "--regions", REGION, "--registry-schemas"]
    done = subprocess.run([*lint, str(schemas), "--", str(template)], capture_output=True, text=True, check=False)
    found = [
        f"{e['Rule']['Id']} {e['Message']} at {e['Location']['Path']}"
        for e in json.loads(done.stdout)
        # Warnings about style do not concern a snippet: what is put around it here is not what users have.
        if e["Level"] == "Error" and not any(value in e["Message"] for value in AWKWARD)
    ]
    assert found == [], "\n".join(found)


def test_cfn_lint_is_asked_in_earnest(tmp_path: Path) -> None:
    """A member that does not exist is found, so finding nothing means something."""
    template = {
        "Resources": {"P": {"Type": "AWS::SageMaker::Domain", "Properties": _merged(
            REQUIRED["AWS::SageMaker::Domain"], {"DefaultUserSettings": {"StudioWebPortalSettings": {"Hidden": []}}}
        )}}
    }  # fmt: skip
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template), encoding="utf-8")
    done = subprocess.run([CFN_LINT, "--format", "json", str(path)], capture_output=True, text=True, check=False)
    assert [e["Rule"]["Id"] for e in json.loads(done.stdout)] == ["E3002"]


def test_every_argument_is_one_that_the_provider_has(before: Audit) -> None:
    proven = set()
    for rule, fix in _fixes(before):
        if (rule, "terraform") in NONE or _names_sessions_only(rule, fix):
            assert fix.terraform == ""
            continue
        type_ = _type(fix.terraform)
        parsed = hcl2.loads(f'resource "{type_}" "this" {{\n{filled_in(fix.terraform)}\n}}\n')
        ((of_type,),) = ([*resource.items()] for resource in parsed["resource"])
        assert of_type[0].strip('"') == type_
        ((_, body),) = of_type[1].items()
        _check(body, PROVIDER[type_], f"{rule}: {type_}")
        proven.add(rule)
    assert proven == {r.id for r in RULES.values() if r.remediation.by_command and (r.id, "terraform") not in NONE}


def _check(body: Mapping[str, Any], block: Mapping[str, Any], where: str) -> None:
    for name, value in body.items():
        if name.startswith("__"):
            continue  # the parser's own: whether it is a block, its comments
        known = _inside(block, name)
        assert known is not None, f"{where} has no {name}"
        if isinstance(known, dict):
            assert isinstance(value, list), f"{where}.{name} is a block"
            for inner in value:
                _check(inner, known, f"{where}.{name}")


def _inside(block: Any, name: str) -> Any:
    """What the schema says of a member, None where there is none. ``[]`` behind a name: it may stand several times."""
    return block.get(name, block.get(f"{name}[]")) if isinstance(block, dict) else None


def _knows(block: Any, names: Iterable[str]) -> bool:
    for name in names:
        block = _inside(block, name)
    return block is not None


def test_values_that_cloudformation_refuses_are_known() -> None:
    schema = _schema("AWS::SageMaker::Domain")
    for member, names, shape in (
        ("HiddenMlTools", ML_TOOLS, "MlTools"),
        ("HiddenAppTypes", HIDEABLE_APP_TYPES, "AppType"),
    ):
        known = set(schema["definitions"][shape]["enum"])
        assert set(names) - known == NOT_YET_IN_CLOUDFORMATION.get(member, frozenset()), member


@pytest.mark.parametrize("kind", settings_paths())
def test_what_the_languages_lack_is_known(kind: str) -> None:
    """Every setting of the API: written under its name, or on the list of what a language lacks; never both."""
    resource, block = RESOURCES[BY_KIND[kind].cloudformation], PROVIDER[BY_KIND[kind].terraform]
    for path in settings_paths()[kind]:
        parts = path.split(".")
        assert _knows(resource, parts) != lacks(NOT_IN_CLOUDFORMATION, path), path
        assert _knows(block, map(terraform_name, parts)) != lacks(NOT_IN_TERRAFORM, path), path
