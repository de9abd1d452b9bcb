"""Asking for columns, and the texts that a write carries."""

from __future__ import annotations

import pytest

from backends.postgres.parse import Parser, preview
from catalog.model import Locator
from tests.backends.postgres.parsing import parse

ASKED = [{"column": "customers.email", "reason": "Ticket 7"}]
CALL = {"resource": "shop", "sql": "SELECT email FROM customers"}


def test_the_asked_columns_are_part_of_what_an_approval_is_bound_to() -> None:
    parser = Parser()
    plain, asked = parser.parse("sql_query", CALL), parser.parse("sql_query", CALL | {"reveal": ASKED})
    other = parser.parse("sql_query", CALL | {"reveal": [ASKED[0] | {"reason": "Ticket 8"}]})
    assert asked.reveals == (Locator("column", ("", "customers", "email")),)
    assert plain.reveals == ()
    assert len({plain.digest, asked.digest, other.digest}) == 3


def test_a_plan_reveals_nothing() -> None:
    assert preview(Parser().parse("sql_query", CALL | {"reveal": ASKED})).reveals == ()


def test_a_request_that_cannot_be_read_is_refused_without_its_words() -> None:
    with pytest.raises(ValueError, match="reveal must") as refused:
        Parser().parse("sql_query", CALL | {"reveal": [{"column": "secretcolumn", "reason": "x"}]})
    assert "secretcolumn" not in str(refused.value)


@pytest.mark.parametrize(
    ("sql", "texts"),
    [
        ("INSERT INTO c (a, b) VALUES ('x', E'y\\n'), ('z', 1)", {"x", "y\n", "z"}),
        ("UPDATE c SET a = 'x' || $1 WHERE b IN ('y', 'z')", {"x", "y", "z"}),
        ("WITH w AS (SELECT 'x') INSERT INTO c SELECT * FROM w", {"x"}),
        ("SELECT 'x'", set()),
        ("DELETE FROM c WHERE a = 'x'", {"x"}),
    ],
)
def test_the_texts_of_a_write_are_told(sql: str, texts: set[str]) -> None:
    assert set(parse(sql).literals) == texts
