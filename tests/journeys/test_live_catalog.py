"""Data that turns up where no scan expected it is hidden while it passes, and the catalog learns of it."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select

from catalog.model import Label
from server.store.models import CatalogColumn, CatalogEvidence, CatalogReading
from tests.catalog.places import column
from tests.support.clients.mcp_http import call
from tests.support.gateway import AGENT, Running
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def shop(shop_server: Server, shop_database: str) -> Shop:
    return Shop(shop_server, shop_database)


class Shop:
    """What happens to the database behind Warded's back."""

    def __init__(self, server: Server, database: str) -> None:
        self.server, self.database = server, database

    def change(self, sql: str) -> None:
        self.server.psql(sql, database=self.database)


async def ask(running: Running, http: httpx.AsyncClient, sql: str, user: str = "dana") -> dict[str, object]:
    return await call(http, await running.agent_token(user), "sql_query", resource="shop", sql=sql)


def cells(answer: dict[str, object]) -> list[object]:
    rows = answer["rows"]
    assert isinstance(rows, list), answer
    return [row[0] for row in rows]


async def test_one_hit_hides_its_cell_and_leaves_the_rest(
    running: Running, http: httpx.AsyncClient, shop: Shop
) -> None:
    shop.change("UPDATE shop.orders SET status = 'ask jane@example.org' WHERE id = 3")
    found = await ask(running, http, "SELECT status FROM shop.orders ORDER BY id LIMIT 5")
    assert cells(found) == ["paid", "paid", "[EMAIL]", "paid", "paid"]
    assert [(each["column"], each["label"]) for each in found["masked"]] == [("status", "EMAIL")]  # type: ignore[index]
    await running.gateway.keeper.settle()
    async with running.gateway.store.session() as session:
        kinds = [(row.column, row.label, row.kind) for row in await session.scalars(select(CatalogEvidence))]
    assert ("status", "EMAIL", "sweep") in kinds
    assert running.gateway.keeper.labels.get("shop").column(column("shop.orders.status")) is None


async def test_two_hits_hide_the_column_from_there_on_and_for_everybody_until_reviewed(
    running: Running, http: httpx.AsyncClient, shop: Shop
) -> None:
    shop.change("UPDATE shop.orders SET status = 'key of u' || id || '@example.org' WHERE id IN (2, 3)")
    found = await ask(running, http, "SELECT status FROM shop.orders ORDER BY id LIMIT 5")
    assert cells(found) == ["paid", "[EMAIL]", "[EMAIL]", "[EMAIL]", "[EMAIL]"]
    await running.gateway.keeper.settle()
    assert running.gateway.keeper.labels.get("shop").column(column("shop.orders.status")) is Label.EMAIL
    later = await ask(running, http, "SELECT status FROM shop.orders WHERE id = 9")
    assert cells(later) == ["[EMAIL]"]
    async with running.gateway.store.session() as session:
        row = await session.get(CatalogColumn, ("shop", "shop", "orders", "status"))
    assert row is not None
    assert (row.label, row.state, row.detector) == ("EMAIL", "pending", "sweep")


async def test_a_computed_column_that_no_label_reaches_is_judged_by_its_values_and_remembered(
    running: Running, http: httpx.AsyncClient
) -> None:
    sql = "SELECT 'reader' || n || chr(64) || 'example.org' AS contact FROM generate_series(1, 12) AS n"
    found = await ask(running, http, sql)
    assert not any("example.org" in str(cell) and "reader" in str(cell) for cell in cells(found))
    assert [each["label"] for each in found["masked"]] == ["EMAIL"]  # type: ignore[index]
    assert cells(await ask(running, http, sql)) == cells(found)


async def test_every_answer_counts_for_its_reader(running: Running, http: httpx.AsyncClient) -> None:
    for user, times in (("dana", 3), ("lee", 1)):
        for _ in range(times):
            await ask(running, http, "SELECT id, email, email AS again, count(*) OVER () FROM shop.customers", user)
    await running.gateway.keeper.settle()
    async with running.gateway.store.session() as session:
        rows = [*await session.scalars(select(CatalogReading))]
    kept = {(row.column, row.user, row.agent): (row.reads, row.masked) for row in rows}
    assert kept == {
        ("id", "dana", AGENT): (3, 0),
        ("id", "lee", AGENT): (1, 0),
        ("email", "dana", AGENT): (3, 3),
        ("email", "lee", AGENT): (1, 1),
    }
    await ask(running, http, "SELECT id FROM shop.customers LIMIT 1", "lee")
    await running.gateway.keeper.settle()
    async with running.gateway.store.session() as session:
        row = await session.get(CatalogReading, ("shop", "shop", "customers", "id", "lee", AGENT))
    assert row is not None
    assert row.reads == 2


async def test_when_detection_fails_the_columns_it_watches_are_hidden(
    running: Running, http: httpx.AsyncClient
) -> None:
    def broken(cells: object) -> list[object]:
        raise RuntimeError("jane@example.org")

    running.gateway.pipeline.executor.net.sweep = broken  # type: ignore[assignment]
    found = await ask(running, http, "SELECT status, id FROM shop.orders WHERE id = 3")
    assert found["rows"] == [["[UNSCANNED]", "3"]] or found["rows"] == [["[UNSCANNED]", 3]]
    numbers = (await http.get("/metrics")).text
    assert 'warded_detection_failures_total{outcome="hidden"} 1.0' in numbers
