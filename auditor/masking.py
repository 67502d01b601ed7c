"""Secrets that people put where they are read by many: in the address of a repository, in a tag.

They are masked where a snapshot comes to be, so that no table, evidence, command, format or log ever holds them. What
is left is ``[masked:1a2b]``: the same value is masked the same way in every run, in a template as in an account, so
that findings can be compared. The four digits are 16 bits of the value's SHA-256. There is no key, which would have to
be kept and shared wherever snapshots are compared. A whole hash of a short or common value could be turned back by
trying; 16 bits are right for one in 65,536 of all guesses, so they confirm none.

What looks like a secret is decided by detectors after those of Yelp's detect-secrets: the forms of known tokens,
private keys, basic authentication in URLs, values under telling names, and random text. The library itself was not
taken: it looks at lines of source files, with plug-ins that a global configuration switches, and brings ``requests``.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

MASK = re.compile(r"\[masked:[0-9a-f]{4}\]")
#: User and password of a URL, up to the last @ before its path ends it.
_USERINFO = re.compile(r"(?<=://)[^\s/?#\"'<>]+(?=@)")
#: Names of members of a query that hold a token.
_QUERY = re.compile(
    r"(?<=[?&;])([A-Za-z0-9_.-]*(?:token|secret|passw(?:or)?d|pwd|api[_-]?key|signature|credential|sig)[A-Za-z0-9_.-]*=)"
    r"([^&;#\s\"']+)",
    re.IGNORECASE,
)
#: Names under which a value is a secret, whatever it looks like (KeywordDetector).
_TELLING = re.compile(
    r"passw(?:or)?d|passphrase|pwd\b|secret|api[_.-]?key|access[_.-]?key|private[_.-]?key|auth[_.-]?key|service[_.-]?key"
    r"|account[_.-]?key|db[_.-]?key|token|credential|(?:^|[^a-z])pat(?:$|[^a-z])",
    re.IGNORECASE,
)
#: Values under such names that only say where the secret is, or that there is one.
_REFERENCE = re.compile(
    r"arn:|[a-z]+://(?!\S*@)|\$\{|\{\{|true$|false$|yes$|no$|none$|null$|enabled$|disabled$|required$|n/?a$|-$|\*+$|x+$"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,6}(?:d|h|m|days)?$|/[a-z]|vault|secretsmanager|ssm\b",
    re.IGNORECASE,
)
#: Forms of known tokens, each by the detector of detect-secrets that knows it.
_TOKENS = re.compile(
    "|".join(
        (
            r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}",  # AWSKeyDetector
            r"(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})",  # GitHubTokenDetector
            r"gl(?:pat|dt|rt|ptt|cbt|agent|soat|imt|ft)-[A-Za-z0-9_-]{20,}",  # GitLabTokenDetector
            r"xox[a-z]-[A-Za-z0-9-]{10,}",  # SlackDetector
            r"hooks\.slack\.com/services/T[A-Za-z0-9_]+/B[A-Za-z0-9_]+/[A-Za-z0-9_]+",
            r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.?[A-Za-z0-9_-]*",  # JwtTokenDetector
            r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]*",  # PrivateKeyDetector
            r"(?:sk|rk)_live_[0-9A-Za-z]{20,}",  # StripeDetector
            r"sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}",  # OpenAIDetector
            r"hf_[A-Za-z0-9]{30,}",
            r"npm_[A-Za-z0-9]{36}",  # NpmDetector
            r"pypi-AgE[A-Za-z0-9_-]{40,}",  # PypiTokenDetector
            r"SG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",  # SendGridDetector
            r"AccountKey=[A-Za-z0-9+/=]{40,}",  # AzureStorageKeyDetector
            r"AIza[0-9A-Za-z_-]{35}",
        )
    )
)
#: Random text (Base64HighEntropyString): one word of the base64 alphabet, letters of both cases and digits in it.
_WORD = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_ENTROPY = 4.5
#: AWS's own, and other people's, names that are random on purpose: ids and digests.
_DIGEST = re.compile(r"(?:sha(?:256|1|512)[:-])?[0-9a-f-]{16,}", re.IGNORECASE)


def mask_text(text: str) -> str:
    """The text without credentials in URLs and without tokens of a known form. A mask is left as it is."""
    if "://" in text:
        text = _USERINFO.sub(lambda found: _userinfo(found[0]), text)
        text = _QUERY.sub(lambda found: found[1] + _mask(found[2]), text)
    return _TOKENS.sub(lambda found: _mask(found[0]), text)


def mask_value(name: str, value: str) -> str:
    """The value of a tag, or of another member with a name: masked as a whole where that or the value is telling."""
    if MASK.fullmatch(value):
        return value
    if _TELLING.search(name) and value.strip() and not _REFERENCE.match(value.strip()) and len(value.strip()) > 3:
        return _mask(value)
    return _mask(value) if _random(value) else mask_text(value)


def mask_document(document: Any) -> Any:
    """The document with every text in it masked; the same object where nothing had to be."""
    if isinstance(document, str):
        # Nearly no text is long enough to hold a token, or an address.
        return mask_text(document) if len(document) > 11 else document
    if isinstance(document, Mapping):
        made = {key: mask_document(value) for key, value in document.items()}
        return made if any(made[key] is not value for key, value in document.items()) else document
    if isinstance(document, (list, tuple)):
        items = [mask_document(item) for item in document]
        return items if any(new is not old for new, old in zip(items, document, strict=True)) else document
    return document


def _mask(value: str) -> str:
    if MASK.fullmatch(value):
        return value
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    return f"[masked:{digest[:4]}]"


def _userinfo(found: str) -> str:
    # "git" is how everybody calls himself over SSH.
    return found if found == "git" else _mask(unquote(found))


def _random(value: str) -> bool:
    """Whether a value is one word without any sense."""
    if not _WORD.fullmatch(value) or _DIGEST.fullmatch(value):
        return False
    kinds = (str.isupper, str.islower, str.isdigit)
    if not all(any(kind(c) for c in value) for kind in kinds):
        return False
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values()) >= _ENTROPY
