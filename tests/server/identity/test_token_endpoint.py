"""/token and /revoke: what is refused, and how clients prove themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from tests.server.identity.site import CALLBACK, MCP, VERIFIER, Site, exchange, get_code, log_in, refresh, register

pytestmark = pytest.mark.anyio


async def outcome(site: Site, **changes: str | None) -> httpx.Response:
    """What an exchange with one mistake in it comes to; the same exchange without it works."""
    async with site.client() as http, await site.signed_in("ada") as browser:
        client_id = (await register(http))["client_id"]
        code = await get_code(browser, client_id)
        fields: dict[str, Any] = {"code": code, **changes}
        return await exchange(http, fields.pop("client_id", client_id), fields.pop("code"), **fields)


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code_verifier": "wrong" * 10}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"code_verifier": None}, 400, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:33419/callback"}, 400, "invalid_request"),
        ({"redirect_uri": "https://evil.example/"}, 400, "invalid_request"),
        ({"redirect_uri": None}, 400, "invalid_request"),
        ({"code": "x" * 43}, 400, "invalid_grant"),
        ({"code": "\x00"}, 400, "invalid_grant"),
        ({"client_id": "unknown"}, 401, "invalid_client"),
        ({"client_id": "\x00"}, 401, "invalid_client"),
        ({"resource": "https://evil.example/mcp"}, 400, "invalid_target"),
        ({"resource": ""}, 400, "invalid_target"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
    ],
)
async def test_an_exchange_with_a_mistake_is_refused(
    site: Site, changes: dict[str, str | None], status: int, error: str
) -> None:
    answer = await outcome(site, **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"
    assert VERIFIER not in answer.text


async def test_a_foreign_resource_at_refresh_is_refused_and_spends_nothing(site: Site) -> None:
    client_id, first = await log_in(site)
    async with site.client() as http:
        answer = await refresh(http, client_id, first["refresh_token"], resource="https://evil.example/mcp")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")
        assert (await refresh(http, client_id, first["refresh_token"])).status_code == 200


@pytest.mark.parametrize("name", ["code", "resource", "client_id", "grant_type", "redirect_uri"])
async def test_a_field_that_occurs_twice_is_refused(site: Site, name: str) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        client_id = (await register(http))["client_id"]
        fields = {
            "grant_type": "authorization_code",
            "client_id": client_id,
            "code": await get_code(browser, client_id),
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            "resource": MCP,
        }
        body = urlencode([*fields.items(), (name, "https://evil.example")])
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await http.post("/token", content=body, headers=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_token_request_in_the_query_or_in_json_is_not_read(site: Site) -> None:
    client_id, first = await log_in(site)
    fields = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": first["refresh_token"]}
    async with site.client() as http:
        assert (await http.post("/token", params=fields)).status_code == 401
        assert (await http.post("/token", json=fields)).status_code == 401
        assert (await http.get("/token", params=fields)).status_code == 405


async def confidential(site: Site, http: httpx.AsyncClient, method: str) -> tuple[Mapping[str, Any], str]:
    client = await register(http, token_endpoint_auth_method=method)
    async with await site.signed_in("ada") as browser:
        return client, await get_code(browser, client["client_id"])


async def test_a_secret_by_post(site: Site) -> None:
    async with site.client() as http:
        client, code = await confidential(site, http, "client_secret_post")
        for wrong in (None, "", "x", client["client_secret"].upper() + "x"):
            answer = await exchange(http, client["client_id"], code, client_secret=wrong)
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        basic = httpx.BasicAuth(client["client_id"], client["client_secret"])
        fields = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        assert (await http.post("/token", data=fields, auth=basic)).status_code == 401
        right = await exchange(http, client["client_id"], code, client_secret=client["client_secret"])
        assert right.status_code == 200


async def test_a_secret_by_http_basic_with_and_without_the_id_in_the_form(site: Site) -> None:
    async with site.client() as http:
        client, code = await confidential(site, http, "client_secret_basic")
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        wrong = await http.post("/token", data=fields, auth=httpx.BasicAuth(client["client_id"], "wrong"))
        assert wrong.status_code == 401
        assert wrong.headers["www-authenticate"].startswith("Basic ")
        other = await http.post("/token", data=fields, auth=httpx.BasicAuth("other", client["client_secret"]))
        assert other.status_code == 401
        bare = await exchange(http, client["client_id"], code, client_secret=client["client_secret"])
        assert bare.status_code == 401
        for header in ("Basic", "Basic !!!", "Basic " + quote("é"), "Basic eA=="):
            assert (await http.post("/token", data=fields, headers={"Authorization": header})).status_code == 401
        basic = httpx.BasicAuth(client["client_id"], client["client_secret"])
        right = await http.post("/token", data=fields, auth=basic)
        assert right.status_code == 200
        again = {"client_id": client["client_id"], "token": right.json()["refresh_token"]}
        assert (await http.post("/revoke", data=again, auth=basic)).status_code == 200
        gone = {"grant_type": "refresh_token", "refresh_token": right.json()["refresh_token"]}
        assert (await http.post("/token", data=gone, auth=basic)).json()["error"] == "invalid_grant"


async def test_revocation_needs_the_clients_own_proof(site: Site) -> None:
    async with site.client() as http:
        client, code = await confidential(site, http, "client_secret_post")
        fields = {"client_id": client["client_id"], "client_secret": client["client_secret"]}
        tokens = (await exchange(http, client["client_id"], code, client_secret=client["client_secret"])).json()
        stolen = {"client_id": client["client_id"], "token": tokens["refresh_token"]}
        assert (await http.post("/revoke", data=stolen)).status_code == 401
        assert (await http.post("/revoke", data={**stolen, "client_id": "unknown"})).status_code == 401
        assert (await http.post("/revoke", data=fields)).status_code == 400
    assert (await site.verifier.verify(tokens["access_token"])).user == "ada"
