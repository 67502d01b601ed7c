"""Secrets that people put where they are read by many: in the address of a repository, in a tag.

They are masked where a snapshot comes to be, so that no table, evidence, command, format or log ever holds them. What
is left is ``[masked:1a2b]``: the same value is masked the same way in every run, in a template as in an account, so
that findings can be compared. The four digits are 16 bits of the value's SHA-256. There is no key, which would have to
be kept and shared wherever snapshots are compared. A whole hash of a short or common value could be turned back by
trying; 16 bits are right for one in 65,536 of all guesses, so they confirm none.

``auditor/secret_forms.py`` decides what looks like a secret.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from auditor.secret_forms import is_random, is_telling, replace_secrets

MASK = re.compile(r"\[masked:[0-9a-f]{4}\]")
#: Tags that AWS sets (the prefix is its own): names of stacks and resources, which have a random end.
_AWS_TAG = "aws:"


#: Longer texts are not kept: names, ARNs and addresses are what a snapshot repeats.
_SHORT = 300


def mask_text(text: str) -> str:
    """The text without credentials in URLs, tokens of a known form, and values behind a telling name. A mask is left as
    it is."""
    made = _short(text) if len(text) <= _SHORT else replace_secrets(text, _mask)
    # The very text where nothing had to be masked: what was kept is an equal one.
    return text if made == text else made


@lru_cache(maxsize=4096)
def _short(text: str) -> str:
    return replace_secrets(text, _mask)


def mask_value(name: str, value: str) -> str:
    """The value of a tag, or of another member with a name: masked as a whole where that or the value is telling."""
    if MASK.fullmatch(value):
        return value
    if is_telling(name, value) or (not name.startswith(_AWS_TAG) and is_random(value)):
        return _mask(value)
    return mask_text(value)


def mask_document(document: Any) -> Any:
    """The document with every text in it masked, and every tag; the same object where nothing had to be."""
    kind = type(document)
    if isinstance(document, str):
        # Nearly no text is long enough to hold a token, or an address.
        return mask_text(document) if len(document) > 11 else document
    if kind is bool or kind is int or document is None:
        return document
    if kind is dict or isinstance(document, Mapping):
        if document.keys() == {"Key", "Value"} and all(isinstance(text, str) for text in document.values()):
            value = mask_value(document["Key"], document["Value"])
            return document if value == document["Value"] else {**document, "Value": value}
        changed = {}
        for key, value in document.items():
            made = mask_document(value)
            if made is not value:
                changed[key] = made
        return {**document, **changed} if changed else document
    if isinstance(document, (list, tuple)):
        items = [mask_document(item) for item in document]
        return items if any(new is not old for new, old in zip(items, document, strict=True)) else document
    return document


def _mask(value: str) -> str:
    if MASK.fullmatch(value):
        return value
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    return f"[masked:{digest[:4]}]"
