"""/authorize: mistakes go back to a registered address only, and never to another one."""

from __future__ import annotations

from itertools import product
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from server.store.models import AuthorizationRequest
from tests.server.identity.site import CALLBACK, CHALLENGE, ORIGIN, Site, authorize_params, query_of, register

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://evil.example/callback",
        "http://evil.example/callback",
        "http://127.0.0.1:33418/other",
        "http://127.0.0.1:33418/callback/../other",
        "http://127.0.0.1:33418@evil.example/callback",
        "http://localhost:33418/callback",
        "https://127.0.0.1:33418/callback",
        "http://127.0.0.1:33418/callback#x",
        "http://127.0.0.1:33418/callback?next=https://evil.example",
        "//evil.example/callback",
        "javascript:alert(1)",
        "/callback",
        "",
    ],
)
async def test_an_address_that_is_not_registered_is_never_redirected_to(site: Site, redirect_uri: str) -> None:
    broken: list[dict[str, str]] = [{}, {"code_challenge": ""}, {"response_type": "token"}, {"scope": "root"}]
    async with site.client() as http:
        client_id = (await register(http))["client_id"]
        for changes, accept in product(broken, ("text/html", "application/json")):
            params = authorize_params(client_id, redirect_uri=redirect_uri, **changes)
            answer = await http.get("/authorize", params=params, headers={"Accept": accept})
            assert answer.status_code == 400
            assert "location" not in answer.headers
            assert answer.headers["content-type"].startswith(accept)


@pytest.mark.parametrize("client_id", ["unknown", "", "\x00", "x" * 600, "<script>alert(1)</script>"])
async def test_an_unknown_client_is_shown_an_error(site: Site, client_id: str) -> None:
    async with site.client() as http:
        params = authorize_params(client_id)
        answer = await http.get("/authorize", params=params, headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"resource": "https://evil.example/mcp"}, "invalid_target"),
        ({"resource": f"{ORIGIN}/api/v1"}, "invalid_target"),
        ({"resource": ORIGIN}, "invalid_target"),
        ({"resource": ""}, "invalid_target"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"scope": "offline_access"}, "invalid_scope"),
        ({"state": "x" * 4097}, "invalid_request"),
    ],
)
async def test_other_mistakes_go_back_to_the_client_with_state_and_issuer(
    site: Site, changes: dict[str, str | None], error: str
) -> None:
    async with site.client() as http:
        params = authorize_params((await register(http))["client_id"], **changes)
        answer = await http.get("/authorize", params=params)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    sent = query_of(answer.headers["location"])
    assert (sent["error"], sent["iss"]) == (error, ORIGIN)
    assert sent["state"] == params["state"]
    assert "code" not in sent
    async with site.store.session() as session:
        assert (await session.scalars(select(AuthorizationRequest))).all() == []


@pytest.mark.parametrize("name", ["redirect_uri", "client_id", "resource", "state", "scope", "code_challenge"])
async def test_a_parameter_that_occurs_twice_is_refused_on_the_spot(site: Site, name: str) -> None:
    async with site.client() as http:
        params = authorize_params((await register(http))["client_id"])
        answer = await http.get(f"/authorize?{urlencode([*params.items(), (name, params[name])])}")
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_a_good_request_goes_to_the_consent_page_by_get_and_by_post(site: Site) -> None:
    async with site.client() as http:
        params = authorize_params((await register(http))["client_id"])
        for answer in (await http.get("/authorize", params=params), await http.post("/authorize", data=params)):
            assert answer.status_code == 302
            assert answer.headers["location"].startswith("/consent?request=")
            assert answer.headers["cache-control"] == "no-store"


async def test_known_scopes_are_granted_and_others_left_out(site: Site) -> None:
    async with site.client() as http:
        params = authorize_params((await register(http))["client_id"], scope="openid mcp:tools")
        await http.get("/authorize", params=params)
    async with site.store.session() as session:
        kept = (await session.scalars(select(AuthorizationRequest))).one()
    assert kept.params["scopes"] == ["mcp:tools"]


async def test_requests_are_limited_and_old_ones_dropped(site: Site) -> None:
    async with site.client() as http:
        params = authorize_params((await register(http))["client_id"])
        answers = [(await http.get("/authorize", params=params)).status_code for _ in range(121)]
        assert answers == [302] * 120 + [429]
        site.clock.advance(601)
        assert (await http.get("/authorize", params=params)).status_code == 302
    async with site.store.session() as session:
        assert len((await session.scalars(select(AuthorizationRequest))).all()) == 1
