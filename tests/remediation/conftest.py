from __future__ import annotations

from collections.abc import Iterator

import pytest

from .proof import Account


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The account, audited once."""
    account = Account(tmp_path_factory.mktemp("proof"))
    yield account
    account.stop()


@pytest.fixture
def account(served: Account) -> Iterator[Account]:
    """The account as it was at the beginning."""
    yield served
    served.reset()
