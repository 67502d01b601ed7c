"""Settings as lines of a CloudFormation template or a Terraform configuration.

A snippet holds what belongs inside the resource, from its own arguments on, and names the resource in a comment. A
structure has every member that the resource has already, so that it can stand instead of what a template says there.
What a template refers to (a role, a bucket) has no value that could be written: such members stay as they stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from auditor.model.resource import ResourceRef
from auditor.model.snapshot import TEMPLATE
from auditor.studio.resource_types import BY_KIND
from auditor.studio.template_names import (
    NOT_IN,
    NOT_IN_CLOUDFORMATION,
    NOT_YET_IN_CLOUDFORMATION,
    REPEATED_BLOCKS,
    lacks,
    snake,
    terraform_name,
)
from auditor.studio.template_types import Language

Settings = Mapping[str, Any]
#: What a snippet of a tag says of those that a resource has: a list of tags, or a map, would stand instead of theirs.
OTHER_TAGS = "every other tag"


def cloudformation(resource: ResourceRef, settings: Settings, changed: tuple[str, ...]) -> str:
    """YAML of the resource's properties; empty where CloudFormation cannot express what is changed."""
    if any(lacks(NOT_IN_CLOUDFORMATION, path) for path in changed):
        return ""
    left_out: list[str] = []
    known = _known(_told(resource, settings, changed, left_out), "", NOT_IN_CLOUDFORMATION, left_out)
    _drop_new_values(known, left_out)
    return "\n".join((*_about(BY_KIND[resource.type].cloudformation, resource, left_out), _yaml(known)))


def terraform(resource: ResourceRef, settings: Settings, changed: tuple[str, ...]) -> str:
    """HCL of the resource's arguments; empty where the provider cannot express what is changed."""
    provider = _provider(resource)
    if any(lacks(NOT_IN[provider], path) for path in changed):
        return ""
    left_out: list[str] = []
    known = _known(_told(resource, settings, changed, left_out), "", NOT_IN[provider], left_out)
    if provider == "awscc":
        _drop_new_values(known, left_out)
        lines = _attributes(known, "")
    else:
        lines = _block(known, "")
    return "\n".join((*_about(_terraform_type(resource), resource, left_out), *lines))


def written_out(resource: ResourceRef, text: str) -> str:
    """A snippet of the provider aws that a rule has written out, in the words of the resource's provider."""
    if _provider(resource) == "aws" or not text.startswith(_AWS_TAGS):
        return text
    return _TAG_MAP.sub(_as_list, text.replace("# aws_", "# awscc_", 1))


#: How a snippet of a tag begins, and its map of one tag.
_AWS_TAGS = "# aws_sagemaker_"
_TAG_MAP = re.compile(r"^tags = \{\n  (.+) = (.+)\n\}$", re.MULTILINE)


def _as_list(found: re.Match[str]) -> str:
    return f"tags = [\n  {{ key = {found[1]}, value = {found[2]} }},\n]"


def _provider(resource: ResourceRef) -> Language:
    """Of which of Terraform's two providers the resource is, by its address; ``aws`` where it is of none."""
    return "awscc" if _AWSCC.search(resource.id) else "aws"


#: The address of a resource of the provider awscc, in modules or not.
_AWSCC = re.compile(r"(?:^|[.\]])awscc_sagemaker_\w+\.")


def _terraform_type(resource: ResourceRef) -> str:
    type_ = BY_KIND[resource.type].terraform
    return type_ if _provider(resource) == "aws" else type_.replace("aws_", "awscc_", 1)


def tags(resource: ResourceRef, pairs: Mapping[str, str], *, beside: bool = False) -> tuple[str, str]:
    """Tags in both languages. ``beside``: the resource has others, or may have, which stay."""
    kept = [f"{_KEPT}{OTHER_TAGS}"] if beside else []
    listed = {"Tags": [{"Key": key, "Value": value} for key, value in pairs.items()]}
    written = [(hcl_text(key), hcl_text(value)) for key, value in pairs.items()]
    if _provider(resource) == "awscc":
        lines = ["tags = [", *(f"  {{ key = {key}, value = {value} }}," for key, value in written), "]"]
    else:
        lines = ["tags = {", *(f"  {key} = {value}" for key, value in written), "}"]
    return (
        "\n".join((*_about(BY_KIND[resource.type].cloudformation, resource, kept), _yaml(listed))),
        "\n".join((*_about(_terraform_type(resource), resource, kept), *lines)),
    )


def _about(type_: str, resource: ResourceRef, left_out: list[str]) -> Iterator[str]:
    name = resource.id if resource.id == resource.name else f"{resource.id} ({resource.name})"
    # A name with a line break in it would end the comment.
    yield f"# {type_}" + (f": {name}" if name and name.isprintable() and len(name) < 300 else "")
    for path in left_out:
        yield (
            f"# {path.removeprefix(_KEPT)} stays as it stands"
            if path.startswith(_KEPT)
            else f"# cannot be written here: {path}"
        )


