"""How many examples Hypothesis tries: what CI spends, and a share of it elsewhere (profiles in tests/conftest.py)."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

#: Examples of a test that does not say how many.
WHOLE = 100
#: CI's share of them: it draws the same ones each time, so that more of them find nothing that less did not.
CI_SHARE = 0.5
#: Their share on a developer's machine: each run tries others, so that many runs see more than CI does.
SHARE = 0.25
#: What make fuzz spends on such a test: hours rather than minutes over all.
FUZZ = 5_000


def examples(number: int, **more: Any) -> settings:
    """So many examples, or the profile's share of them, but three at least."""
    return settings(max_examples=max(3, round(number * settings().max_examples / WHOLE)), **more)
