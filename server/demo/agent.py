"""The story's agent: a real MCP client over Streamable HTTP that logs in by OAuth, as any agent does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from mcp.shared.dispatcher import ProgressFnT
from pydantic import AnyUrl

from server.demo.browser import Browser

AGENT_NAME = "Demo agent"
# Nothing listens there: the scripted browser reads the code off the redirect, as a person would paste it.
REDIRECT_URI = "http://127.0.0.1:33418/callback"
CALL_SECONDS = 90.0


class Wallet:
    """The client's own store of its registration and tokens, for as long as the story lasts."""

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


@dataclass(frozen=True, slots=True)
class Agent:
    """A connected client. `call` answers a tool's structured result."""

    client: Client
    wallet: Wallet

    @property
    def protocol(self) -> str:
        return self.client.protocol_version

    async def tools(self) -> list[str]:
        return [tool.name for tool in (await self.client.list_tools()).tools]

    async def call(self, tool: str, *, progress: ProgressFnT | None = None, **arguments: object) -> dict[str, Any]:
        result = await self.client.call_tool(
            tool, arguments, read_timeout_seconds=CALL_SECONDS, progress_callback=progress
        )
        structured = result.structured_content
        assert isinstance(structured, dict), f"{tool} answered without structured content"
        return structured

    async def query(self, resource: str, sql: str, *, progress: ProgressFnT | None = None) -> dict[str, Any]:
        return await self.call("sql_query", progress=progress, resource=resource, sql=sql)


@asynccontextmanager
async def connect(mcp_url: str, browser: Browser) -> AsyncIterator[Agent]:
    """Log in through `browser` and open the MCP connection."""
    wallet, returned = Wallet(), dict[str, str]()

    async def visit(url: str) -> None:
        returned.update(await browser.authorize(url, redirect_uri=REDIRECT_URI))

    async def callback() -> AuthorizationCodeResult:
        if "code" not in returned:
            raise PermissionError(f"the sign-in was refused: {returned.get('error', 'no reason given')}")
        return AuthorizationCodeResult(code=returned["code"], state=returned.get("state"), iss=returned.get("iss"))

    metadata = OAuthClientMetadata(
        client_name=AGENT_NAME,
        redirect_uris=[AnyUrl(REDIRECT_URI)],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        token_endpoint_auth_method="none",
    )
    oauth = OAuthClientProvider(mcp_url, metadata, wallet, redirect_handler=visit, callback_handler=callback)
    async with (
        httpx2.AsyncClient(auth=oauth, trust_env=False, timeout=CALL_SECONDS) as http,
        Client(streamable_http_client(mcp_url, http_client=http)) as client,
    ):
        yield Agent(client, wallet)
