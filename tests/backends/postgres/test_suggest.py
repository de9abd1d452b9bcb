"""Advice names the change that would pass; an innocent statement gets none."""

from __future__ import annotations

import pytest

from tests.backends.postgres.parsing import parse


@pytest.mark.parametrize(
    ("sql", "advice"),
    [
        ("SELECT * FROM orders", ""),
        ("DELETE FROM orders WHERE id = 5", ""),
        ("INSERT INTO orders VALUES (1)", ""),
        ("DELETE FROM orders", "Add a WHERE clause that names the rows, e.g. DELETE FROM orders WHERE id = …"),
        ('UPDATE sales."My Orders" SET a = 1',
         'Add a WHERE clause that names the rows, e.g. UPDATE sales."My Orders" SET … WHERE id = …'),
        ("DELETE FROM orders WHERE 1=1 RETURNING id",
         "Replace `1=1`, which is true for every row, by a condition that names the rows, "
         "e.g. DELETE FROM orders WHERE id = …"),
        ("DELETE FROM orders WHERE id > 0",
         "`id > 0` seems to cover every row. Name the rows you mean, e.g. DELETE FROM orders WHERE id = …"),
        ("DELETE FROM orders WHERE random() < 0.5",
         "Add to `random() < 0.5` a condition on the table's own rows, e.g. DELETE FROM orders WHERE id = …"),
        ("TRUNCATE orders", "Delete only the rows you mean: DELETE FROM orders WHERE id = …"),
        ("SELECT * FROM orders FOR UPDATE",
         "Leave out the lock: LOCK TABLE, FOR UPDATE and advisory locks stop other people's work."),
        ("nonsense; DROP TABLE x", None),
    ],
)  # fmt: skip
def test_the_advice_fits_the_statement(sql: str, advice: str | None) -> None:
    statements = parse(sql).statements
    assert (statements[0].suggestion if statements else None) == advice


@pytest.mark.parametrize("sql", ["DROP TABLE x", "SET ROLE x", "COPY t TO PROGRAM 'x'", "SELECT f(1)", "CALL p()"])
def test_every_objection_comes_with_advice(sql: str) -> None:
    assert parse(sql).statements[0].suggestion


def test_several_statements_are_sent_one_by_one() -> None:
    assert {s.suggestion for s in parse("SELECT 1; SELECT 2").statements} == {"Send one statement per call."}
