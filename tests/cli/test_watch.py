"""auditor rules test --watch: again whenever a rule file changes, whatever is wrong with it meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import watch
from auditor.cli.watch import again_on_change


class _EndedError(Exception):
    """Whoever waits has seen enough."""


def _steps(*steps: Callable[[], None]) -> Callable[[float], None]:
    """What happens in one pause after the other."""
    left: Iterator[Callable[[], None]] = iter(steps)

    def pause(_seconds: float) -> None:
        try:
            next(left)()
        except StopIteration:
            raise _EndedError from None

    return pause


def test_again_where_a_file_changes_comes_or_goes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("1", encoding="utf-8")
    seen: list[list[str]] = []

    def names() -> list[str]:
        return sorted(path.name for path in tmp_path.iterdir())

    pause = _steps(
        lambda: None, lambda: os.utime(first, ns=(1, 1)), lambda: None, second.touch, first.unlink, lambda: None
    )  # fmt: skip
    with pytest.raises(_EndedError):
        again_on_change(lambda: tmp_path.glob("*.yaml"), lambda: seen.append(names()), pause)
    assert seen == [["a.yaml"], ["a.yaml"], ["a.yaml", "b.yaml"], ["b.yaml"]]


def test_a_rule_that_is_wrong_for_a_while_ends_nothing(
    auditor: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tmp_path / "my-rules"
    assert auditor("rules", "new", "ACME001", "--table", "space", "--folder", "my-rules").code == 0
    (file,) = rules.iterdir()
    whole = file.read_text(encoding="utf-8")

    def write(text: str, when: int) -> None:
        file.write_text(text, encoding="utf-8")
        os.utime(file, ns=(when, when))

    def end() -> None:
        raise KeyboardInterrupt

    pause = _steps(lambda: write("id: [", 1), lambda: write(whole, 2), end)
    monkeypatch.setattr(watch.again_on_change, "__defaults__", (pause,))
    outcome = auditor("rules", "test", "my-rules", "--watch")
    assert outcome.code == 130
    assert outcome.out.count("of 1 rule passed") == 2
    assert f"Error: my-rules/{file.name}:" in outcome.out
