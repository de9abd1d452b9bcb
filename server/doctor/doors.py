"""The doors through which data leaves, as a client of each: what `warded doctor --masking` reads through.

A door is one class and one entry in `doors_of`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from server.config import Config
from server.config_types import is_loopback
from server.identity.keys import load_keys
from server.identity.logins import new_login
from server.identity.tokens import AccessTokens
from server.store.engine import Store

SECONDS = 120.0
CLIENT = "warded-doctor"
PROTOCOL = "2026-07-28"
_META = "io.modelcontextprotocol/"

Cells = list[list[str | None]]


class NotRead(Exception):
    """The door gave no rows; the message says why, in words of ours or of the gateway."""


class Door(Protocol):
    @property
    def name(self) -> str: ...

    async def read(self, resource: str, sql: str) -> Cells:
        """The rows of a statement as text. Raises NotRead."""
        ...


@dataclass(frozen=True, slots=True)
class McpDoor:
    """What an agent of this person gets."""

    config: Config
    token: str
    name: str = "mcp"

    async def read(self, resource: str, sql: str) -> Cells:
        import httpx

        params = {"name": "sql_query", "arguments": {"resource": resource, "sql": sql}, "_meta": _envelope()}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        local = is_loopback(urlsplit(self.config.mcp_url).hostname or "")
        try:
            async with httpx.AsyncClient(timeout=30, trust_env=not local) as client:
                answer = await client.post(self.config.mcp_url, headers=_headers(self.token), json=body)
            found = answer.json()["result"]["structuredContent"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise NotRead(f"{self.config.mcp_url} gave no answer ({type(error).__name__})") from None
        if found.get("status") != "ok":
            raise NotRead(f"it was {found.get('status')}: {_reason(found)}")
        return [[_text(cell) for cell in row] for row in found.get("rows", [])]


@dataclass(frozen=True, slots=True)
class PostgresDoor:
    """What this person gets with a driver of PostgreSQL, by a credential of two minutes."""

    config: Config
    store: Store
    user: str
    now: float
    name: str = "postgres"

    async def read(self, resource: str, sql: str) -> Cells:
        import asyncpg

        from server.native.credentials import issue_credential

        door = self.config.listeners.postgres
        assert door is not None
        made = await issue_credential(self.store, self.user, resource, seconds=SECONDS, now=self.now)
        host = "127.0.0.1" if door.host in ("0.0.0.0", "::") else door.host
        try:
            connection = await asyncpg.connect(
                host=host, port=door.port, user=made.user, password=made.password, database=resource, timeout=10,
                command_timeout=30, ssl="prefer" if door.tls_certificate else False,
            )  # fmt: skip
            try:
                rows = await connection.fetch(sql)
            finally:
                await connection.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            raise NotRead(f"{host}:{door.port}: {error}"[:300]) from None
        return [[_text(cell) for cell in row.values()] for row in rows]


async def doors_of(config: Config, store: Store, user: str, *, now: float) -> Sequence[Door]:
    """Every door that the configuration opens, ready to be read through."""
    doors: list[Door] = [McpDoor(config, await _token(config, store, user, now=now))]
    if config.listeners.postgres is not None:
        doors.append(PostgresDoor(config, store, user, now))
    return doors


async def _token(config: Config, store: Store, user: str, *, now: float) -> str:
    login = new_login(user, resource=config.mcp_url, now=now, client_id=CLIENT, client_name="Warded doctor")
    login_id, scope = login.id, login.scope
    async with store.session() as session:
        session.add(login)
    tokens = AccessTokens(await load_keys(store, clock=lambda: now), issuer=config.server.public_url, clock=lambda: now)
    return tokens.mint(
        user, login_id, audience=config.mcp_url, seconds=SECONDS, client_id=CLIENT, client_name="Warded doctor",
        scope=scope,
    )  # fmt: skip


def _headers(token: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token}",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": PROTOCOL,
        "Mcp-Method": "tools/call",
        "Mcp-Name": "sql_query",
    }


def _envelope() -> dict[str, Any]:
    client = {"name": CLIENT, "version": "1"}
    return {
        f"{_META}protocolVersion": PROTOCOL,
        f"{_META}clientCapabilities": {},
        f"{_META}clientInfo": client,
    }


def _reason(found: dict[str, Any]) -> str:
    reasons = [str(each.get("text", "")) for each in found.get("reasons", [])]
    return " ".join(reasons) or str((found.get("error") or {}).get("message", ""))


def _text(cell: object) -> str | None:
    return None if cell is None else str(cell)
