"""Shared by all tests: a clean AWS environment, and snapshots of the embedded estates, collected over HTTP once."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, settings

import auditor
from auditor.evaluate.audit import EvaluateOptions, evaluate
from auditor.model.report import Report
from auditor.model.rule import Rule, Severity
from auditor.model.snapshot import Snapshot
from auditor.resources import rules_dir
from auditor.rules.load import load_rules
from auditor.store import moments
from auditor.store.snapshot_file import write_snapshot
from tests.budgets import CI_SHARE, FUZZ, LONGEST, SHARE, WHOLE

if TYPE_CHECKING:
    import duckdb

    from auditor.resolve.load_documents import SourceFile

    # Needs moto, which the environment of the template tests does not have.
    from auditor.simulator import Simulator

REGIONS = {"acme": ("eu-west-1", "us-east-1"), "clean": ("eu-west-1",), "generated:2x6": ("eu-west-1",)}

# No deadline, since a busy machine is no defect; fixtures that a test shares among its examples are meant to be.
# CI draws the same examples each time, so that no change is refused for what another one left; others draw anew.
settings.register_profile(
    "ci", max_examples=round(WHOLE * CI_SHARE), deadline=None, print_blob=True, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
settings.register_profile("dev", settings.get_profile("ci"), max_examples=round(WHOLE * SHARE), derandomize=False)
settings.register_profile("fuzz", settings.get_profile("ci"), max_examples=FUZZ, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_configure() -> None:
    """As the program itself sets it (auditor/cli/main.py): a session of tests holds very many values that stay, and the
    collector of cycles would go over them again and again. What is compiled is kept, even where the shell says
    otherwise: each of the programs that tests start would compile all of it."""
    gc.set_threshold(100_000, 50, 50)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_collection_finish() -> None:
    """The tests themselves, a million values, are none of the collector's business."""
    gc.freeze()


def pytest_make_parametrize_id(val: object, argname: str) -> None:
    """Names of tests are the same in each process, else those that share the work refuse it: what is packed holds the
    second in which it was."""
    if isinstance(val, bytes) and val.startswith(b"\x1f\x8b"):
        raise pytest.UsageError(f"give an id to each value of {argname}: packed bytes are no name of a test")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where modules are shared out in their order (make test), those that take longest come first."""
    if config.getoption("loadscopereorder", default=True):
        return
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.nodeid.partition("::")[0], len(rank)))


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """What a test makes of signals ends with it: the command line ignores them once it ends, and so would whatever a
    later test starts."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        if handler is not None and signal.getsignal(number) != handler:
            signal.signal(number, handler)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture: what runs checkov is skipped, or fails, where it is missing. It pins an old boto3, and has an
    environment of its own, .venv-checkov."""
    if item.get_closest_marker("checkov") and find_spec("checkov") is None:
        if os.environ.get("AUDITOR_REQUIRE_CHECKOV"):
            pytest.fail("checkov is not installed here, and AUDITOR_REQUIRE_CHECKOV is set")
        pytest.skip("needs checkov: make test runs these in .venv-checkov")


@pytest.fixture(autouse=True)
def _no_real_aws(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No variable or file of this machine reaches boto3, so that no test can leave the machine."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    nowhere = tmp_path_factory.getbasetemp()
    monkeypatch.setenv("AWS_CONFIG_FILE", str(nowhere / "no-aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere / "no-aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where these tests run must not decide what they find: a tree is trusted unless a test says otherwise."""
    for name in ("CI", *(name for name in os.environ if name.startswith("AUDITOR_") and "REQUIRE" not in name)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Tests run beside each other, on little data: threads of DuckDB's own would only wait for each other."""
    import duckdb

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", partial(duckdb.connect, config={"threads": 1}))
        yield


@pytest.fixture(autouse=True, scope="session")
def _models_are_parsed_once() -> Iterator[None]:
    """Three quarters of a small audit's time is botocore parsing its models, and what is left of a session's beginning
    is what it makes of them: the shapes that it looks up, and a method for each operation. Everything else of a session
    is new."""
    from botocore import session
    from botocore.client import ClientCreator
    from botocore.model import ServiceModel

    # What a parsed model makes; both keep what their key is the address of.
    models: dict[int, tuple[object, ServiceModel]] = {}
    methods: dict[int, tuple[ServiceModel, dict[str, object]]] = {}
    load, create = ClientCreator._load_service_model, ClientCreator._create_methods

    def loaded(self: ClientCreator, service_name: str, api_version: str | None = None) -> ServiceModel:
        parsed = self._loader.load_service_model(service_name, "service-2", api_version=api_version)
        if id(parsed) not in models:
            models[id(parsed)] = parsed, load(self, service_name, api_version)
        return models[id(parsed)][1]

    def created(self: ClientCreator, service_model: ServiceModel) -> dict[str, object]:
        if id(service_model) not in methods:
            methods[id(service_model)] = service_model, create(self, service_model)
        return dict(methods[id(service_model)][1])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "create_loader", cache(session.create_loader))
        patch.setattr(ClientCreator, "_load_service_model", loaded)
        patch.setattr(ClientCreator, "_create_methods", created)
        yield


