"""What tests may cost: how many examples Hypothesis tries, in CI and elsewhere (profiles in tests/conftest.py), and
which modules take longest.
"""

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

#: Modules that take longest, longest first: they begin first, since whoever begins one last is waited for.
LONGEST = (
    "tests/docs/test_docs_run.py",
    "tests/report/test_accessibility.py",
    "tests/report/test_browser_uses.py",
    "tests/test_wheel.py",
    "tests/remediation/test_user_settings.py",
    "tests/whatif/test_full_way.py",
    "tests/evaluate/test_audit.py",
    "tests/cli/test_store.py",
    "tests/whatif/test_curve.py",
    "tests/iac/test_ci_scripts.py",
    "tests/iac/test_shapes_of_public_code.py",
    "tests/report/test_browser.py",
    "tests/report/test_drift.py",
    "tests/cli/test_process.py",
    "tests/remediation/test_plan.py",
    "tests/evaluate/test_own_words.py",
    "tests/cli/test_commands.py",
    "tests/remediation/test_other_commands.py",
    "tests/run/test_api.py",
    "tests/run/test_evidence_read.py",
    "tests/collect/test_collect.py",
    "tests/cli/test_damaged_stores.py",
    "tests/cli/test_incremental.py",
    "tests/evaluate/test_names.py",
    "tests/iac/test_terraform_parity.py",
    "tests/collect/test_odd_answers.py",
    "tests/collect/test_evidence.py",
    "tests/iac/test_cdk.py",
    "tests/whatif/test_replay.py",
    "tests/whatif/test_law.py",
)


def examples(number: int, **more: Any) -> settings:
    """So many examples, or the profile's share of them, but three at least."""
    return settings(max_examples=max(3, round(number * settings().max_examples / WHOLE)), **more)
