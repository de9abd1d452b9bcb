"""What is planted in labelled columns comes back in no shape, whatever is read and however it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.fuzz.canaries import CARD, NEEDLES, Seen, ask, leaked, planted, reads, shapes
from tests.support.servers.postgres import Server, start_postgres

pytestmark = pytest.mark.anyio

READS = 500
SEED = 11


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with start_postgres() as server:
        yield server


async def test_a_slice_of_reads_shows_nothing_planted(tmp_path: Path, server: Server) -> None:
    seen, known = Seen(), shapes()
    async with planted(tmp_path, server) as gateway:
        for sql in islice(reads(SEED), READS):
            await ask(gateway, sql, seen, known)
    assert seen.asked == READS
    assert seen.masked > READS / 30, "too few reads of planted values are answered: the test shows little"


@pytest.mark.parametrize(
    "made",
    ["{0}", "upper('{0}')", "reverse('{0}')", "encode('{0}'::bytea, 'hex')", "encode('{0}'::bytea, 'base64')",
     "md5('{0}')", "encode(sha256('{0}'::bytea), 'hex')", "substring('{0}' from 2)", "json_build_object('a', '{0}')"],
)  # fmt: skip
def test_the_search_finds_a_planted_value_in_every_shape(server: Server, made: str) -> None:
    address = f"{NEEDLES[3]}@{NEEDLES[3][::-1]}.org"
    text = server.psql(f"SELECT {made.replace('{0}', address) if '(' in made else repr(address)}")
    assert leaked(str(text), shapes())
    assert leaked(CARD, shapes())
    assert not leaked("v***@***.org 2024-01-01 00000000", shapes())
