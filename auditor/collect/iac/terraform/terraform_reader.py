"""The reader of Terraform and OpenTofu: folders with configuration by the names of its files, and plans."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from auditor.budget import DEFAULT, Limits
from auditor.collect.iac.interface import Root
from auditor.collect.iac.terraform.callers import is_caller
from auditor.collect.iac.terraform.module_files import ENDINGS
from auditor.collect.iac.terraform.module_reader import LANGUAGE, ModuleReader
from auditor.collect.iac.terraform.plan.plan_reader import read_plan
from auditor.collect.iac.terraform.variables import Given
from auditor.collect.iac.tree import Tree

#: A line of the log that ``terraform plan -json`` writes; a plan behind what Terraform says while it makes one.
_LOG = re.compile(r'\s*\{"@level":.*"(?:terraform|tofu)":')
_BEHIND = re.compile(r'^\{\s*"format_version":\s*"[^"]*",\s*"terraform_version":', re.MULTILINE)


class TerraformReader:
    """The ``TemplateReader`` of Terraform. ``name`` names a file as the user would. ``modules``: folders with
    configuration; ``plans``: files that hold one."""

    language = LANGUAGE
    option = "--var"
    endings: tuple[str, ...] = (".json",)
    #: Values of variables are read with the module beside them.
    parts: tuple[str, ...] = (".tfvars.json",)
    parts_inside: tuple[str, ...] = ()

    def __init__(self, name: Callable[[Path], str], given: Given, tree: Tree, limits: Limits = DEFAULT) -> None:
        self._reader = ModuleReader(name, tree, given, limits)
        self.given = frozenset(given.options)
        self.modules: list[Path] = []
        self.plans: list[Path] = []
        self._real: set[Path] = set()

    @property
    def declared(self) -> set[str]:
        """Variables of the root modules that were read."""
        return self._reader.declared

    @property
    def took(self) -> bool:
        """Whether there are configuration or plans."""
        return bool(self.modules or self.plans)

    def by_name(self, name: str) -> bool:
        """Whether a file of that name makes its folder a module, or one that modules are deployed from."""
        return name.endswith(ENDINGS) or is_caller(name)

    def by_text(self, text: str) -> bool:
        """Whether a text is what ``terraform show -json`` writes of a plan, or of a state; or what is taken for it: the
        log of ``terraform plan -json``, a plan behind other lines."""
        start = text[:2000]
        if '"format_version"' in start and '"terraform_version"' in start and text.lstrip("\ufeff \n")[:1] == "{":
            return True
        return _LOG.match(text) is not None or _BEHIND.search(text) is not None

    def of_studio(self, _text: str) -> bool:
        """Never: a plan says again what configuration says, which is known by its name."""
        return False

    def as_a_whole(self, _folder: Path) -> bool:
        """Never: Terraform's own folders are not searched."""
        return False

    def notice(self, _file: Path) -> bool:
        """Never: what is not made yet is deployed from configuration."""
        return False

    def take(self, path: Path, text: str = "", _named: bool = False) -> None:
        """A plan with its text, or a file of configuration: it says little without the others of its folder."""
        if text:
            self.plans.append(path)
            return
        real = Path(os.path.realpath(path.parent))
        if real not in self._real:
            self._real.add(real)
            self.modules.append(path.parent)

    def refusal(self, file: Path, text: str) -> tuple[str, str]:
        """Terraform's own form of a plan is an archive."""
        if text.startswith("PK"):
            reason = "this is not text; Terraform's own form of a plan cannot be read"
            return reason, f"Run: terraform show -json {file} > plan.json"
        return "", ""

    def roots(self) -> list[Root]:
        """Root modules, then plans."""
        return [*self._reader.folders(self.modules), *(read_plan(file, self._reader) for file in self.plans)]
