"""Approvals on each store, with a clock that the test moves."""

from __future__ import annotations

import pytest

from server.approvals.requests import Approvals
from server.store.engine import Store
from tests.server.approvals.held import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def approvals(store: Store, clock: Clock) -> Approvals:
    return Approvals(store, clock=clock)
