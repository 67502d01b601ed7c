"""Answers of the simulated account, recorded once, and every way to spoil one member of one of them.

Answers are played back below botocore's parsers, so that what a spoilt answer does to those is seen as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from botocore.awsrequest import AWSResponse

#: What stands instead of a member; "delete" takes it out.
VALUES: Mapping[str, Any] = {
    "null": None,
    "int": 7,
    "str": "mutant",
    "list": [{"x": 1}],
    "dict": {"x": 1},
    "huge": "x" * (5 * 1024 * 1024),
    "number": 10**30,
}
#: 100,000 nested lists, which no parser that recurses reads.
DEEP = "[" * 100_000 + "]" * 100_000
KINDS = ("delete", *VALUES, "deep")
Key = tuple[str, str]


@dataclass(frozen=True)
class Answer:
    status: int
    content: bytes

    @property
    def is_json(self) -> bool:
        return self.content[:1] == b"{"


@dataclass(frozen=True)
class Mutant:
    """One member of one answer, spoilt in one way. ``path``: names, and positions in lists."""

    key: Key
    path: tuple[str | int, ...]
    kind: str

    def __str__(self) -> str:
        return f"{self.key[0]}:{'.'.join(map(str, self.path))}:{self.kind}"


_MODELS: dict[str, Any] = {}


def read_models_once(load: Callable[..., Any]) -> Callable[..., Any]:
    """``JSONFileLoader.load_file`` with a memory. botocore reads its models anew for each session, which is most of
    what a small audit takes."""

    def load_file(loader: Any, path: str) -> Any:
        if path not in _MODELS:
            _MODELS[path] = load(loader, path)
        return _MODELS[path]

    return load_file


class _Raw:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content


def key_of(request: Any) -> Key:
    """Operation and what was asked, without times."""
    body = request.body or b""
    text = body.decode() if isinstance(body, bytes) else str(body)
    target = request.headers.get("X-Amz-Target", "")
    target = target.decode() if isinstance(target, bytes) else target
    if target:
        asked = {k: v for k, v in json.loads(text or "{}").items() if k not in ("StartTime", "EndTime")}
        return target.rpartition(".")[2], json.dumps(asked, sort_keys=True)
    fields = dict(parse_qsl(text))
    return fields.get("Action", request.url), json.dumps(fields, sort_keys=True)


class Tape:
    """Answers by what was asked. ``recording`` wraps a real sender; ``playing`` stands instead of one."""

    def __init__(self) -> None:
        self.answers: dict[Key, Answer] = {}

    def recording(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def record(session: Any, request: Any) -> Any:
            response = send(session, request)
            self.answers[key_of(request)] = Answer(response.status_code, response.content)
            return response

        return record

    def playing(self, mutant: Mutant | None = None) -> Callable[..., Any]:
        spoilt = None if mutant is None else spoil(self.answers[mutant.key].content, mutant)

        def play(_: Any, request: Any) -> Any:
            key = key_of(request)
            if key not in self.answers:
                # What a spoilt name leads to is not there.
                content = b'{"__type": "ResourceNotFound", "message": "not there"}'
                return AWSResponse(request.url, 400, {}, _Raw(content))
            answer = self.answers[key]
            content = spoilt if mutant is not None and key == mutant.key and spoilt is not None else answer.content
            return AWSResponse(request.url, answer.status, {"Content-Type": "x"}, _Raw(content))

        return play

    def mutants(self) -> Iterator[Mutant]:
        """Every member of every answer, of a list's items those of the first, in every way."""
        done = set[tuple[str, str]]()
        for key, answer in sorted(self.answers.items()):
            for path in _paths(json.loads(answer.content)) if answer.is_json else _elements(answer.content):
                where = (key[0], re.sub(r"\d+", "N", ".".join(map(str, path))))
                if where not in done:
                    done.add(where)
                    yield from (Mutant(key, path, kind) for kind in KINDS)


def _paths(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for name, inner in members:
        yield (*at, name)
        if name == "CloudTrailEvent":
            yield from _paths(json.loads(inner), (*at, name, "json"))
        else:
            yield from _paths(inner, (*at, name))


def _elements(content: bytes) -> Iterator[tuple[str | int, ...]]:
    def walk(element: ElementTree.Element, at: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
        names = set()
        for number, inner in enumerate(element):
            if inner.tag not in names or inner.tag.rpartition("}")[2] not in ("member", "item"):
                names.add(inner.tag)
                yield (*at, number)
                yield from walk(inner, (*at, number))

    yield from walk(ElementTree.fromstring(content), ())


def spoil(content: bytes, mutant: Mutant) -> bytes:
    if content[:1] != b"{":
        return _spoil_xml(content, mutant)
    document = json.loads(content)
    _put(document, mutant.path, mutant.kind)
    return json.dumps(document).replace('"<deep>"', DEEP).encode()


def _put(document: Any, path: tuple[str | int, ...], kind: str) -> None:
    first, *rest = path
    if rest[:1] == ["json"]:
        inner = json.loads(document[first])
        _put(inner, tuple(rest[1:]), kind)
        document[first] = json.dumps(inner).replace('"<deep>"', DEEP)
    elif rest:
        _put(document[first], tuple(rest), kind)
    elif kind == "delete":
        del document[first]
    else:
        document[first] = "<deep>" if kind == "deep" else VALUES[kind]


def _spoil_xml(content: bytes, mutant: Mutant) -> bytes:
    root = parent = ElementTree.fromstring(content)
    *parents, last = (int(p) for p in mutant.path)
    for number in parents:
        parent = parent[number]
    element = parent[last]
    if mutant.kind == "delete":
        parent.remove(element)
    else:
        text = {"null": "", "list": "", "dict": "", "deep": ""}.get(mutant.kind, str(VALUES.get(mutant.kind)))
        for inner in list(element):
            element.remove(inner)
        element.text = text
        if mutant.kind == "deep":
            element.text = "@deep@"
        elif mutant.kind in ("list", "dict"):
            ElementTree.SubElement(element, "member" if mutant.kind == "list" else "x").text = "7"
    return ElementTree.tostring(root).replace(b"@deep@", b"<member>" * 20_000 + b"</member>" * 20_000)
