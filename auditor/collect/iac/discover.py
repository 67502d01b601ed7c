"""What there is to assess below the paths that a user names. What is there and is not looked at is said."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence, Set
from pathlib import Path

from auditor.collect.iac.interface import TemplateReader
from auditor.collect.iac.other_languages import FILLED_IN, PROGRAMS, PROJECTS, unread, why_unread
from auditor.collect.iac.source_text import decoded
from auditor.collect.iac.tree import MAX_PLAN_BYTES, NOWHERE, OUTSIDE, Tree
from auditor.collect.iac.unreadable import UnreadableError
from auditor.errors import ConfigError
from auditor.file_kinds import kind_of_text
from auditor.regular_files import TooLargeError

#: Folders of packages and of tools: what lies there was put there by a program. docs/templates.md names them.
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages"})
_TOOLS = frozenset({
    ".aws-sam", ".cache", ".circleci", ".eggs", ".git", ".github", ".gitlab", ".hg", ".hypothesis", ".idea",
    ".mypy_cache", ".nox", ".npm", ".pytest_cache", ".ruff_cache", ".serverless", ".svn", ".terraform",
    ".terragrunt-cache", ".terragrunt-stack", ".tox", ".venv", ".vscode", ".yarn",
})  # fmt: skip
HIDDEN = "it is a hidden folder with templates or configuration in it; name it to have it scanned"
EMPTY = "there is no template and no Terraform configuration in it"
_NO_TEMPLATE = ("this is not a template", "See docs/templates.md for what can be scanned.")


def discover(paths: Sequence[Path], readers: Sequence[TemplateReader], tree: Tree) -> dict[Path, str]:
    """Look through the paths, and let the readers take what is theirs: the first that recognises it. Files are taken at
    their word, folders are searched.

    What may be something to assess and was not looked at is returned as it is named, with the reason. Raises
    ConfigError for a path that does not exist, or a file that is nobody's.
    """
    search = _Search(readers, tree)
    for path in paths:
        if not os.path.lexists(path):
            raise ConfigError(f"{path}: no such file or folder")
        if path.is_dir():
            search.named_folder(path)
        else:
            search.file(path, named=True)
    return search.result()


class _Search:
    """One search through a tree. Files and folders are looked at once, by whatever names they are reached."""

    def __init__(self, readers: Sequence[TemplateReader], tree: Tree) -> None:
        self._readers, self._tree = readers, tree
        self._endings = tuple(ending for reader in readers for ending in reader.endings)
        self._parts = tuple(ending for reader in readers for ending in reader.parts)
        self._missed: dict[Path, str] = {}
        self._seen: set[Path] = set()
        # Programs, and folders of the apps that some of them make up.
        self._programs: list[Path] = []
        self._apps: set[Path] = set()
        # How much was found: taken or noticed by a reader, or looked at before by another name.
        self._found = 0
        self._empty: list[Path] = []

    def result(self) -> dict[Path, str]:
        """What was missed. A hidden folder that was searched all the same, since a link leads there, is not."""
        projects = {path.parent for path in self._missed if path.name in PROJECTS}
        for path in self._programs:
            if why := self._declares(path, self._apps, projects):
                self._missed[path] = why
        missed = {path: why for path, why in self._missed.items() if why != HIDDEN or self._first(path)}
        # A folder of which nothing is read is not passed over because another one is named beside it.
        return missed | {path: EMPTY for path in self._empty if not any(one.is_relative_to(path) for one in missed)}

    def named_folder(self, folder: Path) -> None:
        """A folder that the user names."""
        found = self._found
        self.folder(folder)
        if self._found == found:
            self._empty.append(folder)

    def folder(self, folder: Path) -> None:
        """Everything below a folder. What lies in one that a reader reads as a whole is its own, but for what nothing
        there names."""
        waiting: list[tuple[Path, TemplateReader | None]] = [(folder, None)]
        while waiting:
            here, inside = waiting.pop()
            if not self._first(here):
                self._found += 1
                continue
            try:
                with os.scandir(here) as listed:
                    entries = sorted(listed, key=lambda entry: entry.name)
            except OSError as error:
                self._missed[here] = f"it cannot be listed: {error.strerror or error}"
                continue
            if inside is None:
                inside = next((reader for reader in self._readers if reader.as_a_whole(here)), None)
                if inside is not None:
                    self._apps.add(here.parent)
                    self._take(inside, here)
            folders = []
            for entry in entries:
                path = here / entry.name
                if _is_folder(entry):
                    folders += [path] if self._enter(path, entry) else []
                else:
                    self._entry(path, entry, inside)
            waiting += [(path, inside) for path in reversed(folders)]

    def _take(self, reader: TemplateReader, path: Path, text: str = "", named: bool = False) -> None:
        self._found += 1
        reader.take(path, text, named)

    def _first(self, path: Path) -> bool:
        real = Path(os.path.realpath(path))
        first = real not in self._seen
        self._seen.add(real)
        return first

    def _enter(self, path: Path, entry: os.DirEntry[str]) -> bool:
        """Whether a folder is searched."""
        if entry.is_symlink() and not self._tree.holds(path):
            self._missed[path] = OUTSIDE
            return False
        if entry.name in _SKIPPED or entry.name in _TOOLS:
            return False
        if entry.name.startswith(".") and not entry.is_symlink():
            if any(self._holds_ours(path)):
                self._missed[path] = HIDDEN
            return False
        return True

    def _holds_ours(self, folder: Path) -> Iterator[bool]:
        """Whether a file below a folder is one that would be assessed."""
        for place, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if name not in _SKIPPED and name not in _TOOLS]
            for name in files:
                if self._by_name(name) is not None:
                    yield True
                elif name.endswith(self._endings):
                    text = self._text(Path(place) / name)
                    yield text is not None and any(r.by_text(text) and r.of_studio(text) for r in self._readers)

    def _by_name(self, name: str) -> TemplateReader | None:
        return next((reader for reader in self._readers if reader.by_name(name)), None)

    def _entry(self, path: Path, entry: os.DirEntry[str], inside: TemplateReader | None) -> None:
        """A name in a folder that is not a folder. ``inside``: whose the folder is as a whole."""
        name = entry.name
        reader = self._by_name(name)
        if reader is not None:
            self._take(reader, path)
        elif inside is None and any(reader.notice(path) for reader in self._readers):
            self._found += 1
            self._apps.add(path.parent)
        elif inside is None and name.endswith(PROGRAMS):
            self._programs.append(path)
        elif name.endswith((*self._endings, *FILLED_IN)) and not name.startswith("."):
            parts = self._parts if inside is None else (*self._parts, *inside.parts_inside)
            if not name.endswith(parts):
                self.file(path)
        elif entry.is_symlink() and "." not in name and not path.exists():
            # It may have been a folder of configuration, and be one again where it is deployed.
            self._missed[path] = NOWHERE

    def _declares(self, program: Path, apps: Set[Path], projects: Set[Path]) -> str:
        """Why a program that makes something of Studio is not read; empty where it makes none, or belongs to an app
        of the CDK or to another project that is named already."""
        in_app, in_project = not apps.isdisjoint(program.parents), not projects.isdisjoint(program.parents)
        if in_app and in_project:
            return ""
        try:
            text = decoded(self._tree.read(program, MAX_PLAN_BYTES), "replace")
        except UnreadableError:
            return ""
        return why_unread(text, cdk=not in_app, others=not in_project)

    def file(self, file: Path, *, named: bool = False) -> None:
        """A file that may be a reader's. ``named``: the user says so. Raises ConfigError for one that is not."""
        reader = self._by_name(file.name)
        if reader is not None:
            self._take(reader, file, "", named)
            return
        if not self._first(file):
            self._found += 1
            return
        text = self._text(file)
        if text is None:
            return
        if reason := unread(file.name, text):
            self._missed[file] = reason
            return
        if file.name.endswith(FILLED_IN) and not named:
            return
        reader = next((reader for reader in self._readers if reader.by_text(text)), None)
        if reader is not None:
            self._take(reader, file, text, named)
        elif named:
            said = (reader.refusal(file, text) for reader in self._readers)
            reason, hint = next(filter(any, said), _NO_TEMPLATE)
            raise ConfigError(f"{file}: {reason}", hint=kind_of_text(file, text) or hint)

    def _text(self, file: Path) -> str | None:
        """A file's text. None where it is not read; that is noted, but for what is too large to be a template and does
        not look like one."""
        try:
            return decoded(self._tree.read(file, MAX_PLAN_BYTES), "replace")
        except UnreadableError as error:
            large = error.__cause__
            if isinstance(large, TooLargeError):
                start = decoded(large.start, "replace")
                if not any(reader.by_text(start) for reader in self._readers):
                    return None
            self._missed[file] = error.reason
            return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link to itself.
        return False
