"""What the database itself says of names: functions, operators, casts, tables, columns; against a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from backends.base import Columns
from backends.errors import UpstreamError
from backends.postgres.parse import parse
from backends.postgres.target import Reviewed, Target
from backends.postgres.upstream import REVIEWED, PostgresUpstream
from policy.model import Allow, Identity, Operation, Query
from policy.permit import issue
from tests.backends.postgres.asking import LIMITS, resource_of
from tests.backends.postgres.parsing import CASES_SQL
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

SETUP = """
CREATE SCHEMA app; CREATE SCHEMA other; CREATE SCHEMA evil;
CREATE TABLE app.people (id int PRIMARY KEY, name text, email text);
CREATE TABLE app.orders (id int PRIMARY KEY, person int, total numeric, expires_at timestamptz);
CREATE TABLE other.people (id int, secret text);
CREATE VIEW app.contacts AS SELECT id AS contact, email AS address, upper(name) AS loud FROM app.people;
CREATE VIEW app.addresses AS SELECT address FROM app.contacts;
INSERT INTO app.people VALUES (1, 'Ann', 'ann@example.org');
CREATE FUNCTION app.tax(numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 0.2';
CREATE FUNCTION app.rate() RETURNS int STABLE LANGUAGE sql AS 'SELECT count(*)::int FROM app.people';
CREATE FUNCTION app.hit(a int, b int DEFAULT 1) RETURNS int VOLATILE LANGUAGE plpgsql SECURITY DEFINER
  AS 'BEGIN RETURN a; END';
CREATE FUNCTION evil.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION evil.same(text, int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = int, FUNCTION = evil.same);
CREATE TYPE app.pair AS (a int, b int);
CREATE FUNCTION app.paired(int) RETURNS app.pair LANGUAGE sql AS 'SELECT ROW($1, $1)::app.pair';
CREATE CAST (int AS app.pair) WITH FUNCTION app.paired(int);
CREATE FUNCTION app.fine(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE DOMAIN app.checked AS text CHECK (app.fine(VALUE));
CREATE DOMAIN app.plain AS text CHECK (VALUE <> '');
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA app;
ALTER DATABASE "{0}" SET search_path = app, other;
"""


@pytest.fixture(scope="module")
def database(server: Server) -> str:
    name = server.create_database()
    server.psql(SETUP.format(name), database=name)
    return name


@pytest.fixture
async def upstream(server: Server, database: str) -> AsyncIterator[PostgresUpstream]:
    opened = PostgresUpstream(resource_of(server, database), lambda _: server.password)
    yield opened
    await opened.close()


@pytest.fixture
async def target(upstream: PostgresUpstream) -> Target:
    found = await upstream.target(upstream._resource.logins[0])
    assert found is not None
    return found


def judged(target: Target | None, sql: str) -> Operation:
    return parse("sql_query", {"resource": "shop", "sql": sql}, target=target)


def places(operation: Operation) -> set[str]:
    return {f"{place.kind} {place}" for place in (*operation.targets, *operation.columns)}


def steers(operation: Operation) -> set[str]:
    return {f"{steer.use} {steer.locator}" for steer in operation.steering}


@pytest.mark.parametrize(
    ("sql", "unknown"),
    [
        ("SELECT lower(name) FROM people", False),
        ("SELECT pg_catalog.lower(name) FROM people", False),
        ("SELECT tax(total) FROM orders", True),
        ("SELECT app.tax(total) FROM orders", True),
        ("SELECT hit(1)", True),
        ("SELECT hit(1, 2)", True),
        ("SELECT similarity(name, 'x') FROM people", False),
        ("SELECT evil.lower(name) FROM people", True),
        ("SELECT set_limit(0.1)", True),
        ("SELECT 1::app.pair", True),
        ("SELECT 'x'::app.checked", True),
        ("SELECT 'x'::app.plain", False),
        ("SELECT name FROM people WHERE name % 'x'", False),
        ("SELECT email(people) FROM people", True),
    ],
)
async def test_code_of_users_is_unknown_and_the_cores_own_is_not(target: Target, sql: str, unknown: bool) -> None:
    assert ("unknown-function" in judged(target, sql).effects) is unknown


async def test_what_is_called_is_named_with_its_volatility_and_rights(target: Target) -> None:
    told = judged(target, "SELECT hit(1)").statements[0].suggestion
    assert "app.hit (volatile, plpgsql, with the rights of postgres)" in told


async def test_a_function_or_operator_that_shadows_one_of_the_core_is_not_mistaken_for_it(target: Target) -> None:
    shadowing = replace(target, path=("evil", "pg_catalog", "app"), version="evil")
    for sql in (
        "SELECT lower(name) FROM people",
        "SELECT 1 FROM people WHERE name = 1",
        "SELECT 1 FROM people WHERE name IN (1, 2)",
        "SELECT nullif(name, 1) FROM people",
    ):
        assert "unknown-function" in judged(shadowing, sql).effects
        assert "unknown-function" not in judged(target, sql).effects


async def test_reviewed_functions_pass_and_those_that_may_read_tables_stay_opaque(target: Target) -> None:
    reviewed = Reviewed.read(["app.tax", "app.rate/0", "app.hit/2"])
    known = replace(target, reviewed=reviewed, version="reviewed")
    outcomes = {
        sql: ("unknown-function" in judged(known, sql).effects, judged(known, sql).opaque)
        for sql in ("SELECT tax(1)", "SELECT rate()", "SELECT hit(1, 2)", "SELECT hit(1)")
    }
    assert outcomes == {
        "SELECT tax(1)": (False, False),
        "SELECT rate()": (False, True),
        "SELECT hit(1, 2)": (False, True),
        "SELECT hit(1)": (True, True),
    }


async def test_the_list_of_reviewed_functions_is_an_option_of_the_resource(server: Server, database: str) -> None:
    resource = replace(resource_of(server, database), options={REVIEWED: "app.tax extension:pg_trgm"})
    opened = PostgresUpstream(resource, lambda _: server.password)
    known = await opened.target(resource.logins[0])
    await opened.close()
    assert "unknown-function" not in judged(known, "SELECT tax(1), set_limit(0.1)").effects
    with pytest.raises(ValueError, match="is not schema"):
        Reviewed.read(["tax"])


@pytest.mark.parametrize("sql", ["SELECT * FROM people", "TABLE app.people", 'SELECT id FROM "people" p'])
async def test_a_table_is_the_same_place_however_it_was_spelt(target: Target, sql: str) -> None:
    assert [str(place) for place in judged(target, sql).targets] == ["app.people"]


async def test_without_a_target_names_stay_as_they_were_written() -> None:
    assert [str(place) for place in judged(None, "SELECT * FROM people").targets] == ["people"]
    assert "unknown-function" in judged(None, "SELECT similarity('a', 'b')").effects


async def test_a_views_column_is_also_the_base_column_that_it_shows(target: Target) -> None:
    found = judged(target, "SELECT contact FROM contacts WHERE address = 'x'")
    assert {"column app.contacts.address", "column app.people.email"} <= places(found)
    assert steers(found) == {"equality app.contacts.address", "equality app.people.email"}
    assert "column app.people.email" in places(judged(target, "SELECT address FROM addresses"))
    assert "column app.people.email" in places(judged(target, "SELECT * FROM addresses"))


@pytest.mark.parametrize(
    ("sql", "steering"),
    [
        ("SELECT * FROM people ORDER BY 1", {"order app.people.id"}),
        ("SELECT * FROM people ORDER BY 3", {"order app.people.email"}),
        ("SELECT p.*, 1 FROM people p ORDER BY 2", {"order app.people.name"}),
        ("SELECT * FROM orders JOIN people USING (id) ORDER BY 2",
         {"predicate app.orders.id", "predicate app.people.id", "order app.orders.person"}),
        ("SELECT * FROM people NATURAL JOIN orders", {"predicate app.people.id", "predicate app.orders.id"}),
        ("SELECT * FROM (SELECT * FROM people) x ORDER BY 2", {"order app.people.name"}),
        ("WITH c AS (SELECT * FROM people) SELECT * FROM c ORDER BY 2", {"order app.people.name"}),
        ("SELECT total, name FROM people p, orders o WHERE person = p.id AND total > 5",
         {"predicate app.orders.person", "predicate app.people.id", "predicate app.orders.total"}),
    ],
)  # fmt: skip
async def test_stars_and_natural_joins_are_told_by_the_targets_columns(
    target: Target, sql: str, steering: set[str]
) -> None:
    assert steers(judged(target, sql)) == steering


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM people WHERE nmae = 'x'",
        "SELECT nosuch(1, 2)",
        "UPDATE people SET name = 'x' WHERE idd = 1",
        "SELECT p.nmae || 'x' FROM people p",
        "SELECT id FROM poeple WHERE name = 'x'",
        "SELECT 1 FROM people p JOIN app.ordres o ON o.person = p.id",
        "DELETE FROM nosuch WHERE id = 1",
    ],
)
async def test_a_name_that_there_is_not_steers_nothing_and_the_target_says_so(
    upstream: PostgresUpstream, target: Target, sql: str
) -> None:
    operation = judged(target, sql)
    assert operation.options
    assert "unknown-function" not in operation.effects
    with pytest.raises(UpstreamError) as error:
        await run(upstream, operation)
    assert "does not exist" in error.value.message
    assert not error.value.exposes_data


async def test_what_was_taken_for_a_mistake_never_runs(upstream: PostgresUpstream, target: Target) -> None:
    """The picture was old: in the meantime there is such a column."""
    operation = replace(judged(target, "SELECT id FROM people WHERE name = 'x'"), options={"missing": "name"})
    with pytest.raises(UpstreamError) as error:
        await run(upstream, operation)
    assert "schema changed" in error.value.message


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS x INTO app.made",
        "WITH poeple AS (SELECT 1 AS x) SELECT x FROM poeple",
        "EXPLAIN CREATE TABLE app.made AS SELECT 1",
        "CREATE TABLE app.made AS SELECT id FROM people",
        "SELECT nextval('app.s')",
        "INSERT INTO people (id, name) VALUES (9, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        "SELECT g FROM generate_series(1, 3) g WHERE g > 1",
        "SELECT key FROM jsonb_each('{}') WHERE value IS NOT NULL",
        "SELECT p.ctid FROM people p, LATERAL (SELECT p.id AS z) l WHERE z = 1",
        "SELECT relname FROM pg_class WHERE oid = 1",
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'app'",
        "UPDATE orders SET total = x.t FROM (VALUES (1, 2)) AS x(i, t) WHERE id = x.i",
    ],
)
async def test_what_is_there_or_made_is_no_mistake(target: Target, sql: str) -> None:
    assert not judged(target, sql).options


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT nosuch(1, 2)'",
        "CREATE VIEW v AS SELECT nosuch(1, 2)",
        "SELECT query_to_xml('SELECT nosuch(1, 2)', true, true, '')",
    ],
)
async def test_names_that_are_looked_up_later_are_no_mistakes_yet(
    upstream: PostgresUpstream, target: Target, sql: str
) -> None:
    operation = judged(target, sql)
    assert "unknown-function" in operation.effects or operation.options


@pytest.mark.parametrize(
    ("sql", "secret"),
    [
        ("SELECT pid, state FROM pg_stat_activity WHERE state = 'active'", False),
        ("SELECT pid, query FROM pg_stat_activity", False),
        ("SELECT count(*) FROM pg_stat_activity", False),
        ("SELECT * FROM pg_stat_activity", True),
        ("SELECT client_addr FROM pg_stat_activity", True),
        ("SELECT a FROM pg_stat_activity a", True),
        ("SELECT pid FROM pg_stat_activity, pg_authid", True),
    ],
)
async def test_of_pg_stat_activity_only_what_tells_of_people_is_secret(target: Target, sql: str, secret: bool) -> None:
    assert ("catalog-secrets" in judged(target, sql).effects) is secret
    assert "catalog-secrets" in judged(None, sql).effects


async def test_texts_of_others_in_pg_stat_activity_steer_nothing(target: Target) -> None:
    found = judged(target, "SELECT pid FROM pg_stat_activity WHERE query LIKE 'x%'")
    assert steers(found) == {"predicate pg_catalog.pg_stat_activity.query"}


async def test_a_table_that_comes_before_the_catalogs_own_is_seen(target: Target) -> None:
    """With pg_catalog named behind, `pg_class` may be a user's table."""
    known = replace(target, path=("app", "pg_catalog"), version="behind")
    relations = {**target.body.relations, ("app", "pg_class"): target.body.relations["app", "people"]}
    known = replace(known, body=replace(target.body, relations=relations))
    assert steers(judged(known, "SELECT 1 FROM pg_class WHERE email LIKE 'a%'")) == {"predicate app.pg_class.email"}


async def test_the_picture_is_kept_until_a_definition_changes(
    upstream: PostgresUpstream, target: Target, server: Server, database: str
) -> None:
    login = upstream._resource.logins[0]
    assert await upstream.target(login) is target
    upstream._targets.forget()
    assert await upstream.target(login) is target
    server.psql("CREATE TABLE app.late (x int); ALTER TABLE app.late RENAME x TO y", database=database)
    assert await upstream.target(login) is target
    upstream._targets.forget()
    fresh = await upstream.target(login)
    assert fresh is not None
    assert fresh.columns(("app", "late")) == ("y",)
    server.psql("ALTER TABLE app.late RENAME y TO z", database=database)
    upstream._targets.forget()
    assert (await upstream.target(login)).columns(("app", "late")) == ("z",)  # type: ignore[union-attr]


async def test_a_definition_through_the_gateway_is_known_at_once(upstream: PostgresUpstream) -> None:
    login = upstream._resource.logins[0]
    before = await upstream.target(login)
    await run(upstream, judged(before, "CREATE TABLE app.fresh (x int)"))
    after = await upstream.target(login)
    assert after is not None
    assert after.columns(("app", "fresh")) == ("x",)


async def test_a_database_that_cannot_be_asked_gives_no_picture(server: Server, database: str) -> None:
    resource = resource_of(server, database, address="postgres://127.0.0.1:1/x")
    opened = PostgresUpstream(resource, lambda _: server.password)
    assert await opened.target(resource.logins[0]) is None
    await opened.close()


async def run(upstream: PostgresUpstream, operation: Operation) -> None:
    resource = upstream._resource
    query = Query(Identity("ann", "s1"), resource, operation)
    permit = issue(Allow(), query, login=resource.logins[0], decision_id="d1")
    chunks = [chunk async for chunk in upstream.execute(permit, limits=LIMITS, label="test")]
    assert isinstance(chunks[0], Columns)


async def test_every_pair_is_judged_with_a_target_as_well_and_never_more_mildly_in_what_it_does(target: Target) -> None:
    """What the text alone does not allow may be allowed by what the target knows; never the other way round."""
    for sql in CASES_SQL:
        alone, known = judged(None, sql), judged(target, sql)
        assert known.problem == alone.problem, sql
        lost = alone.effects - known.effects
        assert lost <= {"unknown-function", "catalog-secrets"}, (sql, lost)
        assert known.actions >= alone.actions - {"run"}, sql
