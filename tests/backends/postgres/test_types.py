"""Every type comes out exactly as psql prints it on the same server."""

from __future__ import annotations

import pytest

from tests.backends.postgres.asking import Asker
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

VALUES = [
    "true",
    "NULL::int",
    "''::text",
    "(-32768)::int2",
    "(-9223372036854775808)::int8",
    "9223372036854775807::int8",
    "'NaN'::numeric",
    "'Infinity'::numeric",
    "'-Infinity'::numeric",
    "1e100::numeric",
    "'-0.00'::numeric",
    "0.00::numeric(10,2)",
    "123456789012345678901234567890.123456789::numeric",
    "'NaN'::float8",
    "'-Infinity'::float8",
    "'-0'::float8",
    "0.1::float8 + 0.2::float8",
    "1.7976931348623157e308::float8",
    "5e-324::float8",
    "3.4028235e38::float4",
    "'$-12.34'::money",
    "'é\u2028日本 \U0001f600'::text",
    "'a'::char(5)",
    "'abc'::varchar(10)",
    "'x'::\"char\"",
    "'name'::name",
    "'\\x00ff80'::bytea",
    "''::bytea",
    "'infinity'::timestamp",
    "'-infinity'::timestamptz",
    "'0044-03-15 BC'::date",
    "'infinity'::date",
    "'5874897-12-31'::date",
    "'4713-01-01 00:00:00 BC'::timestamp",
    "'294276-12-31 23:59:59.999999'::timestamp",
    "'2024-02-29 12:34:56.789+05:30'::timestamptz",
    "'24:00:00'::time",
    "'12:00:00.000001+15:59'::timetz",
    "'1 year 2 mons -3 days +04:05:06.789'::interval",
    "'-178000000 years'::interval",
    "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
    "'::1/128'::inet",
    "'10.0.0.0/8'::cidr",
    "'08:00:2b:01:02:03'::macaddr",
    "'08:00:2b:01:02:03:04:05'::macaddr8",
    "B'10110'::bit(5)",
    "B'1'::varbit",
    "'<a b=\"1\">x</a>'::xml",
    '\'{"a":  1e400, "b": 12345678901234567890123}\'::json',
    '\'{"b": 12345678901234567890123, "a": null, "c": 1.10}\'::jsonb',
    "'$.a[*] ? (@ > 1)'::jsonpath",
    "'(1,-2.5)'::point",
    "'((0,0),(1,1))'::box",
    "'<(0,0),5>'::circle",
    "'[(0,0),(1,1)]'::path",
    "ARRAY[1,NULL,3]",
    "ARRAY[[1,2],[3,4]]",
    "'[0:1]={a,b}'::text[]",
    "ARRAY['a,b','\"','\\',NULL,'NULL','']",
    "'{}'::int[]",
    "ARRAY['infinity'::timestamp]",
    "ROW(1,'a,b',NULL)",
    "int4range(1,10)",
    "'empty'::int4range",
    "numrange(1.5,NULL,'(]')",
    "tstzrange('2020-01-01Z','infinity')",
    "'{[1,2),[5,8)}'::int4multirange",
    "to_tsvector('simple','a fat cat')",
    "to_tsquery('simple','fat & cat')",
    "'pg_class'::regclass",
    "4294967295::oid",
    "'0/16B3748'::pg_lsn",
    "'(1,2)'::tid",
    "'happy'::mood",
    "7::positive",
    "ROW('x','{1,2}')::pair",
    "ARRAY['sad','happy']::mood[]",
    "repeat('x', 100000)",
]

SETUP = """
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE pair AS (name text, numbers int[]);
"""


@pytest.fixture(scope="module")
def database(server: Server) -> str:
    name = server.create_database()
    server.psql(SETUP, database=name)
    return name


@pytest.mark.parametrize("value", VALUES)
async def test_a_value_is_what_psql_prints(db: Asker, server: Server, database: str, value: str) -> None:
    (row,) = await db.rows(f"SELECT {value} AS v, ({value}) IS NULL AS n")
    printed = server.psql(f"\\pset null '(null)'\nSELECT {value} AS v", database=database)
    assert ("(null)" if row[0] is None else row[0]) == printed.removesuffix("\n")


async def test_type_names_are_those_of_the_server(db: Asker) -> None:
    values = [value for value in VALUES if "::positive" not in value]  # a domain is announced as what it is made of
    sql = "SELECT " + ", ".join(f"{value} AS v{index}" for index, value in enumerate(values))
    columns = await db.columns(sql)
    types = ", ".join(f"pg_typeof(v{index})::text" for index in range(len(values)))
    (names,) = await db.rows(f"SELECT {types} FROM ({sql}) AS one")
    bases = [column.type.partition("(")[0] for column in columns]
    assert bases == [(name or "").partition("(")[0] for name in names]


async def test_type_names_carry_their_modifiers(db: Asker) -> None:
    columns = await db.columns("SELECT 1::numeric(10,2), 'a'::varchar(3), now()::timestamp(3), 'b'::char(7)")
    assert [column.type for column in columns] == [
        "numeric(10,2)",
        "character varying(3)",
        "timestamp(3) without time zone",
        "character(7)",
    ]


@pytest.mark.parametrize(
    ("parameter", "type_", "text"),
    [
        ("it's", "text", "it's"),
        ("", "text", ""),
        (None, "text", None),
        (True, "boolean", "t"),
        (False, "boolean", "f"),
        (True, "text", "true"),
        (-(2**63), "bigint", "-9223372036854775808"),
        (10**40, "numeric", "1" + "0" * 40),
        (0.1, "float8", "0.1"),
        (float("inf"), "float8", "Infinity"),
        (float("nan"), "numeric", "NaN"),
        ("{1,2}", "int[]", "{1,2}"),
        ("\U0001f600\u2028", "text", "\U0001f600\u2028"),
    ],
)
async def test_a_parameter_arrives_as_it_was_given(db: Asker, parameter: object, type_: str, text: str | None) -> None:
    assert await db.rows(f"SELECT $1::{type_}", [parameter]) == [[text]]
