"""One module: the files of a folder, put together as Terraform does.

Source: Terraform's language documentation, "Files and Configuration Structure", "Override Files", "JSON Configuration
Syntax"; OpenTofu's, "Files and Directories" (a ``.tofu`` file stands for the ``.tf`` file of the same name).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.parser import parse
from auditor.collect.iac.hcl.values import EvaluationError
from auditor.collect.iac.interface import NotAssessed, Unknown
from auditor.collect.iac.terraform.json_syntax import json_body
from auditor.collect.iac.tree import Tree, within
from auditor.collect.iac.unreadable import ElsewhereError, UnreadableError

ENDINGS = (".tf", ".tf.json", ".tofu", ".tofu.json")
#: Larger files are not configuration that people write.
MAX_BYTES = 4 * 1024 * 1024
_MANY_FILES = 5_000
OUTSIDE = "it lies outside of what is scanned"


@dataclass(slots=True)
class Module:
    """The configuration of one folder. ``name``: the folder as the user would name it. ``overridden``: why nobody can
    tell what its blocks hold: an override file is not known, and may change any of them."""

    path: Path
    name: str
    files: list[str] = field(default_factory=list)
    not_assessed: list[NotAssessed] = field(default_factory=list)
    blocks: dict[str, list[n.Block]] = field(default_factory=dict)
    #: Folders whose files are copied over those of ``path`` before Terraform runs, behind the user's names of them.
    beside: tuple[tuple[str, Path], ...] = ()
    overridden: Unknown | None = None

    def of(self, kind: str) -> list[n.Block]:
        """Blocks of one type, in the order of the files' names."""
        return self.blocks.get(kind, [])

    def labelled(self, kind: str) -> Iterator[tuple[str, n.Block]]:
        """Blocks with their first label."""
        return ((block.labels[0], block) for block in self.of(kind) if block.labels)


@dataclass(frozen=True, slots=True)
class Laid:
    """A file that something lays into a module's folder before Terraform runs. ``text`` is None where it is not known.
    ``at``, ``line``: where its text begins, as the user would name it. ``yields``: one of that name that is there
    already is kept."""

    text: str | None
    at: str
    line: int
    yields: bool = False

    def body(self, name: str) -> n.Body:
        """What it holds, called so. Raises UnreadableError."""
        if self.text is None:
            raise ElsewhereError(f"what it generates as {name} is not known", self.line)
        try:
            # As many lines stand before it as in the file that says so.
            return body_of(("\n" * self.line + self.text).encode("utf-8", "surrogatepass"), name, variables=False)
        except UnreadableError as error:
            raise UnreadableError(f"what it generates as {name} can't be read: {error.reason}", error.line) from None


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


def names_in(folder: Path) -> list[str]:
    """Names in a folder but those of folders, as Terraform looks for files by name. What is not a file (a device, a
    link that leads nowhere) is among them, so that it is noticed when it is read. Raises UnreadableError."""
    try:
        return [entry.name for entry in folder.iterdir() if entry.is_symlink() or not entry.is_dir()]
    except OSError as error:
        raise UnreadableError(f"it cannot be listed: {error.strerror or error}") from None


def has_files(folder: Path) -> bool:
    """Whether a folder holds files that Terraform reads, values of variables among them."""
    try:
        return any(name.endswith((*ENDINGS, ".tfvars", ".tfvars.json")) for name in names_in(folder))
    except UnreadableError:
        return True


