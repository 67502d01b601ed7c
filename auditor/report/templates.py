"""The Jinja environment: strict, escaping HTML, reading templates from their folder only."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import jinja2
import msgspec

from auditor.resources import templates_dir


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


_encoder = msgspec.json.Encoder(enc_hook=_plain, order="sorted")


def to_json(value: Any) -> str:
    """A value as JSON text with sorted keys; dataclasses as objects, timestamps as RFC 3339."""
    return _encoder.encode(value).decode()


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
