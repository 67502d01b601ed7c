"""The CDK app of tests/iac/cdk, synthesised by the real CDK."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: checkov's environment lacks the CDK, which is one of the development tools; .venv is where make installs those.
INTERPRETERS = (Path(sys.executable), ROOT / ".venv" / "bin" / "python")
APP = ROOT / "tests" / "iac" / "cdk" / "app.py"


@cache
def with_cdk() -> Path | None:
    """An interpreter that has aws-cdk-lib: this one, else that of the development tools."""
    looks_for = "import importlib.util, sys; sys.exit(importlib.util.find_spec('aws_cdk') is None)"
    for python in INTERPRETERS:
        if python.exists() and subprocess.run([python, "-c", looks_for], check=False, timeout=60).returncode == 0:
            return python
    return None


def synthesise(folder: Path, plugin: Path | None = None) -> Path:
    """The assembly that the app writes into the folder. Skips, or fails, where the CDK is missing. ``plugin``: folder
    of the validation plug-in; the CDK then writes its report into the assembly, and leaves it to its command to fail.
    """
    python = with_cdk()
    if which("node") is None or python is None:
        if os.environ.get("AUDITOR_REQUIRE_CDK"):
            pytest.fail("Node.js or aws-cdk-lib is missing, and AUDITOR_REQUIRE_CDK is set")
        pytest.skip("needs Node.js, and aws-cdk-lib, which is one of the development tools")
    subprocess.run(
        [python, APP], check=True, capture_output=True, timeout=600,
        env={"PATH": os.environ["PATH"], "HOME": str(folder.parent), "CDK_OUTDIR": str(folder),
             "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
             **({"STUDIO_RULES": str(plugin), "CDK_APP_MODE": "process", "PYTHONPATH": str(ROOT)} if plugin else {})},
    )  # fmt: skip
    return folder
