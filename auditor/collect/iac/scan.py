"""Scan templates: find them, read them, build the snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from auditor.budget import DEFAULT, Limits
from auditor.collect.iac.build import build
from auditor.collect.iac.cloudformation.parameters import given
from auditor.collect.iac.cloudformation.template_reader import LANGUAGE, Reader
from auditor.collect.iac.discover import Found, discover, well_formed
from auditor.collect.iac.interface import NotAssessed, Root
from auditor.collect.iac.terraform import module_reader as terraform
from auditor.collect.iac.terraform import variables
from auditor.collect.iac.terraform.plan.plan_reader import read_plan
from auditor.collect.iac.tree import Tree
from auditor.errors import CollectError, ConfigError
from auditor.model.snapshot import Snapshot
from auditor.yaml_source import near

CDK_SOURCE = "CDK source is no template: run cdk synth and scan the folder cdk.out"


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """``parameters``: NAME=VALUE for CloudFormation; ``parameter_files``: files of them. ``variables`` and
    ``variable_files``: the same for Terraform. ``limits``: what working out each root may cost."""

    parameters: tuple[str, ...] = ()
    parameter_files: tuple[Path, ...] = ()
    variables: tuple[str, ...] = ()
    variable_files: tuple[Path, ...] = ()
    limits: Limits = DEFAULT


def scan(paths: Sequence[Path], options: ScanOptions, as_of: datetime | None = None) -> Snapshot:
    """The snapshot of everything below the paths.

    Raises ConfigError where a path or an option is wrong, CollectError where nothing could be assessed. A file that
    looks like a template and cannot be read is a gap.
    """
    tree = Tree.around(paths)
    values = given(options.parameters, options.parameter_files, tree)
    user = variables.given(options.variables, options.variable_files, tree)
    found = discover(paths, tree)
    reader = Reader(shown, values, tree, options.limits)
    roots = _cloudformation(found, reader, tree, everything=bool(values.options))
    _refuse_unfit("--parameter", values.options, reader.declared, roots)
    modules = terraform.Reader(shown, tree, user, options.limits)
    configured = [*modules.folders(found.modules), *(read_plan(file, modules) for file in found.plans)]
    _refuse_unfit("--var", frozenset(user.options), modules.declared, configured)
    roots += configured
    roots = _with_missed(roots, found)
    if not any(root.files for root in roots):
        raise _nothing(paths, roots)
    moment = (as_of or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    return build(roots, moment.isoformat().replace("+00:00", "Z"))


def shown(path: Path) -> str:
    """A file as the user would name it: from the working folder, with forward slashes."""
    path = path.resolve()
    try:
        return path.relative_to(Path.cwd().resolve()).as_posix() or "."
    except ValueError:
        return path.as_posix()


def _with_missed(roots: Sequence[Root], found: Found) -> list[Root]:
    """The roots with what was not looked at: by the name that leads there, a root of its own where there is none."""
    only_terraform = bool(found.modules or found.plans) and not (found.templates or found.assemblies or found.others)
    language = terraform.LANGUAGE if only_terraform else LANGUAGE
    missed = {name: NotAssessed(name, reason) for name, reason in _named(found)}
    alone = [
        Root(name, language, (), (), (one,)) for name, one in missed.items() if name not in {r.path for r in roots}
    ]
    known = [
        replace(root, not_assessed=(*root.not_assessed, missed[root.path])) if root.path in missed else root
        for root in roots
    ]
    return [*known, *alone]


def _named(found: Found) -> list[tuple[str, str]]:
    here = Path.cwd()
    names = ((path.absolute(), reason) for path, reason in found.missed.items())
    return sorted(
        ((path.relative_to(here) if path.is_relative_to(here) else path).as_posix(), reason) for path, reason in names
    )


def _cloudformation(found: Found, reader: Reader, tree: Tree, *, everything: bool) -> list[Root]:
    """``everything``: read templates without anything of Studio as well, for the sake of their parameters' names."""
    roots = list(reader.roots([*found.templates, *(found.others if everything else ())], found.assemblies))
    taken = {file for root in roots for file in root.files}
    for file in () if everything else found.others:
        name = shown(file)
        if name in taken:
            continue
        missed = () if well_formed(file, tree) else (NotAssessed(name, "it is neither YAML nor JSON"),)
        roots.append(Root(name, LANGUAGE, (), () if missed else (name,), missed))
    roots += (Root(shown(f), LANGUAGE, (), (), (NotAssessed(shown(f), CDK_SOURCE),)) for f in found.cdk_sources)
    return roots


def _refuse_unfit(option: str, options: frozenset[str], declared: set[str], roots: Sequence[Root]) -> None:
    """A parameter or variable that no template has is a misspelt one."""
    unreadable = any(root.not_assessed for root in roots)
    for name in sorted(options - declared):
        if name.startswith("AWS::") or unreadable:
            continue
        hint = near(name, sorted(declared), "Declared are: " + ", ".join(sorted(declared)))
        raise ConfigError(f"{option} {name}: no template declares it", hint=hint if declared else "")


def _nothing(paths: Sequence[Path], roots: Sequence[Root]) -> CollectError:
    missed = [n for root in roots for n in root.not_assessed]
    where = ", ".join(str(path) for path in paths)
    if not missed:
        return CollectError(
            f"nothing could be assessed: no template and no Terraform configuration in {where}",
            hint="See docs/templates.md for what can be scanned. CDK source is no template: scan cdk.out.",
        )
    listed = "\n  ".join(
        f"{n.what}{f':{n.line}' if n.line else ''}: {n.reason}" for n in sorted(missed, key=lambda n: n.what)[:10]
    )
    more = f"\n  and {len(missed) - 10} more" if len(missed) > 10 else ""
    return CollectError(f"nothing could be assessed: every template was refused\n  {listed}{more}")
