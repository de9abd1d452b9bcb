"""Which columns a write fills from which; where that is not certain, any column that the statement reads."""

from __future__ import annotations

import pytest

from backends.postgres.parse import understand

Said = list[tuple[str, tuple[str, ...], list[str] | None, bool]]


def flows(sql: str) -> Said:
    """(table, columns, what each gets, made); "=x" is column x unchanged, "x+y" made of both."""
    found = []
    for flow in understand(sql).operation.flows:
        values = flow.values
        said = None
        if values is not None:
            said = ["=" * each.exact + "+".join(sorted(str(source) for source in each.sources)) for each in values]
        found.append((str(flow.table), flow.columns, said, flow.made))
    return found


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "INSERT INTO a (x, y) SELECT email, upper(c.phone) FROM shop.customers c",
            [("a", ("x", "y"), ["=email", "shop.customers.phone"], False)],
        ),
        ("INSERT INTO s.a SELECT * FROM customers", [("s.a", (), ["=customers"], False)]),
        ("INSERT INTO a (x) SELECT 'none' UNION ALL SELECT email FROM c", [("a", ("x",), ["=email"], False)]),
        ("INSERT INTO a (x) SELECT phone FROM c UNION SELECT email FROM c", [("a", ("x",), ["email+phone"], False)]),
        ("INSERT INTO a (x) VALUES ((SELECT email FROM c LIMIT 1))", [("a", ("x",), ["email"], False)]),
        ("INSERT INTO a (x) VALUES ($1)", [("a", ("x",), [""], False)]),
        ("INSERT INTO a (x) SELECT c FROM customers c", [("a", ("x",), ["c+customers"], False)]),
        ("CREATE TABLE z AS SELECT id, email AS m FROM customers", [("z", ("id", "m"), ["=id", "=email"], True)]),
        ("CREATE TABLE z (p, q) AS SELECT id, email FROM c", [("z", ("p", "q"), ["=id", "=email"], True)]),
        ("CREATE MATERIALIZED VIEW z AS SELECT email FROM c", [("z", ("email",), ["=email"], True)]),
        ("SELECT email INTO z FROM customers", [("z", ("email",), ["=email"], True)]),
        (
            "UPDATE o SET note = c.email, n = n + 1 FROM customers c WHERE c.id = o.id",
            [("o", ("note", "n"), ["=customers.email", "n"], False)],
        ),
        ("UPDATE o SET (a, b) = (SELECT x, y FROM c)", [("o", ("a", "b"), ["x+y", "x+y"], False)]),
        (
            "MERGE INTO t USING c ON t.id = c.id WHEN MATCHED THEN UPDATE SET a = c.email "
            "WHEN NOT MATCHED THEN INSERT (b) VALUES (c.phone)",
            [("t", ("a",), ["=c.email"], False), ("t", ("b",), ["=c.phone"], False)],
        ),
        ("CREATE TABLE k (a int)", [("k", (), [], True)]),
        ("ALTER TABLE s.t RENAME COLUMN a TO b", [("s.t", (), [], True)]),
        ("ALTER TABLE s.t RENAME TO u", [("s.t", (), [], True), ("s.u", (), [], True)]),
        ("ALTER TABLE t ADD COLUMN c text", [("t", (), [], True)]),
        ("CREATE VIEW v AS SELECT 1", [("v", (), [], True)]),
        ("SELECT email FROM customers", []),
        ("DELETE FROM customers WHERE email = 'x'", []),
    ],
)
def test_values_are_followed_to_where_they_are_written(sql: str, expected: Said) -> None:
    assert flows(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "WITH w AS (SELECT email AS e FROM c) INSERT INTO t (a) SELECT e FROM w",
        "INSERT INTO t (a) SELECT e FROM (SELECT email AS e FROM c) AS q",
        "INSERT INTO t (a) SELECT e FROM c AS q (i, e)",
        "INSERT INTO t (a) SELECT v FROM jsonb_each_text((SELECT to_jsonb(c) FROM c)) AS f (k, v)",
        "INSERT INTO t (a) SELECT e FROM (c JOIN d ON true) AS j (x, e)",
        "WITH i AS (INSERT INTO t (a) SELECT q.* FROM c, d AS q, LATERAL (SELECT 1) AS s) SELECT * FROM s",
    ],
)
def test_what_goes_through_something_derived_may_be_anything_the_statement_reads(sql: str) -> None:
    [(table, columns, values, made)] = list(flows(sql))
    assert (table, columns, made) == ("t", ("a",), False)
    assert values is None or values == ["=d"]
