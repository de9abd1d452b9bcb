"""Dynamic registration (RFC 7591): what is accepted, kept and forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from server.store.models import Client
from tests.server.identity.site import Site, consent_page, exchange, get_code, register

pytestmark = pytest.mark.anyio


async def test_a_public_client_gets_an_id_and_no_secret(site: Site) -> None:
    async with site.client() as http:
        client = await register(http)
    assert client["client_id"]
    assert client["token_endpoint_auth_method"] == "none"
    assert client["scope"] == "mcp:tools"
    assert "client_secret" not in client


async def test_a_secret_is_told_once_and_kept_as_a_hash(site: Site) -> None:
    async with site.client() as http:
        client = await register(http, token_endpoint_auth_method="client_secret_post")
    async with site.store.session() as session:
        row = (await session.scalars(select(Client))).one()
    assert client["client_secret"]
    assert client["client_secret"] not in str(row.metadata_json)


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uris": []},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["http://127.0.0.1/cb", "data:text/html,x"]},
        {"redirect_uris": ["http://evil.example/cb"]},
        {"redirect_uris": ["https://app.example/cb#x"]},
        {"redirect_uris": [f"https://app.example/{number}" for number in range(11)]},
        {"redirect_uris": None},
        {"redirect_uris": "http://127.0.0.1/cb"},
        {"grant_types": ["implicit"]},
        {"grant_types": ["password", "refresh_token"]},
        {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"]},
        {"response_types": ["token"]},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "tls_client_auth"},
    ],
)
async def test_these_registrations_are_refused(site: Site, changes: dict[str, Any]) -> None:
    document = {"client_name": "x", "redirect_uris": ["http://127.0.0.1/cb"], **changes}
    async with site.client() as http:
        answer = await http.post("/register", json=document)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_redirect_uri", "invalid_client_metadata")
    async with site.store.session() as session:
        assert (await session.scalars(select(Client))).all() == []


async def test_an_endless_registration_is_cut_off(site: Site) -> None:
    async with site.client() as http:
        assert (await http.post("/register", content=b"{" + b" " * 70_000)).status_code == 413


async def test_scopes_that_do_not_exist_are_not_granted(site: Site) -> None:
    async with site.client() as http:
        assert (await register(http, scope="openid offline_access mcp:tools"))["scope"] == "mcp:tools"


async def test_a_name_is_kept_without_what_cannot_be_seen(site: Site) -> None:
    async with site.client() as http:
        client = await register(http, client_name="Claude\u202e \u200bCode\x00\n\t(by you)" + "x" * 300)
    assert client["client_name"].startswith("Claude Code (by you)x")
    assert len(client["client_name"]) == 100


async def test_registrations_are_limited_for_each_address(site: Site) -> None:
    async with site.client() as http:
        for _ in range(30):
            await register(http)
        refused = await http.post("/register", json={"redirect_uris": ["http://127.0.0.1/cb"]})
        assert refused.status_code == 429
        site.clock.advance(60)
        await register(http)


async def test_unused_registrations_end_after_an_hour_and_used_ones_stay(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        used, unused = (await register(http))["client_id"], (await register(http))["client_id"]
        await exchange(http, used, await get_code(browser, used))
        site.clock.advance(3600)
        await register(http)
        assert (await consent_page(browser, used)).status_code == 200
        gone = await browser.get("/authorize", params={"client_id": unused, "response_type": "code"})
    assert gone.status_code == 400


async def test_a_client_without_the_refresh_grant_gets_no_refresh_token(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        client = await register(http, grant_types=["authorization_code"])
        answer = await exchange(http, client["client_id"], await get_code(browser, client["client_id"]))
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()
