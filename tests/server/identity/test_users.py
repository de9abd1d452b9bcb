"""Accounts and passwords."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import select

from server.identity.sessions import BrowserSessions
from server.identity.users import (
    UserRefused,
    add_user,
    authenticate,
    disable_user,
    enable_user,
    get_user,
    list_users,
    set_groups,
    set_password,
)
from server.store.engine import Store
from server.store.models import BrowserSession, Login
from tests.server.identity.site import Site, log_in

pytestmark = pytest.mark.anyio
PASSWORD = "a long enough password"


async def test_the_right_password_signs_in_and_no_other(store: Store) -> None:
    await add_user(store, "Ada", password=PASSWORD, groups=["dba", "admins", "dba"])
    user = await authenticate(store, " ADA ", PASSWORD)
    assert user is not None
    assert (user.name, user.groups) == ("ada", ["admins", "dba"])
    assert await authenticate(store, "ada", PASSWORD + " ") is None
    assert await authenticate(store, "ada", "") is None
    assert await authenticate(store, "bob", PASSWORD) is None
    assert await authenticate(store, "ada\x00", PASSWORD) is None
    assert await authenticate(store, "ada", PASSWORD * 100) is None


async def test_the_password_is_kept_as_argon2id_only(store: Store) -> None:
    user = await add_user(store, "ada", password=PASSWORD)
    assert user.password_hash.startswith("$argon2id$")
    assert PASSWORD not in user.password_hash


async def test_an_account_without_a_password_lets_nobody_in(store: Store) -> None:
    await add_user(store, "ada")
    assert await authenticate(store, "ada", "") is None
    assert await authenticate(store, "ada", PASSWORD) is None


async def test_an_unknown_name_costs_as_much_as_a_wrong_password(store: Store) -> None:
    await add_user(store, "ada", password=PASSWORD)

    async def cost(name: str) -> float:
        start = time.process_time()
        await authenticate(store, name, "a wrong long password")
        return time.process_time() - start

    known = min([await cost("ada") for _ in range(3)])
    unknown = min([await cost("nobody") for _ in range(3)])
    malformed = min([await cost("no body!") for _ in range(3)])
    assert unknown > known / 2
    assert malformed > known / 2


@pytest.mark.parametrize("password", ["short", "elevenchars", "x" * 1025])
async def test_a_password_of_bad_length_is_refused(store: Store, password: str) -> None:
    with pytest.raises(UserRefused, match="password") as caught:
        await add_user(store, "ada", password=password)
    assert password not in str(caught.value)
    assert await get_user(store, "ada") is None


@pytest.mark.parametrize("name", ["", " ", "-ada", "ada lovelace", "ada\x00", "ädä", "a" * 129, "../ada", "a/b"])
async def test_a_bad_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(UserRefused, match="user name"):
        await add_user(store, name)


async def test_a_name_is_taken_once_whatever_its_case(store: Store) -> None:
    await add_user(store, "ada")
    with pytest.raises(UserRefused, match="taken"):
        await add_user(store, "ADA")
    assert [user.name for user in await list_users(store)] == ["ada"]


async def test_bad_group_names_are_refused(store: Store) -> None:
    await add_user(store, "ada")
    with pytest.raises(UserRefused, match="group name"):
        await set_groups(store, "ada", ["dba", "no group"])
    with pytest.raises(UserRefused, match="no such account"):
        await set_groups(store, "bob", ["dba"])


async def test_a_disabled_person_cannot_sign_in_and_loses_log_ins_and_browsers(site: Site) -> None:
    await set_password(site.store, "ada", PASSWORD)
    await log_in(site)
    await disable_user(site.store, "ada", clock=site.clock)
    assert await authenticate(site.store, "ada", PASSWORD) is None
    async with site.store.session() as session:
        assert [login.revoked_reason for login in await session.scalars(select(Login))] == ["account disabled"]
        assert (await session.scalars(select(BrowserSession))).all() == []
    await enable_user(site.store, "ada")
    assert await authenticate(site.store, "ada", PASSWORD) is not None


async def test_a_new_password_signs_every_browser_out(site: Site) -> None:
    browser = await site.signed_in("ada")
    assert "Sign out" in (await browser.get("/")).text
    await set_password(site.store, "ada", PASSWORD)
    assert "Sign out" not in (await browser.get("/")).text
    await browser.aclose()


async def test_two_accounts_of_one_name_cannot_be_made_at_once(store: Store) -> None:
    answers = await asyncio.gather(*[add_user(store, "ada") for _ in range(4)], return_exceptions=True)
    assert sum(isinstance(answer, UserRefused) for answer in answers) == 3


async def test_a_browser_session_is_kept_by_hash(site: Site) -> None:
    browser = await site.signed_in("ada")
    cookie = browser.cookies["warded-session"]
    async with site.store.session() as session:
        rows = (await session.scalars(select(BrowserSession))).all()
    assert len(rows) == 1
    assert rows[0].id_hash != cookie
    assert len(cookie) == 43
    assert BrowserSessions(site.store, site.config, clock=site.clock).cookies.secure is False
    await browser.aclose()
