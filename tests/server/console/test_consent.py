"""/consent: nothing is approved but by the person who reads the page."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from server.identity.users import add_user
from server.store.models import AuthorizationCode, Login
from tests.server.identity.site import (
    CALLBACK,
    Site,
    answer_consent,
    authorize_params,
    consent_page,
    exchange,
    get_code,
    hidden,
    query_of,
    register,
)

pytestmark = pytest.mark.anyio


async def codes(site: Site) -> int:
    async with site.store.session() as session:
        return len((await session.scalars(select(AuthorizationCode))).all())


async def test_the_page_names_the_client_the_person_the_address_and_what_it_allows(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        page = await consent_page(browser, (await register(http))["client_id"])
    assert page.status_code == 200
    assert "Claude Code" in page.text
    assert "Ada Lovelace" in page.text
    assert '<code class="host">127.0.0.1</code>' in page.text
    assert CALLBACK in page.text
    assert "run what policy allows" in page.text
    assert "any program there could ask" in page.text
    assert page.headers["content-security-policy"].endswith("form-action 'self' http://127.0.0.1:33418")


async def test_a_client_elsewhere_is_shown_with_its_host_and_as_unverified(site: Site) -> None:
    uri = "https://evil.example:8443/callback"
    async with site.client() as http, await site.signed_in("ada") as browser:
        client = await register(http, redirect_uris=[uri])
        page = await consent_page(browser, client["client_id"], redirect_uri=uri)
    assert '<code class="host">evil.example:8443</code>' in page.text
    assert "own claim" in page.text
    assert "any program there" not in page.text


async def test_an_editors_scheme_is_redirected_to(site: Site) -> None:
    uri = "cursor://anysphere.cursor-mcp/oauth/callback"
    async with site.client() as http, await site.signed_in("ada") as browser:
        client = await register(http, redirect_uris=[uri])
        page = await consent_page(browser, client["client_id"], redirect_uri=uri)
        answer = await answer_consent(browser, page)
    assert page.headers["content-security-policy"].endswith("form-action 'self' cursor:")
    assert answer.headers["location"].startswith(f"{uri}?code=")


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "' onfocus='alert(1)"]
)
async def test_the_name_of_the_client_is_text_and_nothing_else(site: Site, name: str) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        page = await consent_page(browser, (await register(http, client_name=name))["client_id"])
    body = page.text.split("<main>")[1]
    assert "<script" not in body
    assert "<img" not in body
    assert "49" not in re.sub(r"[A-Za-z0-9_-]{43}", "", body)
    assert "&#39; onfocus" in body or "onfocus" not in body


async def test_somebody_who_is_not_signed_in_signs_in_first_and_comes_back(site: Site) -> None:
    async with site.client() as http, site.browser() as browser:
        params = authorize_params((await register(http))["client_id"])
        consent = (await browser.get("/authorize", params=params)).headers["location"]
        answer = await browser.get(consent)
    assert answer.status_code == 303
    assert answer.headers["location"] == consent.replace("/consent", "/login")


async def test_without_a_session_nothing_is_approved(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as ada, site.browser() as stranger:
        page = await consent_page(ada, (await register(http))["client_id"])
        assert (await answer_consent(stranger, page)).status_code == 403
    assert await codes(site) == 0


@pytest.mark.parametrize(
    "origin", ["", "null", "https://evil.example", "http://127.0.0.1:8081", "http://localhost:8080"]
)
async def test_an_approval_from_elsewhere_is_refused(site: Site, origin: str) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        page = await consent_page(browser, (await register(http))["client_id"])
        del browser.headers["origin"]
        browser.headers.update({"origin": origin} if origin else {})
        assert (await answer_consent(browser, page)).status_code == 403
    assert await codes(site) == 0


@pytest.mark.parametrize("csrf", [None, "", "x" * 43])
async def test_an_approval_without_the_forms_token_is_refused(site: Site, csrf: str | None) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        page = await consent_page(browser, (await register(http))["client_id"])
        fields = {"request": hidden(page, "request"), "decision": "approve"} | ({} if csrf is None else {"csrf": csrf})
        assert (await browser.post("/consent", data=fields)).status_code == 403
    assert await codes(site) == 0


async def test_a_token_of_somebody_elses_session_is_refused(site: Site) -> None:
    """The browser has changed hands between showing the page and answering it."""
    await add_user(site.store, "bob", clock=site.clock)
    async with site.client() as http, await site.signed_in("ada") as ada, await site.signed_in("bob") as bob:
        page = await consent_page(ada, (await register(http))["client_id"])
        assert (await answer_consent(bob, page)).status_code == 403
    assert await codes(site) == 0


async def test_asking_by_get_approves_nothing(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        page = await consent_page(browser, (await register(http))["client_id"])
        fields = {"csrf": hidden(page, "csrf"), "request": hidden(page, "request"), "decision": "approve"}
        assert (await browser.get("/consent", params=fields)).status_code == 200
    assert await codes(site) == 0


async def test_no_decision_is_no_approval(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        page = await consent_page(browser, (await register(http))["client_id"])
        for decision in ("", "APPROVE", "yes"):
            assert (await answer_consent(browser, page, decision)).status_code == 400
    assert await codes(site) == 0


async def test_two_tabs_are_answered_each_for_itself(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        client_id = (await register(http))["client_id"]
        first = await consent_page(browser, client_id, state="first")
        second = await consent_page(browser, client_id, state="second")
        approved = query_of((await answer_consent(browser, second)).headers["location"])
        denied = query_of((await answer_consent(browser, first, "deny")).headers["location"])
    assert (approved["state"], denied["state"], denied["error"]) == ("second", "first", "access_denied")
    assert await codes(site) == 1


@pytest.mark.parametrize("then", ["approve", "deny"])
async def test_a_request_is_answered_once(site: Site, then: str) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        page = await consent_page(browser, (await register(http))["client_id"])
        assert (await answer_consent(browser, page)).status_code == 303
        again = await answer_consent(browser, page, then)
        assert again.status_code == 400
        assert "location" not in again.headers
    assert await codes(site) == 1


async def test_a_request_expires_after_ten_minutes(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        page = await consent_page(browser, (await register(http))["client_id"])
        site.clock.advance(600)
        assert (await answer_consent(browser, page)).status_code == 400
        assert (await browser.get("/consent", params={"request": hidden(page, "request")})).status_code == 400
    assert await codes(site) == 0


@pytest.mark.parametrize("request_id", ["", "x", "x" * 43, "\x00" * 43, "' OR 1=1 --"])
async def test_a_request_that_never_was_is_an_error_page(site: Site, request_id: str) -> None:
    async with await site.signed_in("ada") as browser:
        assert (await browser.get("/consent", params={"request": request_id})).status_code == 400
        csrf = hidden(await browser.get("/"), "csrf")
        fields = {"csrf": csrf, "request": request_id, "decision": "approve"}
        assert (await browser.post("/consent", data=fields)).status_code == 400


async def test_the_page_is_shown_again_for_a_client_approved_before_and_says_so(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        client_id = (await register(http))["client_id"]
        assert "approved this client before" not in (await consent_page(browser, client_id)).text
        code = await get_code(browser, client_id)
        assert (await exchange(http, client_id, code)).status_code == 200
        again = await consent_page(browser, client_id)
    assert again.status_code == 200
    assert "You approved this client before" in again.text


async def test_the_log_in_is_the_person_who_approved(site: Site) -> None:
    await add_user(site.store, "bob", clock=site.clock)
    async with site.client() as http, await site.signed_in("ada") as ada, await site.signed_in("bob") as bob:
        client_id = (await register(http))["client_id"]
        start = (await ada.get("/authorize", params=authorize_params(client_id))).headers["location"]
        await answer_consent(bob, await bob.get(start))
    async with site.store.session() as session:
        assert [login.user for login in await session.scalars(select(Login))] == ["bob"]