def read_module(
    path: Path, shown: Callable[[Path], str], tree: Tree, seconds: float, beside: Sequence[Path] = (),
    laid: Mapping[str, Laid] | None = None,
) -> Module:  # fmt: skip
    """The module in a folder. A file that cannot be read is noted, and its blocks are missing. ``seconds``: of this
    thread's own time, after which the other files are not read either. Files of the folders ``beside`` it, and those
    that are ``laid`` there by name, stand for its own of the same name."""
    module = Module(path, shown(path), beside=tuple((shown(folder), folder) for folder in beside))
    files: dict[str, Path | Laid] = {}
    for folder in (path, *beside):
        try:
            files |= {name: folder / name for name in names_in(folder)}
        except UnreadableError as error:
            module.not_assessed.append(NotAssessed(shown(folder), error.reason))
            if folder == path:
                return module
    files |= {name: one for name, one in (laid or {}).items() if not (one.yields and name in files)}
    started = time.thread_time()
    for name in configuration_files(list(files)):
        file = files[name]
        try:
            if time.thread_time() - started > seconds:
                spent = f"the files before it took the {seconds:g} seconds that the folder has"
                raise UnreadableError(f"{spent}; --budget gives it more")
            body = read_file(file, tree) if isinstance(file, Path) else file.body(name)
        except UnreadableError as error:
            named = _beside_link(file, shown, name) if isinstance(file, Path) else file.at
            module.not_assessed.append(NotAssessed(named, error.reason, error.line, isinstance(error, ElsewhereError)))
            if _is_override(name) or "${" in name:
                module.overridden = Unknown("", f"{name} may override it: {error.reason}")
            continue
        at = shown(file) if isinstance(file, Path) else file.at
        module.files.append(at)
        for block in body.blocks:
            block.file = at
            if _is_override(name):
                _override(module, block)
            else:
                module.blocks.setdefault(block.kind, []).append(block)
    return module


def _beside_link(file: Path, shown: Callable[[Path], str], name: str) -> str:
    """A link is named, not what it leads to."""
    folder = shown(file.parent)
    return f"{folder}/{name}" if folder != "." else name


def text_of(content: bytes) -> str:
    """A file's text, UTF-8 as Terraform wants it. Raises UnreadableError."""
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UnreadableError("it is not UTF-8 text") from None


def read_text(file: Path, tree: Tree) -> str:
    """The text of a file of the tree. Raises UnreadableError."""
    return text_of(tree.read(file, MAX_BYTES))


def read_file(file: Path, tree: Tree) -> n.Body:
    """The blocks of a configuration file of the tree, or the attributes of a file of variables. Raises
    UnreadableError."""
    return body_of(tree.read(file, MAX_BYTES), file.name, variables="tfvars" in file.name)


def body_of(content: bytes, name: str, *, variables: bool) -> n.Body:
    """What a file of that name holds. ``variables``: it gives values to variables. Raises UnreadableError."""
    return json_body(text_of(content), variables=variables) if name.endswith(".json") else parse(content)


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
    ``allowed``: whether a path may be looked at, since a report shows what is read. ``refused`` collects what was not
    read, with the reason: a value that hangs on it is not one that only the deployment knows."""

    root: Path
    allowed: Callable[[Path], bool]
    tree: Tree
    refused: dict[str, str] = field(default_factory=dict)

    def _path(self, name: str) -> Path:
        path = within(self.root, name)
        if path is None:
            raise EvaluationError("its name is not a path")
        if not self.allowed(path):
            self.refused[name] = OUTSIDE
            raise EvaluationError(f"{name} lies outside of what is scanned")
        return path

    def read(self, path: str) -> str:
        """A file's text. Raises EvaluationError."""
        file = self._path(path)
        if not file.exists():
            raise EvaluationError(f"there is no file {path}")
        try:
            return read_text(file, self.tree)
        except UnreadableError as error:
            self.refused[path] = error.reason
            raise EvaluationError(f"{path}: {error.reason}") from None

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        return self._path(path).is_file()

    def matching(self, folder: str, pattern: str) -> list[str]:
        """Files below a folder that match, relative to it. Raises EvaluationError."""
        base = self._path(folder)
        if not os.access(base, os.R_OK | os.X_OK) and base.is_dir():
            self.refused[folder] = "it cannot be listed"
            raise EvaluationError(f"{folder} cannot be listed")
        if "{" in pattern or pattern.startswith("/") or ".." in pattern:
            raise EvaluationError(f"the pattern {pattern!r} is not evaluated here")
        found = []
        try:
            for file in base.glob(pattern):
                if file.is_file() and self.allowed(file.resolve()):
                    found.append(file.relative_to(base).as_posix())
                if len(found) > _MANY_FILES:
                    raise EvaluationError("there are too many files")
        except (OSError, ValueError, NotImplementedError):
            raise EvaluationError(f"the pattern {pattern!r} is not evaluated here") from None
        return found
