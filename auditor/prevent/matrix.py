"""What stops each rule: a policy, a template that is refused, an audit after an event, or the night's audit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from auditor.model.rule import Rule
from auditor.rules.applicability import decided_by_templates, missing_kinds

Reach = Literal["yes", "partly", "no"]
#: Kinds that change without a call that changes settings: who signs in, who leaves.
_OF_PEOPLE = frozenset({"sign_in", "identity_user"})
#: Columns that change by themselves: how long ago something was.
AGES = frozenset({"age_hours", "as_of", "days_not_opened", "last_opened_days"})


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. ``policy``: a service control policy or a permissions boundary denies the calls that break it.
    ``template``: an audit of templates decides it before anything is made. ``event``: what it reads changes by calls
    that CloudTrail records, so that an audit that such an event starts sees it; else only time shows it, and the
    night's audit. Every rule is evaluated at night. ``note``: where the policy reaches further, or not so far."""

    rule_id: str
    name: str
    policy: Reach
    template: Reach
    event: Literal["yes", "no"]
    note: str


def matrix(rules: Sequence[Rule]) -> list[Row]:
    """A row for each rule, in their order."""
    return [_row(rule) for rule in rules]


def _row(rule: Rule) -> Row:
    missing = missing_kinds(rule)
    aging = any(re.search(rf"\b{column}\b", f"{rule.when} {rule.require}") for column in AGES)
    policy: Reach = "no" if rule.prevent is None else "partly" if rule.prevent.beyond else "yes"
    note = rule.prevent.beyond if rule.prevent else ""
    return Row(
        rule.id,
        rule.name,
        policy,
        "yes" if not missing else "partly" if decided_by_templates(rule) else "no",
        "no" if aging or missing & _OF_PEOPLE else "yes",
        note,
    )
