"""Where nothing can be collected, one clear sentence and the right exit code; and no credential anywhere, ever."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.collect.aws import CollectOptions, collect
from auditor.errors import AuditorError, CollectError, ConfigError, ExitCode
from auditor.simulator import Fault, Simulator
from auditor.store.snapshot_file import write_snapshot

from .conftest import AWAY, HOME, SMALL

Start = Callable[..., Simulator]
KEY, SECRET, TOKEN = "AKIAQ3EXAMPLEZ7PLMKO", "wJalrXUtnFEMI+K7MDENG+bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2VjEXAMPLETOKEN"
QUICK = CollectOptions(regions=(HOME,), max_attempts=2)


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that can be recognised wherever they turn up."""
    for name, value in (("ACCESS_KEY_ID", KEY), ("SECRET_ACCESS_KEY", SECRET), ("SESSION_TOKEN", TOKEN)):
        monkeypatch.setenv(f"AWS_{name}", value)


@pytest.fixture
def served(simulated: Start, monkeypatch: pytest.MonkeyPatch) -> Start:
    """A simulated account, asked with those credentials."""

    def start(**options: object) -> Simulator:
        simulator = simulated(SMALL, **options)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        return simulator

    return start


def _refused(kind: type[AuditorError], options: CollectOptions = QUICK) -> AuditorError:
    """The error: of that class and exit code, one sentence, with advice, naming no credential."""
    with pytest.raises(AuditorError) as caught:
        collect(options)
    error = caught.value
    assert type(error) is kind
    assert error.exit_code == (ExitCode.USAGE if kind is ConfigError else ExitCode.NOTHING_COLLECTED)
    assert error.message
    assert "\n" not in error.message
    assert not re.search(r"[.!?]\s+[A-Z]", error.message), "more than a sentence"
    assert "Traceback" not in error.diagnosis()
    assert error.hint
    for secret in (KEY, SECRET, TOKEN):
        assert secret not in error.diagnosis()
    return error


# Wrong configuration: 2


def test_no_credentials(served: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    simulator = served()
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
        monkeypatch.delenv(f"AWS_{name}")
    error = _refused(ConfigError)
    assert "credentials" in error.message
    assert "AWS_PROFILE" in error.hint
    assert not simulator.calls


def test_half_of_the_credentials(served: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    served()
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "credentials" in _refused(ConfigError).message


def test_no_region(served: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    simulator = served()
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    error = _refused(ConfigError, CollectOptions())
    assert "region" in error.message
    assert "AWS_DEFAULT_REGION" in error.hint
    assert not simulator.calls


@pytest.mark.parametrize("region", ["eu-wset-1", "mars north", "eu_west_1", "", "eu-west-1a", "EU-WEST-1"])
def test_a_region_that_does_not_exist(served: Start, region: str) -> None:
    simulator = served()
    error = _refused(ConfigError, CollectOptions(regions=(HOME, region)))
    assert repr(region) in error.message
    assert "--region" in error.hint
    assert not simulator.calls


def test_a_default_region_that_does_not_exist(served: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    served()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-wset-1")
    assert "'eu-wset-1'" in _refused(ConfigError, CollectOptions()).message


def test_all_regions_and_one_more(served: Start) -> None:
    served()
    assert "all" in _refused(ConfigError, CollectOptions(regions=("all", HOME))).message


def test_a_profile_that_does_not_exist(served: Start) -> None:
    simulator = served()
    error = _refused(ConfigError, CollectOptions(profile="nightly", regions=(HOME,)))
    assert "nightly" in error.message
    assert "aws configure list-profiles" in error.hint
    assert not simulator.calls


def test_a_profile_of_the_environment_that_does_not_exist(served: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    served()
    monkeypatch.setenv("AWS_PROFILE", "nightly")
    assert "nightly" in _refused(ConfigError).message


def test_a_configuration_file_that_cannot_be_read(
    served: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    served()
    path = tmp_path / "config"
    path.write_text("[default\nregion = eu-west-1\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    assert str(path) in _refused(ConfigError).message


# Nothing could be collected: 3


def test_an_expired_token(served: Start) -> None:
    served(faults=[Fault("expired_token")])
    assert "expired" in _refused(CollectError).message


def test_credentials_that_aws_does_not_know(served: Start) -> None:
    served(faults=[Fault("not_enabled")])
    assert "credentials" in _refused(CollectError).message


def test_an_endpoint_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    error = _refused(CollectError)
    assert str(port) in error.message
    assert "AWS_ENDPOINT_URL" in error.hint


@pytest.mark.parametrize("kind", ["garbage", "drop", "server_error", "throttle", "access_denied"])
def test_an_endpoint_that_does_not_say_who_asks(served: Start, kind: str) -> None:
    served(faults=[Fault(kind, "GetCallerIdentity")])  # type: ignore[arg-type]
    _refused(CollectError)


def test_every_list_denied(served: Start) -> None:
    lists = [f"List{name}" for name in ("Domains", "UserProfiles", "Spaces", "Apps", "PartnerApps")]
    served(faults=[Fault("access_denied", name) for name in lists])
    error = _refused(CollectError, CollectOptions(regions=(HOME, AWAY), max_attempts=2))
    assert "ListDomains" in error.message
    assert "permissions" in error.hint


def test_regions_that_cannot_be_listed(served: Start) -> None:
    served(faults=[Fault("access_denied", "DescribeRegions")])
    error = _refused(CollectError, CollectOptions(regions=("all",), max_attempts=2))
    assert "--region all" in error.message
    assert "ec2:DescribeRegions" in error.hint


# No credential anywhere


def test_no_credential_is_in_the_file(served: Start, tmp_path: Path) -> None:
    """Not with what went well, and not with what went wrong."""
    faults = [
        Fault("access_denied", "DescribeUserProfile", match="ana"),
        Fault("drop", "DescribeUserProfile", match="ben"),
        Fault("garbage", "DescribeUserProfile", match="cleo"),
        Fault("expired_token", "ListApps"),
        Fault("not_enabled", "ListSpaces"),
        Fault("server_error", "DescribeVpcs"),
    ]
    for number, chosen in enumerate(((), faults)):
        served(faults=chosen)
        path = tmp_path / f"{number}.jsonl"
        snapshot = collect(QUICK)
        assert len(snapshot.gaps) == len(chosen)
        write_snapshot(path, snapshot)
        text = path.read_text(encoding="utf-8")
        for secret in (KEY, SECRET, TOKEN, "aws_secret", "Signature="):
            assert secret not in text
