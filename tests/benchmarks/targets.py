"""What is compared: asyncpg alone, MCP Toolbox, and Warded with everything on. All run the same one-row query."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import yaml

from server.identity.keys import load_keys
from server.identity.logins import new_login
from server.identity.tokens import AccessTokens
from server.identity.users import add_user
from server.store.engine import open_store
from tests.benchmarks.load import Call, HttpCaller
from tests.support.gateway import SHOP, free_port, shop_config
from tests.support.servers.postgres import Server

SQL = "SELECT id, full_name, email, country FROM shop.customers WHERE id = $1"
REVISION = "2026-07-28"


@dataclass(frozen=True, slots=True)
class Target:
    """A name, the process that answers (0 = none of its own), and what makes one more client."""

    name: str
    pid: int
    client: Callable[[], Call]
    url: str = ""


def make_database(server: Server) -> str:
    database = server.create_database(prefix="bench")
    server.psql(SHOP, database=database)
    return database


@asynccontextmanager
async def direct(server: Server, database: str) -> AsyncIterator[Target]:
    """asyncpg, one connection a client, its own prepared statement."""
    opened: list[asyncpg.Connection] = []

    def client() -> Call:
        connection: asyncpg.Connection | None = None

        async def call() -> None:
            nonlocal connection
            if connection is None:
                connection = await asyncpg.connect(server.dsn(database))
                opened.append(connection)
            row = await connection.fetchrow(SQL, 7)
            if row is None or row["id"] != 7:
                raise RuntimeError("wrong row")

        return call

    yield Target("asyncpg, direct", 0, client)
    for connection in opened:
        await connection.close()


@asynccontextmanager
async def warded(server: Server, database: str, folder: Path) -> AsyncIterator[Target]:
    """`warded serve` in its own process; policy, masks, records and token checks as in production."""
    port = free_port()
    config = shop_config(folder, server, port=port, store_url="", database=database)
    file = folder / "warded.yaml"
    document = json.loads(config.model_dump_json(exclude_unset=True))
    document["server"] = {"public_url": config.server.public_url, "port": port}
    document["telemetry"] = {"log_level": "error"}
    file.write_text(yaml.safe_dump(document))
    token = await _token(config.store_url, issuer=config.server.public_url, audience=config.mcp_url)
    command = [Path(sys.executable).parent / "warded", "serve", "--config", file]
    with _process(command, folder / "warded.log") as process:
        await _ready(f"{config.server.public_url}/readyz")
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": REVISION,
            "Mcp-Method": "tools/call",
            "Mcp-Name": "sql_query",
        }
        body = _body("sql_query", {"resource": "shop", "sql": SQL, "parameters": [7]}, modern=True)
        callers: list[HttpCaller] = []

        def client() -> Call:
            callers.append(HttpCaller(config.mcp_url, headers=headers, body=body, expect=b'"status":"ok"'))
            return callers[-1]

        await _labelled(client())
        yield Target("Warded, everything on", process.pid, client, config.server.public_url)
        for caller in callers:
            await caller.close()


@asynccontextmanager
async def toolbox(server: Server, database: str, folder: Path) -> AsyncIterator[Target]:
    """MCP Toolbox over its MCP endpoint: no policy, no masks, no record."""
    port = free_port()
    source = {"kind": "postgres", "host": server.host, "port": server.port, "database": database}
    source |= {"user": server.superuser, "password": server.password}
    parameter = {"name": "id", "type": "integer", "description": "customer"}
    tool = {"kind": "postgres-sql", "source": "bench", "description": "one row", "statement": SQL}
    tools = {"one_row": tool | {"parameters": [parameter]}}
    file = folder / "toolbox.yaml"
    file.write_text(yaml.safe_dump({"sources": {"bench": source}, "tools": tools}))
    binary = _toolbox_binary()
    command = [binary, "--config", file, "--port", str(port), "--disable-version-check", "--log-level", "ERROR"]
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    with _process(command, folder / "toolbox.log") as process:
        await _ready(f"http://127.0.0.1:{port}/")
        body = _body("one_row", {"id": 7}, modern=False)
        callers: list[HttpCaller] = []

        def client() -> Call:
            callers.append(HttpCaller(f"http://127.0.0.1:{port}/mcp", headers=headers, body=body, expect=b"full_name"))
            return callers[-1]

        yield Target("MCP Toolbox", process.pid, client)
        for caller in callers:
            await caller.close()


def _toolbox_binary() -> Path:
    """The Go program inside the wheel; the wheel's own script only starts it, so its CPU time would say nothing."""
    spec = importlib.util.find_spec("toolbox_server")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("toolbox-server is missing; run `make bench`, which installs it")
    return Path(spec.submodule_search_locations[0]) / "bin" / "toolbox"


def _body(tool: str, arguments: dict[str, object], *, modern: bool) -> bytes:
    params: dict[str, object] = {"name": tool, "arguments": arguments}
    if modern:
        prefix = "io.modelcontextprotocol/"
        params["_meta"] = {
            f"{prefix}protocolVersion": REVISION,
            f"{prefix}clientCapabilities": {},
            f"{prefix}clientInfo": {"name": "bench", "version": "1"},
        }
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()


async def _token(store_url: str, *, issuer: str, audience: str) -> str:
    store = await open_store(store_url)
    try:
        await add_user(store, "dana", password="correct horse dana", groups=["developers"])
        login = new_login("dana", resource=audience, now=time.time(), client_id="bench", client_name="Bench")
        login_id = login.id
        async with store.session() as session:
            session.add(login)
        tokens = AccessTokens(await load_keys(store), issuer=issuer)
        return tokens.mint("dana", login_id, audience=audience, seconds=3600, client_id="bench", client_name="Bench")
    finally:
        await store.close()


async def _labelled(call: Call) -> None:
    """Wait for the first catalog scan: until then every column is masked as unscanned."""
    assert isinstance(call, HttpCaller)
    probe = HttpCaller(**call.same(expect=b'"EMAIL"'))
    for _ in range(100):
        try:
            await probe()
        except RuntimeError:
            await asyncio.sleep(0.1)
        else:
            await probe.close()
            return
    raise RuntimeError("the catalog scan did not finish")


async def _ready(url: str) -> None:
    async with httpx.AsyncClient() as http:
        for _ in range(1200):
            try:
                if (await http.get(url)).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.05)
    raise RuntimeError(f"{url} does not answer")


@contextmanager
def _process(command: list[object], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    if shutil.which(str(command[0])) is None:
        raise RuntimeError(f"{command[0]} is missing; run `make bench`, which installs it")
    with log.open("wb") as output:
        process = subprocess.Popen([str(word) for word in command], stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(35)
