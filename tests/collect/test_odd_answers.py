"""Answers that cannot be right: whatever one member of one answer is, the audit goes on, and nothing passes by it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.httpsession import URLLib3Session
from botocore.loaders import JSONFileLoader

from auditor.collect.aws import CollectOptions, collect
from auditor.errors import CollectError
from auditor.evaluate.audit import evaluate_tables
from auditor.model.rule import Rule
from auditor.model.snapshot import Snapshot
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.simulator import Simulator
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.personas import DEFAULT_PERSONAS

from .mutants import Answer, Mutant, Tape, read_models_once
from .rich import KEY, RICH, ROLE

#: How many of some two thousand are tried, always the same ones; each is an audit of its own.
COLLECTED, JUDGED = 30, 6
#: Another value of the right type, or none at all, may be right: it is what AWS would answer of another account.
RIGHT = ("delete", "null", "str", "huge")
#: Lists and calls without which there is no audit.
FATAL = ("ListDomains", "GetCallerIdentity")


@pytest.fixture(scope="module")
def tape() -> Tape:
    """What the rich account answers to an audit."""
    made = Tape()
    with pytest.MonkeyPatch.context() as patch, Simulator(RICH) as simulator:
        for name, value in simulator.environment.items():
            patch.setenv(name, value)
        patch.setattr(URLLib3Session, "send", made.recording(URLLib3Session.send))
        collect(CollectOptions(max_attempts=1))
    return made


Play = Callable[..., Snapshot]


@pytest.fixture
def play(tape: Tape, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Collects from the tape, with one member spoilt."""
    monkeypatch.setattr(JSONFileLoader, "load_file", read_models_once(JSONFileLoader.load_file))
    # Nobody listens there: all answers come from the tape.
    for name, value in {"ENDPOINT_URL": "http://127.0.0.1:1", "ACCESS_KEY_ID": "AKIASIMULATEDACCOUNT",
                        "SECRET_ACCESS_KEY": "simulated", "DEFAULT_REGION": "eu-west-1"}.items():  # fmt: skip
        monkeypatch.setenv(f"AWS_{name}", value)

    def run(mutant: Mutant | None = None) -> Snapshot:
        monkeypatch.setattr(URLLib3Session, "send", tape.playing(mutant))
        return collect(CollectOptions(max_attempts=1))

    return run


def _some(tape: Tape, number: int, kinds: Callable[[str], bool], seed: int) -> list[Mutant]:
    found = [m for m in tape.mutants() if kinds(m.kind) and m.key[0] not in FATAL]
    assert len(found) > 500
    return random.Random(seed).sample(found, number)


def _passes(snapshot: Snapshot, rules: tuple[Rule, ...], folder: Path) -> set[tuple[str, str]]:
    path = folder / "snapshot.jsonl"
    write_snapshot(path, snapshot)
    con = evaluate_tables([path], rules, {}, NestedMerge.UNKNOWN, DEFAULT_PERSONAS).con
    return {
        (rule.id, key)
        for rule in rules
        for (key,) in con.execute(f"select key from verdict_{rule.table} where {rule.id} = 'pass'").fetchall()
    }


def test_the_tape_is_an_audit(tape: Tape, play: Play) -> None:
    snapshot = play()
    assert snapshot.gaps == ()
    assert {key[0] for key in tape.answers} > {"DescribeDomain", "LookupEvents", "ListUsers", "DescribeVpcs"}


def test_no_member_ends_the_audit(tape: Tape, play: Play, tmp_path: Path) -> None:
    for mutant in _some(tape, COLLECTED, lambda kind: True, seed=1):
        write_snapshot(tmp_path / "snapshot.jsonl", play(mutant))


@pytest.mark.parametrize(
    ("operation", "path", "kind"),
    [
        ("DescribeDomain", ("KmsKeyId",), "list"),
        ("DescribeDomain", ("KmsKeyId",), "dict"),
        ("GetEventSelectors", ("EventSelectors", 0), "null"),
    ],
)
def test_what_later_calls_hang_on_does_not_end_it(
    tape: Tape, play: Play, operation: str, path: tuple[str | int, ...], kind: str
) -> None:
    """Members that say what else is asked: which keys, and whether log groups hold the calls."""
    mutants = [m for m in tape.mutants() if (m.key[0], m.path, m.kind) == (operation, path, kind)]
    assert {record.kind for record in play(mutants[0]).records} > {"domain", "trail", "role"}


