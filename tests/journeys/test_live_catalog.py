"""Data that turns up where no scan expected it is hidden while it passes, and the catalog learns of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import yaml
from sqlalchemy import make_url, select
from typer.testing import CliRunner

from catalog.model import Label
from server.cli.commands import app
from server.config import Config
from server.store.models import CatalogColumn, CatalogEvidence, CatalogReading
from tests.catalog.places import column
from tests.support.clients.mcp_http import call
from tests.support.gateway import AGENT, Running, free_port, running_gateway, shop_config
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


async def ask(running: Running, http: httpx.AsyncClient, sql: str, user: str = "dana") -> dict[str, Any]:
    return await call(http, await running.agent_token(user), "sql_query", resource="shop", sql=sql)


def cells(answer: dict[str, Any]) -> list[object]:
    rows = answer["rows"]
    assert isinstance(rows, list), answer
    return [row[0] for row in rows]


def ok(answer: dict[str, Any]) -> bool:
    assert answer["status"] == "ok", (answer.get("reasons"), answer.get("error"))
    return True


async def test_one_hit_hides_its_cell_and_leaves_the_rest(
    running: Running, http: httpx.AsyncClient, shop: Shop
) -> None:
    shop.change("UPDATE shop.orders SET status = 'ask jane@example.org' WHERE id = 3")
    found = await ask(running, http, "SELECT status FROM shop.orders ORDER BY id LIMIT 5")
    assert cells(found) == ["paid", "paid", "[EMAIL]", "paid", "paid"]
    assert [(each["column"], each["label"]) for each in found["masked"]] == [("status", "EMAIL")]
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
    assert [each["label"] for each in found["masked"]] == ["EMAIL"]
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


@pytest.fixture
def writable(tmp_path: Path, shop_server: Server, shop_database: str, store_url: str) -> Config:
    """No pack stands in the way of a write."""
    port = free_port()
    return shop_config(
        tmp_path, shop_server, port=port, store_url=store_url, database=shop_database,
        policy={"folder": tmp_path / "policies", "packs": []},
    )  # fmt: skip


async def test_what_labelled_data_is_written_into_is_masked_from_then_on(writable: Config, shop: Shop) -> None:
    shop.change("CREATE TABLE shop.copies (id int, place text, words text); ANALYZE shop.copies")
    shop.change("INSERT INTO shop.copies VALUES (1, 'here', 'plain'), (2, 'there', 'plain')")
    async with running_gateway(writable) as running, httpx.AsyncClient(base_url=running.url, timeout=30) as http:
        assert cells(await ask(running, http, "SELECT words FROM shop.copies WHERE id = 1")) == ["plain"]
        sql = "INSERT INTO shop.copies (id, words) SELECT id + 1000, md5(phone) FROM shop.customers WHERE id < 5"
        done = await ask(running, http, sql)
        assert ok(done)
        assert cells(await ask(running, http, "SELECT words FROM shop.copies WHERE id = 1")) == ["[MASKED]"]
        assert cells(await ask(running, http, "SELECT place FROM shop.copies WHERE id = 1")) == ["here"]
        sql = "UPDATE shop.copies AS o SET place = c.email FROM shop.customers AS c WHERE c.id = o.id AND o.id = 2"
        assert ok(await ask(running, http, sql))
        found = running.gateway.keeper.labels.get("shop").column(column("shop.copies.place"))
        assert found is Label.EMAIL
        assert cells(await ask(running, http, "SELECT place FROM shop.copies WHERE id = 1")) == ["[EMAIL]"]


async def test_a_new_table_is_masked_until_a_quick_look_and_keeps_what_was_copied_into_it(
    writable: Config,
) -> None:
    async with running_gateway(writable) as running, httpx.AsyncClient(base_url=running.url, timeout=30) as http:
        sql = "CREATE TABLE shop.fresh AS SELECT id, country AS land, reverse(phone) AS odd FROM shop.customers"
        assert ok(await ask(running, http, sql))
        labels = running.gateway.keeper.labels
        for _ in range(200):
            if labels.get("shop").column(column("shop.fresh.land")) is None:
                break
            await anyio.sleep(0.05)
        shown = await ask(running, http, "SELECT land, odd FROM shop.fresh WHERE id = 3")
        assert shown["rows"] == [["DE", "[MASKED]"]]
        assert (await ask(running, http, "CREATE VIEW shop.seen AS SELECT email AS x, id FROM shop.customers"))[
            "status"
        ] == "ok"
        for _ in range(200):
            if labels.get("shop").column(column("shop.seen.x")) is Label.EMAIL:
                break
            await anyio.sleep(0.05)
        assert labels.get("shop").column(column("shop.seen.x")) is Label.EMAIL
        renamed = "ALTER TABLE shop.fresh RENAME COLUMN land TO nation"
        assert (await ask(running, http, renamed))["status"] == "ok"


async def test_a_verdict_is_taken_apart_without_showing_a_value(running: Running, tmp_path: Path) -> None:
    path, document = tmp_path / "warded.yaml", running.gateway.config.model_dump(mode="json")
    store, secret = make_url(document["store"]["url"]), tmp_path / "store-password"
    if store.password:
        secret.write_text(str(store.password))
        secret.chmod(0o600)
        document["store"] = {"url": store._replace(password=None).render_as_string(), "password": f"file:{secret}"}
    path.write_text(yaml.safe_dump(document))
    arguments = ["catalog", "why", "shop", "customers.email", "--look", "--config", str(path)]
    done = await anyio.to_thread.run_sync(lambda: CliRunner().invoke(app, arguments))
    assert done.exit_code == 0, done.output
    assert "shop:shop.customers.email is EMAIL" in done.output
    assert "how much each kind of evidence adds: " in done.output
    assert "what rules alone say: label EMAIL" in done.output
    assert "example.org" not in done.output
