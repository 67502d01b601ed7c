"""Files that ask for more than any machine has, through the whole command: processor time and memory of each.

    python benchmarks/bombs.py [NAME…]

Exits 1 where one needs more than 20 seconds of processor time or 1 GB, or ends with neither a verdict nor a refusal.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.measure import auditor, machine
from tests.iac.bombs import BOMBS, YAML_BOMBS

LARGE = 20_000
SECONDS, MEGABYTES = 20.0, 1_000
#: 0 and 4 would be a verdict, 2 a refusal of a rule or configuration, 3 and 5 what was not assessed.
CODES = (0, 2, 3, 4, 5)


def run(arguments: list[str], folder: Path) -> tuple[int, float, float]:
    """Exit code, seconds of processor time and peak memory in MB of a command."""
    pid = os.fork()
    if pid == 0:
        os.chdir(folder)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        os.execv(arguments[0], arguments)
    _, status, used = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return code, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6


def main(names: list[str]) -> int:
    """Run those named, or all."""
    print(machine())
    late = []
    for name, files in {**BOMBS, **YAML_BOMBS}.items():
        if names and name not in names:
            continue
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            for file, text in files(LARGE).items():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_text(text)
            options = ["--fail-on", "none", "--allow-incomplete", "--quiet", "--format", "json"]
            if (folder / "rules").exists():
                options += ["--rules", "rules"]
            code, seconds, megabytes = run(auditor("scan", ".", *options), folder)
        fine = code in CODES and seconds <= SECONDS and megabytes <= MEGABYTES
        late += [] if fine else [name]
        print(
            f"{name:22} exit {code:3}  {seconds:5.1f} s  {megabytes:5.0f} MB{'' if fine else '  too much'}", flush=True
        )
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
