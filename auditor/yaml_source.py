"""YAML files that people write: read strictly, with the place of each key, so that every error names file and line."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from auditor.errors import ConfigError
from auditor.regular_files import NotReadError, read_regular

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Deeper than any file of ours; the C parser builds its tree recursively and would bring the process down.
_MAX_DEPTH = 50
#: Values of a file, aliases counted as what they stand for: whoever checks the content goes through all of them.
_MAX_VALUES = 100_000
#: Larger than any file of ours.
_MAX_BYTES = 8 * 1024 * 1024
_CONVERTING = threading.Lock()
_Wire = TypeVar("_Wire")
_PLACE = re.compile(r" - at (?P<key>`key` in )?`\$(?P<path>.*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[([^\]]+)\]")
#: So many names fit into a hint.
_FEW = 12
_TYPES = {
    "array": "a list", "object": "a mapping", "str": "text", "int": "a whole number", "float": "a number",
    "bool": "true or false", "null": "nothing",
}  # fmt: skip


class _TooDeepError(yaml.MarkedYAMLError):
    """Collections within collections without bound."""


class _OddError(yaml.MarkedYAMLError):
    """What YAML allows and people do not mean."""


class _Loader(_SafeLoader):  # type: ignore[misc]
    """Looks at the depth while it reads, and says where a value stands that only looks like a date or a number, such as
    2024-13-45."""

    _depth = 0

    def descend_resolver(self, current_node: yaml.Node | None, _index: Any) -> None:
        """Called for each node before it is read, with the one around it."""
        self._depth += 1
        if self._depth > _MAX_DEPTH + 1 and current_node is not None:
            raise _TooDeepError(None, None, "nested too deeply", current_node.start_mark)

    def ascend_resolver(self) -> None:
        """Called for each node that has been read."""
        self._depth -= 1


def _constructor(name: str) -> Any:
    built_in = getattr(_SafeLoader, f"construct_yaml_{name}")

    def construct(loader: Any, node: yaml.Node) -> Any:
        try:
            return built_in(loader, node)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from error

    return construct


for _name in ("int", "float", "timestamp"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_name}", _constructor(_name))


def near(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint with the known name that is meant, or ``otherwise``."""
    names = list(known)
    folded = {n.lower(): n for n in names}
    found = [folded[name.lower()]] if name.lower() in folded else get_close_matches(name, names, n=1)
    return f"Did you mean {found[0]!r}?" if found else otherwise


def dotted(keys: Sequence[str]) -> str:
    """Keys as a path: ``personas[0].apps[1]``."""
    text = "".join(f"[{key}]" if key.isdecimal() else f".{key}" for key in keys)
    return text.removeprefix(".")


