"""Sessions, clients and who we are; wrong configuration becomes one clear sentence.

============================================  ==========================  =========
what is wrong                                 error                       exit code
============================================  ==========================  =========
no, partial or unreadable credentials         ConfigError                 2
a program or a file of theirs that is missing  ConfigError                2
a code that nobody is there to type           ConfigError                 2
no region, a region name that does not exist  ConfigError                 2
an endpoint that is not a URL                    ConfigError                 2
a profile that does not exist                 ConfigError                 2
expired or invalid credentials                CollectError                3
endpoint cannot be reached, or is not AWS     CollectError                3
============================================  ==========================  =========
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import boto3
import botocore
import botocore.config
import botocore.exceptions as exceptions
from botocore.parsers import ResponseParserError

from auditor.aws_credentials import credentials_of
from auditor.collect.aws import call_errors
from auditor.collect.aws.shared_clients import RegionalClient, SharedClients
from auditor.deadline import DeadlineError
from auditor.errors import AuditorError, CollectError, ConfigError
from auditor.yaml_source import near

#: Attempts of one call, the first included. botocore's own default (3) gives up too early on a throttled account.
MAX_ATTEMPTS = 8
CONNECT_TIMEOUT, READ_TIMEOUT = 10, 60  # seconds
_CREDENTIALS_HINT = "Set AWS_PROFILE, --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or run: aws sso login"
REGION_HINT = "Pass --region (repeatable, or all), or set AWS_REGION (AWS_DEFAULT_REGION)."


class Clients:
    """One account's credentials, and the clients that they are used with. Safe to use from many threads."""

    def __init__(
        self,
        profile: str | None,
        concurrency: int,
        max_attempts: int = MAX_ATTEMPTS,
        session: Any = None,
        shared: SharedClients | None = None,
    ) -> None:
        """``session``: a boto3 session whose credentials are used instead of the profile's. ``shared``: clients of a
        run over several accounts.

        Raises ConfigError where the profile does not exist or there are no credentials, CollectError where they are
        refused.
        """
        try:
            self._session: Any = session or boto3.Session(profile_name=profile)
            credentials = credentials_of(self._session, profile) if session is None else session.get_credentials()
            if credentials is None:
                raise ConfigError("no AWS credentials found", hint=_CREDENTIALS_HINT)
            self._shared = shared or SharedClients(profile)
        except (exceptions.BotoCoreError, exceptions.ClientError, DeadlineError) as error:
            raise explain(error) from error
        self._credentials = credentials
        self.max_attempts = max_attempts
        self.rates = self._shared.rates
        self._config = _config(concurrency, max_attempts)
        #: For calls that are tried again by whoever makes them.
        self.once = _config(concurrency, 1)

    @property
    def session(self) -> Any:
        """The boto3 session that the credentials are of."""
        return self._session

    @property
    def shared(self) -> SharedClients:
        """The clients, for other accounts as well."""
        return self._shared

    @property
    def default_region(self) -> str | None:
        """AWS_REGION, as the AWS CLI reads it, before what boto3 reads: AWS_DEFAULT_REGION and the profile."""
        region: str | None = os.environ.get("AWS_REGION") or self._session.region_name
        return region

    def available_regions(self) -> frozenset[str]:
        """Regions where SageMaker exists, as far as the installed botocore knows."""
        partitions = self._shared.session.get_available_partitions()
        return frozenset(r for p in partitions for r in self._shared.session.get_available_regions("sagemaker", p))

    def refuse_unknown(self, region: str) -> None:
        """Raises ConfigError for a region that does not exist, as far as the installed botocore knows."""
        partitions = self._shared.session.get_available_partitions()
        # EC2 is everywhere; the lists of other services lag behind.
        known = {r for p in partitions for r in self._shared.session.get_available_regions("ec2", p)}
        if region not in known:
            raise ConfigError(
                f"{region!r} is not an AWS Region that botocore {botocore.__version__} knows",
                hint=f"{near(region, known, REGION_HINT)} If the Region is new, upgrade boto3.",
            )

    def client(self, service: str, region: str, config: botocore.config.Config | None = None) -> RegionalClient:
        """The client. ``config``: another one than usual, which must be the same object each time. Raises ConfigError,
        CollectError."""
        try:
            return self._shared.client(service, region, self._credentials, config or self._config)
        except (exceptions.BotoCoreError, ValueError) as error:
            raise explain(error, region) from error


@lru_cache(maxsize=16)
def _config(concurrency: int, max_attempts: int) -> botocore.config.Config:
    """One object for equal options, since clients are kept by it."""
    return botocore.config.Config(
        retries={"mode": "standard", "total_max_attempts": max_attempts},
        max_pool_connections=concurrency,
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
    )


def explain(error: Exception, region: str = "") -> AuditorError:
    """The error that a person should see for what botocore raised."""
    told = _told(error, region)
    if isinstance(told, CollectError):
        told.reason = call_errors.reason(error)
    return told


def _told(error: Exception, region: str) -> AuditorError:
    code, text = call_errors.code(error), call_errors.message(error)
    if isinstance(error, exceptions.ProfileNotFound):
        return ConfigError(f"AWS profile not found: {text}", hint="See: aws configure list-profiles")
    if isinstance(error, exceptions.NoRegionError):
        return ConfigError("no AWS region", hint=REGION_HINT)
    if isinstance(error, ValueError) and "endpoint" in text.lower():
        return ConfigError(
            f"AWS_ENDPOINT_URL, or endpoint_url of the AWS profile, is not a URL: {text}",
            hint="Write it with its scheme, such as http://127.0.0.1:5000.",
        )
    if isinstance(error, exceptions.InvalidRegionError | ValueError):
        return ConfigError(f"{region or text!r} is not an AWS Region", hint=REGION_HINT)
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return ConfigError(f"AWS credentials are missing or incomplete: {text}", hint=_CREDENTIALS_HINT)
    if isinstance(error, call_errors.SIGN_ON_ERRORS):
        return CollectError(f"the single sign-on session is no longer valid: {text}", hint="Run: aws sso login")
    if call_errors.expired(error):
        return CollectError(
            f"the AWS credentials have expired ({code})", hint="Sign in again, then repeat the command."
        )
    if code in (*call_errors.NOT_ENABLED, "SignatureDoesNotMatch", "InvalidAccessKeyId"):
        return CollectError(f"AWS does not accept the credentials: {text}", hint=_CREDENTIALS_HINT)
    if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError | DeadlineError):
        return CollectError(
            f"AWS cannot be reached: {text}", hint="Check the network, the region's name and AWS_ENDPOINT_URL."
        )
    if isinstance(error, ResponseParserError | call_errors.OddAnswerError):
        return CollectError("what answered is not AWS", hint="Check AWS_ENDPOINT_URL and the network's proxy.")
    if isinstance(error, exceptions.BotoCoreError) and not isinstance(error, exceptions.ClientError):
        return ConfigError(f"AWS configuration: {text}", hint="Check ~/.aws/config and the AWS_ variables.")
    return CollectError(
        f"AWS refused: {code}: {text}",
        hint="Repeat the command; if it stays so, check the credentials and their policy.",
    )
