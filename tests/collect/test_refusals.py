"""Where nothing can be collected, one clear sentence and the right exit code; and no credential anywhere, ever."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from auditor import aws_credentials
from auditor.collect.aws import CollectOptions, account, collect
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
    # One that is nearly a Region's name is told which.
    assert "--region" in error.hint or error.hint.startswith(f"Did you mean '{HOME}'?")
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


def _profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *lines: str) -> None:
    """AWS profile ``job`` with these settings, and no credentials beside."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
        monkeypatch.delenv(f"AWS_{name}")
    path = tmp_path / "config"
    path.write_text("\n".join(["[profile base]", "aws_access_key_id = AKIABASE", "aws_secret_access_key = x",
                               "[profile job]", *lines, ""]), encoding="utf-8")  # fmt: skip
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    monkeypatch.setenv("AWS_PROFILE", "job")


def test_a_token_file_that_is_not_there(served: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    served()
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
        monkeypatch.delenv(f"AWS_{name}")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "no-token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/job")
    assert "no-token" in _refused(ConfigError).message


@pytest.mark.parametrize("program", ["/no/such/program", "echo not JSON", "false", "echo []"])
def test_a_credential_process_that_is_broken(
    served: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str
) -> None:
    served()
    _profile(monkeypatch, tmp_path, f"credential_process = {program}")
    assert "credentials" in _refused(ConfigError).message.lower()


def test_a_credential_process_that_says_nothing(served: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    served()
    _profile(monkeypatch, tmp_path, "credential_process = sleep 6")
    monkeypatch.setattr(aws_credentials, "FIRST_ANSWER", 0.3)
    begun = time.monotonic()
    error = _refused(ConfigError)
    assert time.monotonic() - begun < 5
    assert error.message == (
        "the AWS credentials cannot be read: what gives them (such as credential_process of the profile)"
        " had no answer after 0.3 seconds"
    )


def test_an_mfa_code_that_nobody_types(served: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    served()
    _profile(monkeypatch, tmp_path, "role_arn = arn:aws:iam::123456789012:role/job", "source_profile = base",
             "mfa_serial = arn:aws:iam::123456789012:mfa/ana")  # fmt: skip
    monkeypatch.setattr("sys.stdin", None)
    assert "job needs an MFA code" in _refused(ConfigError).message


@pytest.mark.parametrize("endpoint", ["127.0.0.1:5000", "http://"])
def test_an_endpoint_that_is_no_url(served: Start, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    served()
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    error = _refused(ConfigError)
    assert "AWS_ENDPOINT_URL" in error.message
    assert endpoint in error.message


def test_regions_of_two_partitions(served: Start) -> None:
    simulator = served()
    error = _refused(ConfigError, CollectOptions(regions=("us-east-1", "cn-north-1")))
    assert "aws-cn" in error.message
    assert not simulator.calls


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


@pytest.mark.parametrize("operation", ["GetCallerIdentity", "DescribeRegions"])
def test_a_page_of_a_proxy(served: Start, operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 200 and well-formed XML of somebody else: botocore's parser raises KeyError."""
    served()
    send = URLLib3Session.send

    def answer(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        response: AWSResponse = send(session, request)
        if operation in str(request.body):
            response._content = b"<html><body>Please log in</body></html>"
        return response

    monkeypatch.setattr(URLLib3Session, "send", answer)
    error = _refused(CollectError, CollectOptions(regions=("all",), max_attempts=2))
    assert "not AWS" in error.message
    assert "proxy" in error.hint


def test_the_order_of_regions_has_no_meaning(served: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A region that the account has not enabled refuses credentials that are good elsewhere."""
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    for regions in ((AWAY, HOME), (HOME, AWAY)):
        served(faults=[Fault("not_enabled", region=AWAY)])
        monkeypatch.delenv("AWS_DEFAULT_REGION")
        snapshot = collect(CollectOptions(regions=regions, max_attempts=2))
        assert {(g.region, g.reason) for g in snapshot.gaps} == {(AWAY, "region_not_enabled")}


def test_a_region_that_is_not_enabled_alone(served: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    served(faults=[Fault("not_enabled", region="me-south-1")])
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    error = _refused(CollectError, CollectOptions(regions=("me-south-1",), max_attempts=2))
    assert error.message == "the account has not enabled me-south-1"


def test_credentials_of_another_partition(served: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    served(faults=[Fault("not_enabled")])
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "AWS_DEFAULT_REGION" in _refused(CollectError, CollectOptions(regions=("all",), max_attempts=2)).hint


def test_credentials_that_expire_after_the_first_call(served: Start) -> None:
    served(faults=[Fault("expired_token", "ListDomains")])
    error = _refused(CollectError)
    assert "expired" in error.message
    assert "Sign in again" in error.hint


def test_an_endpoint_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "FIRST_ANSWER", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        begun = time.monotonic()
        error = _refused(CollectError)
    assert time.monotonic() - begun < 15
    assert "cannot be reached" in error.message


def test_a_role_to_assume_whose_endpoint_never_answers(
    served: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before the first call of ours botocore asks for the role, and would wait a minute five times."""
    served()
    _profile(monkeypatch, tmp_path, "role_arn = arn:aws:iam::123456789012:role/job", "source_profile = base")
    monkeypatch.setattr(aws_credentials, "FIRST_ANSWER", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        begun = time.monotonic()
        error = _refused(CollectError)
    assert time.monotonic() - begun < 15
    assert error.message == (
        "AWS cannot be reached: the provider of the credentials (assume-role) had no answer after 0.3 seconds"
    )


def test_aws_region_is_read_as_the_aws_cli_reads_it(served: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    served()
    monkeypatch.setenv("AWS_REGION", AWAY)
    assert [s.region for s in collect(CollectOptions(max_attempts=2)).header.scopes] == [AWAY]


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
        # Once the token has expired nothing more is asked, so that there are further gaps.
        assert len(snapshot.gaps) >= len(chosen)
        assert bool(snapshot.gaps) == bool(chosen)
        write_snapshot(path, snapshot)
        text = path.read_text(encoding="utf-8")
        for secret in (KEY, SECRET, TOKEN, "aws_secret", "Signature="):
            assert secret not in text
