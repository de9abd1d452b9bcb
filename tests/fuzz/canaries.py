"""Nothing that a mask hides leaves in another shape: reads over planted values, through the whole gateway.

`python -m tests.fuzz.canaries` runs for as long as it is told. Reads are made of a frame, sources, outputs and tails;
whatever the gateway answers, errors and notices included, is searched for the planted values and for what one function
call makes of them: parts, other letters, reversed, hexadecimal, base64, digests.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import yaml

from policy.model import Agent, Identity
from server.app import Gateway
from tests.support.gateway import free_port, running_gateway, shop_config
from tests.support.servers.postgres import Server, start_postgres

NEEDLES = tuple(f"{word}{number}zq" for number in range(3) for word in ("vexwom", "jurpik", "kolfud", "wygbat"))
"""Words that stand nowhere else; the addresses and names that hold them are found by the catalog."""
CARD = "4242424242424242"
SHOP = f"""
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id int PRIMARY KEY, full_name text, email text, card_number text, country text, note text);
INSERT INTO shop.customers SELECT n, 'Anna Berg', w || '@' || reverse(w) || '.org', '{CARD}', 'DE', 'tall'
FROM unnest(ARRAY{list(NEEDLES)}) WITH ORDINALITY AS t(w, n);
CREATE TABLE shop.orders (id int PRIMARY KEY, customer_id int, total numeric, status text);
INSERT INTO shop.orders SELECT n, 1 + n % {len(NEEDLES)}, n, 'paid' FROM generate_series(1, 30) n;
CREATE VIEW shop.contacts AS SELECT id, email AS reach_at, upper(email) AS loud FROM shop.customers;
CREATE VIEW shop.all_of_them AS SELECT c, id FROM shop.customers c;
CREATE FUNCTION shop.of(c shop.customers) RETURNS text LANGUAGE sql STABLE AS 'SELECT c.email';
CREATE FUNCTION shop.mails() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT email FROM shop.customers';
ANALYZE;
"""
PIECES: Mapping[str, Sequence[str]] = yaml.safe_load(Path(__file__).with_name("canaries.yaml").read_text("utf-8"))
"""In `calls`, `{}` is a column, in `frames` a whole read."""
_MANY = 12  # characters: what is shorter may stand in an answer by chance


@dataclass(slots=True)
class Seen:
    """`shown` = answers with rows, `masked` = those of them with a masked column."""

    asked: int = 0
    shown: int = 0
    masked: int = 0


def reads(seed: int) -> Iterator[str]:
    """Statements without end, the same for the same seed."""
    random = Random(seed)
    while True:
        outputs = ", ".join(_output(random) for _ in range(random.randint(1, 3)))
        inner = f"SELECT {outputs} FROM {random.choice(PIECES['sources'])}{random.choice(PIECES['tails'])}"
        yield random.choice(PIECES["frames"]).replace("{}", inner)


def _output(random: Random) -> str:
    column = random.choice(PIECES["hidden" if random.random() < 0.6 else "shown"])
    text = random.choice(PIECES["calls"]).replace("{}", column) if random.random() < 0.25 else column
    return text if random.random() < 0.7 else f"{text} AS {random.choice(('country', 'id', 'email', 'a'))}"


def shapes() -> frozenset[str]:
    """What must not be in an answer, in lower case."""
    found = set()
    for needle in NEEDLES:
        address = f"{needle}@{needle[::-1]}.org"
        found |= {needle, needle[::-1], needle.encode().hex(), needle[1:], needle[:-1]}
        found |= {hashlib.md5(address.encode()).hexdigest(), hashlib.sha256(address.encode()).hexdigest()}
        for start in range(3):
            found.add(base64.b64encode(address.encode()[start:])[:_MANY].decode().lower())
    return frozenset({*found, CARD, CARD[:-1], CARD.encode().hex()})


def leaked(text: str, known: frozenset[str]) -> list[str]:
    folded = text.lower()
    return [shape for shape in known if shape in folded]


@asynccontextmanager
async def planted(folder: Path, server: Server) -> AsyncIterator[Gateway]:
    """A gateway whose catalog knows what the planted columns hold."""
    database = server.create_database(prefix="canaries")
    server.psql(SHOP, database=database)
    store = f"sqlite+aiosqlite:///{folder / 'store.db'}"
    quick = {"approval_wait_seconds": 0}  # what is held is not waited for
    config = shop_config(folder, server, port=free_port(), store_url=store, database=database, limits=quick)
    async with running_gateway(config) as running:
        yield running.gateway


async def ask(gateway: Gateway, sql: str, seen: Seen, known: frozenset[str]) -> None:
    """Raises AssertionError with the statement where something planted came back."""
    identity = Identity("dana", "canaries", groups=frozenset({"developers"}), agent=Agent("fuzz"))
    answer = await gateway.pipeline.run(identity, "sql_query", {"resource": "shop", "sql": sql}, door="mcp")
    found = leaked(repr(replace(answer, reasons=())), known)
    assert not found, f"{sql!r} showed {found}"
    seen.asked += 1
    seen.shown += bool(answer.rows)
    seen.masked += bool(answer.rows and answer.masked)


async def _for(seconds: float, seed: int) -> None:
    seen, known, began = Seen(), shapes(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder, start_postgres() as server:
        async with planted(Path(folder), server) as gateway:
            for sql in reads(seed):
                if time.monotonic() - began > seconds:
                    break
                await ask(gateway, sql, seen, known)
    print(
        f"{seen.asked} asked, {seen.shown} answered with rows, {seen.masked} of them masked; nothing planted came back"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    asyncio.run(_for(given.seconds, given.seed))
