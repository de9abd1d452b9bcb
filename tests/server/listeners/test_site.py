"""Host and Origin are checked before anything else looks at a request."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from server.listeners.site import SiteGuard


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    await JSONResponse({"name": request.headers.get("mcp-name")})(scope, receive, send)


def client(app: ASGIApp, base: str = "http://127.0.0.1:8080") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base)


GUARDED = SiteGuard(echo, public_url="http://127.0.0.1:8080", allowed_origins=["https://inspector.example"])


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost:8080", 200),
        ("[::1]:8080", 200),
        ("LOCALHOST:8080", 200),
        ("evil.example:8080", 421),
        ("127.0.0.1:9999", 421),
        ("127.0.0.1", 421),
        ("127.0.0.1:8080.evil.example", 421),
    ],
)
async def test_only_the_canonical_host_is_served(host: str, status: int) -> None:
    async with client(GUARDED) as http:
        assert (await http.get("/mcp", headers={"Host": host})).status_code == status


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8080", 200),
        ("https://inspector.example", 200),
        ("https://evil.example", 403),
        ("http://127.0.0.1:8081", 403),
        ("null", 403),
        ("http://127.0.0.1:8080.evil.example", 403),
    ],
)
async def test_only_known_origins_may_call(origin: str, status: int) -> None:
    async with client(GUARDED) as http:
        assert (await http.post("/mcp", headers={"Origin": origin})).status_code == status


@pytest.mark.anyio
async def test_public_metadata_is_readable_from_any_origin() -> None:
    async with client(GUARDED) as http:
        answer = await http.get("/.well-known/oauth-protected-resource", headers={"Origin": "https://any.example"})
    assert answer.status_code == 200


@pytest.mark.anyio
async def test_a_foreign_host_is_refused_even_for_public_metadata() -> None:
    async with client(GUARDED) as http:
        answer = await http.get("/.well-known/oauth-protected-resource", headers={"Host": "evil.example"})
    assert answer.status_code == 421


@pytest.mark.anyio
async def test_probes_answer_by_address() -> None:
    async with client(GUARDED) as http:
        assert (await http.get("/healthz", headers={"Host": "10.0.0.7:8080"})).status_code == 200


@pytest.mark.anyio
async def test_white_space_around_header_values_is_stripped() -> None:
    received: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.extend(value.decode() for name, value in scope["headers"] if name == b"mcp-name")
        await JSONResponse({})(scope, receive, send)

    async with client(SiteGuard(app, public_url="http://127.0.0.1:8080")) as http:
        await http.get("/mcp", headers=[("Mcp-Name", "  sql_query \t")])
    assert received == ["sql_query"]


@pytest.mark.anyio
async def test_a_public_name_without_a_port_is_served_on_the_default_port() -> None:
    guarded = SiteGuard(echo, public_url="https://gw.example")
    async with client(guarded, "https://gw.example") as http:
        assert (await http.get("/mcp", headers={"Origin": "https://gw.example"})).status_code == 200
        assert (await http.get("/mcp", headers={"Host": "localhost"})).status_code == 421
