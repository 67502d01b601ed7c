"""Static SQL, one statement a file in ``resolve/sql``, with named slots for what is generated.

A slot for an expression, a list of columns or a name is written as a quoted identifier, ``"{columns}"``; one for a
clause, such as joins, as a comment, ``/*{joins}*/``. So each file parses by itself, which a test holds.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "sql"
_SLOT = re.compile(r'"\{([a-z0-9_]+)\}"|/\*\{([a-z0-9_]+)\}\*/')


@cache
def text(name: str) -> str:
    """The file's text, slots as they are written."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def slots(name: str) -> frozenset[str]:
    """Names of the file's slots."""
    return frozenset(match[1] or match[2] for match in _SLOT.finditer(text(name)))


def statement(name: str, **values: str) -> str:
    """The statement with its slots filled. ``values`` are SQL text: whoever gives them has quoted what is data.

    Raises ValueError where a slot is left empty or there is none of a name.
    """
    if slots(name) != values.keys():
        raise ValueError(f"{name}.sql has the slots {sorted(slots(name))}, given are {sorted(values)}")
    return _SLOT.sub(lambda match: values[match[1] or match[2]], text(name))
