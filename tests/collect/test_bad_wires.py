"""What a network, a proxy or a broken service may send in place of an answer: a gap, or the end with one sentence."""

from __future__ import annotations

import gzip
import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from auditor.collect.aws import CollectOptions, account, collect, outages, run
from auditor.collect.aws.call_errors import NotAskedError, message, reason
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.collect.aws.outages import Outages
from auditor.deliver import security_hub
from auditor.errors import CollectError
from auditor.simulator import Simulator

from .conftest import HOME, SMALL

Bad = Callable[["_Wire"], None]
SPACE = '{"DomainId": "d-home", "SpaceName": "lab", "Status": "InService", "CreationTime": 1%s}'


class _Wire(BaseHTTPRequestHandler):
    """Hands on to the simulated account, but for one operation."""

    protocol_version = "HTTP/1.1"
    target: str
    operation: str
    bad: Callable[[_Wire], None]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.operation in self.headers.get("X-Amz-Target", "") + body.decode(errors="replace"):
            type(self).bad(self)
            self.close_connection = True
            return
        there = http.client.HTTPConnection(self.target)
        there.request(self.command, self.path, body, dict(self.headers.items()))
        answer = there.getresponse()
        content = answer.read()
        there.close()
        self.answered(answer.status, content, dict(answer.headers.items()))

    do_GET = do_POST  # noqa: N815 — the base class looks for this name

    def answered(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            if name.lower() not in ("content-length", "connection", "date", "server", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Silent."""


def body(content: str | bytes, status: int = 200, **headers: str) -> Bad:
    data = content if isinstance(content, bytes) else content.encode()
    return lambda wire: wire.answered(status, data, {k.replace("_", "-"): v for k, v in headers.items()})


def drip(wire: _Wire) -> None:
    """A byte at a time, far below the timeout of a socket and far above the limit of a call."""
    wire.send_response(200)
    wire.send_header("Content-Length", "100000")
    wire.end_headers()
    pour(wire, b" ")


def drip_headers(wire: _Wire) -> None:
    wire.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    pour(wire, b"x")


def pour(wire: _Wire, piece: bytes) -> None:
    begun = time.monotonic()
    try:
        while time.monotonic() - begun < 20:
            wire.wfile.write(piece)
            time.sleep(0.05)
    except OSError:
        return


def cut(wire: _Wire) -> None:
    wire.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"Spaces": [')


def reset(wire: _Wire) -> None:
    """In the middle of the body, and not by closing."""
    cut(wire)
    wire.wfile.flush()
    wire.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.connection.close()


BAD: dict[str, tuple[Bad, set[str]]] = {
    "a byte at a time": (drip, {"unreachable"}),
    "headers a byte at a time": (drip_headers, {"unreachable"}),
    "cut off": (cut, {"unreachable", "unexpected_response"}),
    "reset in the middle": (reset, {"unreachable", "unexpected_response"}),
    "503 with a page": (body("<html>busy</html>", 503, Content_Type="text/html"), {"server_error"}),
    "500 without a word": (body("", 500), {"server_error"}),
    "502 with JSON that is a list": (body("[]", 502), {"server_error", "unexpected_response"}),
    "429 without a word": (body("", 429), {"throttled", "unexpected_response"}),
    "a redirect": (body("", 307, Location="http://127.0.0.1:1/"), {"unexpected_response"}),
    "nothing": (body(""), {"unexpected_response"}),
    "deep lists": (body("[" * 200_000), {"unexpected_response"}),
    "deep lists inside": (body('{"Spaces": ' + "[" * 200_000 + "]" * 200_000 + "}"), {"unexpected_response"}),
    "deep objects": (body('{"Spaces": [' + '{"A":' * 50_000 + "1" + "}" * 50_000 + "]}"), {"unexpected_response"}),
    "Latin 1": (body('{"Spaces": [{"SpaceName": "ü"}]}'.encode("latin-1")), {"unexpected_response"}),
    "UTF-16": (body('{"Spaces": []}'.encode("utf-16")), {"unexpected_response"}),
    "gzip that nobody asked for": (body(gzip.compress(b'{"Spaces": []}')), {"unexpected_response"}),
    "a lone surrogate": (body('{"Spaces": [{"DomainId": "d-home", "SpaceName": "\\ud800"}]}'), {"unexpected_response"}),
    "a number of ten thousand digits": (body('{"Spaces": [%s]}' % (SPACE % ("0" * 10_000))), {"unexpected_response"}),
    "a time beyond all calendars": (body('{"Spaces": [%s]}' % (SPACE % ("0" * 18))), {"unexpected_response"}),
    "no number": (body('{"Spaces": [{"CreationTime": NaN}]}'), {"unexpected_response"}),
    "another type": (body('{"Spaces": "lab"}'), {"unexpected_response"}),
}  # fmt: skip


@pytest.fixture
def wired(simulated: Callable[..., Simulator], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, Bad], None]]:
    """``wired(operation, bad)``: the account, with that in place of one operation's answers."""
    monkeypatch.setattr(account, "FIRST_ANSWER", 3.0)
    servers: list[ThreadingHTTPServer] = []

    def start(operation: str, bad: Bad) -> None:
        # What is throttled slows down the others as well.
        monkeypatch.setattr(run, "CALL_SECONDS", 3.0 if bad in (drip, drip_headers) else 30.0)
        simulator = simulated(SMALL)
        members = {"target": urlsplit(simulator.endpoint_url).netloc, "operation": operation, "bad": staticmethod(bad)}
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Wire", (_Wire,), members))
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


OPTIONS = CollectOptions(regions=(HOME,), max_attempts=2, evidence=EvidenceOptions(names=()))


@pytest.mark.parametrize("name", BAD)
def test_a_list_is_lost_and_nothing_else(wired: Callable[[str, Bad], None], name: str) -> None:
    bad, reasons = BAD[name]
    wired("ListSpaces", bad)
    begun = time.monotonic()
    snapshot = collect(OPTIONS)
    assert time.monotonic() - begun < 15
    assert {(g.resource_type, g.resource_id, g.operation) for g in snapshot.gaps} == {("space", "*", "ListSpaces")}
    assert {g.reason for g in snapshot.gaps} <= reasons
    (region,) = (r for r in snapshot.records if r.kind == "account_region")
    assert region.gaps == ("space",)
    assert sum(r.kind == "user_profile" for r in snapshot.records) == 3


@pytest.mark.parametrize("name", BAD)
def test_an_account_that_does_not_say_who_it_is(wired: Callable[[str, Bad], None], name: str) -> None:
    wired("GetCallerIdentity", BAD[name][0])
    begun = time.monotonic()
    with pytest.raises(CollectError) as caught:
        collect(OPTIONS)
    assert time.monotonic() - begun < 25
    assert "\n" not in caught.value.message
    assert caught.value.hint


def error(status: int) -> ClientError:
    answer = {"Error": {"Code": "InternalFailure"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "DescribeUserProfile")  # type: ignore[arg-type]


def test_an_operation_that_only_fails_for_minutes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    found, key, other = Outages(), ("sagemaker", HOME, "DescribeUserProfile"), ("sagemaker", HOME, "ListSpaces")
    for _ in range(outages.FAILURES * 3):
        found.ended(key, error(500))
        found.check(key)
    now[0] = outages.SECONDS
    found.check(other)
    with pytest.raises(NotAskedError) as caught:
        found.check(key)
    assert reason(caught.value) == "server_error"
    assert "60 times in a row" in message(caught.value)
    # An answer, a refusal among them, begins anew.
    for ending in (None, error(400)):
        found.ended(key, ending)
        found.check(key)
        found.ended(key, error(500))
        now[0] += outages.SECONDS
        found.check(key)


def test_what_is_not_asked_any_more_is_a_gap(
    simulated: Callable[..., Simulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    from auditor.simulator import Fault

    monkeypatch.setattr(outages, "FAILURES", 1)
    monkeypatch.setattr(outages, "SECONDS", 0.0)
    simulator = simulated(SMALL, faults=[Fault("server_error", "DescribeUserProfile")])
    quiet = CollectOptions(regions=(HOME,), max_attempts=1, evidence=EvidenceOptions(names=()), concurrency=1)
    snapshot = collect(quiet)
    gaps = [g for g in snapshot.gaps if g.operation == "DescribeUserProfile"]
    assert [(g.resource_type, g.reason) for g in gaps] == [("user_profile", "server_error")] * 3
    assert sum("not asked" in g.detail for g in gaps) == 2
    assert simulator.calls["sagemaker:DescribeUserProfile"] == 1
    assert {r.gaps for r in snapshot.records if r.kind == "user_profile"} == {("*",)}


def test_security_hub_that_does_not_say_whose_it_is(
    wired: Callable[[str, Bad], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    wired("GetCallerIdentity", body("<a><b>page of a proxy</b></a>"))
    with pytest.raises(CollectError, match="not AWS"):
        security_hub.hubs(None)("123456789012", HOME)
