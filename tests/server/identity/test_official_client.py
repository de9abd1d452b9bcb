"""The official SDK's OAuth client logs in by itself: discovery, registration, PKCE, `iss`, refresh."""

from __future__ import annotations

import httpx
import httpx2
import pytest
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.identity.tokens import TokenRefused
from tests.server.identity.site import MCP, ORIGIN, Site, answer_consent, query_of

pytestmark = pytest.mark.anyio


class Memory:
    """Where the client keeps what it got."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Person:
    """Opens the address that the client gives, reads, approves."""

    def __init__(self, browser: httpx.AsyncClient) -> None:
        self.browser = browser
        self.answer: dict[str, str] = {}

    async def open(self, url: str) -> None:
        start = await self.browser.get(url)
        page = await self.browser.get(start.headers["location"])
        self.answer = query_of((await answer_consent(self.browser, page)).headers["location"])

    async def returned(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(**self.answer)


def protect(site: Site) -> None:
    """An endpoint that wants a token and says where one is had."""

    async def endpoint(request: Request) -> Response:
        try:
            identity = await site.verifier.verify(request.headers.get("authorization", "").removeprefix("Bearer "))
        except TokenRefused:
            hint = f'Bearer resource_metadata="{ORIGIN}/.well-known/oauth-protected-resource/mcp", scope="mcp:tools"'
            return JSONResponse({}, status_code=401, headers={"WWW-Authenticate": hint})
        return JSONResponse({"user": identity.user, "agent": identity.agent.name if identity.agent else ""})

    site.app.router.routes.append(Route("/mcp", endpoint, methods=["POST"]))


@pytest.mark.parametrize("method", ["none", "client_secret_post", "client_secret_basic"])
async def test_the_official_client_logs_in_and_refreshes(site: Site, method: str) -> None:
    protect(site)
    memory = Memory()
    metadata = OAuthClientMetadata.model_validate(
        {
            "client_name": "Inspector",
            "redirect_uris": [AnyUrl("http://localhost:3030/callback")],
            "token_endpoint_auth_method": method,
        }
    )
    async with await site.signed_in("ada") as browser:
        person = Person(browser)
        auth = OAuthClientProvider(MCP, metadata, memory, person.open, person.returned)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(site.app), auth=auth) as http:
            assert (await http.post(MCP)).json() == {"user": "ada", "agent": "Inspector"}
            assert memory.tokens is not None
            first = memory.tokens.access_token
            auth.context.token_expiry_time = 1.0  # long ago: the client refreshes before it asks again
            assert (await http.post(MCP)).json() == {"user": "ada", "agent": "Inspector"}
    assert memory.tokens.access_token != first
