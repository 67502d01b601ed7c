"""A module as it is called: what the names in it stand for, and which resources it makes.

Everything is worked out when it is asked for: a variable of a module may hang on another output of the same module.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from auditor.budget import INSTANCE, PART, Budget
from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.evaluate import NO_NAMES, Names, evaluate, value
from auditor.collect.iac.hcl.type_constraints import converted
from auditor.collect.iac.hcl.values import EvaluationError, Files, ObjectValue
from auditor.collect.iac.interface import Changed, NotAssessed, Unknown, Unread, Value
from auditor.collect.iac.terraform.module_files import Module
from auditor.collect.iac.terraform.repetition import Expansion, Key, expand, key_text
from auditor.collect.iac.terraform.resource_values import ResourceValue

#: What stands before the name of a call that is a component of a Terraform Stack.
COMPONENT = "component."
#: Modules inside modules; Terraform has no limit, but nobody is here for certain.
_MAX_DEPTH = 30


class Library(Protocol):
    """Finds the modules that a module calls."""

    def called(self, caller: Module, keys: tuple[str, ...], source: Value) -> Module | Unread:
        """The module that a call means, or why it cannot be read. ``keys``: names of the calls from the root on."""


@dataclass(slots=True)
class Shared:
    """What all modules of one root have in common. ``not_assessed`` collects what could not be read, ``changes`` what
    commands change; ``budget`` is what working it out may cost."""

    library: Library
    files: Files
    root_path: str
    not_assessed: dict[str, NotAssessed]
    budget: Budget
    changes: list[Changed] = dataclasses.field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Provider:
    """A configuration of a provider, and the module that it stands in."""

    block: n.Block
    module: ModuleInstance


class Namespace(ObjectValue):
    """``var``, ``local``, ``aws_vpc``: what gives a value for a name."""

    def __init__(self, name: str, find: Callable[[str], Value]) -> None:
        self._name, self._find = name, find

    def attribute(self, name: str) -> Value:
        """The value called so."""
        return self._find(name)

    @property
    def shown(self) -> str:
        """The namespace itself, which is no value."""
        return f"${{{self._name}}}"


class ModuleHandle(ObjectValue):
    """A called module as a value: its outputs."""

    def __init__(self, module: ModuleInstance) -> None:
        self._module = module

    def attribute(self, name: str) -> Value:
        """The value of an output."""
        return self._module.output(name)

    @property
    def shown(self) -> str:
        """The module in a text."""
        return f"${{{self._module.address}}}"


#: A provider's block in a called module with nothing else in it only says that the caller passes one.
_PROXY = {"alias", "version"}
#: What is passed to a variable that is passed nothing.
ABSENT = object()
#: Names of the calls from the root on, with their keys.
Path = tuple[tuple[str, Key], ...]


class ModuleInstance:
    """One call of a module.

    ``inputs`` gives the value passed to a variable, or ABSENT. ``doubt``: why it may not exist, or be another than is
    written; ``number``: why nobody can tell how many there are. ``caller``: the module that calls it, and the call.
    """

    def __init__(
        self,
        module: Module,
        shared: Shared,
        inputs: Callable[[str], Value],
        *,
        path: Path = (),
        doubt: Unknown | None = None,
        number: Unknown | None = None,
        caller: tuple[ModuleInstance, n.Block] | None = None,
    ) -> None:
        self.module, self.shared, self.path = module, shared, path
        self.doubt = doubt or module.overridden
        self.number = number
        self._inputs = inputs
        self._parent = caller[0] if caller else None
        self._call = caller[1] if caller else None
        self._variables = dict(module.labelled("variable"))
        self._locals = {k: node for block in module.of("locals") for k, node in block.body.attributes.items()}
        self._outputs = dict(module.labelled("output"))
        self._memo: dict[tuple[str, ...], Any] = {}
        self._pending: set[tuple[str, ...]] = set()
        self._declared: dict[str, dict[str, dict[str, n.Block]]] = {}
        for kind in ("resource", "data"):
            for block in module.of(kind):
                if len(block.labels) == 2:
                    self._declared.setdefault(kind, {}).setdefault(block.labels[0], {})[block.labels[1]] = block

    @property
    def address(self) -> str:
        """``module.a["x"].module.b``; empty for the root. Components of a stack have a word of their own."""
        return ".".join(f"{_step(name)}{key_text(key)}" for name, key in self.path)

    @property
    def prefix(self) -> str:
        """What stands before the addresses of its resources."""
        return f"{self.address}." if self.path else ""

    @property
    def files(self) -> Files:
        """What ``file`` and its kin see."""
        return self.shared.files

    def spend(self, steps: int = 1, size: int = 0) -> None:
        """Count steps, and bytes of values. Raises OverBudgetError."""
        self.shared.budget.spend(steps, size)

    # Names

    def named(self, name: str) -> Value:
        """The value of the first part of a reference."""
        match name:
            case "var":
                return Namespace("var", self.variable)
            case "local":
                return Namespace("local", self.local)
            case "module":
                return Namespace("module", self.call)
            case "component":
                return Namespace("component", lambda component: self.call(f"{COMPONENT}{component}"))
            case "data":
                return Namespace("data", lambda type_: self._typed("data", type_))
            case "resource":
                return Namespace("resource", lambda type_: self._typed("resource", type_))
            case "path":
                return {
                    "module": self._path(),
                    "root": ".",
                    "cwd": Unknown("${path.cwd}", "it is where Terraform runs"),
                }
            case "terraform" | "tofu":
                return Namespace(name, lambda part: Unknown(f"${{{name}.{part}}}", f"the {part} is chosen at run time"))
            case "each" | "count" | "self" | "ephemeral":
                return Unknown(f"${{{name}}}", f"{name} has no value here")
        if name in self._declared.get("resource", {}):
            return self._typed("resource", name)
        raise EvaluationError(f"nothing is called {name}")

    def _path(self) -> str:
        """``path.module``, relative to the root module's folder, from which files are read."""
        try:
            found = self.module.path.relative_to(self.shared.root_path).as_posix()
        except ValueError:
            return self.module.path.as_posix()
        return found or "."

    def _typed(self, kind: str, type_: str) -> Value:
        declared = self._declared.get(kind, {}).get(type_, {})
        start = "data." if kind == "data" else ""

        def find(name: str) -> Value:
            if name not in declared:
                raise self._undeclared(f"{start}{type_}.{name}")
            return self._resource_value(kind, declared[name])

        return Namespace(f"{start}{type_}", find)

    def _undeclared(self, what: str) -> EvaluationError:
        where = " in the files that can be read" if self.module.not_assessed else ""
        return EvaluationError(f"{what} is not declared{where}")

    def once(self, key: tuple[str, ...], work: Callable[[], Any]) -> Any:
        """The result of some work, done once for a key. Raises EvaluationError where it hangs on itself."""
        if key not in self._memo:
            if key in self._pending:
                raise EvaluationError(f"{'.'.join(key)} hangs on itself")
            self._pending.add(key)
            budget = self.shared.budget
            around, budget.place = budget.place, f"{self.module.name}: {self.prefix}{'.'.join(key)}"
            try:
                self._memo[key] = work()
                budget.place = around
            except EvaluationError as error:
                self._memo[key] = error
                budget.place = around
            finally:
                self._pending.discard(key)
        found = self._memo[key]
        if isinstance(found, EvaluationError):
            raise EvaluationError(str(found))
        return found

    def variable(self, name: str) -> Value:
        """The value of a variable."""
        if name not in self._variables:
            raise self._undeclared(f"variable {name}")
        found = self.once(("var", name), lambda: self._variable(name, self._variables[name].body))
        return self._same_everywhere(found, f"var.{name}")

    def _same_everywhere(self, found: Value, name: str) -> Value:
        """A value that has a name is the same wherever it is named, though nobody knows it."""
        if isinstance(found, Unknown) and not found.symbol:
            return dataclasses.replace(found, symbol=f"${{{self.prefix}{name}}}")
        return found

    def _variable(self, name: str, body: n.Body) -> Value:
        default = body.attributes.get("default")
        given = self._inputs(name)
        if given is ABSENT or (given is None and n.literal(body.attributes.get("nullable")) is False):
            if default is None:
                return Unknown(f"${{var.{name}}}", f"variable {name} of {self._called} has no value")
            given = value(default, self)
        try:
            return converted(given, body.attributes.get("type"), self)
        except EvaluationError as error:
            return Unknown(f"${{var.{name}}}", f"variable {name} of {self._called}: {error}")

    @property
    def _called(self) -> str:
        return self.address or "the root module"

    def local(self, name: str) -> Value:
        """The value of a local."""
        if name not in self._locals:
            raise self._undeclared(f"local.{name}")
        found = self.once(("local", name), lambda: evaluate(self._locals[name], self, NO_NAMES))
        return self._same_everywhere(found, f"local.{name}")

    def output(self, name: str) -> Value:
        """The value of an output."""
        if name not in self._outputs:
            if self.module.not_assessed:
                return Unknown(f"${{{self.address}.{name}}}", "a file of the module cannot be read")
            raise EvaluationError(f"{self.address or 'the root module'} has no output {name}")
        node = self._outputs[name].body.attributes.get("value")
        return None if node is None else self.once(("output", name), lambda: value(node, self))

    # Resources

    def expansion(self, block: n.Block) -> Expansion:
        """How often a block of this module exists, and under which keys."""
        found: Expansion = self.once(("expansion", block.kind, *block.labels), lambda: self._expanded(block))
        return found

    def _expanded(self, block: n.Block) -> Expansion:
        found = expand(block, self)
        self.spend(len(found.instances), 8 * PART * len(found.instances))
        return found

    def handles(self, block: n.Block) -> Iterator[ResourceValue]:
        """Every instance of a resource or data source."""
        expansion = self.expansion(block)
        return (
            ResourceValue(
                self, block, key, names, expansion.doubt_of(key) or self.doubt,
                expansion.number_of(key) or self.number,
            )
            for key, names in expansion.instances
        )  # fmt: skip

    def _resource_value(self, kind: str, block: n.Block) -> Value:
        key = ("handles", kind, *block.labels)
        return self.once(key, lambda: self.expansion(block).arranged(list(self.handles(block))))

    def blocks(self, kind: str) -> list[n.Block]:
        """Resources or data sources of the module, each name once."""
        return [block for names in self._declared.get(kind, {}).values() for block in names.values()]

    # Modules

    def call(self, name: str) -> Value:
        """A called module as a value."""
        block = next((block for label, block in self.module.labelled("module") if label == name), None)
        if block is None:
            raise self._undeclared(f"module.{name}")
        children = self.children(block)
        if isinstance(children, Unread):
            symbol = f"${{{self.prefix}module.{name}}}"
            return Unknown(f"${{module.{name}}}", f"module {name} is not read: {children.reason}", symbol=symbol)
        return self.expansion(block).arranged([ModuleHandle(child) for child in children])

    def children(self, block: n.Block) -> list[ModuleInstance] | Unread:
        """The instances of a called module, or why it cannot be read."""
        found: list[ModuleInstance] | Unread = self.once(("children", *block.labels), lambda: self._children(block))
        return found

    def _children(self, block: n.Block) -> list[ModuleInstance] | Unread:
        name = block.labels[0]
        keys = tuple(label for label, _ in (*self.path, (name, None)))
        source = block.body.attributes.get("source")
        module = Unread("it names no source") if source is None else self.shared.library.called(
            self.module, keys, value(source, self)
        )  # fmt: skip
        if isinstance(module, Module) and (len(self.path) >= _MAX_DEPTH or self._calls(module)):
            module = Unread("it calls itself")
        if isinstance(module, Unread):
            what = f"{block.file}#{self.prefix}{_step(name)}"
            self.shared.not_assessed[what] = NotAssessed(what, module.reason, block.line, module.elsewhere)
            return module
        expansion = self.expansion(block)
        self.spend(len(expansion.instances), INSTANCE * len(expansion.instances))
        return [
            ModuleInstance(
                module, self.shared, self._passed(block, names), path=(*self.path, (name, key)),
                doubt=expansion.doubt_of(key) or self.doubt,
                number=expansion.number_of(key) or self.number, caller=(self, block),
            )
            for key, names in expansion.instances
        ]  # fmt: skip

    def _calls(self, module: Module) -> bool:
        above: ModuleInstance | None = self
        while above is not None:
            if above.module.path == module.path:
                return True
            above = above._parent
        return False

    def _passed(self, block: n.Block, names: Names) -> Callable[[str], Value]:
        written = block.body.attributes
        return lambda name: value(written[name], self, names) if name in written else ABSENT

    def walk(self) -> Iterator[ModuleInstance]:
        """This module and all that it calls."""
        yield self
        for block in self.module.of("module"):
            if block.labels:
                children = self.children(block)
                if not isinstance(children, Unread):
                    for child in children:
                        yield from child.walk()

    # Providers

    def provider(self, name: str) -> Provider | None:
        """The configuration that a provider's local name means here (``aws``, ``aws.west``), if there is one."""
        for label, block in self.module.labelled("provider"):
            alias = n.literal(block.body.attributes.get("alias"))
            proxy = self._parent is not None and not block.body.blocks and set(block.body.attributes) <= _PROXY
            if name == (f"{label}.{alias}" if alias else label) and not proxy:
                return Provider(block, self)
        if self._parent is None or self._call is None:
            return None
        passed = self._call.body.attributes.get("providers")
        if isinstance(passed, n.Object):
            for key, node in passed.items:
                if provider_name(key) == name:
                    return self._parent.provider(provider_name(node))
        return self._parent.provider(name) if "." not in name else None


def _step(name: str) -> str:
    return name if name.startswith(COMPONENT) else f"module.{name}"


def provider_name(node: n.Node | None) -> str:
    """A provider as it is written: ``aws.west``, bare or as text, without an instance's key."""
    if isinstance(node, n.Index):
        node = node.value
    text = n.literal(node)
    return text if isinstance(text, str) else node.source if node is not None else ""
