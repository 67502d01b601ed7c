"""One client for many accounts and Regions: each call goes where it should, signed by whom it should."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError

from auditor.collect.aws.shared_clients import REGIONS_A_CLIENT, SharedClients
from auditor.version import __version__

#: An operation without parameters of every service that a collection asks.
CALLS = {
    "ce": "ListCostAllocationTags", "cloudtrail": "DescribeTrails", "ec2": "DescribeVpcs", "events": "ListRules",
    "iam": "GetAccountAuthorizationDetails", "service-quotas": "ListServices",
    "kms": "ListKeys", "logs": "DescribeLogGroups", "resourcegroupstaggingapi": "GetResources",
    "sagemaker": "ListDomains", "securityhub": "DescribeHub", "sso-admin": "ListInstances", "sts": "GetCallerIdentity",
}  # fmt: skip
ONCE = Config(retries={"total_max_attempts": 1})


class _Sent(Exception):  # noqa: N818 — what a request held, and no error
    """A request, caught before it leaves the process."""


def _catch(request: Any, **_: Any) -> None:
    credential = re.search(r"Credential=([^,]+)", request.headers["Authorization"].decode())
    assert credential is not None
    key, _day, *scope = credential[1].split("/")
    raise _Sent(request.url, key, *scope)


def _shared() -> SharedClients:
    shared = SharedClients(None)
    shared.session.get_component("event_emitter").register("before-send", _catch)
    return shared


def _sent(shared: SharedClients, service: str, region: str, key: str = "KEY") -> tuple[Any, ...]:
    client = shared.client(service, region, Credentials(key, "secret"), ONCE)
    with pytest.raises(_Sent) as sent:
        client.call(CALLS[service], {})
    return sent.value.args


def _plain(service: str, region: str) -> tuple[Any, ...]:
    session = boto3.Session(aws_access_key_id="KEY", aws_secret_access_key="secret")
    client = session.client(service, region_name=region, config=ONCE)
    client.meta.events.register("before-send", _catch)
    with pytest.raises(_Sent) as sent:
        client._make_api_call(CALLS[service], {})
    return sent.value.args


def test_a_shared_client_asks_where_a_client_of_its_own_would() -> None:
    """Partitions, endpoints of IAM that are signed for another Region, and all the rest: as botocore has it."""
    shared = _shared()
    for service in CALLS:
        for region in ("eu-west-1", "us-east-1", "us-gov-west-1"):
            assert _sent(shared, service, region) == _plain(service, region), (service, region)
    assert len({id(shared.client("iam", r, None, ONCE)._client) for r in ("eu-west-1", "us-east-1")}) == 1


def test_a_configured_endpoint_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:2")
    shared = _shared()
    for region in ("eu-west-1", "us-east-1"):
        assert _sent(shared, "sagemaker", region) == ("http://127.0.0.1:1/", "KEY", region, "sagemaker", "aws4_request")
        assert _sent(shared, "kms", region)[0] == "http://127.0.0.1:2/"


def test_accounts_that_ask_at_once_sign_for_themselves() -> None:
    shared = _shared()

    def ask(number: int) -> bool:
        key, region = f"KEY{number % 7}", ("eu-west-1", "us-east-1")[number % 2]
        return _sent(shared, "sagemaker", region, key)[1:3] == (key, region)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(100)))


def test_nobody_signs_outside_of_a_call() -> None:
    client = _shared().client("sagemaker", "eu-west-1", Credentials("KEY", "secret"), ONCE)
    with pytest.raises(NoCredentialsError):
        client._client.list_domains()


def test_a_client_keeps_connections_to_as_many_regions_as_its_pool_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    regions = [f"eu-west-{number}" for number in range(1, REGIONS_A_CLIENT + 2)]
    shared = SharedClients(None)
    clients = [id(shared.client("sts", region, None, ONCE)._client) for region in regions]
    assert len(set(clients[:REGIONS_A_CLIENT])) == 1
    assert len(set(clients)) == 2
    # Which Regions a proxy is left out for is fixed when a client is made.
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    behind = SharedClients(None)
    assert len({id(behind.client("sts", region, None, ONCE)._client) for region in regions}) == len(regions)


@pytest.mark.parametrize("application", [None, "nightly-audit"])
def test_calls_say_which_program_makes_them(monkeypatch: pytest.MonkeyPatch, application: str | None) -> None:
    monkeypatch.setenv("AWS_EXECUTION_ENV", "CloudShell")
    if application:
        monkeypatch.setenv("AWS_SDK_UA_APP_ID", application)
    shared, said = SharedClients(None), list[str]()

    def catch(request: Any, **_: Any) -> None:
        said.append(request.headers["User-Agent"].decode())
        raise _Sent

    shared.session.get_component("event_emitter").register("before-send", catch)
    for _ in range(2):
        with pytest.raises(_Sent):
            shared.client("sagemaker", "eu-west-1", Credentials("KEY", "secret"), ONCE).call("ListDomains", {})
    words = said[0].split()
    assert words[0].startswith("Botocore/")
    assert "exec-env/CloudShell" in words
    assert f"sagemaker-studio-auditor/{__version__}" in words
    assert [w for w in words if w.startswith("app/")] == ([f"app/{application}"] if application else [])
    assert said[1] == said[0]
