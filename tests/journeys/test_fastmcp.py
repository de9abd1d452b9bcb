"""Journey: the fastmcp client, which nobody here wrote, in both protocol eras, with its own OAuth log-in."""

from __future__ import annotations

import asyncio
import warnings
from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from fastmcp import Client
from fastmcp.client.auth import BearerAuth, OAuth

from server.demo.browser import Browser
from server.identity.users import set_password
from tests.support.gateway import Running

pytestmark = pytest.mark.anyio

Era = Literal["legacy", "2026-07-28"]
ERAS: tuple[Era, ...] = ("legacy", "2026-07-28")
PASSWORD = "correct horse battery staple"


class ScriptedOAuth(OAuth):
    """fastmcp's own log-in, except that no window opens: a scripted person signs in, consents and is sent back."""

    async def redirect_handler(self, authorization_url: str) -> None:
        redirect_uri = parse_qs(urlsplit(authorization_url).query)["redirect_uri"][0]

        async def person() -> None:
            answer = await Browser(name="dana", password=PASSWORD).authorize(
                authorization_url, redirect_uri=redirect_uri
            )
            async with httpx.AsyncClient(trust_env=False) as http:
                for _ in range(100):  # the client opens its callback server after it has opened the window
                    try:
                        await http.get(f"{redirect_uri}?{urlencode(answer)}")
                    except httpx.ConnectError:
                        await asyncio.sleep(0.05)
                    else:
                        return

        self.person = asyncio.create_task(person())


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_reads_masked_rows_and_understands_a_denial(running: Running, era: Era) -> None:
    auth = BearerAuth(await running.agent_token())
    async with Client(running.mcp_url, auth=auth, mode=era) as client:
        names = [tool.name for tool in await client.list_tools()]
        assert names == ["whoami", "list_resources", "request_status", "sql_query", "sql_describe"]
        arguments = {"resource": "shop", "sql": "SELECT id, email FROM shop.customers WHERE id = 1"}
        found = (await client.call_tool("sql_query", arguments)).structured_content
        assert found is not None
        assert found["masked"] == [{"column": "email", "label": "EMAIL", "mask": "partial"}]
        denied = await client.call_tool(
            "sql_query", {"resource": "shop", "sql": "DELETE FROM shop.orders"}, raise_on_error=False
        )
        assert denied.is_error
        assert denied.structured_content is not None
        assert denied.structured_content["status"] == "denied"


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_hears_progress_while_its_call_is_held(running: Running, era: Era) -> None:
    heard: list[str] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        heard.append(message or "")

    auth = BearerAuth(await running.agent_token())
    async with Client(running.mcp_url, auth=auth, mode=era, progress_handler=listen) as client:
        arguments = {"resource": "shop", "sql": "UPDATE shop.orders SET status = 'x' WHERE id = 3"}
        found = (await client.call_tool("sql_query", arguments)).structured_content
    assert found is not None
    assert found["status"] == "held"
    assert any(found["request"]["id"] in words for words in heard)


async def test_a_client_logs_in_by_oauth_with_consent_and_is_known_by_name(running: Running) -> None:
    await set_password(running.gateway.store, "dana", PASSWORD)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that it keeps tokens in memory, as a test should
        auth = ScriptedOAuth(client_name="Journey client", callback_host="127.0.0.1")
        async with Client(running.mcp_url, auth=auth) as client:
            found = (await client.call_tool("whoami", {})).structured_content
    assert found is not None
    assert (found["user"], found["agent"], found["via"]) == ("dana", "Journey client", "agent")


async def test_an_unknown_tool_is_an_error_and_not_a_crash(running: Running) -> None:
    async with Client(running.mcp_url, auth=BearerAuth(await running.agent_token())) as client:
        with pytest.raises(Exception, match="Unknown tool"):
            await client.call_tool("drop_everything", {})
        assert await client.list_tools()
