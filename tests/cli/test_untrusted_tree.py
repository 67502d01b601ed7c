"""auditor scan on a tree that somebody else may have written: nothing in it decides what is checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest

Auditor = Callable[..., Any]
BROKEN = "locals {\n  a = 1\n  a = 2\n}\n"
REMOTE = 'module "more" {\n  source = "example/more/aws"\n}\n'
DOMAIN = """resource "aws_sagemaker_domain" "d" {
  domain_name             = "d"
  auth_mode               = "SSO"
  vpc_id                  = "vpc-0a1b2c3d"
  subnet_ids              = ["subnet-0a1b2c3d"]
  app_network_access_type = "PublicInternetOnly"
  default_user_settings {
    execution_role = "arn:aws:iam::123456789012:role/studio"
  }
}
"""
HIGH = ("--fail-on", "high", "--allow-incomplete", "--format", "json")


class _Noon(datetime):
    """Scans of the same files at the same moment are the same."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime(2026, 11, 26, 12, tzinfo=tz)


@pytest.fixture
def scan(auditor: Auditor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """``scan({file: text}, *options)``: the outcome, and report.json."""
    monkeypatch.setattr("auditor.collect.iac.scan.datetime", _Noon)

    def call(files: dict[str, str], *options: str) -> Any:
        for name, text in {"main.tf": DOMAIN, **files}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return auditor("scan", ".", *HIGH, *options)

    return call


def report(folder: Path) -> Any:
    return json.loads((folder / "audit-report" / "report.json").read_text())


SWITCHES = [
    "fail_on: none", "fail_on_rules: {STU603: none, STU302: none}", "skip: [STU603, STU302]", "only: [STU501]",
    "severities: {STU603: low, STU302: low}", "waivers: w.yaml", "waiver_tag: w", "baseline: b.json\nnew_only: true",
    "output: ../outside", "output: out\nformats: [html]", "allow_unread: true", "rules: [own]",
]  # fmt: skip


@pytest.mark.parametrize(
    ("how", "text"),
    [*(("CI", text) for text in SWITCHES), ("--untrusted-tree", SWITCHES[1]), ("AUDITOR_UNTRUSTED_TREE", SWITCHES[2])],
)
def test_no_file_of_the_tree_counts(
    scan: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, how: str
) -> None:
    options = [how] if how.startswith("--") else []
    if not options:
        monkeypatch.setenv(how, "true")
    done = scan({"auditor.yaml": text}, *options)
    assert done.code == 4
    assert "auditor.yaml is not used: it lies in the scanned tree" in done.err
    assert "--trusted-config FILE" in done.err
    assert "STU603" in {f["rule"]["id"] for f in report(tmp_path)["findings"] if f["gates"]}
    assert not (tmp_path.parent / "outside").exists()


def test_what_the_command_line_names_counts(
    scan: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    target = tmp_path_factory.mktemp("target") / "auditor.yaml"
    target.write_text("skip: [STU603]\n")
    for option in ("--trusted-config", "--config"):
        done = scan({"auditor.yaml": "only: [STU603]"}, "--untrusted-tree", option, str(target))
        assert f"Configuration: {target}" in done.err
        assert "not used" not in done.err
        assert "STU603" not in {rule["id"] for rule in report(tmp_path)["rules"]}


def test_in_a_trusted_tree_it_counts_and_the_option_still_wins(scan: Any, tmp_path: Path) -> None:
    done = scan({"auditor.yaml": "fail_on_rules: {STU603: none}\n"})
    assert done.code == 4, "--fail-on high stands for every rule"
    assert "Configuration: auditor.yaml in the working folder" in done.err


@pytest.mark.parametrize(
    ("files", "options", "code", "said"),
    [
        ({}, (), 0, "Incomplete (accepted)"),
        ({"more/broken.tf": BROKEN}, (), 5, "To accept what is missing: --allow-unread\n"),
        ({"more/broken.tf": BROKEN}, ("--allow-unread",), 0, "Incomplete (accepted)"),
        (
            {"more/broken.tf": BROKEN},
            ("--allow-unread", "--no-allow-incomplete"),
            5,
            "To accept what is missing: --allow-incomplete\n",
        ),
        (
            {"more/broken.tf": BROKEN},
            ("--no-allow-incomplete",),
            5,
            "To accept what is missing: --allow-incomplete --allow-unread\n",
        ),
        # What lies elsewhere could not have been read, whatever the tree says.
        ({"more.tf": REMOTE}, (), 0, "Incomplete (accepted)"),
        ({"more.tf": REMOTE}, ("--no-allow-incomplete",), 5, "To accept what is missing: --allow-incomplete\n"),
    ],
)
def test_what_was_not_read_is_not_what_only_the_deployment_knows(
    scan: Any, tmp_path: Path, files: dict[str, str], options: tuple[str, ...], code: int, said: str
) -> None:
    done = scan(files, "--fail-on", "none", *options)
    assert (done.code, said in done.out) == (code, True), done.out
    gate = report(tmp_path)["gate"]
    assert gate.get("unread", 0) == ("more/broken.tf" in files)
    reasons = {gap["reason"] for gap in report(tmp_path)["gaps"] if gap["resource_type"] == "template"}
    assert reasons == ({"not_assessed"} if "more/broken.tf" in files else {"defined_elsewhere"} if files else set())


def test_a_link_of_the_tree_does_not_choose_where_reports_go(scan: Any, tmp_path: Path, tmp_path_factory: Any) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (tmp_path / "audit-report").symlink_to(elsewhere)
    done = scan({}, "--untrusted-tree")
    assert done.code == 2
    assert "--output audit-report: a symbolic link in the scanned tree leads to" in done.err
    assert list(elsewhere.iterdir()) == []
    assert scan({}, "--untrusted-tree", "--output", "other", "--snapshot", "audit-report/s.jsonl").code == 2
