"""The way in: from folders to roots."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.values import EvaluationError, plain_text
from auditor.collect.iac.interface import NotAssessed, Root, Unknown, Value
from auditor.collect.iac.terraform.module_files import LocalFiles, Module, read_module, within
from auditor.collect.iac.terraform.modules import ABSENT, ModuleInstance, Shared
from auditor.collect.iac.terraform.resources import resources
from auditor.collect.iac.terraform.variables import Given, RootValues, root_values

LANGUAGE = "Terraform"
_TERRAGRUNT = "terragrunt.hcl"


@dataclass(slots=True)
class Reader:
    """Reads Terraform folders; each file once.

    ``shown``: a file as the user would name it. ``scanned``: the paths that the user named; ``file`` and its kin may
    read what lies below them. ``declared``: names of the variables of all roots that were read.
    """

    shown: Callable[[Path], str]
    given: Given = field(default_factory=Given)
    scanned: Sequence[Path] = ()
    declared: set[str] = field(default_factory=set)
    _modules: dict[Path, Module] = field(default_factory=dict)
    _fetched: dict[str, Path] = field(default_factory=dict)

    def folders(self, folders: Sequence[Path]) -> Iterator[Root]:
        """The root modules among the folders: those that no other one calls."""
        paths = list(dict.fromkeys(folder.resolve() for folder in folders))
        called = {child for path in paths for child in self._local_calls(self.module(path)) if child != path}
        roots = [path for path in paths if path not in called] or paths
        for path in roots:
            try:
                yield self.root(path)
            except (RecursionError, EvaluationError) as error:
                name, deep = self.shown(path), isinstance(error, RecursionError)
                reason = "its values are nested too deeply" if deep else str(error)
                yield Root(name, LANGUAGE, (), (), (NotAssessed(name, reason),))

    def module(self, path: Path) -> Module:
        """The module in a folder."""
        path = path.resolve()
        if path not in self._modules:
            self._modules[path] = read_module(path, self.shown)
        return self._modules[path]

    def _allowed(self, path: Path) -> bool:
        if any(path.is_relative_to(folder.resolve()) for folder in self.scanned):
            return True
        return any(path.is_relative_to(folder) for folder, module in self._modules.items() if module.files)

    def _local_calls(self, module: Module) -> Iterator[Path]:
        for block in module.of("module"):
            source = n.literal(block.body.attributes.get("source"))
            folder = within(module.path, source) if isinstance(source, str) and _is_local(source) else None
            if folder is not None:
                yield folder

    # Library

    def called(self, caller: Module, keys: tuple[str, ...], source: Value) -> Module | str:
        """The module that a call means, or why it cannot be read."""
        text = plain_text(source)
        if text is None:
            reason = source.reason if isinstance(source, Unknown) else "it is no text"
            return f"its source is not known: {reason}"
        if _is_local(text):
            folder = within(caller.path, text)
            missing = f"there is no folder {text}"
            return missing if folder is None else self._readable(folder, missing)
        # Where ``terraform init`` has put it; it notes so in a manifest of the root module.
        fetched = self._fetched.get(".".join(keys))
        if fetched is None:
            return f"its source is not a local folder ({text}), and terraform init has not fetched it"
        return self._readable(fetched, f"{self.shown(fetched)}, where terraform init put it, is not there")

    def _readable(self, folder: Path, otherwise: str) -> Module | str:
        if not folder.is_dir():
            return otherwise
        module = self.module(folder)
        return module if module.files or module.not_assessed else f"{module.name} holds no configuration"

    def beside(self, folder: Path) -> Module | None:
        """The module in the folder that a plan lies in, None where there is none."""
        module = self.module(folder)
        self._fetched = _manifest(module.path)
        return module if module.files else None

    # Roots

    def root(self, path: Path) -> Root:
        """The root module in a folder with all that it calls."""
        module = self.module(path)
        self._fetched = _manifest(module.path)
        self.declared |= {name for name, _ in module.labelled("variable")}
        files = LocalFiles(module.path, self._allowed)
        shared = Shared(self, files, str(module.path), {})
        # Values of variables see no names at all.
        empty = ModuleInstance(Module(module.path, module.name), shared, lambda _: ABSENT)
        values = root_values(module, self.given, empty)
        root = ModuleInstance(module, shared, _inputs(values))
        found = tuple(resources(root))
        read = list(dict.fromkeys(id(m.module) for m in root.walk()))
        modules = [m for m in self._modules.values() if id(m) in read]
        missed = [*values.not_assessed, *shared.not_assessed.values()]
        for one in modules:
            missed += one.not_assessed
        if (module.path / _TERRAGRUNT).is_file():
            name = self.shown(module.path / _TERRAGRUNT)
            missed.append(NotAssessed(name, "Terragrunt is not read: what it passes to the module is not known"))
        names = [file for one in modules for file in one.files]
        return Root(module.name, LANGUAGE, found, tuple(dict.fromkeys([*names, *values.files])), tuple(missed))


def _inputs(values: RootValues) -> Callable[[str], Value]:
    def given(name: str) -> Value:
        if name in values.values:
            return values.values[name]
        return ABSENT if values.unsure is None else Unknown(f"${{var.{name}}}", values.unsure.reason)

    return given


def _is_local(source: str) -> bool:
    return source in (".", "..") or source.startswith(("./", "../"))


def _manifest(root: Path) -> dict[str, Path]:
    """Folders of fetched modules by the names of the calls that lead to them."""
    try:
        content = json.loads((root / ".terraform" / "modules" / "modules.json").read_text(encoding="utf-8"))
        entries = content["Modules"]
        found = {str(e["Key"]): within(root, str(e["Dir"])) for e in entries if e["Key"]}
        return {key: folder for key, folder in found.items() if folder is not None}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
