"""Text of the account in Markdown: shown, and nothing more than shown."""

from __future__ import annotations

import re
from functools import lru_cache

from auditor.inert_text import one_line
from auditor.report.phrases import cut

_CELL = 240
#: What GitHub links after the Markdown is rendered: people, issues, addresses. An unseen joiner breaks each.
_LINKED = re.compile(r"@|#(?=\w)|://|\bGH(?=-\d)|\bwww(?=\.)|\bmailto(?=:)|\bxmpp(?=:)", re.IGNORECASE)
_JOINER = "\N{WORD JOINER}"


#: What has a meaning inside a line → itself behind a backslash; text of the account never begins a line.
_ESCAPED = str.maketrans({character: f"\\{character}" for character in r"\`*_{}[]()<>#!|~$&"})
#: One of these is in every ASCII text that _LINKED is found in, in lower case.
_HINTS = ("@", "#", "://", "gh-", "www.", "mailto:", "xmpp:")


def text(value: object, most: int = _CELL) -> str:
    """Text of the account in a sentence: shown as it is, and nothing more than shown. Cut after ``most`` letters."""
    return _shown(str(value), most)


@lru_cache(maxsize=1024)  # titles and steps of rules are those of the finding before
def _shown(value: str, most: int) -> str:
    plain = cut(one_line(value), most)
    if not plain.isascii() or any(hint in plain.lower() for hint in _HINTS):
        plain = _LINKED.sub(lambda found: found.group()[:1] + _JOINER + found.group()[1:] if found.group() != "://"
                            else f":{_JOINER}//", plain)  # fmt: skip
    return plain.translate(_ESCAPED)


def code(value: object) -> str:
    """A name or a value as code."""
    plain = cut(one_line(str(value)), _CELL)
    if "|" in plain:
        # A cell's separator: renderers differ on its escapes inside code, not on those in text.
        return text(plain)
    if not plain:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    padding = " " if plain.startswith("`") or plain.endswith("`") or plain.strip() != plain else ""
    return f"{fence}{padding}{plain}{padding}{fence}"
