"""Values of a root module's variables.

Source: Terraform's language documentation, "Input Variables: Variable Definition Precedence". From the weakest to the
strongest: the default, ``TF_VAR_`` in the environment, ``terraform.tfvars``, ``terraform.tfvars.json``,
``*.auto.tfvars`` by name, ``--var-file`` in order, ``--var``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.evaluate import Scope, value
from auditor.collect.iac.hcl.parser import parse_expression
from auditor.collect.iac.interface import NotAssessed, Unknown, Value
from auditor.collect.iac.terraform.module_files import MAX_BYTES, Module, body_of, names_in, read_file
from auditor.collect.iac.tree import Tree
from auditor.collect.iac.unreadable import UnreadableError
from auditor.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Given:
    """What the user gives: ``--var`` as text by name, and the contents of ``--var-file`` in order."""

    options: Mapping[str, str] = field(default_factory=dict)
    files: tuple[n.Body, ...] = ()


def given(options: Sequence[str], files: Sequence[Path], tree: Tree) -> Given:
    """From ``--var NAME=VALUE`` and ``--var-file FILE``. Raises ConfigError."""
    values: dict[str, str] = {}
    for option in options:
        name, equals, text = option.partition("=")
        if not equals or not name.strip():
            raise ConfigError(f"--var {option}: expected NAME=VALUE", hint="Example: --var environment=prod")
        values[name.strip()] = text
    bodies = []
    for file in files:
        try:
            body = body_of(tree.read_named(file, MAX_BYTES), file.name, variables=True)
        except UnreadableError as error:
            raise ConfigError.at(file, error.line, f"--var-file: {error.reason}") from error
        if body.blocks:
            block = body.blocks[0]
            raise ConfigError.at(
                file, block.line, f"a file of variables holds no blocks, but this is a {block.kind}",
                hint="Expected lines such as: environment = \"prod\"",
            )  # fmt: skip
        bodies.append(body)
    return Given(values, tuple(bodies))


@dataclass(slots=True)
class RootValues:
    """Values by name, of those variables that are given one. ``unsure``: why all others are not known."""

    values: dict[str, Value] = field(default_factory=dict)
    unsure: Unknown | None = None
    not_assessed: list[NotAssessed] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def root_values(module: Module, user: Given, scope: Scope, tree: Tree) -> RootValues:
    """What the environment, the files of the tree beside the configuration, and the user give."""
    found = RootValues()
    texts = {k.removeprefix("TF_VAR_"): v for k, v in os.environ.items() if k.startswith("TF_VAR_")}
    types = {label: block.body.attributes.get("type") for label, block in module.labelled("variable")}
    found.values |= _from_texts({k: v for k, v in texts.items() if k in types}, types, scope)
    for at, file in _automatic(((module.name, module.path), *module.beside)):
        try:
            body = read_file(file, tree)
        except UnreadableError as error:
            found.values.clear()
            found.unsure = Unknown("", f"{at} cannot be read")
            found.not_assessed.append(NotAssessed(at, error.reason, error.line))
            continue
        found.files.append(at)
        found.values |= {key: value(node, scope) for key, node in body.attributes.items()}
    for body in user.files:
        found.values |= {key: value(node, scope) for key, node in body.attributes.items()}
    found.values |= _from_texts(user.options, types, scope)
    return found


def _automatic(folders: Sequence[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """Files of variables that Terraform reads by itself, the strongest last, as the user names them. A file of a later
    folder stands for one of the same name."""
    files: dict[str, tuple[str, Path]] = {}
    for shown, folder in folders:
        # That a folder cannot be listed is said of the module.
        with suppress(UnreadableError):
            files |= {
                name: (f"{shown}/{name}" if shown != "." else name, folder / name)
                for name in names_in(folder) if "tfvars" in name
            }  # fmt: skip
    first = [files[name] for name in ("terraform.tfvars", "terraform.tfvars.json") if name in files]
    return [*first, *(files[k] for k in sorted(files) if k.endswith((".auto.tfvars", ".auto.tfvars.json")))]


def _from_texts(texts: Mapping[str, str], types: Mapping[str, n.Node | None], scope: Scope) -> dict[str, Value]:
    """Values that are given as text: as it stands for a simple type, else an expression."""
    found: dict[str, Value] = {}
    for name, text in texts.items():
        wanted = types.get(name)
        if wanted is None or isinstance(wanted, n.Literal) or (isinstance(wanted, n.Name) and wanted.name != "any"):
            found[name] = text
            continue
        try:
            found[name] = value(parse_expression(text, 1), scope)
        except UnreadableError:
            found[name] = Unknown(f"${{var.{name}}}", f"the value given to variable {name} is not an expression")
    return found
