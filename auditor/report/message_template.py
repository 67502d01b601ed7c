"""A Jinja template of the user's for the body of a webhook: the sandbox that report templates have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from auditor.errors import ConfigError
from auditor.inert_text import one_line
from auditor.report.json_text import to_json

_HINT = "docs/nightly.md lists what a template of a webhook is given."
#: What an expression of the user's may raise.
_RAISED = (
    jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip


def render_message(source: str, context: Mapping[str, Any]) -> bytes:
    """The body in UTF-8. Raises ConfigError for a template that cannot be parsed or rendered."""
    made = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
    made.filters |= {"json": to_json, "one_line": one_line}
    try:
        return made.from_string(source).render(context).encode("utf-8", "replace")
    except _RAISED as error:
        raise ConfigError(f"the template cannot be rendered: {one_line(str(error))}", hint=_HINT) from error
