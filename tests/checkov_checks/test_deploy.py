"""checkov's own checks, and ours, find nothing in what we give people to deploy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from auditor.org.account_policies import member_template

from .commandline import OFFLINE, OFFLINE_ENVIRONMENT, PROGRAMS

pytestmark = pytest.mark.checkov
DEPLOY = Path(__file__).parents[2] / "deploy"
#: What checkov reads of it.
FRAMEWORKS = {"cloudformation", "dockerfile", "terraform"}
#: A bucket of access logs has none of its own, and S3 delivers them to SSE-S3 only; copies in another Region and events
#: are for those who want them. The hook's function holds no secret, is waited for, and calls AWS alone.
#: Of the state machine it is the tasks that write a log.
SKIPPED = {
    "CKV_AWS_18", "CKV_AWS_144", "CKV_AWS_145", "CKV2_AWS_62",
    "CKV_AWS_115", "CKV_AWS_116", "CKV_AWS_117", "CKV_AWS_158", "CKV_AWS_173", "CKV_AWS_285",
}  # fmt: skip


def test_checkov_finds_nothing_in_the_files_of_deploy(tmp_path: Path) -> None:
    # The role in each account is no file: it is what "auditor permissions --member" prints.
    folder = shutil.copytree(DEPLOY, tmp_path / "deploy")
    (folder / "member-role.json").write_text(json.dumps(member_template()), encoding="utf-8")
    done = subprocess.run(
        [str(PROGRAMS / "checkov"), "-d", str(folder), "-o", "json", *OFFLINE,
         "--framework", *sorted(FRAMEWORKS)],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, **OFFLINE_ENVIRONMENT},
    )  # fmt: skip
    parts = json.loads(done.stdout)
    failed = [(f["check_id"], f["resource"]) for part in parts for f in part["results"]["failed_checks"]]
    assert failed == []
    assert {part["check_type"] for part in parts if part["summary"]["passed"]} == FRAMEWORKS
    passed = {
        f["resource"] for part in parts for f in part["results"]["passed_checks"] if "member-role" in f["file_path"]
    }
    assert passed == {"AWS::IAM::Role.Role"}
    skipped = {f["check_id"] for part in parts for f in part["results"]["skipped_checks"]}
    assert skipped == SKIPPED, "a check that is skipped says why, and is named here"
