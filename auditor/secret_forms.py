"""What looks like a secret: forms of known tokens, values under telling names, and random text.

The forms are those of Yelp's detect-secrets 1.5.0 and a few that it does not know yet (GitHub's fine-grained tokens,
OpenAI's and Anthropic's newer keys, Hugging Face, Google). A test draws texts from every expression of its detectors
and looks whether they are found here (``tests/cli/test_secret_forms.py``). The library itself is a tool of the tests
only. checkov brings a fork that installs the same package, so that in one environment they overwrite each other.
Importing it takes 0.2 s, most of it for ``requests``, with which it can send what it finds to the issuer. It says what
it found but not where. And on the names and ARNs of ten thousand profiles it takes seven times as long.

People choose the names of roles, domains and buckets: ``risk-analytics-execution`` holds no key that begins with
``sk-``. So a token stands between characters that cannot be part of it, and has its issuer's length and alphabet.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from urllib.parse import unquote

#: Names under which a value is a secret, whatever it looks like (KeywordDetector).
TELLING = re.compile(
    r"passw(?:or)?d|passphrase|pwd\b|contrase[nñ]a|secret|api[_.-]?key|access[_.-]?key|priv(?:ate)?[_.-]?key"
    r"|auth[_.-]?key|service[_.-]?key|account[_.-]?key|client[_.-]?key|(?:db|database)[_.-]?(?:key|pass)|key[_.-]?pass"
    r"|token|credential|(?:^|[^a-z])pat(?:$|[^a-z])",
    re.IGNORECASE,
)
#: Values under such names that only say where the secret is, or that there is one.
REFERENCE = re.compile(
    r"arn:|[a-z]+://(?!\S*@)|\$\{|\{\{|true$|false$|yes$|no$|none$|null$|enabled$|disabled$|required$|n/?a$|-$|\*+$|x+$"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,6}(?:d|h|m|days)?$|/[a-z]|vault|secretsmanager|ssm\b",
    re.IGNORECASE,
)
#: Expressions of a template's language where a value could stand.
_EXPRESSION = re.compile(r"(?:var|local|data|module|each|self|random_\w+|aws_\w+)\.|[!(<\[]|Ref\b|Fn::|\w+\(")
#: User and password of a URL, up to the last @ before its path ends it; behind a colon that begins no port, a password
#: may hold a slash. A path loses one of the two slashes. ``python:3.11@sha256:…`` is the digest of an image.
_USERINFO = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]{1,20}:/{1,3})"
    r"([^\s/?#\"'<>]{1,500}(?=@(?!sha256:))|[^\s/?#\"'<>:@]{1,99}:(?!\d+(?:[/?#]|$))[^\s\"'<>]{1,500}(?=@(?!sha256:)))"
)
_SCHEMES = re.compile(r"(?:https?|ssh|git|ftps?|s3|gs|(?:git|svn|hg)\+\w+):/$", re.IGNORECASE)
#: Names of members of a query that hold a token.
_QUERY = re.compile(
    r"(?<=[?&;])([A-Za-z0-9_.-]*(?:token|secret|passw(?:or)?d|pwd|api[_-]?key|signature|credential|sig)[A-Za-z0-9_.-]*=)"
    r"([^&;#\s\"']+)",
    re.IGNORECASE,
)
#: ``password = "…"`` inside a text. Behind a colon a bare value needs a digit: prose has colons as well.
_ASSIGNED = re.compile(
    r"((?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|access[_-]?key|priv(?:ate)?[_-]?key|auth[_-]?key|client[_-]?key"
    r"|service[_-]?key|account[_-]?key|(?:db|database)[_-]?(?:key|pass)|key[_-]?pass|auth[_-]?token|access[_-]?token)"
    r"\w{0,30}[\]\"']{0,2}\s{0,3}(?:(?:=>|:=|={1,3})\s{0,3}|:\s{0,3}(?=[\"'`])|:\s{1,3}(?=[^\s\"']*\d)))"
    r"([\"'`]?)((?<=[\"'`])[^\"'`\n]{4,}|(?<![\"'`])[^\s\"'`,;&]{4,})",
    re.IGNORECASE,
)
#: Some word that both of these need: nearly no text has one.
_NAMED = re.compile(r"pass|pwd|pw|key|secret|token|contrase", re.IGNORECASE)
#: Keys of a fixed length that say nothing by themselves (IBM's, SoftLayer's, Cloudant's), behind a name that does.
_KEYED = re.compile(
    r"((?:(cloudant|clou|cl)[_-]?(?:api)?)?(?:key|pwd|pw|pass|password|token)[\]\"']{0,2} {0,80}"
    r"(?:::|=>|:=|=|:| ) {0,80}[\"']?)((?:[a-z0-9]{64}|[a-f0-9]{48}|(?=[a-z_-]*\d)[a-z0-9_-]{44}|(?(2)[a-z]{24}|(?!)))"
    r"(?![A-Za-z0-9_-]))",
    re.IGNORECASE,
)
#: AWSKeyDetector's other half: forty characters in quotes.
_AWS_KEYED = re.compile(r"(aws.{0,20}?(?:key|pwd|pw|pass|token).{0,25}?[\"'])([0-9a-z/+]{40})(?=[\"'])", re.IGNORECASE)
#: Forms of known tokens, and the detector of detect-secrets that knows each.
_TOKENS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    + "|".join(
        (
            r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])",  # AWSKeyDetector
            r"(?:gh[pousr]_[A-Za-z0-9_]{36,}|github_pat_[A-Za-z0-9_]{22,})",  # GitHubTokenDetector
            r"gl(?:pat|dt|rt|ptt|cbt|agent|soat|imt|ft|oas)-[A-Za-z0-9_-]{20,}|GR1348941[A-Za-z0-9_-]{20,}",  # GitLab…
            r"[Xx][Oo][Xx][A-Za-z]-(?:\d+-[A-Za-z0-9-]+|[A-Za-z0-9-]{10,})",  # SlackDetector
            r"(?i:hooks\.slack\.com/services/T[A-Z0-9_]+/B[A-Z0-9_]+/[A-Z0-9_]+)",
            r"eyJ[A-Za-z0-9_=-]{8,1000}\.[A-Za-z0-9_=-]{8,}\.?[A-Za-z0-9_=-]*",  # JwtTokenDetector
            # PrivateKeyDetector
            r"-{0,5} ?BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY[\s\S]*|PuTTY-User-Key-File-\d[\s\S]*",
            r"[sr]k_live_[0-9A-Za-z]{20,}",  # StripeDetector
            # OpenAIDetector; an older key is one word, which a name in words is not.
            r"sk-(?:proj|svcacct|admin|ant-[a-z]+\d+)-[A-Za-z0-9_-]{20,}|sk-(?=[A-Za-z]*\d)[A-Za-z0-9]{32,}",
            r"sk-[A-Za-z0-9_-]{0,200}T3BlbkFJ[A-Za-z0-9_-]{20,}",
            r"hf_[A-Za-z0-9]{30,}",
            r"npm_[A-Za-z0-9]{36}",  # NpmDetector
            r"pypi-AgE[A-Za-z0-9_-]{40,}",  # PypiTokenDetector
            r"SG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",  # SendGridDetector
            r"AccountKey=[A-Za-z0-9+/=]{40,}",  # AzureStorageKeyDetector
            r"AIza[0-9A-Za-z_-]{35}",
            r"sq0(?:csp|atp)-[0-9A-Za-z\\_-]{22,}",  # SquareOAuthDetector
            r"[0-9a-z]{32}-us\d{1,2}(?![A-Za-z0-9-])",  # MailchimpDetector
            r"(?<!:)\d{8,10}:[0-9A-Za-z_-]{35}(?![A-Za-z0-9_-])",  # TelegramBotTokenDetector
            r"(?:AC|SK)[a-z0-9]{32}(?![A-Za-z0-9])",  # TwilioKeyDetector
            r"(?<![_-])[MNO][A-Za-z\d_-]{23,25}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27}(?![A-Za-z0-9_-])",  # DiscordBot…
            r"AKC[A-Za-z0-9]{10,}(?![A-Za-z0-9])|AP[0-9A-F](?=[A-Za-z]*\d)[A-Za-z0-9]{20,}",  # ArtifactoryDetector
            r"(?i:api\.softlayer\.com/soap/v3(?:\.1)?/[a-z0-9]{64})",  # SoftlayerDetector
            r"_authToken=\s{0,80}[^\s\"']{4,}",  # NpmDetector
        )
    )
    + ")"
)
#: Random text (Base64HighEntropyString): a word of the base64 alphabet, letters of both cases and digits in one piece.
_WORD = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_PIECES = re.compile(r"[A-Za-z0-9]{10,}")
_WORDS = re.compile(r"[A-Z]?[a-z]{3,}")
_ENTROPY = 4.5
#: AWS's own, and other people's, names that are random on purpose: ids and digests.
_DIGEST = re.compile(r"(?:sha(?:256|1|512)[:-])?[0-9a-f-]{16,}", re.IGNORECASE)


def replace_secrets(text: str, by: Callable[[str], str]) -> str:
    """The text with credentials in URLs, tokens of a known form and values behind a telling name replaced."""
    if ":/" in text:
        text = _USERINFO.sub(lambda found: found[1] + _userinfo(found[1], found[2], by), text)
        text = _QUERY.sub(lambda found: found[1] + by(found[2]), text)
    text = _TOKENS.sub(lambda found: by(found[0]), text)
    # An ARN's parts are names; what stands behind an equals sign there is a partition of somebody's data.
    if text.startswith("arn:") or not _NAMED.search(text):
        return text
    text = _ASSIGNED.sub(lambda found: found[1] + found[2] + _value(found[3], by), text)
    text = _KEYED.sub(lambda found: found[1] + by(found[3]), text)
    return _AWS_KEYED.sub(lambda found: found[1] + by(found[2]), text)


def is_telling(name: str, value: str) -> bool:
    """Whether a value is a secret because of its name: it is not where that says only where the secret is."""
    bare = value.strip()
    return len(bare) > 3 and bool(TELLING.search(name)) and not REFERENCE.match(bare)


def is_random(value: str) -> bool:
    """Whether a value is one word without any sense."""
    if not _WORD.fullmatch(value) or _DIGEST.fullmatch(value):
        return False
    kinds = (str.isupper, str.islower, str.isdigit)
    # Names are put together of words; the random end that CloudFormation and the CDK give them has no small letters.
    if 2 * sum(map(len, _WORDS.findall(value))) > len(value):
        return False
    if not any(all(any(kind(c) for c in piece) for kind in kinds) for piece in _PIECES.findall(value)):
        return False
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values()) >= _ENTROPY


def _userinfo(scheme: str, found: str, by: Callable[[str], str]) -> str:
    # "git" is how everybody calls himself over SSH. With one slash it is only an address where that is one of a URL's.
    if found == "git" or (not scheme.endswith("//") and not _SCHEMES.search(scheme)):
        return found
    return by(unquote(found))


def _value(found: str, by: Callable[[str], str]) -> str:
    return found if REFERENCE.match(found) or _EXPRESSION.match(found) else by(found)
