"""What there is to assess below the paths that a user names. What is there and is not looked at is said."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from auditor.collect.iac.cloudformation.assembly import is_assembly, output_folder
from auditor.collect.iac.other_languages import FILLED_IN, unread
from auditor.collect.iac.source_text import decoded
from auditor.collect.iac.terraform.callers import is_caller
from auditor.collect.iac.terraform.module_files import ENDINGS as CONFIGURATION
from auditor.collect.iac.tree import MAX_PLAN_BYTES, NOWHERE, OUTSIDE, Tree
from auditor.collect.iac.unreadable import UnreadableError
from auditor.errors import ConfigError
from auditor.regular_files import TooLargeError

ENDINGS = (".yaml", ".yml", ".json", ".template")
#: Folders of packages and of tools: what lies there was put there by a program. docs/templates.md names them.
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages"})
_TOOLS = frozenset({
    ".aws-sam", ".cache", ".circleci", ".eggs", ".git", ".github", ".gitlab", ".hg", ".hypothesis", ".idea",
    ".mypy_cache", ".nox", ".npm", ".pytest_cache", ".ruff_cache", ".serverless", ".svn", ".terraform",
    ".terragrunt-cache", ".terragrunt-stack", ".tox", ".venv", ".vscode", ".yarn",
})  # fmt: skip
#: Files of a cloud assembly that are read because its manifest names them.
_ASSEMBLED = (".template.json", ".assets.json", "manifest.json", "tree.json", "cdk.json")
HIDDEN = "it is a hidden folder with templates or configuration in it; name it to have it scanned"
_TYPE = re.compile(r"""["']?\bType["']?\s*:\s*["']?\w+::\w+|Fn::Transform|!Transform""")
_RESOURCES = re.compile(r"""["']?\bResources["']?\s*:""")
#: A template without any of these words holds no Studio resource, nor can anything that it takes in.
_OURS = re.compile(
    r"(?i:sagemaker|studio)|CloudFormation::Stack|Serverless::Application|Fn::ForEach|Transform|ServiceCatalog|::MODULE"
)
#: What another template may import, and an import.
EXPORTS, IMPORTS = re.compile(r"\bExport\b"), re.compile(r"ImportValue")
#: A line of the log that ``terraform plan -json`` writes; a plan behind what Terraform says while it makes one.
_LOG = re.compile(r'\s*\{"@level":.*"(?:terraform|tofu)":')
_BEHIND = re.compile(r'^\{\s*"format_version":\s*"[^"]*",\s*"terraform_version":', re.MULTILINE)


@dataclass(slots=True)
class Found:
    """Files that look like templates, those among them that cannot hold anything of Studio, folders of cloud
    assemblies, and ``cdk.json`` files whose app has not been synthesised; folders with Terraform configuration, and
    Terraform's plans. ``exporters`` are those of the others that export something, ``imports`` says whether a template
    imports anything. ``missed``: what may hold any of these and was not looked at, as it is named, and why."""

    templates: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    assemblies: list[Path] = field(default_factory=list)
    cdk_sources: list[Path] = field(default_factory=list)
    modules: list[Path] = field(default_factory=list)
    plans: list[Path] = field(default_factory=list)
    exporters: list[Path] = field(default_factory=list)
    imports: bool = False
    missed: dict[Path, str] = field(default_factory=dict)


def discover(paths: Sequence[Path], tree: Tree | None = None) -> Found:
    """Look through the paths: files are taken at their word, folders are searched. Raises ConfigError for a path that
    does not exist, or a file that is none of ours."""
    search = _Search(tree or Tree.around(paths))
    for path in paths:
        if not os.path.lexists(path):
            raise ConfigError(f"{path}: no such file or folder")
        if path.is_dir():
            search.folder(path)
        else:
            search.file(path, named=True)
    found = search.result()
    if found.imports:
        # What Studio's templates import may stand in a template without anything of Studio.
        found.templates += found.exporters
        found.others = [file for file in found.others if file not in found.exporters]
    return found


class _Search:
    """One search through a tree. Files and folders are looked at once, by whatever names they are reached."""

    def __init__(self, tree: Tree) -> None:
        self.found = Found()
        self._tree = tree
        self._seen: set[Path] = set()
        self._modules: set[Path] = set()

    def result(self) -> Found:
        """What was found. A hidden folder that was searched all the same, since a link leads there, is not missed."""
        searched = [path for path, reason in self.found.missed.items() if reason == HIDDEN and not self._first(path)]
        for path in searched:
            del self.found.missed[path]
        return self.found

    def folder(self, folder: Path, *, assembled: bool = False) -> None:
        """Everything below a folder. ``assembled``: it lies in a cloud assembly, whose own files its manifest names."""
        waiting = [(folder, assembled)]
        while waiting:
            here, inside = waiting.pop()
            if not self._first(here):
                continue
            try:
                with os.scandir(here) as listed:
                    entries = sorted(listed, key=lambda entry: entry.name)
            except OSError as error:
                self.found.missed[here] = f"it cannot be listed: {error.strerror or error}"
                continue
            if not inside and is_assembly(here):
                self.found.assemblies.append(here)
                inside = True
            folders = []
            for entry in entries:
                path = here / entry.name
                if _is_folder(entry):
                    folders += [path] if self._enter(path, entry) else []
                else:
                    self._entry(path, entry, inside)
            waiting += [(path, inside) for path in reversed(folders)]

    def _first(self, path: Path) -> bool:
        real = Path(os.path.realpath(path))
        first = real not in self._seen
        self._seen.add(real)
        return first

    def _enter(self, path: Path, entry: os.DirEntry[str]) -> bool:
        """Whether a folder is searched."""
        if entry.is_symlink() and not self._tree.holds(path):
            self.found.missed[path] = OUTSIDE
            return False
        if entry.name in _SKIPPED or entry.name in _TOOLS:
            return False
        if entry.name.startswith(".") and not entry.is_symlink():
            if any(self._holds_ours(path)):
                self.found.missed[path] = HIDDEN
            return False
        return True

    def _holds_ours(self, folder: Path) -> Iterator[bool]:
        """Whether a file below a folder is one that would be assessed."""
        for place, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if name not in _SKIPPED and name not in _TOOLS]
            for name in files:
                if is_configuration(name):
                    yield True
                elif name.endswith(ENDINGS):
                    text = self._text(Path(place) / name)
                    yield text is not None and looks_like_template(text) and _OURS.search(text) is not None

    def _entry(self, path: Path, entry: os.DirEntry[str], inside: bool) -> None:
        """A name in a folder that is no folder."""
        name = entry.name
        if is_configuration(name):
            self._module(path.parent)
        elif name == "cdk.json" and not inside:
            if not is_assembly(path.parent / output_folder(path, self._tree)):
                self.found.cdk_sources.append(path)
        elif name.endswith((*ENDINGS, *FILLED_IN)) and not name.startswith(".") and not name.endswith(".tfvars.json"):
            if not (inside and name.endswith(_ASSEMBLED)):
                self.file(path)
        elif entry.is_symlink() and "." not in name and not path.exists():
            # It may have been a folder of configuration, and be one again where it is deployed.
            self.found.missed[path] = NOWHERE

    def file(self, file: Path, *, named: bool = False) -> None:
        """A file that may be ours. ``named``: the user says so. Raises ConfigError for one that is not."""
        found = self.found
        if is_configuration(file.name):
            # One file of a module says little without the others.
            self._module(file.parent)
            return
        if not self._first(file):
            return
        text = self._text(file)
        if text is None:
            return
        if reason := unread(file.name, text):
            found.missed[file] = reason
        elif file.name.endswith(FILLED_IN) and not named:
            return
        elif looks_like_plan(text):
            found.plans.append(file)
        elif looks_like_template(text):
            ours = named or _OURS.search(text) is not None
            (found.templates if ours else found.others).append(file)
            found.imports = found.imports or (ours and IMPORTS.search(text) is not None)
            if not ours and EXPORTS.search(text):
                found.exporters.append(file)
        elif named:
            raise _none_of_ours(file, text)

    def _module(self, folder: Path) -> None:
        real = Path(os.path.realpath(folder))
        if real not in self._modules:
            self._modules.add(real)
            self.found.modules.append(folder)

    def _text(self, file: Path) -> str | None:
        """A file's text. None where it is not read; that is noted, but for what is too large to be a template and does
        not look like one."""
        try:
            return decoded(self._tree.read(file, MAX_PLAN_BYTES), "replace")
        except UnreadableError as error:
            large = error.__cause__
            if isinstance(large, TooLargeError):
                start = decoded(large.start, "replace")
                if not (looks_like_plan(start) or looks_like_template(start)):
                    return None
            self.found.missed[file] = error.reason
            return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link to itself.
        return False


