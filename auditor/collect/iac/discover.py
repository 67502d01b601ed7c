"""What there is to assess below the paths that a user names."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from auditor.collect.iac.cloudformation.assembly import is_assembly
from auditor.collect.iac.source_text import decoded
from auditor.collect.iac.terraform.callers import is_caller
from auditor.collect.iac.terraform.module_files import ENDINGS as CONFIGURATION
from auditor.errors import ConfigError

ENDINGS = (".yaml", ".yml", ".json", ".template")
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages"})
#: A template body may have 1 MB (CloudFormation quotas); whatever is much larger is none.
_MAX_BYTES = 16 * 1024 * 1024
_TYPE = re.compile(r"""["']?\bType["']?\s*:\s*["']?\w+::\w+|Fn::Transform|!Transform""")
_RESOURCES = re.compile(r"""["']?\bResources["']?\s*:""")
#: A template without any of these words holds no Studio resource, nor can anything that it takes in.
_OURS = re.compile(
    r"(?i:sagemaker|studio)|CloudFormation::Stack|Serverless::Application|Fn::ForEach|Transform|ServiceCatalog|::MODULE"
)
#: What another template may import, and an import.
EXPORTS, IMPORTS = re.compile(r"\bExport\b"), re.compile(r"ImportValue")
#: A line of the log that ``terraform plan -json`` writes; a plan behind what Terraform says while it makes one.
_LOG = re.compile(r'\s*\{"@level":.*"(?:terraform|tofu)":')
_BEHIND = re.compile(r'^\{\s*"format_version":\s*"[^"]*",\s*"terraform_version":', re.MULTILINE)


@dataclass(slots=True)
class Found:
    """Files that look like templates, those among them that cannot hold anything of Studio, folders of cloud
    assemblies, and ``cdk.json`` files whose app has not been synthesised; folders with Terraform configuration, and
    Terraform's plans. ``exporters`` are those of the others that export something, ``imports`` says whether a template
    imports anything."""

    templates: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    assemblies: list[Path] = field(default_factory=list)
    cdk_sources: list[Path] = field(default_factory=list)
    modules: list[Path] = field(default_factory=list)
    plans: list[Path] = field(default_factory=list)
    exporters: list[Path] = field(default_factory=list)
    imports: bool = False


def discover(paths: Sequence[Path]) -> Found:
    """Look through the paths: files are taken at their word, folders are searched. Raises ConfigError for a path that
    does not exist, or a file that is none of ours."""
    found = Found()
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise ConfigError(f"{path}: no such file or folder")
        for file in [path] if path.is_file() else _walk(path, found):
            if file.resolve() not in seen:
                seen.add(file.resolve())
                _file(file, found, named=path.is_file())
    if found.imports:
        # What Studio's templates import may stand in a template without anything of Studio.
        found.templates += found.exporters
        found.others = [file for file in found.others if file not in found.exporters]
    return found


def _walk(folder: Path, found: Found) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        here = Path(place)
        if is_assembly(here):
            if all(here.resolve() != other.resolve() for other in found.assemblies):
                found.assemblies.append(here)
            folders.clear()
            continue
        if any(map(is_configuration, files)):
            _module(here, found)
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
        for name in sorted(files):
            if name == "cdk.json" and not _synthesised(here):
                found.cdk_sources.append(here / name)
            elif name.endswith(ENDINGS) and not name.startswith("."):
                yield here / name


def _synthesised(folder: Path) -> bool:
    output = "cdk.out"
    with suppress(OSError, ValueError):
        content = json.loads((folder / "cdk.json").read_text(encoding="utf-8"))
        if isinstance(content, dict) and isinstance(content.get("output"), str):
            output = content["output"]
    return is_assembly(folder / output)


def _file(file: Path, found: Found, *, named: bool) -> None:
    if is_configuration(file.name):
        # One file of a module says little without the others.
        if named:
            _module(file.parent, found)
        return
    text = text_of(file)
    if text is not None and looks_like_plan(text):
        found.plans.append(file)
    elif text is not None and looks_like_template(text):
        ours = named or _OURS.search(text) is not None
        (found.templates if ours else found.others).append(file)
        found.imports = found.imports or (ours and IMPORTS.search(text) is not None)
        if not ours and EXPORTS.search(text):
            found.exporters.append(file)
    elif named:
        if file.suffix in (".py", ".ts", ".js", ".java", ".cs", ".go"):
            raise ConfigError(f"{file}: CDK source is no template", hint="Run cdk synth and scan the folder cdk.out.")
        if file.read_bytes()[:2] == b"PK":
            raise ConfigError(
                f"{file}: this is no text; Terraform's own form of a plan cannot be read",
                hint=f"Run: terraform show -json {file} > plan.json",
            )
        raise ConfigError(f"{file}: this is no template", hint="See docs/templates.md for what can be scanned.")


def _module(folder: Path, found: Found) -> None:
    if all(folder.resolve() != other.resolve() for other in found.modules):
        found.modules.append(folder)


def text_of(file: Path) -> str | None:
    """The file's text, None where it is no text of a template's size."""
    with suppress(OSError):
        if file.stat().st_size <= _MAX_BYTES:
            return decoded(file.read_bytes(), "replace")
    return None


def looks_like_template(text: str) -> bool:
    """Whether a text is meant as a CloudFormation template, be it broken or not."""
    if "AWSTemplateFormatVersion" in text:
        return True
    return bool(_RESOURCES.search(text) and _TYPE.search(text))


def is_configuration(name: str) -> bool:
    """Whether a file of that name makes its folder one of Terraform's."""
    return name.endswith(CONFIGURATION) or is_caller(name)


def looks_like_plan(text: str) -> bool:
    """Whether a text is what ``terraform show -json`` writes of a plan, or of a state; or what is taken for it: the log
    of ``terraform plan -json``, a plan behind other lines."""
    start = text[:2000]
    if '"format_version"' in start and '"terraform_version"' in start and text.lstrip("\ufeff \n")[:1] == "{":
        return True
    return _LOG.match(text) is not None or _BEHIND.search(text) is not None


def well_formed(file: Path) -> bool:
    """Whether a file is YAML or JSON at all: what is asked of templates that hold nothing of Studio."""
    import yaml

    text = text_of(file) or ""
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
