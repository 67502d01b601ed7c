"""Run the tests that a change most likely breaks: those of the parts that it touches, and of what holds the whole.

``make quick`` calls this. What changed is what differs from the branch that it goes to (origin/main, else main), and
what is not committed yet. It stops at the first failure, or when its time is over, and leaves out what takes long by
nature: browsers, wheels, the AWS CLI, CDK and checkov. ``make test`` runs all.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Always: the layout of the package, and the generated docs.
ALWAYS = ("tests/test_architecture.py", "tests/test_docs.py")
#: Part of the package (or folder of the repository) → tests, where they are not called the same.
ELSEWHERE = {
    "auditor/collect/aws": ("tests/collect", "tests/simulator"),
    "auditor/collect/iac/hcl": ("tests/iac/terraform",),
    "auditor/collect/iac": ("tests/iac/test_corpus.py", "tests/iac/test_scan.py"),
    "auditor/rules": ("tests/rules/test_load.py", "tests/rules/test_cases.py", "tests/rules/test_expressions.py"),
    "auditor/remediation": ("tests/remediation/test_remediate.py", "tests/remediation/test_preview.py"),
    "auditor/evaluate": ("tests/evaluate/test_findings.py", "tests/evaluate/test_gate.py", "tests/test_estates.py"),
    "auditor/studio": ("tests/model", "tests/iac/test_mapping.py"),
    "reports": ("tests/report",),
    "rules": ("tests/rules/test_cases.py", "tests/rules/test_catalogue.py", "tests/test_estates.py"),
}
#: Seconds after which it ends: with two workers, two minutes from the command on.
LIMIT = 110
LEFT_OUT = (
    "test_browser",
    "test_accessibility",
    "test_wheel",
    "test_cdk",
    "test_against",
    "test_other_commands",
    "test_user_settings",
)


def changed() -> list[str]:
    """Paths that differ from the branch that the change goes to, and those that are not committed."""

    def lines(*arguments: str) -> list[str]:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.splitlines() if done.returncode == 0 else []

    base = (lines("merge-base", "HEAD", "origin/main") or lines("merge-base", "HEAD", "main") or ["HEAD"])[0]
    return sorted({*lines("diff", "--name-only", base), *lines("ls-files", "--others", "--exclude-standard")})


def tests(paths: list[str]) -> list[str]:
    """Test files and folders for changed paths, each once."""
    found: dict[str, None] = dict.fromkeys(ALWAYS)
    for path in paths:
        if path.startswith("tests/") and Path(path).name.startswith("test_") and (ROOT / path).exists():
            found[path] = None
            continue
        part = next((p for p in sorted(ELSEWHERE, key=len, reverse=True) if path.startswith(f"{p}/")), None)
        named = ELSEWHERE[part] if part else (f"tests/{Path(path).parts[1]}",) if path.startswith("auditor/") else ()
        found |= dict.fromkeys(name for name in named if (ROOT / name).exists())
    return [name for name in found if not any(word in name for word in LEFT_OUT)]


def main() -> None:
    """Run them on as many workers as ``make test`` does."""
    chosen = tests(changed())
    sys.stdout.write("".join(f"  {name}\n" for name in chosen))
    left_out = [f"--ignore-glob=*{word}*" for word in LEFT_OUT]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", os.environ.get("WORKERS", "2"), *left_out, *chosen]
    with subprocess.Popen(command, cwd=ROOT) as running:
        try:
            code = running.wait(LIMIT)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGINT)
            running.wait()
            sys.stdout.write("\nThe time is over. What ran so far passed; the change touches more: make test\n")
            code = 0
    sys.exit(code)


if __name__ == "__main__":
    main()
