"""Whatever asks AWS finds its credentials in one way: bounded in time, and with one clear sentence where it cannot."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor import aws_credentials
from auditor.errors import AuditorError, ExitCode
from auditor.model.notification import Channel, ChannelType
from auditor.notify.aws_channels import send
from auditor.store.bucket import Bucket
from auditor.store.signing import public_keys
from auditor.store.trail_bucket import download

ANYTHING: Any = None
TOPIC = "arn:aws:sns:eu-west-1:123456789012:night"
USES: dict[str, Callable[[], object]] = {
    "store": lambda: Bucket("s3://audits/studio", None),
    "trail": lambda: download("s3://trail/AWSLogs", Path("logs"), ANYTHING, None),
    "signature": lambda: public_keys(["kms:alias/audits"]),
    "channel": lambda: send(Channel(ChannelType.SNS, "night", topic=TOPIC), ANYTHING, None),
}


@pytest.fixture(params=USES)
def use(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], str]:
    """Asks AWS with an AWS profile of these lines; returns the error's sentence."""

    def asked(*profile: str) -> str:
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
            monkeypatch.delenv(f"AWS_{name}", raising=False)
        path = tmp_path / "config"
        path.write_text("\n".join(["[profile base]", "aws_access_key_id = AKIABASE", "aws_secret_access_key = x",
                                   "[profile job]", "region = eu-west-1", *profile, ""]), encoding="utf-8")  # fmt: skip
        monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
        monkeypatch.setenv("AWS_PROFILE", "job")
        monkeypatch.setattr(aws_credentials, "FIRST_ANSWER", 0.5)
        with pytest.raises(AuditorError) as caught:
            USES[request.param]()
        assert caught.value.exit_code == ExitCode.USAGE
        assert caught.value.hint
        return caught.value.message

    return asked


@pytest.mark.parametrize("program", ["/no/such/program", "echo not JSON", "echo []"])
def test_a_program_that_gives_none(use: Callable[..., str], program: str) -> None:
    assert use(f"credential_process = {program}").startswith("the AWS credentials cannot be read: ")


def test_a_program_that_says_nothing(use: Callable[..., str]) -> None:
    begun = time.monotonic()
    said = use("credential_process = sleep 8")
    assert time.monotonic() - begun < 7
    assert "credential_process of the profile) had no answer after 0.5 seconds" in said


def test_a_code_that_nobody_is_there_to_type(use: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    said = use("role_arn = arn:aws:iam::123456789012:role/job", "source_profile = base",
               "mfa_serial = arn:aws:iam::123456789012:mfa/ana")  # fmt: skip
    assert said == "AWS profile job needs an MFA code, and there is no terminal to ask for it"


def test_a_role_whose_endpoint_never_answers(use: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        said = use("role_arn = arn:aws:iam::123456789012:role/job", "source_profile = base")
    assert said == (
        "AWS cannot be reached: the provider of the credentials (assume-role) had no answer after 0.5 seconds"
    )


def test_somebody_at_a_terminal_is_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program may ask for a password: there is no limit where somebody can type it."""
    import sys

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(aws_credentials, "FIRST_ANSWER", 0.1)
    answer = '{"Version": 1, "AccessKeyId": "AKIATYPED", "SecretAccessKey": "x"}'
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nsleep 0.4\necho '{answer}'\n", encoding="utf-8")
    program.chmod(0o755)
    config = tmp_path / "config"
    config.write_text(f"[profile job]\ncredential_process = {program}\n", encoding="utf-8")
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert aws_credentials.session("job").get_credentials().access_key == "AKIATYPED"
