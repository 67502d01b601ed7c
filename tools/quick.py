"""Run the tests that a change most likely breaks, nearest first, and say which were left out when the time was over.

``make quick`` calls this. What changed is what differs from the branch that it goes to (origin/main, else main), and
what is not committed yet. It stops at the first failure, or starts no further test when its time is over. What takes
long by nature is left out: browsers, wheels, the AWS CLI, CDK and checkov. ``make test`` runs all.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Always: the layout of the package, and the generated docs.
ALWAYS = ("tests/test_architecture.py", "tests/test_docs.py")
#: Part of the package (or folder of the repository) → tests of it as a whole, where they are not called the same.
ELSEWHERE = {
    "auditor/collect/aws": ("tests/collect", "tests/simulator"),
    "auditor/collect/iac/hcl": ("tests/iac/terraform",),
    "auditor/collect/iac": ("tests/iac/test_corpus.py", "tests/iac/test_scan.py", "tests/iac/test_terraform_scan.py"),
    "auditor/rules": ("tests/rules/test_load.py", "tests/rules/test_cases.py", "tests/rules/test_expressions.py"),
    "auditor/remediation": ("tests/remediation/test_remediate.py", "tests/remediation/test_preview.py"),
    "auditor/fixplan": (
        "tests/remediation/test_plan.py",
        "tests/remediation/test_plan_apps.py",
        "tests/remediation/test_plan_scripts.py",
    ),
    "auditor/evaluate": ("tests/evaluate/test_findings.py", "tests/evaluate/test_gate.py", "tests/test_estates.py"),
    "auditor/studio": ("tests/model", "tests/iac/test_mapping.py"),
    "auditor/checkov": ("tests/cli/test_checkov_checks.py",),
    "reports": ("tests/report",),
    "rules": ("tests/rules/test_cases.py", "tests/rules/test_catalogue.py", "tests/test_estates.py"),
    "constraints": ("tests/test_supply_chain.py",),
    "tools": ("tests/test_quick.py",),
}
#: Seconds from the command on after which no test is started: the longest test that may still run ends within two
#: minutes then, on two idle cores.
LIMIT = 90
LEFT_OUT = (
    "test_browser",
    "test_accessibility",
    "test_wheel",
    "test_cdk",
    "test_against",
    "test_docs_run",
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


def tests(paths: Iterable[str]) -> list[str]:
    """Test files and folders for changed paths, each once: what always runs, the tests that changed, those that import
    what changed, and those of the parts that it lies in."""
    paths = list(paths)
    found = dict.fromkeys(ALWAYS)
    found |= dict.fromkeys(path for path in paths if _is_test(path) and (ROOT / path).exists())
    for path in paths:
        if path.endswith(".py") and not _is_test(path):
            found |= dict.fromkeys(_nearest(path))
    for path in paths:
        found |= dict.fromkeys(_of_part(path))
    return [name for name in found if not any(word in name for word in LEFT_OUT)]


def _is_test(path: str) -> bool:
    return path.startswith("tests/") and Path(path).name.startswith("test_") and path.endswith(".py")


def _of_part(path: str) -> tuple[str, ...]:
    if Path(path).name == "conftest.py":
        return (Path(path).parent.as_posix(),) if (ROOT / path).exists() else ()
    part = next((p for p in sorted(ELSEWHERE, key=len, reverse=True) if path.startswith(f"{p}/")), None)
    if part is not None:
        return ELSEWHERE[part]
    folder = f"tests/{Path(path).parts[1]}" if path.startswith("auditor/") else ""
    return (folder,) if folder and (ROOT / folder).is_dir() else ()


def _nearest(path: str) -> list[str]:
    """The test files that import a module, or where none does, those that do so through the fewest others."""
    seen, edge = {path}, {path}
    while edge:
        edge = {user for module in edge for user in _users().get(module, ())} - seen
        seen |= edge
        if near := sorted(filter(_is_test, edge)):
            return near
    return []


@cache
def _users() -> dict[str, set[str]]:
    """File → files of the package and of the tests that import it, wherever in the file."""
    files = [file.relative_to(ROOT) for folder in ("auditor", "tests") for file in (ROOT / folder).rglob("*.py")]
    known = {".".join(file.with_suffix("").parts).removesuffix(".__init__"): file.as_posix() for file in files}
    users: dict[str, set[str]] = {}
    for file in files:
        for name in _imports(file):
            if name in known:
                users.setdefault(known[name], set()).add(file.as_posix())
    return users


def _imports(file: Path) -> Iterator[str]:
    """Modules that a file imports, and what it takes from them, by their whole names."""
    package = file.parent.parts
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def run(chosen: Iterable[str], seconds: float) -> int:
    """Run them on as many workers as ``make test`` does, and start none after so many seconds. pytest's exit code."""
    left_out = [f"--ignore-glob=*{word}*" for word in LEFT_OUT]
    environment = {**os.environ, "QUICK_UNTIL": str(time.time() + seconds), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tools.quick_budget", "--durations=3"]
    command += ["--durations-min=5", "-n", os.environ.get("WORKERS", "2"), *left_out, *chosen]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def main() -> None:
    """What changed, its tests, and running them."""
    started = time.monotonic()
    chosen = tests(changed())
    sys.stdout.write("".join(f"  {name}\n" for name in chosen))
    sys.stdout.flush()
    sys.exit(run(chosen, LIMIT - (time.monotonic() - started)))


if __name__ == "__main__":
    main()
