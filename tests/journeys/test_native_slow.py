"""Clients that read a kilobyte a second from answers of hundreds of megabytes cost the gateway little memory each."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from backends.postgres.frontend import query
from tests.benchmarks.door_load import Hop, log_in
from tests.support.certificates import Authority
from tests.support.native import Door, open_door
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

MOST = 4_000_000
"""Bytes a session, the client's own half in this process included."""
SESSIONS, SECONDS = 6, 2
MASKED = "SELECT c.email, c.id FROM shop.customers AS c, generate_series(1, 100000)"
CLEAR = "SELECT repeat('x', 1000) FROM generate_series(1, 400000)"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def door(
    tmp_path_factory: pytest.TempPathFactory, shop_server: Server, migrated_file: Path
) -> AsyncIterator[Door]:
    database = shop_server.create_database(prefix="native", template="shop_template")
    folder = tmp_path_factory.mktemp("native")
    issued = Authority().issue("localhost")
    (folder / "door.pem").write_bytes(issued.certificate)
    (folder / "door.key").write_bytes(issued.key)
    files: dict[str, Any] = {"tls_certificate": folder / "door.pem", "tls_key": folder / "door.key"}
    async with open_door(folder, shop_server, database, migrated_file, **files) as found:
        yield found


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("sql", [MASKED, CLEAR], ids=["masked", "clear"])
async def test_slow_readers_of_large_answers_take_at_most_four_megabytes_each(
    door: Door, sql: str, encrypted: bool
) -> None:
    hop = Hop("door", door.port, "shop", "dana", await door.token(), tls=encrypted)
    (await asyncio.to_thread(log_in, hop)).close()  # what is made once for all
    before = resident()
    links = [await asyncio.to_thread(log_in, hop) for _ in range(SESSIONS)]
    try:
        assert await asyncio.to_thread(read_slowly, links, sql) - before < SESSIONS * MOST
    finally:
        for link in links:
            link.close()


def read_slowly(links: list[socket.socket], sql: str) -> int:
    """Resident bytes at the end, while all are connected."""
    for link in links:
        link.sendall(query(sql))
    for _ in range(SECONDS):
        assert all(link.recv(1000) for link in links)
        time.sleep(1.0)
    return resident()


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
