"""Extract what Terraform's AWS provider takes for each type that deploy/ uses, for tests/test_terraform_provider.py.

    pip download --no-deps -d WHEELS cdktn-provider-aws
    pip download --no-deps -d WHEELS cdktf-cdktf-provider-aws==19.9.0
    python tools/extract_provider.py WHEELS

The wheels are bindings that are generated from a provider's own schema: the second is that of the oldest provider that
the modules allow, the first that of the newest. Each weighs tens of megabytes, so the tests read the extracts. In them
an argument's value is its kind, with ``!`` if it is required, or a block: ``{"members": …, "required": …, "many": …}``.
``known`` are the arguments and attributes that a reference may name.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "tests" / "provider"
_INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{(.*?)^\}", re.MULTILINE | re.DOTALL)
_MEMBER = re.compile(r"/\*\*(.*?)\*/\s+readonly \w+(\??): ([^;]+);", re.DOTALL)
_VERSION = re.compile(r"providers/hashicorp/aws/([\d.]+)/docs/[\w-]+/\w+#(\w+) ")
_ATTRIBUTE = re.compile(r"(?:get\w*Attribute\(|new [\w.]+\(this, )['\"](\w+)['\"]")
_KINDS = ("string", "number", "boolean")


def types_of_deploy() -> set[tuple[str, str]]:
    """``resource`` or ``data``, and the type, of every block of the modules."""
    block = re.compile(r'^(resource|data) "(aws_\w+)"', re.MULTILINE)
    files = sorted((ROOT / "deploy").rglob("*.tf"))
    return {found for path in files for found in block.findall(path.read_text(encoding="utf-8"))}


def _arguments(body: str, interfaces: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for said, optional, kind in _MEMBER.findall(body):
        name = _VERSION.search(said)
        if name is None:
            continue
        words = re.split(r"[^\w\[\]{}:;. ]+", kind)
        structure = next((w for part in words if (w := part.strip().removesuffix("[]")) in interfaces), None)
        if structure is not None and re.search(rf"^\s*\* {name[2]} block", said, re.MULTILINE):
            found[name[2]] = {
                "members": _arguments(interfaces[structure], interfaces),
                "required": not optional,
                "many": f"{structure}[]" in kind,
            }
            continue
        first = kind.split("|")[0].strip()
        plain = first if first in _KINDS else "map" if "[key: string]" in kind else "list"
        found[name[2]] = f"{plain}{'' if optional else '!'}"
    return dict(sorted(found.items()))


def extract(wheel: Path, wanted: set[tuple[str, str]]) -> dict[str, Any]:
    """The provider's version, and its arguments for each of these types."""
    with zipfile.ZipFile(wheel) as whole:
        inner = next(n for n in whole.namelist() if n.endswith(".jsii.tgz"))
        archive = tarfile.open(fileobj=io.BytesIO(whole.read(inner)), mode="r:gz")  # noqa: SIM115
    folders = {}
    for mode, type_ in wanted:
        short = type_.removeprefix("aws_").replace("_", "-")
        folders[f"package/lib/{'data-aws-' if mode == 'data' else ''}{short}"] = (mode, type_)
    texts = {}
    for member in archive:
        folder, _, file = member.name.rpartition("/")
        if folder in folders and file in ("index.d.ts", "index.js"):
            opened = archive.extractfile(member)
            assert opened is not None
            texts[folders[folder], file] = opened.read().decode()
    made: dict[str, Any] = {"resource": {}, "data": {}}
    versions = set()
    for mode, type_ in sorted(wanted):
        declared = texts[(mode, type_), "index.d.ts"]
        interfaces = dict(_INTERFACE.findall(declared))
        versions |= {found[0] for found in _VERSION.findall(declared)}
        arguments = _arguments(next(v for k, v in interfaces.items() if k.endswith("Config")), interfaces)
        own = texts[(mode, type_), "index.js"].rpartition("\nexports.")[0]
        own = own[own.rindex("\nclass ") :]
        made[mode][type_] = {"arguments": arguments, "known": sorted({*arguments, *_ATTRIBUTE.findall(own)})}
    (version,) = versions
    return {"source": wheel.name.rpartition("-py3")[0], "version": version, **made}


def main(wheels: Path) -> None:
    """Write an extract for each wheel."""
    wanted = types_of_deploy()
    TARGET.mkdir(exist_ok=True)
    for wheel in sorted(wheels.glob("*provider_aws-*.whl")):
        found = extract(wheel, wanted)
        text = json.dumps(found, indent=1, sort_keys=True)
        (TARGET / f"aws-{found['version']}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