class Source:
    """A file's content, and where each of its keys stands. ``data`` is ``{}`` for an empty file.

    ``kind`` is the error that the file's faults are. ``plain``: its errors name the column too, and speak of types in
    plain words; without it they speak to those who write rules.
    """

    def __init__(
        self, path: Path, root: yaml.Node | None, data: dict[str, Any], kind: type[ConfigError], plain: bool
    ) -> None:
        self.path = path
        self.root = root
        self.data = data
        self._kind = kind
        self._plain = plain

    def _mark(self, keys: Sequence[str], value: bool) -> tuple[int, int]:
        """Line and column of the last key that exists, or of its value."""
        node = self.root
        if node is None:
            return 1, 1
        mark = node.start_mark
        for key in keys:
            following = None
            if isinstance(node, yaml.MappingNode):
                for name, inner in node.value:
                    if name.value == key:
                        mark, following = (inner if value else name).start_mark, inner
            elif isinstance(node, yaml.SequenceNode) and key.isdecimal() and int(key) < len(node.value):
                following = node.value[int(key)]
                mark = following.start_mark
            if following is None:
                break
            node = following
        return mark.line + 1, mark.column + 1

    def line(self, *keys: str) -> int:
        """Line of the last key that exists."""
        return self._mark(keys, value=False)[0]

    def error(self, message: str, *keys: str, hint: str = "", value: bool = False) -> ConfigError:
        """An error at the keys; ``value``: at what stands there rather than at the key."""
        line, column = self._mark(keys, value)
        return self._kind.at(self.path, line, message, column=column if self._plain else None, hint=hint)

    def convert(self, wire: type[_Wire], see: str) -> _Wire:
        """The content as a wire type. ``see`` is the hint where nothing better can be said.

        Raises the file's error for an unknown field, a missing one, or a value of the wrong type.
        """
        try:
            # msgspec reads the annotations of a type when it first meets it, and two threads that do so at once end the
            # process (checkov loads external checks in several threads).
            with _CONVERTING:
                return msgspec.convert(self.data, wire)
        except msgspec.ValidationError as error:
            raise self._explain(wire, str(error), see) from error

    def _explain(self, wire: type, text: str, see: str) -> ConfigError:
        found = _PLACE.search(text)
        reason = text[: found.start()] if found else text
        keys = self._keys(wire, text, found["path"]) if found else []
        hint, value = "", True
        where = f"{dotted(keys)}: " if keys else ""
        of_key = bool(found and found["key"])
        if field := re.search(r"unknown field `([^`]+)`", reason):
            names = _names(wire, keys)
            hint = near(field[1], names, f"Known here: {', '.join(names)}" if len(names) <= _FEW else see)
            keys, value = [*keys, field[1]], False
        elif enum := re.search(r"enum value '?([^']*)'?", reason):
            names = _names(wire, keys, of_key)
            hint = near(enum[1], names, f"Known: {', '.join(names)}")
            if not of_key and _takes_list(wire, keys):
                hint = f"Write it as a list, [{enum[1]}], or one of: {', '.join(names)}"
            keys, value = [*keys, enum[1]] if of_key else keys, not of_key
        elif of_key:
            odd = next((str(k) for k in _at(self.data, keys) if not isinstance(k, str)), "")
            return self.error(f"{where}the key {odd} must be text", *keys, odd, hint="Put it in quotes.")
        elif reason.endswith("got `null`"):
            hint = "Give it a value, or take the key away."
        elif reason.startswith("Expected `str`, got `") and not reason.endswith(("`array`", "`object`")):
            hint = "Put it in quotes."
        if self._plain and " matching regex " in reason:
            reason, hint = f"{_at(self.data, keys)!r} is not written as it must be", _described(wire, keys)
        elif self._plain:
            reason = re.sub(r"`(\w+)`", lambda m: _TYPES.get(m[1], m[0]), re.sub("^Object (contains )?", "", reason))
            reason = reason[0].lower() + reason[1:]
        return self.error(where + reason, *keys, hint=hint, value=value)

    def _keys(self, wire: type, text: str, path: str) -> list[str]:
        """The keys of msgspec's path. It writes ``[...]`` for a mapping's key: the one that gives the same error."""
        keys: list[str] = []
        for name, index in _STEP.findall(path):
            if index != "...":
                keys.append(name or index)
                continue
            inside = _at(self.data, keys)
            for key in inside:
                try:
                    msgspec.convert(_with(self.data, keys, {key: inside[key]}), wire)
                except msgspec.ValidationError as error:
                    if str(error) == text:
                        keys.append(str(key))
                        break
        return keys