@pytest.fixture(autouse=True, scope="session")
def _the_same_answer_is_parsed_once() -> Iterator[None]:
    """Half of what it takes to collect a small account is botocore reading XML, and the answers of a simulated account
    are the same each time. What is read of one is kept packed, so that nobody changes what another gets."""
    from botocore.parsers import QueryParser

    # Each holds the shape that its key is the address of, so that no other gets that address.
    kept: dict[tuple[object, ...], tuple[object, bytes]] = {}
    parse = QueryParser._do_parse

    def parsed(self: QueryParser, response: dict[str, bytes], shape: object) -> object:
        key = (type(self), id(shape), sha256(response["body"]).digest())
        found = kept.get(key)
        if found is None:
            fresh = parse(self, response, shape)
            if len(kept) >= 1_000:
                kept.clear()
            kept[key] = shape, pickle.dumps(fresh, pickle.HIGHEST_PROTOCOL)
            return fresh
        return pickle.loads(found[1])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QueryParser, "_do_parse", parsed)
        yield


def _is_text(path: str) -> bool:
    return path.encode("utf-8", "replace").decode() == path


@pytest.fixture(autouse=True, scope="session")
def _the_same_tables_are_built_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tables of a snapshot that was read twice, wherever it lay, are copied from then on: their making is most of what
    a small evaluation costs, and depends on the files' content and the personas alone. Tests of how they are made, in
    tests/resolve, make them."""
    from auditor.evaluate import audit
    from auditor.resolve import alike_profiles, build_tables, evidence_tables

    real = audit.build
    sights: dict[str, int] = {}
    without: dict[str, str] = {}
    places: dict[str, list[str]] = {}
    folder = tmp_path_factory.mktemp("tables")

    def build(con: duckdb.DuckDBPyConnection, files: Sequence[SourceFile], *how: object) -> None:
        paths = [str(file.path) for file in files]
        # A name that is no text is the product's to refuse.
        if os.environ.get("PYTEST_CURRENT_TEST", "").startswith("tests/resolve/") or not all(map(_is_text, paths)):
            return real(con, files, *how)  # type: ignore[arg-type]
        limits = (
            alike_profiles.MANY_BYTES,
            build_tables.SMALL,
            build_tables.MATERIALISED_PROFILES,
            build_tables.MATERIALISED_DOCUMENTED,
            evidence_tables.MATERIALISED_ROLES,
        )
        held = [sha256(file.path.read_bytes()).hexdigest() for file in files]
        key = sha256(repr((held, how, limits)).encode()).hexdigest()
        kept = folder / f"{key}.duckdb"
        if kept.exists():
            con.execute("set preserve_insertion_order = false")
            con.execute(f"set disabled_optimizers = '{without[key]}'")
            con.execute(f"attach '{kept}' as kept (read_only)")
            con.execute("copy from database kept to memory")
            con.execute("detach kept")
            # The only table that holds where a file lay.
            if paths != places[key]:
                new_name = "list_extract($1, list_position($2, filename))"
                con.execute(f"update header set filename = {new_name}", [paths, places[key]])
            return None
        real(con, files, *how)  # type: ignore[arg-type]
        sights[key] = sights.get(key, 0) + 1
        if sights[key] == 2:
            part = kept.with_suffix(".part")
            con.execute(f"attach '{part}' as kept (block_size 16384)")
            con.execute("copy from database memory to kept")
            con.execute("detach kept")
            part.rename(kept)
            places[key] = paths
            ((without[key],),) = con.execute("select current_setting('disabled_optimizers')").fetchall()
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "build", build)
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_waiting() -> Iterator[None]:
    """The simulated account has no limits, CloudTrail's quota among them, unless a test says so."""
    from auditor.collect.aws import rates

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rates, "FIRST", 100_000.0)
        patch.setattr(rates, "KNOWN_LIMITS", {})
        yield


