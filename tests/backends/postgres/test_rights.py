"""Which rights of a login are found, and that the statement given with each takes it away."""

from __future__ import annotations

import pytest

from backends.base import Right
from backends.postgres.upstream import PostgresUpstream
from catalog.model import Login
from tests.backends.postgres.asking import resource_of
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

SETUP = """
CREATE SCHEMA app; CREATE SCHEMA many;
CREATE TABLE app.orders (id int); CREATE TABLE app."Odd one" (id int);
CREATE TABLE many.a (x int); CREATE TABLE many.b (x int); CREATE TABLE many.c (x int); CREATE TABLE many.d (x int);
CREATE ROLE "{0}_team";
CREATE ROLE "{0}_wide" LOGIN PASSWORD '{1}' CREATEROLE CREATEDB BYPASSRLS REPLICATION IN ROLE "{0}_team";
GRANT pg_read_server_files, pg_execute_server_program, pg_monitor TO "{0}_wide";
GRANT USAGE, CREATE ON SCHEMA app TO "{0}_team"; GRANT CREATE ON DATABASE "{0}" TO "{0}_wide";
GRANT SELECT, INSERT, UPDATE ON app.orders TO "{0}_team"; GRANT DELETE ON app."Odd one" TO PUBLIC;
GRANT TRUNCATE ON ALL TABLES IN SCHEMA many TO "{0}_wide";
GRANT EXECUTE ON FUNCTION pg_read_file(text) TO "{0}_wide";
CREATE TABLE app.mine (x int); ALTER TABLE app.mine OWNER TO "{0}_wide";
CREATE ROLE "{0}_plain" LOGIN PASSWORD '{1}';
GRANT USAGE ON SCHEMA many TO "{0}_plain"; GRANT SELECT ON many.a TO "{0}_plain";
ALTER ROLE "{0}_plain" SET default_transaction_read_only = on;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
"""


@pytest.fixture
def database(server: Server) -> str:
    name = server.create_database()
    server.psql(SETUP.format(name, server.password), database=name)
    return name


async def rights(server: Server, database: str, user: str) -> dict[str, Right]:
    resource = resource_of(server, database, user=user)
    upstream = PostgresUpstream(resource, lambda _: server.password)
    found = await upstream.rights(Login(user, "test:password"))
    await upstream.close()
    return {right.what: right for right in found}


async def test_a_superuser_is_one_right_that_says_it_all(server: Server, database: str) -> None:
    (right,) = (await rights(server, database, "postgres")).values()
    assert (right.needs, right.remedy) == ((), "ALTER ROLE postgres NOSUPERUSER")


async def test_every_right_beyond_reading_is_named(server: Server, database: str) -> None:
    found = await rights(server, database, f"{database}_wide")
    for what in (
        "may create roles",
        "may create databases",
        "bypasses row security",
        "may replicate",
        "member of pg_read_server_files",
        "member of pg_execute_server_program",
        "member of pg_monitor",
        "its sessions may write",
        "INSERT on app.orders",
        'DELETE on app."Odd one"',
        "TRUNCATE on 4 tables of many",
        "may create objects in schema app",
        f"may create objects in database {database}",
        "owns 1 table (app.mine)",
        "may call pg_read_file(text)",
    ):
        assert any(told.startswith(what) for told in found), (what, list(found))
    assert not any("SELECT" in told for told in found)


async def test_each_remedy_takes_its_right_away(server: Server, database: str) -> None:
    user, spare = f"{database}_wide", f"{database}_spare"
    server.psql(f'CREATE ROLE "{spare}"')
    for right in (await rights(server, database, user)).values():
        server.psql(right.remedy.replace("another_role", f'"{spare}"'), database=database)
    assert list(await rights(server, database, user)) == []


async def test_a_login_that_only_reads_has_none(server: Server, database: str) -> None:
    server.psql('REVOKE DELETE ON app."Odd one" FROM PUBLIC', database=database)
    assert list(await rights(server, database, f"{database}_plain")) == []
