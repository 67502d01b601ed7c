"""Time of auditor scan, all rules, against checkov -d with one of its own checks, on the same folder.

make .venv-checkov/.ready && .venv-checkov/bin/python benchmarks/scan_templates.py [TEMPLATES]
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
RUNS = 5


def seconds(command: list[str | Path], folder: Path) -> float:
    """Median of a few runs; the exit code says what was found, not that something is wrong."""
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        done = subprocess.run(
            command, cwd=folder, capture_output=True, check=False, env={**os.environ, "BC_SKIP_MAPPING": "TRUE"}
        )
        taken.append(time.perf_counter() - began)
        assert done.returncode in (0, 1, 4, 5), done.stderr.decode()
    return median(taken)


def main(number: int) -> None:
    """Print both, and the ratio, for each language."""
    programs = Path(sys.executable).parent
    for framework, (template, copy) in TEMPLATES.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for n in range(number):
                path = folder / copy.format(n)
                path.parent.mkdir(exist_ok=True)
                shutil.copy(template, path)
            ours = seconds([programs / "auditor", "scan", ".", "-q", "--format", "json", "--output", "out"], folder)
            theirs = seconds(
                [programs / "checkov", "-d", ".", "--framework", framework, "--quiet", "-c", "CKV_AWS_187"], folder
            )
        ratio = f"ratio {ours / theirs:.2f}"
        print(f"{number} of {framework}: auditor scan {ours:.2f} s, checkov -d {theirs:.2f} s, {ratio}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
