"""What a catalog scan sees: samples of what may be read, and where the columns of views come from."""

from __future__ import annotations

import pytest

from backends.base import ColumnSample
from backends.postgres.upstream import PostgresUpstream
from catalog.model import Login, Resource
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

SETUP = """
CREATE TABLE people (id int PRIMARY KEY, name text, "Odd ""Name" text, photo bytea, note text, tags text[]);
INSERT INTO people SELECT i, 'p' || i, 'o' || i, '\\xff', CASE WHEN i = 40000 THEN 'rare' END, '{{a,b}}'
  FROM generate_series(1, 50000) i;
CREATE TABLE empty (x text);
CREATE TABLE secret (x text); INSERT INTO secret VALUES ('s');
CREATE TABLE partly (open text, closed text); INSERT INTO partly VALUES ('o', 'c');
CREATE TABLE long (x text, y bytea); INSERT INTO long VALUES (repeat('é', 9000), decode(repeat('ab', 9000), 'hex'));
CREATE TABLE parts (k int, v text) PARTITION BY RANGE (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
INSERT INTO parts VALUES (1, 'one');
CREATE VIEW direct AS SELECT id AS number, name AS who, upper(name) AS loud, 1 AS one FROM people;
CREATE VIEW above AS SELECT who AS person, loud || '!' AS louder, loud FROM direct;
CREATE MATERIALIZED VIEW stored AS SELECT person FROM above LIMIT 10;
CREATE VIEW whole AS SELECT p FROM people p;
CREATE VIEW over_secret AS SELECT x AS y FROM secret;
CREATE VIEW many AS SELECT name FROM people UNION SELECT x FROM empty;
CREATE VIEW recursive AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r;
CREATE VIEW broken AS SELECT 1 / (id - id) AS boom, name FROM people;
CREATE SCHEMA shut; CREATE TABLE shut.t (x text);
ANALYZE;
CREATE ROLE "{role}" LOGIN PASSWORD '{password}';
GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}";
REVOKE ALL ON secret, partly FROM "{role}"; GRANT SELECT (open) ON partly TO "{role}";
"""


@pytest.fixture(scope="module")
def database(server: Server) -> str:
    name = server.create_database()
    server.psql(SETUP.format(role=f"scanner_{name}", password=server.password), database=name)
    return name


async def scan(server: Server, database: str, *, sample: int = 20) -> list[ColumnSample]:
    scanner = Login(f"scanner_{database}", "test:password")
    resource = Resource("shop", "postgres", server.address(database), logins=(Login("postgres"),), scanner=scanner)
    upstream = PostgresUpstream(resource, lambda _: server.password)
    try:
        return [column async for column in upstream.scan(sample=sample)]
    finally:
        await upstream.close()


@pytest.fixture
async def seen(server: Server, database: str) -> dict[str, ColumnSample]:
    return {str(column.locator): column for column in await scan(server, database)}


async def test_values_are_sampled_and_no_more_of_them_than_asked_for(seen: dict[str, ColumnSample]) -> None:
    names = seen["public.people.name"].values
    assert len(names) == 20
    assert all(name.startswith("p") for name in names)
    assert max(int(name[1:]) for name in names) > 500  # from all over the table, not only from its beginning
    assert seen["public.people.tags"].values[0] == "{a,b}"
    assert seen['public.people.Odd "Name'].type == "text"


async def test_a_value_that_is_rare_is_looked_for(seen: dict[str, ColumnSample]) -> None:
    assert seen["public.people.note"].values == ("rare",)


async def test_an_empty_table_was_seen_though_it_has_no_values(seen: dict[str, ColumnSample]) -> None:
    assert seen["public.empty.x"].values == ()


async def test_long_values_are_cut(seen: dict[str, ColumnSample]) -> None:
    assert seen["public.long.x"].values == ("é" * 2000,)
    assert seen["public.long.y"].values == ("ab" * 1000,)


async def test_what_the_scanner_may_not_read_stays_unseen(seen: dict[str, ColumnSample]) -> None:
    assert "public.secret.x" not in seen
    assert "public.partly.closed" not in seen
    assert seen["public.partly.open"].values == ("o",)
    assert not [name for name in seen if name.startswith(("pg_", "information_schema", "shut"))]


async def test_partitions_are_seen_as_well_as_their_parent(seen: dict[str, ColumnSample]) -> None:
    assert seen["public.parts.v"].values == seen["public.parts_1.v"].values == ("one",)


@pytest.mark.parametrize(
    ("view", "sources", "exact"),
    [
        ("direct.number", {"public.people.id"}, True),
        ("direct.who", {"public.people.name"}, True),
        ("direct.loud", {"public.people.id", "public.people.name"}, False),
        ("above.person", {"public.people.name"}, True),
        ("above.louder", {"public.people.id", "public.people.name"}, False),
        ("above.loud", {"public.people.id", "public.people.name"}, False),
        ("stored.person", {"public.people.name"}, True),
        ("over_secret.y", {"public.secret.x"}, True),
        ("many.name", {"public.people.name", "public.empty.x"}, False),
        ("recursive.n", set(), False),
    ],
)
async def test_the_columns_of_a_view_come_from_base_columns(
    seen: dict[str, ColumnSample], view: str, sources: set[str], exact: bool
) -> None:
    found = seen[f"public.{view}"]
    if exact:
        assert {str(source) for source in found.derived_from} == sources
    else:
        assert {str(source) for source in found.derived_from} >= sources
    assert found.exact == exact


async def test_a_view_of_whole_rows_comes_from_every_column(seen: dict[str, ColumnSample]) -> None:
    sources = {str(source) for source in seen["public.whole.p"].derived_from}
    assert sources == {f"public.people.{name}" for name in ("id", "name", 'Odd "Name', "photo", "note", "tags")}


async def test_a_view_that_cannot_be_sampled_is_seen_only_where_it_shows_a_column_unchanged(
    seen: dict[str, ColumnSample],
) -> None:
    assert "public.broken.boom" not in seen
    assert (seen["public.broken.name"].values, seen["public.broken.name"].exact) == ((), True)


async def test_views_come_after_what_they_are_made_of(server: Server, database: str) -> None:
    order = list(dict.fromkeys(column.locator.path[1] for column in await scan(server, database, sample=1)))
    places = [order.index(name) for name in ("people", "direct", "above", "stored")]
    assert places == sorted(places)


async def test_a_scan_leaves_nothing_changed(server: Server, database: str, seen: dict[str, ColumnSample]) -> None:
    assert seen
    assert server.psql("SELECT count(*) FROM people", database=database) == "50000\n"
