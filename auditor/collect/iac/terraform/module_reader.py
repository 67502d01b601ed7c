"""From folders with configuration to roots: each root module with those that it calls."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from auditor.budget import DEFAULT, Budget, Limits, OverBudgetError, TooLargeError
from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.evaluate import Scope
from auditor.collect.iac.hcl.values import EvaluationError, plain_text
from auditor.collect.iac.interface import NotAssessed, Root, RootLanguage, Unknown, Unread, Value
from auditor.collect.iac.terraform.callers import TERRAGRUNT, Callers, Unit, units_file
from auditor.collect.iac.terraform.module_files import LocalFiles, Module, has_files, read_module
from auditor.collect.iac.terraform.modules import ABSENT, ModuleInstance, Shared
from auditor.collect.iac.terraform.resource_blocks import resources
from auditor.collect.iac.terraform.terraform_stacks import read_stack, stack_files
from auditor.collect.iac.terraform.variables import Given, RootValues, root_values
from auditor.collect.iac.tree import Tree, within
from auditor.collect.iac.unreadable import UnreadableError
from auditor.json_source import decode_json

LANGUAGE: RootLanguage = "Terraform"
#: Why a root is not assessed, where the error does not say it.
_WHY = {RecursionError: "its values are nested too deeply", MemoryError: "its values need more memory than there is"}


@dataclass(slots=True)
class ModuleReader:
    """Reads Terraform folders; each file once.

    ``shown``: a file as the user would name it. ``tree``: what may be read. ``limits``: the budget of each root.
    ``elsewhere``: root module → names of the calls that lead to a module → the folder that it was downloaded to.
    ``declared``: names of the variables of all roots that were read.
    """

    shown: Callable[[Path], str]
    tree: Tree
    given: Given = field(default_factory=Given)
    limits: Limits = DEFAULT
    elsewhere: Mapping[Path, Mapping[str, Path]] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)
    _modules: dict[Path, Module] = field(default_factory=dict)
    _laid: dict[tuple[object, ...], Module] = field(default_factory=dict)
    _fetched: dict[str, Path] = field(default_factory=dict)
    _budget: Budget = field(default_factory=Budget)

    def folders(self, folders: Sequence[Path]) -> Iterator[Root]:
        """The root modules among the folders: those that no other one calls, each as whoever deploys it from outside
        calls it."""
        paths = list(dict.fromkeys(folder.resolve() for folder in folders))
        callers = Callers(self.shown, paths, self._scope, self.tree)
        units = [self._called_from(path, callers) for path in paths if os.path.lexists(path / TERRAGRUNT)]
        stacks = [read_stack(path, names, self.shown, self.tree) for path in paths if (names := stack_files(path))]
        called = {child for path in paths for child in self._local_calls(self.module(path)) if child != path}
        called |= {child for stack in stacks for child in self._local_calls(stack)}
        deployed = {unit.module for unit in units} | {unit.folder for unit in units if unit.module is not None}
        roots = [path for path in paths if path not in called and path not in deployed]
        if not roots and not units and not stacks:
            roots = paths
        for unit in units:
            if not _only_included(unit, units):
                yield self._guarded(unit.folder, partial(self._unit, unit))
        for stack in stacks:
            yield self._guarded(stack.path, partial(self._stack, stack))
        done = {unit.folder for unit in units} | {stack.path for stack in stacks}
        for path in roots:
            if path not in done:
                yield self._guarded(path, partial(self.root, path))
        for path in paths:
            units_ = units_file(path)
            if units_ is not None and (path in done or path not in roots):
                yield Root(self.shown(units_), LANGUAGE, (), (), (self._stack_of_units(units_),))

    def _called_from(self, path: Path, callers: Callers) -> Unit:
        try:
            unit = callers.unit(path)
            if unit.module == unit.folder and not (self.module(path).files or self.module(path).not_assessed):
                unit.module = None
            return unit
        except (RecursionError, MemoryError, OverBudgetError) as error:
            reason = _WHY.get(type(error)) or str(error)
            return Unit(path, missed=[NotAssessed(self.shown(path / TERRAGRUNT), reason)])

    def _guarded(self, path: Path, work: Callable[[], Root]) -> Root:
        try:
            return work()
        except (RecursionError, MemoryError, EvaluationError, OverBudgetError) as error:
            name = self.shown(path)
            reason = _WHY.get(type(error)) or str(error)
            if isinstance(error, TooLargeError):
                reason += self._budget.at
            return Root(name, LANGUAGE, (), (), (NotAssessed(name, reason),))

    def module(self, path: Path) -> Module:
        """The module in a folder."""
        path = path.resolve()
        if path not in self._modules:
            self._modules[path] = read_module(path, self.shown, self.tree, self.limits.seconds)
        return self._modules[path]

    def _allowed(self, path: Path) -> bool:
        if self.tree.is_scanned(path):
            return True
        return any(path.is_relative_to(folder) for folder, module in self._modules.items() if module.files)

    def _local_calls(self, module: Module) -> Iterator[Path]:
        for block in module.of("module"):
            source = n.literal(block.body.attributes.get("source"))
            folder = within(module.path, source) if isinstance(source, str) and _is_local(source) else None
            if folder is not None and self.tree.holds(folder):
                yield folder

    # Library

    def called(self, caller: Module, keys: tuple[str, ...], source: Value) -> Module | Unread:
        """The module that a call means, or why it cannot be read."""
        text = plain_text(source)
        if text is None:
            reason = source.reason if isinstance(source, Unknown) else "it is not a string"
            return Unread(f"its source is not known: {reason}")
        if _is_local(text):
            folder = within(caller.path, text)
            missing = f"there is no folder {text}"
            return Unread(missing) if folder is None else self._readable(folder, missing)
        # Where ``terraform init`` has put it; it notes so in a manifest of the root module.
        fetched = self._fetched.get(".".join(keys))
        if fetched is None:
            reason = f"its source is not a local folder ({text}), and terraform init has not fetched it"
            return Unread(reason, elsewhere=True)
        return self._readable(fetched, f"{self.shown(fetched)}, where terraform init put it, is not there")

    def _readable(self, folder: Path, otherwise: str) -> Module | Unread:
        if not self.tree.holds(folder):
            return Unread(f"{self.shown(folder)} lies outside of the repository")
        if not folder.is_dir():
            return Unread(otherwise)
        module = self.module(folder)
        return module if module.files or module.not_assessed else Unread(f"{module.name} holds no configuration")

    def beside(self, folder: Path) -> Module | None:
        """The module in the folder that a plan lies in, None where there is none."""
        module = self.module(folder)
        self._fetched = self._manifest(module.path)
        return module if module.files else None

    # Roots

    def root(self, path: Path) -> Root:
        """The root module in a folder with all that it calls."""
        module = self.module(path)
        found = self._evaluated(module, module.name, lambda _: ABSENT)
        units = units_file(path)
        if units is None:
            return found
        return replace(found, not_assessed=(*found.not_assessed, self._stack_of_units(units)))

    def _stack_of_units(self, file: Path) -> NotAssessed:
        return NotAssessed(self.shown(file), "a stack of Terragrunt's is not read: what its units are is not known")

    def _manifest(self, root: Path) -> dict[str, Path]:
        """Folders of fetched modules by the names of the calls that lead to them; what ``terraform init`` fetched is
        what is deployed."""
        return {**self.elsewhere.get(root, {}), **self._initialized(root)}

    def _initialized(self, root: Path) -> dict[str, Path]:
        try:
            content = decode_json(self.tree.read(root / ".terraform" / "modules" / "modules.json"))
            entries = content["Modules"]
            found = {str(e["Key"]): within(root, str(e["Dir"])) for e in entries if e["Key"]}
            return {key: folder for key, folder in found.items() if folder is not None}
        except (UnreadableError, ValueError, KeyError, TypeError, RecursionError):
            return {}

    def _unit(self, unit: Unit) -> Root:
        """The root module that Terragrunt deploys from a folder."""
        name = self.shown(unit.folder)
        module = self._laid_out(unit)
        if unit.module is None and not (module.files or module.not_assessed):
            missed = unit.missed or [
                NotAssessed(self.shown(unit.folder / TERRAGRUNT), "it names no module, and none lies beside it")
            ]
            return Root(name, LANGUAGE, (), (), tuple(missed))

        def passed(variable: str) -> Value:
            if variable in unit.inputs:
                return unit.inputs[variable]
            return ABSENT if unit.unsure is None else Unknown(f"${{var.{variable}}}", unit.unsure.reason)

        found = self._evaluated(module, name, passed)
        files = tuple(dict.fromkeys((*found.files, *unit.files)))
        return replace(
            found, files=files, not_assessed=(*found.not_assessed, *unit.missed), called={"": module.name}
        )  # fmt: skip

    def _laid_out(self, unit: Unit) -> Module:
        """The module that a unit deploys, with the unit's own files and those that Terragrunt generates."""
        path = (unit.module or unit.folder).resolve()
        beside = (unit.folder,) if path != unit.folder and has_files(unit.folder) else ()
        if not beside and not unit.generated:
            return self.module(path)
        key = (path, beside, tuple(unit.generated.items()))
        if key not in self._laid:
            self._laid[key] = read_module(
                path, self.shown, self.tree, self.limits.seconds, beside, unit.generated
            )  # fmt: skip
        return self._laid[key]

    def _stack(self, stack: Module) -> Root:
        """A Terraform Stack: what each of its components makes. Its variables are a deployment's to give."""
        found = self._evaluated(stack, stack.name, _by_deployment)
        called = {}
        for label, block in stack.labelled("module"):
            source = n.literal(block.body.attributes.get("source"))
            folder = within(stack.path, source) if isinstance(source, str) else None
            if folder is not None:
                called[label] = self.shown(folder)
        return replace(found, called=called)

    def _scope(self, module: Module) -> Scope:
        """What the locals of a configuration are, and nothing else."""
        files = LocalFiles(module.path, self._allowed, self.tree)
        shared = Shared(self, files, str(module.path), {}, Budget(self.limits))
        return ModuleInstance(module, shared, lambda _: ABSENT)

    def _evaluated(self, module: Module, name: str, passed: Callable[[str], Value]) -> Root:
        """A root module, called ``name``. ``passed`` gives what is passed to its variables from outside."""
        self._fetched = self._manifest(module.path)
        self.declared |= {name for name, _ in module.labelled("variable")}
        files = LocalFiles(module.path, self._allowed, self.tree)
        self._budget = Budget(self.limits)
        shared = Shared(self, files, str(module.path), {}, self._budget)
        # Values of variables see no names at all.
        values = root_values(module, self.given, self._scope(Module(module.path, module.name)), self.tree)
        root = ModuleInstance(module, shared, _inputs(values, passed))
        found = tuple(resources(root))
        modules = {id(m.module): m.module for m in root.walk()}
        missed = [*values.not_assessed, *shared.not_assessed.values()]
        missed += [
            NotAssessed(f"{name}: {file}", f"a function reads it, and {why}") for file, why in files.refused.items()
        ]
        for one in modules.values():
            missed += one.not_assessed
        names = [file for one in modules.values() for file in one.files]
        read = tuple(dict.fromkeys([*names, *values.files]))
        return Root(name, LANGUAGE, found, read, tuple(missed), changes=tuple(shared.changes))


def _only_included(unit: Unit, units: Sequence[Unit]) -> bool:
    """Whether the folder's terragrunt.hcl deploys nothing by itself: others below it include it."""
    below = any(other.folder != unit.folder and other.folder.is_relative_to(unit.folder) for other in units)
    return unit.module is None and not unit.missed and below


def _by_deployment(name: str) -> Value:
    return Unknown(f"${{var.{name}}}", f"variable {name} is given by each deployment of the stack")


def _inputs(values: RootValues, passed: Callable[[str], Value]) -> Callable[[str], Value]:
    def given(name: str) -> Value:
        if name in values.values:
            return values.values[name]
        return passed(name) if values.unsure is None else Unknown(f"${{var.{name}}}", values.unsure.reason)

    return given


def _is_local(source: str) -> bool:
    return source in (".", "..") or source.startswith(("./", "../"))
