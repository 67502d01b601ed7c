"""A simulated account with two empty domains, and its boto3 client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from auditor.simulator import Simulator
from auditor.simulator.estate import Estate

from .clients import ACCOUNT, REGION, ROLE, client


@pytest.fixture
def account(simulated: Callable[..., Simulator]) -> Simulator:
    """An account with two domains, ``d-iam`` and ``d-sso``, that hold nothing."""
    domain = {"vpc": "main", "DefaultUserSettings": {"ExecutionRole": ROLE, "DefaultLandingUri": "studio::"}}
    data = {
        "region": REGION,
        "vpcs": {"main": {}},
        "roles": ["studio"],
        "domains": [
            {"DomainName": "one", "id": "d-iam", "AuthMode": "IAM", **domain},
            {"DomainName": "two", "id": "d-sso", "AuthMode": "SSO", **domain},
        ],
    }
    return simulated(Estate("test", ACCOUNT, REGION, data))


@pytest.fixture
def studio(account: Simulator) -> Any:
    """The account's SageMaker client."""
    return client(account)
