"""Posting to a webhook: over https (http to this machine only), to no address inside of the cloud's own network.

The host is resolved once, every address is looked at, and the connection goes to one of those: a name cannot lead
elsewhere in between. Redirects are refused, proxies are not used. A body is signed with HMAC-SHA256 where there is a
secret: ``X-Auditor-Signature: sha256=HEX`` over the timestamp of ``X-Auditor-Timestamp``, a full stop, and the body.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from auditor.errors import AuditorError, ConfigError, ExitCode
from auditor.inert_text import one_line
from auditor.store import moments

_SECONDS = 10.0
_ANSWER = 64 * 1024
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: Addresses that answer for a machine's or a container's own identity, and are not link-local: Amazon EC2 (IPv6), EKS
#: Pod Identity (Amazon EC2 and EKS user guides), Azure's wire server, Alibaba Cloud.
_METADATA = (
    ipaddress.ip_network("fd00:ec2::/32"),
    ipaddress.ip_network("168.63.129.16/32"),
    ipaddress.ip_network("100.100.100.200/32"),
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class DeliveryError(AuditorError):
    """A message that a channel did not take. It is told again by the next run."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook is: what is connected to, and what is asked for there."""

    host: str
    port: int
    path: str
    secure: bool
    addresses: tuple[str, ...]


def secret_value(text: str, what: str) -> str:
    """A value of auditor.yaml that may be ``env:NAME``. Raises ConfigError where the variable is not set."""
    if not text.startswith("env:"):
        return text
    value = os.environ.get(text.removeprefix("env:"), "")
    if not value:
        raise ConfigError(f"{what}: the environment variable {text.removeprefix('env:')} is not set")
    return value


def target(url: str) -> Target:
    """Resolve and check. Raises DeliveryError for an address that is never posted to, and a host that is not found."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise DeliveryError("the webhook's address is not a URL") from error
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise DeliveryError("the webhook's address is not https://HOST/…, without a user and a password")
    secure = parts.scheme == "https"
    port = port or (443 if secure else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DeliveryError(f"the host {one_line(host)} is not found") from error
    addresses = tuple(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for address in addresses:
        _refuse(ipaddress.ip_address(address), host, secure=secure)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or any(c <= " " for c in path):
        raise DeliveryError("the webhook's address holds characters that a URL can't")
    return Target(host, port, path, secure, addresses)


def _refuse(address: _Address, host: str, *, secure: bool) -> None:
    seen = _embedded(address)
    if (
        seen.is_link_local or seen.is_unspecified or seen.is_multicast
        or any(seen in network for network in _METADATA if network.version == seen.version)
        or str(seen) == "255.255.255.255"
    ):  # fmt: skip
        raise DeliveryError(
            f"{one_line(host)} is at {address}, which a message is never sent to",
            hint="Link-local addresses and those of metadata services are refused.",
        )
    if not secure and not seen.is_loopback:
        raise DeliveryError("a webhook is posted to over https", hint="http is for this machine only.")


def _embedded(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 address stands for, if it does: mapped, 6to4, Teredo, NAT64, compatible."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    low = int(address) & 0xFFFFFFFF
    if address in _NAT64 or (int(address) >> 32 == 0 and low > 1):
        return ipaddress.IPv4Address(low)
    return address


def signed_headers(body: bytes, secret: str, delivery: str) -> dict[str, str]:
    """The headers of a post."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "sagemaker-studio-auditor",
        "X-Auditor-Delivery": delivery,
    }
    if secret:
        stamp = str(int(moments.utc_now().timestamp()))
        digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers |= {"X-Auditor-Timestamp": stamp, "X-Auditor-Signature": f"sha256={digest}"}
    return headers


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was looked at, under the host's own name."""

    def __init__(self, to: Target, address: str) -> None:
        super().__init__(to.host, to.port, timeout=_SECONDS)
        self._to, self._address = to, address

    def connect(self) -> None:
        made = socket.create_connection((self._address, self._to.port), _SECONDS)
        if self._to.secure:
            made = ssl.create_default_context().wrap_socket(made, server_hostname=self._to.host)
        self.sock = made


def post(url: str, body: bytes, headers: dict[str, str]) -> None:
    """Post; any answer but 2xx is an error. Raises DeliveryError, whose text does not hold the address."""
    to = target(url)
    failure = "no address answers"
    for address in to.addresses:
        connection = _Pinned(to, address)
        try:
            connection.request("POST", to.path, body, headers)
            answer = connection.getresponse()
            answer.read(_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            # A read that timed out may have been taken: another address would get it twice.
            failure = one_line(str(error)) or type(error).__name__
            if connection.sock is None:
                continue
            break
        finally:
            connection.close()
        if 200 <= answer.status < 300:
            return
        what = "answers with a redirect, which is not followed" if 300 <= answer.status < 400 else "refuses the message"
        raise DeliveryError(f"{one_line(to.host)} {what} (HTTP {answer.status})")
    raise DeliveryError(f"{one_line(to.host)} could not be reached: {failure}")
