"""The account over HTTP: a thin WSGI layer that answers Studio's operations and leaves the rest to moto's server."""

from __future__ import annotations

import io
import json
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import get_account_id_from
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from auditor.errors import ConfigError
from auditor.simulator import others
from auditor.simulator.estate import Estate, load_estate, populate
from auditor.simulator.injected_faults import Fault, FaultKind, Faults, refuse
from auditor.simulator.operations import OPERATIONS, OWN_ARNS, paged, position, tagged_resources, token
from auditor.simulator.organization import SimulatedOrganization
from auditor.simulator.organization_api import OrganizationApi
from auditor.simulator.recorded_calls import IAM_CALLS, event, iam_event, iam_region
from auditor.simulator.reset_backends import reset
from auditor.simulator.state import StudioBackend, studio_backends
from auditor.simulator.updates import Nested
from auditor.simulator.wire import MODELS, ApiError, operation_model, shaped, validate

_STUDIO = "SageMaker."
_READS = ("Describe", "List")
_TAGGING = "ResourceGroupsTaggingAPI_20170126."
#: Shape checks and the like: called with (service, operation, answer) before an answer goes out.
Observer = Callable[[str, str, Mapping[str, Any]], None]


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 — werkzeug's own name
        """Silent: the program that uses the simulator owns the terminal."""


class _App:
    def __init__(
        self,
        served: Estate | SimulatedOrganization,
        faults: Sequence[Fault],
        latency: float,
        short_pages: int,
        observer: Observer | None,
        nested: Nested,
    ) -> None:
        self.organization = OrganizationApi(served) if isinstance(served, SimulatedOrganization) else None
        self.account = served.management if isinstance(served, SimulatedOrganization) else served.account
        self.nested = nested
        self.faults = Faults(faults)
        self.latency = latency
        self.short_pages = short_pages
        self.observer = observer
        self.calls: Counter[str] = Counter()
        self.writes: list[tuple[str, Mapping[str, Any]]] = []
        self.problems: list[str] = []
        self._lock = threading.Lock()
        self._moto = DomainDispatcherApplication(_backend_app)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if self.latency:
            time.sleep(self.latency)
        service, operation, region, key = _target(environ)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        name = operation or _query_action(body) or "?"
        with self._lock:
            self.calls[f"{service}:{name}"] += 1
        request = _json(body)
        fault = self.faults.strike(name, region, request or {"body": body.decode(errors="replace")})
        try:
            account = self._account(key, service)
            if self.organization is not None and self.organization.refuses(account, service, region):
                fault = "not_enabled"
            refuse(fault, service, name, (region, DEFAULT_ACCOUNT_ID), request)
            if fault == "drop":
                _hang_up(environ)
            if fault == "garbage":
                return _answer(start, 200, b"<html>not JSON")
            answered = self.organization and self.organization.answer(service, name, key, account, request, body)
            if answered:
                return self._seen(service, name, answered.members, start, answered.text)
            if (service, name) in others.OPERATIONS:
                members, text = others.answer(service, name, account, _studio(account, region), body)
                return self._seen(service, name, members, start, text)
            handled = self._handle(service, name, region, account, request, fault)
            if handled is None:
                environ |= {"wsgi.input": io.BytesIO(body), "HTTP_X_MOTO_ACCOUNT_ID": account}
                by_moto = self._ask_moto(environ, start, name)
                if service == "iam" and name in IAM_CALLS:
                    home = iam_region(region)
                    _studio(account, home).events.append(iam_event(account, home, name, body))
                return by_moto
        except ApiError as error:
            # Which protocol a request speaks shows in its headers.
            if "HTTP_X_AMZ_TARGET" not in environ:
                return _query_error(start, error)
            return _answer(start, error.status, error.body())
        return _answer(start, 200, json.dumps(handled).encode())

    def _seen(
        self, service: str, name: str, members: Mapping[str, Any], start: Callable[..., Any], text: bytes
    ) -> Iterable[bytes]:
        """An answer that the observer was shown."""
        if self.observer is not None:
            self.observer(service, name, members)
        return _answer(start, 200, text)

    def _account(self, key: str, service: str) -> str:
        """The account that an access key belongs to; a made-up key belongs to the estate's."""
        if self.organization is not None:
            return self.organization.account(key, service)
        account = str(get_account_id_from(key)) if key else DEFAULT_ACCOUNT_ID
        return self.account if account == DEFAULT_ACCOUNT_ID else account

    def _ask_moto(self, environ: dict[str, Any], start: Callable[..., Any], name: str) -> Iterable[bytes]:
        try:
            result: Iterable[bytes] = self._moto(environ, start)
        except NotImplementedError as error:
            raise ApiError("UnknownOperationException", f"The simulated account does not know {name}.") from error
        return result

    def _handle(
        self, service: str, name: str, region: str, account: str, request: Mapping[str, Any], fault: FaultKind | None
    ) -> Mapping[str, Any] | None:
        """The answer's members, or None where moto is to answer."""
        tags = service == "tagging" and name == "GetResources"
        if not tags and (service != "sagemaker" or name not in OPERATIONS):
            return None
        backend = _studio(account, region)
        if tags:
            return self._tag_page(backend, request, fault)
        model = operation_model("sagemaker", name)
        assert model is not None, name  # OPERATIONS holds names of the model only
        validate(model, request)
        backend.nested = self.nested
        if not name.startswith(_READS):
            self.writes.append((name, request))
        try:
            answer = dict(OPERATIONS[name](backend, request))
        except ApiError as error:
            arn = str(request.get("ResourceArn", ""))
            if name in ("AddTags", "ListTags", "DeleteTags") and arn.split(":", 5)[-1].split("/")[0] not in OWN_ARNS:
                return None
            raise error
        if name.startswith("List") and name != "ListTags":
            answer = self._page(answer, request, fault)
        shape = shaped(model, answer)
        if not name.startswith(_READS):
            backend.events.append(event(account, region, "sagemaker", name, request, shape))
        if self.observer is not None:
            self.observer("sagemaker", name, shape)
        return _future(shape) if fault == "future" else shape

    def _page(self, answer: Mapping[str, Any], request: Mapping[str, Any], fault: FaultKind | None) -> dict[str, Any]:
        (key, items), *_ = answer.items()
        start, after_empty = position(request)
        if fault == "empty_page" and not after_empty:
            return {key: [], "NextToken": token(start, after_empty=True)}
        if fault == "endless":
            return {key: items[:1], "NextToken": token(start + 1)}
        if fault == "loop":
            return {key: items[:1], "NextToken": token(1)}
        return paged(items, request, key, self.short_pages)

    def _tag_page(
        self, backend: StudioBackend, request: Mapping[str, Any], fault: FaultKind | None
    ) -> Mapping[str, Any]:
        """The Tagging API's names for what a page is elsewhere; it gives an empty token where others give none."""
        wanted = {"MaxResults": request.get("ResourcesPerPage", 50)}
        if request.get("PaginationToken"):
            wanted["NextToken"] = request["PaginationToken"]
        page = self._page({"ResourceTagMappingList": tagged_resources(backend, request)}, wanted, fault)
        return {
            "ResourceTagMappingList": page["ResourceTagMappingList"],
            "PaginationToken": page.get("NextToken", ""),
        }


