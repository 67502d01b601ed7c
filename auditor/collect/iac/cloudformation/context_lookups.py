"""What an assembly of the CDK holds in place of look-ups in the account that were not made: its placeholders.

An app that asks the account for something (``Vpc.from_lookup``, ``StringParameter.value_from_lookup``) is synthesised
with placeholders until the CDK's command has made the look-up; what was not is in ``missing`` of manifest.json.
Sources: the CDK's guide, "Context values and the AWS CDK"; cloud-assembly-schema, MissingContext. Its queries hold the
placeholder as ``dummyValue`` since 2025; the others are the library's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.collect.iac.interface import Unknown

#: A placeholder of so many characters is found inside a text too; a shorter one where no letter or digit adjoins it.
_TELLING = 12
_TOKEN = re.compile(r"\$\{Token\[[^\]]*\]\}")
#: The members of a query that say what is asked for, in a word.
_ASKED = ("parameterName", "exactIdentifier", "aliasName", "securityGroupName", "securityGroupId", "loadBalancerArn")
#: The library's placeholders by the provider that is asked, where the query does not hold them.
_PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {
    "vpc-provider": ("vpc-12345", "s-12345", "s-67890", "p-12345", "p-67890", "1.2.3.4/5", "dummy1a", "dummy1b",
                     "rtb-12345s", "rtb-67890s", "rtb-12345p", "rtb-57890p"),
    "availability-zones": ("dummy1a", "dummy1b", "dummy1c"),
    "ami": ("ami-1234",),
    "key-provider": ("1234abcd-12ab-34cd-56ef-1234567890ab",),
    "security-group": ("sg-12345678", "sg-12345"),
    "load-balancer": ("sg-1234", "vpc-12345"),
    "hosted-zone": ("DUMMY",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContextLookups:
    """The look-ups that were not made: what is asked for, by the placeholder that stands for its answer; several
    where one placeholder stands for all of them."""

    missing: Mapping[str, tuple[str, ...]]

    def asked(self, text: str) -> Unknown | None:
        """The unknown value that a text of a template is, None where it holds no placeholder."""
        for placeholder, keys in self.missing.items():
            if placeholder in text and (len(placeholder) >= _TELLING or _stands_alone(placeholder, text)):
                shown = text.replace(placeholder, f"${{{keys[0]}}}")
                reason = f"cdk synth has not looked it up in the account ({', '.join(keys)}): a placeholder stands here"
                # Where one placeholder stands for two answers, nobody can tell that they are the same.
                return Unknown(shown, reason, symbol=shown if len(keys) == 1 else "")
        return None


def _stands_alone(placeholder: str, text: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(placeholder)}(?![A-Za-z0-9])", text) is not None


NO_LOOKUPS = ContextLookups({})


def context_lookups(manifest: Mapping[str, Any]) -> ContextLookups:
    """What the manifest of an assembly says is missing."""
    found: dict[str, tuple[str, ...]] = {}
    missing = manifest.get("missing")
    for one in missing if isinstance(missing, list) else ():
        if not isinstance(one, Mapping):
            continue
        provider, props = str(one.get("provider", "")), one.get("props")
        props = props if isinstance(props, Mapping) else {}
        parameter = str(props.get("parameterName", ""))
        named = f"dummy-value-for-{parameter}" if parameter else ""
        asked = next((str(props[name]) for name in _ASKED if props.get(name)), "")
        key = f"{provider}:{asked}" if asked else provider
        for placeholder in {*_texts(props.get("dummyValue")), *_PLACEHOLDERS.get(provider, ()), named} - {""}:
            found[placeholder] = (*found.get(placeholder, ()), key)
    # The longest first, since one may be a part of another.
    return ContextLookups(dict(sorted(found.items(), key=lambda item: (-len(item[0]), item[0]))))


def default_vpcs(context: object) -> frozenset[str]:
    """Ids of the VPCs that were looked up as a Region's default one (``Vpc.from_lookup(is_default=True)``), out of
    cdk.context.json: the question stands in the key of the answer, filter by filter.
    Source: the CDK's guide, "Context values and the AWS CDK"; aws-ec2, Vpc.fromLookup."""
    answers = context.items() if isinstance(context, Mapping) else ()
    return frozenset(
        answer["vpcId"]
        for key, answer in answers
        if {"vpc-provider", "filter.isDefault=true"} <= set(str(key).split(":"))
        and isinstance(answer, Mapping)
        and isinstance(answer.get("vpcId"), str)
    )


def _texts(value: object) -> Iterator[str]:
    """The texts of a placeholder, without what else is only known at deployment (the partition, say)."""
    if isinstance(value, str):
        yield from (part for part in _TOKEN.split(value) if len(part) > len("arn:") or part == value)
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(part)
