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
FRAMEWORKS = {"cloudformation", "dockerfile"}


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
    assert skipped == {"CKV_AWS_18"}, "a check that is skipped says why, and is named here"
