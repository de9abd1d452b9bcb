"""However many rows a statement has, memory is bounded by what was asked for (F8)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers.postgres import Server

ROOT = Path(__file__).parents[3]

SCRIPT = """
import asyncio, resource, sys
import uvloop
from backends.base import Done, Limits, Rows
from backends.postgres.upstream import PostgresUpstream
from tests.backends.postgres.asking import Asker
from catalog.model import Login, Resource

async def main(address, password, sql, rows, bytes_):
    target = Resource("shop", "postgres", address, logins=(Login("postgres", "test:x"),))
    upstream = PostgresUpstream(target, lambda _: password)
    db = Asker(upstream, target)
    await db.rows("SELECT 1")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count, done = 0, None
    async for chunk in db.stream(sql, limits=Limits(rows, bytes_, 120)):
        if isinstance(chunk, Rows):
            count += len(chunk.rows)
        if isinstance(chunk, Done):
            done = chunk
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await upstream.close()
    print(count, done.truncated or "whole", (after - before) // 1024)

uvloop.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])))
"""


@pytest.mark.parametrize(
    ("sql", "rows", "bytes_", "expected"),
    [
        ("SELECT generate_series(1, 10000000)", 1000, 4_000_000, "1000 rows"),
        ("SELECT generate_series(1, 10000000)", 100_000, 10**9, "100000 rows"),
        ("SELECT repeat('x', 100000), generate_series(1, 10000000)", 1000, 4_000_000, "39 bytes"),
        ("SELECT generate_series(1, 1000000)", 10_000_000, 10**9, "1000000 whole"),
    ],
    ids=["cut at 1,000", "cut at 100,000", "cut by bytes", "whole"],
)
def test_millions_of_rows_stay_within_64_megabytes(
    server: Server, sql: str, rows: int, bytes_: int, expected: str
) -> None:
    command = [sys.executable, "-c", SCRIPT, server.address(), server.password, sql, str(rows), str(bytes_)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170, check=True)
    *outcome, megabytes = done.stdout.split()
    assert " ".join(outcome) == expected
    assert int(megabytes) < 64
