"""The reader of CloudFormation: templates by what stands in them, and the CDK's cloud assemblies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from auditor.budget import DEFAULT, Limits
from auditor.collect.iac.cloudformation.assembly import is_assembly, output_folder
from auditor.collect.iac.cloudformation.parameters import Given
from auditor.collect.iac.cloudformation.stack_reader import LANGUAGE, StackReader
from auditor.collect.iac.interface import NotAssessed, Root
from auditor.collect.iac.other_languages import PROGRAMS
from auditor.collect.iac.source_text import decoded
from auditor.collect.iac.tree import Tree
from auditor.collect.iac.unreadable import UnreadableError

_TYPE = re.compile(r"""["']?\bType["']?\s*:\s*["']?\w+::[\w$&]|Fn::Transform|!Transform""")
_RESOURCES = re.compile(r"""["']?\bResources["']?\s*:""")
#: A template without any of these words holds no Studio resource, nor can anything that it takes in. Escaped letters
#: and colons, and words that go on in the next line, may be any of them: whoever hides one writes it so.
_OURS = re.compile(
    r"(?i:sagemaker|studio)|CloudFormation::Stack|Serverless::Application|Fn::ForEach|Transform|ServiceCatalog|::MODULE"
    r"|\\(?:u00|U000000|x)(?:[46][1-9A-Fa-f]|[57][0-9Aa]|3[Aa])|[\w:]\\\r?\n[ \t]*[\w:]"
)
#: What another template may import, and an import.
EXPORTS, IMPORTS = re.compile(r"\bExport\b"), re.compile(r"ImportValue")
CDK_SOURCE = "CDK source is not a template: run cdk synth and scan the folder cdk.out"


def may_hold_studio(text: str) -> bool:
    """Whether a template, or what it takes in, may hold something of Studio."""
    return _OURS.search(text) is not None


class CloudFormationReader:
    """The ``TemplateReader`` of CloudFormation. ``name`` names a file as the user would.

    ``templates`` may hold something of Studio, ``others`` cannot, ``exporters`` are those of the others that export
    something; ``assemblies`` are folders, and ``sources`` the ``cdk.json`` files whose app has not been synthesised.
    """

    language = LANGUAGE
    option = "--parameter"
    endings: tuple[str, ...] = (".yaml", ".yml", ".json", ".template")
    parts: tuple[str, ...] = ()
    #: Files of a cloud assembly that are read because its manifest names them.
    parts_inside: tuple[str, ...] = (".template.json", ".assets.json", "manifest.json", "tree.json", "cdk.json")

    def __init__(self, name: Callable[[Path], str], given: Given, tree: Tree, limits: Limits = DEFAULT) -> None:
        self._name, self._tree = name, tree
        self._stacks = StackReader(name, given, tree, limits)
        self.given = given.options
        self.templates: list[Path] = []
        self.others: list[Path] = []
        self.exporters: list[Path] = []
        self.assemblies: list[Path] = []
        self.sources: list[Path] = []
        self._imports = False

    @property
    def declared(self) -> set[str]:
        """Parameters of the templates that were read."""
        return self._stacks.declared

    @property
    def took(self) -> bool:
        """Whether there are templates or assemblies."""
        return bool(self.templates or self.others or self.assemblies)

    def by_name(self, _name: str) -> bool:
        """Never: any file of YAML or JSON may be a template."""
        return False

    def by_text(self, text: str) -> bool:
        """Whether a text is meant as a template, be it broken or not."""
        if "AWSTemplateFormatVersion" in text:
            return True
        return bool(_RESOURCES.search(text) and _TYPE.search(text))

    def of_studio(self, text: str) -> bool:
        """Whether it, or what it takes in, may hold something of Studio."""
        return may_hold_studio(text)

    def as_a_whole(self, folder: Path) -> bool:
        """Whether the folder is a cloud assembly."""
        return is_assembly(folder)

    def notice(self, file: Path) -> bool:
        """Note the ``cdk.json`` of an app that has not been synthesised."""
        if file.name != "cdk.json":
            return False
        if not is_assembly(file.parent / output_folder(file, self._tree)):
            self.sources.append(file)
        return True

    def take(self, path: Path, text: str = "", named: bool = False) -> None:
        """A template with its text, or the folder of an assembly."""
        if path.is_dir():
            self.assemblies.append(path)
            return
        ours = named or self.of_studio(text)
        (self.templates if ours else self.others).append(path)
        self._imports = self._imports or (ours and IMPORTS.search(text) is not None)
        if not ours and EXPORTS.search(text):
            self.exporters.append(path)

    def refusal(self, file: Path, _text: str) -> tuple[str, str]:
        """Programs may be CDK apps."""
        if file.suffix in PROGRAMS:
            return "CDK source is not a template", "Run cdk synth and scan the folder cdk.out."
        return "", ""

    def roots(self) -> list[Root]:
        """Stacks. Where the user gives parameters by name, templates without anything of Studio are read as well, for
        the sake of the names that they declare."""
        templates, others = list(self.templates), list(self.others)
        if self._imports:
            # What Studio's templates import may stand in a template without anything of Studio.
            templates += self.exporters
            others = [file for file in others if file not in self.exporters]
        if self.given:
            templates, others = [*templates, *others], []
        roots = list(self._stacks.roots(templates, self.assemblies))
        taken = {file for root in roots for file in root.files}
        for file in others:
            name = self._name(file)
            if name not in taken:
                missed = () if _well_formed(file, self._tree) else (NotAssessed(name, "it is neither YAML nor JSON"),)
                roots.append(Root(name, LANGUAGE, (), () if missed else (name,), missed))
        names = map(self._name, self.sources)
        return [*roots, *(Root(name, LANGUAGE, (), (), (NotAssessed(name, CDK_SOURCE),)) for name in names)]


def _well_formed(file: Path, tree: Tree) -> bool:
    """Whether a file is YAML or JSON at all: what is asked of templates that hold nothing of Studio."""
    import yaml

    try:
        text = decoded(tree.read(file), "replace")
    except UnreadableError:
        return False
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        for _ in yaml.parse(text, Loader=loader):
            pass
    except (yaml.YAMLError, ValueError):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return False
    return True
