"""JSON that others wrote, decoded to values that can be kept: every text of it is Unicode.

JSON may write half of a character (``"\\ud800"``), and Python decodes it. No file, table or report can hold such a
text, and neither AWS nor Terraform keeps one.
"""

from __future__ import annotations

import json
import re
from typing import Any

_HALF = re.compile(r"\\u[dD][89a-fA-F]")


class HalfCharacterError(ValueError):
    """The JSON holds half of a character, which is no text."""


def decode_json(text: str | bytes) -> Any:
    """The value that a JSON text is. Raises ValueError for what is not JSON, HalfCharacterError, RecursionError."""
    value = json.loads(text)
    if _HALF.search(text if isinstance(text, str) else text.decode("ascii", "ignore")):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            half = error.object[error.start]
            raise HalfCharacterError(f"\\u{ord(half):04x} is half of a character") from None
    return value


def is_unicode(text: str) -> bool:
    """Whether a text has whole characters only: bytes of a file's name or an argument that are not UTF-8 are none."""
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)
