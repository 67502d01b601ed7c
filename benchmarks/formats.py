"""CPU time, memory and size of each format for a large report: ``python benchmarks/formats.py [FINDINGS]``."""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def measure(name: str, findings: int) -> None:
    """One format in this process: peak memory is the process's own."""
    from auditor.report.render import Format, write
    from tests.report.handmade import huge

    report = huge(findings)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        (path,) = write(report, [Format(name)], Path(folder))
        took = time.process_time() - start
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        data = path.read_bytes()
    size, packed = len(data) / 1e6, len(gzip.compress(data, 6)) / 1e6
    sys.stdout.write(f"{name:12} {took:7.2f} s {max(0.0, grown):8.0f} MB {size:9.2f} MB {packed:9.2f} MB\n")


def main() -> None:
    sys.path.insert(0, str(ROOT))
    if len(sys.argv) == 3:
        measure(sys.argv[1], int(sys.argv[2]))
        return
    from auditor.report.render import Format

    findings = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    sys.stdout.write(f"{findings:,} findings      CPU   memory more      size   gzipped\n")
    sys.stdout.flush()
    for output in Format:
        subprocess.run([sys.executable, __file__, output.value, str(findings)], check=True)


if __name__ == "__main__":
    main()
