"""From a snapshot file to verdict counts under all rules, in one process: 10,000 and 1,000,000 profiles; of 10,000 the
whole ``auditor check`` as well, with the HTML and JSON reports of all findings.

``python benchmarks/check_snapshot.py [--quick]``; the million takes some 300 MB of disk below the temporary folder.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from measure import ROOT, auditor, machine, peak_mib, seconds

#: Profiles up to which reports are written too: they name each finding.
REPORTED = 10_000
COUNT = """
import sys
from pathlib import Path
from auditor.evaluate.audit import load_tables
from auditor.evaluate.engine import evaluate_rules
from auditor.rules.load import load_rules
from auditor.resources import rules_dir

rules = load_rules([rules_dir()])
con, _ = load_tables([Path(sys.argv[1])])
verdicts = evaluate_rules(con, rules, {})
assert sum(verdicts.counts["STU101"].values()) == int(sys.argv[2]), verdicts.counts["STU101"]
"""


def main() -> None:
    print(f"# file to verdict counts ({machine()})")
    sizes = [(10_000, 10, 1.0)] + ([] if "--quick" in sys.argv else [(1_000_000, 1_000, 8.0)])
    with tempfile.TemporaryDirectory() as folder:
        for profiles, domains, limit in sizes:
            path = Path(folder) / f"{profiles}.jsonl"
            generate = [sys.executable, str(ROOT / "benchmarks" / "generate_snapshot.py"), str(path)]
            subprocess.run([*generate, "--profiles", str(profiles), "--domains", str(domains)], check=True)
            size = path.stat().st_size / 1e6
            taken = seconds([sys.executable, "-c", COUNT, str(path), str(profiles)], times=3)
            print(f"{profiles:>9,} profiles ({size:.0f} MB)  {taken:6.2f} s  (aim: {limit} s)", end="")
            print(f"  peak {peak_mib():,.0f} MiB  (aim: 2,048 MiB)")
            if profiles <= REPORTED:
                check = auditor("check", str(path), "--format", "html,json", "--output", folder, "--quiet")
                print(f"{'':>9} with both reports  {seconds(check, times=1, ok=(0, 4, 5)):6.2f} s")
            path.unlink()


if __name__ == "__main__":
    main()
