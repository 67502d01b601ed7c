"""A second night over an account of which 1 % changed: calls and time beside those of the first.

    python benchmarks/second_night.py [--profiles 5000]

Two domains with so many profiles each; everybody signed in within the last weeks. Between the nights every hundredth
profile is updated. All evidence is collected, sign-ins included; answers are 20 ms away. A seventh of what did not
change is described each night all the same (docs/incremental.md), which is most of what is left.
Aim: at most 20 % of the calls and of the time of collecting.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from measure import Spent, auditor, calls_in, machine, serving, watched

LATENCY = "20"


def estate(profiles: int) -> dict[str, Any]:
    """An estate file's content."""
    domains = []
    for number in range(2):
        names = [f"person-{number}-{n}" for n in range(profiles)]
        domains.append(
            {
                "DomainName": f"domain-{number}", "AuthMode": "IAM",
                "DefaultUserSettings": {"ExecutionRole": f"role:studio-{number}"},
                "profiles": [{"UserProfileName": name} for name in names],
                "sign_ins": [
                    {"profile": name, "by": f"user/{name}", "days_ago": 2 + n % 30} for n, name in enumerate(names)
                ],
            }
        )  # fmt: skip
    return {
        "region": "eu-west-1", "roles": ["studio-0", "studio-1"], "domains": domains, "trails": [{"name": "all"}],
    }  # fmt: skip


def update(environment: dict[str, str]) -> int:
    """Update every hundredth profile; how many."""
    import boto3

    session = boto3.Session(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"],
        environment.get("AWS_SESSION_TOKEN"), environment["AWS_DEFAULT_REGION"],
    )  # fmt: skip
    client: Any = session.client("sagemaker", endpoint_url=environment["AWS_ENDPOINT_URL"])
    pages = client.get_paginator("list_user_profiles").paginate(PaginationConfig={"PageSize": 100})
    some = [profile for page in pages for profile in page["UserProfiles"]][::100]
    for profile in some:
        client.update_user_profile(
            DomainId=profile["DomainId"], UserProfileName=profile["UserProfileName"],
            UserSettings={"AutoMountHomeEFS": "Disabled"},
        )  # fmt: skip
    return len(some)


def say(what: str, spent: Spent, calls: int) -> None:
    print(f"{what}: {spent.seconds:.1f} s, {spent.cpu:.1f} CPU s, {calls:,} calls", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, default=5000, help="in each of the two domains")
    given = parser.parse_args()
    print(f"# 2 x {given.profiles} profiles, a second night ({machine()})")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "estate.yaml").write_text(json.dumps(estate(given.profiles)), encoding="utf-8")
        first, second = folder / "1.jsonl", folder / "2.jsonl"
        with serving("--estate", str(folder / "estate.yaml"), "--latency", LATENCY) as environment:
            one = watched(auditor("collect", "-q", "--snapshot", str(first)), environment)
            say("first night", one, calls_in(first))
            changed = update(environment)
            kept = ("--snapshot", str(second), "--previous", str(first))
            two = watched(auditor("collect", "-q", *kept), environment)
            say(f"second night, {changed} profiles changed", two, calls_in(second))
            empty = watched(auditor("version"), environment)
        share, taken = calls_in(second) / calls_in(first), two.seconds / one.seconds
        print(f"{share:.1%} of the calls, {taken:.1%} of the time (of which {empty.seconds:.1f} s to start),"
              f" {two.cpu / one.cpu:.1%} of the CPU; aims: 20 %")  # fmt: skip


if __name__ == "__main__":
    main()
