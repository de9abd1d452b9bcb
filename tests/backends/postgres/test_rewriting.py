"""Smaller statements in the place of refused ones: what is changed, and that nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.postgres.clauses import clauses, items, tokens
from backends.postgres.edits import only
from backends.postgres.parse import understand
from backends.postgres.rewriting import rewrites
from backends.postgres.target import Body, Relation, Target
from catalog.model import Locator
from tests.backends.postgres.parsing import CASES_SQL

TARGET = Target(
    "t",
    body=Body(
        core=dict.fromkeys(("left", "upper", "count", "to_jsonb"), True),
        relations={
            ("public", "people"): Relation(("id", "name", "email", "age"), ("id",)),
            ("public", "orders"): Relation(("tenant", "no", "person", "total"), ("tenant", "no")),
            ("pg_catalog", "pg_stat_activity"): Relation(("datid", "pid", "client_addr", "query")),
        },
    ),
)


def hidden(place: Locator) -> bool:
    return place.path[-1] in ("email", "query") or (place.path[-1] == "*" and place.path[-2] in ("people", ""))


def offered(sql: str, *parameters: object, target: Target | None = TARGET) -> list[str]:
    operation = understand(sql, parameters, target=target).operation
    return [found.sql for found in rewrites(operation, hidden=hidden, target=target) if found.rows is None]


def fewer(sql: str) -> list[str]:
    operation = understand(sql, target=TARGET).operation
    return [found.sql for found in rewrites(operation, hidden=hidden, target=TARGET) if found.rows is not None]


def test_a_lower_limit_is_offered_the_largest_first() -> None:
    assert fewer("SELECT id FROM people WHERE age > 3; -- all") == [
        f"SELECT id FROM people WHERE age > 3 LIMIT {rows}" for rows in (10_000, 1_000, 100, 10)
    ]
    assert fewer("SELECT id FROM people ORDER BY id LIMIT 100") == ["SELECT id FROM people ORDER BY id LIMIT 10"]
    assert fewer("SELECT id FROM people LIMIT ALL")[0] == "SELECT id FROM people LIMIT 10000"
    assert fewer("WITH a AS (SELECT id FROM people LIMIT 7) SELECT * FROM a")[-1].endswith("SELECT * FROM a LIMIT 10")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM people LIMIT 10",
        "SELECT id FROM people OFFSET 5",
        "SELECT id FROM people FETCH FIRST 50 ROWS ONLY",
        "SELECT id FROM people FOR UPDATE",
        "SELECT id FROM people UNION SELECT 1",
        "DELETE FROM people",
    ],
)
def test_no_limit_is_offered_where_it_would_not_lower_the_rows_for_certain(sql: str) -> None:
    assert fewer(sql) == []


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT id FROM people WHERE email LIKE 'a%'", "SELECT id FROM people"),
        ("SELECT id FROM people WHERE age > 3 AND email LIKE 'a%' LIMIT 3",
         "SELECT id FROM people WHERE age > 3 LIMIT 3"),
        ("SELECT id FROM people WHERE age BETWEEN 1 AND 2 AND left(email, 1) = 'x'",
         "SELECT id FROM people WHERE age BETWEEN 1 AND 2"),
        ("SELECT id, upper(email) AS e FROM people", "SELECT id, email FROM people"),
        ("SELECT id, email FROM people ORDER BY email, id DESC", "SELECT id, email FROM people ORDER BY id DESC"),
        ("SELECT * FROM people ORDER BY 3", "SELECT * FROM people"),
        ("SELECT * FROM people ORDER BY 1", None),
        ("SELECT DISTINCT * FROM people", "SELECT DISTINCT id, name, age FROM people"),
        ("SELECT to_jsonb(p) FROM people p WHERE id = 1", "SELECT p.id, p.name, p.age FROM people p WHERE id = 1"),
        ("SELECT p FROM people p", "SELECT p.id, p.name, p.age FROM people p"),
        ("SELECT client_addr, pid FROM pg_stat_activity", "SELECT pid FROM pg_stat_activity"),
        ("SELECT * FROM pg_stat_activity WHERE pid = 3", "SELECT datid, pid FROM pg_stat_activity WHERE pid = 3"),
        ("SELECT id FROM people -- email AND\n WHERE (email LIKE 'a%' OR age = 1) AND name <> ' AND '",
         "SELECT id FROM people WHERE name <> ' AND '"),
        ("SELECT id FROM people WHERE CASE WHEN email > 'a' AND true THEN true END AND age = 1",
         "SELECT id FROM people WHERE age = 1"),
    ],
)  # fmt: skip
def test_uses_of_hidden_columns_are_left_out_and_the_rest_stays(sql: str, found: str | None) -> None:
    assert offered(sql) == ([found] if found else [])


def test_parameters_are_counted_anew_where_one_has_gone() -> None:
    sql = "SELECT id FROM people WHERE email LIKE $1 AND age > $2"
    operation = understand(sql, ("a%", 3), target=TARGET).operation
    (found,) = (each for each in rewrites(operation, hidden=hidden, target=TARGET) if each.rows is None)
    assert found.sql == "SELECT id FROM people WHERE age > $1"
    assert "pass your $2 as $1" in found.change


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("DELETE FROM people", "DELETE FROM people WHERE id = $1"),
        ("DELETE FROM orders;", "DELETE FROM orders WHERE tenant = $1 AND no = $2"),
        ("DELETE FROM people WHERE true RETURNING id", "DELETE FROM people WHERE id = $1 RETURNING id"),
        ("UPDATE people p SET name = $1", "UPDATE people p SET name = $1 WHERE p.id = $2"),
        ("UPDATE people SET name = upper(name) WHERE id = id",
         "UPDATE people SET name = upper(name) WHERE id = $1"),
        ("DELETE FROM people WHERE id = 5", None),
        ("DELETE FROM people WHERE id = 5 AND email LIKE 'a%'", None),
        ("SELECT id FROM people FOR UPDATE", "SELECT id FROM people"),
        ("EXPLAIN ANALYZE VERBOSE DELETE FROM people WHERE id = 1", "EXPLAIN DELETE FROM people WHERE id = 1"),
        ("EXPLAIN (ANALYZE, BUFFERS) SELECT 1", "EXPLAIN SELECT 1"),
        ("COPY people TO STDOUT", "SELECT * FROM people"),
        ("COPY people (id, name) TO '/tmp/x'", "SELECT id, name FROM people"),
        ("COPY (SELECT id FROM people) TO STDOUT WITH CSV", "SELECT id FROM people"),
        ("BEGIN; SELECT id FROM people; COMMIT", "SELECT id FROM people"),
        ("SELECT 1; SELECT 2", None),
        ("TRUNCATE people", None),
        ("not sql at all", None),
    ],
)  # fmt: skip
def test_the_change_is_the_smallest_one(sql: str, found: str | None) -> None:
    assert offered(sql) == ([found] if found else [])


def test_a_write_is_never_made_wider() -> None:
    assert offered("UPDATE people SET name = 'x' WHERE age = 1 AND email LIKE 'a%'") == []


def test_without_a_target_nothing_is_guessed() -> None:
    assert offered("DELETE FROM people", target=None) == []
    assert offered("SELECT id FROM people WHERE email LIKE 'a'", target=None) == ["SELECT id FROM people"]


@pytest.mark.parametrize("sql", CASES_SQL)
def test_whatever_is_offered_is_one_statement_that_can_be_parsed(sql: str) -> None:
    for target in (TARGET, None):
        for found in offered(sql, target=target):
            assert only(found) is not None


@given(st.text(max_size=60))
def test_any_text_can_be_cut_into_clauses(text: str) -> None:
    for span in (clauses(text) or {}).values():
        assert 0 <= span.start <= span.end <= len(text)
        items(text, span, between=",")
    assert all(token.start < token.end for token in tokens(text))
