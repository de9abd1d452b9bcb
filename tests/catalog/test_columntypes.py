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
    assert parse_type(name) == ColumnType(family, width)


@given(st.text(max_size=80))
def test_any_text_has_a_family(name: str) -> None:
    assert parse_type(name).family in Family