def _backend_app(service: Any) -> Any:
    """moto's application for a service. What moto lacks comes up as an exception, not as a page with a traceback."""
    app = create_backend_app(service)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


def _target(environ: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """(service, operation, region, access key) of a signed request; operation empty for other protocols."""
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    key = region = service = ""
    credential = str(environ.get("HTTP_AUTHORIZATION", "")).partition("Credential=")[2].split(",")[0].split("/")
    if len(credential) >= 5:
        key, _, region, service = credential[:4]
    if target.startswith(_STUDIO):
        return "sagemaker", target.removeprefix(_STUDIO), region, key
    if target.startswith(_TAGGING):
        return "tagging", target.removeprefix(_TAGGING), region, key
    return MODELS.get(service, service) or "unknown", target.rpartition(".")[2], region, key


def _query_action(body: bytes) -> str:
    """The operation of a request in the query protocol (EC2, STS, IAM)."""
    if not body.startswith(b"Action="):
        return body.partition(b"&Action=")[2].partition(b"&")[0].decode(errors="replace")
    return body[7:].partition(b"&")[0].decode(errors="replace")


def _json(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}


def _hang_up(environ: Mapping[str, Any]) -> None:
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("hung up on purpose")


def _future(answer: dict[str, Any]) -> dict[str, Any]:
    """The same answer from an AWS that is years ahead: a new member at the top and in structures, new enum values."""
    changed = json.loads(json.dumps(answer)) | {"MemberOfTheFuture": {"Setting": "On"}}
    if "Status" in changed:
        changed["Status"] = "Hibernating"
    settings = changed.get("UserSettings") or changed.get("DefaultUserSettings")
    if settings:
        settings["SettingOfTheFuture"] = "On"
        settings["StudioWebPortalSettings"] = {
            "HiddenMlTools": ["ToolOfTheFuture"],
            "HiddenAppTypes": ["AppOfTheFuture"],
        }
    return dict(changed)


def _studio(account: str, region: str) -> StudioBackend:
    try:
        backend: StudioBackend = studio_backends[account][region]
    except KeyError as error:
        raise ApiError("UnrecognizedClientException", f"There is no region {region}.") from error
    return backend


def _answer(start: Callable[..., Any], status: int, body: bytes) -> list[bytes]:
    start(
        f"{status} {'OK' if status == 200 else 'Error'}",
        [
            ("Content-Type", "application/x-amz-json-1.1"),
            ("Content-Length", str(len(body))),
            ("x-amzn-RequestId", "simulated"),
        ],
    )
    return [body]


def _query_error(start: Callable[..., Any], error: ApiError) -> list[bytes]:
    """EC2 and STS speak XML; both shapes of envelope, so that either client finds its error."""
    inner = f"<Code>{error.code}</Code><Message>{error.message}</Message>"
    body = f"<ErrorResponse><Error>{inner}</Error><Errors><Error>{inner}</Error></Errors></ErrorResponse>".encode()
    start(f"{error.status} Error", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
    return [body]


class Simulator:
    """A served estate, for a ``with`` block.

    ``estate`` is a name (``acme``, ``clean``), ``generated:DOMAINSxPROFILES``, a path to an estate file, or an Estate.
    An organization (``auditor.simulator.organization``) is served as well: ``estate`` is then its management account.
    ``port`` 0 takes a free one. ``latency_ms`` delays every answer, ``short_pages`` caps pages below what was asked.
    ``nested``: how deep an update of settings reaches, which AWS does not say; by default the reading that loses more.
    ``calls`` counts requests by ``service:Operation``. Raises ConfigError for an unknown estate or a busy port.
    """

    def __init__(
        self,
        estate: str | Estate | SimulatedOrganization = "acme",
        *,
        port: int = 0,
        faults: Sequence[Fault] = (),
        latency_ms: float = 0,
        short_pages: int = 0,
        observer: Observer | None = None,
        nested: Nested = "replace",
    ) -> None:
        served = load_estate(estate) if isinstance(estate, str) else estate
        if isinstance(served, SimulatedOrganization):
            self.estate, self._estates = served.estate, [a.estate for a in served.accounts.values()]
        else:
            self.estate, self._estates = served, [served]
        self._app = _App(served, faults, latency_ms / 1000, short_pages, observer, nested)
        self._port = port
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def calls(self) -> Counter[str]:
        return self._app.calls

    @property
    def writes(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Operation and request of every call of SageMaker that was meant to change something, in order."""
        return self._app.writes

    @property
    def endpoint_url(self) -> str:
        assert self._server is not None, "the simulator is not running"
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point any AWS program here. The credentials are made up and open nothing."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "AKIASIMULATEDACCOUNT",
            "AWS_SECRET_ACCESS_KEY": "simulated",
            "AWS_DEFAULT_REGION": self.estate.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def inject(self, *faults: Fault) -> None:
        """From now on these faults strike, and no others."""
        self._app.faults = Faults(faults)

    def start(self) -> None:
        # The port first: where it is taken, perhaps by a simulator of this process, nothing is forgotten yet.
        try:
            listening = socket.create_server(("127.0.0.1", self._port))
        except (OSError, OverflowError) as error:
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
            raise ConfigError(
                f"port {self._port} on 127.0.0.1 cannot be used: {reason}",
                hint="Choose another with --port.",
            ) from error
        with listening:
            reset()
            for estate in self._estates:
                populate(estate)
            self._server = make_server(
                "127.0.0.1", 0, self._app, threaded=True, request_handler=_Handler, fd=listening.fileno()
            )
        # Stopping waits until the server looks up, after so many seconds.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="simulator", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        if self._thread is not None:
            self._thread.join(timeout=10)
            self._thread = None

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
