"""Who calls a root module from outside: Terragrunt, whose inputs win over a variable's default; and Terraform Stacks.

Source: Terragrunt's reference, "HCL Blocks and Attributes" (``terraform``, ``include``, ``inputs``: each input is
passed as ``TF_VAR_name``, so files of variables beside the module are stronger).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.evaluate import Scope, value
from auditor.collect.iac.hcl.values import first_unknown, plain_text
from auditor.collect.iac.interface import NotAssessed, Unknown, Value
from auditor.collect.iac.partly_known import open_keys_of, rest_of
from auditor.collect.iac.terraform.generated_files import generated_files
from auditor.collect.iac.terraform.module_files import Laid, Module, read_file
from auditor.collect.iac.terraform.terraform_stacks import COMPONENT_FILES, local_sources
from auditor.collect.iac.tree import Tree, within
from auditor.collect.iac.unreadable import UnreadableError

TERRAGRUNT = "terragrunt.hcl"
_UNITS = "terragrunt.stack.hcl"
_REMOTE = re.compile(r"^[\w.+-]+(::|://|@)|^[\w.-]+\.[a-z]+/")
_FROM_HERE = "${get_terragrunt_dir()}"

#: Gives a scope for the expressions of a configuration: its locals, and nothing else.
Scoped = Callable[[Module], Scope]


def is_caller(name: str) -> bool:
    """Whether a file of that name calls modules from outside of Terraform's configuration."""
    return name in (TERRAGRUNT, _UNITS) or name.endswith(COMPONENT_FILES)


