"""What ``cdk synth`` writes: a cloud assembly (``cdk.out``), its stacks with their templates and construct paths.

Source: the CDK's cloud-assembly-schema (manifest.json). Assemblies of stages lie in folders of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditor.collect.iac.cloudformation.context_lookups import (
    NO_LOOKUPS,
    ContextLookups,
    context_lookups,
    default_vpcs,
)
from auditor.collect.iac.tree import MAX_PLAN_BYTES, Tree, real_path, within
from auditor.collect.iac.unreadable import UnreadableError
from auditor.json_source import decode_json
from auditor.studio.partitions import partition_of

MANIFEST = "manifest.json"
#: Where an app of the CDK keeps the answers of its look-ups.
CONTEXT = "cdk.context.json"
_MAX_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Cdk:
    """What an assembly knows beside its templates: construct paths by logical id (nested stacks may repeat an id),
    files by the name that they are uploaded under, and what was not looked up in the account. ``default_vpcs``: ids of
    VPCs that were looked up as the default one of their Region."""

    constructs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    assets: Mapping[str, Path] = field(default_factory=dict)
    lookups: ContextLookups = NO_LOOKUPS
    default_vpcs: frozenset[str] = frozenset()

    def construct(self, logical_id: str, inside: str = "") -> str:
        """The path of a resource: of the one inside the construct of a nested stack, else the outermost."""
        paths = [p for p in self.constructs.get(logical_id, ()) if p.startswith(inside)]
        return min(paths, key=lambda p: (p.count("/"), p), default="")


@dataclass(frozen=True, slots=True)
class AssemblyStack:
    """A stack of an assembly: its template, the parameters and tags that the app gives it, pseudo parameters that its
    environment fixes."""

    template: Path
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    pseudo: Mapping[str, str]
    cdk: Cdk


def is_assembly(folder: Path) -> bool:
    """Whether the folder holds a cloud assembly."""
    path = folder / MANIFEST
    if not path.is_file():
        return False
    try:
        manifest = _manifest(folder)
    except UnreadableError:
        # Other tools have a manifest.json as well; only one beside templates is a broken assembly.
        return any(folder.glob("*.template.json"))
    return isinstance(manifest.get("artifacts"), Mapping) and "version" in manifest


def stacks(folder: Path, depth: int = 0) -> Iterator[AssemblyStack]:
    """Every stack of the assembly and of the stages inside it. Raises UnreadableError."""
    manifest = _manifest(folder)
    artifacts = manifest.get("artifacts")
    if not isinstance(artifacts, Mapping):
        raise UnreadableError("manifest.json names no artifacts")
    assets, lookups = _assets(folder, artifacts), context_lookups(manifest)
    for name, artifact in artifacts.items():
        if not isinstance(artifact, Mapping):
            continue
        properties = _mapping(artifact.get("properties"))
        if artifact.get("type") == "aws:cloudformation:stack" and isinstance(properties.get("templateFile"), str):
            environment = str(artifact.get("environment", ""))
            yield AssemblyStack(
                folder / properties["templateFile"],
                _texts(properties.get("parameters")),
                _texts(properties.get("tags")),
                {"AWS::StackName": str(properties.get("stackName") or name), **_environment(environment)},
                Cdk(_constructs(folder, artifact), assets, lookups),
            )
        elif artifact.get("type") == "cdk:cloud-assembly" and isinstance(properties.get("directoryName"), str):
            if depth >= _MAX_DEPTH:
                raise UnreadableError("its stages are nested too deeply")
            yield from stacks(folder / properties["directoryName"], depth + 1)


def beside(template: Path) -> Cdk:
    """What is known of a template of an assembly that is read by itself: what was not looked up for it."""
    with suppress(UnreadableError):
        if is_assembly(template.parent):
            return Cdk(lookups=context_lookups(_manifest(template.parent)))
    return Cdk()


def looked_up_default_vpcs(folder: Path, tree: Tree) -> frozenset[str]:
    """Of an assembly, by what the app beside it keeps of its look-ups, where that may be read."""
    kept = folder.parent / CONTEXT
    with suppress(UnreadableError, ValueError, RecursionError):
        if tree.holds(kept):
            return default_vpcs(decode_json(tree.read(kept)))
    return frozenset()


def output_folder(file: Path, tree: Tree) -> str:
    """The folder that a ``cdk.json`` has its app synthesised into."""
    with suppress(UnreadableError, ValueError, RecursionError):
        output = _mapping(decode_json(tree.read(file))).get("output")
        if isinstance(output, str) and within(file.parent, output) is not None:
            return output
    return "cdk.out"


def _json(folder: Path, name: str) -> Mapping[str, Any]:
    """A file of the assembly, which lies in its folder. Raises UnreadableError."""
    try:
        real = real_path(folder)
        return _mapping(decode_json(Tree((real,), (real,)).read(folder / name, MAX_PLAN_BYTES)))
    except UnreadableError as error:
        raise UnreadableError(f"{name}: {error.reason}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{name} is not JSON") from error


def _manifest(folder: Path) -> Mapping[str, Any]:
    return _json(folder, MANIFEST)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: object) -> dict[str, str]:
    """Names and texts; a value that is a token (a mapping) is not known before deployment and is left out."""
    return {str(k): str(v) for k, v in _mapping(value).items() if isinstance(v, str | int | float)}


def _environment(environment: str) -> dict[str, str]:
    """``aws://111122223333/eu-west-1`` as pseudo parameters; parts of an environment-agnostic stack are unknown."""
    account, _, region = environment.removeprefix("aws://").partition("/")
    found = {}
    if account.isdigit():
        found["AWS::AccountId"] = account
    if region and not region.startswith("unknown"):
        found["AWS::Region"] = region
        found["AWS::Partition"] = partition_of(region)
    return found


def _assets(folder: Path, artifacts: Mapping[str, Any]) -> dict[str, Path]:
    """Files by the last part of the key that they are uploaded under."""
    found: dict[str, Path] = {}
    for artifact in artifacts.values():
        properties = _mapping(_mapping(artifact).get("properties"))
        if _mapping(artifact).get("type") != "cdk:asset-manifest" or not isinstance(properties.get("file"), str):
            continue
        with suppress(UnreadableError):
            manifest = _json(folder, properties["file"])
            for asset in _mapping(manifest.get("files")).values():
                path = _mapping(_mapping(asset).get("source")).get("path")
                for destination in _mapping(_mapping(asset).get("destinations")).values():
                    key = _mapping(destination).get("objectKey")
                    file = within(folder, path) if isinstance(path, str) else None
                    if file is not None and isinstance(key, str):
                        found[key.rpartition("/")[2]] = file
    return found


def _constructs(folder: Path, artifact: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Construct paths by logical id, from the metadata of the manifest or of the file that it names."""
    metadata = dict(_mapping(artifact.get("metadata")))
    extra = _mapping(artifact.get("properties")).get("additionalMetadataFile") or artifact.get("additionalMetadataFile")
    if isinstance(extra, str):
        # Only names for people: without them a finding still names file and line.
        with suppress(UnreadableError):
            metadata |= _json(folder, extra)
    found: dict[str, tuple[str, ...]] = {}
    for path, entries in metadata.items():
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, Mapping) and entry.get("type") == "aws:cdk:logicalId":
                id_ = str(entry.get("data"))
                found[id_] = (*found.get(id_, ()), str(path).lstrip("/"))
    return found