def _at(data: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


def _with(data: Any, keys: Sequence[str], value: Any) -> Any:
    """A copy of the data with the value at the keys."""
    if not keys:
        return value
    key, *rest = keys
    if isinstance(data, list):
        return [_with(item, rest, value) if number == int(key) else item for number, item in enumerate(data)]
    return {name: _with(item, rest, value) if name == key else item for name, item in data.items()}


def _type_at(wire: type, keys: Sequence[str]) -> Any:
    """msgspec's description of what may stand at the keys, its metadata still around it."""
    import msgspec.inspect as inspect

    here: inspect.Type = inspect.type_info(wire)
    for key in keys:
        inside = _plain(here)
        if isinstance(inside, inspect.StructType):
            here = next(f.type for f in inside.fields if f.encode_name == key)
        elif isinstance(inside, inspect.ListType):
            here = inside.item_type
        elif isinstance(inside, inspect.DictType):
            here = inside.value_type
    return here


def _plain(type_: Any) -> Any:
    """The type without metadata; of several, the one with an inside."""
    import msgspec.inspect as inspect

    compound = (inspect.StructType, inspect.ListType, inspect.DictType, inspect.EnumType, inspect.LiteralType)
    if isinstance(type_, inspect.Metadata):
        return _plain(type_.type)
    if isinstance(type_, inspect.UnionType):
        return next((t for t in map(_plain, type_.types) if isinstance(t, compound)), type_.types[0])
    return type_


def _takes_list(wire: type, keys: Sequence[str]) -> bool:
    """Whether a list may stand at the keys, beside something else."""
    import msgspec.inspect as inspect

    here = _type_at(wire, keys)
    here = here.type if isinstance(here, inspect.Metadata) else here
    return isinstance(here, inspect.UnionType) and any(isinstance(_plain(t), inspect.ListType) for t in here.types)


def _described(wire: type, keys: Sequence[str]) -> str:
    """What the schema says about the value at the keys."""
    return str((getattr(_type_at(wire, keys), "extra_json_schema", None) or {}).get("description", ""))


def _names(wire: type, keys: Sequence[str], of_key: bool = False) -> list[str]:
    """What may stand at the keys: fields of a structure, or the values of an enumeration (``of_key``: as a key)."""
    import msgspec.inspect as inspect

    here = _plain(_type_at(wire, keys))
    if of_key and isinstance(here, inspect.DictType):
        here = _plain(here.key_type)
    if isinstance(here, inspect.StructType):
        return [f.encode_name for f in here.fields]
    if isinstance(here, inspect.EnumType):
        return [str(member.value) for member in here.cls]
    return [str(v) for v in here.values] if isinstance(here, inspect.LiteralType) else []


def read_yaml(
    path: Path, what: str, *, kind: type[ConfigError] = ConfigError, plain: bool = True, empty: bool = False
) -> Source:
    """Read a file that holds one mapping. ``what`` says so where it does not; ``empty``: it may hold nothing.

    Raises ``kind`` for a file that cannot be read, is not YAML, gives a key twice or is nested without bound.
    """

    def fault(message: str, mark: yaml.Mark | None = None, line: int = 1) -> ConfigError:
        if mark is None:
            return kind.at(path, line, message, column=1 if plain else None)
        return kind.at(path, mark.line + 1, message, column=mark.column + 1 if plain else None)

    try:
        data = b"" if str(path) == os.devnull else read_regular(path, _MAX_BYTES)
    except NotReadError as error:
        raise kind(f"{path}: {error.reason.removeprefix('it ')}") from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise fault(f"not UTF-8 text ({error.reason})", line=data.count(b"\n", 0, error.start) + 1) from error
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None and empty:
            return Source(path, None, {}, kind, plain)
        if not isinstance(node, yaml.MappingNode):
            raise fault(what)
        if _values(node) > _MAX_VALUES:
            raise fault(f"its aliases stand for more than {_MAX_VALUES:,} values")
        document: Mapping[Any, Any] = loader.construct_document(node)
    except RecursionError:
        raise fault("nested too deeply") from None
    except (_TooDeepError, _OddError) as error:
        raise fault(str(error.problem), error.problem_mark) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise fault(f"not valid YAML: {error.problem or error.context}", mark) from error
    except yaml.YAMLError as error:
        raise fault(f"not valid YAML: {error}") from error
    finally:
        if loader is not None:
            loader.dispose()
    return Source(path, node, dict(document), kind, plain)


def _values(root: yaml.Node) -> int:
    """How many values a node holds, with all that its aliases stand for; what these stand for is looked at once.

    Raises _OddError for what YAML allows and people do not mean: a key twice, a key that is no word, an alias of what
    it lies in.
    """
    known: dict[int, int] = {}
    above: set[int] = set()

    def size(node: yaml.Node) -> int:
        place = id(node)
        if place in known:
            return known[place]
        if place in above:
            raise _OddError(None, None, "an alias stands for what it lies in", node.start_mark)
        if len(above) >= _MAX_DEPTH:
            raise _TooDeepError(None, None, "nested too deeply", node.start_mark)
        above.add(place)
        number = 1
        for child in _children(node):
            number += 1 if isinstance(child, yaml.ScalarNode) else size(child)
        above.discard(place)
        known[place] = number
        return number

    return size(root)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return list(node.value)
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _OddError(None, None, "a key must be a word", key.start_mark)
        if key.value in seen:
            raise _OddError(None, None, f"{key.value!r} is given twice", key.start_mark)
        seen.add(key.value)
    return [value for _, value in node.value]
