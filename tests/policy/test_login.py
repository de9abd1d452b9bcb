"""Which account an identity runs as."""

from __future__ import annotations

import pytest

from catalog.model import Login, Resource
from policy.login import select_login
from tests.policy.queries import identity

LOGINS = (
    Login("owner", groups=("leads", "dba"), via="person"),
    Login("writer", groups=("developers",)),
    Login("agent_reader", via="agent"),
)


@pytest.mark.parametrize(
    ("groups", "via", "expected"),
    [
        (["leads"], "person", "owner"),
        (["dba", "developers"], "person", "owner"),
        (["leads"], "agent", "agent_reader"),
        (["leads", "developers"], "agent", "writer"),
        (["developers"], "person", "writer"),
        ([], "agent", "agent_reader"),
        ([], "person", None),
        (["guests"], "person", None),
    ],
)
def test_the_first_login_that_fits_is_taken(groups: list[str], via: str, expected: str | None) -> None:
    shop = Resource("shop", "postgres", "postgres://db/shop", logins=LOGINS)
    login = select_login(shop, identity(groups=groups, via=via))
    assert (login.user if login else None) == expected


def test_a_resource_without_logins_gives_none() -> None:
    assert select_login(Resource("shop", "postgres", "postgres://db/shop"), identity()) is None
