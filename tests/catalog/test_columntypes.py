"""Both spellings of PostgreSQL's types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.columntypes import ColumnType, Family, parse_type


@pytest.mark.parametrize(
    ("name", "family", "width"),
    [
        ("text", Family.TEXT, 0),
        ("character varying(40)", Family.TEXT, 40),
        ("varchar", Family.TEXT, 0),
        ("character(3)", Family.TEXT, 3),
        ("character", Family.TEXT, 1),
        ('"char"', Family.TEXT, 1),
        ("bpchar", Family.TEXT, 0),
        ("name", Family.TEXT, 63),
        ("int8", Family.INTEGER, 0),
        ("numeric(10, 2)", Family.NUMERIC, 0),
        ("double precision", Family.FLOAT, 0),
        ("timestamp(3) without time zone", Family.TIMESTAMP, 0),
        ("timestamp with time zone", Family.TIMESTAMPTZ, 0),
        ("pg_catalog.timestamptz", Family.TIMESTAMPTZ, 0),
        ("jsonb", Family.JSON, 0),
        ("cidr", Family.INET, 0),
        ("text[]", Family.TEXT_ARRAY, 0),
        ("_text", Family.TEXT_ARRAY, 0),
        ("character varying(2)[]", Family.OTHER_ARRAY, 0),
        ("integer[]", Family.OTHER_ARRAY, 0),
        ("anyarray", Family.OTHER, 0),
        ("shop.order_status", Family.OTHER, 0),
        ("", Family.OTHER, 0),
    ],
)
def test_known_names(name: str, family: Family, width: int) -> None:
    found = parse_type(name)
    assert (found.family, found.width) == (family, width)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("character(3)", ColumnType(Family.TEXT, 3, padded=True)),
        ("smallint", ColumnType(Family.INTEGER, digits=4)),
        ("int4", ColumnType(Family.INTEGER, digits=9)),
        ("bigint", ColumnType(Family.INTEGER, digits=18)),
        ("numeric(10,2)", ColumnType(Family.NUMERIC, digits=8)),
        ("numeric(5)", ColumnType(Family.NUMERIC, digits=5)),
        ("numeric", ColumnType(Family.NUMERIC, digits=18)),
        ("numeric(2,4)", ColumnType(Family.NUMERIC, digits=0)),
        ("character varying(2)[]", ColumnType(Family.OTHER_ARRAY, element="character varying(2)")),
        ("_int4", ColumnType(Family.OTHER_ARRAY, element="int4")),
        ("macaddr8", ColumnType(Family.MACADDR)),
    ],
)
def test_what_bounds_a_value_is_known(name: str, expected: ColumnType) -> None:
    assert parse_type(name) == expected


@given(st.text(max_size=80))
def test_any_text_has_a_family(name: str) -> None:
    assert parse_type(name).family in Family
