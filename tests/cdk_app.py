"""The CDK app of tests/iac/cdk, synthesised by the real CDK in an environment of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "tests" / "iac" / "cdk" / "app.py"


def synthesise(folder: Path) -> Path:
    """The assembly that the app writes into the folder. Skips, or fails, where the CDK is missing."""
    python = ROOT / ".venv-cdk" / "bin" / "python"
    if which("node") is None or not python.exists():
        if os.environ.get("AUDITOR_REQUIRE_CDK"):
            pytest.fail("Node.js or .venv-cdk is missing, and AUDITOR_REQUIRE_CDK is set")
        pytest.skip("needs Node.js and .venv-cdk: make test sets it up")
    subprocess.run(
        [python, APP], check=True, capture_output=True, timeout=600,
        env={"PATH": os.environ["PATH"], "HOME": str(folder.parent), "CDK_OUTDIR": str(folder),
             "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1"},
    )  # fmt: skip
    return folder
