"""The embedded database: made once, kept, and loaded with the shop; on the system's PostgreSQL and on the wheel's."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from server.demo.binaries import NoDatabase, find_binaries, place_for, reachable, unprivileged_account
from server.demo.database import DATABASE, Database, run_database
from server.demo.loading import ROLES, STORY_ORDER, is_loaded, load, new_passwords, reset_story, set_roles


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of our own that others may pass: pytest closes its own, and the database may run as somebody else."""
    with tempfile.TemporaryDirectory(prefix="warded-demo-", dir="/tmp") as name:
        Path(name).chmod(0o711)
        yield Path(name) / "postgres"


@pytest.fixture(params=["system", "wheel"])
def database(request: pytest.FixtureRequest, folder: Path) -> Iterator[Database]:
    binaries = find_binaries(system=request.param == "system")
    assert binaries.source == request.param
    with run_database(folder, binaries=binaries) as database:
        yield database


async def query(database: Database, sql: str, *, role: str = "", password: str = "") -> list[asyncpg.Record]:
    url = database.superuser_url()
    if role:
        url = f"postgresql://{role}:{password}@127.0.0.1:{database.port}/{DATABASE}"
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(sql))
    finally:
        await connection.close()


@pytest.mark.anyio
async def test_the_shop_loads_and_each_role_reaches_only_what_it_is_for(database: Database) -> None:
    assert not await is_loaded(database)
    assert await load(database) >= 50_000
    assert await is_loaded(database)
    passwords = new_passwords()
    await set_roles(database, passwords)
    counts = "SELECT (SELECT count(*) FROM shop.customers), (SELECT count(*) FROM shop.customer_overview)"
    [row] = await query(database, counts, role="warded_reader", password=passwords["warded_reader"])
    assert row[0] == row[1] == 6000
    forbidden = {
        "warded_reader": ("SELECT 1 FROM hr.employees", "DELETE FROM shop.orders WHERE id = 1", "CREATE TABLE t ()"),
        "warded_writer": ("SELECT 1 FROM hr.employees", "TRUNCATE shop.api_keys", "ALTER TABLE shop.orders ADD x int"),
        "warded_hr": ("SELECT 1 FROM shop.customers", "UPDATE hr.employees SET salary = 1"),
        "warded_scanner": ("DELETE FROM shop.api_keys",),
    }
    assert forbidden.keys() == ROLES.keys()
    for role, statements in forbidden.items():
        for statement in statements:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await query(database, statement, role=role, password=passwords[role])


@pytest.mark.anyio
async def test_the_story_can_be_told_again(database: Database) -> None:
    await load(database)
    await query(database, f"UPDATE shop.orders SET status = 'shipped' WHERE id = {STORY_ORDER}")
    await reset_story(database)
    assert [row["status"] for row in await query(database, f"SELECT status FROM orders WHERE id = {STORY_ORDER}")] == [
        "packed"
    ]


@pytest.mark.anyio
async def test_a_wrong_password_is_refused_even_on_loopback(database: Database) -> None:
    await load(database)
    await set_roles(database, new_passwords())
    with pytest.raises(asyncpg.InvalidPasswordError):
        await query(database, "SELECT 1", role="warded_reader", password="wrong")


@pytest.mark.anyio
async def test_a_second_run_finds_the_rows_of_the_first(folder: Path) -> None:
    for expected in (False, True):
        with run_database(folder, binaries=find_binaries()) as database:
            assert await is_loaded(database) is expected
            if not expected:
                await load(database)


def test_the_server_is_gone_when_the_block_ends_and_its_secrets_are_for_the_owner_alone(folder: Path) -> None:
    with run_database(folder, binaries=find_binaries()):
        assert stat.S_IMODE((folder / "superuser").stat().st_mode) == 0o600
        assert (folder / "data" / "postmaster.pid").exists()
    assert not (folder / "data" / "postmaster.pid").exists()
    assert not (folder / "initdb.password").exists()


@pytest.mark.skipif("os.geteuid() != 0", reason="only root's folders can be closed to the database's user")
def test_a_checkout_that_others_cannot_enter_gets_a_stand_in_they_can(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    place = place_for(closed / "postgres", unprivileged_account())
    try:
        assert place != closed / "postgres"
        assert reachable(place)
        assert place == place_for(closed / "postgres", unprivileged_account())
    finally:
        place.rmdir()


@pytest.mark.skipif("os.geteuid() != 0", reason="only root's folders can be closed to the database's user")
def test_a_stand_in_that_somebody_else_planted_is_refused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    account = unprivileged_account()
    place = place_for(closed / "postgres", account)
    try:
        account.own(place)
        with pytest.raises(NoDatabase, match="belongs to somebody else"):
            place_for(closed / "postgres", account)
    finally:
        place.rmdir()
