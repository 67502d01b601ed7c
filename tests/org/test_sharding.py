"""Accounts that several workers collect: whoever does it, in which order and how often, the snapshot is the same."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli.main import run
from auditor.collect.aws import CollectOptions
from auditor.collect.aws.collector import Collection
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.collect.aws.ledger import Ledger
from auditor.errors import ConfigError
from auditor.model.accounts import Account
from auditor.model.snapshot import SCHEMA_VERSION, Coverage, Gap, Header, Record, Scope
from auditor.org import visit as visiting
from auditor.org.targets import Targets
from auditor.run import collect_accounts as joining
from auditor.run.account_parts import AccountParts
from auditor.run.collect_shard import parse_shard
from auditor.run.gather_accounts import Gatherer
from auditor.run.messages import LoggedMessages
from auditor.run.run_options import AwsOptions
from auditor.simulator import Simulator, load_organization
from auditor.store.backends import open_backend
from auditor.store.merge_snapshots import merged_header
from auditor.store.snapshot_reader import SnapshotReader
from tests.budgets import examples
from tests.evaluate.helpers import REGION, domain, in_account, profile

from .small import DEV, LOCKED, PROD, SMALL

ACCOUNTS = tuple(Account(f"{n:012}", f"account-{n}") for n in range(1, 8))
#: The role in it cannot be assumed.
REFUSES = ACCOUNTS[3].id
AS_OF = "2026-11-23T02:00:00Z"
OPTIONS = CollectOptions(regions=("all",), evidence=EvidenceOptions(()))


class Killed(BaseException):
    """What ends a worker in the middle."""


class _Account:
    """What an account answers, without AWS: a domain, and as many people as its number."""

    def __init__(self) -> None:
        self.as_of = AS_OF
        #: Accounts after which the worker is killed; -1: never.
        self.left = -1
        self.collected: list[str] = []

    def records(self, account: str) -> Sequence[Record]:
        place = Record(account, REGION, "account_region", REGION, {})
        people = [profile(f"p-{n}") for n in range(int(account))]
        return sorted(
            (place, *in_account(account, domain(), *people)), key=lambda r: (r.account, r.region, r.kind, r.id)
        )

    @contextmanager
    def collecting(self, options: CollectOptions, _progress: object = None) -> Iterator[Collection]:
        account = str(options.session)
        if self.left == 0:
            raise Killed
        self.left -= 1
        self.collected.append(account)
        kinds = tuple(sorted(options.evidence.kinds))
        header = Header(
            SCHEMA_VERSION, "aws", self.as_of, "0.1.0", "1.44.5", "", (Scope(account, REGION),), kinds=kinds
        )
        gaps = (
            (Gap(account, REGION, "app", "*", "*", "ListApps", "throttled", "slow"),) if account.endswith("5") else ()
        )
        calls = (Coverage(account, REGION, "ListDomains", 1, 0, 0, 0, ""),)
        run: Any = SimpleNamespace(records=lambda: iter(self.records(account)))
        yield Collection(header, gaps, calls, run)


class _Sessions:
    """Sessions that are the accounts' ids."""

    shared = None

    def role_arn(self, account: str) -> str:
        return f"arn:aws:iam::{account}:role/StudioAuditor"

    def session(self, account: str, ledger: Ledger) -> str:
        error = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")
        refused = error if account == REFUSES else None
        ledger.called(REGION, "AssumeRole", 0, refused)
        if refused:
            raise refused
        return account


@dataclass
class _Entered:
    """The credentials that a run starts with."""

    targets: Targets
    account: str = "999999999999"
    caller: str = "arn:aws:iam::999999999999:role/hub"
    region: str = REGION
    clients: object = None

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.account)
        self.ledger.called(REGION, "GetCallerIdentity", 0)

    def sessions(self) -> _Sessions:
        return _Sessions()


def gatherer(place: Path | str | None) -> Gatherer:
    parts = None if place is None else str(place)
    return Gatherer(AwsOptions(organization=True, parts=parts), LoggedMessages())


def work(place: Path, accounts: Sequence[Account], folder: Path) -> None:
    """One worker."""
    folder.mkdir(parents=True)
    sessions: Any = _Sessions()
    # One account after another, so that it is known what a worker has done when it ends.
    for account in accounts:
        gatherer(place)((account,), sessions, OPTIONS, folder)


def joined(folder: Path, place: Path | None, accounts: Sequence[Account] = ACCOUNTS) -> bytes:
    """The snapshot of all accounts."""
    entered: Any = _Entered(Targets(tuple(accounts)))
    path = folder / "all.jsonl"
    joining.collect_accounts(OPTIONS, entered, path, gatherer(place))
    return path.read_bytes()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> _Account:
    made = _Account()
    monkeypatch.setattr(visiting, "collecting", made.collecting)
    monkeypatch.setattr("auditor.run.account_parts._refuse_old", lambda *_: None)
    return made


