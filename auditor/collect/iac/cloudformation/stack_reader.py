"""From template files and CDK assemblies to roots: each stack with those that it nests or imports from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from auditor.budget import DEFAULT, Budget, Limits, OverBudgetError
from auditor.collect.iac.cloudformation.assembly import AssemblyStack, beside, looked_up_default_vpcs, stacks
from auditor.collect.iac.cloudformation.evaluator import Imports
from auditor.collect.iac.cloudformation.exports import Deployment, Exports, groups
from auditor.collect.iac.cloudformation.library import Library
from auditor.collect.iac.cloudformation.parameters import Given, declared
from auditor.collect.iac.cloudformation.stack import Position, Stack, StackContext
from auditor.collect.iac.interface import NotAssessed, Resource, Root, RootLanguage
from auditor.collect.iac.tree import Tree
from auditor.collect.iac.unreadable import NotATemplateError, UnreadableError

LANGUAGE: RootLanguage = "CloudFormation"
#: What a Region's default VPC is called among resources, in whatever language.
DEFAULT_VPC = "aws_default_vpc"
_ENDINGS = (".template.json", ".template.yaml")


class StackReader:
    """Reads templates of the tree with one set of given parameters. ``name`` names a file as the user would.

    ``declared`` collects the parameters that the templates read so far have: what was given and is not among them fits
    nowhere.
    """

    def __init__(self, name: Callable[[Path], str], given: Given, tree: Tree, limits: Limits = DEFAULT) -> None:
        self._name, self._given, self._limits = name, given, limits
        # Stacks are read several times, to see what they export; what cost too much once is not tried again.
        self._spent: dict[str, OverBudgetError] = {}
        self._library = Library(name, tree)
        self.declared: set[str] = set()

    def roots(self, files: Sequence[Path], assemblies: Sequence[Path] = ()) -> Iterator[Root]:
        """A root for each template that is no nested stack of another one of them and for each stack of the cloud
        assemblies; those that import from each other are one root."""
        found = [Deployment(path, self._name(path), self._given, beside(path)) for path in dict.fromkeys(files)]
        for folder in assemblies:
            try:
                named = [self._deployment(stack, folder) for stack in stacks(folder)]
                if not named:
                    raise UnreadableError("its manifest.json names no stack")
                found += named
            except UnreadableError as error:
                name = self._name(folder)
                yield Root(name, LANGUAGE, (), (), (NotAssessed(name, error.reason, error.line),))
        _, read = self._read(found)
        nested = {name for one, root in read if one.home is None for name in root.files[1:]}
        read = [(one, root) for one, root in read if one.home is not None or root.path not in nested]
        yield from self._together([one for one, _ in read])

    def _deployment(self, stack: AssemblyStack, folder: Path) -> Deployment:
        values = {**stack.pseudo, **stack.parameters, **self._given.values}
        given = Given(values, {**stack.tags, **self._given.tags}, around=self._given.around)
        cdk = replace(stack.cdk, default_vpcs=looked_up_default_vpcs(folder, self._library.tree))
        return Deployment(stack.template, self._name(stack.template), given, cdk, folder)

    def _together(self, deployments: Sequence[Deployment]) -> Iterator[Root]:
        """The roots, those of stacks that import from each other as one."""
        exports, alone = self._read(deployments, connected=True)
        # Groups of one folder would have one name.
        by_folder: dict[str, list[int]] = {}
        for group in groups(len(deployments), exports.links):
            if len(group) > 1:
                by_folder.setdefault(_folder([deployments[at].name for at in group]), []).extend(group)
        together = [sorted(group) for group in by_folder.values()]
        prefixes = [""] * len(deployments)
        for group in together:
            for at, prefix in zip(group, _prefixes([deployments[at].name for at in group]), strict=True):
                prefixes[at] = prefix
        # Addresses are unique within a root: those of its stacks stand behind their names.
        _, prefixed = self._read(deployments, prefixes, connected=True) if together else (exports, alone)
        merged = {group[0]: _merged([prefixed[at][1] for at in group]) for group in together}
        others = {at for group in together for at in group[1:]}
        yield from (merged.get(at, root) for at, (_, root) in enumerate(alone) if at not in others)

    def _read(
        self, deployments: Sequence[Deployment], prefixes: Sequence[str] = (), *, connected: bool = False
    ) -> tuple[Exports, list[tuple[Deployment, Root]]]:
        """The stacks by themselves; ``connected``: with what the others export. What is no template is left out."""
        exports = Exports()
        opened = [
            (one, self._opened(one, prefixes[at] if prefixes else "", partial(exports.value, at)))
            for at, one in enumerate(deployments)
        ]
        if connected:
            exports.stacks = [(one, stack if isinstance(stack, Stack) else None) for one, stack in opened]
        return exports, [(one, self._root(one, stack)) for one, stack in opened if stack is not None]

    def _opened(self, one: Deployment, prefix: str, imports: Imports) -> Stack | Root | None:
        if one.name in self._spent:
            return _refused(one.name, self._spent[one.name])
        try:
            template = self._library.template(one.path)
            self.declared |= set(declared(template.content))
            around = StackContext(self._library, Budget(self._limits), one.cdk, imports)
            return Stack(around, template, one.given.values, one.given.pseudo, Position(prefix))
        except NotATemplateError:
            return None
        except _REFUSALS as error:
            return self._failed(one, error)

    def _root(self, one: Deployment, stack: Stack | Root) -> Root:
        if isinstance(stack, Root):
            return stack
        given = one.given
        account, region = given.pseudo.get("AWS::AccountId", ""), given.pseudo.get("AWS::Region", "")
        try:
            found = stack.resources()
        except _REFUSALS as error:
            return self._failed(one, error)
        found = [*found, *_default_vpcs(one, found)]
        resources = tuple(replace(r, account=account, region=region, tags=given.tags) for r in found)
        return Root(
            one.name, LANGUAGE, resources, tuple(stack.files), tuple(stack.not_assessed), others=stack.others,
            changes=tuple(stack.changes),
        )  # fmt: skip

    def _failed(self, one: Deployment, error: Exception) -> Root:
        if isinstance(error, OverBudgetError):
            self._spent[one.name] = error
        return _refused(one.name, error)


def _default_vpcs(one: Deployment, resources: Sequence[Resource]) -> list[Resource]:
    """The VPCs of domains that are known to be the default one of their Region, though no template makes them."""
    named = [resource.properties.get("VpcId") for resource in resources if resource.type == "AWS::SageMaker::Domain"]
    ids = {vpc for vpc in named if isinstance(vpc, str) and vpc in one.cdk.default_vpcs}
    return [Resource(vpc, DEFAULT_VPC, {}, one.name) for vpc in sorted(ids)]


_REFUSALS = (UnreadableError, OverBudgetError, RecursionError, MemoryError)


def _refused(name: str, error: Exception) -> Root:
    match error:
        case UnreadableError(reason=reason, line=line):
            missed = NotAssessed(name, reason, line)
        case OverBudgetError(reason=reason):
            missed = NotAssessed(name, reason)
        case MemoryError():
            missed = NotAssessed(name, "its values need more memory than there is")
        case _:
            missed = NotAssessed(name, "it is nested too deeply")
    return Root(name, LANGUAGE, (), (), (missed,))


def _prefixes(names: Sequence[str]) -> list[str]:
    """What tells the addresses of several templates apart: their files, from the folder that all of them lie in."""
    folder = _folder(names)
    inside = [name.removeprefix(folder) for name in names]
    short = [next((n.removesuffix(e) for e in _ENDINGS if n.endswith(e)), n) for n in inside]
    return [f"{name}/" for name in (short if len(set(short)) == len(short) else inside)]


def _folder(names: Sequence[str]) -> str:
    """The folder that all files lie in, with a slash behind it; empty for the working folder."""
    try:
        common = Path(os.path.commonpath([Path(name).parent for name in names])).as_posix()
    except ValueError:
        # Some lie below the working folder, others elsewhere.
        return ""
    return "" if common in ("", ".") else f"{common.rstrip('/')}/"


def _merged(parts: Sequence[Root]) -> Root:
    """Stacks that import from each other, as one root; it is called after the folder that their templates lie in."""
    own = [resource for part in parts for resource in part.resources if resource.type != DEFAULT_VPC]
    # Of a VPC that no template makes there is one, however many stacks have a domain in it.
    vpcs = {one.address: one for part in parts for one in part.resources if one.type == DEFAULT_VPC}
    return Root(
        _folder([part.path for part in parts]) or "./",
        LANGUAGE,
        (*own, *vpcs.values()),
        tuple(dict.fromkeys(file for part in parts for file in part.files)),
        tuple(missed for part in parts for missed in part.not_assessed),
        others={address: type_ for part in parts for address, type_ in part.others.items()},
        changes=tuple(one for part in parts for one in part.changes),
    )
