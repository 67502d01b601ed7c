from __future__ import annotations

import pytest

from .simulated_account import Audit, Beginning, beginning


@pytest.fixture(scope="session")
def at_first(tmp_path_factory: pytest.TempPathFactory) -> Beginning:
    """The account before any command, audited once a session."""
    return beginning(tmp_path_factory.mktemp("proof"))


@pytest.fixture(scope="session")
def before(at_first: Beginning) -> Audit:
    """Its audit."""
    return at_first.audit
