"""Scan templates: find them, read them, build the snapshot."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from auditor.budget import DEFAULT, Limits
from auditor.collect.iac.build import build, scan_moment
from auditor.collect.iac.cloudformation import parameters
from auditor.collect.iac.cloudformation.cloudformation_reader import CloudFormationReader
from auditor.collect.iac.discover import EMPTY, discover
from auditor.collect.iac.interface import NotAssessed, Root, TemplateReader
from auditor.collect.iac.terraform import variables
from auditor.collect.iac.terraform.terraform_reader import TerraformReader
from auditor.collect.iac.tree import Tree, real_path
from auditor.collect.iac.unreadable import UnreadableError
from auditor.errors import CollectError, ConfigError
from auditor.inert_text import printable
from auditor.json_source import is_unicode
from auditor.model.snapshot import Snapshot
from auditor.yaml_source import near

#: As much of a name is shown that no file can have.
_LONG = 200


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """``parameters``: NAME=VALUE for CloudFormation; ``parameter_files``: files of them. ``variables`` and
    ``variable_files``: the same for Terraform. ``limits``: what working out each root may cost. ``pseudo``: values of
    CloudFormation's pseudo parameters, by full name, where nothing else gives one."""

    parameters: tuple[str, ...] = ()
    parameter_files: tuple[Path, ...] = ()
    variables: tuple[str, ...] = ()
    variable_files: tuple[Path, ...] = ()
    limits: Limits = DEFAULT
    pseudo: Mapping[str, str] = field(default_factory=dict)


def scan(paths: Sequence[Path], options: ScanOptions, as_of: datetime | None = None) -> Snapshot:
    """The snapshot of everything below the paths.

    Raises ConfigError where a path or an option is wrong, CollectError where nothing could be assessed. A file that
    looks like a template and cannot be read is a gap.
    """
    tree = Tree.around(paths)
    readers = _readers(options, tree)
    missed = discover(paths, readers, tree)
    roots: list[Root] = []
    for reader in readers:
        read = reader.roots()
        _refuse_unfit(reader, read)
        roots += read
    roots = _with_missed(roots, readers, missed)
    if not any(root.files for root in roots):
        raise _nothing(paths, roots)
    return build(roots, scan_moment(as_of))


def shown(path: Path) -> str:
    """A file as the user would name it: from the working folder, with forward slashes. Bytes of a name that are not
    UTF-8 are written out, as no report can hold them."""
    try:
        path = real_path(path)
    except UnreadableError:
        return printable(path.as_posix())[:_LONG]
    with suppress(ValueError):
        path = path.relative_to(os.path.realpath("."))
    name = path.as_posix() or "."
    return name if is_unicode(name) else os.fsencode(name).decode("utf-8", "backslashreplace")


def _readers(options: ScanOptions, tree: Tree) -> Sequence[TemplateReader]:
    """One for each language. A plan may quote a template, so Terraform's is asked first."""
    given = replace(parameters.given(options.parameters, options.parameter_files, tree), around=options.pseudo)
    user = variables.given(options.variables, options.variable_files, tree)
    return (
        TerraformReader(shown, user, tree, options.limits),
        CloudFormationReader(shown, given, tree, options.limits),
    )


def _with_missed(roots: Sequence[Root], readers: Sequence[TemplateReader], unseen: Mapping[Path, str]) -> list[Root]:
    """The roots with what was not looked at: by the name that leads there, a root of its own where there is none."""
    missed = {name: NotAssessed(name, reason) for name, reason in _named(unseen)}
    at_work = [reader for reader in readers if reader.took]
    # A root has a language, also where nobody knows which: that of everything else, if it is one.
    language = (at_work if len(at_work) == 1 else readers)[-1].language
    alone = [
        Root(name, language, (), (), (one,)) for name, one in missed.items() if name not in {r.path for r in roots}
    ]
    known = [
        replace(root, not_assessed=(*root.not_assessed, missed[root.path])) if root.path in missed else root
        for root in roots
    ]
    return [*known, *alone]


def _named(unseen: Mapping[Path, str]) -> list[tuple[str, str]]:
    here = Path.cwd()
    names = ((path.absolute(), reason) for path, reason in unseen.items())
    return sorted(
        ((path.relative_to(here) if path.is_relative_to(here) else path).as_posix(), reason) for path, reason in names
    )


def _refuse_unfit(reader: TemplateReader, roots: Sequence[Root]) -> None:
    """A parameter or variable that no template has is a misspelt one. Raises ConfigError."""
    declared = reader.declared
    unreadable = any(root.not_assessed for root in roots)
    for name in sorted(reader.given - declared):
        if name.startswith("AWS::") or unreadable:
            continue
        hint = near(name, sorted(declared), "Declared are: " + ", ".join(sorted(declared)))
        raise ConfigError(f"{reader.option} {name}: no template declares it", hint=hint if declared else "")


def _nothing(paths: Sequence[Path], roots: Sequence[Root]) -> CollectError:
    missed = [n for root in roots for n in root.not_assessed if n.reason != EMPTY]
    where = ", ".join(str(path) for path in paths)
    if not missed:
        return CollectError(
            f"nothing could be assessed: no template and no Terraform configuration in {where}",
            hint="See docs/templates.md for what can be scanned. CDK source is not a template: scan cdk.out.",
        )
    listed = "\n  ".join(
        f"{n.what}{f':{n.line}' if n.line else ''}: {n.reason}" for n in sorted(missed, key=lambda n: n.what)[:10]
    )
    more = f"\n  and {len(missed) - 10} more" if len(missed) > 10 else ""
    return CollectError(
        f"nothing could be assessed: every template was refused\n  {listed}{more}",
        hint="Each line says why. docs/templates.md says what can be scanned.",
    )
