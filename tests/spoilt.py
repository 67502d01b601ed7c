"""Documents that somebody spoilt: one member, anywhere in them, gone or odd."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

#: What stands instead of a value, or behind it, or as a line of its own.
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 2**70), st.floats(), st.text(max_size=8), st.just([]), st.just({}),
    st.sampled_from(["select 1", "1=1", "read_csv('/etc/passwd')", "$min_days", "user_profile", "true; drop table x"]),
    st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)  # fmt: skip
CHARACTERS = st.sampled_from(
    ["{", "[", "&a", "*a", "<<: *a", "!!python/name:os", "|", "---", "\t", "\x85", "'", ": :", "#"]
)


def spoilt(document: Any, data: st.DataObject, odd: st.SearchStrategy[Any] = ODD) -> Any:
    """The document with one member gone, added or odd."""
    if isinstance(document, dict) and document and data.draw(st.integers(0, 3)):
        name = data.draw(st.sampled_from(sorted(document)))
        if data.draw(st.integers(0, 4)) == 0:
            return {k: v for k, v in document.items() if k != name}
        if data.draw(st.integers(0, 8)) == 0:
            return {**document, data.draw(st.text(max_size=6)): data.draw(odd)}
        return {**document, name: spoilt(document[name], data, odd)}
    if isinstance(document, list) and document and data.draw(st.integers(0, 3)):
        at = data.draw(st.integers(0, len(document) - 1))
        return [*document[:at], spoilt(document[at], data, odd), *document[at + 1 :]]
    return data.draw(odd)


def broken(text: str, data: st.DataObject) -> str:
    """The text with one line cut, and something of YAML's own put there."""
    lines = text.split("\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    cut = data.draw(st.integers(0, len(lines[at])))
    lines[at] = lines[at][:cut] + data.draw(CHARACTERS) + data.draw(st.sampled_from(["", lines[at][cut:]]))
    return "\n".join(lines)
