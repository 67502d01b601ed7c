"""What a network does to a bucket: an answer that breaks off is no object, and silence has an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from auditor.errors import ConfigError, DamagedError
from auditor.store import bucket
from auditor.store.backends import open_backend
from auditor.store.place import Backend

WHOLE = b'{"run": "20261123T020000Z"}'


class _S3(BaseHTTPRequestHandler):
    """Gives each object as WHOLE, but for the first ``broken`` answers, which break off; or is silent."""

    protocol_version = "HTTP/1.1"
    broken = 0
    silent: threading.Event | None = None
    asked = 0

    def do_GET(self) -> None:
        kind = type(self)
        kind.asked += 1
        if kind.silent is not None:
            kind.silent.wait(30)
        self.send_response(200)
        self.send_header("Content-Length", str(len(WHOLE)))
        self.end_headers()
        self.wfile.write(WHOLE[:9] if kind.asked <= kind.broken else WHOLE)
        self.close_connection = True

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *arguments: object) -> None:
        """Silent."""


@pytest.fixture
def s3() -> type[_S3]:
    return type("S3", (_S3,), {})


@pytest.fixture
def place(s3: type[_S3], monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), s3)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    for name, value in {
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{server.server_port}", "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    yield open_backend("s3://nights/a")
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_an_answer_that_breaks_off_is_asked_for_again(place: Backend, s3: type[_S3], broken: int) -> None:
    s3.broken = broken
    assert place.read("store.json") == WHOLE
    assert s3.asked == broken + 1


def test_an_object_that_never_comes_whole_is_not_damaged(place: Backend, s3: type[_S3]) -> None:
    """It may be whole where it lies: the place can't be read."""
    s3.broken = 99
    with pytest.raises(ConfigError, match=r"s3://nights/a/store\.json: ") as raised:
        place.read("store.json")
    assert not isinstance(raised.value, DamagedError)


@pytest.mark.parametrize("ask", ["entries", "read", "put_bytes"])
def test_a_silent_endpoint_ends_with_one_sentence(
    ask: str, place: Backend, s3: type[_S3], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is asked first."""
    monkeypatch.setattr(bucket, "FIRST_ANSWER", 0.3)
    s3.silent = threading.Event()
    calls: dict[str, Callable[[], object]] = {
        "entries": place.entries, "read": lambda: place.read("a"), "put_bytes": lambda: place.put_bytes("a", b"x"),
    }  # fmt: skip
    began = time.monotonic()
    with pytest.raises(ConfigError, match=r"s3://nights/a: Amazon S3 had no answer after 0\.3 seconds"):
        calls[ask]()
    assert time.monotonic() - began < 5
    s3.silent.set()


def test_what_answered_once_has_the_time_that_its_sockets_have(
    place: Backend, s3: type[_S3], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.read("a")
    monkeypatch.setattr(bucket, "FIRST_ANSWER", 0.0)
    assert place.read("b") == WHOLE
