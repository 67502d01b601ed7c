"""What checkov's graph holds of the product's types, and where each is in the files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from checkov.common.graph.graph_builder.graph_components.attribute_names import CustomAttributes

from auditor.studio.resource_types import RESOURCE_TYPES
from auditor.studio.template_types import TYPES

#: What is deployed together: a CloudFormation template, a Terraform root module, a Terraform plan.
Source = Literal["template", "module", "plan"]
#: Types that hold another template.
HOLDING = frozenset({
    "AWS::CloudFormation::Stack", "AWS::CloudFormation::StackSet", "AWS::Serverless::Application",
    "AWS::ServiceCatalog::CloudFormationProduct",
})  # fmt: skip
_STEP = re.compile(r"""([^.\[\]]+)(?:\[(?:"((?:[^"\\]|\\.)*)"|([^\]]*))\])?""")
_KEYS = re.compile(r"""\[(?:"(?:[^"\\]|\\.)*"|[^\]]*)\]""")


#: Kinds that a rule may be about by themselves. A role is one only where something of these uses it.
_OURS = frozenset(t.kind for t in RESOURCE_TYPES if t.kind != "role")


@dataclass(frozen=True, slots=True)
class Entity:
    """One resource of checkov's graph.

    ``root`` is the template, the folder of the root module, or the plan, as an absolute path; ``address`` a logical id,
    or the address in Terraform. ``vertex`` is checkov's own mapping, its configuration in it.
    """

    source: Source
    root: str
    file: str
    address: str
    type: str
    vertex: Mapping[str, Any]

    @property
    def studio(self) -> bool:
        """Whether it is a resource of Studio or an application beside it, rather than one around them."""
        return self.type in TYPES and TYPES[self.type].kind in _OURS


def vertices(graph: Any) -> Iterator[Mapping[str, Any]]:
    """The vertices of a graph, of either library that checkov may be told to use (CHECKOV_GRAPH_FRAMEWORK)."""
    nodes = graph.nodes(data=True) if hasattr(graph, "is_directed") else graph.nodes()
    return (attributes for _, attributes in nodes)


def templates(graph: Any) -> list[str]:
    """Every CloudFormation template of a graph."""
    found = (v for v in vertices(graph) if "::" in str(v.get(CustomAttributes.RESOURCE_TYPE)))
    return list(dict.fromkeys(absolute(vertex[CustomAttributes.FILE_PATH]) for vertex in found))


def entities(graph: Any) -> list[Entity]:
    """The resources of types that the product reads, and those that hold templates."""
    found = []
    for vertex in vertices(graph):
        type_ = vertex.get(CustomAttributes.RESOURCE_TYPE)
        if vertex.get(CustomAttributes.BLOCK_TYPE) != "resource" or not isinstance(type_, str):
            continue
        if type_ in TYPES or type_ in HOLDING:
            found.append(_entity(vertex, type_))
    return found


def _entity(vertex: Mapping[str, Any], type_: str) -> Entity:
    file = absolute(vertex[CustomAttributes.FILE_PATH])
    if "::" in type_:
        return Entity(
            "template", file, file, str(vertex[CustomAttributes.BLOCK_NAME]).rpartition(".")[2], type_, vertex
        )
    address = str(vertex.get(CustomAttributes.TF_RESOURCE_ADDRESS) or vertex[CustomAttributes.BLOCK_NAME])
    if file.endswith(".json"):
        return Entity("plan", file, file, address, type_, vertex)
    calls = _calls(vertex.get(CustomAttributes.SOURCE_MODULE_OBJECT))
    return Entity("module", absolute(Path(calls[0][1] if calls else file).parent), file, address, type_, vertex)


def _calls(module: Any) -> list[tuple[str, str]]:
    """The calls that lead to a module, from that in the root module on: the name of each and the file that it stands
    in. None for what is in the root module itself."""
    calls = []
    while module:
        inner = module if isinstance(module, Mapping) else vars(module)
        calls.append((str(inner["name"]), str(inner["path"])))
        module = inner.get("nested_tf_module")
    return calls[::-1]


def module_folders(entities: Iterable[Entity]) -> dict[Path, dict[str, Path]]:
    """Root module → names of the calls that lead to a module (``studio.network``) → the folder that checkov read it
    from. It downloads those of a registry or a repository with ``--download-external-modules``."""
    found: dict[Path, dict[str, Path]] = {}
    for entity in entities:
        calls = _calls(entity.vertex.get(CustomAttributes.SOURCE_MODULE_OBJECT)) if entity.source == "module" else []
        names = [name for name, _ in calls]
        # What a call leads to stands in the file of the next call, and at last of the resource.
        files = [*(file for _, file in calls[1:]), entity.file]
        for number, file in enumerate(files[: len(names)], 1):
            found.setdefault(Path(entity.root), {})[".".join(names[:number])] = Path(absolute(file)).parent
    return found


def absolute(path: str | os.PathLike[str]) -> str:
    """One name for a file or folder, however checkov came to it."""
    return Path(os.path.realpath(path)).as_posix()


def without_keys(address: str) -> str:
    """A Terraform address without the keys of ``count`` and ``for_each``."""
    return _KEYS.sub("", address)


def fits(one: str, other: str) -> bool:
    """Whether two addresses without differing keys may be the same resource: where only one of checkov and the auditor
    could tell the instances apart, the other's stands for all of them."""
    steps = zip(_steps(one), _steps(other), strict=False)
    return all(
        mine[0] == theirs[0] and (None in (mine[1], theirs[1]) or mine[1] == theirs[1]) for mine, theirs in steps
    )


def _steps(address: str) -> Iterable[tuple[str, str | None]]:
    for name, quoted, plain in _STEP.findall(address):
        key = quoted or plain
        yield name, key if key and key != "*" else None
