"""A project to run checkov on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent / "project"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, without its auditor.yaml."""
    folder = Path(shutil.copytree(PROJECT, tmp_path / "project"))
    (folder / "auditor.yaml").unlink()
    return folder


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    folder = tmp_path / "watched"
    folder.mkdir()
    return folder
