"""An agent works with the tools of another MCP server through Warded: names, judgement, masks, holds and the record."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.config import Config
from tests.support.clients.mcp_http import modern
from tests.support.gateway import POLICY, Running, free_port, running_gateway
from tests.support.servers.mcp import McpServer, running_mcp

pytestmark = pytest.mark.anyio
CANARY = "upstream-secret-of-the-gateway"


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[McpServer]:
    with running_mcp(tmp_path_factory.mktemp("mcp")) as server:
        yield server


def gateway_config(folder: Path, resources: dict[str, Any], **sections: Any) -> Config:
    policies = folder / "policies"
    policies.mkdir(exist_ok=True)
    (policies / "people.cedar").write_text(POLICY)
    document = {
        "state_dir": folder / "state",
        "server": {"public_url": f"http://127.0.0.1:{(port := free_port())}", "port": port},
        "policy": {"folder": policies},
        "limits": {"approval_wait_seconds": 5, "statement_seconds": 5, "max_bytes": 200_000},
        "resources": resources,
        **sections,
    }
    return Config.model_validate(document)


def crm_resource(folder: Path, address: str, **mcp: Any) -> dict[str, Any]:
    secret = folder / "upstream-secret"
    secret.write_text(CANARY)
    secret.chmod(0o600)
    return {
        "kind": "mcp",
        "address": address,
        "tags": {"env": "staging", "approvers": "leads", "agents": "read_write"},
        "logins": [{"user": "service", "password": f"file:{secret}"}],
        "mcp": mcp,
    }


@pytest.fixture
async def running(tmp_path: Path, crm: McpServer) -> AsyncIterator[Running]:
    async with running_gateway(gateway_config(tmp_path, {"crm": crm_resource(tmp_path, crm.url)})) as found:
        yield found


@pytest.fixture
async def http(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=running.url, timeout=30) as client:
        yield client


@pytest.fixture
async def token(running: Running) -> str:
    return await running.agent_token()


async def listed(http: httpx.AsyncClient, token: str) -> dict[str, dict[str, Any]]:
    answer = await modern(http, token, "tools/list")
    return {tool["name"]: tool for tool in answer.json()["result"]["tools"]}


async def result(http: httpx.AsyncClient, token: str, tool: str, **arguments: Any) -> dict[str, Any]:
    answer = await modern(http, token, "tools/call", {"name": tool, "arguments": arguments})
    assert answer.status_code == 200, answer.text
    found = answer.json()["result"]
    assert isinstance(found, dict)
    return found


async def call(http: httpx.AsyncClient, token: str, tool: str, **arguments: Any) -> dict[str, Any]:
    found = (await result(http, token, tool, **arguments))["structuredContent"]
    assert isinstance(found, dict)
    return found


async def test_tools_of_the_server_are_listed_under_the_name_of_the_resource(
    http: httpx.AsyncClient, token: str
) -> None:
    tools = await listed(http, token)
    assert "crm_get_customer" in tools
    assert tools["crm_get_customer"]["inputSchema"]["properties"] == {"id": {"type": "integer"}}
    assert tools["crm_get_customer"]["annotations"]["readOnlyHint"] is True
    assert tools["crm_delete_note"]["annotations"]["destructiveHint"] is True
    assert "counts this as read" in tools["crm_get_customer"]["description"]


async def test_structured_values_come_masked_and_whole(http: httpx.AsyncClient, token: str) -> None:
    found = await call(http, token, "crm_get_customer", id=7)
    assert found["status"] == "ok"
    document = found["document"]
    assert (document["id"], document["country"], document["total"]) == (7, "DE", 12.5)
    assert "anna.berg" not in json.dumps(found)
    assert "4242424242424242" not in json.dumps(found)
    assert {entry["column"] for entry in found["masked"]} >= {"/email", "/card_number"}


async def test_texts_come_masked_as_prose_and_as_json(http: httpx.AsyncClient, token: str) -> None:
    found = await call(http, token, "crm_search_notes", words="anna")
    assert found["status"] == "ok"
    assert "about order 7" in found["texts"]["text"]
    assert "anna.berg" not in json.dumps(found)
    assert json.loads(found["texts"]["text_2"])[0]["country"] == "DE"
