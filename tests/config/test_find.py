"""Which auditor.yaml is used: named, found, or left aside because somebody else may have put it there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.config.find_config import ConfigChoice, check_stays, choice_of, find_config, in_ci
from auditor.errors import ConfigError

FOUND, UNTRUSTED = ConfigChoice(), ConfigChoice(untrusted=True)


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder two levels below a repository's root, which lies in a folder with an auditor.yaml of its own."""
    folder = tmp_path / "job" / "repository" / "stacks" / "studio"
    folder.mkdir(parents=True)
    (tmp_path / "job" / "repository" / ".git").mkdir()
    (tmp_path / "job" / "auditor.yaml").write_text("only: [STU501]\n")
    monkeypatch.chdir(folder)
    return folder


def test_none(deep: Path) -> None:
    found = find_config(FOUND)
    assert (found.path, found.note, found.problem) == (None, "", ""), "what lies around the repository is none of it"


@pytest.mark.parametrize(
    ("place", "shown", "said"),
    [(".", "auditor.yaml", "in the working folder"), ("..", "../auditor.yaml", "found above the working folder"),
     ("../..", "../../auditor.yaml", "found above the working folder")],
)  # fmt: skip
def test_upward_to_the_root_of_the_repository(deep: Path, place: str, shown: str, said: str) -> None:
    (deep / place / "auditor.yaml").write_text("")
    found = find_config(FOUND)
    assert (found.path, found.note) == (Path(shown), f"Configuration: {shown} {said}")


def test_a_worktree_has_a_file_called_git(deep: Path) -> None:
    (deep / ".git").write_text("gitdir: elsewhere\n")
    (deep.parent / "auditor.yaml").write_text("")
    assert find_config(FOUND).path is None


def test_without_a_repository_the_search_goes_on(deep: Path) -> None:
    (deep.parents[1] / ".git").rmdir()
    assert find_config(FOUND).path == Path("../../../auditor.yaml")


def test_not_into_a_folder_that_everybody_may_write_to(deep: Path) -> None:
    (deep.parents[1] / ".git").rmdir()
    deep.parents[2].chmod(0o1777)
    assert find_config(FOUND).path is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_not_into_a_folder_of_another_owner(deep: Path) -> None:
    (deep.parents[1] / ".git").rmdir()
    os.chown(deep.parents[2], 12345, 12345)
    assert find_config(FOUND).path is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_not_a_file_of_another_owner(deep: Path) -> None:
    (deep / "auditor.yaml").write_text("")
    os.chown(deep / "auditor.yaml", 12345, 12345)
    found = find_config(FOUND)
    assert found.path is None
    assert "auditor.yaml is not used: it belongs to another user" in found.problem


def test_in_an_untrusted_tree_it_is_named_and_left_aside(deep: Path) -> None:
    (deep / "auditor.yaml").write_text("")
    found = find_config(UNTRUSTED)
    assert (found.path, found.note) == (None, "")
    assert found.problem == (
        "auditor.yaml is not used: it lies in the scanned tree, so whoever changes the tree can change it. To use it,"
        " name a copy from the target branch: --trusted-config FILE"
    )
    assert "AUDITOR_TRUSTED_CONFIG=FILE" in find_config(UNTRUSTED, deep, variables=True).problem


def test_what_is_named_is_used(deep: Path, tmp_path: Path) -> None:
    (deep / "auditor.yaml").write_text("")
    outside = tmp_path / "target.yaml"
    outside.write_text("")
    for choice in (ConfigChoice(trusted=outside, untrusted=True), ConfigChoice(outside, untrusted=True)):
        assert find_config(choice).path == outside
        assert "scanned tree" not in find_config(choice).note
    named = find_config(ConfigChoice(Path("auditor.yaml"), untrusted=True))
    assert named.path == Path("auditor.yaml")
    assert "It lies in the scanned tree" in named.note
    assert find_config(ConfigChoice(outside, none=True)).path is None
    with pytest.raises(ConfigError, match="--config and --trusted-config both name a file"):
        find_config(ConfigChoice(outside, outside))


def test_the_environment() -> None:
    assert choice_of({}) == FOUND
    assert choice_of({"CI": "true"}) == choice_of({"AUDITOR_UNTRUSTED_TREE": "1"}) == UNTRUSTED
    assert choice_of({"AUDITOR_CONFIG": "a", "AUDITOR_TRUSTED_CONFIG": ""}) == ConfigChoice(Path("a"))
    assert choice_of({"AUDITOR_NO_CONFIG": "yes", "AUDITOR_TRUSTED_CONFIG": "b"}) == ConfigChoice(
        trusted=Path("b"), none=True
    )
    assert [in_ci({"CI": value}) for value in ("true", "1", "woodpecker", "", "false", "0")] == [True] * 3 + [False] * 3


def test_a_link_of_the_tree_does_not_choose_where_reports_go(deep: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (deep / "report").symlink_to(tmp_path / "elsewhere")
    (deep / "inside").symlink_to(deep.parent)
    for name in ("report", "report/new", str(deep / "report")):
        with pytest.raises(ConfigError, match="a symbolic link in the scanned tree leads to"):
            check_stays("--output", Path(name))
    for name in ("inside", "new", "../new", str(tmp_path / "elsewhere"), "../../../elsewhere"):
        check_stays("--output", Path(name))
