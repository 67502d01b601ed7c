"""``--accounts FILE``: a CSV file of accounts, ``id,name``, with or without that line as its first."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from auditor.errors import ConfigError
from auditor.org.request import ACCOUNT_ID, NamedAccount
from auditor.regular_files import NotReadError, read_text

#: Bytes. An organization holds some ten thousand accounts at most.
_LARGEST = 8 * 1024 * 1024
_FORM = "One account a line: id,name. The name may be left out."


def read_accounts(path: Path) -> tuple[NamedAccount, ...]:
    """The accounts, in the file's order. Raises ConfigError naming file and line."""
    try:
        text = read_text(path, _LARGEST)
    except NotReadError as error:
        raise ConfigError(f"--accounts {path}: {error.reason.removeprefix('it ')}", hint=_FORM) from error
    found: dict[str, NamedAccount] = {}
    rows = csv.reader(io.StringIO(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"), newline=""))
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells) or cells[0].startswith("#") or (not found and cells[0].lower() in ("id", "account")):
                continue
            account = _account(path, rows.line_num, cells)
            if account.id in found:
                raise ConfigError.at(path, rows.line_num, f"account {account.id} stands there twice")
            found[account.id] = account
    except csv.Error as error:
        raise ConfigError.at(path, rows.line_num, f"not CSV: {error}", hint=_FORM) from error
    if not found:
        raise ConfigError(f"{path}: the file holds no account", hint=_FORM)
    return tuple(found.values())


def _account(path: Path, line: int, cells: list[str]) -> NamedAccount:
    number, name, *more = (*cells, "") if len(cells) == 1 else cells
    if any(more):
        raise ConfigError.at(path, line, f"{len(cells)} columns, where two are expected", hint=_FORM)
    if not ACCOUNT_ID.fullmatch(number):
        hint = "A spreadsheet may have dropped leading zeros." if number.isdecimal() and len(number) < 12 else _FORM
        raise ConfigError.at(path, line, f"{number!r} is not an account id of 12 digits", hint=hint)
    return NamedAccount(number, name)
