"""Time of auditor scan beside checkov -d with the same rules as its checks, and with one check of its own.

make .venv-checkov/.ready && .venv-checkov/bin/python benchmarks/scan_templates.py [TEMPLATES]

All three run on the same folder in turn, so that whatever else the machine does meets each of them; a ratio is the
median of the rounds' ratios.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "iac" / "corpus"
#: Framework of checkov → the template that is copied, and the name of the n-th copy.
TEMPLATES = {
    "cloudformation": (CORPUS / "cfn-roles-in-the-template" / "template.yaml", "template{}.yaml"),
    "terraform": (CORPUS / "tf-for-each-profiles" / "main.tf", "root{}/main.tf"),
}
ROUNDS = 7
PROGRAMS = Path(sys.executable).parent


def seconds(command: list[str | Path], folder: Path) -> float:
    """The exit code says what was found, not that something is wrong; all but usage and internal errors will do."""
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, capture_output=True, check=False,
        env={**os.environ, "BC_SKIP_MAPPING": "TRUE", "CKV_SKIP_PACKAGE_UPDATE_CHECK": "TRUE"},
    )  # fmt: skip
    taken = time.perf_counter() - began
    allowed = (0, 4, 5) if Path(command[0]).name == "auditor" else (0, 1)
    assert done.returncode in allowed, done.stderr.decode()
    return taken


def main(number: int) -> None:
    """Print the times and the ratios for each language."""
    checks = subprocess.run([PROGRAMS / "auditor", "checkov-checks"], capture_output=True, text=True, check=True)
    for framework, (template, copy) in TEMPLATES.items():
        checkov: list[str | Path] = [PROGRAMS / "checkov", "-d", ".", "--framework", framework, "--quiet", "--compact"]
        commands: list[list[str | Path]] = [
            [PROGRAMS / "auditor", "scan", ".", "-q", "--format", "json", "--output", "../out"],
            [*checkov, "--external-checks-dir", checks.stdout.strip(), "-c", "STU*"],
            [*checkov, "-c", "CKV_AWS_187"],
        ]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "templates"
            for n in range(number):
                path = folder / copy.format(n)
                path.parent.mkdir(exist_ok=True, parents=True)
                shutil.copy(template, path)
            rounds = [[seconds(command, folder) for command in commands] for _ in range(ROUNDS)]
        ours, same, one = (median(taken) for taken in zip(*rounds, strict=True))
        to_same, to_one = (median(r[0] / r[n] for r in rounds) for n in (1, 2))
        print(
            f"{number} of {framework}: auditor scan {ours:.2f} s; checkov -d with the same rules {same:.2f} s,"
            f" ratio {to_same:.2f} (aim 0.80); with one check of its own {one:.2f} s, ratio {to_one:.2f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
