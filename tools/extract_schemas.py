"""Extract the template languages' schemas of the resource types that the mapping table speaks about, for the tests.

    pip download --no-deps -d WHEELS aws-cdk-lib cdktn-provider-aws cdktn-provider-awscc
    python tools/extract_schemas.py WHEELS

CloudFormation's come from the installed cfn-lint, and for SageMaker from the CDK's constructs as well, which are
generated from the same schemas: cfn-lint 1.58's copy has dropped IdleSettings' reference from UserProfile and Space.
Terraform's come from the bindings that are generated from each provider's own schema. The wheels weigh hundreds of
megabytes, so the tests read the extract. In it a name ending in ``[]`` is a list of structures; a scalar's or a plain
list's value is its type.
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

from auditor.studio.template_types import TYPES

TARGET = Path(__file__).resolve().parent.parent / "tests" / "iac" / "schemas"
_FUNCTION = re.compile(r"^function (\w+)ToTerraform\(struct\) \{(.*?)^\}", re.MULTILINE | re.DOTALL)
_ATTRIBUTES = re.compile(r"^    synthesizeAttributes\(\) \{(.*?)^    \}", re.MULTILINE | re.DOTALL)
_MEMBER = re.compile(r"^\s+(\w+): (.*),$", re.MULTILINE)
_DEPTH = 12


def _cloudformation(type_name: str) -> dict[str, Any]:
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_name).schema
    read_only = {p.rpartition("/")[2] for p in schema.get("readOnlyProperties", ()) if p.count("/") == 2}

    def tree(node: dict[str, Any], depth: int = 0) -> Any:
        while "$ref" in node:
            node = schema["definitions"][node["$ref"].rpartition("/")[2]]
        if depth > _DEPTH:
            return "object"
        if "properties" in node:
            members: dict[str, Any] = {}
            for name, child in sorted(node["properties"].items()):
                found = tree(child, depth + 1)
                many = isinstance(found, dict) and _is_list(child, schema)
                members[f"{name}[]" if many else name] = found
            return members
        kind = node.get("type", "object")
        kind = next((k for k in kind if k != "string"), "string") if isinstance(kind, list) else kind
        if kind == "array":
            items = tree(node.get("items", {}), depth + 1)
            return items if isinstance(items, dict) else "list"
        return kind

    whole = tree({"properties": schema["properties"]})
    return {name: child for name, child in whole.items() if name.removesuffix("[]") not in read_only}


def _is_list(node: dict[str, Any], schema: dict[str, Any]) -> bool:
    while "$ref" in node:
        node = schema["definitions"][node["$ref"].rpartition("/")[2]]
    return node.get("type") == "array"


_CONVERTER = re.compile(
    r"function convert(\w+)ToCloudFormation\(properties\)\{.*?assertSuccess\(\),\{(.*?)\}\)?:properties"
)
_CONVERTED = re.compile(r"(\w+):((?:[^(),]|\([^()]*(?:\([^()]*\)[^()]*)*\))+)")


def _constructs(wheel: Path) -> dict[str, Any]:
    """SageMaker's types as the CDK's constructs write them."""
    with zipfile.ZipFile(wheel) as whole:
        inner = next(n for n in whole.namelist() if n.endswith(".jsii.tgz"))
        archive = tarfile.open(fileobj=io.BytesIO(whole.read(inner)), mode="r:gz")  # noqa: SIM115
    file = archive.extractfile("package/aws-sagemaker/lib/sagemaker.generated.js")
    assert file is not None
    bodies = dict(_CONVERTER.findall(file.read().decode()))

    def members(body: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in _CONVERTED.findall(body):
            nested = re.search(r"convert(\w+)ToCloudFormation", value)
            many = "listMapper" in value
            if nested and nested[1] in bodies:
                found[f"{name}[]" if many else name] = members(bodies[nested[1]])
            elif "cfnTagToCloudFormation" in value:
                found["Tags[]"] = {"Key": "string", "Value": "string"}
            else:
                kind = re.search(r"(string|number|boolean|object)ToCloudFormation", value)
                found[name] = "list" if many else kind[1] if kind else "string"
        return found

    return {
        t: members(bodies[f"Cfn{t.rpartition('::')[2]}Props"])
        for t in TYPES
        if t.startswith("AWS::SageMaker::") and f"Cfn{t.rpartition('::')[2]}Props" in bodies
    }


def _merged(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            name: _merged(one.get(name, other.get(name)), other.get(name, one.get(name))) for name in {**one, **other}
        }
    return one


def _terraform(source: str) -> dict[str, Any]:
    bodies = dict(_FUNCTION.findall(source))

    def members(body: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in _MEMBER.findall(body[body.index("return {") :] if "return {" in body else body):
            nested = next((f for f in re.findall(r"(\w+?)ToTerraform\b", value) if f in bodies), None)
            if nested is not None:
                found[f"{name}[]" if "listMapper" in value else name] = members(bodies[nested])
            elif "listMapper" in value:
                found[name] = "list"
            elif "hashMapper" in value:
                found[name] = "map"
            else:
                kind = re.search(r"\.(string|number|boolean)ToTerraform", value)
                found[name] = kind[1] if kind else "string"
        return dict(sorted(found.items()))

    match = _ATTRIBUTES.search(source)
    return members(match[1]) if match else {}


def _bindings(wheel: Path, prefix: str, types: list[str]) -> dict[str, Any]:
    """Schemas of the resource types from a wheel of bindings."""
    with zipfile.ZipFile(wheel) as whole:
        inner = next(n for n in whole.namelist() if n.endswith(".jsii.tgz"))
        archive = tarfile.open(fileobj=io.BytesIO(whole.read(inner)), mode="r:gz")  # noqa: SIM115
    wanted = {f"package/lib/{t.removeprefix(prefix).replace('_', '-')}/index.js": t for t in types}
    found = {}
    for member in archive:
        if member.name in wanted:
            file = archive.extractfile(member)
            assert file is not None
            found[wanted[member.name]] = _terraform(file.read().decode())
    missing = sorted(set(types) - set(found))
    if missing:
        print(f"{wheel.name}: no binding for {', '.join(missing)}", file=sys.stderr)
    return dict(sorted(found.items()))


def main(wheels: Path) -> None:
    """Write the three extracts."""
    import cfnlint
    from cfnlint.version import __version__ as version

    assert cfnlint
    names = sorted(TYPES)
    cdk = next(iter(sorted(wheels.glob("aws_cdk_lib-*.whl"))))
    constructs = _constructs(cdk)
    extracts = {"cloudformation": (f"cfn-lint {version}, {cdk.name.rpartition('-py3')[0]}", {
        t: _merged(_cloudformation(t), constructs.get(t, {})) for t in names if t.startswith("AWS::")
    })}  # fmt: skip
    for language, prefix in (("aws", "aws_"), ("awscc", "awscc_")):
        wheel = next(iter(sorted(wheels.glob(f"cdktn_provider_{language}-*.whl"))))
        types = [t for t in names if t.startswith(prefix)]
        extracts[language] = (wheel.name.rpartition("-py3")[0], _bindings(wheel, prefix, types))
    TARGET.mkdir(parents=True, exist_ok=True)
    for language, (source, types) in extracts.items():
        text = json.dumps({"source": source, "types": types}, indent=1, sort_keys=True)
        (TARGET / f"{language}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
