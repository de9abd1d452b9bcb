"""Texts that are judged once for many numbers, and hostile pairs that must never be taken for one another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.postgres.front_parse import SessionParser

READ = "SELECT abalance FROM pgbench_accounts WHERE aid = {};"


def test_a_text_that_differs_by_the_number_looked_up_is_the_same_operation() -> None:
    parser = SessionParser()
    judged = parser.parse(READ.format(5))
    assert parser.shape(READ.format(999_999_999)) is judged
    assert parser.shape(READ.format("-5")) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT * FROM t LIMIT 5", "SELECT * FROM t LIMIT 5000"),
        ("SELECT * FROM t WHERE a = 5 LIMIT 5", "SELECT * FROM t WHERE a = 5 LIMIT 5000"),
        ("SELECT * FROM t WHERE true", "SELECT * FROM t WHERE false"),
        ("SELECT * FROM t WHERE 1 = 1", "SELECT * FROM t WHERE 1 = 2"),
        ("SELECT * FROM t WHERE a = 1 OR 2 = 2", "SELECT * FROM t WHERE a = 1 OR 2 = 3"),
        ("SELECT * FROM t WHERE a = 1 OR b = 2", "SELECT * FROM t WHERE a = 2 OR b = 2"),
        ("SET ROLE a", "SET ROLE b"),
        ("SET work_mem = 1", "SET work_mem = 2"),
        ("DO $$ BEGIN PERFORM 1; END $$", "DO $$ BEGIN DELETE FROM t; END $$"),
        ("DO $$ BEGIN IF a = 1 THEN NULL; END IF; END $$", "DO $$ BEGIN IF a = 2 THEN NULL; END IF; END $$"),
        ("SELECT pg_read_file('a')", "SELECT pg_read_file('b')"),
        ("SELECT query_to_xml('select 1 where a = 1', true)", "SELECT query_to_xml('select 1 where a = 2', true)"),
        ("EXECUTE a(1)", "EXECUTE b(1)"),
        ("UPDATE t SET a = 1 WHERE b = 2", "UPDATE t SET a = 2 WHERE b = 2"),
        ("DELETE FROM t WHERE a = 1", "DELETE FROM t WHERE a = 2"),
        ("SELECT f(a = 1) FROM t WHERE b = 2", "SELECT f(a = 2) FROM t WHERE b = 2"),
        ("SELECT * FROM t WHERE a = 1 -- b = 2", "SELECT * FROM t WHERE a = 1 -- b = 3"),
        ("SELECT * FROM t WHERE a = 1; DROP TABLE t", "SELECT * FROM t WHERE a = 2; DROP TABLE t"),
        ("SELECT * FROM a_12 WHERE a = 1", "SELECT * FROM a_13 WHERE a = 1"),
        ("SELECT * FROM t WHERE a = 1", "SELECT * FROM t WHERE a = 1.5"),
        ("SELECT * FROM t WHERE a = 1", "SELECT * FROM t WHERE a = 1::text"),
        ("SELECT * FROM t WHERE a = 1", "SELECT * FROM t WHERE a = 2 OR true"),
        ("SELECT * INTO u FROM t WHERE a = 1", "SELECT * INTO u FROM t WHERE a = 2"),
    ],
)  # fmt: skip
def test_hostile_pairs_are_judged_apart(one: str, other: str) -> None:
    parser = SessionParser()
    judged = parser.parse(one)
    assert judged is not None
    assert parser.shape(other) is not judged


@given(st.integers(1, 999_999_999), st.integers(1, 999_999_999), st.sampled_from(["=", " = ", "=\n", "\t= "]))
def test_what_has_one_shape_is_judged_alike_by_its_own_text(first: int, second: int, equals: str) -> None:
    parser = SessionParser()
    one = f"SELECT a, b FROM t JOIN u USING (k) WHERE a{equals}{first} AND b{equals}{second}"
    other = f"SELECT a, b FROM t JOIN u USING (k) WHERE a{equals}{second} AND b{equals}{first}"
    judged, own = parser.parse(one), SessionParser().parse(other)
    shape = parser.shape(other)
    assert shape is judged
    assert shape is not None
    assert own is not None
    assert (shape.actions, shape.effects, shape.targets, shape.columns, shape.steering, shape.probes, shape.opaque) == (
        own.actions, own.effects, own.targets, own.columns, own.steering, own.probes, own.opaque,
    )  # fmt: skip


def test_another_picture_of_the_server_is_another_operation() -> None:
    class Picture:
        version = "2"

    parser = SessionParser()
    parser.parse(READ.format(5))
    assert parser.shape(READ.format(6), Picture()) is None
    assert parser.shape(READ.format(5), Picture()) is None
