"""What-ifs of 10,000, 100,000 and 1,000,000 user profiles against one evaluation of the same snapshot: a setting of one
domain, the fixes of a rule that fails six findings of a hundred and those of five root causes, another parameter, and
a policy that denies updates of some profiles by their names.

``python benchmarks/what_if_large.py [--profiles N]… [--folder FOLDER]``; the million takes some 600 MB of disk below
the folder, which is the temporary one unless it is named. Snapshots that are there are not written again.

Prints processor seconds and peak memory of each, and how many evaluations that is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from check_snapshot import COUNT
from measure import ROOT, machine, watched

SIZES = (10_000, 100_000, 1_000_000)
#: What is tried, by what it is called.
TRIED = {
    "--set on one domain": ("--set", "d-000000000001:DefaultUserSettings.AutoMountHomeEFS=null"),
    "--fix STU402": ("--fix", "STU402"),
    "--fix top:5": ("--fix", "top:5"),
    "--param of one rule": ("--param", "STU505.max_gib=50"),
    "--policy by names": ("--policy", "{policy}"),
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Deny", "Action": "sagemaker:Update*", "Resource": "arn:aws:sagemaker:*:*:user-profile/*/*1"}
    ],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, action="append", default=[])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--format", default="text")
    asked = parser.parse_args()
    print(f"# what-ifs of large snapshots ({machine()})")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        policy = Path(temporary) / "policy.json"
        policy.write_text(json.dumps(POLICY), encoding="utf-8")
        for profiles in asked.profiles or SIZES:
            path = folder / f"{profiles}.jsonl"
            if not path.exists():
                generate = [sys.executable, str(ROOT / "benchmarks" / "generate_snapshot.py"), str(path)]
                numbers = ["--profiles", str(profiles), "--domains", str(max(1, profiles // 1000))]
                subprocess.run([*generate, *numbers], check=True)
            one = watched([sys.executable, "-c", COUNT, str(path), str(profiles)], environment)
            print(f"{profiles:>9,} profiles, one evaluation: {one.cpu:6.1f} s of CPU, {one.mib:,.0f} MiB")
            for name, options in TRIED.items():
                command = [sys.executable, "-m", "auditor", "whatif", "--snapshot", str(path)]
                command += [option.format(policy=policy) for option in options]
                spent = watched([*command, "--no-config", "--format", asked.format], environment)
                headline = next(
                    (line for line in spent.output.splitlines() if " failures now, " in line or " undecided, " in line),
                    "",
                )
                print(
                    f"{'':>9} {name:>21}: {spent.cpu:6.1f} s of CPU, {spent.mib:,.0f} MiB,"
                    f" {spent.cpu / one.cpu:.1f} evaluations  {headline}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
