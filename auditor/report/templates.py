"""The Jinja environment: strict, escaping HTML, reading templates from their folder only."""

from __future__ import annotations

import jinja2

from auditor.report.json_text import to_json
from auditor.resources import templates_dir


def environment() -> jinja2.Environment:
    """Undefined names raise; ``.html.j2`` escapes everything."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates_dir()),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["json"] = to_json
    return made
