"""What the tests of templates share."""

from __future__ import annotations

from pathlib import Path

import pytest

from .deployed import Deployed


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    monkeypatch.chdir(tmp_path)
    return Deployed(tmp_path)
