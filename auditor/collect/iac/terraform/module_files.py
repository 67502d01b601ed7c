"""One module: the files of a folder, put together as Terraform does.

Source: Terraform's language documentation, "Files and Configuration Structure", "Override Files", "JSON Configuration
Syntax"; OpenTofu's, "Files and Directories" (a ``.tofu`` file stands for the ``.tf`` file of the same name).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.parser import parse
from auditor.collect.iac.hcl.values import EvaluationError
from auditor.collect.iac.interface import NotAssessed
from auditor.collect.iac.parsers import UnreadableError

ENDINGS = (".tf", ".tf.json", ".tofu", ".tofu.json")
#: Larger files are no configuration that people write.
MAX_BYTES = 4 * 1024 * 1024
_MANY_FILES = 5_000
#: Blocks of which the parts lie below labels, by the number of labels; in JSON those are nested mappings.
LABELS = {"resource": 2, "data": 2, "ephemeral": 2, "provider": 1, "variable": 1, "output": 1, "module": 1,
          "locals": 0, "terraform": 0, "moved": 0, "removed": 0, "import": 0, "check": 1}  # fmt: skip
#: Inside a resource, what JSON writes as a mapping and is a block for certain.
_INNER = {"dynamic": 1, "lifecycle": 0, "provisioner": 1, "connection": 0}


@dataclass(slots=True)
class Module:
    """The configuration of one folder. ``name``: the folder as the user would name it."""

    path: Path
    name: str
    files: list[str] = field(default_factory=list)
    not_assessed: list[NotAssessed] = field(default_factory=list)
    blocks: dict[str, list[n.Block]] = field(default_factory=dict)

    def of(self, kind: str) -> list[n.Block]:
        """Blocks of one type, in the order of the files' names."""
        return self.blocks.get(kind, [])

    def labelled(self, kind: str) -> Iterator[tuple[str, n.Block]]:
        """Blocks with their first label."""
        return ((block.labels[0], block) for block in self.of(kind) if block.labels)


def within(base: Path, name: str) -> Path | None:
    """A path that a configuration names, from a folder on; None where it is none (a zero byte, a name that is too
    long)."""
    try:
        path = (base / name).resolve()
        path.exists()
    except (OSError, ValueError, RuntimeError):
        return None
    return path


def configuration_files(names: Sequence[str]) -> list[str]:
    """Those files of a folder that are its configuration, by name; override files last."""
    wanted = [name for name in names if name.endswith(ENDINGS) and not name.startswith((".", "#")) and name[-1] != "~"]
    for name in list(wanted):
        for tofu, other in ((".tofu", ".tf"), (".tofu.json", ".tf.json")):
            if name.endswith(tofu) and (replaced := name.removesuffix(tofu) + other) in wanted:
                wanted.remove(replaced)
    return sorted(wanted, key=lambda name: (_is_override(name), name))


def _is_override(name: str) -> bool:
    stem = name.removesuffix(".json").rpartition(".")[0]
    return stem == "override" or stem.endswith("_override")


def read_module(path: Path, shown: Callable[[Path], str]) -> Module:
    """The module in a folder. A file that cannot be read is noted, and its blocks are missing."""
    module = Module(path, shown(path))
    for name in configuration_files([entry.name for entry in path.iterdir() if entry.is_file()]):
        file = path / name
        at = shown(file)
        try:
            body = read_file(file)
        except UnreadableError as error:
            module.not_assessed.append(NotAssessed(at, error.reason, error.line))
            continue
        module.files.append(at)
        for block in body.blocks:
            block.file = at
            if _is_override(name):
                _override(module, block)
            else:
                module.blocks.setdefault(block.kind, []).append(block)
    return module


