"""Write a large snapshot: a thousand profiles a domain, settings set at every layer in proportions seen in practice.

python benchmarks/generate_snapshot.py FILE [--profiles 1000000] [--domains 1000]

Five domains an account, as an organization has them: with a role for every third profile, an account has 1,700 roles.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

ACCOUNT, REGION = 111122223333, "eu-west-1"
DOMAINS_AN_ACCOUNT = 5
#: Names of profiles by what they are made of: two in eight are nobody's.
NAMES = ("{given}-{family}", "{initial}.{family}", "{given}.{family}", "ds-team", "shared", "{given}-{family}",
         "user-{initial}{family}", "{initial}.{family}")  # fmt: skip
GIVEN = ("grace", "aiko", "maria", "olu", "jean", "wei", "fatima", "lars", "priya", "ivan", "chloe", "tomas", "zanele")
#: Three of them make a family name: among a million people, forty thousand of these are different.
SYLLABLES = ("ta", "na", "ka", "smi", "gar", "cia", "hop", "per", "ade", "ye", "mi", "ro", "sen", "berg", "lo", "pez",
             "ku", "mar", "iva", "nov", "ska", "hol", "den", "fer", "rei", "ra", "okon", "kwo", "chen", "dri", "sal",
             "vat", "ore", "bon")  # fmt: skip


def domain(account: str, n: int, rng: random.Random) -> tuple[str, dict[str, object]]:
    domain_id = f"d-{n:012d}"
    user: dict[str, object] = {
        "ExecutionRole": f"arn:aws:iam::{account}:role/studio-{n}",
        "SecurityGroups": ["sg-0a1b2c3d"],
    }
    if n % 2:
        user["DefaultLandingUri"] = "studio::"
        user["StudioWebPortal"] = "ENABLED"
    if n % 3:
        user["AutoMountHomeEFS"] = rng.choice(["Enabled", "Disabled"])
    if n % 4 == 0:
        user["StudioWebPortalSettings"] = {"HiddenAppTypes": ["JupyterServer"], "HiddenMlTools": ["Comet"]}
        user["JupyterLabAppSettings"] = {
            "AppLifecycleManagement": {"IdleSettings": {"LifecycleManagement": "ENABLED", "IdleTimeoutInMinutes": 120}}
        }
    document: dict[str, object] = {
        "DomainArn": f"arn:aws:sagemaker:{REGION}:{account}:domain/{domain_id}",
        "DomainId": domain_id, "DomainName": f"domain-{n}", "Status": "InService",
        "HomeEfsFileSystemId": f"fs-{n:08d}" if n % 5 else None,
        "CreationTime": "2025-02-03T10:20:30Z", "LastModifiedTime": "2026-02-03T10:20:30Z",
        "AuthMode": "SSO" if n % 3 == 0 else "IAM", "VpcId": f"vpc-{n % 7}", "SubnetIds": ["subnet-1", "subnet-2"],
        "AppNetworkAccessType": "VpcOnly" if n % 2 else "PublicInternetOnly",
        "DefaultUserSettings": user, "DomainSettings": {"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"},
    }  # fmt: skip
    return domain_id, {k: v for k, v in document.items() if v is not None}


def profile(account: str, domain_id: str, n: int, rng: random.Random, sso: bool) -> tuple[str, dict[str, object]]:
    given, family = rng.choice(GIVEN), "".join(rng.choices(SYLLABLES, k=3))
    name = f"{NAMES[n % len(NAMES)].format(given=given, initial=given[0], family=family)}-{n}"
    document: dict[str, object] = {
        "DomainId": domain_id,
        "UserProfileArn": f"arn:aws:sagemaker:{REGION}:{account}:user-profile/{domain_id}/{name}",
        "UserProfileName": name, "HomeEfsFileSystemUid": str(200000 + n), "Status": "InService",
        "CreationTime": "2025-03-04T05:06:07Z", "LastModifiedTime": "2026-03-04T05:06:07Z",
    }  # fmt: skip
    if sso:
        document["SingleSignOnUserIdentifier"] = "UserName"
        document["SingleSignOnUserValue"] = f"{name}@example.com"
    if n % 3:
        user: dict[str, object] = {}
        if n % 2:
            user["ExecutionRole"] = f"arn:aws:iam::{account}:role/studio-{domain_id}-{n}"
        if n % 5 == 0:
            user["AutoMountHomeEFS"] = rng.choice(["Enabled", "Disabled", "DefaultAsDomain"])
        if n % 7 == 0:
            user["StudioWebPortalSettings"] = {"HiddenAppTypes": ["JupyterServer", "Canvas"]}
        if n % 11 == 0:
            user["JupyterLabAppSettings"] = {
                "DefaultResourceSpec": {"InstanceType": "ml.t3.medium"},
                "AppLifecycleManagement": {
                    "IdleSettings": {"LifecycleManagement": "ENABLED", "IdleTimeoutInMinutes": 60}
                },
            }
        document["UserSettings"] = user
    return f"{domain_id}/{name}", document


def lines(profiles: int, domains: int) -> Iterator[dict[str, object]]:
    rng = random.Random(7)
    accounts = [str(ACCOUNT + n) for n in range(-(-domains // DOMAINS_AN_ACCOUNT))]
    yield {"snapshot": {
        "schema_version": "1", "source": "aws", "as_of": "2026-11-23T00:00:00Z", "tool_version": "0.1.0",
        "botocore_version": "1.44.5", "caller": f"arn:aws:iam::{ACCOUNT}:user/audit",
        "scopes": [{"account": account, "region": REGION} for account in accounts], "unseen": [],
        # There is none in it.
        "masked": True,
    }}  # fmt: skip
    each = -(-profiles // domains)
    for number, account in enumerate(accounts):
        place = {"account": account, "region": REGION}
        # In the order in which snapshots are written: by account, Region, kind and id.
        yield {**place, "kind": "account_region", "id": REGION, "account_region": {}}
        found: list[dict[str, object]] = []
        first = number * DOMAINS_AN_ACCOUNT
        for n in range(first, min(first + DOMAINS_AN_ACCOUNT, domains)):
            domain_id, document = domain(account, n, rng)
            tags = [{"Key": "team", "Value": "ml"}]
            yield {**place, "kind": "domain", "id": domain_id, "domain": document, "tags": tags}
            for index in range(n * each, min((n + 1) * each, profiles)):
                record_id, settings = profile(account, domain_id, index, rng, document["AuthMode"] == "SSO")
                found.append({**place, "kind": "user_profile", "id": record_id, "user_profile": settings, "tags": []})
        yield from sorted(found, key=itemgetter("id"))
        for n in range(7):
            vpc = {"VpcId": f"vpc-{n}", "IsDefault": n == 0}
            yield {**place, "kind": "vpc", "id": f"vpc-{n}", "vpc": vpc}


def write(path: Path, profiles: int, domains: int) -> None:
    digest, count = hashlib.sha256(), 0
    with path.open("wb") as out:
        for line in lines(profiles, domains):
            data = json.dumps(line, separators=(",", ":"), sort_keys=False).encode() + b"\n"
            digest.update(data)
            out.write(data)
            count += 1
        out.write(json.dumps({"end": {"lines": count, "sha256": digest.hexdigest()}}).encode() + b"\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--domains", type=int, default=1_000)
    arguments = parser.parse_args()
    write(arguments.file, arguments.profiles, arguments.domains)
