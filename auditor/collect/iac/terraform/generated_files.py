"""Files that Terragrunt generates beside a module's own before Terraform runs.

Source: Terragrunt's reference, "HCL Blocks and Attributes", ``generate`` (``path``, ``contents``, ``if_exists``,
``disable``; of two blocks with one label that of the including configuration counts).
"""

from __future__ import annotations

from collections.abc import Sequence

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.evaluate import Scope, value
from auditor.collect.iac.hcl.values import plain_text
from auditor.collect.iac.terraform.module_files import ENDINGS, Laid

#: Stands for what only Terragrunt knows, where it is a part of a text.
_OPEN = "${terragrunt.value}"
_HERE = ("${get_terragrunt_dir()}/", "./")
#: A file whose name is not known: it may be one that overrides others.
_SOME_FILE = "${name}.tf"


def generated_files(layers: Sequence[tuple[str, n.Body, Scope]]) -> dict[str, Laid]:
    """By name, what configurations generate that Terraform reads: how the user names each, what it holds, what its
    expressions see; the outermost first."""
    by_label: dict[str, tuple[str, Laid] | None] = {}
    for at, body, scope in layers:
        for block in body.of("generate"):
            by_label[block.labels[0] if block.labels else ""] = _generated(block, at, scope)
        node = body.attributes.get("generate")
        if node is not None:
            # Not a block but an object of them, as a function gives it.
            by_label[""] = (_SOME_FILE, Laid(None, at, node.line))
    return dict(one for one in by_label.values() if one is not None)


def _generated(block: n.Block, at: str, scope: Scope) -> tuple[str, Laid] | None:
    written = block.body.attributes
    path, contents = written.get("path"), written.get("contents")
    if n.literal(written.get("disable")) is True or path is None or contents is None:
        return None
    name = plain_text(value(path, scope)) or path.source.strip('"')
    for here in _HERE:
        name = name.removeprefix(here)
    if not name.endswith(ENDINGS):
        open_ = "${" in name.rpartition("/")[2] or name.endswith(")")
        return (_SOME_FILE, Laid(None, at, block.line)) if open_ else None
    # In a folder of its own it is a part of a module that nobody knows.
    text = None if "/" in name else _text(contents, scope)
    return name.rpartition("/")[2], Laid(text, at, contents.line, n.literal(written.get("if_exists")) == "skip")


def _text(node: n.Node, scope: Scope) -> str | None:
    """The contents, with a word for what is not known of them; None where that may be anything."""
    text = plain_text(value(node, scope))
    if text is not None or not isinstance(node, n.Template):
        return text
    parts: list[str] = []
    for part in node.parts:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, n.Node):
            known = plain_text(value(part, scope))
            parts.append(_OPEN if known is None else known)
        else:
            return None
    return "".join(parts)