@examples(30)
@given(data=st.data())
def test_law_any_sharding_order_duplicate_or_lost_worker_gives_the_same_bytes(
    data: st.DataObject, world: _Account, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    world.left = -1
    alone = joined(folder, None)
    shards = data.draw(st.integers(1, len(ACCOUNTS) + 1))
    # Workers in any order, some twice, some never, some killed after a few accounts.
    runs = data.draw(st.lists(st.tuples(st.integers(1, shards), st.integers(-1, 3)), max_size=2 * shards))
    place = folder / "parts"
    for number, (shard, left) in enumerate(runs):
        world.left = left
        try:
            work(place, ACCOUNTS[shard - 1 :: shards], folder / f"worker-{number}")
        except Killed:
            continue
    world.left = -1
    world.collected.clear()
    there = {name.name[:12] for name in place.glob("*.jsonl")}
    assert joined(folder, place) == alone
    assert set(world.collected) == {a.id for a in ACCOUNTS} - there - {REFUSES}, "what is there is not asked again"
    again = joined(folder, place)
    assert again == alone


def test_the_first_writer_counts_and_nothing_is_ever_changed(world: _Account, tmp_path: Path) -> None:
    place = tmp_path / "parts"
    work(place, ACCOUNTS[:1], tmp_path / "one")
    (part,) = place.glob("*.jsonl")
    first = part.read_bytes()
    # A second worker began when nothing was there, and saw the account later.
    (tmp_path / "two").mkdir()
    parts = AccountParts(tmp_path / "two", OPTIONS, LoggedMessages(), open_backend(str(place)))
    world.as_of = "2026-11-23T03:00:00Z"
    with world.collecting(replace(OPTIONS, session=ACCOUNTS[0].id)) as found:
        assert parts.write(ACCOUNTS[0], found).read_bytes() == first
    assert part.read_bytes() == first
    assert [path for path in place.rglob("*") if path.is_file()] == [part], "nothing else is left behind"


@pytest.mark.parametrize("content", ["", '{"snapshot":', "of another account"])
def test_a_part_that_cannot_be_used_is_collected_again(
    content: str, world: _Account, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alone = joined(tmp_path, None)
    place = tmp_path / "parts"
    work(place, ACCOUNTS[:3], tmp_path / "one")
    spoilt, other = sorted(place.glob("*.jsonl"))[:2]
    spoilt.write_bytes(other.read_bytes() if content.startswith("of") else content.encode())
    assert joined(tmp_path, place) == alone
    assert f"Account {ACCOUNTS[0].id} is collected here" in caplog.text


def test_a_part_that_was_collected_for_fewer_rules_is_collected_again(
    world: _Account, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Roles that nobody looked for are no roles that are not there."""
    sessions: Any = _Sessions()
    place = tmp_path / "parts"
    narrow = replace(OPTIONS, evidence=EvidenceOptions(names=("sign-ins",)))
    all_of_it = replace(OPTIONS, evidence=EvidenceOptions(names=("sign-ins", "roles")))
    for folder in ("one", "two", "three"):
        (tmp_path / folder).mkdir()
    gatherer(place)(ACCOUNTS[:1], sessions, narrow, tmp_path / "one")
    (wide,) = gatherer(place)(ACCOUNTS[:1], sessions, all_of_it, tmp_path / "two")
    assert wide.part is not None
    assert set(SnapshotReader(wide.part).header.kinds) == all_of_it.evidence.kinds
    assert caplog.text.count(f"Account {ACCOUNTS[0].id} is collected here") == 1
    assert "was collected without" in caplog.text
    # What was collected for more rules serves those that are asked for.
    world.collected.clear()
    gatherer(tmp_path / "more")(ACCOUNTS[1:2], sessions, all_of_it, tmp_path / "two")
    gatherer(tmp_path / "more")(ACCOUNTS[1:2], sessions, narrow, tmp_path / "three")
    assert world.collected == [ACCOUNTS[1].id]


def test_what_nobody_looked_for_in_one_account_was_not_looked_for_in_all() -> None:
    headers = [
        Header(SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0.1.0", "1.44.5", "", (), kinds=kinds)
        for kinds in (("domain", "role"), ("domain", "sign_in"))
    ]
    assert merged_header(headers[0], headers).kinds == ("domain",)


def test_parts_of_another_night_are_refused_and_of_other_regions_not_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = _Account()
    made.as_of = "2020-11-23T02:00:00Z"
    monkeypatch.setattr(visiting, "collecting", made.collecting)
    place = tmp_path / "parts"
    work(place, ACCOUNTS[:1], tmp_path / "one")
    sessions: Any = _Sessions()
    with pytest.raises(ConfigError, match="more than 24 hours ago") as caught:
        gatherer(place)(ACCOUNTS[:1], sessions, OPTIONS, tmp_path / "one" / "two")
    assert "--parts" in caught.value.hint
    elsewhere = replace(OPTIONS, regions=("us-east-1",))
    (tmp_path / "three").mkdir()
    gatherer(place)(ACCOUNTS[:1], sessions, elsewhere, tmp_path / "three")
    assert len(list(place.glob("*.jsonl"))) == 2


@pytest.mark.parametrize("text", ["", "1", "0/3", "4/3", "1/0", "-1/3", "1/3/5", "a/b", "\N{SUPERSCRIPT TWO}/3"])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(ConfigError, match="is not I/N"):
        parse_shard(text)


def test_what_only_several_accounts_have(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for options, says in (
        (["--snapshot", "a.jsonl", "--parts", "p"], "for several accounts"),
        (["--snapshot", "a.jsonl", "--executor", "processes"], "for several accounts"),
        (["--account", DEV, "--snapshot", "a.jsonl", "--executor", "dask://127.0.0.1:1"], "needs --parts"),
        (["--account", DEV, "--shard", "1/2"], "--parts"),
        (["--account", DEV], "--snapshot FILE is missing"),
        (["--account", DEV, "--snapshot", "a.jsonl", "--shard", "1/2", "--parts", "p"], "writes no snapshot"),
        (["--account", DEV, "--snapshot", "a.jsonl", "--executor", "fork"], "is none of threads"),
    ):
        assert run(["collect", *options]) == 2
        assert says in capfd.readouterr().err


# Over HTTP, on the simulated organization.

NAMED = ("--account", PROD, "--account", DEV, "--account", LOCKED)
ASKED = (*NAMED, "--role", "audit/StudioAuditor", "--external-id", "env:NIGHTLY", "--evidence", "roles")


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator(load_organization(str(SMALL))) as simulator:
        yield simulator


@pytest.fixture
def collected(served: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs a collection; gives the snapshot's bytes with every moment of it as one and the same."""
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NIGHTLY", "nightly-7f3a")
    monkeypatch.chdir(tmp_path)

    def collect(*options: str) -> str:
        assert run(["collect", *ASKED, "--snapshot", "all.jsonl", "--quiet", *options]) == 5
        assert SnapshotReader(Path("all.jsonl")).sha256
        text = re.sub(r"20\d\d-\d\d-\d\dT[0-9:]{8}(\.\d+)?(Z|\+00:00)", "NOW", Path("all.jsonl").read_text())
        return re.sub(r'"sha256":"[0-9a-f]*"', "", text)

    return collect


def test_shards_and_processes_collect_what_one_run_does(
    collected: Any, served: Simulator, capfd: pytest.CaptureFixture[str]
) -> None:
    alone = collected()
    assert collected("--executor", "processes") == alone
    capfd.readouterr()
    assert run(["collect", *ASKED, "--shard", "1/2", "--parts", "parts"]) == 5
    out, err = capfd.readouterr()
    assert "shard 1/2: 1 of 2 accounts in parts" in out
    assert f"Account {LOCKED} was not collected: role arn" in err
    assert run(["collect", *ASKED, "--shard", "2/2", "--parts", "parts", "--quiet"]) == 0
    assert run(["collect", *ASKED, "--shard", "4/4", "--parts", "parts"]) == 0, "a share without an account"
    before = dict(served.calls)
    assert collected("--parts", "parts") == alone
    after = {name: n - before.get(name, 0) for name, n in served.calls.items() if n != before.get(name, 0)}
    assert after == {"sts:GetCallerIdentity": 1, "sts:AssumeRole": 1}, "only who refused is tried again"


#: What a worker does when it starts: once its first account is whole, the first one of all ends, without a word.
_PRELOAD = """
import os, signal
from auditor.run.account_parts import AccountParts
def write(self, account, found, kept=AccountParts.write):
    path = kept(self, account, found)
    try:
        os.close(os.open({mark!r}, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return path
    os.kill(os.getpid(), signal.SIGKILL)
AccountParts.write = write
"""


def test_dask_workers_one_of_which_is_killed(collected: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A real scheduler and two worker processes on loopback."""
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    alone = collected()
    mark = tmp_path / "killed"
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
        worker_dashboard_address=None, silence_logs=50, preload=[_PRELOAD.format(mark=str(mark))],
        local_directory=str(tmp_path),
    ) as cluster:  # fmt: skip
        place = cluster.scheduler_address.removeprefix("tcp://")
        found = collected("--executor", f"dask://{place}", "--parts", str(tmp_path / "parts"))
    assert mark.exists(), "a worker ended in the middle"
    assert found == alone
    assert len(list((tmp_path / "parts").glob("*.jsonl"))) == 2


def test_a_scheduler_that_does_not_answer(collected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="needs the extra dask")
    monkeypatch.setattr("auditor.run.gather_accounts._PATIENCE", "1s")
    assert run(["collect", *ASKED, "--snapshot", "a.jsonl", "--executor", "dask://127.0.0.1:9", "--parts", "p"]) == 3
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert run(["collect", *ASKED, "--snapshot", "a.jsonl", "--executor", "dask://127.0.0.1:9", "--parts", "p"]) == 2
    assert not Path("a.jsonl").exists()