def test_no_rule_passes_by_a_member_of_another_type(
    tape: Tape, play: Play, built_in_rules: tuple[Rule, ...], tmp_path: Path
) -> None:
    before = _passes(play(), built_in_rules, tmp_path)
    assert len(before) > 50
    for mutant in _some(tape, JUDGED, lambda kind: kind not in RIGHT, seed=2):
        assert _passes(play(mutant), built_in_rules, tmp_path) <= before, mutant


@pytest.mark.parametrize("operation", ["ListDomains", "GetCallerIdentity"])
def test_without_an_account_or_a_list_of_domains_there_is_no_audit(tape: Tape, play: Play, operation: str) -> None:
    member = {"ListDomains": "Domains"}.get(operation)
    found = [m for m in tape.mutants() if m.key[0] == operation and m.kind == "deep"]
    if member:
        found = [m for m in found if m.path == (member,)]
    for mutant in found[:1]:
        with pytest.raises(CollectError) as raised:
            play(mutant)
        assert operation in raised.value.message or "AWS" in raised.value.message


@pytest.mark.parametrize(
    ("operation", "path", "kind", "gap"),
    [
        ("DescribeUserProfile", ("CreationTime",), "number", ("user_profile", "d-home/ana", "*")),
        ("DescribeUserProfile", ("UserProfileName",), "int", ("user_profile", "d-home/ana", "*")),
        ("ListApps", ("Apps",), "int", ("app", "*", "*")),
        ("GetResources", ("ResourceTagMappingList", 0, "ResourceARN"), "delete", ("tags", "*", "*")),
        ("ListPartnerApps", ("Summaries", 0, "Arn"), "dict", ("partner_app", "*", "*")),
        ("LookupEvents", ("Events", 0, "CloudTrailEvent", "json", "userIdentity"), "int", ("sign_in", "*", "*")),
        ("LookupEvents", ("Events", 0, "CloudTrailEvent"), "str", ("sign_in", "*", "*")),
        ("ListUsers", ("Users", 0, "UserName"), "delete", ("identity_user", "*", "*")),
        ("ListInstances", ("Instances", 0, "IdentityStoreId"), "delete", ("identity_user", "*", "*")),
        ("ListInstances", ("Instances", 0, "InstanceArn"), "null", ("identity_user", "*", "*")),
        ("GetApplicationAssignmentConfiguration", ("AssignmentRequired",), "str", ("assignment", "*", "*")),
        (
            "ListMlflowTrackingServers",
            ("TrackingServerSummaries", 0, "TrackingServerName"),
            "delete",
            ("mlflow_server", "*", "*"),
        ),
        # Members that API_KeyMetadata does not require, and without which nobody knows whether the key can be rotated.
        ("DescribeKey", ("KeyMetadata", "KeySpec"), "int", ("kms_key", KEY, "*")),
        ("DescribeKey", ("KeyMetadata", "Origin"), "delete", ("kms_key", KEY, "*")),
        ("GetKeyRotationStatus", ("KeyRotationEnabled",), "str", ("kms_key", KEY, "*")),
        ("ListRules", ("Rules", 0, "Name"), "delete", ("event_rule", "*", "*")),
    ],
)
def test_what_cannot_be_read_is_a_gap_where_it_lies(
    tape: Tape, play: Play, operation: str, path: tuple[str | int, ...], kind: str, gap: tuple[str, str, str]
) -> None:
    mutants = [m for m in tape.mutants() if (m.key[0], m.path, m.kind) == (operation, path, kind)]
    snapshot = play(mutants[0])
    # IAM and EC2 are asked about what was found: of another question the tape holds no answer.
    (found,) = (g for g in snapshot.gaps if g.resource_type not in ("permission", "security_group"))
    assert (found.resource_type, found.resource_id, found.setting) == gap
    assert (found.operation, found.reason) == (operation, "unexpected_response")
    if gap[1] == "*":
        assert all(gap[0] in r.gaps for r in snapshot.records if r.kind == "account_region")


def test_a_role_that_iam_lists_is_not_gone(tape: Tape, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its two answers contradict each other, so what the role may do is not known."""
    error = b"<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>gone</Message></Error></ErrorResponse>"
    refused = {key: Answer(404, error) for key in tape.answers if key[0] == "SimulatePrincipalPolicy"}
    monkeypatch.setattr(tape, "answers", {**tape.answers, **refused})
    snapshot = play()
    assert [(g.resource_id, g.operation) for g in snapshot.gaps] == [(ROLE, "SimulatePrincipalPolicy")]
    gone = {record.id for record in snapshot.records if record.kind == "permission"}
    assert {arn.rpartition("/")[2] for arn in gone} == {"gone"}
