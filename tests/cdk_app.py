"""The CDK app of tests/iac/cdk, synthesised by the real CDK."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "tests" / "iac" / "cdk" / "app.py"


def synthesise(folder: Path) -> Path:
    """The assembly that the app writes into the folder. Skips, or fails, where the CDK is missing."""
    if which("node") is None or find_spec("aws_cdk") is None:
        if os.environ.get("AUDITOR_REQUIRE_CDK"):
            pytest.fail("Node.js or aws-cdk-lib is missing, and AUDITOR_REQUIRE_CDK is set")
        pytest.skip("needs Node.js, and aws-cdk-lib, which is one of the development tools")
    subprocess.run(
        [sys.executable, APP], check=True, capture_output=True, timeout=600,
        env={"PATH": os.environ["PATH"], "HOME": str(folder.parent), "CDK_OUTDIR": str(folder),
             "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1"},
    )  # fmt: skip
    return folder
