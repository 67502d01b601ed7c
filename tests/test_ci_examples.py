"""The files of deploy/ci are what the CI systems take, and their commands are ones that the auditor has."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from auditor.cli.main import COMMANDS, cli
from auditor.version import __version__

ROOT = Path(__file__).resolve().parents[1]
CI = ROOT / "deploy" / "ci"
HOOKS = ROOT / ".pre-commit-hooks.yaml"


@pytest.mark.parametrize(
    "command",
    [
        ["check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(CI / "github-actions.yml")],
        ["check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(CI / "gitlab-ci.yml")],
        ["pre_commit", "validate-manifest", str(HOOKS)],
        ["pre_commit", "validate-config", str(CI / "pre-commit-config.yaml")],
    ],
    ids=lambda command: Path(command[-1]).name,
)
def test_each_file_fits_its_system(command: list[str], tmp_path: Path) -> None:
    """By the schema of the system's own, as packages ship it."""
    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, str):
        yield value


def _commands() -> list[list[str]]:
    found = []
    for path in (CI / "github-actions.yml", CI / "gitlab-ci.yml", HOOKS):
        for text in _strings(yaml.safe_load(path.read_text(encoding="utf-8"))):
            joined = text.replace("\\\n", " ")
            calls = re.findall(rf"\bauditor ((?:{'|'.join(COMMANDS)})\b[^\n;|)]*)", joined)
            found += [
                [word for word in shlex.split(re.split(r" (?:\|\||>) ", call)[0]) if word != "$@"] for call in calls
            ]
            given = re.finditer(r"""set -- (?:"\$@" )?(--\S[^;\n]*)""", joined)
            found += [["scan", ".", *shlex.split(m[1])] for m in given]
    return found


def test_their_commands_parse() -> None:
    commands = _commands()
    assert len(commands) >= 14
    for name, *arguments in commands:
        around = cli.make_context("auditor", [name])
        command = cli.get_command(around, name)
        assert command is not None
        # A command keeps the help option of its first context, which has -h from the one around it.
        command.make_context(name, arguments, parent=around)


def _pinned(text: str) -> list[str]:
    """What a CI file takes from elsewhere: actions, images, packages."""
    content = yaml.safe_load(text)
    steps = content["jobs"]["scan"]["steps"] if "jobs" in content else []
    job = content.get("sagemaker-studio", {})
    packages = re.findall(r"pip install (?:--\S+ )*(\S+)", text)
    return [*(step["uses"] for step in steps if "uses" in step), *filter(None, [job.get("image")]), *packages]


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
def test_what_they_take_from_elsewhere_is_pinned(name: str) -> None:
    """A tag can be moved to other code; a commit, a digest and a release of a package cannot."""
    taken = _pinned((CI / name).read_text(encoding="utf-8"))
    assert taken
    fixed = re.compile(
        rf"[\w./-]+@[0-9a-f]{{40}}|[\w.:/-]+@sha256:[0-9a-f]{{64}}|sagemaker-studio-auditor=={__version__}"
    )
    assert [one for one in taken if not fixed.fullmatch(one)] == []


def test_no_cache_outlives_a_change() -> None:
    """What a pull request leaves in a cache would be installed by the next run."""
    for name in ("github-actions.yml", "gitlab-ci.yml"):
        assert "cache" not in (CI / name).read_text(encoding="utf-8")


def test_the_hook_of_the_example_is_the_one_that_is_offered() -> None:
    (offered,) = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    (repo,) = yaml.safe_load((CI / "pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [hook["id"] for hook in repo["hooks"]] == [offered["id"]]
    assert re.search(offered["files"], "stacks/studio.tf")
    assert not re.search(offered["files"], "src/main.py")
