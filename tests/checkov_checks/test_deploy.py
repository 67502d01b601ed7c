"""checkov's own checks, and ours, find nothing in what we give people to deploy."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

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
    done = subprocess.run(
        [str(PROGRAMS / "checkov"), "-d", str(DEPLOY), "-o", "json", *OFFLINE,
         "--framework", *sorted(FRAMEWORKS)],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, **OFFLINE_ENVIRONMENT},
    )  # fmt: skip
    parts = json.loads(done.stdout)
    failed = [(f["check_id"], f["resource"]) for part in parts for f in part["results"]["failed_checks"]]
    assert failed == []
    assert {part["check_type"] for part in parts if part["summary"]["passed"]} == FRAMEWORKS
    skipped = {f["check_id"] for part in parts for f in part["results"]["skipped_checks"]}
    assert skipped == SKIPPED, "a check that is skipped says why, and is named here"
