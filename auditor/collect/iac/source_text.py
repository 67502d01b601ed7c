"""The text of a file, in whichever of Unicode's encodings its first bytes announce."""

from __future__ import annotations

import codecs

from auditor.collect.iac.unreadable import UnreadableError

#: UTF-32 before UTF-16, whose mark begins with the same bytes. Windows PowerShell's ``>`` writes UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip


def decoded(content: bytes, errors: str = "strict") -> str:
    """The text, without its byte order mark; UTF-8 where there is none. Raises UnreadableError."""
    mark, encoding = next((known for known in _MARKS if content.startswith(known[0])), (b"", "utf-8"))
    try:
        return content[len(mark) :].decode(encoding, errors)
    except UnicodeDecodeError:
        name = encoding.upper() if encoding == "utf-8" else encoding[:6].upper()
        raise UnreadableError(f"it is not {name} text") from None
