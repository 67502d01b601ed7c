"""Terraform Stacks: the components of a folder, as a module that calls theirs.

Sources: Terraform's documentation, "Terraform Stacks: component configuration" (a component's ``inputs`` are all that
its module gets; providers are configured in ``config`` and passed by ``providers``); Terraform's stackconfig/file.go
for the files' names, also in JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.parser import parse
from auditor.collect.iac.interface import NotAssessed
from auditor.collect.iac.terraform.json_syntax import STACK_LABELS, json_body
from auditor.collect.iac.terraform.module_files import MAX_BYTES, Module, names_in, read_text, text_of
from auditor.collect.iac.terraform.modules import COMPONENT
from auditor.collect.iac.tree import Tree, within
from auditor.collect.iac.unreadable import UnreadableError

#: The second name is that of the public preview.
COMPONENT_FILES = (".tfcomponent.hcl", ".tfstack.hcl", ".tfcomponent.json", ".tfstack.json")
_SOURCE = re.compile(r"""(?<![\w-])source"?\s*[=:]\s*"(\.[^"]*)\"""")
_PROVIDER = re.compile(r"\bprovider\.([\w-]+)\.([\w-]+)")


def stack_files(folder: Path) -> list[str]:
    """The files of a Terraform Stack in a folder."""
    try:
        return [name for name in names_in(folder) if name.endswith(COMPONENT_FILES)]
    except UnreadableError:
        return []


def local_sources(file: Path, tree: Tree) -> list[tuple[str, Path]]:
    """The local folders that a file which cannot be parsed seems to name, with what it calls them."""
    try:
        sources = _SOURCE.findall(read_text(file, tree))
    except UnreadableError:
        return []
    found = [(source, within(file.parent, source.partition("?")[0].replace("//", "/"))) for source in sources]
    return [(source, path) for source, path in found if path is not None and path.is_dir() and tree.holds(path)]


def read_stack(folder: Path, names: Sequence[str], shown: Callable[[Path], str], tree: Tree) -> Module:
    """The components of a stack, as a module that calls their modules. ``shown``: a file as the user would name it."""
    module = Module(folder, shown(folder))
    for name in sorted(names):
        at = name if module.name == "." else f"{module.name}/{name}"
        try:
            content = tree.read(folder / name, MAX_BYTES)
            body = json_body(text_of(content), labels=STACK_LABELS) if name.endswith(".json") else parse(content)
        except UnreadableError as error:
            module.not_assessed.append(NotAssessed(at, error.reason, error.line))
            for source, target in local_sources(folder / name, tree):
                _call(module, source, _variables(target, tree), target, at)
            continue
        module.files.append(at)
        for block in body.blocks:
            block.file = at
            if block.kind == "component" and block.labels:
                _component(module, block, tree)
            elif block.kind == "provider" and len(block.labels) == 2:
                module.blocks.setdefault("provider", []).append(_provider(block))
            elif block.kind in ("variable", "locals"):
                module.blocks.setdefault(block.kind, []).append(block)
    _name_missing_providers(module)
    return module


def _provider(block: n.Block) -> n.Block:
    """A stack's provider as one of a module: its name is the alias, and its configuration its own."""
    label, name = block.labels
    body = n.Body({"alias": n.Literal(name, block.line, name)})
    for inner in block.body.of("config"):
        body.attributes |= inner.body.attributes
        body.blocks += inner.body.blocks
    written = block.body.attributes.get("config")
    if isinstance(written, n.Object):
        body.attributes |= {str(n.literal(key)): node for key, node in written.items}
    elif written is not None:
        body.attributes["default_tags"] = n.Broken(written.source, written.line, "the provider's config is not known")
    return n.Block("provider", (label,), body, block.line, block.file)


def _name_missing_providers(stack: Module) -> None:
    """Providers that components pass and that no file which was read configures: their tags are not known."""
    there = {(block.labels[0], n.literal(block.body.attributes["alias"])) for block in stack.of("provider")}
    for call in stack.of("module"):
        passed = call.body.attributes.get("providers")
        for _, node in passed.items if isinstance(passed, n.Object) else ():
            label, _, alias = str(n.literal(node)).partition(".")
            if (label, alias) not in there:
                there.add((label, alias))
                unknown = n.Broken(node.source, node.line, "the provider is not configured here")
                body = n.Body({"alias": n.Literal(alias, node.line, alias), "default_tags": unknown})
                stack.blocks.setdefault("provider", []).append(n.Block("provider", (label,), body, node.line))


def _providers(node: n.Node) -> n.Object:
    """What a component passes, by the names that a module gives to providers."""
    passed = []
    for key, one in node.items if isinstance(node, n.Object) else ():
        name = key.name if isinstance(key, n.Name) else n.literal(key)
        match = _PROVIDER.search(one.source)
        text = f"{match[1]}.{match[2]}" if match else f"{str(name).partition('.')[0]}.{one.source}"
        passed.append((n.Literal(str(name), key.line, str(name)), n.Literal(one.source, one.line, text)))
    if not passed:
        # Of a provider that is passed by an expression, nothing is known.
        passed.append((n.Literal("aws", node.line, "aws"), n.Literal(node.source, node.line, f"aws.{node.source}")))
    return n.Object(node.source, node.line, passed)


def _component(stack: Module, block: n.Block, tree: Tree) -> None:
    written = block.body.attributes
    inputs = written.pop("inputs", None)
    passed = {name: node for name, node in written.items() if name in ("source", "for_each")}
    if "providers" in written:
        passed["providers"] = _providers(written["providers"])
    if isinstance(inputs, n.Object):
        for key, item in inputs.items:
            name = key.name if isinstance(key, n.Name) else n.literal(key)
            if isinstance(name, str) and name not in passed:
                passed[name] = item
    elif inputs is not None:
        source = n.literal(written.get("source"))
        target = within(stack.path, source) if isinstance(source, str) else None
        unknown = n.Broken(inputs.source, inputs.line, "the inputs are not known")
        passed |= {name: unknown for name in _variables(target, tree) if name not in passed}
    block.body.attributes = passed
    called = n.Block("module", (f"{COMPONENT}{block.labels[0]}",), block.body, block.line, block.file)
    stack.blocks.setdefault("module", []).append(called)


def _call(stack: Module, source: str, variables: Iterator[str], target: Path, at: str) -> None:
    """Have a module called with variables of which nothing is known: its caller cannot be read."""
    body = n.Body(dict.fromkeys(variables, n.Broken("", 1, f"{at} cannot be read")))
    body.attributes["source"] = n.Literal(source, 1, source)
    stack.blocks.setdefault("module", []).append(n.Block("module", (f"{COMPONENT}{target.name}",), body, 1, at))


def _variables(folder: Path | None, tree: Tree) -> Iterator[str]:
    """Names of the variables that a module's files declare."""
    if folder is None or not folder.is_dir():
        return
    try:
        names = sorted(names_in(folder))
    except UnreadableError:
        return
    for name in names:
        if name.endswith((".tf", ".tofu")):
            with suppress(UnreadableError):
                text = read_text(folder / name, tree)
                yield from re.findall(r'(?m)^\s*variable\s+"([^"]+)"', text)
