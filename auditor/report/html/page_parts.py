"""What the pages of HTML share: the environment with its filters, and the policy that lets nothing load."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from math import ceil, floor
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from auditor.counting import plural
from auditor.inert_text import visible
from auditor.model.cost import CostSum
from auditor.model.resource import ResourceRef
from auditor.report.drift_view import label, who
from auditor.report.phrases import scope
from auditor.report.templates import environment
from auditor.rules.message import format_value
from auditor.studio.setting_names import cause_words

#: Characters of a value on the first screen; the page of its cause has all of it.
_SHORT = 90
_STATES = {"new": "new", "regressed": "back again", "open": "still open", "resolved": "resolved",
           "not_assessed": "no longer assessed", "carried_over": "carried over", "waived": "waived"}  # fmt: skip


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def policy(style: str, script: str = "") -> str:
    """The Content-Security-Policy: only this very style and script (none where it is empty), no network at all, and no
    text becomes markup."""
    scripts = f"script-src {_hash(script)}; " if script else ""
    return (
        f"default-src 'none'; style-src {_hash(style)}; {scripts}base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def kind(resource: ResourceRef) -> str:
    """A resource's type in words."""
    return resource.type.replace("_", " ")


def moment(text: str) -> str:
    """2026-11-25 01:00 UTC, of a timestamp."""
    return f"{text[:16].replace('T', ' ')} UTC" if len(text) > 10 else text


def usd(cost: CostSum) -> str:
    """An interval in whole dollars, rounded outwards."""
    return f"{floor(cost.low):,} to {ceil(cost.high):,} USD"


def short(text: str) -> str:
    """A text that fits a line."""
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"


@cache
def html_environment() -> jinja2.Environment:
    """The environment with the filters that the page uses. A process has one, so that it compiles each template once:
    that takes longer than to render a small report."""
    made = environment("page")
    # Whatever stands in the page is seen: our own parts are Markup, all other text may be anybody's.
    made.finalize = lambda value: visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
    made.filters |= {
        "anchor": lambda key: quote(visible(key), safe="/:"),
        "shown": format_value,
        "short": short,
        "usd": usd,
        "kind": kind,
        "scope": scope,
        "setting": cause_words,
        "drift_label": label,
        "drift_who": who,
        "moment": moment,
        "day": lambda text: text[:10],
        "state": lambda name: _STATES[name],
        "counted": plural,
        "thousands": lambda number: f"{number:,}",
    }
    return made
