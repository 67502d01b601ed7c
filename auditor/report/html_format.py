"""report.html: one self-contained page. Its policy lets nothing load and nothing run but its own style and script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

import jinja2
from markupsafe import Markup

from auditor.evaluate.findings import shown
from auditor.model.report import Origin, Report, ResourceRef
from auditor.report.html_view import html_view
from auditor.report.templates import environment
from auditor.resources import templates_dir

_LAYERS = {
    "profile": "set on the profile",
    "domain": "inherited from the domain",
    "space": "set on the space",
    "app": "set on the app",
    "service": "AWS's default",
    "derived": "worked out",
    "ambiguous": "not settled by AWS's documentation",
    "unknown": "could not be seen",
}


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy: only this very style and script, and no network at all."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def layer(origin: Origin) -> str:
    """A layer in words."""
    return _LAYERS.get(origin.layer, origin.layer)


def kind(resource: ResourceRef) -> str:
    """A resource's type in words."""
    return resource.type.replace("_", " ")


def html_environment() -> jinja2.Environment:
    """The environment with the filters that the page uses."""
    made = environment()
    made.filters |= {"shown": shown, "layer": layer, "kind": kind, "thousands": lambda number: f"{number:,}"}
    return made


def render(report: Report) -> Iterator[str]:
    """The page, piece by piece."""
    style = (templates_dir() / "report.css").read_text(encoding="utf-8")
    script = (templates_dir() / "report.js").read_text(encoding="utf-8")
    template = html_environment().get_template("report.html.j2")
    # Our own files, not data; everything else in the page is escaped.
    return template.generate(
        view=html_view(report),
        policy=policy(style, script),
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
    )
