"""Users of Identity Center instances that the accounts' domains name and that no account of theirs may list.

An organization's instance belongs to its management account or to a delegated administrator; the others see it, and may
not list its users (IAM Identity Center user guide, "Delegated administration"). So whoever starts the run asks as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from auditor.collect.aws.identity_center import READ, instance_of, read_instances
from auditor.collect.aws.ledger import Ledger
from auditor.collect.aws.run import Run
from auditor.collect.aws.session import Clients
from auditor.model.snapshot import Kind, Record

#: Records of users, and gaps about them.
KIND: Kind = "identity_user"


class Instances:
    """The instances that the accounts' domains name, and those whose users one of them has read."""

    def __init__(self) -> None:
        self._named: dict[str, set[str]] = {}
        self._unnamed: set[str] = set()
        self._read: set[str] = set()

    def note(self, account: str, path: Path) -> None:
        """What an account's snapshot file says of them. Only lines of these two kinds are decoded."""
        begins = tuple(f'{{"account":"{account}","{kind}":'.encode() for kind in ("account_region", "domain"))
        with path.open("rb") as file:
            for line in file:
                if line.startswith(begins):
                    self._note(account, msgspec.json.decode(line))

    def _note(self, account: str, entry: Mapping[str, Any]) -> None:
        if entry["kind"] == "account_region":
            if KIND not in entry.get("gaps", ()):
                self._read.update(entry["account_region"].get(READ) or ())
        elif name := instance_of(entry["domain"]):
            self._named.setdefault(account, set()).add(name)
        elif entry.get("gaps") or entry["domain"].get("AuthMode") == "SSO":
            self._unnamed.add(account)

    @property
    def missing(self) -> frozenset[str]:
        """Those that are named and that nobody has read."""
        return frozenset(set().union(*self._named.values()) - self._read)

    def settled(self, read: Iterable[str]) -> frozenset[str]:
        """Accounts of which every user is known once those instances are read as well: theirs is no gap any more."""
        known = self._read | set(read)
        return frozenset(a for a, names in self._named.items() if names <= known and a not in self._unnamed)


def read_people(
    clients: Clients, ledger: Ledger, wanted: frozenset[str], regions: Sequence[str]
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """The users of the instances that the clients' credentials may list, and those instances, each whole.

    ``regions``: where they are searched for. What may not be listed stays what it was: unknown.
    """
    if not wanted:
        return (), ()
    run = Run(clients, ledger, 1, None)
    read = read_instances(run, wanted, regions)
    users = tuple(record for record in run.found(KIND) if record.document.get("Instance") in read)
    return users, read