@dataclass(slots=True)
class Unit:
    """A module that Terragrunt deploys. ``module`` is its folder, None where it cannot be told (``missed`` says why).
    ``inputs`` by name; ``unsure``: why all others are not known. ``generated``: files that it lays beside the module's,
    by name."""

    folder: Path
    module: Path | None = None
    inputs: dict[str, Value] = field(default_factory=dict)
    unsure: Unknown | None = None
    generated: dict[str, Laid] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    missed: list[NotAssessed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Configuration:
    """A terragrunt.hcl that was read, or one that it includes."""

    folder: Path
    body: n.Body
    scope: Scope


class Callers:
    """Reads callers. ``shown``: a file as the user would name it; ``known``: folders of modules that are scanned;
    ``scoped``: see Scoped."""

    def __init__(self, shown: Callable[[Path], str], known: Sequence[Path], scoped: Scoped, tree: Tree) -> None:
        self._shown, self._known, self._scoped, self._tree = shown, known, scoped, tree

    def _named(self, folder: Path, name: str) -> str:
        around = self._shown(folder)
        return name if around == "." else f"{around}/{name}"

    # Terragrunt

    def unit(self, folder: Path) -> Unit:
        """The module that the folder's terragrunt.hcl deploys."""
        # By the folder's name: the file may be a link.
        unit, at = Unit(folder), self._named(folder, TERRAGRUNT)
        try:
            own = self._configuration(folder / TERRAGRUNT)
        except UnreadableError as error:
            unit.missed.append(NotAssessed(at, error.reason, error.line))
            unit.unsure = Unknown("", f"{at} cannot be read")
            unit.module = next((target for _, target in local_sources(folder / TERRAGRUNT, self._tree)), None)
            return unit
        unit.files.append(at)
        above, problem = self._included(own)
        unit.files += [self._shown(one) for one, _ in above]
        if problem:
            unit.unsure = Unknown("", f"{at} includes a configuration that may pass it: {problem}")
        layers = [*(configuration for _, configuration in above), own]
        unit.module = self._module(layers, unit, at)
        for layer in layers:
            self._pass(layer, unit, at)
        names = [*(self._shown(file) for file, _ in above), at]
        unit.generated = generated_files(
            [(name, layer.body, layer.scope) for name, layer in zip(names, layers, strict=True)]
        )
        return unit

    def _configuration(self, file: Path) -> _Configuration:
        body = read_file(file, self._tree)
        module = Module(file.parent, self._shown(file.parent), blocks={"locals": list(body.of("locals"))})
        return _Configuration(file.parent, body, self._scoped(module))

    def _included(self, own: _Configuration) -> tuple[list[tuple[Path, _Configuration]], str]:
        """The configurations that one includes, and why one of them is not known."""
        found: list[tuple[Path, _Configuration]] = []
        for block in own.body.of("include"):
            node = block.body.attributes.get("path")
            file = _parent_file(own.folder, node) if node is not None else None
            if file is None:
                return found, f"{node.source if node is not None else 'it names no path'} is not evaluated here"
            if n.literal(block.body.attributes.get("merge_strategy")) not in (None, "shallow"):
                return found, "its inputs are merged deeply"
            try:
                found.append((file, self._configuration(file)))
            except UnreadableError as error:
                return found, f"{self._shown(file)} cannot be read: {error.reason}"
        return found, ""

    def _module(self, layers: Sequence[_Configuration], unit: Unit, at: str) -> Path | None:
        for layer in reversed(layers):
            for block in layer.body.of("terraform"):
                node = block.body.attributes.get("source")
                if node is not None:
                    source = _shown_source(node, layer.scope)
                    found = self._sourced(unit.folder, source)
                    if found is None:
                        reason = f"the module that Terragrunt deploys is not among what is scanned: {source}"
                        elsewhere = _REMOTE.match(source) is not None
                        unit.missed.append(NotAssessed(at, reason, node.line, elsewhere))
                    return found
        return unit.folder if unit.folder in self._known else None

    def _sourced(self, folder: Path, source: str) -> Path | None:
        """The local folder that a source means. Its beginning may be a function of Terragrunt: then a module that is
        scanned is meant whose path ends as the source does, if there is one."""
        source = source.replace(_FROM_HERE, ".").partition("?")[0]
        if _REMOTE.match(source):
            return None
        if "${" not in source:
            found = within(folder, source.replace("//", "/"))
            return found if found is not None and found.is_dir() and self._tree.holds(found) else None
        tail = "/" + source.rpartition("}")[2].replace("//", "/").strip("/")
        fitting = [known for known in self._known if len(tail) > 1 and known.as_posix().endswith(tail)]
        return fitting[0] if len(fitting) == 1 else None

    def _pass(self, layer: _Configuration, unit: Unit, at: str) -> None:
        """Take over what a configuration passes; a later one wins."""
        for block in layer.body.of("terraform"):
            if any(_passes_variables(extra) for extra in block.body.of("extra_arguments")):
                unit.inputs.clear()
                unit.unsure = Unknown("", f"{at} passes arguments with variables to Terraform")
                return
        node = layer.body.attributes.get("inputs")
        if node is None:
            return
        if isinstance(node, n.Object):
            for key, item in node.items:
                name = key.name if isinstance(key, n.Name) else n.literal(key)
                if isinstance(name, str):
                    unit.inputs[name] = value(item, layer.scope)
                else:
                    unit.unsure = Unknown(node.shown, f"an input of {at} has a name that is not known")
            return
        passed = value(node, layer.scope)
        if isinstance(passed, Mapping):
            doubtful, rest = open_keys_of(passed), rest_of(passed)
            if rest is not None:
                # What an outer layer passes may be replaced.
                unit.inputs.clear()
                unit.unsure = Unknown(node.shown, f"the inputs of {at} are not known: {rest.reason}")
            unit.inputs |= {**passed, **doubtful}
            return
        gap = first_unknown(passed)
        unit.inputs.clear()
        unit.unsure = Unknown(node.shown, f"the inputs of {at} are not known: {gap.reason if gap else 'no mapping'}")


def units_file(folder: Path) -> Path | None:
    """The file in a folder that says of which units a stack of Terragrunt's is made."""
    return folder / _UNITS if os.path.lexists(folder / _UNITS) else None


def _shown_source(node: n.Node, scope: Scope) -> str:
    text = plain_text(value(node, scope))
    # Otherwise a function of Terragrunt stands in it.
    return node.source.strip('"') if text is None else text


def _parent_file(folder: Path, node: n.Node) -> Path | None:
    """The file that ``find_in_parent_folders("root.hcl")`` or a literal path means."""
    named = n.literal(node)
    if isinstance(named, str):
        found = within(folder, named)
        return found if found is not None and found.is_file() else None
    if not (isinstance(node, n.Call) and node.name == "find_in_parent_folders" and len(node.arguments) <= 1):
        return None
    name = n.literal(node.arguments[0]) if node.arguments else TERRAGRUNT
    if not isinstance(name, str):
        return None
    return next((above / name for above in folder.parents if (above / name).is_file()), None)


def _passes_variables(block: n.Block) -> bool:
    """Whether extra arguments may hold variables' values."""
    written = block.body.attributes
    if {"required_var_files", "optional_var_files", "env_vars"} & set(written):
        return True
    arguments = written.get("arguments")
    return arguments is not None and ("-var" in arguments.source or not isinstance(arguments, n.Tuple))
