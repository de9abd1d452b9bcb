"""/setup: the first account, once."""

from __future__ import annotations

import httpx
import pytest

from server.identity.bootstrap import new_code
from server.identity.users import authenticate, get_user, list_users
from server.store.engine import Store
from tests.server.identity.site import Clock, Site, hidden, make_site

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse battery staple"


@pytest.fixture
async def empty(store: Store, clock: Clock) -> Site:
    """A site with no account."""
    return await make_site(store, clock)


async def fill_in(browser: httpx.AsyncClient, token: str, code: str, **changes: str) -> httpx.Response:
    fields = {"csrf": token, "code": code, "name": "ada", "password": PASSWORD, "again": PASSWORD, **changes}
    return await browser.post("/setup", data=fields)


async def test_the_code_makes_an_administrator_and_signs_in(empty: Site) -> None:
    code = await new_code(empty.store, clock=empty.clock)
    async with empty.browser() as browser:
        assert "Make the first account" in (await browser.get("/")).text
        token = hidden(await browser.get("/setup"), "csrf")
        answer = await fill_in(browser, token, code)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert "Sign out" in (await browser.get("/")).text
    user = await authenticate(empty.store, "ada", PASSWORD)
    assert user is not None
    assert user.groups == ["admins"]


async def test_the_code_works_once(empty: Site) -> None:
    code = await new_code(empty.store, clock=empty.clock)
    async with empty.browser() as browser:
        token = hidden(await browser.get("/setup"), "csrf")
        assert (await fill_in(browser, token, code)).status_code == 303
        assert (await fill_in(browser, token, code, name="eve")).status_code == 403
        assert (await browser.get("/setup")).status_code == 404
    assert [user.name for user in await list_users(empty.store)] == ["ada"]


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"code": "AAAAA-AAAAA-AAAAA-AAAAA"}, 403, "The code is wrong"),
        ({"code": ""}, 400, "The code is wrong"),
        ({"password": "short", "again": "short"}, 400, "at least 12"),
        ({"again": "something else entirely"}, 400, "differ"),
        ({"name": "no name"}, 400, "user name"),
        ({"name": ""}, 400, "user name"),
        ({"csrf": "x" * 43}, 403, "did not come from"),
    ],
)
async def test_a_slip_makes_no_account_and_spends_no_code(
    empty: Site, changes: dict[str, str], status: int, says: str
) -> None:
    code = await new_code(empty.store, clock=empty.clock)
    async with empty.browser() as browser:
        token = hidden(await browser.get("/setup"), "csrf")
        answer = await fill_in(browser, changes.get("csrf", token), changes.get("code", code), **{
            name: value for name, value in changes.items() if name not in ("csrf", "code")
        })  # fmt: skip
        assert answer.status_code == status
        assert says in answer.text
        assert PASSWORD not in answer.text
        assert await list_users(empty.store) == []
        assert (await fill_in(browser, token, code)).status_code == 303


async def test_an_existing_account_is_not_taken_over(site: Site) -> None:
    code = await new_code(site.store, clock=site.clock)
    async with site.browser() as browser:
        token = hidden(await browser.get("/setup"), "csrf")
        assert (await fill_in(browser, token, code)).status_code == 400
        assert (await fill_in(browser, token, code, name="grace")).status_code == 303
    ada = await get_user(site.store, "ada")
    assert ada is not None
    assert ada.password_hash == ""


async def test_attempts_are_limited(empty: Site) -> None:
    code = await new_code(empty.store, clock=empty.clock)
    async with empty.browser() as browser:
        token = hidden(await browser.get("/setup"), "csrf")
        statuses = [(await fill_in(browser, token, "WRONG")).status_code for _ in range(6)]
        assert statuses == [403] * 5 + [429]
        assert (await fill_in(browser, token, code)).status_code == 429
        empty.clock.advance(60)
        assert (await fill_in(browser, token, code)).status_code == 303


async def test_without_a_code_there_is_no_form(empty: Site) -> None:
    async with empty.browser() as browser:
        assert (await browser.get("/setup")).status_code == 404


async def test_a_form_from_elsewhere_is_refused(empty: Site) -> None:
    code = await new_code(empty.store, clock=empty.clock)
    async with empty.client(origin="https://evil.example") as browser:
        token = hidden(await browser.get("/setup"), "csrf")
        assert (await fill_in(browser, token, code)).status_code == 403
    assert await list_users(empty.store) == []
