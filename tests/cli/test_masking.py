"""Secrets never leave: what looks like one is masked in the snapshot, and so in all that is made of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.masking import MASK, mask_document, mask_text, mask_value
from auditor.model.snapshot import Gap, Header, Record, Scope, Snapshot
from auditor.report.render import Format
from auditor.run.messages import LoggedMessages
from auditor.store.snapshot_file import masked, write_snapshot
from auditor.store.snapshot_reader import SnapshotReader
from tests.budgets import examples
from tests.evaluate.helpers import ACCOUNT, REGION, domain, profile

#: Made up, each in the form that its issuer documents. Written apart, so that no scanner takes this file for a leak.
TOKENS = [
    "AKIA" + "IOSFODNN7EXAMPLE", "ghp_" + "a1B2" * 9, "github_pat_" + "11ABCDEFG0abcdefghijkl", "glpat-" + "x1Y2" * 5,
    "xoxb-" + "123456789012-abcdefGHIJKL", "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcDEF123_-",
    "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow", "sk_live_" + "a1B2" * 6,
    "sk-proj-" + "a1B2" * 8, "hf_" + "aBcD" * 9,
    "npm_" + "a1B2" * 9, "SG." + "a1B2" * 6 + "." + "c3D4" * 8, "AIza" + "a1B2c" * 7,
    "https://hooks.slack.com/services/" + "T0000/B0000/XXXXaaaa1111",
]  # fmt: skip
URLS = [
    ("https://user:gitPASSw0rd@git.example.com/x.git", "https://", "@git.example.com/x.git", "gitPASSw0rd"),
    ("https://ghtoken12345@github.com/a/b", "https://", "@github.com/a/b", "ghtoken12345"),
    ("https://a:p%40ss:w@rd@h/x", "https://", "@h/x", "p%40ss"),
    ("https://oauth2:x@h:8443/x", "https://", "@h:8443/x", "oauth2:x"),
    ("ssh://deploy:pw@h/x", "ssh://", "@h/x", "deploy"),
    ("see https://u:pw1@h/x and https://u:pw2@h/y", "see https://", "@h/y", "pw2"),
    ("https://h/x.git?private_token=abc123&ref=main", "https://h/x.git?private_token=", "&ref=main", "abc123"),
    ("https://h/x?a=1;X-Amz-Signature=abc", "https://h/x?a=1;X-Amz-Signature=", "", "abc"),
]  # fmt: skip
HONEST = [
    "https://git.example.com/x.git", "https://github.com/a/b@v1", "ssh://git@github.com/a/b", "git@github.com:a/b.git",
    "arn:aws:iam::111122223333:role/service-role/AmazonSageMaker-ExecutionRole-20230101T000000", "jane@example.com",
    "d-abcdefghijkl", "arn:aws:cloudformation:eu-west-1:111122223333:stack/a/0f0f0f0f-1111-2222-3333-444444444444",
    "s3://bucket/key", "STU101 until=2027-03-31 owner=jane@example.com ticket=SEC-12 reason=Kept for the course",
    "0123456789abcdef0123456789abcdef01234567", "data-science-platform-production-team-blue-2024",
    "vpc-0123456789abcdef0", "https://example.com/path?ref=main&page=2", "[masked:1a2b]",
    "https://[masked:1a2b]@git.example.com/x.git",
]  # fmt: skip


@pytest.mark.parametrize(("text", "before", "after", "secret"), URLS)
def test_credentials_in_urls(text: str, before: str, after: str, secret: str) -> None:
    made = mask_text(text)
    assert secret not in made
    assert made.startswith(before)
    assert made.endswith(after)
    assert MASK.search(made)
    assert mask_text(made) == made == mask_value("repository", text)


@pytest.mark.parametrize("token", TOKENS, ids=lambda t: t[:8])
def test_tokens(token: str) -> None:
    for made in (mask_text(token), mask_value("note", token), mask_text(f"key={token}")):
        assert token[-8:] not in made
        assert MASK.search(made)


@pytest.mark.parametrize("text", HONEST)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert mask_text(text) == text
    assert mask_value("owner", text) == text
    assert mask_document({"a": [text, {"b": text}]}) == {"a": [text, {"b": text}]}


@pytest.mark.parametrize(("name", "value", "is_one"), [
    ("password", "hunter22", True), ("DbPassword", "Winter2024!", True), ("api_key", "abcd1234", True),
    ("github-token", "short", True), ("client-secret", "x y z", True), ("aws:secret", "dGVzdA==", True),
    ("pat", "abcd", True),
    ("password", "", False), ("password", "arn:aws:secretsmanager:eu-west-1:1:secret:x", False),
    ("secret-rotation", "enabled", False), ("token-expiry", "2027-01-01", False), ("password-policy", "90d", False),
    ("api-key", "${ssm:x}", False), ("secret", "none", False), ("owner", "hunter22", False), ("pattern", "abcd", False),
    ("cost-center", "4711", False), ("note", "Zm9vYmFyQmF6MTIzNDU2Nzg5MGFiY2RlZmdoaQ", True),
])  # fmt: skip
def test_names_and_random_values_tell(name: str, value: str, is_one: bool) -> None:
    made = mask_value(name, value)
    assert (MASK.fullmatch(made) is not None, made == value) == (is_one, not is_one)


def test_the_same_value_is_masked_the_same_way() -> None:
    """And another one almost always otherwise: nights can be compared. Sixteen bits confirm no guess."""
    assert (
        mask_value("password", "hunter22")
        == mask_value("token", "hunter22")
        == "[masked:" + mask_value("pwd", "hunter22")[8:]
    )
    made = {mask_value("password", f"value-{n}") for n in range(2000)}
    assert 1900 < len(made) <= 2000
    assert all(re.fullmatch(r"\[masked:[0-9a-f]{4}\]", one) for one in made)


@examples(200)
@given(
    st.recursive(
        st.text(max_size=60) | st.sampled_from([u[0] for u in URLS] + TOKENS) | st.none() | st.integers(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    )
)
def test_masking_twice_is_masking_once(document: Any) -> None:
    once = mask_document(document)
    assert mask_document(once) == once
    shown = json.dumps(once)
    assert not any(secret in shown for *_, secret in URLS if len(secret) > 6)


SECRETS = ["gitPASSw0rd", "hunter22pw", "AKIA" + "IOSFODNN7EXAMPLE"]


def estate() -> Snapshot:
    """A domain and a profile with what people put there. Commands for some of their failures repeat the structure."""
    lab = {"CodeRepositories": [{"RepositoryUrl": "https://user:gitPASSw0rd@git.example.com/x.git"}],
           "AppLifecycleManagement": {"IdleSettings": {"LifecycleManagement": "DISABLED"}}}  # fmt: skip
    user = {"ExecutionRole": f"arn:aws:iam::{ACCOUNT}:role/x", "JupyterLabAppSettings": lab}
    one = domain("d-1", {"DefaultUserSettings": user, "AuthMode": "IAM"})
    records = (
        Record(ACCOUNT, REGION, "account_region", REGION, {}),
        replace(one, tags=(("db-password", "hunter22pw"), ("owner", "jane"))),
        replace(profile("p", user), tags=(("note", "AKIA" + "IOSFODNN7EXAMPLE"),)),
    )
    header = Header("1", "aws", "2026-11-20T02:00:00Z", "0.1.0", "1.44.5", "", (Scope(ACCOUNT, REGION),))
    gap = Gap(
        ACCOUNT, REGION, "vpc", "*", "*", "DescribeVpcs", "server_error", "proxy https://u:gitPASSw0rd@proxy failed"
    )
    return Snapshot(header, records, (gap,))


def holds(folder: Path) -> list[tuple[str, str]]:
    import gzip

    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
            found += [(path.name, secret) for secret in SECRETS if secret.encode() in data]
    return found


@pytest.mark.parametrize("old", [False, True])
def test_no_file_of_a_run_holds_a_secret(auditor: Callable[..., Any], tmp_path: Path, old: bool) -> None:
    """Nine formats, the store, the summary, a query: of a snapshot of today, and of one that an older version wrote."""
    path = tmp_path / "night.jsonl"
    write_snapshot(path, estate())
    assert holds(tmp_path) == []
    if old:
        from .test_damaged_stores import rehashed

        lines = [json.loads(line) for line in path.read_text().splitlines()[:-1]]
        lines[0]["snapshot"]["masked"] = False
        texts = {
            mask_text(s): s for s in ("https://user:gitPASSw0rd@git.example.com/x.git", "AKIA" + "IOSFODNN7EXAMPLE")
        }
        texts[mask_value("password", "hunter22pw")] = "hunter22pw"
        raw = [json.dumps(line) + "\n" for line in lines]
        for mask, secret in texts.items():
            raw = [line.replace(mask, secret) for line in raw]
        path.write_bytes(rehashed([line.encode() for line in raw]))
        assert {secret for _, secret in holds(tmp_path)} == set(SECRETS)
        assert masked(SnapshotReader(path).snapshot()).records == SnapshotReader(path).snapshot().records
        path = path.rename(tmp_path.parent / f"{tmp_path.name}-old.jsonl")
    outcome = auditor(
        "check", path, "--format", ",".join(Format), "--output", "out", "--store", "nights", "--allow-incomplete"
    )
    assert outcome.code == 4
    told = outcome.out + outcome.err + auditor("query", "select * from domain", "--snapshot", path).out
    assert [s for s in SECRETS if s in told] == []
    assert holds(tmp_path) == []
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    commands = [
        f["remediation"] for f in report["findings"] if f["remediation"] and "[masked:" in f["remediation"]["aws"]
    ]
    assert commands
    for remedy in commands:
        assert "Don't run the command as it is" in remedy["note"]
        assert re.search(r"aws sagemaker describe-(domain|user-profile) --domain-id d-1", remedy["note"])
    causes = [
        c["remediation"] for c in report["root_causes"] if c["remediation"] and "[masked:" in c["remediation"]["aws"]
    ]
    assert all("Don't run the command as it is" in c["note"] for c in causes)


def test_templates_are_masked_as_well(auditor: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    user = {"ExecutionRole": f"arn:aws:iam::{ACCOUNT}:role/x", "JupyterLabAppSettings": {
        "CodeRepositories": [{"RepositoryUrl": "https://user:gitPASSw0rd@git.example.com/x.git"}]}}  # fmt: skip
    template = {"Resources": {"D": {"Type": "AWS::SageMaker::Domain", "Properties": {
        "DomainName": "d", "AuthMode": "IAM", "VpcId": "v", "SubnetIds": ["s"], "DefaultUserSettings": user,
        "Tags": [{"Key": "db-password", "Value": "hunter22pw"}]}}}}  # fmt: skip
    (folder / "t.json").write_text(json.dumps(template))
    outcome = auditor("scan", "in", "--format", ",".join(Format), "--output", "out", "--snapshot", "out/s.jsonl")
    assert outcome.code == 4
    assert holds(tmp_path / "out") == []
    assert "[masked:" in (tmp_path / "out" / "s.jsonl").read_text()


#: Commands with an address where a file or a value is expected: people paste the address of a repository or a store.
URL = "https://user:gitPASSw0rd@git.example.com/x.git"
TYPED = """
check URL; check x.jsonl --baseline URL; check x.jsonl --waivers URL; check x.jsonl --rules URL
check x.jsonl --config URL; check x.jsonl --trusted-config URL; check x.jsonl --template URL
check x.jsonl --format URL; check x.jsonl --fail-on URL; check x.jsonl --store URL
check x.jsonl --only URL; check x.jsonl --as-of URL; scan URL; scan . URL; scan . --against URL
diff URL URL; diff --store URL; history --store URL; store list --store URL; query select --snapshot URL
query URL --snapshot s.jsonl; rules test URL; rules show URL; config check URL; waivers check URL
whereami URL; URL; audit --regions URL; audit --estate URL; collect --snapshot s.jsonl --profile URL
simulate --estate URL; demo URL; permissions URL
"""


@pytest.mark.parametrize("command", TYPED.strip().replace("\n", "; ").split("; "))
def test_what_somebody_typed_is_not_repeated_with_its_password(auditor: Callable[..., Any], command: str) -> None:
    outcome = auditor(*command.replace("URL", URL).split())
    assert outcome.code in (2, 3)
    assert outcome.err
    assert "gitPASSw0rd" not in outcome.out + outcome.err


def test_errors_and_logs_tell_no_secret(auditor: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    outcome = auditor("check", "x.jsonl", "--store", "gs://user:gitPASSw0rd@bucket/x")
    assert (outcome.code, "gitPASSw0rd" in outcome.err) == (2, False)
    LoggedMessages().problem("proxy https://u:gitPASSw0rd@proxy failed")
    assert [MASK.sub("…", record.getMessage()) for record in caplog.records] == ["proxy https://…@proxy failed"]
