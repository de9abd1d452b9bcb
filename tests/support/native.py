"""The native door in tests: a gateway with one, and a client that speaks the protocol byte by byte."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backends.postgres.frontend import password, startup
from tests.support.databases import sqlite_url
from tests.support.gateway import Running, free_port, running_gateway, shop_config
from tests.support.servers.postgres import Server

WAIT = 15.0
"""No wait of a test lasts longer, in seconds."""

RULES = """
@id("transfers") permit (principal in Group::"developers", action == Action::"transfer", resource);
"""


@dataclass(frozen=True, slots=True)
class Door:
    """A gateway whose native door is open."""

    running: Running
    port: int
    server: Server
    database: str

    def dsn(self, user: str = "dana") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/shop"

    async def token(self, user: str = "dana") -> str:
        return await self.running.person_token(user)


@asynccontextmanager
async def open_door(
    folder: Path,
    server: Server,
    database: str,
    store: Path,
    *,
    rules: str = "",
    policy: dict[str, Any] | None = None,
    **listener: Any,
) -> AsyncIterator[Door]:
    """`store` is a migrated SQLite file to copy. What is tagged as production needs approvals for writes."""
    (folder / "state").mkdir(mode=0o700)
    url, port = sqlite_url(shutil.copy(store, folder / "state" / "warded.db")), free_port()
    config = shop_config(
        folder, server, port=free_port(), store_url=url, database=database,
        listeners={"postgres": {"port": port, **listener}}, **({"policy": policy} if policy else {}),
    )  # fmt: skip
    (folder / "policies" / "native.cedar").write_text(RULES + rules)
    async with running_gateway(config) as running:
        yield Door(running, port, server, database)


class RawClient:
    """Messages as they are on the wire."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, port: int, tls: ssl.SSLContext | None = None) -> RawClient:
        name = "localhost" if tls else None
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name))

    def send(self, *messages: bytes) -> None:
        self.writer.write(b"".join(messages))

    async def message(self) -> tuple[str, bytes]:
        async with asyncio.timeout(WAIT):
            kind, length = struct.unpack("!ci", await self.reader.readexactly(5))
            return kind.decode(), await self.reader.readexactly(length - 4)

    async def until(self, last: str = "Z") -> list[tuple[str, bytes]]:
        """Messages up to one of the type `last`."""
        found = [await self.message()]
        while found[-1][0] != last:
            found.append(await self.message())
        return found

    async def rest(self) -> bytes:
        async with asyncio.timeout(WAIT):
            return await self.reader.read()

    async def log_in(self, user: str, secret: str, **parameters: str) -> list[tuple[str, bytes]]:
        self.send(startup({"user": user, "database": "shop", **parameters}))
        assert await self.message() == ("R", struct.pack("!i", 3))
        self.send(password(secret))
        return await self.until()

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


def fields(body: bytes) -> dict[str, str]:
    """An error or a notice, by field."""
    return {part[:1].decode(): part[1:].decode() for part in body.split(b"\0") if part}


def kinds(messages: list[tuple[str, bytes]]) -> str:
    return "".join(kind for kind, _ in messages)
