"""Who gets in: people with a token for this API. Everybody else meets the same words on every route."""

from __future__ import annotations

import httpx
import pytest

from server.identity.tokens import AccessTokens
from server.store.engine import StoreUnavailable
from tests.server.api.conftest import AUDIENCE, URL, Api
from tests.server.api.operations import operations

pytestmark = pytest.mark.anyio

ELSEWHERE = [("GET", "/api/v1/nothing"), ("DELETE", "/api/v1/requests/x"), ("POST", "/api/v1/admin/users")]


def problem(response: httpx.Response, status: int) -> dict[str, object]:
    """The problem document, checked to be one (RFC 9457)."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    body: dict[str, object] = response.json()
    assert set(body) == {"type", "title", "status", "detail", "remedy"}
    assert all(body.values())
    assert body["status"] == status
    return body


async def test_an_agent_is_refused_on_every_route_even_with_a_token_for_this_audience(api: Api) -> None:
    async with api.client(await api.agent_token("lee")) as client:
        routes = await operations(client)
        assert len(routes) >= 11
        for method, path in [*routes, *ELSEWHERE]:
            body = problem(await client.request(method, path, json={"comment": 1}), 403)
            assert body["type"] == "/api/docs#people-only", path


async def test_without_a_token_every_route_asks_for_one(api: Api) -> None:
    async with api.client() as client:
        for method, path in [*await operations(client), *ELSEWHERE]:
            response = await client.request(method, path, content=b"not even JSON")
            problem(response, 401)
            assert response.headers["www-authenticate"] == 'Bearer realm="warded"'


async def test_a_token_for_the_agents_door_is_refused(api: Api) -> None:
    async with api.client(await api.agent_token(audience=f"{URL}/mcp")) as client:
        response = await client.get("/api/v1/whoami")
        problem(response, 401)
        assert 'error="invalid_token"' in response.headers["www-authenticate"]


async def test_what_is_no_bearer_token_is_refused(api: Api) -> None:
    async with api.client() as client:
        for header in ("", "Bearer", "Basic dXNlcjpwYXNz", "Bearer  ", "Token x", "Bearer a b", "Bearer \xe9"):
            headers = [(b"Authorization", header.encode("latin-1"))]
            problem(await client.get("/api/v1/whoami", headers=headers), 401)


async def test_two_authorization_headers_are_refused_whichever_is_good(api: Api) -> None:
    good = f"Bearer {await api.token('dana')}"
    async with api.client() as client:
        for pair in ((good, "Bearer x"), ("Bearer x", good)):
            headers = [("Authorization", value) for value in pair]
            problem(await client.get("/api/v1/whoami", headers=headers), 401)


async def test_a_token_in_the_query_is_not_looked_at(api: Api) -> None:
    async with api.client() as client:
        problem(await client.get("/api/v1/whoami", params={"access_token": await api.token("dana")}), 401)


async def test_an_expired_token_is_refused(api: Api) -> None:
    async with await api.as_("dana") as client:
        api.clock.now += 3600
        problem(await client.get("/api/v1/whoami"), 401)


async def test_a_token_of_another_issuer_is_refused(api: Api) -> None:
    foreign = AccessTokens(api.tokens.keys, issuer="https://elsewhere.example", clock=api.clock)
    async with api.client(foreign.mint("dana", "x", audience=AUDIENCE, seconds=600)) as client:
        problem(await client.get("/api/v1/whoami"), 401)


async def test_unknown_paths_are_a_problem_document_too(api: Api) -> None:
    async with await api.as_("dana") as client:
        for method, path in ELSEWHERE:
            problem(await client.request(method, path), 404)


async def test_arguments_that_do_not_fit_are_named_without_their_values(api: Api) -> None:
    request = await api.hold()
    async with await api.as_("lee") as client:
        problem(await client.get("/api/v1/requests", params={"limit": 0}), 422)
        problem(await client.get("/api/v1/requests", params={"status": "hunter2"}), 422)
        problem(await client.get("/api/v1/requests", params={"cursor": "bm9wZQ"}), 400)
        for body in (b"{", b'{"comment": 5}', b'{"commment": "hunter2"}', b"[1]"):
            response = await client.post(
                f"/api/v1/requests/{request.id}/approve", content=body, headers={"Content-Type": "application/json"}
            )
            assert "hunter2" not in response.text
            problem(response, 422)


async def test_a_store_that_is_gone_is_503_with_a_remedy(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(*_arguments: object, **_options: object) -> None:
        raise StoreUnavailable("The store cannot be reached.", "Start it.")

    monkeypatch.setattr(api.approvals, "list", down)
    async with await api.as_("dana") as client:
        assert problem(await client.get("/api/v1/requests"), 503)["remedy"] == "Start it."
