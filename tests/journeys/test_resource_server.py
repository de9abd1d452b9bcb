"""The endpoint as an OAuth 2.1 resource server: who gets in, and what the others are told (RFC 6750, 9728, 8707)."""

from __future__ import annotations

import re

import httpx
import jwt
import pytest

from server.identity.logins import revoke_login
from server.identity.users import disable_user
from tests.support.clients.mcp_http import modern, modern_body, modern_headers
from tests.support.gateway import Running

pytestmark = pytest.mark.anyio


async def test_without_a_token_the_challenge_says_where_to_get_one(running: Running, http: httpx.AsyncClient) -> None:
    headers = modern_headers("", "tools/list")
    del headers["Authorization"]
    answer = await http.post("/mcp", headers=headers, json=modern_body("tools/list", {}))
    challenge = answer.headers["www-authenticate"]
    assert answer.status_code == 401
    assert 'scope="mcp:tools"' in challenge
    assert "error=" not in challenge  # RFC 6750 §3.1: no error code when no token was sent
    found = re.search(r'resource_metadata="([^"]+)"', challenge)
    assert found
    document = (await http.get(found.group(1))).json()
    assert document["resource"] == running.mcp_url
    assert document["authorization_servers"] == [running.url]
    assert (await http.get("/.well-known/oauth-protected-resource")).json() == document


@pytest.mark.parametrize("path", ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"])
async def test_the_metadata_never_comes_from_the_host_header(
    running: Running, http: httpx.AsyncClient, path: str
) -> None:
    port = running.url.rsplit(":", 1)[1]
    document = (await http.get(path, headers={"Host": f"localhost:{port}"})).json()
    assert document["resource"] == running.mcp_url


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_every_method_needs_a_token(running: Running, http: httpx.AsyncClient, method: str) -> None:
    assert (await http.request(method, "/mcp")).status_code == 401


async def test_a_token_in_the_query_is_not_looked_at(running: Running, http: httpx.AsyncClient) -> None:
    token = await running.agent_token()
    assert (await http.post(f"/mcp?access_token={token}", json={})).status_code == 401


async def test_tokens_of_other_times_audiences_and_issuers_are_refused(
    running: Running, http: httpx.AsyncClient
) -> None:
    expired = await running.agent_token(seconds=-3600)
    other_audience = await running.agent_token(audience="https://elsewhere.example/mcp")
    good = await running.agent_token()
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = jwt.encode(claims, "a" * 32, algorithm="HS256", headers={"typ": "at+jwt", "kid": "x"})
    for token in (expired, other_audience, forged, "not-a-token", good[:-8] + "AAAAAAAA"):
        answer = await modern(http, token, "tools/list")
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert token not in answer.text


async def test_a_token_without_the_scope_is_told_which_one(running: Running, http: httpx.AsyncClient) -> None:
    answer = await modern(http, await running.agent_token(scope="something:else"), "tools/list")
    assert answer.status_code == 403
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="mcp:tools"' in challenge


async def test_a_persons_api_token_does_not_open_the_mcp_endpoint(running: Running, http: httpx.AsyncClient) -> None:
    assert (await modern(http, await running.person_token("dana"), "tools/list")).status_code == 401


async def test_an_agents_token_does_not_open_the_rest_api(running: Running, http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/v1/requests", headers={"Authorization": f"Bearer {await running.agent_token('lee')}"})
    assert answer.status_code in (401, 403)


async def test_an_audience_with_a_trailing_slash_is_the_same_resource(
    running: Running, http: httpx.AsyncClient
) -> None:
    token = await running.agent_token(audience=f"{running.mcp_url}/")
    assert (await modern(http, token, "tools/list")).status_code == 200


async def test_a_revoked_log_in_and_a_disabled_account_are_out_at_once(
    running: Running, http: httpx.AsyncClient
) -> None:
    token, other = await running.agent_token("dana"), await running.agent_token("lee")
    assert (await modern(http, token, "tools/list")).status_code == 200
    assert (await modern(http, other, "tools/list")).status_code == 200
    login = jwt.decode(token, options={"verify_signature": False})["sid"]
    await revoke_login(running.gateway.store, login, "test")
    await disable_user(running.gateway.store, "lee")
    for verifier in running.gateway.verifiers:
        verifier.forget(login)
        verifier.forget("lee")
    assert (await modern(http, token, "tools/list")).status_code == 401
    assert (await modern(http, other, "tools/list")).status_code == 401


async def test_a_foreign_origin_is_refused_before_the_token_is_looked_at(
    running: Running, http: httpx.AsyncClient
) -> None:
    answer = await modern(http, await running.agent_token(), "tools/list", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
