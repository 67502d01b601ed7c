"""Write tests/remediation/terraform_schema.json: the arguments of the Terraform resources that snippets are for.

The provider's schema comes from its bindings for Terraform CDK, which are generated from it:

    pip download --no-deps --dest FOLDER cdktf-cdktf-provider-aws
    python tools/terraform_schema.py FOLDER/cdktf_cdktf_provider_aws-*.whl

The bindings are 57 MB, so what is needed of them is kept.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

RESOURCES = (
    "cloudwatch_log_group",
    "iam_role",
    "iam_role_policy",
    "sagemaker_domain",
    "sagemaker_space",
    "sagemaker_user_profile",
)
TARGET = Path(__file__).resolve().parent.parent / "tests" / "remediation" / "terraform_schema.json"
#: Arguments of CDK constructs that are none of the resource.
_META = {"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioners", "timeouts", "id"}
_ARGUMENT = re.compile(
    r":param (\w+):.*?/providers/hashicorp/aws/(?P<version>[\d.]+)/docs/resources/\w+#(?P<name>\w+) "
)


def _classes(source: str) -> dict[str, ast.FunctionDef]:
    """Constructors by class name."""
    return {
        node.name: item
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef)
        for item in node.body
        if isinstance(item, ast.FunctionDef) and item.name == "__init__"
    }


def _tree(classes: dict[str, ast.FunctionDef], name: str, versions: set[str]) -> dict[str, Any]:
    """Attributes and blocks of one block."""
    constructor = classes[name]
    names = {}
    for match in _ARGUMENT.finditer(ast.get_docstring(constructor) or ""):
        names[match[1]] = match["name"]
        versions.add(match["version"])
    attributes: list[str] = []
    blocks: dict[str, Any] = {}
    for argument in constructor.args.kwonlyargs:
        if argument.arg in _META or argument.arg not in names:
            continue
        inner = next((word for word in re.findall(r"\w+", _text(argument)) if word in classes), "")
        if inner:
            blocks[names[argument.arg]] = _tree(classes, inner, versions)
        else:
            attributes.append(names[argument.arg])
    return {"attributes": sorted(attributes), **({"blocks": blocks} if blocks else {})}


def _text(argument: ast.arg) -> str:
    assert argument.annotation is not None, argument.arg
    return ast.unparse(argument.annotation)


def main() -> None:
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        versions: set[str] = set()
        resources = {}
        for resource in RESOURCES:
            classes = _classes(wheel.read(f"cdktf_cdktf_provider_aws/{resource}/__init__.py").decode())
            name = "".join(part.title() for part in resource.split("_"))
            resources[f"aws_{resource}"] = _tree(classes, f"{name}Config", versions)
    (version,) = versions
    TARGET.write_text(json.dumps({"provider": version, "resources": resources}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
