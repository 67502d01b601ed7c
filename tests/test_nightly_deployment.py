"""The files of deploy/nightly: what they grant is what the commands print, what they run is what the auditor has."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli.commands.init import _FORMS
from auditor.cli.main import cli, run
from auditor.errors import ExitCode
from auditor.org.account_policies import member_template

Called = Callable[..., tuple[int, str]]
ROOT = Path(__file__).resolve().parents[1]
NIGHTLY = ROOT / "deploy" / "nightly"


class _Loader(yaml.SafeLoader):
    """CloudFormation's short forms as mappings of the long ones."""


def _short(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short)


@pytest.fixture(scope="module")
def hub() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((NIGHTLY / "hub.yaml").read_text(encoding="utf-8"), _Loader)
    return loaded["Resources"]  # type: ignore[no-any-return]


def printed(capfd: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
    capfd.readouterr()
    assert run(["permissions", *options]) == ExitCode.OK
    statements: list[dict[str, Any]] = json.loads(capfd.readouterr().out)["Statement"]
    return statements


def test_cfn_lint_finds_nothing(tmp_path: Path) -> None:
    """Not in what people deploy as it is, and not in what is printed for the StackSet."""
    member = tmp_path / "member-role.json"
    member.write_text(json.dumps(member_template()), encoding="utf-8")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("cfn-lint")), str(NIGHTLY / "hub.yaml"), str(NIGHTLY / "shards.yaml"),
         str(ROOT / "deploy" / "hook" / "template.yaml"), str(member)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("hadolint")), "--no-color", str(NIGHTLY / "Dockerfile")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


def test_our_own_rules_find_nothing(called: Called) -> None:
    code, said = called("scan", str(ROOT / "deploy"), "--fail-on", "info")
    assert (code, "No Studio resource was found" in said) == (0, True), said


def test_the_volume_belongs_to_the_user_that_writes_to_it(hub: dict[str, Any]) -> None:
    """Amazon ECS, "Use bind mounts": a volume belongs to root unless the image has a VOLUME of the same path, made for
    its user before."""
    text = (NIGHTLY / "Dockerfile").read_text(encoding="utf-8")
    (container,) = hub["Task"]["Properties"]["ContainerDefinitions"]
    (mounted,) = (mount["ContainerPath"] for mount in container["MountPoints"])
    made = text.index(f"install --directory --owner=65532 --group=65532 --mode=0700 {mounted}")
    assert made < text.index(f'VOLUME ["{mounted}"]') < text.index("USER 65532:65532")
    written = {entry["Value"] for entry in container["Environment"] if entry["Name"] in ("TMPDIR", "HOME")}
    assert written == {mounted, container["WorkingDirectory"]} - {""} == {"/scratch"}