def _none_of_ours(file: Path, text: str) -> ConfigError:
    if file.suffix in (".py", ".ts", ".js", ".java", ".cs", ".go"):
        return ConfigError(f"{file}: CDK source is no template", hint="Run cdk synth and scan the folder cdk.out.")
    if text.startswith("PK"):
        return ConfigError(
            f"{file}: this is no text; Terraform's own form of a plan cannot be read",
            hint=f"Run: terraform show -json {file} > plan.json",
        )
    return ConfigError(f"{file}: this is no template", hint="See docs/templates.md for what can be scanned.")


def looks_like_template(text: str) -> bool:
    """Whether a text is meant as a CloudFormation template, be it broken or not."""
    if "AWSTemplateFormatVersion" in text:
        return True
    return bool(_RESOURCES.search(text) and _TYPE.search(text))


def is_configuration(name: str) -> bool:
    """Whether a file of that name makes its folder one of Terraform's."""
    return name.endswith(CONFIGURATION) or is_caller(name)


def looks_like_plan(text: str) -> bool:
    """Whether a text is what ``terraform show -json`` writes of a plan, or of a state; or what is taken for it: the log
    of ``terraform plan -json``, a plan behind other lines."""
    start = text[:2000]
    if '"format_version"' in start and '"terraform_version"' in start and text.lstrip("\ufeff \n")[:1] == "{":
        return True
    return _LOG.match(text) is not None or _BEHIND.search(text) is not None


def well_formed(file: Path, tree: Tree) -> bool:
    """Whether a file is YAML or JSON at all: what is asked of templates that hold nothing of Studio."""
    import yaml

    try:
        text = decoded(tree.read(file), "replace")
    except UnreadableError:
        return False
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        for _ in yaml.parse(text, Loader=loader):
            pass
    except (yaml.YAMLError, ValueError):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return False
    return True
