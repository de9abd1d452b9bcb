"""warded doctor --masking reads sensitive values back through every door, and says which label leaks where."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.config import Config
from server.doctor.line import Line
from server.doctor.masking import check_masking
from tests.journeys.test_bounds import rewrite
from tests.support.databases import sqlite_url
from tests.support.gateway import Running, free_port, running_gateway, shop_config
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

EVERYBODY = """
@id("all") permit (principal in Group::"developers", action, resource is Resource);
"""
REVEALED = """
@id("mail") permit (principal in Group::"developers", action == Action::"reveal", resource == Label::"EMAIL");
"""


@pytest.fixture
async def running(
    tmp_path: Path, shop_server: Server, shop_database: str, migrated_file: Path
) -> AsyncIterator[Running]:
    (tmp_path / "state").mkdir(mode=0o700)
    store_url = sqlite_url(shutil.copy(migrated_file, tmp_path / "state" / "warded.db"))
    config = shop_config(
        tmp_path, shop_server, port=free_port(), store_url=store_url, database=shop_database,
        listeners={"postgres": {"port": free_port()}},
    )  # fmt: skip
    async with running_gateway(config) as found:
        yield found


async def examined(running: Running, *, plant: bool = False, user: str = "dana") -> list[Line]:
    return await check_masking(running.gateway.config, "shop", user, plant=plant)


def said(lines: list[Line], status: str) -> str:
    return "\n".join(f"{line.check}: {line.detail}" for line in lines if line.status == status)


async def test_samples_of_labelled_columns_stay_hidden_over_every_door(running: Running) -> None:
    await rewrite(running, EVERYBODY)
    lines = await examined(running)
    assert said(lines, "fail") == ""
    assert {line.check for line in lines if line.status == "ok"} == {
        "masking shop over mcp",
        "masking shop over postgres",
    }
    assert "EMAIL" in said(lines, "ok")


async def test_canaries_are_planted_read_back_and_gone(running: Running, shop_server: Server) -> None:
    await rewrite(running, EVERYBODY)
    lines = await examined(running, plant=True)
    assert said(lines, "fail") == ""
    for door in ("mcp", "postgres"):
        [hidden] = [line.detail for line in lines if line.status == "ok" and line.check.endswith(door)]
        assert {"CREDIT_CARD", "EMAIL", "IBAN", "PHONE", "SSN"} <= set(hidden.split())
    database = running.gateway.resources["shop"].address.rsplit("/", 1)[1].partition("?")[0]
    left = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'warded_canary%'"
    assert shop_server.psql(left, database=database).strip() == "0"


async def test_a_label_that_comes_in_clear_is_named_with_its_column_and_door(running: Running) -> None:
    await rewrite(running, EVERYBODY + REVEALED)
    found = said(await examined(running), "fail")
    assert "masking shop over mcp: EMAIL leaks in shop.customers.email" in found
    assert "masking shop over postgres: EMAIL leaks in shop.customers.email" in found
    assert "PHONE" not in found


async def test_what_cannot_be_read_proves_nothing(running: Running) -> None:
    found = said(await examined(running, user="nobody"), "fail")
    assert "nothing is proven" in found
    assert "no account" in said(await examined(running, user="who"), "fail")


async def test_a_resource_without_any_label_is_a_failure_and_never_scanned_a_warning(
    running: Running, shop_server: Server, shop_database: str, tmp_path: Path, migrated_file: Path
) -> None:
    empty = tmp_path / "other"
    empty.mkdir()
    store_url = sqlite_url(shutil.copy(migrated_file, empty / "warded.db"))
    shop_server.psql("DROP SCHEMA shop CASCADE; CREATE TABLE plain (id int); ANALYZE", database=shop_database)
    config: Config = shop_config(empty, shop_server, port=free_port(), store_url=store_url, database=shop_database)
    async with running_gateway(config) as other:
        lines = await check_masking(config, "shop", "dana", plant=False)
        assert "masks are on and hide nothing" in said(lines, "fail")
        assert await other.gateway.keeper.check() == "the scan of shop found nothing to mask"
        assert b'warded_blind_resources{why="nothing labelled"} 1.0' in other.gateway.keeper.metrics.exposition()  # type: ignore[union-attr]
