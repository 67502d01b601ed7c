"""An account of profiles, spaces and apps, answers 20 ms away: ours, bare boto3 with 32 threads, and Cloud Custodian.

    python benchmarks/custodian.py [--profiles 5000] [--custodian PROGRAM]

PROGRAM is the ``custodian`` of an environment of its own (pip install c7n). Each of the three lists two domains with so
many profiles, a space and an app for every fifth, and describes what it describes: ours no apps, whose list holds what
rules read, and each tag of a hundred resources by one call; Custodian everything, one after another. Ours evaluates all
rules and writes report.json and report.html; Custodian runs one policy for each type.
Aims: 20 times as fast as Custodian; CPU a call at most 1.3 times that of bare boto3.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from measure import auditor, calls_in, machine, serving, watched

LATENCY = "20"
BARE = """
import boto3, sys
from botocore.config import Config
from concurrent.futures import ThreadPoolExecutor
c = boto3.client("sagemaker", config=Config(max_pool_connections=32))
calls = 0
def listed(name, member):
    global calls
    for page in c.get_paginator(name).paginate(PaginationConfig={"PageSize": 100}):
        calls += 1
        yield from page[member]
with ThreadPoolExecutor(32) as pool:
    pending = [pool.submit(c.describe_domain, DomainId=d["DomainId"]) for d in listed("list_domains", "Domains")]
    pending += [
        pool.submit(c.describe_user_profile, DomainId=p["DomainId"], UserProfileName=p["UserProfileName"])
        for p in listed("list_user_profiles", "UserProfiles")
    ]
    pending += [
        pool.submit(c.describe_space, DomainId=s["DomainId"], SpaceName=s["SpaceName"])
        for s in listed("list_spaces", "Spaces")
    ]
    for _ in listed("list_apps", "Apps"):
        pass
    for future in pending:
        future.result()
print(calls + len(pending))
"""
POLICIES: dict[str, Any] = {
    "policies": [
        {"name": kind, "resource": f"aws.sagemaker-{kind}", "filters": [{"tag:owner": "absent"}]}
        for kind in ("domain", "user-profile", "space", "app")
    ]
}


def estate(profiles: int) -> dict[str, Any]:
    """An estate file's content: two domains."""
    domains = []
    for number in range(2):
        names = [f"person-{number}-{n}" for n in range(profiles)]
        some = names[::5]
        domains.append(
            {
                "DomainName": f"domain-{number}", "AuthMode": "IAM",
                "DefaultUserSettings": {"ExecutionRole": f"role:studio-{number}"},
                "profiles": [{"UserProfileName": name} for name in names],
                "spaces": [{"SpaceName": f"space-{name}", "owner": name} for name in some],
                "apps": [{"UserProfileName": name, "AppType": "JupyterServer", "AppName": "default"} for name in some],
            }
        )  # fmt: skip
    return {"region": "eu-west-1", "roles": ["studio-0", "studio-1"], "domains": domains}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, default=5000, help="in each of the two domains")
    parser.add_argument("--custodian", metavar="PROGRAM", help="the custodian of an environment that has c7n")
    given = parser.parse_args()
    print(f"# 2 x {given.profiles} profiles, a space and an app for every fifth, {LATENCY} ms ({machine()})")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "estate.yaml").write_text(json.dumps(estate(given.profiles)), encoding="utf-8")
        (folder / "policies.yml").write_text(json.dumps(POLICIES), encoding="utf-8")
        with serving("--estate", str(folder / "estate.yaml"), "--latency", LATENCY) as environment:
            bare = watched([sys.executable, "-c", BARE], environment)
            calls = int(bare.output.split()[-1])
            print(f"bare boto3: {bare.seconds:.1f} s, {calls:,} calls, {1000 * bare.cpu / calls:.2f} ms CPU a call")
            snapshot = folder / "s.jsonl"
            kept = ("--snapshot", str(snapshot), "--output", str(folder / "report"), "--format", "json,html")
            ours = watched(auditor("audit", "--no-config", "-q", "--allow-incomplete", *kept), environment)
            made = calls_in(snapshot)
            ratio = (ours.cpu / made) / (bare.cpu / calls)
            print(f"auditor audit: {ours.seconds:.1f} s, {made:,} calls, {1000 * ours.cpu / made:.2f} ms CPU a call,"
                  f" {ratio:.2f} x bare boto3, {ours.mib:.0f} MiB")  # fmt: skip
            collected = watched(auditor("collect", "-q", *kept[:2]), environment)
            made = calls_in(snapshot)
            print(f"auditor collect: {collected.seconds:.1f} s, {1000 * collected.cpu / made:.2f} ms CPU a call,"
                  f" {(collected.cpu / made) / (bare.cpu / calls):.2f} x bare boto3", flush=True)  # fmt: skip
            if given.custodian:
                line = [given.custodian, "run", "-q", "--region", "eu-west-1", "--cache-period", "0", "-s",
                        str(folder / "out"), str(folder / "policies.yml")]  # fmt: skip
                theirs = watched(line, environment)
                found = {
                    path.parent.name: len(json.loads(path.read_text(encoding="utf-8")))
                    for path in sorted((folder / "out").glob("*/resources.json"))
                }
                print(f"Cloud Custodian: {theirs.seconds:.1f} s, {theirs.cpu:.1f} CPU s, {theirs.mib:.0f} MiB, {found};"
                      f" auditor audit is {theirs.seconds / ours.seconds:.1f} x as fast"
                      f" ({theirs.seconds / collected.seconds:.1f} x in collecting alone)")  # fmt: skip


if __name__ == "__main__":
    main()
