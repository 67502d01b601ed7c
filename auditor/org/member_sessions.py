"""Sessions in other accounts: a role assumed in each, renewed before it expires.

The credentials that a run starts with ask STS in their own Region: a token of a regional endpoint is valid in every
Region, also in those that an account has to enable; one of the global endpoint is not (IAM user guide, "Manage AWS STS
in an AWS Region"). A session lasts an hour, the most that role chaining allows, and botocore renews it a quarter of an
hour before its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.credentials import DeferredRefreshableCredentials

from auditor.collect.aws import call_errors
from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import CALL_FAILED, OddAnswerError, understood
from auditor.collect.aws.ledger import Ledger
from auditor.collect.aws.run import CALL_SECONDS
from auditor.collect.aws.session import Clients
from auditor.collect.aws.shared_clients import SharedClients
from auditor.deadline import within
from auditor.org.request import OrganizationRequest, external_id_of
from auditor.studio.partitions import partition_of

#: What CloudTrail shows as the session's name.
SESSION_NAME = "sagemaker-studio-auditor"
OPERATION = "AssumeRole"


@dataclass(frozen=True, slots=True)
class MemberSession:
    """A session in an account: the part of boto3's that credentials are asked of."""

    credentials: Any
    region_name: str

    def get_credentials(self) -> Any:
        """The credentials, which renew themselves."""
        return self.credentials


class MemberSessions:
    """Sessions by account. Safe to use from many threads.

    ``home``: the account and the Region of the credentials that the run starts with. Their own account is visited with
    them, without a role. ``ledger`` counts the calls of STS that no account's own ledger does.

    Raises ConfigError for an external id that is not there.
    """

    def __init__(self, clients: Clients, home: tuple[str, str], request: OrganizationRequest, ledger: Ledger) -> None:
        self._clients = clients
        self._account, self._region = home
        self._request = request
        self._role = request.role.lstrip("/")
        self._external_id = external_id_of(request.external_id)
        self._ledger = ledger

    @property
    def request(self) -> OrganizationRequest:
        """How accounts are entered."""
        return self._request

    @property
    def shared(self) -> SharedClients:
        """The clients that all accounts share."""
        return self._clients.shared

    def role_arn(self, account: str) -> str:
        """The role in an account, in the partition of the credentials."""
        return f"arn:{partition_of(self._region)}:iam::{account}:role/{self._role}"

    def session(self, account: str, ledger: Ledger | None = None) -> Any:
        """A session in the account. ``ledger`` counts the calls of STS for it, else the one of all.

        Raises one of ``CALL_FAILED`` where the role cannot be assumed.
        """
        if account == self._account:
            return self._clients.session
        credentials = DeferredRefreshableCredentials(_Refresh(self, account, ledger or self._ledger), "assume-role")
        credentials.get_frozen_credentials()
        return MemberSession(credentials, self._region)

    def assume(self, account: str, ledger: Ledger) -> Mapping[str, Any]:
        """New credentials, as botocore keeps them. Raises one of ``CALL_FAILED``."""
        request = {"RoleArn": self.role_arn(account), "RoleSessionName": SESSION_NAME}
        if self._external_id:
            request["ExternalId"] = self._external_id
        client = self._clients.client("sts", self._region)
        try:
            with understood(OPERATION):
                answer = within(CALL_SECONDS, lambda: client.assume_role(**request), OPERATION)
                given = answer["Credentials"]
                made = {
                    "access_key": text(given["AccessKeyId"]),
                    "secret_key": text(given["SecretAccessKey"]),
                    "token": text(given["SessionToken"]),
                    "expiry_time": _expiry(given["Expiration"], answer["ResponseMetadata"]).isoformat(),
                    "account_id": account,
                }
        except CALL_FAILED as error:
            ledger.called(self._region, OPERATION, 0, error)
            raise
        ledger.called(self._region, OPERATION, int(answer["ResponseMetadata"].get("RetryAttempts", 0)))
        return made


def _expiry(until: datetime, metadata: Mapping[str, Any]) -> datetime:
    """When credentials end on this machine's clock, which may not be that of AWS. Raises OddAnswerError for those that
    have ended: botocore would ask for others at every call."""
    now = datetime.now(UTC)
    with suppress(KeyError, TypeError, ValueError):
        until = now + (until - parsedate_to_datetime(metadata["HTTPHeaders"]["date"]))
    if until <= now:
        raise OddAnswerError(f"{OPERATION} answered with credentials that have ended already")
    return until


class _Refresh:
    """What botocore calls for the first credentials of an account, and again before they expire."""

    def __init__(self, sessions: MemberSessions, account: str, ledger: Ledger) -> None:
        self._sessions = sessions
        self._account = account
        self._ledger = ledger
        self._refused: Exception | None = None

    def __call__(self) -> Mapping[str, Any]:
        # An account that has withdrawn the role is not asked again for each of thousands of calls.
        if self._refused is not None:
            raise self._refused
        try:
            return self._sessions.assume(self._account, self._ledger)
        except CALL_FAILED as error:
            if call_errors.reason(error) == "access_denied":
                self._refused = error
            raise
