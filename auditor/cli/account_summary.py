"""What the summary says of the accounts of a run over several."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rich.text import Text

from auditor.inert_text import printable
from auditor.model.report import Report
from auditor.report.phrases import account_words


def missing_accounts(report: Report) -> tuple[Text, list[Callable[[], Text]]] | None:
    """A heading, and a line for each account that was not seen whole; None where there is nothing to say."""
    missing = report.incomplete_accounts
    if not missing or len(report.accounts) < 2:
        return None
    complete = f": {len(report.accounts) - len(missing):,} of {len(report.accounts):,} complete"
    lines = [partial(Text, printable(account_words(account)), "magenta") for account in missing]
    return Text.assemble(("Accounts", "bold"), complete), list(lines)
