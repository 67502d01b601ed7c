"""report.html: one self-contained page. Its policy lets nothing load and nothing run but its own style and script."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from auditor.model.report import Report
from auditor.report.html.page_parts import html_environment, policy
from auditor.report.html.view import html_view
from auditor.resources import templates_dir

__all__ = ["html_environment", "policy", "render", "script", "style"]

#: The page's own style and script, put together in this order.
STYLES = ("base.css", "parts.css", "list.css", "print.css")
SCRIPTS = (
    "dom.js", "data.js", "filter.js", "table.js", "export.js", "ticket.js", "drawer.js", "facets.js", "order.js",
    "groups.js", "findings.js", "pages.js", "access_paths.js", "resource.js", "lists.js", "main.js",
)  # fmt: skip


def style() -> str:
    """The page's style."""
    return "".join((templates_dir() / "report" / name).read_text(encoding="utf-8") for name in STYLES)


def script() -> str:
    """The page's script: its files in one function, so that they share names and leave none to the page."""
    files = [(templates_dir() / "report" / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return '(() => {\n"use strict";\n' + "\n".join(files) + "})();\n"


def render(report: Report) -> Iterator[str]:
    """The page, piece by piece."""
    own_style, own_script = style(), script()
    template = html_environment().get_template("report.html.j2")
    # Our own files, not data; everything else in the page is escaped.
    return template.generate(
        view=html_view(report),
        policy=policy(own_style, own_script),
        style=Markup(own_style),  # noqa: S704
        script=Markup(own_script),  # noqa: S704
    )