def read_text(file: Path) -> str:
    """A file's text. Raises UnreadableError."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise UnreadableError("it is larger than any configuration")
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise UnreadableError(f"it cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UnreadableError("it is not UTF-8 text") from None


def read_file(file: Path) -> n.Body:
    """The blocks of a configuration file, or the attributes of a file of variables. Raises UnreadableError."""
    text = read_text(file)
    if not file.name.endswith(".json"):
        return parse(text)
    return json_body(text, variables="tfvars" in file.name)


# JSON


def json_body(text: str, *, variables: bool = False) -> n.Body:
    """The same configuration in JSON. Raises UnreadableError."""
    try:
        content = json.loads(text)
    except RecursionError:
        raise UnreadableError("it is nested too deeply") from None
    except ValueError as error:
        raise UnreadableError(f"it is not valid JSON: {error}", getattr(error, "lineno", None)) from None
    if not isinstance(content, dict):
        raise UnreadableError("it is no JSON object")
    places = _Places(text)
    if variables:
        return _members(content, places, ())
    body = n.Body()
    for kind, value in content.items():
        if kind in LABELS:
            body.blocks += _blocks(kind, LABELS[kind], value, places, (kind,))
    return body


def _blocks(kind: str, labels: int, value: Any, places: _Places, path: tuple[str, ...]) -> list[n.Block]:
    """Blocks below so many labels. JSON may hold them in a list at any level."""
    if isinstance(value, list):
        return [block for item in value for block in _blocks(kind, labels, item, places, path)]
    if not isinstance(value, dict):
        return []
    if labels == 0:
        skip = LABELS[path[0]] + 1 if path and path[0] in LABELS else 1
        return [n.Block(kind, path[len(path) - skip + 1 :], _members(value, places, path), places.line(path))]
    return [block for name, item in value.items() for block in _blocks(kind, labels - 1, item, places, (*path, name))]


def _members(value: Mapping[str, Any], places: _Places, path: tuple[str, ...]) -> n.Body:
    body = n.Body()
    for name, item in value.items():
        if name == "//":
            continue
        at = (*path, name)
        if name in _INNER and path:
            for inner in _blocks(name, _INNER[name], item, places, at):
                inner.labels = inner.labels[-_INNER[name] :] if _INNER[name] else ()
                body.blocks.append(inner)
            continue
        body.attributes[name] = _json_node(item, places, at)
        body.lines[name] = places.line(at)
    return body


def _json_node(value: Any, places: _Places, path: tuple[str, ...]) -> n.Node:
    line = places.line(path)
    source = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        if "${" in value or "%{" in value:
            return n.Template(source, line, value, escapes=False)
        return n.Literal(source, line, value)
    if isinstance(value, list):
        return n.Tuple(source, line, [_json_node(item, places, path) for item in value])
    if isinstance(value, dict):
        if "dynamic" in value:
            return n.Broken(source, line, "a dynamic block inside a JSON block is not worked out")
        items = [
            (n.Literal(key, places.line((*path, key)), key), _json_node(item, places, (*path, key)))
            for key, item in value.items()
            if key != "//"
        ]
        return n.Object(source, line, items)
    return n.Literal(source, line, value)


class _Places:
    """Lines of a JSON text's members, by path; those inside lists have the path of the list."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, ...], int] = {}
        import yaml

        try:
            # JSON is YAML, and this reader knows where its nodes stand.
            node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except (yaml.YAMLError, RecursionError):
            return
        self._walk(node, ())

    def _walk(self, node: Any, path: tuple[str, ...]) -> None:
        if hasattr(node, "value") and isinstance(node.value, list):
            for item in node.value:
                if isinstance(item, tuple):
                    key, value = item
                    at = (*path, str(key.value))
                    self._lines.setdefault(at, key.start_mark.line + 1)
                    self._walk(value, at)
                else:
                    self._walk(item, path)

    def line(self, path: tuple[str, ...]) -> int:
        """The line of a member, or of what it lies in."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)


# Override files


def _override(module: Module, block: n.Block) -> None:
    """Merge a block of an override file into the one that it overrides."""
    if block.kind == "locals":
        for name, node in block.body.attributes.items():
            for other in module.of("locals"):
                other.body.attributes.pop(name, None)
            node.line = block.line
        module.blocks.setdefault("locals", []).append(block)
        return
    for other in module.of(block.kind):
        if other.labels == block.labels and _same_provider(other, block):
            kinds = {inner.kind for inner in block.body.blocks} - {"dynamic"}
            kinds |= {inner.labels[0] for inner in block.body.of("dynamic") if inner.labels}
            kept = [inner for inner in other.body.blocks if _block_name(inner) not in kinds]
            # Lines of another file are none of this one.
            for node in block.body.attributes.values():
                node.line = other.line
            other.body.attributes |= block.body.attributes
            other.body.lines |= dict.fromkeys(block.body.attributes, other.line)
            other.body.blocks = [*kept, *_relined(block.body.blocks, other.line)]
            return
    module.not_assessed.append(
        NotAssessed(block.file, f"it overrides {block.kind} {'.'.join(block.labels)}, which is not there", block.line)
    )


def _same_provider(one: n.Block, other: n.Block) -> bool:
    alias = [n.literal(block.body.attributes.get("alias")) for block in (one, other)]
    return one.kind != "provider" or alias[0] == alias[1]


def _block_name(block: n.Block) -> str:
    return block.labels[0] if block.kind == "dynamic" and block.labels else block.kind


def _relined(blocks: Sequence[n.Block], line: int) -> list[n.Block]:
    for block in blocks:
        block.line = line
        block.body.lines = dict.fromkeys(block.body.lines, line)
        _relined(block.body.blocks, line)
    return list(blocks)


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """Files that ``file`` and its kin may read. ``root``: the root module's folder, from which relative names start;
    ``allowed``: whether a path may be looked at, since a report shows what is read."""

    root: Path
    allowed: Callable[[Path], bool]

    def _path(self, name: str) -> Path:
        path = within(self.root, name)
        if path is None:
            raise EvaluationError("its name is no path")
        if not self.allowed(path):
            raise EvaluationError(f"{name} lies outside of what is scanned")
        return path

    def read(self, path: str) -> str:
        """A file's text. Raises EvaluationError."""
        file = self._path(path)
        if not file.is_file():
            raise EvaluationError(f"there is no file {path}")
        try:
            return read_text(file)
        except UnreadableError as error:
            raise EvaluationError(f"{path}: {error.reason}") from None

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        return self._path(path).is_file()

    def matching(self, folder: str, pattern: str) -> list[str]:
        """Files below a folder that match, relative to it. Raises EvaluationError."""
        base = self._path(folder)
        if "{" in pattern or pattern.startswith("/") or ".." in pattern:
            raise EvaluationError(f"the pattern {pattern!r} is not worked out here")
        found = []
        try:
            for file in base.glob(pattern):
                if file.is_file() and self.allowed(file.resolve()):
                    found.append(file.relative_to(base).as_posix())
                if len(found) > _MANY_FILES:
                    raise EvaluationError("there are too many files")
        except (OSError, ValueError, NotImplementedError):
            raise EvaluationError(f"the pattern {pattern!r} is not worked out here") from None
        return found
