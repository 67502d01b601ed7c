"""Our reading of Terraform held against checkov's own graph: the same resources, and why not the same values.

docs/templates.md says what checkov's renderer does with expressions; the claims are held here against the version that
is installed. One that no longer fails is good news: then there is less that we have to do ourselves.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from iac.corpus import ROOT

from auditor.collect.iac.terraform.module_reader import ModuleReader
from auditor.collect.iac.tree import Tree
from auditor.studio.template_types import TYPES

pytestmark = pytest.mark.checkov
#: Cases in which checkov has other resources, and why.
DIFFERENT = {
    "tf-count-unknown": "a resource whose count is zero stays in its graph",
    "tf-enabled": "it does not read .tofu",
    "tf-for-each-by-condition": "for_each is not unrolled where a condition is open",
    "tf-json-syntax": "it does not read .tf.json",
    "tf-lookup-try": "it gives up on a file after a time (made short here: how long it needs hangs on the machine)",
    "tf-network": "for_each over resources is not unrolled",
    "tf-stack-inside": "a CloudFormation template inside a resource is no resource to it",
    "tf-terragrunt-generated": "it knows nothing of what a Terragrunt unit generates, and of the values beside it",
    "tf-yaml-users": "it does not read files, so that for_each is not unrolled",
}
CASES = sorted({path.parent for path in ROOT.glob("tf-*/expected.yaml")} - {ROOT / "tf-nothing-readable"})


@contextmanager
def quiet() -> Iterator[None]:
    """checkov logs what it cannot parse, and sets up the root logger when it is imported."""
    root, disabled = logging.getLogger(), logging.root.manager.disable
    handlers, level, filters = root.handlers[:], root.level, root.filters[:]
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)
        root.handlers[:], root.filters[:] = handlers, filters
        root.setLevel(level)


def graph(folder: Path) -> Any:
    """checkov's graph of a folder, rendered."""
    with quiet():
        from checkov.terraform.graph_manager import TerraformGraphManager

        found, _ = TerraformGraphManager(db_connector=None).build_graph_from_source_directory(
            str(folder), render_variables=True, download_external_modules=False
        )
    return found


def rendered(folder: Path) -> dict[str, dict[str, Any]]:
    """Attributes of its resources of our types, by address."""
    return {
        vertex.attributes["__address__"]: vertex.attributes
        for vertex in graph(folder).vertices
        if vertex.block_type == "resource" and vertex.name.split(".")[0] in TYPES
    }


def ours(folder: Path) -> set[str]:
    folders = sorted({Path(place) for place, _, names in os.walk(folder) if any(n.endswith(".tf") for n in names)})
    roots = ModuleReader(str, Tree.around([folder])).folders(folders or [folder])
    return {r.address for root in roots for r in root.resources if not r.address.startswith("data.")}


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_the_same_resources(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if folder.name in DIFFERENT:
        if folder.name == "tf-lookup-try":
            monkeypatch.setattr("checkov.common.util.env_vars_config.env_vars_config.HCL_PARSE_TIMEOUT_SEC", 1)
        assert ours(folder) != set(rendered(folder)), "checkov has caught up"
    else:
        assert ours(folder) == set(rendered(folder))


#: (expression, what Terraform makes of it: ... is unknown).
WRONG: dict[str, tuple[str, Any]] = {
    "a condition on a variable without a value takes the second branch": (
        'var.open == "prod" ? "VpcOnly" : "PublicInternetOnly"', ...,
    ),
    "texts that look like numbers become numbers": ('true ? "1e5" : "2"', "1e5"),
    "lists of texts are sorted": ('["b", "a"]', ["b", "a"]),
    "and then indexed": ("var.list[0]", "b"),
    "try gives a whole object for a member that is not there": ('try(var.object.missing, "none")', "none"),
    "trimprefix takes characters": ('trimprefix("assets-x", "aset-")', "assets-x"),
    "elements do not wrap around": ('element(["a", "b"], 3)', "b"),
}  # fmt: skip


@pytest.mark.parametrize("claim", WRONG)
def test_what_its_renderer_does(claim: str, tmp_path: Path) -> None:
    expression, right = WRONG[claim]
    (tmp_path / "main.tf").write_text(
        'variable "open" {}\nvariable "list" { default = ["b", "a"] }\nvariable "object" { default = { a = "A" } }\n'
        f'resource "aws_sagemaker_domain" "d" {{\n  domain_name = {expression}\n}}\n'
    )
    found = rendered(tmp_path)["aws_sagemaker_domain.d"]["domain_name"]
    found = found[0] if isinstance(found, list) and len(found) == 1 else found
    if right is ...:
        assert found in ("VpcOnly", "PublicInternetOnly")
    else:
        assert found != right
