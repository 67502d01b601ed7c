"""Collecting an organization: time, calls, CPU and peak memory, few accounts beside many, one executor beside another.

python benchmarks/organization.py [--profiles 20] [--regions 4] [--accounts 30,300] [--executor threads,processes]

Calls are held against the least that can be asked: one for each account's way in, its Regions and each Region without a
domain; a page for each list of a Region in use; a description for each resource. Memory is the greatest of the process
and its workers. The simulated organization answers from a process of its own.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

from measure import auditor, calls_in, machine, serving, watched


def least(accounts: int, regions: int, profiles: int) -> int:
    """Calls without which nobody knows what a generated organization holds: the list of accounts; in each account its
    role and its Regions, in each Region its domain, three lists, the tags, and every profile. The management account
    holds no domain."""
    region = 5 + math.ceil(profiles / 100) + profiles
    return 1 + (1 + regions) + accounts * (2 + regions * region)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiles", type=int, default=20)
    parser.add_argument("--regions", type=int, default=4)
    parser.add_argument("--accounts", default="30,300")
    parser.add_argument("--executor", default="threads")
    parser.add_argument("--evidence", default="all")
    given = parser.parse_args()
    print(f"# an organization, {given.regions} Regions, {given.profiles} profiles an account ({machine()})")
    for executor in given.executor.split(","):
        measured = []
        for accounts in map(int, given.accounts.split(",")):
            estate = f"generated:{accounts}x{given.regions}x{given.profiles}"
            with serving("--organization", "--estate", estate) as environment, tempfile.TemporaryDirectory() as folder:
                snapshot = Path(folder) / "all.jsonl"
                more = ("--executor", executor, "--evidence", given.evidence, "--max-rate", "1000")
                asked = auditor("collect", "--organization", "-q", "--snapshot", str(snapshot), *more)
                spent = watched(asked, environment, ok=(0, 5))
                calls = calls_in(snapshot)
            print(f"{executor}, {accounts} accounts: {spent.seconds:.0f} s, {calls:,} calls, {spent.cpu:.0f} CPU s"
                  f" ({1000 * spent.cpu / calls:.1f} ms a call), {spent.mib:.0f} MiB", flush=True)  # fmt: skip
            if given.evidence == "none":
                bound = least(accounts, given.regions, given.profiles)
                print(f"  {calls / bound:.3f} x the least of {bound:,} calls (aim: at most 1.05)")
            measured.append((accounts, spent))
        if len(measured) > 1:
            (few, less), (many, more_) = measured[0], measured[-1]
            growth = math.log(more_.cpu / less.cpu) / math.log(many / few)
            print(f"{executor}: memory {more_.mib / less.mib:.2f} x (aim: at most 1.5),"
                  f" CPU grows with exponent {growth:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
