"""Where a webhook is posted to, what is signed, and that what comes from an account is text in every body."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from auditor.errors import ConfigError
from auditor.model.notification import Channel, ChannelType, Digest, GroupBy, NewsItem, NewsKind
from auditor.model.rule import Severity
from auditor.notify import webhook
from auditor.notify.bodies import body
from auditor.notify.digest import digest
from auditor.notify.webhook import DeliveryError, post, signed_headers, target

from .receiver import Receiver

EVIL = "<!channel> **bold** [x](https://evil.example.com) <script>&amp;\n::error::\u202e"
ITEM = NewsItem(
    NewsKind.NEW, f"Domain {EVIL} is wrong", Severity.HIGH, "STU101", "f" * 32, "111122223333", "eu-west-1", EVIL, EVIL,
    "https://console.aws.amazon.com/x",
)  # fmt: skip


def message(channel: Channel) -> Digest:
    return digest(channel, [ITEM], store="s3://nights", run_id="r", as_of="2026-11-01T02:00:00Z",
                  link="https://reports.example.com/files/r/report.html")  # fmt: skip


def channel(type_: ChannelType, **members: Any) -> Channel:
    return Channel(type_, "c", group_by=GroupBy.OWNER, **members)


def markup(value: Any) -> Iterator[tuple[str, str]]:
    """Every text of a body, with the type of the object that it is in."""
    if isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, str):
                yield str(value.get("type", "")), f"{key}={one}"
            else:
                yield from markup(one)
    elif isinstance(value, list):
        for one in value:
            yield from markup(one)


@pytest.mark.parametrize("type_", [ChannelType.SLACK, ChannelType.TEAMS])
def test_names_are_plain_text(type_: ChannelType) -> None:
    """Slack has markup in ``mrkdwn`` and in ``text`` beside the blocks, Teams in a TextBlock: no name is in either."""
    sent = json.loads(body(channel(type_), message(channel(type_))))
    with_name = {kind for kind, text in markup(sent) if "<!channel>" in text and "bold" in text}
    assert with_name == ({"plain_text"} if type_ is ChannelType.SLACK else {"TextRun"})
    told = json.dumps(sent, ensure_ascii=False)
    assert "\u202e" not in told
    assert "::error" not in told.replace(": :error", "")
    assert "f" * 32 in told
    assert "https://reports.example.com/files/r/report.html" in told


def test_json_of_ours_and_of_a_template() -> None:
    sent = json.loads(body(channel(ChannelType.WEBHOOK), message(channel(ChannelType.WEBHOOK))))
    (group,) = sent["groups"]
    assert (group["items"][0]["fingerprint"], sent["counts"]["new"], sent["more"]) == ("f" * 32, 1, 0)
    own = channel(ChannelType.WEBHOOK, template='{"text": {{ message.groups[0]["items"][0].text | json }}}')
    assert json.loads(body(own, message(own)))["text"].startswith("Domain <!channel>")
    for wrong in ("{{ nothing }}", "{% if", "{{ 1 / 0 }}", "{{ message.__class__.__mro__ }}"):
        with pytest.raises(ConfigError, match="notify: c: the template cannot be rendered"):
            body(replace(own, template=wrong), message(own))


def test_a_body_is_signed(receiver: Receiver) -> None:
    post(receiver.url, b"{}", signed_headers(b"{}", "hunter2", "d1"))
    ((headers, data),) = receiver.taken
    stamp = headers["X-Auditor-Timestamp"]
    expected = hmac.new(b"hunter2", f"{stamp}.".encode() + data, hashlib.sha256).hexdigest()
    assert (headers["X-Auditor-Signature"], headers["X-Auditor-Delivery"]) == (f"sha256={expected}", "d1")
    assert "X-Auditor-Signature" not in signed_headers(b"{}", "", "d1")


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 500, 503])
def test_a_redirect_is_not_followed_and_no_refusal_passes(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.headers = status, {"Location": receiver.url}
    with pytest.raises(DeliveryError) as raised:
        post(receiver.url, b"{}", {})
    assert f"HTTP {status}" in raised.value.message
    assert "hook" not in raised.value.message  # the address of a webhook is a secret
    assert len(receiver.taken) == 1


def resolved(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    monkeypatch.setattr(webhook.socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (a, 443)) for a in addresses])


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "169.254.170.2", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fd00:ec2::23",
        "::ffff:169.254.169.254", "2002:a9fe:a9fe::1", "64:ff9b::a9fe:a9fe", "::a9fe:a9fe", "0.0.0.0", "::",
        "168.63.129.16", "100.100.100.200", "224.0.0.1", "255.255.255.255",
    ],
)  # fmt: skip
def test_no_message_goes_to_a_metadata_service(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Whatever the name is, and also beside an address that would do."""
    resolved(monkeypatch, "93.184.216.34", address)
    with pytest.raises(DeliveryError, match="never sent to"):
        target("https://hooks.example.com/x")


def test_the_connection_goes_to_an_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    asked: list[str] = []

    def once(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(0, 0, 0, "", ("127.0.0.1", port))] if len(asked) == 1 else [(0, 0, 0, "", ("169.254.169.254", port))]

    monkeypatch.setattr(webhook.socket, "getaddrinfo", once)
    real = webhook.socket.create_connection
    monkeypatch.setattr(webhook.socket, "create_connection", lambda to, timeout: _connected(real, to, timeout))
    post(receiver.url.replace("127.0.0.1", "hooks.example.com"), b"{}", {})
    assert asked == ["hooks.example.com"]
    assert receiver.taken[0][0]["Host"].startswith("hooks.example.com:")


def _connected(real: Any, to: tuple[str, int], timeout: float) -> Any:
    import socket

    assert to[0] == "127.0.0.1"
    made = socket.socket()
    made.settimeout(timeout)
    made.connect(to)
    return made


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.com/x", "ftp://hooks.example.com", "https://", "https://me:pw@hooks.example.com/", "file:///etc",
     "https://hooks.example.com:99999/", "http://10.0.0.1/x"],
)  # fmt: skip
def test_https_only_but_for_this_machine(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    resolved(monkeypatch, "10.0.0.1")
    with pytest.raises(DeliveryError):
        target(url)
    assert target("https://hooks.example.com/x").addresses == ("10.0.0.1",)
    resolved(monkeypatch, "127.0.0.1", "::1")
    assert not target("http://localhost:8080/x").secure