#: How a member begins that the template's own text has to say.
_KEPT = "="


def _told(resource: ResourceRef, settings: Settings, changed: tuple[str, ...], left_out: list[str]) -> Settings:
    """The settings without those of a template that are no text to write: what it refers to. What is changed is."""
    return settings if not resource.file else _literals(settings, "", changed, left_out)


def _literals(settings: Settings, prefix: str, changed: tuple[str, ...], left_out: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in settings.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            inner = _literals(value, f"{path}.", changed, left_out)
            found |= {name: inner} if inner or not value else {}
        elif _refers(value) and not any(one == path or one.startswith(f"{path}.") for one in changed):
            left_out.append(f"{_KEPT}{path}")
        else:
            found[name] = value
    return found


def _refers(value: object) -> bool:
    """Whether a value holds what stands for a resource of the template."""
    if isinstance(value, str):
        return "${" in value or f":iam::{TEMPLATE}:" in value
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(map(_refers, items))


def _known(settings: Settings, prefix: str, absent: tuple[str, ...], left_out: list[str]) -> dict[str, Any]:
    """The settings without what the language lacks, whose paths are added to ``left_out``."""
    known: dict[str, Any] = {}
    for name, value in settings.items():
        path = f"{prefix}{name}"
        if lacks(absent, path):
            left_out.append(path)
        else:
            known[name] = _known(value, f"{path}.", absent, left_out) if isinstance(value, Mapping) else value
    return known


def _drop_new_values(settings: dict[str, Any], left_out: list[str]) -> None:
    for name, value in settings.items():
        if isinstance(value, dict):
            _drop_new_values(value, left_out)
        elif name in NOT_YET_IN_CLOUDFORMATION:
            unknown = [v for v in value if v in NOT_YET_IN_CLOUDFORMATION[name]]
            if unknown:
                settings[name] = [v for v in value if v not in unknown]
                left_out.append(f"{name}: {', '.join(unknown)}")


def _yaml(value: Any) -> str:
    return _yaml_of(json.dumps(value))


@lru_cache(maxsize=512)
def _yaml_of(text: str) -> str:
    """In the order given, on one line each however long, without anchors; libyaml's dumper is ten times quicker.

    Profiles differ in their names more than in what is to be changed, so that most of it was written before.
    """
    import yaml

    written: str = yaml.dump(
        json.loads(text), Dumper=_dumper(), sort_keys=False, allow_unicode=False, width=10_000, default_flow_style=False
    )
    return written.strip()


@cache
def _dumper() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return type("Dumper", (base,), {"ignore_aliases": lambda self, data: True})  # noqa: ARG005


def _block(settings: Settings, indent: str) -> Iterator[str]:
    scalars = {n: v for n, v in settings.items() if not isinstance(v, Mapping) and n not in REPEATED_BLOCKS}
    width = max((len(terraform_name(n)) for n in scalars), default=0)
    for name, value in scalars.items():
        yield f"{indent}{terraform_name(name):<{width}} = {_literal(value)}"
    for name, value in settings.items():
        if name in scalars:
            continue
        for inner in [value] if isinstance(value, Mapping) else value:
            yield f"{indent}{terraform_name(name)} {{"
            yield from _block(inner, indent + "  ")
            yield f"{indent}}}"


def _attributes(settings: Settings, indent: str) -> Iterator[str]:
    """Members of a resource of awscc, or of an object in it: structures are values there, and no blocks."""
    plain = {n: v for n, v in settings.items() if not isinstance(v, Mapping) and not _structures(v)}
    width = max((len(snake(n)) for n in plain), default=0)
    for name, value in plain.items():
        yield f"{indent}{snake(name):<{width}} = {_literal(value)}"
    for name, value in settings.items():
        if name in plain:
            continue
        if isinstance(value, Mapping):
            yield f"{indent}{snake(name)} = {{"
            yield from _attributes(value, indent + "  ")
            yield f"{indent}}}"
            continue
        yield f"{indent}{snake(name)} = ["
        for inner in value:
            yield f"{indent}  {{"
            yield from _attributes(inner, indent + "    ")
            yield f"{indent}  }},"
        yield f"{indent}]"


def _structures(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(item, Mapping) for item in value)


def _literal(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    return hcl_text(value) if isinstance(value, str) else json.dumps(value)


def hcl_text(text: str) -> str:
    """A string of HCL, whose escapes are JSON's, and whose templates stay text."""
    return json.dumps(text).replace("${", "$${").replace("%{", "%%{")
