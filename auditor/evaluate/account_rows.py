"""The accounts that a report is about: who was seen whole, who in part, and who not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from auditor.counting import plural
from auditor.model.accounts import Account, AccountStatus
from auditor.model.snapshot import LANGUAGE_LIMITS, Gap, GapReason, Header

#: What is no account's doing: members that the installed SDK cannot see, and what AWS does not document.
_OF_NO_ACCOUNT: tuple[GapReason, ...] = ("not_in_sdk", "ambiguous_inheritance", *LANGUAGE_LIMITS)


def account_rows(headers: Iterable[Header], gaps: Sequence[Gap]) -> tuple[Account, ...]:
    """The accounts of live snapshots, by id. One that a snapshot holds is not missing because another lacks it."""
    found: dict[str, Account] = {}
    for header in headers:
        if header.source != "aws":
            continue
        listed = header.accounts or tuple(Account(number) for number in {scope.account for scope in header.scopes})
        for account in listed:
            known = found.get(account.id)
            if known is None or known.status is not AccountStatus.COMPLETE:
                found[account.id] = account
    lost: dict[str, list[Gap]] = defaultdict(list)
    for gap in gaps:
        if gap.reason not in _OF_NO_ACCOUNT:
            lost[gap.account].append(gap)
    return tuple(sorted(_row(account, lost[account.id]) for account in found.values()))


def _row(account: Account, lost: Sequence[Gap]) -> Account:
    if account.status is not AccountStatus.COMPLETE or not lost:
        return account
    first = min(lost, key=lambda gap: (gap.resource_id != "*", gap))
    example = f"{first.operation} in {first.region}: {first.reason.replace('_', ' ')}"
    more = f" ({plural(len(lost), 'gap')} in all)" if len(lost) > 1 else ""
    return replace(account, status=AccountStatus.PARTIAL, reason=f"{example}{more}")
