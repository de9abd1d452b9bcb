"""What doctor reports of a PostgreSQL resource."""

from __future__ import annotations

import pytest

from backends.base import Health
from backends.postgres.upstream import PostgresUpstream
from catalog.model import Login, Resource
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

SETUP = """
CREATE TABLE t (x int);
CREATE ROLE "{db}_reader" LOGIN PASSWORD '{pw}'; GRANT SELECT ON t TO "{db}_reader";
CREATE ROLE "{db}_writer" LOGIN PASSWORD '{pw}'; GRANT SELECT, INSERT ON t TO "{db}_writer";
CREATE ROLE "{db}_owner" LOGIN PASSWORD '{pw}'; CREATE TABLE o (x int); ALTER TABLE o OWNER TO "{db}_owner";
CREATE ROLE "{db}_wide" LOGIN PASSWORD '{pw}' BYPASSRLS CREATEROLE; GRANT pg_read_server_files TO "{db}_wide";
"""


@pytest.fixture(scope="module")
def database(server: Server) -> str:
    name = server.create_database()
    server.psql(SETUP.format(db=name, pw=server.password), database=name)
    return name


async def lines(server: Server, database: str, *users: str, scanner: str = "", address: str = "") -> list[Health]:
    logins = tuple(Login(user, "test:password") for user in users)
    scans = Login(scanner, "test:password") if scanner else None
    resource = Resource("shop", "postgres", address or server.address(database), logins=logins, scanner=scans)
    upstream = PostgresUpstream(resource, lambda _: server.password)
    found = await upstream.check()
    await upstream.close()
    return found


async def bad(server: Server, database: str, *users: str, scanner: str = "") -> str:
    found = [line for line in await lines(server, database, *users, scanner=scanner) if not line.ok]
    assert all(line.remedy for line in found)
    return "; ".join(line.detail for line in found)


async def test_a_login_that_answers_is_well_and_its_rights_are_told_elsewhere(server: Server, database: str) -> None:
    for user in (f"{database}_reader", f"{database}_wide"):
        found = await lines(server, database, user)
        assert [line.check for line in found] == [f"login {user}", "TLS"]
        assert all(line.ok for line in found)
        assert "PostgreSQL" in found[0].detail


async def test_rights_of_the_scanner_that_are_wider_than_reading_are_named(server: Server, database: str) -> None:
    reader = f"{database}_reader"
    assert await bad(server, database, reader, scanner=reader) == ""
    assert "superuser" in await bad(server, database, reader, scanner="postgres")
    assert "owns 1 tables" in await bad(server, database, reader, scanner=f"{database}_owner")
    assert "can change 1 tables" in await bad(server, database, reader, scanner=f"{database}_writer")
    wide = await bad(server, database, reader, scanner=f"{database}_wide")
    assert all(words in wide for words in ("row security", "create roles", "pg_read_server_files"))


async def test_every_login_is_tried_and_a_refusal_is_a_line(server: Server, database: str) -> None:
    found = await lines(server, database, f"{database}_reader", "nobody_here")
    refused = [line for line in found if line.check == "login nobody_here"]
    assert [(line.ok, "nobody_here" in line.remedy) for line in refused] == [(False, True)]


async def test_a_server_that_is_away_is_a_line(server: Server, database: str) -> None:
    found = await lines(server, database, "ann", address="postgres://127.0.0.1:1/x")
    assert [(line.ok, "cannot be reached" in line.detail) for line in found] == [(False, True)]