def test_the_base_image_is_given_by_digest_alone() -> None:
    lines = (NIGHTLY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    (base,) = (line for line in lines if line.startswith("FROM "))
    assert re.fullmatch(r"FROM python:[\w.-]+@\$\{PYTHON_DIGEST\}", base)
    assert "ARG PYTHON_DIGEST" in lines, "no default: without a digest nothing is built"


def test_the_hubs_policies_are_those_that_are_printed(hub: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    policies = {p["PolicyName"]: p["PolicyDocument"]["Statement"] for p in hub["Hub"]["Properties"]["Policies"]}
    assert policies["audit"] == printed(capfd)
    wanted = [*printed(capfd, "--organization"), *printed(capfd, "--hub", "--role", "ROLE")]
    mine = json.loads(
        json.dumps(policies["accounts"]).replace(
            '{"Fn::Sub": "arn:*:iam::*:role/${MemberRole}"}', '"arn:*:iam::*:role/ROLE"'
        )
    )
    assert [{**s, "Action": _list(s["Action"])} for s in mine] == [{**s, "Action": _list(s["Action"])} for s in wanted]


def _list(actions: Any) -> list[str]:
    return [actions] if isinstance(actions, str) else sorted(actions)


def test_the_task_runs_a_command_that_the_auditor_has(hub: dict[str, Any]) -> None:
    (container,) = hub["Task"]["Properties"]["ContainerDefinitions"]
    words = [word if isinstance(word, str) else "VALUE" for word in container["Command"]]
    _known(words)
    assert (container["ReadonlyRootFilesystem"], container["User"].split(":")[0]) == (True, "65532")
    assert re.search(r"useradd --uid 65532 ", (NIGHTLY / "Dockerfile").read_text(encoding="utf-8"))


def _known(words: list[str]) -> None:
    command = cli.get_command(cli.make_context("auditor", [words[0], "--help"], resilient_parsing=True), words[0])
    assert command is not None
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_a_night_that_came_is_counted_and_one_that_failed_is_not(hub: dict[str, Any]) -> None:
    """The alarm counts what a run says last, for the codes with which it is in the store."""
    pattern = hub["Ended"]["Properties"]["FilterPattern"]
    assert re.findall(r'\?"exit code (\d)"', pattern) == ["0", "4", "5"]
    said = (ROOT / "auditor" / "run" / "conclude.py").read_text(encoding="utf-8")
    assert 'logger.info("exit code %d", code)' in said
    alarm = hub["NoNight"]["Properties"]
    assert (alarm["TreatMissingData"], alarm["Period"] * alarm["EvaluationPeriods"]) == ("breaching", 26 * 3600)


def _statements(hub: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in hub.items():
        properties = resource["Properties"]
        documents = [properties.get(key) for key in ("PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy")]
        documents += [policy["PolicyDocument"] for policy in properties.get("Policies", ())]
        for document in documents:
            for statement in document["Statement"] if document else ():
                yield name, statement


def test_nothing_is_public_and_nothing_is_plain(hub: dict[str, Any]) -> None:
    for name, statement in _statements(hub):
        if statement["Effect"] == "Allow":
            assert statement.get("Principal") != "*", name
            assert _list(statement["Action"]) != ["*"], name
    for name, resource in hub.items():
        if resource["Type"] == "AWS::S3::Bucket":
            assert all(resource["Properties"]["PublicAccessBlockConfiguration"].values()), name
            assert resource["DeletionPolicy"] == "Retain", name
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    denied = {name for name, s in _statements(hub) if s["Effect"] == "Deny" and s["Condition"] == plain}
    assert denied == {"StorePolicy", "AccessLogPolicy", "UndeliveredPolicy"}


def test_the_units_of_systemd() -> None:
    for name in ("studio-audit.service", "studio-audit.timer"):
        unit = configparser.RawConfigParser(strict=False)
        unit.optionxform = str  # type: ignore[assignment, method-assign]
        unit.read(NIGHTLY / name, encoding="utf-8")
        if name.endswith("service"):
            _known(unit["Service"]["ExecStart"].split()[1:])
            assert unit["Service"]["SuccessExitStatus"] == "4 5"
        else:
            assert unit["Install"]["WantedBy"] == "timers.target"


@pytest.fixture
def called(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Called:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str]:
        capfd.readouterr()
        code = int(run(list(arguments)))
        out, err = capfd.readouterr()
        return code, out + err

    return call


def test_init_writes_what_lies_here_with_the_users_values(called: Called, tmp_path: Path) -> None:
    code, said = called(
        "init", "nightly", "--output", "audit", "--subnet", "subnet-1", "--subnet", "subnet-2", "--role", "R"
    )
    assert (code, "Fill in parameters.json: Image, SecurityGroups, ExternalIdSecret" in said) == (0, True)
    found = [path for path in (tmp_path / "audit").iterdir() if path.is_file()]
    written = {path.name: path.read_text(encoding="utf-8") for path in found}
    ours = {p.name: p.read_text(encoding="utf-8") for p in NIGHTLY.iterdir() if p.is_file()}
    assert ours.items() <= written.items()
    values = {p["ParameterKey"]: p["ParameterValue"] for p in json.loads(written["parameters.json"])}
    assert (values["Subnets"], values["MemberRole"]) == ("subnet-1,subnet-2", "R")
    declared = yaml.load(written["hub.yaml"], _Loader)["Parameters"]
    assert values.keys() <= declared.keys()
    assert {key for key, one in declared.items() if "Default" not in one} <= values.keys()
    assert json.loads(written["member-role.json"])["Resources"]["Role"]["Properties"]["RoleName"] == "R"
    assert called("init", "nightly", "--output", "audit")[0] == 2
    assert called("init", "nightly", "--output", "audit", "--force")[0] == 0


WRONG = {
    "--image": "auditor:latest", "--subnet": "vpc-1", "--security-group": "default", "--schedule": "daily",
    "--external-id-secret": "studio-audit", "--email": "nobody", "--role": "two words",
}  # fmt: skip


@pytest.mark.parametrize("option", WRONG)
def test_init_takes_no_value_that_the_template_refuses(called: Called, tmp_path: Path, option: str) -> None:
    code, said = called("init", "nightly", "--output", "audit", option, WRONG[option])
    assert (code, said.startswith(f"Error: {option} ")) == (2, True), said
    assert not (tmp_path / "audit").exists()


def test_init_and_the_template_refuse_the_same(hub: dict[str, Any]) -> None:
    declared = yaml.load((NIGHTLY / "hub.yaml").read_text(encoding="utf-8"), _Loader)["Parameters"]
    for option, parameter in (("--image", "Image"), ("--external-id-secret", "ExternalIdSecret")):
        assert _FORMS[option][0] == declared[parameter]["AllowedPattern"]


def test_one_policy_is_printed_at_a_time(called: Called) -> None:
    code, said = called("permissions", "--member", "--organization")
    assert (code, "give one" in said) == (2, True)


@pytest.mark.parametrize(
    ("system", "source", "target"),
    [
        ("github", "github-actions.yml", ".github/workflows/sagemaker-studio.yml"),
        ("gitlab", "gitlab-ci.yml", "sagemaker-studio.gitlab-ci.yml"),
    ],
)
def test_init_writes_a_pipeline(called: Called, tmp_path: Path, system: str, source: str, target: str) -> None:
    ours = (ROOT / "deploy" / "ci" / source).read_text(encoding="utf-8")
    assert called("init", "ci", system)[0] == 0
    assert (tmp_path / target).read_text(encoding="utf-8") == ours
    assert called("init", "ci", system, "--path", "infra/prod", "--fail-on", "low", "--force")[0] == 0
    made = (tmp_path / target).read_text(encoding="utf-8")
    assert made.count("auditor scan infra/prod ") == ours.count("auditor scan . ") == 2
    assert ("--fail-on low" in made, "--fail-on high" in made) == (True, False)
    for wrong in ("; rm -rf /", "../x", "/etc", "a b", "$(id)", "-x"):
        assert called("init", "ci", system, f"--path={wrong}", "--force")[0] == 2
