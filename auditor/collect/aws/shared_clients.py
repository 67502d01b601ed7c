"""Clients of boto3 that all accounts and Regions of a run share.

A client costs what botocore needs to parse a service's model (0.3 s for SageMaker, once a process), then 11 ms to make
its class. Its connections are its own. So a service has one client for many accounts and Regions, and each call says
for whom it is made and where. Only documented parts of botocore serve for that: components of a session
(``data_loader``, ``credential_provider``) and a client's events.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.request import getproxies

import botocore.config
import botocore.loaders
import botocore.session
from botocore import xform_name
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError

from auditor.collect.aws.rates import Rates
from auditor.version import __version__

#: urllib3's pool manager, as botocore makes it, keeps connections to so many hosts (its default is 10).
REGIONS_A_CLIENT = 8


@dataclass(frozen=True, slots=True)
class _Caller:
    """For whom and where the call of this thread is made."""

    credentials: Any
    region: str


_caller: ContextVar[_Caller] = ContextVar("caller")


def _acting() -> _Caller:
    caller = _caller.get(None)
    if caller is None:
        raise NoCredentialsError
    return caller


class _CallersCredentials(Credentials):  # type: ignore[misc, unused-ignore]
    """The credentials of whoever a call is made for. Outside of a call there are none, rather than another's."""

    def __init__(self) -> None:
        super().__init__("unused", "unused", method="caller")

    def get_frozen_credentials(self) -> Any:
        """Those that sign the call under way. Raises NoCredentialsError outside of a call."""
        return _acting().credentials.get_frozen_credentials()


class _Provider:
    """What a session asks for its credentials."""

    def load_credentials(self) -> Credentials:
        return _CallersCredentials()


class RegionalClient:
    """A service in one Region, with one account's credentials. Its methods are those of the client."""

    def __init__(self, client: Any, credentials: Any, region: str) -> None:
        self._client = client
        self._caller = _Caller(credentials, region)

    @property
    def meta(self) -> Any:
        """The shared client's own: its ``region_name`` may be another."""
        return self._client.meta

    def call(self, operation: str, request: Mapping[str, Any]) -> Any:
        """Call an operation by its API name. Raises what botocore raises."""
        method = getattr(self._client, xform_name(operation))
        with self._calling():
            return method(**request)

    def get_paginator(self, operation_name: str) -> _Paginator:
        """What pages an operation, by its name in Python, as botocore's own does."""
        return _Paginator(self._client.get_paginator(operation_name), self._calling)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def call(**request: Any) -> Any:
            with self._calling():
                return method(**request)

        return call

    @contextmanager
    def _calling(self) -> Iterator[None]:
        token = _caller.set(self._caller)
        try:
            yield
        finally:
            _caller.reset(token)


class _Paginator:
    """A paginator whose calls are made for the caller."""

    def __init__(self, paginator: Any, calling: Callable[[], AbstractContextManager[None]]) -> None:
        self._paginator, self._calling = paginator, calling

    def paginate(self, **request: Any) -> Iterator[Any]:
        """Every page."""
        pages = iter(self._paginator.paginate(**request))
        while True:
            with self._calling():
                page = next(pages, None)
            if page is None:
                return
            yield page


class SharedClients:
    """The clients of one AWS profile's configuration (endpoints, CA bundle, proxies), and the rates at which they may
    ask. Safe to use from many threads."""

    def __init__(self, profile: str | None, rates: Rates | None = None) -> None:
        """Raises ``botocore.exceptions.ProfileNotFound`` where the profile does not exist."""
        self.rates = rates or Rates()
        self.session = botocore.session.Session(profile=profile)
        self.session.register_component("data_loader", _loader(self.session.get_config_variable("data_path")))
        self.session.register_component("credential_provider", _Provider())
        # A token of a regional endpoint of STS is valid in Regions that have to be enabled, too.
        self.session.set_config_variable("sts_regional_endpoints", "regional")
        # Behind a proxy a Region may have a way of its own (NO_PROXY), which a client fixes when it is made.
        self._regions_a_client = 1 if getproxies() else REGIONS_A_CLIENT
        self._user_agent = _user_agent(self.session)
        self._lock = threading.Lock()
        self._regions: dict[str, int] = {}
        self._clients: dict[tuple[str, int, int], tuple[Any, botocore.config.Config]] = {}

    def client(self, service: str, region: str, credentials: Any, config: botocore.config.Config) -> RegionalClient:
        """A client that signs with the credentials. One is made for each configuration, compared by identity.

        Raises what botocore raises for a Region or an endpoint that is none.
        """
        # Making one is not thread-safe in botocore.
        with self._lock:
            group = self._regions.setdefault(region, len(self._regions)) // self._regions_a_client
            key = (service, group, id(config))
            if key not in self._clients:
                named = config.merge(botocore.config.Config(user_agent=self._user_agent))
                made = self.session.create_client(service, region_name=region, config=named)
                made.meta.events.register("before-parameter-build", _sign_for_region)
                made.meta.events.register("before-endpoint-resolution", _resolve_for_region)
                self._clients[key] = made, config
            return RegionalClient(self._clients[key][0], credentials, region)


def _sign_for_region(context: MutableMapping[str, Any], **_: Any) -> None:
    # Endpoints that are signed for another Region than they are asked in (IAM's) say so later, and win.
    region = _acting().region
    context["client_region"] = region
    context["signing"] = {"region": region}


def _resolve_for_region(builtins: MutableMapping[str, Any], **_: Any) -> None:
    builtins["AWS::Region"] = _acting().region


def _user_agent(session: Any) -> str:
    """What the calls say of the program: botocore's own words, then ours, and the application that the user named.

    botocore puts its words together anew for each call, a seventh of what a call costs, unless they are given.
    """
    application = session.get_config_variable("user_agent_appid")
    words = [session.user_agent(), f"sagemaker-studio-auditor/{__version__}"]
    return " ".join([*words, f"app/{application}"] if application else words)


@lru_cache(maxsize=4)
def _loader(data_path: str | None) -> Any:
    """Reads the models, once a process: they are of the installed botocore, and of AWS_DATA_PATH."""
    return botocore.loaders.create_loader(data_path)
