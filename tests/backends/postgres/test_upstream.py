"""Executing what a Permit allows: reads, writes, limits, errors, origins, dry runs."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import cast

import pytest

from backends.base import Columns, Document, Done, Limits, Rows
from backends.errors import UpstreamError
from backends.postgres.upstream import PostgresUpstream
from catalog.model import Locator
from policy.permit import PermitSpent
from tests.backends.postgres.asking import LIMITS, WRITE, Asker, origins_of, permit, resource_of, rows_of
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

SETUP = """
CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, ssn varchar(11), age int DEFAULT 18);
INSERT INTO people SELECT i, 'p' || i, lpad(i::text, 11, '0'), i % 90 FROM generate_series(1, 3000) i;
CREATE TABLE orders (id int PRIMARY KEY, person int REFERENCES people DEFERRABLE INITIALLY DEFERRED,
  total numeric(10,2));
INSERT INTO orders SELECT i, i, i * 1.5 FROM generate_series(1, 100) i;
COMMENT ON TABLE orders IS 'what was bought';
COMMENT ON COLUMN orders.total IS 'in euros';
CREATE VIEW adults AS SELECT name AS who, ssn FROM people WHERE age >= 18;
CREATE SCHEMA other; CREATE TABLE other.people (x text); CREATE TABLE other.hidden (x text);
CREATE FUNCTION talk(x text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'saw %', x; RETURN x; END $$;
CREATE FUNCTION leak(x text) RETURNS int LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION 'secret %', x USING ERRCODE = 'Z9999', TABLE = x; END $$;
ANALYZE;
"""


@pytest.fixture(scope="module")
def template(server: Server) -> str:
    name = server.create_database()
    server.psql(SETUP, database=name)
    return name


@pytest.fixture
def database(server: Server, template: str) -> str:
    return server.create_database(template=template)


# Reads


async def test_the_shape_comes_first_then_rows_then_the_end(db: Asker) -> None:
    for _ in range(2):  # cold, then warm
        chunks = await db.chunks("SELECT id, name FROM people WHERE id = $1", [7])
        assert [type(chunk) for chunk in chunks] == [Columns, Rows, Done]
        assert rows_of(chunks) == [["7", "p7"]]
        assert chunks[-1] == Done(tag="SELECT 1")


async def test_an_empty_result_has_a_shape_and_an_end(db: Asker) -> None:
    chunks = await db.chunks("SELECT id FROM people WHERE false")
    assert [type(chunk) for chunk in chunks] == [Columns, Done]


async def test_the_shape_is_announced_before_anything_is_executed(db: Asker, server: Server, database: str) -> None:
    stream = db.stream("INSERT INTO other.people VALUES ('x')", actions=WRITE)
    async with aclosing(stream) as chunks:  # type: ignore[type-var]
        assert isinstance(await anext(chunks), Columns)
    assert server.psql("SELECT count(*) FROM other.people", database=database) == "0\n"


async def test_a_permit_opens_the_upstream_once(db: Asker) -> None:
    allowed = permit(db.resource, "SELECT 1")
    assert [chunk async for chunk in db.upstream.execute(allowed, limits=LIMITS, label="x")]
    with pytest.raises(PermitSpent):
        db.upstream.execute(allowed, limits=LIMITS, label="x")


async def test_a_permit_is_spent_by_asking_even_if_nobody_listens(db: Asker) -> None:
    allowed = permit(db.resource, "SELECT 1")
    db.upstream.execute(allowed, limits=LIMITS, label="x")
    with pytest.raises(PermitSpent):
        db.upstream.execute(allowed, limits=LIMITS, label="x")


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM people",
        "WITH gone AS (DELETE FROM people RETURNING id) SELECT * FROM gone",
        "SELECT setval('numbers', 5)",
        "CREATE TABLE t (x int)",
        "SELECT * FROM people FOR UPDATE",
        "SELECT set_config('transaction_read_only', 'off', true), talk('x')",
    ],
)
async def test_a_write_smuggled_as_a_read_fails(db: Asker, server: Server, database: str, text: str) -> None:
    server.psql("CREATE SEQUENCE numbers", database=database)
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks(text)
    assert refusal.value.code in {"25006", "25001"}
    assert server.psql("SELECT count(*) FROM people", database=database) == "3000\n"


async def test_several_statements_in_one_text_are_refused(db: Asker) -> None:
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks("SELECT 1; DELETE FROM people")
    assert refusal.value.code == "42601"


async def test_the_label_is_the_name_the_server_sees(db: Asker) -> None:
    sql = "SELECT current_setting('application_name')"
    assert await db.rows(sql, label="ann · claude") == [["ann ? claude"]]
    assert await db.rows(sql, label="bob" * 50) == [[("bob" * 50)[:63]]]
    with pytest.raises(UpstreamError):
        await db.rows("SELECT 1/id FROM (VALUES (0)) v(id)", label="eve")
    assert await db.rows(sql, label="ann") == [["ann"]]


async def test_the_server_has_a_time_out_behind_ours(db: Asker) -> None:
    limits = Limits(10, 1000, 7.0)
    assert await db.rows("SELECT current_setting('statement_timeout')", limits=limits) == [["12s"]]


async def test_a_backslash_is_an_ordinary_character_whatever_the_role_prefers(
    db: Asker, server: Server, database: str
) -> None:
    server.psql(f"ALTER DATABASE {database} SET standard_conforming_strings = off", database=database)
    assert await db.rows("SELECT 'a\\'") == [["a\\"]]


# Limits


@pytest.mark.parametrize("limit", [1, 499, 500, 501, 999, 1000, 1001, 1500, 2999])
async def test_a_result_longer_than_the_limit_is_cut_and_says_so(db: Asker, limit: int) -> None:
    chunks = await db.chunks("SELECT id FROM people ORDER BY id", limits=Limits(limit, 10**6, 30))
    assert [int(row[0] or 0) for row in rows_of(chunks)] == list(range(1, limit + 1))
    assert cast(Done, chunks[-1]).truncated == "rows"


@pytest.mark.parametrize("limit", [3000, 3001, 100_000])
async def test_a_result_as_long_as_the_limit_is_whole(db: Asker, limit: int) -> None:
    chunks = await db.chunks("SELECT id FROM people", limits=Limits(limit, 10**6, 30))
    assert len(rows_of(chunks)) == 3000
    assert cast(Done, chunks[-1]).truncated == ""


@pytest.mark.parametrize("rows", [100, 5000])
async def test_cells_beyond_the_byte_limit_are_not_given_out(db: Asker, rows: int) -> None:
    sql = "SELECT repeat('x', 1000) FROM people"
    chunks = await db.chunks(sql, limits=Limits(rows, 50_500, 30))
    assert len(rows_of(chunks)) == 50
    assert cast(Done, chunks[-1]).truncated == "bytes"
    assert len(await db.rows(sql, limits=Limits(100, 10**6, 30))) == 100


async def test_a_result_of_exactly_the_byte_limit_is_whole(db: Asker) -> None:
    chunks = await db.chunks("SELECT repeat('x', 1000) FROM people LIMIT 10", limits=Limits(100, 10_000, 30))
    assert (len(rows_of(chunks)), cast(Done, chunks[-1]).truncated) == (10, "")


async def test_one_row_far_beyond_the_byte_limit_is_refused_without_keeping_it(db: Asker) -> None:
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks("SELECT repeat('x', 5000000)", limits=Limits(10, 1000, 30))
    assert refusal.value.code == "limit"
    assert await db.rows("SELECT 1") == [["1"]]


# Writes


async def test_a_write_is_committed_and_counted(db: Asker, server: Server, database: str) -> None:
    done = await db.done("UPDATE people SET age = 1 WHERE id <= $1", [5], actions=WRITE)
    assert (done.tag, done.affected) == ("UPDATE 5", 5)
    assert server.psql("SELECT count(*) FROM people WHERE age = 1 AND id <= 5", database=database) == "5\n"


async def test_rows_that_a_write_returns_are_bounded_but_all_are_written(
    db: Asker, server: Server, database: str
) -> None:
    for limits, kept in ((Limits(10, 10**6, 30), 10), (Limits(10_000, 100, 30), 27)):
        chunks = await db.chunks("UPDATE people SET age = age + 1 RETURNING id, 'x'", actions=WRITE, limits=limits)
        done = cast(Done, chunks[-1])
        assert (done.affected, bool(done.truncated)) == (3000, True)
        assert len(rows_of(chunks)) == pytest.approx(kept, abs=25)
    assert server.psql("SELECT sum(age - id % 90) FROM people", database=database) == "6000\n"


async def test_a_function_that_writes_is_called_for_every_row_whatever_the_limit(
    db: Asker, server: Server, database: str
) -> None:
    server.psql("CREATE SEQUENCE calls", database=database)
    done = await db.done("SELECT nextval('calls') FROM people", actions=WRITE, limits=Limits(3, 10**6, 30))
    assert done.truncated == "rows"
    assert server.psql("SELECT last_value FROM calls", database=database) == "3000\n"


async def test_a_write_whose_reader_leaves_is_rolled_back(db: Asker, server: Server, database: str) -> None:
    stream = db.stream("DELETE FROM orders RETURNING id", actions=WRITE)
    async with aclosing(stream) as chunks:  # type: ignore[type-var]
        await anext(chunks)
        assert isinstance(await anext(chunks), Rows)
    await db.upstream.close()
    assert server.psql("SELECT count(*) FROM orders", database=database) == "100\n"


async def test_a_constraint_checked_at_commit_is_an_error_and_nothing_is_written(
    db: Asker, server: Server, database: str
) -> None:
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks("INSERT INTO orders VALUES (500, 99999, 1)", actions=WRITE)
    assert refusal.value.code == "23503"
    assert refusal.value.exposes_data
    assert server.psql("SELECT count(*) FROM orders", database=database) == "100\n"


async def test_a_new_table_counts_its_rows(db: Asker) -> None:
    assert (await db.done("CREATE TABLE copy AS SELECT * FROM orders", actions=WRITE)).affected == 100
    assert (await db.done("DROP TABLE copy", actions=WRITE)).affected is None


async def test_a_statement_that_cannot_run_in_a_transaction_says_so(db: Asker) -> None:
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks("VACUUM people", actions=WRITE)
    assert refusal.value.code == "25001"


@pytest.mark.parametrize("text", ["COPY people TO STDOUT", "COPY people FROM STDIN"])
async def test_copy_through_the_wire_is_refused_and_the_next_caller_is_served(db: Asker, text: str) -> None:
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks(text, actions=WRITE)
    assert refusal.value.code == "0A000"
    assert await db.rows("SELECT count(*) FROM people") == [["3000"]]


async def test_an_opaque_operation_leaves_nothing_in_the_session(db: Asker) -> None:
    await db.chunks("CREATE TEMP TABLE mine AS SELECT 1 AS x", actions=WRITE, opaque=True)
    await db.chunks("SELECT set_config('timezone', 'Asia/Tokyo', false)", actions=WRITE, opaque=True)
    await asyncio.gather(*db.upstream._background)
    (row,) = await db.rows("SELECT to_regclass('mine'), current_setting('timezone')")
    assert row[0] is None
    assert row[1] != "Asia/Tokyo"


async def test_a_statement_that_ends_its_own_transaction_is_an_error(db: Asker) -> None:
    with pytest.raises(UpstreamError):
        await db.chunks("COMMIT", actions=WRITE)
    assert await db.rows("SELECT 1") == [["1"]]


# Parameters and errors


async def test_the_number_of_parameters_is_checked_before_anything_runs(db: Asker) -> None:
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks("SELECT $1::int", [1, 2])
    assert refusal.value.message == "the statement has 1 parameter, but 2 were given"
    assert not refusal.value.exposes_data


@pytest.mark.parametrize("value", ["a\0b", "\ud800", [1], {"a": 1}, b"x"])
async def test_a_value_that_no_parameter_can_hold_is_refused(db: Asker, value: object) -> None:
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks("SELECT $1::text", [value])
    assert refusal.value.code in {"22021", "22023"}


async def test_an_error_before_execution_may_be_read_in_full(db: Asker) -> None:
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks("SELECT nam FROM people")
    error = refusal.value
    assert (error.code, error.exposes_data) == ("42703", False)
    assert "nam" in error.message
    assert "people.name" in error.message


@pytest.mark.parametrize("opaque", [True, False])
async def test_an_error_in_a_parameter_shows_data_only_if_the_statement_is_opaque(db: Asker, opaque: bool) -> None:
    for _ in range(2):
        with pytest.raises(UpstreamError) as refusal:
            await db.chunks("SELECT * FROM people WHERE id = $1", ["seven"], opaque=opaque)
        assert (refusal.value.code, refusal.value.exposes_data) == ("22P02", opaque)


async def test_an_error_while_executing_keeps_its_data_out_of_the_safe_words(db: Asker) -> None:
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks("SELECT name::int FROM people")
    assert "p1" in refusal.value.message
    assert refusal.value.safe == "invalid_text_representation (data exception)"
    assert refusal.value.exposes_data


async def test_a_broken_constraint_is_named_but_its_values_are_not(db: Asker) -> None:
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks("INSERT INTO people VALUES (1, 'x')", actions=WRITE)
    assert "(id)=(1)" in refusal.value.message
    assert refusal.value.safe == (
        "unique_violation (integrity constraint violation), constraint 'people_pkey', table 'people'"
    )


async def test_what_a_function_raises_is_not_in_the_safe_words(db: Asker) -> None:
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks("SELECT leak(ssn) FROM people", opaque=True)
    assert refusal.value.code == "P0001"
    assert refusal.value.safe == "raise_exception (PL/pgSQL error)"


async def test_a_notice_from_a_function_is_mentioned_not_quoted(db: Asker) -> None:
    done = await db.done("SELECT talk(ssn) FROM people LIMIT 1")
    assert done.notices == ("a notice from inside a function (not shown: it may carry data)",)
    done = await db.done("DROP TABLE IF EXISTS nowhere", actions=WRITE)
    assert done.notices == ('NOTICE: table "nowhere" does not exist, skipping',)


# Origins


async def columns_of(db: Asker, text: str) -> list[str]:
    return origins_of(await db.columns(text))


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("SELECT id AS a, ssn b FROM people p", ["public.people.id", "public.people.ssn"]),
        ("WITH c AS (SELECT ssn FROM people) SELECT * FROM c", ["public.people.ssn"]),
        ("SELECT x.s FROM (SELECT ssn AS s FROM people) x", ["public.people.ssn"]),
        (
            "SELECT p.name, o.total FROM people p JOIN orders o ON o.person = p.id",
            ["public.people.name", "public.orders.total"],
        ),
        ("SELECT i FROM people c(i, n)", ["public.people.id"]),
        ("SELECT * FROM adults", ["public.adults.who", "public.adults.ssn"]),
        ("SELECT p FROM people p", ["public.people"]),
        ("SELECT ctid, tableoid FROM people", ["public.people.ctid", "public.people.tableoid"]),
        ("SELECT ssn || '', max(ssn) OVER (), (SELECT ssn FROM people LIMIT 1) FROM people", ["computed"] * 3),
        ("SELECT ssn FROM people UNION SELECT name FROM people", ["computed"]),
        ("SELECT relname FROM pg_class", ["pg_catalog.pg_class.relname"]),
        ("SELECT x FROM other.people", ["other.people.x"]),
        ("SELECT DISTINCT ssn::text FROM people", ["computed"]),
        ("SELECT to_jsonb(people) FROM people", ["computed"]),
    ],
)
async def test_each_column_comes_from_where_the_server_says(db: Asker, text: str, origins: list[str]) -> None:
    found = await columns_of(db, text)
    if "::text" in text:  # varchar to text is a relabelling; the server may see through it
        assert found in (["computed"], ["public.people.ssn"])
    else:
        assert found == origins
    assert await columns_of(db, text) == found


async def test_returned_columns_have_origins_too(db: Asker) -> None:
    columns = await db.columns("DELETE FROM orders WHERE id = 1 RETURNING id, total AS t", actions=WRITE)
    assert origins_of(columns) == ["public.orders.id", "public.orders.total"]


async def test_relations_are_found_by_the_search_path_of_the_login(db: Asker) -> None:
    targets = (Locator("table", ("", "people")), Locator("table", ("other", "people")), Locator("table", ("", "none")))
    (shape, *_) = await db.chunks("SELECT 1", targets=targets)
    assert [str(relation) for relation in cast(Columns, shape).relations] == ["public.people", "other.people", "none"]


async def test_a_column_added_after_the_table_was_known_is_found(db: Asker, server: Server, database: str) -> None:
    await columns_of(db, "SELECT * FROM orders")
    server.psql("ALTER TABLE orders ADD COLUMN note text", database=database)
    assert await columns_of(db, "SELECT note FROM orders") == ["public.orders.note"]


async def test_a_read_whose_shape_changed_announces_the_new_one_before_its_rows(
    db: Asker, server: Server, database: str
) -> None:
    assert await columns_of(db, "SELECT * FROM orders LIMIT 1") == [
        f"public.orders.{c}" for c in ("id", "person", "total")
    ]
    server.psql("ALTER TABLE orders ADD COLUMN note text DEFAULT 'n'", database=database)
    chunks = await db.chunks("SELECT * FROM orders LIMIT 1")
    last_shape = [chunk for chunk in chunks if isinstance(chunk, Columns)][-1]
    assert [column.name for column in last_shape.columns] == ["id", "person", "total", "note"]
    assert len(rows_of(chunks)[0]) == 4


async def test_rows_never_come_under_the_announcement_of_another_view(db: Asker, server: Server, database: str) -> None:
    """The types stay the same, so the server itself sees nothing wrong; only the origins differ."""
    server.psql("CREATE VIEW v AS SELECT name::text AS x FROM people", database=database)
    sql = "SELECT y FROM (SELECT x AS y FROM v) s"
    assert await columns_of(db, sql) == ["public.v.x"]
    server.psql("DROP VIEW v; CREATE TABLE v AS SELECT ssn::text AS x FROM people", database=database)
    chunks = await db.chunks(sql)
    shapes = [chunk for chunk in chunks if isinstance(chunk, Columns)]
    assert len(shapes) == 2
    kinds = [type(chunk) for chunk in chunks]
    assert kinds.index(Rows) > max(index for index, kind in enumerate(kinds) if kind is Columns)


async def test_a_write_whose_shape_changed_is_not_done(db: Asker, server: Server, database: str) -> None:
    server.psql("CREATE TABLE a (x text); CREATE TABLE b (x text); CREATE VIEW w AS SELECT x FROM a", database=database)
    sql = "INSERT INTO other.people SELECT x FROM w RETURNING x, (SELECT count(*) FROM w)"
    await db.chunks(sql, actions=WRITE)
    server.psql("ALTER TABLE other.people RENAME TO older; CREATE TABLE other.people (x text)", database=database)
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks(sql, actions=WRITE)
    assert refusal.value.code == "0A000"
    assert server.psql("SELECT count(*) FROM other.people", database=database) == "0\n"
    await db.chunks(sql, actions=WRITE)


async def test_long_statements_are_run_without_being_kept(db: Asker) -> None:
    text = "SELECT id FROM people WHERE id = 1 /*" + "x" * 10_000 + "*/"
    for _ in range(2):
        assert await db.rows(text) == [["1"]]
    assert await db.rows("SELECT count(*) FROM pg_prepared_statements WHERE length(statement) > 8192") == [["0"]]


async def test_statements_beyond_the_capacity_are_closed_at_the_server(db: Asker) -> None:
    for number in range(300):
        await db.rows(f"SELECT {number}")
    (count,) = await db.rows("SELECT count(*) FROM pg_prepared_statements")
    assert int(count[0] or 0) <= 262


# Dry run and description


async def test_a_dry_run_of_a_read_estimates_and_describes(db: Asker) -> None:
    chunks = await db.chunks("SELECT id, ssn FROM people WHERE id <= $1", [3000], verb="sql_plan")
    assert [type(chunk) for chunk in chunks] == [Columns, Document, Done]
    assert origins_of(cast(Columns, chunks[0]).columns) == ["public.people.id", "public.people.ssn"]
    estimate = cast(Document, chunks[1]).value
    assert estimate["estimated_rows"] == pytest.approx(3000, rel=0.2)
    assert estimate["estimated_cost"] > 0


@pytest.mark.parametrize("verb", ["DELETE FROM people WHERE age < 45", "UPDATE people SET age = 0 WHERE age < 45"])
async def test_a_dry_run_of_a_write_counts_the_rows_it_would_change(
    db: Asker, server: Server, database: str, verb: str
) -> None:
    chunks = await db.chunks(verb, verb="sql_plan", actions=WRITE)
    assert cast(Document, chunks[1]).value["estimated_rows"] == pytest.approx(1500, rel=0.2)
    assert server.psql("SELECT count(*), sum(age) > 0 FROM people", database=database) == "3000|t\n"


@pytest.mark.parametrize("text", ["DROP TABLE people", "GRANT SELECT ON people TO PUBLIC", "VACUUM"])
async def test_a_dry_run_of_what_has_no_plan_estimates_nothing(db: Asker, text: str) -> None:
    chunks = await db.chunks(text, verb="sql_plan", actions=WRITE)
    assert cast(Document, chunks[1]).value == {"estimated_rows": None, "estimated_cost": None}


async def test_a_dry_run_of_a_wrong_statement_says_what_is_wrong(db: Asker) -> None:
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks("SELEC 1", verb="sql_plan")
    assert (refusal.value.code, refusal.value.exposes_data) == ("42601", False)


async def test_a_description_lists_columns_keys_and_comments(db: Asker) -> None:
    rows = await db.rows("", ["", "orders"], verb="sql_describe")
    assert rows == [
        ["public", "orders", "table", "id", "integer", "false", "PRIMARY KEY", None, "table: what was bought", "100"],
        ["public", "orders", "table", "person", "integer", "true", "REFERENCES public.people(id)", None, None, "100"],
        ["public", "orders", "table", "total", "numeric(10,2)", "true", None, None, "in euros", "100"],
    ]


async def test_a_description_counts_as_the_catalogs_own(db: Asker) -> None:
    targets = (Locator("table", ("", "people")),)
    (shape, *_) = await db.chunks("", ["", "people"], verb="sql_describe", targets=targets)
    assert cast(Columns, shape).relations == ()
    assert {column.origin.path[0] for column in cast(Columns, shape).columns if column.origin} == {"information_schema"}
    assert all(column.origin for column in cast(Columns, shape).columns)


async def test_a_description_knows_schemas_and_leaves_the_system_out(db: Asker) -> None:
    schemas = {row[0] for row in await db.rows("", [None, None], verb="sql_describe")}
    assert schemas == {"public", "other"}
    assert await db.rows("", ["pg_catalog", "pg_class"], verb="sql_describe")
    assert {row[1] for row in await db.rows("", ["other", None], verb="sql_describe")} == {"people", "hidden"}


async def test_a_description_shows_only_what_the_login_may_use(server: Server, database: str) -> None:
    server.psql(
        f"CREATE ROLE reader_{database} LOGIN PASSWORD '{server.password}';"
        f"GRANT SELECT (id, name) ON people TO reader_{database}; GRANT INSERT ON orders TO reader_{database};"
        f"GRANT SELECT ON other.hidden TO reader_{database}",
        database=database,
    )
    resource = resource_of(server, database, user=f"reader_{database}")
    upstream = PostgresUpstream(resource, lambda _: server.password)
    rows = await Asker(upstream, resource).rows("", [None, None], verb="sql_describe")
    await upstream.close()
    assert {row[1] for row in rows} == {"people", "orders"}


async def test_an_unknown_verb_is_refused(db: Asker) -> None:
    with pytest.raises(UpstreamError):
        await db.chunks("SELECT 1", verb="sql_explode")
