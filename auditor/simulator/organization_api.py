"""What an organization answers: AWS Organizations, STS, the Regions of each account, and who is let in.

Behaviour after the API references: AssumeRole refuses a missing role, an unfit external id and a suspended account with
the same AccessDenied; a session that is over gives ExpiredToken; a Region that is not enabled refuses its token.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from auditor.simulator.operations import paged
from auditor.simulator.organization import ROOT, SimulatedAccount, SimulatedOrganization, unit_id
from auditor.simulator.wire import ApiError

#: Services that answer in every Region, whatever an account has enabled.
_GLOBAL = ("iam", "organizations")
#: Where an account says who it is and which Regions it has enabled: this one it cannot disable.
_HOME, _ALWAYS = "us-east-1", ("sts", "ec2")
_STS = "https://sts.amazonaws.com/doc/2011-06-15/"
_EC2 = "http://ec2.amazonaws.com/doc/2016-11-15/"
_PAGE = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its members, and the same as the service's protocol writes them."""

    members: Mapping[str, Any]
    text: bytes


@dataclass(slots=True)
class _Session:
    account: str
    arn: str
    until: float


class OrganizationApi:
    """The organization's part of a simulator. Safe to use from many threads."""

    def __init__(self, organization: SimulatedOrganization) -> None:
        self._organization = organization
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}
        self._tokens: dict[str, tuple[float, float]] = {}
        self._made = 0

    def account(self, key: str, service: str) -> str:
        """The account that an access key leads into; a made-up key is the management account's."""
        session = self._sessions.get(key)
        if session is None:
            return self._organization.management
        if time.time() > session.until:
            code = "ExpiredToken" if service in ("sts", "iam") else "ExpiredTokenException"
            status = 403 if service in ("sts", "iam") else 400
            raise ApiError(code, "The security token included in the request is expired", status)
        return session.account

    def refuses(self, account: str, service: str, region: str) -> bool:
        """Whether the account has not enabled the Region. Raises ApiError where it throttles."""
        found = self._organization.accounts[account]
        if service == "sagemaker" and found.rate is not None and not self._may(found):
            raise ApiError("ThrottlingException", "Rate exceeded")
        if service in _GLOBAL or (region == _HOME and service in _ALWAYS):
            return False
        return region not in found.regions

    def _may(self, account: SimulatedAccount) -> bool:
        """A bucket of one second's tokens."""
        assert account.rate is not None, "only accounts that throttle are asked"
        with self._lock:
            now = time.monotonic()
            left, at = self._tokens.get(account.id, (max(account.rate, 1.0) if account.rate else 0.0, now))
            left = min(left + (now - at) * account.rate, max(account.rate, 1.0))
            may = account.rate > 0 and left >= 1
            self._tokens[account.id] = (left - may, now)
            return may

    def answer(
        self, service: str, name: str, key: str, account: str, request: Mapping[str, Any], body: bytes
    ) -> Answer | None:
        """The answer, None where another is to answer."""
        if (service, name) == ("sts", "AssumeRole"):
            return self._assume_role(account, dict(parse_qsl(body.decode())))
        if (service, name) == ("sts", "GetCallerIdentity") and key in self._sessions:
            return self._identity(self._sessions[key])
        if (service, name) == ("ec2", "DescribeRegions"):
            return self._regions(account)
        if service == "organizations" and name in _LISTS:
            if account != self._organization.management:
                raise ApiError("AccessDeniedException", "You don't have permissions to access this resource.")
            members = _LISTS[name](self, request)
            return Answer(members, json.dumps(members).encode())
        return None

    def _assume_role(self, caller: str, request: Mapping[str, str]) -> Answer:
        organization, arn = self._organization, request.get("RoleArn", "")
        account = organization.accounts.get(arn.split(":")[4] if arn.count(":") >= 5 else "")
        fits = account is not None and arn.endswith(f"::{account.id}:role/{organization.role}")
        open_ = account is not None and account.state == "ACTIVE" and not account.denied
        if account is None or not fits or not open_ or request.get("ExternalId", "") != organization.external_id:
            who = f"arn:aws:iam::{caller}:user/auditor"
            raise ApiError(
                "AccessDenied", f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {arn}", 403
            )
        lasts = min(int(request.get("DurationSeconds", 3600)), organization.session_seconds)
        until = math.ceil(time.time() + lasts)
        name = request.get("RoleSessionName", "")
        assumed = f"arn:aws:sts::{account.id}:assumed-role/{organization.role.rpartition('/')[2]}/{name}"
        with self._lock:
            self._made += 1
            key = f"ASIASIMULATED{self._made:07}"
            self._sessions[key] = _Session(account.id, assumed, until)
        expires = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        members = {
            "Credentials": {
                "AccessKeyId": key, "SecretAccessKey": "simulated", "SessionToken": f"token-{key}",
                "Expiration": expires,
            },
            "AssumedRoleUser": {"AssumedRoleId": f"AROASIMULATED:{name}", "Arn": assumed},
        }  # fmt: skip
        return Answer(members, _query("AssumeRole", members))

    def _identity(self, session: _Session) -> Answer:
        members = {"UserId": "AROASIMULATED", "Account": session.account, "Arn": session.arn}
        return Answer(members, _query("GetCallerIdentity", members))

    def _regions(self, account: str) -> Answer:
        regions = [
            {"RegionName": r, "Endpoint": f"ec2.{r}.amazonaws.com", "OptInStatus": "opt-in-not-required"}
            for r in self._organization.accounts[account].regions
        ]
        items = "".join(
            f"<item><regionName>{r['RegionName']}</regionName><regionEndpoint>{r['Endpoint']}</regionEndpoint>"
            f"<optInStatus>{r['OptInStatus']}</optInStatus></item>"
            for r in regions
        )
        inside = f"<requestId>simulated</requestId><regionInfo>{items}</regionInfo>"
        body = f'<DescribeRegionsResponse xmlns="{_EC2}">{inside}</DescribeRegionsResponse>'
        return Answer({"Regions": regions}, body.encode())

    def accounts(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """ListAccounts."""
        return _page([a for a in self._organization.accounts.values() if a.listed], request)

    def accounts_of(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """ListAccountsForParent."""
        parent = request["ParentId"]
        return _page([a for a in self._organization.accounts.values() if a.listed and unit_id(a.ou) == parent], request)

    def roots(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """ListRoots."""
        root = {"Id": ROOT, "Arn": f"arn:aws:organizations::{self._organization.management}:root/o-sim/{ROOT}",
                "Name": "Root", "PolicyTypes": []}  # fmt: skip
        return paged([root], request, "Roots")

    def units(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """ListOrganizationalUnitsForParent."""
        inside = [
            {"Id": number, "Arn": f"arn:aws:organizations::{self._organization.management}:ou/o-sim/{number}",
             "Name": path[-1]}
            for number, path in self._organization.units.items()
            if unit_id(path[:-1]) == request["ParentId"]
        ]  # fmt: skip
        return paged(inside, {"MaxResults": _PAGE, **request}, "OrganizationalUnits")


_LISTS: Mapping[str, Callable[[OrganizationApi, Mapping[str, Any]], Mapping[str, Any]]] = {
    "ListAccounts": OrganizationApi.accounts,
    "ListAccountsForParent": OrganizationApi.accounts_of,
    "ListRoots": OrganizationApi.roots,
    "ListOrganizationalUnitsForParent": OrganizationApi.units,
}


def _page(accounts: Sequence[SimulatedAccount], request: Mapping[str, Any]) -> Mapping[str, Any]:
    listed = [
        {"Id": a.id, "Arn": f"arn:aws:organizations::{a.id}:account/o-sim/{a.id}", "Name": a.name,
         "Email": f"{a.name}@example.com", "Status": a.state if a.state != "CLOSED" else "SUSPENDED", "State": a.state}
        for a in accounts
    ]  # fmt: skip
    return paged(listed, {"MaxResults": _PAGE, **request}, "Accounts")


def _query(name: str, members: Mapping[str, Any]) -> bytes:
    """An answer of STS."""
    inside = f"<{name}Result>{_xml(members)}</{name}Result><ResponseMetadata><RequestId>simulated</RequestId>"
    return f'<{name}Response xmlns="{_STS}">{inside}</ResponseMetadata></{name}Response>'.encode()


def _xml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{_xml(inner)}</{name}>" for name, inner in value.items())
    return str(value)
