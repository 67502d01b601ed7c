"""Whatever lies in a tree and is not read is not assessed, with its reason; nothing outside of it is read at all."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.iac import discover as discovery
from auditor.collect.iac import tree as trees
from auditor.collect.iac.scan import ScanOptions, scan
from auditor.collect.iac.terraform.plan.plan_shape import shape_fault
from auditor.errors import CollectError, ConfigError
from auditor.model.snapshot import Snapshot

from .corpus import ROOT

SECRET = "s3cr3t-value-1234"
DOMAIN = 'resource "aws_sagemaker_domain" "d" {\n  domain_name = "d"\n}\n'
TEMPLATE = "Resources:\n  Domain:\n    Type: AWS::SageMaker::Domain\n    Properties: {DomainName: d}\n"
PLAN = json.loads((ROOT / "plan-links" / "plan.json").read_text())
Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """A repository as the working folder, with ``good.tf`` in it; files around it begin with ``../``."""
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)

    def write(files: dict[str, str]) -> Path:
        for name, text in {"good.tf": DOMAIN, **files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return folder

    return write


def missed(snapshot: Snapshot) -> dict[str, str]:
    """What was not assessed, and why."""
    return {
        gap.resource_id: gap.detail.partition(": ")[2] for gap in snapshot.gaps if gap.reason == "not_assessed"
    }  # fmt: skip


def domains(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(r.account, r.id) for r in snapshot.records if r.kind == "domain"]


LINK_OUT = "it is a symbolic link that leads out of the repository"
NOWHERE = "it is a symbolic link that leads nowhere"


@pytest.mark.parametrize(
    ("name", "target", "reason"),
    [
        ("bad.tf", "nowhere.tf", NOWHERE), ("bad.yaml", "nowhere", NOWHERE), ("gone", "nowhere", NOWHERE),
        ("loop.yaml", "loop.yaml", NOWHERE), ("terraform.tfvars", "nowhere", NOWHERE),
        ("dev.tf", "/dev/zero", LINK_OUT), ("dev.yaml", "/dev/zero", LINK_OUT), ("in.json", "/dev/stdin", LINK_OUT),
        ("self.yaml", "/proc/self/environ", LINK_OUT), ("foreign", "../real", LINK_OUT),
        ("foreign.tf", "../real/main.tf", LINK_OUT), ("foreign.yaml", "../real/t.yaml", LINK_OUT),
        ("live/terragrunt.hcl", "../../real/terragrunt.hcl", LINK_OUT),
        ("x.auto.tfvars", "../real/secret.tfvars", LINK_OUT), ("terraform.tfvars", "../real/secret.tfvars", LINK_OUT),
        ("x.auto.tfvars.json", "../real/secret.json", LINK_OUT),
    ],
)  # fmt: skip
def test_links(repository: Write, name: str, target: str, reason: str) -> None:
    folder = repository({
        "../real/main.tf": DOMAIN, "../real/t.yaml": TEMPLATE, "../real/terragrunt.hcl": "inputs = {}\n",
        "../real/secret.tfvars": f'a = "{SECRET}"\n', "../real/secret.json": json.dumps({"a": SECRET}),
        "v.tf": 'variable "a" {\n  default = ""\n}\nresource "aws_sagemaker_domain" "e" {\n  domain_name = var.a\n}\n',
    })  # fmt: skip
    (folder / "live").mkdir()
    (folder / name).symlink_to(target)
    snapshot = scan([Path()], ScanOptions())
    assert missed(snapshot) == {name: reason}
    assert SECRET not in repr(snapshot)


@pytest.mark.parametrize("name", ["f.yaml", "f.json", "f.tf", "terraform.tfvars"])
def test_pipes_and_sockets(repository: Write, name: str) -> None:
    """They are opened, but nobody waits for a writer."""
    folder = repository({})
    os.mkfifo(folder / name)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.yaml")
        assert missed(scan([Path()], ScanOptions())) == {
            name: "it is a named pipe, not a file", "s.yaml": "it is a socket or a device, not a file",
        }  # fmt: skip


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "pipe.yaml"])
def test_what_is_named_and_no_file(repository: Write, path: str) -> None:
    os.mkfifo(repository({}) / "pipe.yaml")
    with pytest.raises(CollectError, match="not a file"):
        scan([Path(path)], ScanOptions())


@pytest.mark.parametrize("option", ["variable_files", "parameter_files"])
def test_files_of_values_that_are_links(repository: Write, option: str) -> None:
    folder = repository({"../secret.json": json.dumps({"a": SECRET}), "t.yaml": TEMPLATE})
    (folder / "values.json").symlink_to("../secret.json")
    (folder / "conf").symlink_to("..")
    for name in ("values.json", "conf/secret.json", str(folder / "values.json")):
        with pytest.raises(ConfigError, match=LINK_OUT) as raised:
            scan([Path()], ScanOptions(**{option: (Path(name),)}))
        assert SECRET not in str(raised.value)
    # What the user names outside of the tree is the user's to name.
    assert domains(scan([Path()], ScanOptions(**{option: (Path("../secret.json"),)})))
    with pytest.raises(ConfigError, match="not a file"):
        scan([Path()], ScanOptions(**{option: (Path("/dev/zero"),)}))


def test_folders_behind_links_are_searched_once(repository: Write) -> None:
    folder = repository({".infra/main.tf": DOMAIN, "real/main.tf": DOMAIN, "sub/t.yaml": TEMPLATE})
    (folder / "infra").symlink_to(".infra")
    (folder / "again").symlink_to("real")
    (folder / "sub" / "around").symlink_to("..")
    snapshot = scan([Path()], ScanOptions())
    assert sorted(domains(snapshot)) == [
        (".", "aws_sagemaker_domain.d"), (".infra", "aws_sagemaker_domain.d"), ("real", "aws_sagemaker_domain.d"),
        ("sub/t.yaml", "Domain"),
    ]  # fmt: skip
    assert missed(snapshot) == {}


def test_hidden_folders_are_said_where_something_of_ours_is_in_them(repository: Write) -> None:
    repository({
        ".infra/deep/main.tf": DOMAIN, ".stacks/t.yaml": TEMPLATE, ".notes/t.yaml": "a: 1",
        ".terraform/modules/x/main.tf": DOMAIN, ".git/main.tf": DOMAIN, ".github/workflows/t.yaml": TEMPLATE,
        "node_modules/x/main.tf": DOMAIN,
    })  # fmt: skip
    assert missed(scan([Path()], ScanOptions())) == dict.fromkeys((".infra", ".stacks"), discovery.HIDDEN)
    assert len(domains(scan([Path(".infra")], ScanOptions()))) == 1


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"cdk.out/tree.json": "{}"}, discovery.EMPTY),
        ({"cdk.out/README.md": "# later"}, discovery.EMPTY),
        ({"cdk.out/manifest.json": '{"version": "36.0.0", "artifacts": {}}'}, "its manifest.json names no stack"),
    ],
)
def test_a_folder_without_templates_is_said_beside_others(
    repository: Write, files: dict[str, str], reason: str
) -> None:
    """A synthesis that failed, say, before ``auditor scan infra cdk.out``: alone it ends with 3."""
    repository({"infra/main.tf": DOMAIN, **files})
    snapshot = scan([Path("infra"), Path("cdk.out")], ScanOptions())
    assert len(domains(snapshot)) == 1
    assert missed(snapshot) == {"cdk.out": reason}
    with pytest.raises(CollectError, match=r"(?s)nothing could be assessed: .*cdk\.out"):
        scan([Path("cdk.out")], ScanOptions())


@pytest.mark.parametrize(
    "paths",
    [["sub", "."], [".", "sub"], ["sub", "sub"], ["sub/main.tf", "sub"], ["sub/t.yaml", "sub"], ["program", "."]],
)
def test_what_was_searched_by_another_name_is_not_empty(repository: Write, paths: list[str]) -> None:
    """Nor is a folder with a program that is named as not assessed."""
    repository(
        {
            "sub/main.tf": DOMAIN,
            "sub/t.yaml": TEMPLATE,
            "program/app.py": "from aws_cdk import aws_sagemaker as s\ns.CfnDomain(self, 'D')\n",
        }
    )
    assert discovery.EMPTY not in missed(scan([Path(path) for path in paths], ScanOptions())).values()


def test_a_folder_that_cannot_be_listed(repository: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may list everything, so that the system's refusal is made here."""
    repository({"closed/main.tf": DOMAIN})
    real = os.scandir

    def refusing(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert missed(scan([Path()], ScanOptions())) == {"closed": "it cannot be listed: Permission denied"}


@pytest.mark.parametrize("name", ["t.yaml", "t.json", "plan.json", "x.template", "more.tf"])
def test_a_file_that_cannot_be_read(repository: Write, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    repository({name: TEMPLATE})
    real = os.open

    def refusing(path: Any, *arguments: Any, **named: Any) -> int:
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **named)

    monkeypatch.setattr(os, "open", refusing)
    assert missed(scan([Path()], ScanOptions())) == {name: "it cannot be read: Permission denied"}


def test_what_is_too_large(repository: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what looks like ours; a repository may hold large files of data."""
    monkeypatch.setattr(trees, "MAX_PLAN_BYTES", 2 << 20)
    monkeypatch.setattr(discovery, "MAX_PLAN_BYTES", 2 << 20)
    large = " " * (3 << 20)
    folder = repository({
        "plan.json": json.dumps(PLAN) + large, "t.yaml": TEMPLATE + large, "data.json": '{"data": 1}' + large,
    })  # fmt: skip
    reason = "it is larger than 2 MiB"
    assert missed(scan([Path()], ScanOptions())) == {"plan.json": reason, "t.yaml": reason}
    with pytest.raises(CollectError, match=reason):
        scan([folder / "plan.json"], ScanOptions())


def test_configuration_in_a_cloud_assembly(repository: Write) -> None:
    """A manifest.json does not hide what lies beside it."""
    repository({
        "infra/manifest.json": '{"version": "36.0.0", "artifacts": {}}', "infra/main.tf": DOMAIN,
        "infra/more/t.yaml": TEMPLATE,
    })  # fmt: skip
    assert sorted(domains(scan([Path()], ScanOptions()))) == [
        (".", "aws_sagemaker_domain.d"), ("infra", "aws_sagemaker_domain.d"), ("infra/more/t.yaml", "Domain"),
    ]  # fmt: skip


# Modules and what functions read

USE = 'resource "aws_sagemaker_domain" "d" {\n  domain_name = "x-%s"\n}\n'
OUTSIDE = {"../outside/main.tf": 'output "x" {\n  value = "y"\n}\n', "../outside/secret.txt": SECRET}
CALL = 'module "o" {\n  source = "%s"\n}\n'


@pytest.mark.parametrize("how", ["source", "link", "manifest"])
def test_modules_outside_of_the_repository(repository: Write, how: str) -> None:
    folder = repository({
        **OUTSIDE,
        "good.tf": (CALL % {"source": "../outside", "link": "./sub", "manifest": "example/o/aws"}[how])
        + (USE % '${module.o.x}${file("../outside/secret.txt")}'),
        ".terraform/modules/modules.json": json.dumps({"Modules": [{"Key": "o", "Dir": "../outside"}]}),
    })  # fmt: skip
    if how == "link":
        (folder / "sub").symlink_to("../outside")
    snapshot = scan([Path()], ScanOptions())
    assert SECRET not in repr(snapshot)
    assert any("lies outside of the repository" in reason for reason in missed(snapshot).values())


@pytest.mark.parametrize(
    ("expression", "refused"),
    [
        ('file("../outside/secret.txt")', "../outside/secret.txt"), ('file("link.txt")', "link.txt"),
        ('try(file("../outside/secret.txt"), "")', "../outside/secret.txt"),
        ('fileexists("../outside/secret.txt")', "../outside/secret.txt"),
        ('templatefile("folder/secret.txt", {})', "folder/secret.txt"), ('file("pipe")', "pipe"),
    ],
)  # fmt: skip
def test_what_a_function_may_not_read_is_not_assessed(repository: Write, expression: str, refused: str) -> None:
    """It is no value that only the deployment knows: a change could hide a setting behind it."""
    folder = repository({**OUTSIDE, "good.tf": USE % f"${{{expression}}}"})
    (folder / "link.txt").symlink_to("../outside/secret.txt")
    (folder / "folder").symlink_to("../outside")
    os.mkfifo(folder / "pipe")
    snapshot = scan([Path()], ScanOptions())
    assert SECRET not in repr(snapshot)
    assert list(missed(snapshot))[:1] == [f".: {refused}"] or "folder" in missed(snapshot)


def test_modules_beside_what_is_scanned_lie_in_the_repository(repository: Write) -> None:
    repository({"modules/m/main.tf": DOMAIN, "live/main.tf": CALL % "../modules/m", "modules/m/name.txt": "n"})
    snapshot = scan([Path("live")], ScanOptions())
    assert (domains(snapshot), missed(snapshot)) == ([("live", "module.o.aws_sagemaker_domain.d")], {})


def test_nested_templates_outside_of_the_repository(repository: Write) -> None:
    stack = "  {}:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: {}}}\n"
    text = "Resources:\n" + stack.format("More", "../nested.yaml") + stack.format("Link", "n.txt")
    folder = repository({"../nested.yaml": TEMPLATE, "t.yaml": text})
    (folder / "n.txt").symlink_to("../nested.yaml")
    reasons = missed(scan([folder / "t.yaml"], ScanOptions()))
    assert set(reasons) == {"t.yaml#More", "t.yaml#Link"}
    assert all("repository" in reason for reason in reasons.values())


# Plans


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"planned_values": [], "configuration": None}, "planned_values is a list, not an object"),
        ({"configuration": None}, "configuration is missing or null, not an object"),
        ({"planned_values": {"root_module": {"resources": {}}}}, "planned_values.root_module.resources is an object"),
        ({"planned_values": {"root_module": {"resources": [7]}}}, "root_module.resources[0] is a number"),
        ({"planned_values": {"root_module": {"resources": [{"address": "a", "mode": "managed", "name": "b"}]}}},
         "planned_values.root_module.resources[0].type is missing or null, not text"),
        ({"planned_values": {"root_module": {"child_modules": "x"}}}, "root_module.child_modules is text"),
        ({"planned_values": {"root_module": {"child_modules": [{"resources": True}]}}}, "[0].resources is true"),
        ({"resource_changes": {"a": 1}}, "resource_changes is an object, not a list"),
        ({"resource_changes": [{"address": "a.b", "type": "a", "change": []}]}, "resource_changes[0].change is a list"),
        ({"prior_state": []}, ""), ({"prior_state": [1]}, "prior_state is a list"),
        ({"planned_values": {}}, ""), ({"resource_changes": None}, ""),
    ],
)  # fmt: skip
def test_the_shape_of_a_plan(changes: dict[str, Any], fault: str) -> None:
    found = shape_fault({**PLAN, **changes})
    assert (fault in found, bool(found)) == (True, bool(fault))


def test_every_plan_of_the_corpus_has_it() -> None:
    plans = sorted(ROOT.glob("plan-*/*.json"))
    read = [json.loads(path.read_text()) for path in plans]
    assert [shape_fault(plan) for plan in read if "planned_values" in plan] == [""] * sum(
        "planned_values" in p for p in read
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"planned_values": []}, "planned_values is a list"),
        ({"complete": False}, "the plan is not complete"),
        ({"errored": True}, "Terraform failed while it made the plan"),
    ],
)
def test_plans_that_do_not_tell_everything(repository: Write, changes: dict[str, Any], reason: str) -> None:
    repository({"plan.json": json.dumps({**PLAN, **changes})})
    assert missed(scan([Path()], ScanOptions()))["plan.json"].startswith(reason)


def test_a_type_that_a_loop_makes_is_read_or_named(repository: Write) -> None:
    """Fn::ForEach replaces its identifier in the type as well; where the collection is open, so is the type."""
    loop = (
        "Transform: AWS::LanguageExtensions\nParameters: {Open: {Type: CommaDelimitedList}}\nResources:\n"
        "  Fn::ForEach::Kinds:\n  - Kind\n  - KINDS\n  - 'My${Kind}':\n      Type: AWS::SageMaker::${Kind}\n"
        "      Properties: {DomainName: d}\n"
    )
    folder = repository({
        "known.yaml": loop.replace("KINDS", "[Domain, Model]"), "open.yaml": loop.replace("KINDS", "!Ref Open"),
    })  # fmt: skip
    found = scan([folder], ScanOptions())
    assert ("known.yaml", "MyDomain") in domains(found)
    elsewhere = {gap.resource_id: gap.detail for gap in found.gaps if gap.reason == "defined_elsewhere"}
    assert list(elsewhere) == ["open.yaml#My${Kind}"]
    assert "its type is not known: AWS::SageMaker::${Kind}" in elsewhere["open.yaml#My${Kind}"]
