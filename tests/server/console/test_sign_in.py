"""/login, /logout and /."""

from __future__ import annotations

import httpx
import pytest

from server.identity.users import disable_user, set_password
from server.store.engine import Store
from tests.server.identity.site import Clock, Site, hidden, make_site

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse battery staple"


async def try_password(browser: httpx.AsyncClient, password: str, **changes: str) -> httpx.Response:
    page = await browser.get("/login")
    fields = {"csrf": hidden(page, "csrf"), "request": "", "name": "ada", "password": password, **changes}
    return await browser.post("/login", data=fields)


async def test_the_right_password_signs_in_with_a_strict_cookie(site: Site) -> None:
    await set_password(site.store, "ada", PASSWORD)
    async with site.browser() as browser:
        answer = await try_password(browser, PASSWORD)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("warded-session=")
        assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
        assert "ada" in (await browser.get("/")).text


async def test_on_https_the_cookie_is_bound_to_the_host(store: Store, clock: Clock, site: Site) -> None:
    secure = await make_site(store, clock, public_url="https://warded.example")
    await set_password(store, "ada", PASSWORD)
    async with secure.browser() as browser:
        answer = await try_password(browser, PASSWORD)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-warded-session=")
    assert "Secure" in cookie.split("; ")
    assert "domain" not in cookie.lower()


async def test_every_refusal_of_a_sign_in_reads_the_same(site: Site) -> None:
    await set_password(site.store, "ada", PASSWORD)
    await disable_user(site.store, "ada", clock=site.clock)
    async with site.browser() as browser:
        disabled = await try_password(browser, PASSWORD)
        wrong = await try_password(browser, "wrong")
        unknown = await try_password(browser, PASSWORD, name="nobody")
        malformed = await try_password(browser, PASSWORD, name="no\x00body")
    for answer in (disabled, wrong, unknown, malformed):
        assert answer.status_code == 401
        assert "The name or the password is wrong." in answer.text
        assert "warded-session" not in answer.headers.get("set-cookie", "")


async def test_after_failures_even_the_right_password_has_to_wait(site: Site) -> None:
    await set_password(site.store, "ada", PASSWORD)
    async with site.browser() as browser:
        for _ in range(5):
            assert (await try_password(browser, "wrong")).status_code == 401
        assert (await try_password(browser, PASSWORD)).status_code == 429
        assert (await try_password(browser, "wrong", name="nobody")).status_code == 401
        site.clock.advance(1)
        assert (await try_password(browser, PASSWORD)).status_code == 303


async def test_a_name_that_is_not_there_is_slowed_down_like_one_that_is(site: Site) -> None:
    async with site.browser() as browser:
        statuses = [(await try_password(browser, "wrong", name="nobody")).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "http://localhost:8080", "http://127.0.0.1"])
async def test_a_sign_in_from_elsewhere_is_refused(site: Site, origin: str) -> None:
    await set_password(site.store, "ada", PASSWORD)
    async with site.client(origin=origin) as browser:
        answer = await try_password(browser, PASSWORD)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("csrf", ["", "x" * 43])
async def test_a_sign_in_without_the_forms_token_is_refused(site: Site, csrf: str) -> None:
    await set_password(site.store, "ada", PASSWORD)
    async with site.browser() as browser:
        assert (await try_password(browser, PASSWORD, csrf=csrf)).status_code == 403
        browser.cookies.clear()
        fields = {"csrf": csrf, "request": "", "name": "ada", "password": PASSWORD}
        assert (await browser.post("/login", data=fields)).status_code == 403


async def test_two_tabs_of_the_form_both_work(site: Site) -> None:
    await set_password(site.store, "ada", PASSWORD)
    async with site.browser() as browser:
        first, second = await browser.get("/login"), await browser.get("/login")
        for page in (first, second):
            fields = {"csrf": hidden(page, "csrf"), "request": "", "name": "ada", "password": PASSWORD}
            assert (await browser.post("/login", data=fields)).status_code == 303


@pytest.mark.parametrize(
    "request_id", ["https://evil.example", "//evil.example", "x" * 42, "/../" + "x" * 39, "x" * 43 + "\n", "é" * 43]
)
async def test_signing_in_leads_nowhere_but_to_our_own_pages(site: Site, request_id: str) -> None:
    await set_password(site.store, "ada", PASSWORD)
    async with site.browser() as browser:
        answer = await try_password(browser, PASSWORD, request=request_id, next="https://evil.example")
        assert answer.headers["location"] == "/"
        answer = await browser.get("/login", params={"request": request_id, "next": "https://evil.example"})
        assert answer.headers["location"] == "/"


async def test_a_session_ends_by_signing_out_by_time_and_with_the_account(site: Site) -> None:
    async with await site.signed_in("ada") as browser:
        home = await browser.get("/")
        assert (await browser.post("/logout", data={"csrf": "x"})).status_code == 403
        cookie = browser.cookies["warded-session"]
        assert (await browser.post("/logout", data={"csrf": hidden(home, "csrf")})).status_code == 303
        browser.cookies.clear()
        browser.cookies.set("warded-session", cookie)
        assert "Sign out" not in (await browser.get("/")).text
    async with await site.signed_in("ada") as browser:
        site.clock.advance(12 * 3600)
        assert "Sign out" not in (await browser.get("/")).text
    async with await site.signed_in("ada") as browser:
        assert "Sign out" in (await browser.get("/")).text
        await disable_user(site.store, "ada", clock=site.clock)
        assert "Sign out" not in (await browser.get("/")).text


async def test_signing_out_needs_a_post(site: Site) -> None:
    async with await site.signed_in("ada") as browser:
        assert (await browser.get("/logout")).status_code == 405
        assert "Sign out" in (await browser.get("/")).text


async def test_home_tells_how_to_connect(site: Site) -> None:
    async with site.client() as http:
        page = await http.get("/")
    assert "claude mcp add --transport http warded http://127.0.0.1:8080/mcp" in page.text
    assert "/api/docs" in page.text


@pytest.mark.parametrize("path", ["/", "/login", "/consent", "/setup", "/authorize"])
async def test_every_page_is_framed_by_nobody_kept_by_nobody_and_runs_no_script(site: Site, path: str) -> None:
    async with site.client() as http:
        page = await http.get(path, headers={"Accept": "text/html"})
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "script-src" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["referrer-policy"] == "same-origin"
    assert not any(word in page.text for word in ("<script", "<style", " style=", " onclick=", "http-equiv"))


async def test_the_style_comes_from_here(site: Site) -> None:
    async with site.client() as http:
        style = await http.get("/static/warded.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in style.text
    assert "url(" not in style.text


async def test_an_endless_form_is_cut_off(site: Site) -> None:
    async with site.browser() as browser:
        assert (await try_password(browser, "x" * 20_000)).status_code == 413
