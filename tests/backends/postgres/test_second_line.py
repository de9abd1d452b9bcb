"""The database as second line: the session stays who it was, and a write that changes too much is undone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.base import Done, Rows
from backends.errors import UpstreamError
from tests.backends.postgres.asking import LIMITS, READ, WRITE, Asker
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

SETUP = """
CREATE TABLE people (id int PRIMARY KEY, name text);
INSERT INTO people SELECT i, 'p' || i FROM generate_series(1, 100) i;
CREATE TABLE orders (id int PRIMARY KEY, person int REFERENCES people ON DELETE CASCADE);
INSERT INTO orders SELECT i, 1 + i % 10 FROM generate_series(1, 50) i;
CREATE TABLE log (at int);
CREATE TABLE watched (id int);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO log SELECT generate_series(1, 20); RETURN NEW; END $$;
CREATE TRIGGER t AFTER INSERT ON watched FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE ROLE low_{0}; CREATE ROLE high_{0} SUPERUSER;
CREATE FUNCTION turn(role text) RETURNS text LANGUAGE plpgsql AS $$
  BEGIN PERFORM set_config('role', role, false); RETURN 'turned'; END $$;
CREATE FUNCTION pose(who text) RETURNS text LANGUAGE plpgsql AS $$
  BEGIN PERFORM set_config('session_authorization', who, false); RETURN 'posed'; END $$;
CREATE FUNCTION set(name text, value text) RETURNS text LANGUAGE plpgsql AS $$
  BEGIN RETURN set_config(name, value, false); END $$;
CREATE FUNCTION sly() RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
  BEGIN RETURN set_config('role', 'low_{0}', false); END $$;
