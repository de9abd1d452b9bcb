"""A site with one person, Ada, who belongs to a group."""

from __future__ import annotations

import pytest

from server.identity.users import add_user
from server.store.engine import Store
from tests.server.identity.site import Clock, Site, make_site


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def site(store: Store, clock: Clock) -> Site:
    await add_user(store, "ada", groups=["dba"], display_name="Ada Lovelace", attributes={"team": "shop"}, clock=clock)
    return await make_site(store, clock)
