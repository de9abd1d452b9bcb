"""The story's agent and its scripted browser, at the real authorization server and a real MCP endpoint."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import mcp_types as types
import pytest
import uvicorn
from mcp.server.lowlevel import Server
from starlette.applications import Starlette
from starlette.routing import Route

from server.config import Config
from server.demo.agent import AGENT_NAME, connect
from server.demo.browser import Browser, LostInBrowser
from server.demo.gateway import pick_port
from server.identity.keys import load_keys
from server.identity.routes import identity_routes
from server.identity.tokens import AccessTokens, Verifier
from server.identity.users import add_user
from server.listeners.bearer import BearerDoor
from server.listeners.mcp import McpEndpoint
from server.store.engine import Store
from server.telemetry import open_telemetry
from server.tools.render import tool_result

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
    schema = {"type": "object"}
    return types.ListToolsResult(tools=[types.Tool(name="whoami", input_schema=schema, output_schema=schema)])


async def call_tool(context: Any, params: Any) -> dict[str, Any]:
    identity = context.request.scope["state"]["identity"]
    return tool_result({"user": identity.user, "agent": identity.agent.name}, is_error=False)


@pytest.fixture
async def site(store: Store) -> AsyncIterator[Config]:
    """Sign-in pages, tokens and one tool, served on loopback, for one person: Dana."""
    port = pick_port(None)
    config = Config.model_validate({"server": {"public_url": f"http://127.0.0.1:{port}", "port": port}})
    await add_user(store, "dana", password=PASSWORD, groups=["developers"])
    keys, issuer = await load_keys(store), config.server.public_url
    verifier = Verifier(keys, store, issuer=issuer, audience=config.mcp_url)
    tools: Server[dict[str, Any]] = Server("tools", on_list_tools=list_tools, on_call_tool=call_tool)  # type: ignore[arg-type]
    endpoint = McpEndpoint(tools)
    door = BearerDoor(
        endpoint,
        verifier=verifier,
        issuer=issuer,
        audience=config.mcp_url,
        metadata_url=f"{issuer}/.well-known/oauth-protected-resource/mcp",
        stages=open_telemetry(config.telemetry, version="0").stages,
    )
    routes = identity_routes(config, store, AccessTokens(keys, issuer=issuer), verifiers=(verifier,), clock=time.time)
    app = Starlette(routes=[*routes, Route("/mcp", door)])
    options = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, ws="none", lifespan="off")
    server = uvicorn.Server(options)
    async with endpoint.run():
        task = asyncio.create_task(server.serve())
        while not server.started:
            assert not task.done()
            await asyncio.sleep(0.01)
        yield config
        server.should_exit = True
        await task


async def test_the_agent_logs_in_as_a_person_would_and_acts_under_both_names(site: Config) -> None:
    browser = Browser(name="dana", password=PASSWORD)
    async with connect(site.mcp_url, browser) as agent:
        assert await agent.tools() == ["whoami"]
        assert await agent.call("whoami") == {"user": "dana", "agent": AGENT_NAME}
        assert agent.protocol == "2026-07-28"
    assert browser.pages == ["/login", "/consent"]
    assert agent.wallet.tokens is not None
    assert agent.wallet.tokens.refresh_token


async def test_a_wrong_password_gets_nowhere(site: Config) -> None:
    browser = Browser(name="dana", password="wrong horse battery")
    with pytest.raises(BaseExceptionGroup) as raised:
        async with connect(site.mcp_url, browser):
            pytest.fail("nobody is signed in")
    assert raised.group_contains(LostInBrowser)