CREATE VIEW turning AS SELECT i, set('role', 'low_{0}') FROM generate_series(1, 4000) i;
CREATE VIEW posing AS SELECT i, set('session_authorization', 'low_{0}') FROM generate_series(1, 4000) i;
CREATE VIEW wandering AS SELECT i, set('search_path', 'pg_temp, public') FROM generate_series(1, 4000) i;
CREATE VIEW guarded AS SELECT i, set('row_security', 'off') FROM generate_series(1, 4000) i;
GRANT EXECUTE ON FUNCTION set(text, text) TO low_{0};
"""


@pytest.fixture(scope="module")
def template(server: Server) -> str:
    name = server.create_database()
    server.psql(SETUP.format(name), database=name)
    return name


@pytest.fixture
def database(server: Server, template: str) -> str:
    return server.create_database(template=template)


def count(server: Server, database: str, table: str) -> int:
    return int(server.psql(f"SELECT count(*) FROM {table}", database=database))


@pytest.mark.parametrize(
    ("sql", "changed"),
    [
        ("DELETE FROM orders WHERE id <= 6", 6),
        ("UPDATE people SET name = 'x' WHERE id <= 6", 6),
        ("UPDATE people SET name = 'x' WHERE id <= 6 RETURNING id", 6),
        ("INSERT INTO log SELECT generate_series(1, 6)", 6),
        ("WITH d AS (DELETE FROM orders WHERE id <= 6 RETURNING id) SELECT count(*) FROM d", 6),
        ("WITH d AS (DELETE FROM orders WHERE id <= 6) INSERT INTO log VALUES (1)", 7),
        ("DELETE FROM people WHERE id = 1", 6),
        ("INSERT INTO watched VALUES (1)", 21),
    ],
)
async def test_a_write_that_changes_more_than_it_may_is_undone(
    db: Asker, server: Server, database: str, sql: str, changed: int
) -> None:
    tables = ("orders", "people", "log", "watched")
    before = [count(server, database, table) for table in tables]
    with pytest.raises(UpstreamError) as error:
        await db.chunks(sql, actions=WRITE, limits=replace(LIMITS, max_affected=changed - 1))
    assert error.value.code == "limit"
    assert f"would change {changed} rows, but at most {changed - 1} may" in error.value.message
    assert [count(server, database, table) for table in tables] == before
    done = (await db.chunks(sql, actions=WRITE, limits=replace(LIMITS, max_affected=changed)))[-1]
    assert isinstance(done, Done)
    assert [count(server, database, table) for table in tables] != before or sql.startswith("UPDATE")


async def test_changes_of_earlier_statements_do_not_count(db: Asker) -> None:
    for _ in range(5):
        await db.chunks(
            "UPDATE people SET name = 'y' WHERE id <= 4", actions=WRITE, limits=replace(LIMITS, max_affected=4)
        )


async def test_rows_that_a_bounded_write_returns_are_whole(db: Asker) -> None:
    sql = "UPDATE people SET name = 'x' WHERE id <= 3 RETURNING id"
    assert await db.rows(sql, actions=WRITE, limits=replace(LIMITS, max_affected=3)) == [["1"], ["2"], ["3"]]


@pytest.mark.parametrize("actions", [READ, WRITE])
@pytest.mark.parametrize("call", ["turn('low_{0}')", "pose('low_{0}')", "pose('high_{0}')"])
async def test_a_session_that_became_somebody_else_is_dropped_and_nothing_of_it_stays(
    db: Asker, server: Server, database: str, template: str, call: str, actions: frozenset[object]
) -> None:
    call = call.format(template)
    sql = f"INSERT INTO log SELECT length({call})" if actions == WRITE else f"SELECT {call}"
    with pytest.raises(UpstreamError) as error:
        await db.chunks(sql, actions=actions, opaque=True)
    assert error.value.code in {"session", "protocol", "42501"}
    assert count(server, database, "log") == 0
    assert await db.rows("SELECT current_user::text, session_user::text") == [["postgres", "postgres"]]


async def test_what_stays_itself_is_left_alone(db: Asker) -> None:
    for actions in (READ, WRITE):
        assert await db.rows("SELECT turn('postgres')", actions=actions, opaque=True) == [["turned"]]


async def test_an_error_of_the_statement_itself_is_not_taken_for_another_role(db: Asker) -> None:
    for actions in (READ, WRITE):
        with pytest.raises(UpstreamError) as error:
            await db.chunks("SELECT name::int FROM people", actions=actions, opaque=True)
        assert error.value.code == "22P02"


@pytest.mark.parametrize("steps", [1, 700, 3000])
@pytest.mark.parametrize("view", ["turning", "posing", "wandering", "guarded"])
async def test_a_view_that_changes_the_session_ends_it_before_its_rows_are_given_out(
    db: Asker, view: str, steps: int
) -> None:
    """The text names nothing but a view, so it is a plain read; what the view calls is nowhere to be seen."""
    stream = db.stream(f"SELECT * FROM {view} LIMIT {steps}", limits=replace(LIMITS, max_rows=5000))
    rows: list[list[str | None]] = []

    async def take() -> None:
        async for chunk in stream:
            rows.extend(chunk.rows if isinstance(chunk, Rows) else [])

    with pytest.raises(UpstreamError) as error:
        await take()
    assert error.value.code in {"session", "protocol"}
    assert rows == []
    assert await db.rows("SELECT current_user::text, current_setting('search_path')") == [
        ["postgres", '"$user", public']
    ]


async def test_a_function_that_takes_read_only_off_in_the_middle_gives_nothing_out(
    db: Asker, server: Server, database: str
) -> None:
    for sql in (
        "SELECT set_config('transaction_read_only', 'off', true) FROM people",
        "SELECT set_config('default_transaction_read_only', 'on', false) FROM people",
        "SELECT set_config('row_security', 'off', false), id FROM people",
    ):
        with pytest.raises(UpstreamError) as error:
            await db.rows(sql, opaque=True)
        assert error.value.code in {"session", "25001", "22023"}, sql
    assert await db.rows("SELECT current_setting('row_security')") == [["on"]]


async def test_planning_that_changes_the_session_ends_it(db: Asker) -> None:
    """The planner evaluates what claims to be immutable."""
    with pytest.raises(UpstreamError) as error:
        await db.chunks("SELECT sly()", verb="sql_plan")
    assert error.value.code in {"session", "protocol"}
    assert await db.rows("SELECT current_user::text") == [["postgres"]]


async def test_reads_run_read_only_by_the_extended_protocol(db: Asker, server: Server, database: str) -> None:
    assert await db.rows("SELECT current_setting('transaction_read_only')") == [["on"]]
    with pytest.raises(UpstreamError) as error:
        await db.chunks("INSERT INTO log VALUES (1)")
    assert error.value.code == "25006"
    with pytest.raises(UpstreamError) as error:
        await db.chunks("COMMIT; INSERT INTO log VALUES (1)")
    assert error.value.code == "42601"  # the extended protocol takes one statement
    assert count(server, database, "log") == 0


async def test_long_reads_and_writes_that_change_nothing_of_the_session_are_whole(db: Asker) -> None:
    wide = replace(LIMITS, max_rows=5000)
    assert len(await db.rows("SELECT generate_series(1, 3000)", limits=wide)) == 3000
    assert len(await db.rows("INSERT INTO log SELECT generate_series(1, 1200) RETURNING at", actions=WRITE)) == 1000
