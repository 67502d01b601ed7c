"""Terraform's functions of texts, encodings and files. All arguments are known."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import posixpath
import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from auditor.budget import TooLargeError
from auditor.collect.iac.hcl import regular_expressions
from auditor.collect.iac.hcl.values import (
    MANY_PARTS,
    EvaluationError,
    SetOf,
    check_length,
    first_unknown,
    json_text,
    number,
    plain_text,
)
from auditor.collect.iac.interface import Value
from auditor.json_source import is_unicode

#: What ``yamldecode`` reads; far more than a file of settings needs.
_MAX_YAML = 512 * 1024
_VERB = re.compile(r"%(?P<flags>[-+# 0]*)(?P<width>\d{0,3})(?:\.(?P<precision>\d{0,2}))?(?P<verb>[a-zA-Z%])")


def _text(value: Value) -> str:
    found = plain_text(value)
    if found is None:
        raise EvaluationError("it is not a string")
    return found


def formatted(pattern: str, arguments: Sequence[Value]) -> list[Value]:
    """``format``: the pieces of the text; an argument that is not known is a piece of its own."""
    pieces: list[Value] = []
    rest = list(arguments)
    at = 0
    for match in _VERB.finditer(pattern):
        pieces.append(pattern[at : match.start()])
        at = match.end()
        if match["verb"] == "%":
            pieces.append("%")
        elif not rest:
            raise EvaluationError("there are too few arguments for the format")
        else:
            pieces.append(_formatted(match, rest.pop(0)))
    pieces.append(pattern[at:])
    if rest:
        raise EvaluationError("there are too many arguments for the format")
    return pieces


def _formatted(match: re.Match[str], value: Value) -> Value:
    if first_unknown(value) is not None:
        if isinstance(value, list | dict):
            raise EvaluationError("a list with unknown elements is formatted")
        return value
    verb, width = match["verb"], match["flags"] + match["width"]
    if verb in "sv":
        text = plain_text(value)
        if text is None:
            text = str(json_text(value))
        check_length(len(text))
        return f"%{width.replace('0', '') if width.startswith('0') else width}s" % text
    if verb == "q":
        return json.dumps(_text(value), ensure_ascii=False)
    if verb == "t":
        return _text(value)
    if verb in "dboxXeEfFgG":
        precision = "" if match["precision"] is None else f".{match['precision']}"
        if verb == "b":
            return format(int(number(value)), f"{match['flags'].replace('-', '<')}{match['width']}b")
        return f"%{width}{precision}{verb}" % (int(number(value)) if verb in "doxX" else number(value))
    raise EvaluationError(f"%{verb} is not understood")


def _replace(text: Value, old: Value, new: Value) -> str:
    pattern = _text(old)
    whole, other = _text(text), _text(new)
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        return regular_expressions.replaced(pattern[1:-1], whole, other)
    check_length(whole.count(pattern) * len(other))
    return whole.replace(pattern, other)


def _indent(spaces: Value, text: Value) -> str:
    whole, width = _text(text), max(0, int(number(spaces)))
    check_length(len(whole) + whole.count("\n") * width)
    return whole.replace("\n", "\n" + " " * width)


def _substr(text: Value, offset: Value, length: Value) -> str:
    whole, start, size = _text(text), int(number(offset)), int(number(length))
    start = max(0, start + len(whole)) if start < 0 else start
    return whole[start:] if size < 0 else whole[start : start + size]


def _title(text: Value) -> str:
    return re.sub(r"(?<![^\W_])[a-z]", lambda match: match[0].upper(), _text(text))


def _yaml(text: Value) -> Value:
    import yaml

    source = _text(text)
    if len(source) > _MAX_YAML:
        raise EvaluationError("the YAML is too long to be read here")
    try:
        depth = 0
        for event in yaml.parse(source, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise EvaluationError("YAML with aliases is not read here")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > 60:
                raise EvaluationError("the YAML is nested too deeply")
        return _terraform(yaml.load(source, Loader=_loader()))  # noqa: S506 - a SafeLoader with fewer words
    except yaml.YAMLError as error:
        raise EvaluationError("it is not YAML") from error


def _loader() -> Any:
    """YAML 1.2 as Terraform reads it: only true and false are booleans, and dates are texts."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
    )
    return Loader


def _terraform(value: Any) -> Value:
    if isinstance(value, dict):
        return {_text(k) if not isinstance(k, str) else _terraform(k): _terraform(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_terraform(item) for item in value]
    if isinstance(value, str) and not is_unicode(value):
        raise EvaluationError("the YAML holds half of a character")
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise EvaluationError("the YAML holds what Terraform has no type for")


def _csv(text: Value) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for row in csv.DictReader(io.StringIO(_text(text))):
        rows.append({str(k): v or "" for k, v in row.items()})
        if len(rows) * len(row) > MANY_PARTS:
            raise TooLargeError("a table has more cells than any real one")
    return rows


def _hash(name: str) -> Callable[[Value], str]:
    return lambda text: hashlib.new(name, _text(text).encode(), usedforsecurity=False).hexdigest()


def _base64_decode(text: Value) -> str:
    return base64.b64decode(_text(text), validate=True).decode()


TEXT: Mapping[str, Callable[..., Value]] = {
    "base64decode": _base64_decode,
    "base64encode": lambda text: base64.b64encode(_text(text).encode()).decode(),
    "basename": lambda path: posixpath.basename(_text(path)),
    "chomp": lambda text: _text(text).rstrip("\r\n"),
    "csvdecode": _csv,
    "dirname": lambda path: posixpath.dirname(_text(path)) or ".",
    "endswith": lambda text, suffix: _text(text).endswith(_text(suffix)),
    "indent": _indent,
    "lower": lambda text: _text(text).lower(),
    "md5": _hash("md5"),
    "regex": lambda pattern, text: regular_expressions.first(_text(pattern), _text(text)),
    "regexall": lambda pattern, text: regular_expressions.every(_text(pattern), _text(text)),
    "replace": _replace,
    "sha1": _hash("sha1"),
    "sha256": _hash("sha256"),
    "sha512": _hash("sha512"),
    "split": lambda separator, text: _text(text).split(_text(separator)) if _text(separator) else list(_text(text)),
    "startswith": lambda text, prefix: _text(text).startswith(_text(prefix)),
    "strcontains": lambda text, part: _text(part) in _text(text),
    "strrev": lambda text: _text(text)[::-1],
    "substr": _substr,
    "title": _title,
    "trim": lambda text, characters: _text(text).strip(_text(characters)),
    "trimprefix": lambda text, prefix: _text(text).removeprefix(_text(prefix)),
    "trimspace": lambda text: _text(text).strip(),
    "trimsuffix": lambda text, suffix: _text(text).removesuffix(_text(suffix)),
    "upper": lambda text: _text(text).upper(),
    "urlencode": lambda text: urllib.parse.quote_plus(_text(text)),
    "yamldecode": _yaml,
}
FILES: Mapping[str, Callable[..., Value]] = {
    "file": lambda files, path: files.read(_text(path)),
    "filebase64": lambda files, path: base64.b64encode(files.read(_text(path)).encode()).decode(),
    "fileexists": lambda files, path: files.exists(_text(path)),
    "filemd5": lambda files, path: _hash("md5")(files.read(_text(path))),
    "fileset": lambda files, folder, pattern: SetOf.of(files.matching(_text(folder), _text(pattern))),
    "filesha256": lambda files, path: _hash("sha256")(files.read(_text(path))),
}
