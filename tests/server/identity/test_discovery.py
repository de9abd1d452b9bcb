"""What clients find before they log in: RFC 8414, RFC 9728."""

from __future__ import annotations

import httpx
import pytest

from server.store.engine import Store
from tests.server.identity.site import MCP, ORIGIN, Clock, Site, make_site

pytestmark = pytest.mark.anyio


async def fetch(site: Site, path: str) -> httpx.Response:
    async with site.client() as http:
        return await http.get(path, headers={"Origin": "https://inspector.example", "Host": "evil.example"})


@pytest.mark.parametrize("name", ["oauth-authorization-server", "openid-configuration"])
async def test_the_server_tells_its_endpoints_under_the_exact_issuer(site: Site, name: str) -> None:
    metadata = (await fetch(site, f"/.well-known/{name}")).json()
    assert metadata["issuer"] == ORIGIN
    assert metadata["authorization_endpoint"] == f"{ORIGIN}/authorize"
    assert metadata["token_endpoint"] == f"{ORIGIN}/token"
    assert metadata["registration_endpoint"] == f"{ORIGIN}/register"
    assert metadata["revocation_endpoint"] == f"{ORIGIN}/revoke"
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["scopes_supported"] == ["mcp:tools"]
    assert metadata["response_types_supported"] == ["code"]
    assert "none" in metadata["token_endpoint_auth_methods_supported"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert "client_id_metadata_document_supported" not in metadata


@pytest.mark.parametrize("path", ["oauth-protected-resource", "oauth-protected-resource/mcp"])
async def test_the_resource_tells_its_name_and_its_authorization_server(site: Site, path: str) -> None:
    metadata = (await fetch(site, f"/.well-known/{path}")).json()
    assert metadata["resource"] == MCP
    assert metadata["authorization_servers"] == [ORIGIN]
    assert metadata["bearer_methods_supported"] == ["header"]
    assert metadata["scopes_supported"] == ["mcp:tools"]
    assert metadata["resource_name"] == "Warded"


@pytest.mark.parametrize("path", ["oauth-authorization-server", "oauth-protected-resource/mcp"])
async def test_programs_in_browsers_may_read_it_and_no_origin_is_reflected(site: Site, path: str) -> None:
    assert (await fetch(site, f"/.well-known/{path}")).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/token", "/register", "/revoke"])
async def test_programs_in_browsers_may_call_without_cookies(site: Site, path: str) -> None:
    asks = {"Origin": "https://inspector.example", "Access-Control-Request-Method": "POST"}
    async with site.client() as http:
        answer = await http.options(path, headers={**asks, "Access-Control-Request-Headers": "mcp-protocol-version"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/authorize", "/consent", "/login", "/"])
async def test_pages_are_not_for_other_origins(site: Site, path: str) -> None:
    assert "access-control-allow-origin" not in (await fetch(site, path)).headers


async def test_registration_can_be_switched_off(store: Store, clock: Clock) -> None:
    site = await make_site(store, clock, dynamic_registration=False)
    assert "registration_endpoint" not in (await fetch(site, "/.well-known/oauth-authorization-server")).json()
    async with site.client() as http:
        assert (await http.post("/register", json={})).status_code == 404
