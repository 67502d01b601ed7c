"""From template files and CDK assemblies to roots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from auditor.collect.iac.cloudformation.assembly import Cdk, stacks
from auditor.collect.iac.cloudformation.parameters import Given, declared
from auditor.collect.iac.cloudformation.stack import Deployment, Library, Stack
from auditor.collect.iac.interface import NotAssessed, Root
from auditor.collect.iac.unreadable import NotATemplateError, UnreadableError

LANGUAGE = "CloudFormation"


NO_CDK = Cdk()


class Reader:
    """Reads templates with one set of given parameters. ``name`` names a file as the user would.

    ``declared`` collects the parameters that the templates read so far have: what was given and is not among them fits
    nowhere.
    """

    def __init__(self, name: Callable[[Path], str], given: Given) -> None:
        self._name, self._given = name, given
        self._library = Library(name)
        self.declared: set[str] = set()

    def templates(self, files: list[Path]) -> Iterator[Root]:
        """A root for each template that is no nested stack of another one of them."""
        roots = [root for path in dict.fromkeys(files) if (root := self._template(path)) is not None]
        nested = {name for root in roots for name in root.files[1:]}
        yield from (root for root in roots if root.path not in nested)

    def assembly(self, folder: Path) -> Iterator[Root]:
        """A root for each stack of a cloud assembly."""
        try:
            found = list(stacks(folder))
        except UnreadableError as error:
            name = self._name(folder)
            yield Root(name, LANGUAGE, (), (), (NotAssessed(name, error.reason, error.line),))
            return
        for stack in found:
            given = Given(
                {**stack.pseudo, **stack.parameters, **self._given.values}, {**stack.tags, **self._given.tags}
            )
            root = self._template(stack.template, given, stack.cdk)
            if root is not None:
                yield root

    def _template(self, path: Path, given: Given | None = None, cdk: Cdk = NO_CDK) -> Root | None:
        given = given or self._given
        name = self._name(path)
        try:
            template = self._library.template(path)
            self.declared |= set(declared(template.content))
            stack = Stack(template, given.values, Deployment(self._library, given.pseudo, cdk=cdk))
            account, region = given.pseudo.get("AWS::AccountId", ""), given.pseudo.get("AWS::Region", "")
            resources = tuple(replace(r, account=account, region=region) for r in stack.resources())
        except NotATemplateError:
            return None
        except UnreadableError as error:
            return Root(name, LANGUAGE, (), (), (NotAssessed(name, error.reason, error.line),))
        except RecursionError:
            return Root(name, LANGUAGE, (), (), (NotAssessed(name, "it is nested too deeply"),))
        return Root(name, LANGUAGE, resources, tuple(stack.files), tuple(stack.not_assessed), given.tags)
