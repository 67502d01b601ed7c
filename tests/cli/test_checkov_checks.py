"""auditor checkov-checks: a folder of the installation. What checkov does with it: tests/checkov_checks."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

import auditor
from auditor.cli.main import cli


def test_it_prints_one_line_a_folder_with_modules() -> None:
    done = CliRunner().invoke(cli, ["checkov-checks"])
    assert (done.exit_code, done.stderr) == (0, "")
    folder = Path(done.stdout.removesuffix("\n"))
    assert folder.is_absolute()
    assert folder.is_relative_to(Path(auditor.__file__).resolve().parent)
    # checkov imports what ends in .py, and needs a package.
    assert {path.name for path in folder.glob("*.py")} == {"__init__.py", "sagemaker_studio_auditor.py"}
