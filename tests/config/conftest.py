"""Writing a configuration and reading it again."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.config.load_config import Config, load_config
from auditor.errors import ConfigError
from auditor.model.rule import Rule


@pytest.fixture
def config(tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> Callable[[str], Config]:
    """The configuration of a text, held against the built-in rules."""

    def read(text: str) -> Config:
        path = tmp_path / "auditor.yaml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        loaded = load_config(path)
        loaded.for_rules(built_in_rules)
        loaded.thresholds(built_in_rules)
        return loaded

    return read


@pytest.fixture
def refused(config: Callable[[str], Config], tmp_path: Path) -> Callable[[str], tuple[str, str, str]]:
    """Place (line:column), message and hint of the error that a text gives."""

    def read(text: str) -> tuple[str, str, str]:
        with pytest.raises(ConfigError) as raised:
            config(text)
        assert int(raised.value.exit_code) == 2
        prefix = f"{tmp_path / 'auditor.yaml'}:"
        assert raised.value.message.startswith(prefix)
        place, message = raised.value.message.removeprefix(prefix).split(": ", 1)
        return place, message, raised.value.hint

    return read