@pytest.fixture(autouse=True, scope="session")
def _clock() -> Iterator[None]:
    """Snapshots of tests are of November 2026: stores refuse what is still to come."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moments, "utc_now", lambda: max(datetime.now(UTC), datetime(2026, 12, 1, tzinfo=UTC)))
        yield


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Simulator]]:
    """Starts simulators and points boto3 at them: ``simulated("acme", faults=[…])``. One at a time."""
    from auditor.simulator import Simulator

    started: list[Simulator] = []

    def start(estate: str = "acme", **options: object) -> Simulator:
        while started:
            started.pop().stop()
        simulator = Simulator(estate, **options)  # type: ignore[arg-type]
        simulator.start()
        started.append(simulator)
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        return simulator

    yield start
    for simulator in started:
        simulator.stop()


@pytest.fixture(scope="session")
def estate_snapshot(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Snapshot]:
    """The snapshot of an embedded estate, collected once a session."""
    from auditor.collect.aws import CollectOptions, collect
    from auditor.simulator import Simulator

    made: dict[str, Snapshot] = {}

    def snapshot(name: str) -> Snapshot:
        if name not in made:
            with Simulator(name) as simulator, pytest.MonkeyPatch.context() as patch:
                for key, value in simulator.environment.items():
                    patch.setenv(key, value)
                made[name] = collect(CollectOptions(regions=REGIONS[name]))
        return made[name]

    return snapshot


@pytest.fixture(scope="session")
def estate_file(
    estate_snapshot: Callable[[str], Snapshot], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """The same as a snapshot file. Not to be changed: copy it first."""
    folder = tmp_path_factory.mktemp("snapshots")

    def file(name: str) -> Path:
        path = folder / f"{name}.jsonl"
        if not path.exists():
            write_snapshot(path, estate_snapshot(name))
        return path

    return file


@pytest.fixture(scope="session")
def estate_report(estate_file: Callable[[str], Path], built_in_rules: tuple[Rule, ...]) -> Callable[[str], Report]:
    """The report of all built-in rules on an embedded estate, with its inventory, evaluated once a session. No gate was
    applied to it."""
    made: dict[str, Report] = {}

    def report(name: str) -> Report:
        if name not in made:
            options = EvaluateOptions(with_inventory=True, with_summaries=True)
            made[name] = evaluate([estate_file(name)], built_in_rules, options)
        return made[name]

    return report


@pytest.fixture(scope="session")
def acme_failures(built_in_rules: tuple[Rule, ...]) -> Callable[[Severity | None], int]:
    """How many failures of a severity or worse the embedded estate has, as they were worked out by hand."""
    path = Path(auditor.__file__).parent / "simulator" / "estates" / "acme.expected.yaml"
    expected = yaml.safe_load(path.read_text(encoding="utf-8"))["fail"]
    ranks = {rule.id: rule.severity.rank for rule in built_in_rules}

    def failures(least: Severity | None = None) -> int:
        return sum(len(places) for rule, places in expected.items() if least is None or ranks[rule] <= least.rank)

    return failures


@pytest.fixture(scope="session")
def built_in_rules() -> tuple[Rule, ...]:
    return load_rules([rules_dir()])
